/* The connection to a volume's database on a fake IndexedDB: what it answers
 * when all is well, when requests fail, and when the database is closed,
 * upgraded, deleted or replaced behind its back (D7). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { IDBFactory } from "fake-indexeddb";
import { ERRNO } from "../../js/errors.js";
import {
  Database,
  databaseName,
  deleteDatabase,
} from "../../js/fs/indexeddb/database.js";

const bytes = (/** @type {number[]} */ ...values) => Uint8Array.from(values);

/** @param {import("../../js/fs/indexeddb/database.js").DatabaseOptions} [options] */
async function opened(options) {
  const database = new Database("notes", {
    factory: new IDBFactory(),
    ...options,
  });
  assert.equal(await database.open({ create: true }), 0);
  return database;
}

/** @param {Database} database @param {number} key @param {Uint8Array} value */
const append = (database, key, value) =>
  database.write("relaxed", (log) => log.add(value, key));

test("what one transaction wrote to both stores is read back", async () => {
  const database = await opened();
  const errno = await database.write("strict", (log, data) => {
    log.add(bytes(1, 2), 1);
    log.add(bytes(3), 2);
    data.put(bytes(4, 5, 6), 7);
  });
  assert.equal(errno, 0);
  assert.deepEqual(await database.readLog(1), {
    first: 1,
    keys: [1, 2],
    values: [bytes(1, 2), bytes(3)],
  });
  assert.equal(await database.lastLogKey(), 2);
  assert.deepEqual(await database.readData(7), bytes(4, 5, 6));
  assert.deepEqual(await database.dataKeys(), [7]);
  database.close();
});

test("an empty database has no records, and says so", async () => {
  const database = await opened();
  assert.deepEqual(await database.readLog(1), {
    first: 0,
    keys: [],
    values: [],
  });
  assert.deepEqual(await database.readLog(9), {
    first: 0,
    keys: [],
    values: [],
  });
  assert.equal(await database.lastLogKey(), 0);
  assert.equal(await database.readData(1), -ERRNO.ENOENT);
  assert.deepEqual(await database.dataKeys(), []);
  database.close();
});

test("the log is read from any number on, with the first there is", async () => {
  const database = await opened();
  for (const key of [3, 4, 5, 6]) {
    assert.equal(await append(database, key, bytes(key)), 0);
  }
  /** @param {number} from */
  const read = async (from) => {
    const records = await database.readLog(from);
    assert.ok(typeof records !== "number");
    assert.deepEqual(
      records.values,
      records.keys.map((key) => bytes(key)),
    );
    return [records.first, ...records.keys];
  };
  assert.deepEqual(await read(0), [3, 3, 4, 5, 6]);
  assert.deepEqual(await read(1), [3, 3, 4, 5, 6]);
  assert.deepEqual(await read(2), [3, 3, 4, 5, 6]);
  assert.deepEqual(await read(5), [3, 5, 6]);
  assert.deepEqual(await read(6), [3, 6]);
  assert.deepEqual(await read(7), [3]);
  database.close();
});

test("a record that another writer added is ESTALE, and nothing is changed", async () => {
  const database = await opened();
  assert.equal(await append(database, 1, bytes(1)), 0);
  const errno = await database.write("strict", (log, data) => {
    data.put(bytes(9), 9);
    log.add(bytes(2), 1);
  });
  assert.equal(errno, -ERRNO.ESTALE);
  assert.match(database.trouble, /the volume "notes" was written by somebody/);
  assert.equal(await database.readData(9), -ERRNO.ENOENT);
  assert.deepEqual(await database.readLog(1), {
    first: 1,
    keys: [1],
    values: [bytes(1)],
  });
  database.close();
});

test("without create no database is made", async () => {
  const factory = new IDBFactory();
  const database = new Database("notes", { factory });
  assert.equal(await database.open({ create: false }), -ERRNO.ENOENT);
  assert.equal(database.isOpen, false);
  assert.match(database.trouble, /"notes" does not exist/);
  assert.deepEqual(await factory.databases(), []);
  assert.equal(await database.open({ create: true }), 0);
  assert.equal(database.isOpen, true);
  database.close();
  assert.equal(database.isOpen, false);
  assert.deepEqual(await factory.databases(), [
    { name: databaseName("notes"), version: 1 },
  ]);
  assert.equal(await database.open({ create: false }), 0);
  database.close();
});

test("a closed database answers EIO", async () => {
  const database = await opened();
  database.close();
  assert.equal(await append(database, 1, bytes(1)), -ERRNO.EIO);
  assert.equal(await database.readLog(1), -ERRNO.EIO);
  assert.equal(await database.lastLogKey(), -ERRNO.EIO);
  assert.equal(await database.readData(1), -ERRNO.EIO);
  assert.equal(await database.dataKeys(), -ERRNO.EIO);
  assert.match(database.trouble, /is not open/);
});

test("what close() finds under way is still written", async () => {
  const factory = new IDBFactory();
  const database = await opened({ factory });
  const written = append(database, 1, bytes(1));
  database.close();
  assert.equal(await written, 0);
  assert.equal(await database.open({ create: false }), 0);
  assert.equal(await database.lastLogKey(), 1);
  database.close();
});

test("there is no IndexedDB: ENOTSUP", async () => {
  const database = new Database("notes", { factory: null });
  assert.equal(await database.open({ create: true }), -ERRNO.ENOTSUP);
  assert.match(database.trouble, /there is no IndexedDB/);
});

test("a database that is deleted by others is given up, and not made anew", async () => {
  const factory = new IDBFactory();
  /** @type {(text: string) => void} */
  let tell = () => {};
  const lost = new Promise((resolve) => {
    tell = resolve;
  });
  const database = await opened({ factory, onLost: (text) => tell(text) });
  assert.equal(await append(database, 1, bytes(1)), 0);
  assert.equal(await deleteDatabase(factory, "notes"), 0);
  assert.match(await lost, /"notes" was deleted/);
  assert.equal(await append(database, 2, bytes(2)), -ERRNO.ESTALE);
  assert.equal(database.isOpen, false);
  assert.deepEqual(await factory.databases(), []);
});
