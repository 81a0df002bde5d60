/* How the IndexedDB volume reads what is not in memory: which records it asks
 * for, ahead of the reader or not, and whether whole or in parts. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { indexeddb } from "../../js/fs/indexeddb.js";
import { ScriptedIDB } from "../helpers/scripted-idb.js";
import { VolumeTool, pattern, sameBytes } from "../helpers/volume.js";

const PAGE_BYTES = 4096;
const PIECE_BYTES = 65_536;
const MEBIBYTE = 2 ** 20;
const NEVER_MS = 2 ** 30;

/**
 * A volume with files, opened anew, and what it asks of the database.
 * @param {import("node:test").TestContext} t
 * @param {Record<string, Uint8Array>} files
 * @param {object} [options]
 */
async function stored(t, files, options = {}) {
  const idb = new ScriptedIDB();
  const all = { factory: idb.factory, locks: null, idleMs: NEVER_MS };
  const writer = indexeddb("reading", { ...all, ...options });
  assert.equal(await writer.open(), 0);
  await new VolumeTool(writer).fill(files);
  assert.equal(await writer.close(), 0);
  const volume = indexeddb("reading", { ...all, ...options });
  assert.equal(await volume.open(), 0);
  t.after(() => volume.close());
  const asked = { gets: 0, blobs: 0, parts: 0 };
  idb.plan = ({ kind, store }) => {
    if (kind === "get" && store === "data") asked.gets++;
    if (kind === "blob") asked.blobs++;
    return null;
  };
  const { slice } = Blob.prototype;
  t.mock.method(Blob.prototype, "slice", function (...range) {
    asked.parts++;
    return slice.apply(this, range);
  });
  return { idb, volume, tool: new VolumeTool(volume), asked };
}

/** @param {VolumeTool} tool @param {string} name */
async function reads(tool, name) {
  const node = await tool.lookup(tool.root, name);
  return tool.open(node);
}

