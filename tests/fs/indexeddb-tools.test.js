/* What goes into a volume in IndexedDB and comes out of it again: copies and
 * archives larger than what it may hold in memory; and the host directory that
 * stands in for it where there is no browser. Rows C2, D1. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { IDBFactory } from "fake-indexeddb";
import { copyTree } from "../../js/fs/copy.js";
import { indexeddb } from "../../js/fs/indexeddb.js";
import { memory } from "../../js/fs/memory.js";
import { spaceOf } from "../../js/fs/space.js";
import { exportTar, importTar } from "../../js/fs/tar.js";
import { SymbolicLink, exportTree, importTree } from "../../js/fs/transfer.js";
import { load } from "../../js/index.js";
import { WASI } from "../../js/wasi/index.js";
import { defer } from "../helpers/defer.js";
import { fails } from "../helpers/fails.js";
import { setUp } from "../helpers/node-volume.js";
import { programPath, runProgram } from "../helpers/programs.js";
import { VolumeTool, pattern, sameBytes } from "../helpers/volume.js";

const KIBIBYTE = 1024;

/** Less than what the tests write: writers wait, readers read again. */
const LITTLE = { cacheBytes: 256 * KIBIBYTE, dirtyBytes: 64 * KIBIBYTE };

/**
 * @param {import("node:test").TestContext} t
 * @param {object} [options]
 */
function create(t, options = {}) {
  const factory = new IDBFactory();
  /** @param {object} [more] */
  const open = (more) => {
    const all = { factory, locks: null, ...LITTLE, ...options, ...more };
    const volume = indexeddb("tools", all);
    defer(t, () => volume.close());
    return volume;
  };
  return { volume: open(), again: open };
}

/** A volume in memory with one of everything, twice as much as is cached. */
async function filled() {
  const volume = memory();
  await importTree(volume, {
    large: pattern(512 * KIBIBYTE + 5),
    d: { "ü😀": "text", empty: {} },
    link: new SymbolicLink("d"),
  });
  const fs = new VolumeTool(volume);
  const large = await fs.lookup(fs.root, "large");
  await fs.link(large, await fs.lookup(fs.root, "d"), "same");
  await fs.setTimes(large, 1_000_000_001n, 2_000_000_002n);
  const sparse = await fs.open(await fs.create(fs.root, "sparse"));
  await fs.write(sparse, 4 * KIBIBYTE * KIBIBYTE, "end");
  return volume;
}

/** @param {any} volume @param {any} other */
async function assertSame(volume, other) {
  const got = await exportTree(volume);
  const expected = await exportTree(other);
  sameBytes(got.large, expected.large);
  sameBytes(got.sparse, expected.sparse);
  assert.deepEqual({ ...got.d, same: 0 }, { ...expected.d, same: 0 });
  assert.deepEqual(got.link, expected.link);
  assert.deepEqual(Object.keys(got), Object.keys(expected));
  const { links, mtimeNs } = await statOfLarge(volume);
  assert.deepEqual([links, mtimeNs], [2, 2_000_000_002n]);
}

/** @param {any} volume that was opened */
async function statOfLarge(volume) {
  const fs = new VolumeTool(volume);
  return fs.stat(await fs.lookup(fs.root, "large"));
}

test("a copy into the database is all there when it is opened again", async (t) => {
  const from = await filled();
  const { volume, again } = create(t);
  let most = 0;
  const progress = () => {
    const { dirtyBytes, cachedBytes } = volume.usage();
    most = Math.max(most, dirtyBytes, cachedBytes);
  };
  await copyTree(from, volume, { progress });
  assert.ok(most > 0 && most <= LITTLE.cacheBytes, `${most} bytes held`);
  // A hole of 4 MiB is one there, too.
  const { usedBytes } = volume.usage();
  assert.ok(usedBytes < 700 * KIBIBYTE, `${usedBytes} bytes used`);
  assert.equal(await volume.close(), 0);
  const reopened = again({ readOnly: true });
  assert.equal(await reopened.open(), 0);
  assert.equal((await statOfLarge(reopened)).atimeNs, 1_000_000_001n);
  await assertSame(reopened, from);
  const { ok, problems } = await reopened.check();
  assert.ok(ok, problems.join("; "));
  const back = memory();
  await copyTree(reopened, back);
  await assertSame(back, from);
});

test("an archive goes from one database into another", async (t) => {
  const from = create(t).volume;
  await copyTree(await filled(), from);
  const { volume, again } = create(t);
  const packed = exportTar(from, "/", { gzip: true });
  await importTar(volume, packed, "/lib", { gzip: true, atomic: true });
  assert.equal(await volume.close(), 0);
  const reopened = again();
  const lib = memory();
  await copyTree(reopened, lib, { path: "/lib" });
  await assertSame(lib, from);
  assert.deepEqual(Object.keys(await exportTree(reopened)), ["lib"]);
});

test("a volume that is too small says so by path and keeps what was there", async (t) => {
  const { volume } = create(t, { limitBytes: 256 * KIBIBYTE });
  await importTree(volume, { before: "1" });
  const options = { target: "/copy", atomic: true };
  const from = await filled();
  await assert.rejects(
    copyTree(from, volume, options),
    fails("ENOSPC", /\/copy\/(large|d\/same)/),
  );
  assert.deepEqual(Object.keys(await exportTree(volume)), ["before"]);
  const { totalBytes, freeBytes } = await spaceOf(volume);
  assert.equal(totalBytes, 256 * KIBIBYTE);
  assert.ok(freeBytes > 240 * KIBIBYTE, `${freeBytes} bytes free`);
});

test("what cannot be opened says why to who copies", async (t) => {
  const { volume, again } = create(t);
  assert.equal(await volume.open(), 0);
  await assert.rejects(
    copyTree(memory(), again()),
    fails("EBUSY", /the volume "tools" is open in another tab/),
  );
});

test("D1: the same program on a host directory and in a database", async (t) => {
  const host = setUp(t).volume;
  const { volume, again } = create(t);
  for (const data of [host, volume]) {
    await importTree(data, { "given.txt": "given by the page\n" });
    for (const name of ["stdio", "descriptors"]) {
      const fixed = { volume: memory(), readOnly: true };
      const mounts = { "/data": data, "/read-only": fixed };
      const options = { args: [name], mounts };
      assert.deepEqual(await runProgram("files", "wasm", options), {
        code: 0,
        lines: [`${name} done`],
        errors: [],
      });
    }
  }
  assert.equal(await volume.close(), 0);
  const stored = await exportTree(again());
  assert.deepEqual(stored, await exportTree(host));
  const text = new TextDecoder().decode(stored["note.txt"]);
  assert.equal(text, "one 2\nthree\nfour\n");
});

test("where there is no IndexedDB, it is said what there is instead", async () => {
  const nowhere = () => indexeddb("home", { factory: null });
  const text = /no IndexedDB here; in Node mount node\(.*gossamer\/node/;
  const mounts = { "/kept": nowhere() };
  await assert.rejects(
    load(programPath("hello", "wasm"), { mounts }),
    fails("ENOTSUP", text),
  );
  await assert.rejects(
    new WASI({ mounts: { "/kept": nowhere() } }).start(
      programPath("hello", "wasm"),
    ),
    fails("ENOTSUP", text),
  );
  await assert.rejects(exportTree(nowhere()), fails("ENOTSUP", text));
});
