/* Small commits of the IndexedDB volume put their pages into the log, by one
 * request; they go into records with a larger commit, and are found again in any
 * case (C2, D1). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { indexeddb } from "../../js/fs/indexeddb.js";
import { ScriptedIDB } from "../helpers/scripted-idb.js";
import { VolumeTool, pattern, sameBytes } from "../helpers/volume.js";

const PAGE_BYTES = 4096;
const LARGE_BYTES = 20_000;
/** What the log may have by default. */
const MOST_LOGGED = 64;
/** Nothing is committed but when the test says so. */
const NEVER_MS = 2 ** 30;
const WRITES = ["add", "put", "delete", "clear"];

/** Locks that are always free. */
const locks = {
  request: async (_name, _options, work) => work({ mode: "exclusive" }),
};

/** @param {object} [options] */
async function opened(options = {}) {
  const idb = new ScriptedIDB();
  const common = { factory: idb.factory, locks, idleMs: NEVER_MS };
  const open = async (more = {}) => {
    const all = { ...common, onTrouble() {}, ...options, ...more };
    const volume = indexeddb("logged", all);
    assert.equal(await volume.open(), 0, volume.trouble);
    return volume;
  };
  /** What of IndexedDB is called meanwhile, of requests and transactions. */
  const calls = async (/** @type {() => Promise<unknown>} */ work) => {
    /** @type {string[]} */
    const seen = [];
    idb.plan = ({ kind, store }) => {
      if (WRITES.includes(kind) || kind === "get") {
        seen.push(`${kind} ${store}`);
      }
      return null;
    };
    await work();
    idb.heal();
    return seen;
  };
  const records = () => {
    const { data = [] } = idb.content()["gossamer:logged"]?.stores ?? {};
    return data.filter(([key]) => key > 0).length;
  };
  const volume = await open();
  return { idb, volume, open, calls, records };
}

/** @param {any} volume @param {Record<string, Uint8Array>} files */
async function holds(volume, files) {
  const tool = new VolumeTool(volume);
  for (const [name, bytes] of Object.entries(files)) {
    const node = await tool.lookup(tool.root, name);
    sameBytes(await tool.content(node), bytes, name);
  }
  const { ok, problems } = await volume.check();
  assert.ok(ok, problems.join("; "));
}

test("a small commit is one request, and what it has survives a crash", async () => {
  const { idb, volume, calls, records } = await opened();
  const tool = new VolumeTool(volume);
  const text = pattern(5000, 3);
  const seen = await calls(async () => {
    await tool.put(tool.root, "text", text);
    assert.equal(await volume.sync(), 0);
  });
  assert.deepEqual(seen, ["add log"]);
  assert.equal(records(), 0);
  const { dirtyBytes, cachedBytes } = volume.usage();
  assert.deepEqual([dirtyBytes, cachedBytes], [0, 2 * PAGE_BYTES]);
  const [, record] = idb.content()["gossamer:logged"].stores.log.at(-1);
  assert.ok(record.length < 5300, `${record.length} bytes`);
  idb.crash();
  const { factory } = await ScriptedIDB.of(idb.content());
  const again = indexeddb("logged", { factory, locks });
  assert.equal(await again.open(), 0, again.trouble);
  await holds(again, { text });
  assert.equal(again.usage().usedBytes, volume.usage().usedBytes);
  assert.equal(await again.close(), 0);
});

test("what the log has goes into records with a larger commit", async () => {
  const { volume, open, calls, records } = await opened();
  const tool = new VolumeTool(volume);
  /** @type {Record<string, Uint8Array>} */
  const files = { a: pattern(100, 1), b: pattern(4096, 2) };
  for (const [name, bytes] of Object.entries(files)) {
    await tool.put(tool.root, name, bytes);
    assert.equal(await volume.sync(), 0);
  }
  assert.equal(records(), 0);
  files.large = pattern(LARGE_BYTES, 5);
  const seen = await calls(async () => {
    await tool.put(tool.root, "large", files.large);
    assert.equal(await volume.sync(), 0);
  });
  // The two small ones together, the large one, and the log.
  assert.deepEqual(seen, ["put data", "put data", "add log"]);
  const { storedBytes } = volume.usage();
  assert.equal(storedBytes, 100 + 4096 + LARGE_BYTES);
  assert.equal(await volume.close(), 0);
  const again = await open();
  assert.equal(again.usage().cachedBytes, 0);
  await holds(again, files);
  assert.equal(await again.close(), 0);
});

test("the log has no more than a limit, however often is committed", async () => {
  const { volume, open, calls } = await opened();
  const tool = new VolumeTool(volume);
  const file = await tool.open(await tool.create(tool.root, "file"));
  let logged = 0;
  let most = 0;
  for (let page = 0; page < 3 * MOST_LOGGED; page++) {
    const seen = await calls(async () => {
      await tool.write(file, page * PAGE_BYTES, pattern(PAGE_BYTES, page));
      assert.equal(await volume.sync(), 0);
    });
    const isLogged = seen.length === 1;
    logged = isLogged ? logged + 1 : 0;
    most = Math.max(most, logged);
  }
  assert.equal(most, MOST_LOGGED);
  await tool.close(file);
  assert.equal(await volume.close(), 0);
  const again = await open();
  const bytes = Array.from({ length: 3 * MOST_LOGGED }, (_, page) => [
    ...pattern(PAGE_BYTES, page),
  ]);
  await holds(again, { file: Uint8Array.from(bytes.flat()) });
  assert.equal(await again.close(), 0);
});

