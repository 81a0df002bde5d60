/* Volumes of IndexedDB by name: which there are, and deleting one (D7). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { IDBFactory } from "fake-indexeddb";
import { Database } from "../../js/fs/indexeddb/database.js";
import { WriterLock } from "../../js/fs/indexeddb/lock.js";
import { deleteVolume, listVolumes } from "../../js/fs/indexeddb/volumes.js";
import { fails } from "../helpers/fails.js";

/** @param {IDBFactory} factory @param {string} name */
async function make(factory, name) {
  const database = new Database(name, { factory });
  assert.equal(await database.open({ create: true }), 0);
  return database;
}

test("listVolumes() names the volumes, sorted, and no other database", async () => {
  const factory = new IDBFactory();
  assert.deepEqual(await listVolumes({ factory }), []);
  for (const name of ["notes", "", "a:b", "Other"]) {
    (await make(factory, name)).close();
  }
  await new Promise((resolve) => {
    factory.open("foreign").onsuccess = resolve;
  });
  assert.deepEqual(await listVolumes({ factory }), [
    "",
    "Other",
    "a:b",
    "notes",
  ]);
});

test("listVolumes() is ENOTSUP where the browser does not tell", async () => {
  const factory = /** @type {IDBFactory} */ (/** @type {unknown} */ ({}));
  await assert.rejects(listVolumes({ factory }), fails("ENOTSUP", /not tell/));
  await assert.rejects(
    listVolumes({ factory: null }),
    fails("ENOTSUP", /no IndexedDB/),
  );
});

test("deleteVolume() deletes, and is ENOENT for what is not there", async () => {
  const factory = new IDBFactory();
  (await make(factory, "notes")).close();
  (await make(factory, "kept")).close();
  await deleteVolume("notes", { factory, locks: null });
  assert.deepEqual(await listVolumes({ factory }), ["kept"]);
  await assert.rejects(
    deleteVolume("notes", { factory, locks: null }),
    fails("ENOENT", /"notes" does not exist/),
  );
  assert.deepEqual(await listVolumes({ factory }), ["kept"]);
  await assert.rejects(
    deleteVolume("notes", { factory: null }),
    fails("ENOTSUP", /no IndexedDB/),
  );
});

test("deleteVolume() is EBUSY while a writer has the volume, and frees the lock", async () => {
  const factory = new IDBFactory();
  (await make(factory, "notes")).close();
  const lock = new WriterLock("notes", null, { scope: factory });
  assert.equal(await lock.acquire(), 0);
  await assert.rejects(
    deleteVolume("notes", { factory, locks: null }),
    fails("EBUSY", /"notes" is in use/),
  );
  assert.deepEqual(await listVolumes({ factory }), ["notes"]);
  await lock.release();
  await deleteVolume("notes", { factory, locks: null });
  assert.equal(await lock.acquire(), 0);
  await lock.release();
});

test("deleteVolume() takes the volume from those who only read it", async () => {
  const factory = new IDBFactory();
  /** @type {(text: string) => void} */
  let tell = () => {};
  const lost = new Promise((resolve) => {
    tell = resolve;
  });
  (await make(factory, "notes")).close();
  const reader = new Database("notes", {
    factory,
    onLost: (text) => tell(text),
  });
  assert.equal(await reader.open({ create: false }), 0);
  await deleteVolume("notes", { factory, locks: null });
  assert.match(await lost, /was deleted/);
  assert.deepEqual(await listVolumes({ factory }), []);
});
