/* A volume whose log was damaged: what is refused, and what can be saved. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { IDBFactory } from "fake-indexeddb";
import { ERRNO } from "../../js/errors.js";
import { indexeddb } from "../../js/fs/indexeddb.js";
import { databaseName } from "../../js/fs/indexeddb/database.js";
import { VolumeTool } from "../helpers/volume.js";

/**
 * @param {IDBFactory} factory
 * @param {number} sequence of the record whose last byte is changed
 */
function damage(factory, sequence) {
  return new Promise((resolve, reject) => {
    const request = factory.open(databaseName("old"));
    request.onerror = reject;
    request.onsuccess = () => {
      const db = request.result;
      const tx = db.transaction("log", "readwrite");
      const log = tx.objectStore("log");
      const get = log.get(sequence);
      get.onsuccess = () => {
        const bytes = get.result;
        bytes[bytes.length - 1] ^= 1;
        log.put(bytes, sequence);
      };
      tx.oncomplete = () => {
        db.close();
        resolve(undefined);
      };
    };
  });
}

/** Three commits: the first of an empty root, then a file each. */
async function volumeWithFiles() {
  const factory = /** @type {any} */ (new IDBFactory());
  const volume = indexeddb("old", { factory, locks: null });
  await volume.open();
  const fs = new VolumeTool(volume);
  await fs.put(volume.root, "first", "1");
  await volume.commit();
  await fs.put(volume.root, "second", "2");
  await volume.close();
  return factory;
}

test("[D1] a damaged log is EIO, and says which record it is", async () => {
  const factory = await volumeWithFiles();
  await damage(factory, 3);
  const volume = indexeddb("old", { factory, locks: null });
  assert.equal(await volume.open(), -ERRNO.EIO);
  assert.match(volume.trouble, /"old" is damaged: record 3 .*checksum/);
  const { ok, problems } = await volume.check();
  assert.equal(ok, false);
  assert.ok(problems.length > 0);
  await volume.close();
});

test("[D1] salvage opens what was committed before the damage", async () => {
  const factory = await volumeWithFiles();
  await damage(factory, 3);
  const options = { factory, locks: null, readOnly: true, salvage: true };
  const volume = indexeddb("old", options);
  assert.equal(await volume.open(), 0);
  assert.match(volume.trouble, /damaged/);
  const fs = new VolumeTool(volume);
  assert.deepEqual(await fs.names(volume.root), ["first"]);
  assert.equal(await fs.text(await fs.lookup(volume.root, "first")), "1");
  assert.equal(volume.create(volume.root, "x"), -ERRNO.EROFS);
  await volume.close();
});

test("[D1] without a whole checkpoint there is nothing to salvage", async () => {
  const factory = await volumeWithFiles();
  await damage(factory, 1);
  const options = { factory, locks: null, readOnly: true, salvage: true };
  const volume = indexeddb("old", options);
  assert.equal(await volume.open(), -ERRNO.EIO);
  await volume.close();
});

test("salvage that would write is refused", () => {
  assert.throws(() => indexeddb("old", { salvage: true }), /salvage.*readOnly/);
});
