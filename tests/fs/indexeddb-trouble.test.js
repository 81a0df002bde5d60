/* The IndexedDB volume when the database fails (C2, D1): a fault at each call of
 * a life with everything in it. Every operation answers, by an errno that says
 * what is the matter or as if nothing had been; tried again it succeeds, and
 * what is stored at the end is right and whole. And when there is no room. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ERRNO, errnoName } from "../../js/errors.js";
import { indexeddb } from "../../js/fs/indexeddb.js";
import { ScriptedIDB, faultsOf } from "../helpers/scripted-idb.js";
import { VolumeTool, pattern, sameBytes } from "../helpers/volume.js";

/** Every so many calls are tried; GS_EVERY=1 tries all of them. */
const EVERY = Number(process.env.GS_EVERY ?? 4);
const IDLE_MS = 200;
/** Of the event loop; more than any operation takes. */
const TURNS = 200_000;
/** The same where a call is known not to be answered. */
const HANG_TURNS = 2000;

/** What may be answered when IndexedDB fails. */
const ERRNOS = ["EIO", "ENOSPC", "ENOTSUP", "ESTALE"];
/** How long opening waits for an answer, and more. */
const SILENCE_MS = 11_000;

const OPTIONS = {
  ...{ cacheBytes: 131_072, dirtyBytes: 65_536, idleMs: IDLE_MS },
  tuning: {
    ...{ logRecords: 6, logBytes: 4000 },
    ...{ garbageBytes: 20_000, smallRecords: 4 },
  },
  locks: {
    request: async (name, _options, work) => work({ name, mode: "exclusive" }),
  },
};

/** Whether a Promise is settled soon, without any time passing. */
async function settles(promise, turns = TURNS) {
  const state = { isSettled: false };
  const settled = () => (state.isSettled = true);
  promise.then(settled, settled);
  for (let turn = 0; turn < turns && !state.isSettled; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  return state.isSettled;
}

/** One life of a volume, in which a call may fail. */
class Life {
  idb = new ScriptedIDB();
  /** What was answered other than success. @type {string[]} */
  errors = [];
  /** @type {string[]} */
  troubles = [];
  /** How many calls were made that could fail. */
  calls = 0;
  volume = this.#another();
  #tick;

  constructor(tick) {
    this.#tick = tick;
  }

  #another() {
    return indexeddb("life", {
      // So much that there are large records, too.
      ...{ ...OPTIONS, cacheBytes: 2 ** 22, dirtyBytes: 2 ** 21 },
      factory: this.idb.factory,
      onTrouble: (error) => this.troubles.push(error.code),
    });
  }

  /** Does something until it answers well: soon, and at the third try. */
  async does(what, operation) {
    for (let tries = 1; ; tries++) {
      let answer = operation();
      if (answer instanceof Promise) {
        const turns = this.idb.hangs ? HANG_TURNS : TURNS;
        if (!(await settles(answer, turns))) {
          // A database that does not answer; at last the browser closes it.
          assert.equal(this.idb.hangs, true, `${what} does not answer`);
          this.idb.closeAll();
          assert.ok(await settles(answer), `${what} never answers`);
        }
        answer = await answer;
      }
      if (typeof answer !== "number" || answer >= 0) return answer;
      const name = errnoName(answer);
      assert.ok(ERRNOS.includes(name), `${what}: ${name}`);
      assert.notEqual(this.volume.trouble, "", `${what}: ${name}, unexplained`);
      this.errors.push(`${what}: ${name}`);
      assert.ok(tries < 3, `${what}: ${name} again: ${this.volume.trouble}`);
    }
  }

  async transfers(what, size, transfer) {
    for (let at = 0; at < size;) {
      const count = await this.does(what, () => transfer(at));
      if (typeof count !== "number") continue;
      assert.ok(count > 0, `${what} takes nothing`);
      at += count;
    }
  }

  write(file, position, data) {
    return this.transfers("write", data.length, (at) =>
      this.volume.write(file, position + at, data, at, data.length - at),
    );
  }

  async read(file, size) {
    const bytes = new Uint8Array(size);
    await this.transfers("read", size, (at) =>
      this.volume.read(file, at, bytes, at, size - at),
    );
    return bytes;
  }

  sync() {
    return this.does("sync", () => this.volume.sync());
  }

  /** Time passes, and what then is to be done in the background is done. */
  async pass() {
    for (let i = 0; i < 3; i++) {
      this.#tick();
      await settles(
        (async () => {
          for (let turn = 0; turn < 200; turn++) {
            await new Promise((resolve) => setImmediate(resolve));
          }
        })(),
      );
    }
  }

  async run() {
    let { volume } = this;
    await this.does("open", () => volume.open());
    const { root } = volume;
    const d = await this.does("mkdir", () => volume.makeDirectory(root, "d"));
    const a = await this.does("create", () => volume.create(d, "a"));
    const access = { read: true, write: true };
    let file = await this.does("open a", () => volume.openNode(a, access));
    const content = pattern(600_000);
    await this.write(file, 0, content);
    await this.sync();
    // The middle of pages, in many places.
    for (let at = 1000; at < 560_000; at += 99_000) {
      const data = pattern(3000, at % 250);
      content.set(data, at);
      await this.write(file, at, data);
    }
    for (const name of ["b", "c", "e"]) {
      const node = await this.does("create", () => volume.create(root, name));
      const other = await this.does("open", () =>
        volume.openNode(node, access),
      );
      await this.write(other, 0, pattern(2000, name.charCodeAt(0)));
      await this.does("close", () => volume.closeFile(other));
      await this.sync();
    }
    await this.does("rename", () => volume.rename(d, "a", root, "b"));
    await this.does("unlink", () => volume.unlink(root, "c"));
    await this.does("resize", () => volume.resize(file, 500_000));
    await this.does("close", () => volume.closeFile(file));
    await this.sync();
    await this.does("close all", () => volume.close());
    this.volume = this.#another();
    volume = this.volume;
    await this.does("open again", () => volume.open());
    const again = volume.lookup(volume.root, "b");
    file = await this.does("open b", () => volume.openNode(again, access));
    sameBytes(await this.read(file, 500_000), content.slice(0, 500_000));
    await this.write(file, 0, pattern(10, 2));
    content.set(pattern(10, 2));
    await this.pass();
    await this.does("close", () => volume.closeFile(file));
    await this.pass();
    this.idb.heal();
    this.calls = this.idb.calls;
    await this.sync();
    return { b: content.slice(0, 500_000), e: pattern(2000, 101) };
  }
}

