/* The five workloads. Each goes on for ever from whatever the model has, also
 * from the middle of what a crash cut off: it looks for what is there. Every
 * yield is one operation; what it answers is its key, the id of a file made. */

/**
 * @typedef {import("./model.js").Model} Model
 * @typedef {Omit<import("./model.js").Op, "key">} Step
 * @typedef {(below: number) => number} Random
 * @typedef {Generator<Step, void, number>} Plan
 * @typedef {Generator<Step, number, number>} Part
 */

const KIB = 1024;
const MIB = 1024 * KIB;
const MAX_WRITE_BYTES = 64 * KIB;

/** A size of a record. @param {number} bytes */
const size = (bytes) => Math.max(20, bytes - (bytes % 4));

/**
 * @template T
 * @param {T[]} list not empty
 * @param {Random} random
 * @returns {T}
 */
function pick(list, random) {
  return /** @type {T} */ (list[random(list.length)]);
}

/** Nanoseconds that do not end in zeros. @param {Random} random */
const someTime = (random) =>
  BigInt(random(2 ** 31)) * 1_000_000_007n + BigInt(random(999_999_937));

/**
 * A sync of a file; one of two is not waited for.
 * @param {number} id
 * @param {Random} random
 * @returns {Step}
 */
function sync(id, random) {
  const dataOnly = random(2) === 0;
  return { do: "sync", id, dataOnly, wait: random(2) === 0 };
}

/**
 * Now and then the page has nothing to do, long enough for a commit of what
 * nobody synced.
 * @param {Random} random
 * @returns {Part}
 */
function* rest(random) {
  if (random(4) === 0) yield { do: "idle", ms: random(12) };
  return 0;
}

/**
 * Writes many bytes from a position on, in pieces.
 * @param {number} id
 * @param {number} from
 * @param {number} total
 * @param {number} recordBytes
 * @returns {Part}
 */
function* writeMuch(id, from, total, recordBytes) {
  const perWrite = Math.max(1, Math.floor(MAX_WRITE_BYTES / recordBytes));
  let left = Math.floor(total / recordBytes);
  for (let at = from; left > 0;) {
    const sizes = Array.from({ length: Math.min(left, perWrite) }, () =>
      size(recordBytes),
    );
    yield { do: "write", id, at, sizes };
    at += sizes.length * size(recordBytes);
    left -= sizes.length;
  }
  return 0;
}

/**
 * Opens a file for nobody, so that it has to be closed.
 * @param {Model} model
 * @param {string} path
 * @returns {Part} its id
 */
function* createOrEmpty(model, path) {
  const found = model.at(path);
  if (found === undefined) return yield { do: "create", path };
  yield { do: "resize", id: found.id, sizeBytes: 0 };
  return found.id;
}

/**
 * A log that grows record by record, at times by much at once, and is put
 * aside when it is long.
 * @param {Model} model
 * @param {Random} random
 * @returns {Plan}
 */
function* append(model, random) {
  const names = ["/log", "/events.log"];
  for (;;) {
    const path = names[random(8) === 0 ? 1 : 0] ?? "";
    const id = model.at(path)?.id ?? (yield { do: "create", path });
    const end = () => model.node(id).sizeBytes;
    if (random(12) === 0) {
      yield* writeMuch(id, end(), random(2 * MIB), size(1000 + random(60_000)));
    } else {
      for (let count = 1 + random(6); count > 0; count--) {
        const sizes = Array.from({ length: 1 + random(3) }, () =>
          size(20 + random(random(4) === 0 ? 9000 : 300)),
        );
        yield { do: "write", id, at: end(), sizes };
      }
    }
    if (random(5) !== 0) yield sync(id, random);
    if (random(8) === 0) yield { do: "close", id };
    if (end() > 1.5 * MIB || random(60) === 0) {
      yield { do: "rename", path, to: `${path}.old` };
      // It may have been opened under the name that it had.
      yield { do: "close", id };
    }
    yield* rest(random);
  }
}

