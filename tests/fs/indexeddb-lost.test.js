/* A volume whose database is taken away while it is in use: it says so once,
 * refuses from then on, and never makes the database anew. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { IDBFactory } from "fake-indexeddb";
import { ERRNO } from "../../js/errors.js";
import { indexeddb } from "../../js/fs/indexeddb.js";
import { databaseName } from "../../js/fs/indexeddb/database.js";
import { VolumeTool } from "../helpers/volume.js";

/** @param {IDBFactory} factory */
function deleteUnderneath(factory) {
  return new Promise((resolve, reject) => {
    const request = factory.deleteDatabase(databaseName("gone"));
    request.onsuccess = resolve;
    request.onerror = reject;
  });
}

test("[D1] a volume that was deleted underneath is ESTALE, and says so once", async () => {
  const factory = /** @type {any} */ (new IDBFactory());
  /** @type {string[]} */
  const troubles = [];
  const volume = indexeddb("gone", {
    factory,
    locks: null,
    onTrouble: ({ code }) => troubles.push(code),
  });
  await volume.open();
  const fs = new VolumeTool(volume);
  await fs.put(volume.root, "a", "stored");
  await volume.commit();
  await deleteUnderneath(factory);
  await fs.put(volume.root, "b", "too late");

  await fs.refuses(volume.commit(), "ESTALE");
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual(troubles, ["ESTALE"]);
  assert.match(volume.trouble, /"gone" was deleted/);
  assert.equal(volume.create(volume.root, "c"), -ERRNO.ESTALE);
  assert.equal(volume.open(), -ERRNO.ESTALE);
  await fs.refuses(volume.sync(), "ESTALE");
  assert.deepEqual(await factory.databases(), []);

  // The lock was free before it was closed.
  const next = indexeddb("gone", { factory, locks: null });
  assert.equal(await next.open(), 0);
  await next.close();
  await volume.close();
});

test("[D1] a volume that the browser has thrown away is told of, and empty", async () => {
  const real = /** @type {any} */ (new IDBFactory());
  // As Chromium has it in the event.
  const factory = {
    open(/** @type {unknown[]} */ ...args) {
      const request = real.open(...args);
      request.addEventListener("upgradeneeded", (/** @type {any} */ event) => {
        event.dataLoss = "total";
        event.dataLossMessage = "no CURRENT";
      });
      return request;
    },
  };
  /** @type {string[]} */
  const troubles = [];
  const options = /** @type {any} */ ({
    factory,
    locks: null,
    onTrouble: (/** @type {Error} */ { message }) => troubles.push(message),
  });
  const volume = indexeddb("wiped", options);
  assert.equal(await volume.open(), 0);
  await Promise.resolve();
  assert.equal(troubles.length, 1);
  assert.match(troubles[0] ?? "", /"wiped" was thrown away .* no CURRENT/);
  assert.equal(await volume.close(), 0);
  // The next one finds what this one made.
  const again = indexeddb("wiped", options);
  assert.equal(await again.open(), 0);
  await Promise.resolve();
  assert.equal(troubles.length, 1);
  assert.equal(await again.close(), 0);
});