/** What another volume finds afterwards. */
async function finds(content, expected) {
  const { factory } = await ScriptedIDB.of(content);
  const volume = indexeddb("life", { ...OPTIONS, factory });
  assert.equal(await volume.open(), 0, volume.trouble);
  const fs = new VolumeTool(volume);
  const names = ["d", ...Object.keys(expected)].sort();
  assert.deepEqual(await fs.names(fs.root), names);
  for (const [name, bytes] of Object.entries(expected)) {
    sameBytes(await fs.content(await fs.lookup(fs.root, name)), bytes, name);
  }
  const { ok, problems } = await volume.check();
  assert.ok(ok, problems.join("; "));
  assert.equal(await volume.close(), 0);
}

/** A life without faults: its calls. */
async function calls(tick) {
  const life = new Life(tick);
  const expected = await life.run();
  assert.deepEqual(life.errors, []);
  assert.equal(await life.volume.close(), 0);
  await finds(life.idb.content(), expected);
  return life.idb.log.slice(0, life.calls);
}

for (const fault of ["throw", "error", "quota", "abort", "close", "lost"]) {
  test(`indexeddb: any call may fail: ${fault}`, (t) => sweep(t, fault));
}
test("indexeddb: any call may never be answered, until the browser closes the database", (t) =>
  sweep(t, "hang"));

/** A life for each call that can have a fault. */
async function sweep(t, fault) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const tick = () => t.mock.timers.tick(IDLE_MS);
  const log = await calls(tick);
  for (const kind of ["put data", "get data", "complete", "blob"]) {
    assert.ok(log.includes(kind), `there is no ${kind}`);
  }
  let count = 0;
  let told = 0;
  let hit = 0;
  for (const [index, call] of log.entries()) {
    const [kind = ""] = call.split(" ");
    if (!faultsOf(kind).includes(fault)) continue;
    // Opening is another matter, see below, and the bytes of a Blob have
    // nothing to do with a connection.
    if (fault === "hang" && ["open", "blob"].includes(kind)) continue;
    if (count++ % EVERY !== 0) continue;
    const life = new Life(tick);
    life.idb.failAt(index + 1, fault);
    try {
      const expected = await life.run();
      // How far it is in the background is not always the same.
      hit += life.idb.faults;
      assert.equal(await life.volume.close(), 0, life.volume.trouble);
      await finds(life.idb.content(), expected);
    } catch (error) {
      const what = `call ${index + 1}, ${call}: ${fault}: ${error.message}`;
      throw new Error(what, { cause: error });
    }
    told += life.errors.length + life.troubles.length;
  }
  assert.ok(told > 0, "no fault was noticed");
  assert.ok(hit > 0.8 * (count / EVERY), `${hit} of ${count / EVERY} faults`);
}