test("a page in the log is written, cut and removed as any other", async () => {
  const { volume, open } = await opened();
  const tool = new VolumeTool(volume);
  for (const name of ["over", "cut", "gone"]) {
    await tool.put(tool.root, name, pattern(6000, 7));
  }
  assert.equal(await volume.sync(), 0);
  const over = await tool.open(await tool.lookup(tool.root, "over"));
  await tool.write(over, 4090, pattern(20, 9));
  const cut = await tool.open(await tool.lookup(tool.root, "cut"));
  await tool.resize(cut, 4100);
  await tool.resize(cut, 6000);
  await tool.unlink(tool.root, "gone");
  assert.equal(await volume.sync(), 0);
  const files = { over: pattern(6000, 7), cut: pattern(6000, 7) };
  files.over.set(pattern(20, 9), 4090);
  files.cut.fill(0, 4100);
  await holds(volume, files);
  // The same of what the log says, by who only reads it.
  const reader = await open({ readOnly: true });
  await holds(reader, files);
  assert.deepEqual(await new VolumeTool(reader).names(reader.root), [
    "cut",
    "over",
  ]);
  await tool.resize(cut, 10);
  assert.equal(await volume.sync(), 0);
  assert.equal(await reader.refresh(), 1);
  await holds(reader, { ...files, cut: files.cut.slice(0, 10) });
  assert.equal(await reader.close(), 0);
  await tool.close(over);
  await tool.close(cut);
  assert.equal(await volume.close(), 0);
});

test("records in which nothing is left are deleted, sooner or later", async () => {
  const { volume, calls, records } = await opened();
  const tool = new VolumeTool(volume);
  for (let i = 0; i < 20; i++) {
    await tool.put(tool.root, `f${i}`, pattern(LARGE_BYTES, i));
    assert.equal(await volume.sync(), 0);
  }
  const before = records();
  for (let i = 0; i < 20; i++) {
    await tool.unlink(tool.root, `f${i}`);
    assert.equal(await volume.sync(), 0);
  }
  assert.ok(records() <= 16 && before >= 20, `${records()} of ${before}`);
  await holds(volume, {});
  const seen = await calls(async () => {
    await tool.put(tool.root, "new", pattern(LARGE_BYTES, 1));
    assert.equal(await volume.sync(), 0);
  });
  assert.ok(seen.includes("delete data"));
  assert.equal(records(), 1);
  assert.equal(await volume.close(), 0);
});