/** Until nothing is on its way. */
async function settled() {
  for (let turn = 0; turn < 20; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test("who reads in order has whole records, each once, and some of them ahead", async (t) => {
  const bytes = pattern(8 * MEBIBYTE, 1);
  const { tool, asked } = await stored(t, { large: bytes });
  const file = await reads(tool, "large");
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    const got = await tool.read(file, at, PIECE_BYTES);
    sameBytes(got, bytes.subarray(at, at + PIECE_BYTES), `at ${at}`);
    if (at !== 8 * PIECE_BYTES) continue;
    await settled();
    assert.ok(asked.gets >= 4, `${asked.gets} records asked for`);
    assert.ok(asked.gets <= 6, `${asked.gets} records asked for`);
  }
  await tool.close(file);
  assert.equal(asked.gets, 8);
  // The first was begun by a part.
  assert.ok(asked.blobs <= 10, `${asked.blobs} reads`);
  assert.ok(asked.parts <= 2, `${asked.parts} parts`);
});

test("who reads here and there has parts of records, and nothing ahead", async (t) => {
  const bytes = pattern(8 * MEBIBYTE, 2);
  const { volume, tool, asked } = await stored(t, { large: bytes });
  const file = await reads(tool, "large");
  const pages = [1900, 300, 1200, 40, 700, 1500];
  for (const page of pages) {
    const at = page * PAGE_BYTES;
    const got = await tool.read(file, at, PAGE_BYTES);
    sameBytes(got, bytes.subarray(at, at + PAGE_BYTES), `page ${page}`);
  }
  await tool.close(file);
  await settled();
  assert.equal(asked.parts, pages.length);
  assert.equal(volume.usage().cachedBytes, pages.length * PAGE_BYTES);
});

test("readers who want the same at the same time ask once", async (t) => {
  const bytes = pattern(2 * MEBIBYTE, 3);
  const { tool, asked } = await stored(t, { large: bytes });
  const node = await tool.lookup(tool.root, "large");
  const files = [await tool.open(node), await tool.open(node)];
  const both = files.map((file) => tool.read(file, MEBIBYTE, 3000));
  for (const got of await Promise.all(both)) {
    sameBytes(got, bytes.subarray(MEBIBYTE, MEBIBYTE + 3000), "both");
  }
  assert.deepEqual(asked, { gets: 1, blobs: 1, parts: 1 });
  for (const file of files) await tool.close(file);
});

test("what was read whole is written, cut and made longer as any page", async (t) => {
  const bytes = pattern(2 * MEBIBYTE, 4);
  const cut = MEBIBYTE + 3 * PAGE_BYTES + 100;
  const { idb, volume, tool } = await stored(t, { large: bytes });
  const file = await reads(tool, "large");
  await tool.resize(file, cut);
  assert.equal(await volume.sync(), 0);
  await tool.close(file);
  const again = indexeddb("reading", { factory: idb.factory, locks: null });
  assert.equal(await volume.close(), 0);
  assert.equal(await again.open(), 0);
  const other = new VolumeTool(again);
  const node = await other.lookup(other.root, "large");
  sameBytes(await other.content(node), bytes.subarray(0, cut), "cut");
  const opened = await other.open(node);
  await other.resize(opened, cut + 9000);
  await other.write(opened, 10, pattern(20, 9));
  const expected = new Uint8Array(cut + 9000);
  expected.set(bytes.subarray(0, cut));
  expected.set(pattern(20, 9), 10);
  sameBytes(await other.content(node), expected, "longer");
  await other.close(opened);
  assert.equal(await again.close(), 0);
});

test("what lies behind the end of a file in its record is not the file's", async (t) => {
  const first = pattern(MEBIBYTE + 940_100, 6);
  const second = pattern(500_000, 7);
  const { tool } = await stored(t, { first, second });
  const node = await tool.lookup(tool.root, "first");
  sameBytes(await tool.content(node), first, "first");
  const file = await tool.open(node);
  await tool.resize(file, first.length + 3000);
  const expected = new Uint8Array(first.length + 3000);
  expected.set(first);
  sameBytes(await tool.content(node), expected, "longer");
  await tool.write(file, first.length, pattern(2000, 8));
  await tool.close(file);
  const other = await tool.lookup(tool.root, "second");
  sameBytes(await tool.content(other), second, "second");
});

test("a cache that is full takes what is read, and stays within its limit", async (t) => {
  // Enough for whole records to be read.
  const cacheBytes = 8 * MEBIBYTE;
  const bytes = pattern(12 * MEBIBYTE, 5);
  const { volume, tool } = await stored(t, { large: bytes }, { cacheBytes });
  const file = await reads(tool, "large");
  for (let round = 0; round < 2; round++) {
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      const got = await tool.read(file, at, PIECE_BYTES);
      sameBytes(got, bytes.subarray(at, at + PIECE_BYTES), `at ${at}`);
      assert.ok(volume.usage().cachedBytes <= cacheBytes);
    }
  }
  await tool.close(file);
});

test("to read on in a hole of a file takes no time", async (t) => {
  const { tool, asked } = await stored(t, {});
  const file = await tool.open(await tool.create(tool.root, "sparse"));
  await tool.resize(file, 2 ** 42);
  for (let at = 0; at < 4 * MEBIBYTE; at += PIECE_BYTES) {
    const got = await tool.read(file, at, PIECE_BYTES);
    assert.ok(got.every((byte) => byte === 0));
  }
  await tool.close(file);
  assert.equal(asked.gets, 0);
});

test("however little may be dirty, small commits follow each other", async (t) => {
  for (const dirtyBytes of [1, 2, 4, 9].map((pages) => pages * PAGE_BYTES)) {
    const { volume, tool } = await stored(t, {}, { dirtyBytes });
    const file = await tool.open(await tool.create(tool.root, "file"));
    for (let page = 0; page < 40; page++) {
      await tool.write(file, page * PAGE_BYTES, pattern(PAGE_BYTES, page));
      assert.equal(await volume.sync(), 0);
    }
    await tool.close(file);
    const { problems } = await volume.check();
    assert.deepEqual(problems, []);
    t.mock.restoreAll();
  }
});