/** A volume that has something, in a database that has no room any more. */
async function full(options = {}) {
  const idb = new ScriptedIDB();
  const troubles = [];
  const volume = indexeddb("life", {
    ...{ ...OPTIONS, ...options, factory: idb.factory },
    onTrouble: (error) => troubles.push(error.code),
  });
  assert.equal(await volume.open(), 0);
  const fs = new VolumeTool(volume);
  const file = await fs.open(await fs.put(fs.root, "b", pattern(100_000)));
  await fs.sync(file);
  const before = idb.content();
  idb.plan = ({ kind }) => (kind === "complete" ? "quota" : null);
  return { idb, volume, fs, file, before, troubles };
}

test("indexeddb: without room what is committed stays, the rest is in memory", async () => {
  const { idb, volume, fs, file, before, troubles } = await full({
    ...{ cacheBytes: 2 ** 22, dirtyBytes: 2 ** 21 },
  });
  const more = pattern(300_000, 3);
  await fs.write(file, 50_000, more);
  await fs.put(fs.root, "e", "small");
  await fs.refuses(volume.sync(), "ENOSPC");
  await fs.refuses(volume.commit(), "ENOSPC");
  assert.match(volume.trouble, /room|fit|quota/i);
  assert.deepEqual(troubles, ["ENOSPC"]);
  assert.equal(idb.content(), before);
  sameBytes(await fs.read(file, 50_000, 300_000), more);
  assert.equal(await fs.text(await fs.lookup(fs.root, "e")), "small");
  idb.heal();
  assert.equal(await volume.sync(), 0);
  const bytes = new Uint8Array(350_000);
  bytes.set(pattern(100_000));
  bytes.set(more, 50_000);
  const { factory } = await ScriptedIDB.of(idb.content());
  const next = new VolumeTool(indexeddb("life", { ...OPTIONS, factory }));
  assert.equal(await next.volume.open(), 0);
  sameBytes(await next.content(await next.lookup(next.root, "b")), bytes);
  assert.equal((await volume.check()).ok, true);
  await fs.close(file);
  assert.equal(await volume.close(), 0);
});

test("indexeddb: without room a writer is told so, and does not wait", async () => {
  const { idb, volume, fs, file } = await full();
  const data = pattern(4096, 9);
  let at = 0;
  const writes = async () => {
    for (; at < 4_000_000; at += 4096) {
      const count = await fs.transfer(() =>
        volume.write(file, at, data, 0, 4096),
      );
      if (count < 0) return count;
    }
    return 0;
  };
  const written = writes();
  assert.ok(await settles(written), "the writer waits");
  assert.equal(await written, -ERRNO.ENOSPC);
  assert.ok(at > 0 && at <= OPTIONS.dirtyBytes, `${at} bytes`);
  for (let from = 0; from < at; from += 4096) {
    sameBytes(await fs.read(file, from, 4096), data);
  }
  // What was there and is not in memory can be read, too, and pushes nothing
  // of what is dirty out of memory.
  const old = pattern(100_000).slice(at);
  for (let i = 0; i < 3; i++) {
    sameBytes(await fs.read(file, at, 100_000 - at), old);
  }
  idb.heal();
  assert.equal(await volume.sync(), 0);
  const { factory } = await ScriptedIDB.of(idb.content());
  const next = new VolumeTool(indexeddb("life", { ...OPTIONS, factory }));
  assert.equal(await next.volume.open(), 0);
  const found = await next.content(await next.lookup(next.root, "b"));
  for (let from = 0; from < at; from += 4096) {
    sameBytes(found.slice(from, from + 4096), data);
  }
  sameBytes(found.slice(at), old);
  await fs.close(file);
  assert.equal(await volume.close(), 0);
});

test("indexeddb: a file that is removed takes no room any more", async () => {
  const { idb, volume, fs, file } = await full();
  await fs.write(file, 0, "text");
  await fs.refuses(volume.sync(), "ENOSPC");
  await fs.close(file);
  await fs.unlink(fs.root, "b");
  idb.heal();
  assert.equal(await volume.sync(), 0);
  assert.deepEqual(idb.content()["gossamer:life"].stores.data, []);
  assert.equal(await volume.close(), 0);
});

