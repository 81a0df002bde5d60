/* Operations of a workload done on a volume, and all that a volume holds, read
 * back. Runs in Node and in pages; an errno that was not expected throws. */
import { namesOf } from "./model.js";
import { recordBytes } from "./records.js";

/**
 * @typedef {import("./model.js").Op} Op
 * @typedef {any} Volume
 *
 * @typedef {object} Found something that a volume holds
 * @property {string} path
 * @property {"file" | "directory" | "link"} type
 * @property {string} ino
 * @property {number} links
 * @property {number} sizeBytes
 * @property {string} mtimeNs
 * @property {string} target of a link
 * @property {Uint8Array} bytes of a file
 * @property {string} error why they could not be read
 */

const READ = { read: true, write: false };
const READ_WRITE = { read: true, write: true };
const NOTHING = new Uint8Array(0);
const PIECE_BYTES = 256 * 1024;
const MAX_SYNCS = 3;

/** WASI's numbers. @type {Record<number, Found["type"]>} */
const TYPES = { 3: "directory", 4: "file", 7: "link" };

/**
 * @param {string} what
 * @param {any} answer
 */
async function done(what, answer) {
  const value = await answer;
  if (typeof value === "number" && value < 0) {
    throw new Error(`${what}: errno ${-value}`);
  }
  return value;
}

/**
 * One transfer after the other until all is done.
 * @param {string} what
 * @param {number} size
 * @param {(at: number) => number | Promise<unknown>} transfer
 */
async function whole(what, size, transfer) {
  for (let at = 0; at < size;) {
    const answer = transfer(at);
    if (typeof answer !== "number") await answer;
    else if (answer > 0) at += answer;
    else throw new Error(`${what}: ${answer} at ${at} of ${size}`);
  }
}

/** @param {Volume} volume @param {string} path */
async function find(volume, path) {
  let node = volume.root;
  for (const name of namesOf(path)) {
    node = await done(`lookup ${path}`, volume.lookup(node, name));
  }
  return node;
}

export class Performer {
  #volume;
  #model;
  #acknowledge;
  #trouble;
  #strictClose;
  /** @type {Map<number, any>} what is open, by the model's number */
  #files = new Map();
  /** @type {Set<number>} which of them were written */
  #written = new Set();
  /** @type {Set<Promise<void>>} syncs that nothing waits for */
  #syncs = new Set();

  /**
   * @param {Volume} volume
   * @param {import("./model.js").Model} model as before the next operation
   * @param {object} hooks
   * @param {(done: number) => void} hooks.acknowledge so many operations last
   * @param {(error: any) => void} hooks.trouble
   * @param {boolean} [hooks.strictClose] as the volume's option
   */
  constructor(volume, model, { acknowledge, trouble, strictClose = false }) {
    this.#volume = volume;
    this.#model = model;
    this.#acknowledge = acknowledge;
    this.#trouble = trouble;
    this.#strictClose = strictClose;
  }

  /**
   * @param {Op} op which the model has not done
   * @param {number} before how many operations were done before it
   */
  async run(op, before) {
    const volume = this.#volume;
    const what = `${op.do} ${op.path ?? op.id ?? ""}`;
    switch (op.do) {
      case "write":
        await this.#write(op);
        break;
      case "resize": {
        const file = await this.#file(op.id);
        this.#written.add(op.id ?? 0);
        for (;;) {
          const answer = volume.resize(file, op.sizeBytes);
          if (typeof answer === "number") {
            await done(what, answer);
            return;
          }
          await answer;
        }
      }
      case "sync": {
        const file = await this.#file(op.id);
        this.#written.delete(op.id ?? 0);
        const answer = done(what, volume.sync(file, op.dataOnly));
        await this.#acknowledged(answer, before, op.wait);
        break;
      }
      case "syncDirectory": {
        const node = await find(volume, op.path ?? "");
        const file = await done(what, volume.openNode(node, READ));
        const answer = done(what, volume.sync(file, false));
        await this.#acknowledged(answer, before);
        await done(what, volume.closeFile(file));
        break;
      }
      case "commit":
        await this.#acknowledged(
          done(what, volume.commit({ strict: true })),
          before,
        );
        break;
      case "close":
        await this.#close(op.id ?? 0, before);
        break;
      case "idle":
        await new Promise((resolve) => setTimeout(resolve, op.ms));
        break;
      default:
        await done(what, this.#change(op));
    }
  }

