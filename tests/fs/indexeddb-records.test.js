/* Into which records the IndexedDB volume puts what is written: as browsers
 * read and write them fastest; and that all of it is found again. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { indexeddb } from "../../js/fs/indexeddb.js";
import { ScriptedIDB } from "../helpers/scripted-idb.js";
import { VolumeTool, pattern, sameBytes } from "../helpers/volume.js";

const KIBIBYTE = 1024;
const MEBIBYTE = 1024 * KIBIBYTE;
const PAGE_BYTES = 4 * KIBIBYTE;
const SMALL_BYTES = 16 * KIBIBYTE;
/** Nothing is committed but when the test says so. */
const NEVER_MS = 2 ** 30;

/** @param {object} [options] */
async function opened(options = {}) {
  const idb = new ScriptedIDB();
  const all = { factory: idb.factory, locks: null, idleMs: NEVER_MS };
  const open = async () => {
    const volume = indexeddb("records", { ...all, ...options });
    assert.equal(await volume.open(), 0, volume.trouble);
    return volume;
  };
  const records = () => {
    const { data = [] } = idb.content()["gossamer:records"]?.stores ?? {};
    return data
      .filter(([key]) => typeof key === "number" && key > 0)
      .map(([, value]) => value);
  };
  return { volume: await open(), open, records };
}

/** @param {any} volume */
async function commit(volume) {
  assert.equal(await volume.commit({ strict: true }), 0, volume.trouble);
}

/** @param {any} value */
const sizeOf = (value) => (value instanceof Blob ? value.size : value.length);

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

test("small files, a large one and pages here and there, in one commit", async () => {
  const { volume, open, records } = await opened();
  const tool = new VolumeTool(volume);
  /** @type {Record<string, Uint8Array>} */
  const files = { large: pattern(2 * MEBIBYTE + 77, 1) };
  for (let i = 0; i < 40; i++) {
    files[`small-${i}`] = pattern(i * 500 + 1, i);
  }
  await tool.fill(files);
  const scattered = pattern(3 * MEBIBYTE, 2);
  files.scattered = new Uint8Array(scattered.length);
  const file = await tool.open(await tool.create(tool.root, "scattered"));
  await tool.resize(file, scattered.length);
  // Every other page, from the end on: no two lie in a row.
  for (let at = scattered.length - PAGE_BYTES; at >= 0; at -= 2 * PAGE_BYTES) {
    const page = scattered.subarray(at, at + PAGE_BYTES);
    await tool.write(file, at, page);
    files.scattered.set(page, at);
  }
  await commit(volume);
  assert.ok(records().some((value) => value instanceof Blob));
  assert.equal(await volume.close(), 0);
  const again = await open();
  await holds(again, files);
  assert.equal(await again.close(), 0);
});

test("what is written while a commit is on its way is not in it", async () => {
  const { volume, open, records } = await opened();
  const tool = new VolumeTool(volume);
  const before = pattern(2 * MEBIBYTE, 1);
  const after = pattern(2 * MEBIBYTE, 9);
  const node = await tool.put(tool.root, "file", before);
  const file = await tool.open(node);
  const first = volume.commit({ strict: true });
  await Promise.resolve();
  await tool.write(file, 0, after);
  assert.equal(await first, 0);
  const parts = records().map((value) => new Blob([value]));
  const stored = new Uint8Array(await new Blob(parts).arrayBuffer());
  sameBytes(stored, before, "the first commit");
  await commit(volume);
  await tool.close(file);
  assert.equal(await volume.close(), 0);
  const again = await open();
  await holds(again, { file: after });
  assert.equal(await again.close(), 0);
});

test("to read a small file, little else is read", async () => {
  const { volume, open, records } = await opened();
  /** @type {Record<string, Uint8Array>} */
  const files = {};
  for (let i = 0; i < 300; i++) files[`f${i}`] = pattern(PAGE_BYTES, i);
  await new VolumeTool(volume).fill(files);
  await commit(volume);
  const sizes = records().map(sizeOf);
  assert.equal(
    sizes.reduce((sum, size) => sum + size, 0),
    300 * PAGE_BYTES,
  );
  assert.ok(Math.max(...sizes) <= SMALL_BYTES, `${Math.max(...sizes)} bytes`);
  assert.equal(await volume.close(), 0);
  const again = await open();
  await holds(again, files);
  assert.equal(await again.close(), 0);
});

test("small files that were committed one by one are packed once, not for ever", async () => {
  const tuning = { smallRecords: 4 };
  const { volume, records } = await opened({ idleMs: 0, tuning });
  const tool = new VolumeTool(volume);
  /** @type {Record<string, Uint8Array>} */
  const files = {};
  for (let i = 0; i < 100; i++) {
    files[`f${i}`] = pattern(PAGE_BYTES, i);
    await tool.fill({ [`f${i}`]: files[`f${i}`] });
    await commit(volume);
  }
  let quiet = 0;
  for (let turns = 0; quiet < 20; turns++) {
    assert.ok(turns < 2000, `${volume.usage().commits} commits, and no end`);
    const { commits } = volume.usage();
    await new Promise((resolve) => setTimeout(resolve, 1));
    quiet = volume.usage().commits === commits ? quiet + 1 : 0;
  }
  assert.ok(records().length < 60, `${records().length} records`);
  await holds(volume, files);
  assert.equal(await volume.close(), 0);
});