test("garbage is cleared by a commit of its own when all else is in the log", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const tuning = { garbageBytes: 10_000 };
  const { volume, records } = await opened({ idleMs: 200, tuning });
  const tool = new VolumeTool(volume);
  await tool.put(tool.root, "a", pattern(LARGE_BYTES, 1));
  await tool.put(tool.root, "b", pattern(100, 1));
  assert.equal(await volume.sync(), 0);
  await tool.unlink(tool.root, "a");
  assert.equal(await volume.sync(), 0);
  for (let turn = 0; turn < 50; turn++) {
    t.mock.timers.tick(200);
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.ok(records() <= 1, `${records()} records`);
  const { garbageBytes, commits } = volume.usage();
  assert.equal(garbageBytes, 0);
  for (let turn = 0; turn < 20; turn++) {
    t.mock.timers.tick(200);
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(volume.usage().commits, commits, "it goes on for ever");
  await holds(volume, { b: pattern(100, 1) });
  assert.equal(await volume.close(), 0);
});

test("what the log has stays in memory, however much else is read", async () => {
  const { volume, open } = await opened({ cacheBytes: 131_072 });
  const tool = new VolumeTool(volume);
  const large = pattern(600_000, 1);
  await tool.put(tool.root, "large", large);
  assert.equal(await volume.sync(), 0);
  const reader = await open({ readOnly: true });
  await holds(reader, { large });
  const node = await tool.put(tool.root, "small", pattern(100, 2));
  assert.equal(await volume.sync(), 0);
  assert.equal(await reader.refresh(), 1);
  await holds(reader, { large, small: pattern(100, 2) });
  const file = await tool.open(node);
  await tool.resize(file, PAGE_BYTES);
  await tool.close(file);
  assert.equal(await volume.close(), 0);
  const small = new Uint8Array(PAGE_BYTES);
  small.set(pattern(100, 2));
  assert.equal(await reader.refresh(), 1);
  await holds(reader, { large, small });
  await reader.close();
  const again = await open();
  await holds(again, { large, small });
  assert.equal(await again.close(), 0);
});

test("what is put into the log is garbage where it was", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const tuning = { garbageBytes: 38_000 };
  const { volume } = await opened({ idleMs: 200, tuning });
  const tool = new VolumeTool(volume);
  for (const name of ["a", "b"]) {
    await tool.put(tool.root, name, pattern(LARGE_BYTES, 1));
    assert.equal(await volume.sync(), 0);
  }
  await tool.unlink(tool.root, "a");
  assert.equal(await volume.sync(), 0);
  assert.equal(volume.usage().garbageBytes, LARGE_BYTES);
  const file = await tool.open(await tool.lookup(tool.root, "b"));
  const b = pattern(LARGE_BYTES, 8);
  for (const [from, to] of [
    [0, 4 * PAGE_BYTES],
    [4 * PAGE_BYTES, LARGE_BYTES],
  ]) {
    await tool.write(file, from, b.subarray(from, to));
    assert.equal(await volume.sync(), 0);
    assert.equal(volume.usage().garbageBytes, LARGE_BYTES + to);
  }
  await tool.close(file);
  // Now it is enough to be cleared, though nothing is changed any more.
  for (let turn = 0; turn < 50; turn++) {
    t.mock.timers.tick(200);
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { garbageBytes, commits } = volume.usage();
  assert.equal(garbageBytes, 0);
  for (let turn = 0; turn < 20; turn++) {
    t.mock.timers.tick(200);
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(volume.usage().commits, commits, "it goes on for ever");
  await holds(volume, { b });
  assert.equal(await volume.close(), 0);
});

test("a small commit that fails has lost nothing, whatever the log has", async () => {
  const { idb, volume, open } = await opened();
  const tool = new VolumeTool(volume);
  const file = await tool.open(await tool.create(tool.root, "file"));
  for (const fault of ["quota", "abort", "error", "throw"]) {
    await tool.write(file, 0, pattern(300, fault.length));
    assert.equal(await volume.sync(), 0);
    await tool.write(file, 100, pattern(200, 99));
    idb.plan = ({ kind }) => (kind === "add" ? fault : null);
    assert.ok((await volume.sync()) < 0, fault);
    assert.equal(volume.usage().dirtyBytes, PAGE_BYTES);
    idb.heal();
    const bytes = pattern(300, fault.length);
    bytes.set(pattern(200, 99), 100);
    const reader = await open({ readOnly: true });
    await holds(reader, { file: pattern(300, fault.length) });
    await reader.close();
    assert.equal(await volume.sync(), 0);
    assert.equal(volume.usage().dirtyBytes, 0);
    await holds(volume, { file: bytes });
  }
  await tool.close(file);
  assert.equal(await volume.close(), 0);
});

test("when large values are not stored, smaller ones are", async () => {
  const { idb, volume, open } = await opened();
  const tool = new VolumeTool(volume);
  const large = pattern(1_500_000, 4);
  await tool.put(tool.root, "large", large);
  let failures = 0;
  idb.plan = ({ kind, store }) => {
    if (kind !== "put" || store !== "data" || failures > 0) return null;
    failures++;
    return "error";
  };
  assert.equal(await volume.sync(), 0);
  assert.equal(failures, 1);
  idb.heal();
  const { stores } = idb.content()["gossamer:logged"];
  const sizes = stores.data.map(([, value]) => value.length);
  assert.ok(Math.max(...sizes) < 65_536, "a Blob, or what is made one");
  assert.equal(await volume.close(), 0);
  const again = await open();
  await holds(again, { large });
  assert.equal(await again.close(), 0);
});

test("when nothing is stored at all, that is tried once more, not for ever", async () => {
  const { idb, volume } = await opened({ tuning: { logRecords: 1 } });
  const tool = new VolumeTool(volume);
  // So many names that a checkpoint alone is a large value.
  for (let i = 0; i < 1500; i++) {
    await tool.create(tool.root, `${"name".repeat(10)}-${i}`);
  }
  assert.equal(await volume.sync(), 0);
  await tool.put(tool.root, "more", pattern(300));
  let tries = 0;
  idb.plan = ({ kind }) => {
    if (kind !== "add") return null;
    tries++;
    return tries > 50 ? null : "error";
  };
  await tool.refuses(volume.sync(), "EIO");
  assert.ok(tries <= 4, `${tries} tries`);
  idb.heal();
  assert.equal(await volume.sync(), 0);
  assert.equal(await volume.close(), 0);
});

test("a small file that is read brings those along that lie with it", async () => {
  const { volume, open, calls } = await opened();
  const tool = new VolumeTool(volume);
  /** @type {Record<string, Uint8Array>} */
  const files = {};
  for (let i = 0; i < 40; i++) files[`f${i}`] = pattern(4000 + i, i);
  await tool.fill(files);
  assert.equal(await volume.sync(), 0);
  assert.equal(await volume.close(), 0);
  const again = await open();
  const reading = new VolumeTool(again);
  const gets = await calls(async () => {
    for (const [name, bytes] of Object.entries(files)) {
      const node = await reading.lookup(reading.root, name);
      sameBytes(await reading.content(node), bytes, name);
    }
  });
  assert.ok(gets.length <= 14, `${gets.length} gets of 40 files`);
  assert.equal(await again.close(), 0);
});