  /** @param {Op} op of names or times */
  async #change(op) {
    const volume = this.#volume;
    const { parent, name } = await this.#place(op.path ?? "");
    switch (op.do) {
      case "create":
        return volume.create(parent, name);
      case "mkdir":
        return volume.makeDirectory(parent, name);
      case "symlink":
        return volume.symlink(parent, name, op.target);
      case "unlink":
        return volume.unlink(parent, name);
      case "rmdir":
        return volume.removeDirectory(parent, name);
      case "times": {
        const node = await done(op.do, volume.lookup(parent, name));
        return volume.setTimes(node, null, op.mtimeNs);
      }
      case "link": {
        const node = await done(op.do, volume.lookup(parent, name));
        const to = await this.#place(op.to ?? "");
        return volume.link(node, to.parent, to.name);
      }
      case "rename": {
        const to = await this.#place(op.to ?? "");
        return volume.rename(parent, name, to.parent, to.name);
      }
      default:
        throw new Error(`no such operation: ${op.do}`);
    }
  }

  /** @param {string} path */
  async #place(path) {
    const names = namesOf(path);
    const name = names.pop() ?? "";
    return { parent: await find(this.#volume, names.join("/")), name };
  }

  /** An open file. @param {number} [id] */
  async #file(id = 0) {
    const open = this.#files.get(id);
    if (open !== undefined) return open;
    const path = this.#model.pathOf(id) ?? "";
    const node = await find(this.#volume, path);
    const answer = this.#volume.openNode(node, READ_WRITE);
    const file = await done(`open ${path}`, answer);
    this.#files.set(id, file);
    return file;
  }

  /** @param {Op} op */
  async #write(op) {
    const file = await this.#file(op.id);
    this.#written.add(op.id ?? 0);
    const bytes = recordBytes(op.key, op.sizes ?? []);
    const from = op.at ?? 0;
    await whole(`write ${op.id}`, bytes.length, (at) =>
      this.#volume.write(file, from + at, bytes, at, bytes.length - at),
    );
  }

  /** @param {number} id @param {number} before */
  async #close(id, before) {
    const file = this.#files.get(id);
    if (file === undefined) return;
    this.#files.delete(id);
    const answer = done(`close ${id}`, this.#volume.closeFile(file));
    const lasts = this.#written.delete(id) && this.#strictClose;
    if (lasts) await this.#acknowledged(answer, before);
    else await answer;
  }

  /**
   * Tells what lasts once the volume says so.
   * @param {Promise<any>} answer
   * @param {number} before
   * @param {boolean} [waits]
   */
  async #acknowledged(answer, before, waits = true) {
    const told = answer.then(() => this.#acknowledge(before));
    if (waits) {
      await told;
      return;
    }
    const sync = told
      .catch(this.#trouble)
      .finally(() => this.#syncs.delete(sync));
    this.#syncs.add(sync);
    if (this.#syncs.size > MAX_SYNCS) await Promise.race(this.#syncs);
  }
}

/**
 * All that a volume holds, by asking it as a program would.
 * @param {Volume} volume
 * @returns {Promise<Found[]>} parents first; another name of a file that was
 *   read comes without its bytes
 */
export async function contentsOf(volume) {
  /** @type {Found[]} */
  const found = [];
  const known = new Set();
  /** @param {any} directory @param {string} path */
  const visit = async (directory, path) => {
    const entries = await done(`list ${path}`, volume.list(directory));
    for (const { name } of entries) {
      const at = `${path}/${name}`;
      const node = await done(`lookup ${at}`, volume.lookup(directory, name));
      /** @type {any} */
      const stat = {};
      await done(`stat ${at}`, volume.stat(node, stat));
      const type = TYPES[stat.type] ?? "file";
      const isNew = type === "file" && !known.has(stat.ino);
      known.add(stat.ino);
      const { bytes, error } = isNew
        ? await bytesOf(volume, node, at)
        : { bytes: NOTHING, error: "" };
      found.push({
        path: at,
        type,
        ino: String(stat.ino),
        links: stat.links,
        sizeBytes: stat.sizeBytes,
        mtimeNs: String(stat.mtimeNs),
        target: type === "link" ? await done(at, volume.readlink(node)) : "",
        bytes,
        error,
      });
      if (type === "directory") await visit(node, at);
    }
  };
  await visit(volume.root, "");
  return found;
}

/**
 * What can be read of a file: what cannot is for the verifier to judge.
 * @param {Volume} volume
 * @param {any} node
 * @param {string} path
 */
async function bytesOf(volume, node, path) {
  const file = await done(`open ${path}`, volume.openNode(node, READ));
  const bytes = new Uint8Array(await done(`size ${path}`, volume.size(file)));
  let error = "";
  await whole(`read ${path}`, bytes.length, (at) =>
    volume.read(file, at, bytes, at, Math.min(PIECE_BYTES, bytes.length - at)),
  ).catch(({ message }) => {
    error = message;
  });
  await done(`close ${path}`, volume.closeFile(file));
  return { bytes, error };
}

/* ---- the same as one message: a head in JSON, then the bytes ---- */

const HEAD_BYTES = 4;

/**
 * @param {Found[]} found
 * @param {object} more what else the head tells
 * @returns {Uint8Array[]} parts of a message
 */
export function packed(found, more) {
  const list = found.map(({ bytes, ...rest }) => ({
    ...rest,
    length: bytes.length,
  }));
  const head = new TextEncoder().encode(JSON.stringify({ ...more, list }));
  const length = new Uint8Array(HEAD_BYTES);
  new DataView(length.buffer).setUint32(0, head.length);
  return [length, head, ...found.map(({ bytes }) => bytes)];
}

/** @param {Uint8Array} message */
export function unpacked(message) {
  const view = new DataView(message.buffer, message.byteOffset);
  let at = HEAD_BYTES + view.getUint32(0);
  const head = new TextDecoder().decode(message.subarray(HEAD_BYTES, at));
  const { list, ...more } = JSON.parse(head);
  /** @type {Found[]} */
  const found = list.map((/** @type {any} */ { length, ...rest }) => {
    const bytes = message.subarray(at, at + length);
    at += length;
    return { ...rest, bytes };
  });
  return { found, more };
}