test("indexeddb: an opening that is never answered is EBUSY in a while", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const idb = new ScriptedIDB();
  const volume = indexeddb("life", { ...OPTIONS, factory: idb.factory });
  idb.failAt(1, "hang");
  const opened = volume.open();
  assert.equal(await settles(opened, HANG_TURNS), false);
  t.mock.timers.tick(SILENCE_MS);
  assert.equal(await opened, -ERRNO.EBUSY);
  assert.match(volume.trouble, /in the way/);
  assert.equal(await volume.close(), 0);
});

for (const made of [true, false]) {
  const what = made ? "was made" : "was not made";
  test(`indexeddb: a commit that ${what}, and it is long not known`, async () => {
    const { idb, volume, fs, file, troubles } = await full();
    let lost = 0;
    idb.plan = ({ kind, mode }) => {
      // Nobody can say what became of it.
      if (kind === "openKeyCursor" && lost > 0) return "error";
      if (kind !== "complete" || mode !== "readwrite" || lost > 0) return null;
      lost++;
      return made ? "lost" : "close";
    };
    const commits = idb.commits;
    await fs.write(file, 50_000, pattern(9000, 7));
    await fs.put(fs.root, "e", "small");
    await fs.refuses(volume.sync(), "EIO");
    assert.equal(idb.commits - commits, made ? 1 : 0);
    await fs.refuses(volume.sync(), "EIO");
    assert.deepEqual([lost, troubles], [1, ["EIO"]]);
    // What goes on meanwhile is in memory.
    await fs.write(file, 52_000, pattern(5000, 8));
    await fs.unlink(fs.root, "e");
    await fs.rename(fs.root, "b", fs.root, "c");
    idb.heal();
    assert.equal(await volume.sync(), 0, volume.trouble);
    const content = pattern(100_000);
    content.set(pattern(9000, 7), 50_000);
    content.set(pattern(5000, 8), 52_000);
    assert.equal((await volume.check()).ok, true);
    const { factory } = await ScriptedIDB.of(idb.content());
    const next = new VolumeTool(indexeddb("life", { ...OPTIONS, factory }));
    assert.equal(await next.volume.open(), 0);
    assert.deepEqual(await next.names(next.root), ["c"]);
    sameBytes(await next.content(await next.lookup(next.root, "c")), content);
    await fs.close(file);
    assert.equal(await volume.close(), 0);
  });
}

test("indexeddb: room that was made is written down again when a commit fails", async () => {
  const { idb, volume, fs, file } = await full({ limitBytes: 2 ** 20 });
  await fs.allocate(file, 200_000, 200_000);
  const { usedBytes } = volume.usage();
  await fs.refuses(volume.sync(), "ENOSPC");
  idb.heal();
  assert.equal(await volume.sync(), 0);
  const { factory } = await ScriptedIDB.of(idb.content());
  const options = { ...OPTIONS, limitBytes: 2 ** 20, factory };
  const next = new VolumeTool(indexeddb("life", options));
  assert.equal(await next.volume.open(), 0);
  assert.equal(next.volume.usage().usedBytes, usedBytes);
  const bytes = await next.content(await next.lookup(next.root, "b"));
  assert.equal(bytes.length, 400_000);
  assert.ok(bytes.subarray(100_000).every((byte) => byte === 0));
  await fs.close(file);
  assert.equal(await volume.close(), 0);
});

test("indexeddb: what cannot be tidied up any further is left alone", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { factory } = new ScriptedIDB();
  const tuning = { smallRecords: 4 };
  const volume = indexeddb("life", { ...OPTIONS, factory, tuning });
  assert.equal(await volume.open(), 0);
  const fs = new VolumeTool(volume);
  // Two of them are more than is moved at once with so small a cache.
  for (let i = 0; i < 40; i++) {
    await fs.put(fs.root, `${i}`, pattern(9000));
    assert.equal(await volume.commit(), 0);
  }
  const { commits } = volume.usage();
  for (let i = 0; i < 10; i++) {
    t.mock.timers.tick(IDLE_MS);
    for (let turn = 0; turn < 200; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  assert.ok(volume.usage().commits <= commits + 1, "it never ends");
  assert.equal(await volume.close(), 0);
});