/**
 * Files that are replaced as a whole: a new one beside it, synced, and renamed.
 * @param {Model} model
 * @param {Random} random
 * @returns {Plan}
 */
function* replace(model, random) {
  if (model.at("/conf") === undefined) yield { do: "mkdir", path: "/conf" };
  for (;;) {
    const path = `/conf/${pick(["a", "b", "c", "d", "e"], random)}`;
    const next = random(3) === 0 ? "/next" : `${path}.next`;
    const id = yield* createOrEmpty(model, next);
    const total = random(10) === 0 ? random(2 * MIB) : 20 + random(12_000);
    yield* writeMuch(id, 0, total, size(20 + random(5000)));
    if (random(2) === 0) {
      yield { do: "times", path: next, mtimeNs: someTime(random) };
    }
    yield sync(id, random);
    if (random(2) === 0) yield { do: "close", id };
    yield { do: "rename", path: next, to: path };
    yield { do: "close", id };
    const dirs = ["/conf", "/"];
    const directory = pick(dirs, random);
    if (random(3) === 0) yield { do: "syncDirectory", path: directory };
    if (random(10) === 0) yield { do: "commit" };
    yield* rest(random);
  }
}

const SMALL_FILES = 150;

/**
 * Many small files that come and go; some are gone while they are open.
 * @param {Model} model
 * @param {Random} random
 * @returns {Plan}
 */
function* small(model, random) {
  for (;;) {
    let id = 0;
    for (let count = 1 + random(40); count > 0; count--) {
      const name = random(SMALL_FILES);
      const folder = `/d${name % 4}`;
      if (model.at(folder) === undefined) {
        yield { do: "mkdir", path: folder };
      }
      const path = `${folder}/f${name}`;
      const found = model.at(path);
      const kind = random(8);
      if (found === undefined || kind < 4) {
        id = yield* createOrEmpty(model, path);
        const most = random(10) === 0 ? 20_000 : 1500;
        const sizes = [size(20 + random(most)), size(20 + random(200))];
        yield { do: "write", id, at: 0, sizes: sizes.slice(random(2)) };
        if (random(3) !== 0) yield { do: "close", id };
      } else if (kind === 4) {
        yield { do: "times", path, mtimeNs: someTime(random) };
      } else {
        yield { do: "unlink", path };
        if (found.open && random(2) === 0) {
          yield {
            do: "write",
            id: found.id,
            at: 0,
            sizes: [size(random(900))],
          };
          id = found.id;
        }
      }
    }
    if (model.nodes.has(id) && id !== 0) {
      yield sync(id, random);
      yield { do: "close", id };
    } else {
      yield { do: "commit" };
    }
    yield* closeAll(model);
    yield* rest(random);
  }
}

/**
 * @param {Model} model
 * @returns {Part}
 */
function* closeAll(model) {
  const open = [...model.nodes.values()].filter((node) => node.open);
  for (const { id } of open) yield { do: "close", id };
  return 0;
}

/** Records of this workload lie across the edges of pages. */
const SLOT_BYTES = 3000;
const SLOTS = Math.floor((4 * MIB) / SLOT_BYTES);

/**
 * One file, written anywhere: often a little, at times long runs.
 * @param {Model} model
 * @param {Random} random
 * @returns {Plan}
 */
function* overwrite(model, random) {
  const path = "/table";
  const id = model.at(path)?.id ?? (yield { do: "create", path });
  for (;;) {
    const slots = Math.floor(model.node(id).sizeBytes / SLOT_BYTES);
    const kind = random(16);
    if (slots < SLOTS / 4 || kind === 0) {
      const from = random(slots + 1);
      const count = Math.min(SLOTS - from, random(SLOTS));
      const total = count * SLOT_BYTES;
      yield* writeMuch(id, from * SLOT_BYTES, total, SLOT_BYTES);
    } else if (kind === 1) {
      const sizeBytes = SLOT_BYTES * random(SLOTS);
      yield { do: "resize", id, sizeBytes };
    } else {
      for (let count = 1 + random(64); count > 0; count--) {
        const sizes = Array.from({ length: 1 + random(3) }, () => SLOT_BYTES);
        const at = SLOT_BYTES * random(slots);
        yield { do: "write", id, at, sizes };
      }
    }
    if (random(4) === 0) {
      yield { do: "times", path, mtimeNs: someTime(random) };
    }
    if (random(4) !== 0) yield sync(id, random);
    if (random(20) === 0) yield { do: "close", id };
    yield* rest(random);
  }
}

/** How many names the tree of the last workload has, about. */
const MAX_NAMES = 150;

/**
 * Directories, files and links that move about in a tree.
 * @param {Model} model
 * @param {Random} random
 * @returns {Plan}
 */
function* trees(model, random) {
  for (;;) {
    for (let count = 1 + random(16); count > 0; count--) {
      yield* changeTree(model, random);
    }
    const directories = ["/", ...model.paths("directory")];
    if (random(2) === 0) {
      yield { do: "syncDirectory", path: pick(directories, random) };
    } else {
      yield { do: "commit" };
    }
    yield* rest(random);
  }
}

/**
 * One change of the tree, or none where it makes no sense.
 * @param {Model} model
 * @param {Random} random
 * @returns {Part}
 */
function* changeTree(model, random) {
  const directories = ["", ...model.paths("directory")];
  const files = model.paths("file");
  const all = [...files, ...model.paths("link"), ...directories.slice(1)];
  const isTaken = all.length > 0 && random(4) === 0;
  const place = `${pick(directories, random)}/${pick(NAMES, random)}`;
  const to = isTaken ? pick(all, random) : place;
  const old = model.at(to);
  if (all.length > MAX_NAMES || (all.length > 0 && random(5) === 0)) {
    const path = pick(all, random);
    const node = model.at(path);
    if (node?.type !== "directory") yield { do: "unlink", path };
    else if (node.names.size === 0) yield { do: "rmdir", path };
    return 0;
  }
  if (all.length > 0 && random(2) === 0) {
    const path = pick(all, random);
    if (mayRename(model, path, to)) yield { do: "rename", path, to };
    return 0;
  }
  if (old !== undefined) {
    if (old.type === "file" && random(2) === 0) {
      const { id } = old;
      if (random(2) === 0) yield { do: "resize", id, sizeBytes: 0 };
      const sizes = [size(20 + random(random(6) === 0 ? 40_000 : 400))];
      yield { do: "write", id, at: old.sizeBytes, sizes };
      yield { do: "close", id };
    } else if (old.type !== "link") {
      yield { do: "times", path: to, mtimeNs: someTime(random) };
    }
    return 0;
  }
  const kind = random(6);
  if (kind === 0) {
    yield { do: "mkdir", path: to };
  } else if (kind === 2 && files.length > 0) {
    yield { do: "link", path: pick(files, random), to };
  } else if (kind === 3) {
    yield { do: "symlink", path: to, target: `../${random(1e6)}/ü` };
  } else {
    const id = yield { do: "create", path: to };
    const sizes = [size(20 + random(random(6) === 0 ? 40_000 : 400))];
    if (random(4) !== 0) yield { do: "write", id, at: 0, sizes };
    yield { do: "close", id };
  }
  return 0;
}

const NAMES = ["a", "b", "c", "dd", "ee", "ü", "long name of a file.txt"];

/** @param {Model} model @param {string} from @param {string} to */
function mayRename(model, from, to) {
  const node = model.at(from);
  const old = model.at(to);
  if (node === undefined || node === old) return false;
  if (`${to}/`.startsWith(`${from}/`)) return false;
  if (old === undefined) return true;
  if (node.type === "directory" || old.type === "directory") {
    return node.type === old.type && old.names.size === 0;
  }
  return true;
}

/** @type {Record<string, (model: Model, random: Random) => Plan>} */
export const PLANS = { append, replace, small, overwrite, trees };
