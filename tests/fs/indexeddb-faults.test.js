/* The connection to a volume's database when IndexedDB fails: every call that
 * it makes is made to throw, to fail later, and to lose the connection, one at
 * a time; and each failure that has an errno of its own (D7). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ERRNO } from "../../js/errors.js";
import { Database } from "../../js/fs/indexeddb/database.js";
import { FaultyFactory, forceClose, vanish } from "../helpers/faulty-idb.js";

/** @typedef {import("../helpers/faulty-idb.js").Kind} Kind */

const bytes = (/** @type {number[]} */ ...values) => Uint8Array.from(values);

/**
 * What a program does with a database, in one go: every call of IndexedDB that
 * there is comes up.
 * @param {Database} database
 */
async function scenario(database) {
  const opened = await database.open({ create: true });
  const written = [];
  for (const key of [1, 2, 3]) {
    written.push(
      await database.write("strict", (log, data) => {
        log.add(bytes(key), key);
        data.put(bytes(key, key), key);
        if (key > 1) data.delete(key - 1);
      }),
    );
  }
  const read = {
    all: await database.readLog(1),
    rest: await database.readLog(3),
    last: await database.lastLogKey(),
    data: await database.readData(3),
    none: await database.readData(1),
    keys: await database.dataKeys(),
  };
  database.close();
  return { opened, written, read };
}

/** What is in the database, as somebody finds who opens it afterwards. */
async function contents(/** @type {FaultyFactory} */ faulty) {
  faulty.fault = null;
  const database = new Database("notes", { factory: faulty.factory });
  assert.equal(await database.open({ create: true }), 0);
  const log = await database.readLog(1);
  const data = await database.dataKeys();
  assert.ok(typeof log !== "number" && typeof data !== "number");
  database.close();
  return { log: log.keys, data };
}

const WHOLE = await (async () => {
  const faulty = new FaultyFactory();
  const outcome = await scenario(
    new Database("notes", { factory: faulty.factory }),
  );
  return { outcome, calls: faulty.calls };
})();

test("the scenario without a fault makes every call and succeeds", () => {
  const { opened, written, read } = WHOLE.outcome;
  assert.deepEqual([opened, ...written], [0, 0, 0, 0]);
  assert.deepEqual(read.all, {
    first: 1,
    keys: [1, 2, 3],
    values: [bytes(1), bytes(2), bytes(3)],
  });
  assert.deepEqual(read.rest, { first: 1, keys: [3], values: [bytes(3)] });
  assert.equal(read.last, 3);
  assert.deepEqual(read.data, bytes(3, 3));
  assert.equal(read.none, -ERRNO.ENOENT);
  assert.deepEqual(read.keys, [3]);
  assert.deepEqual([...new Set(WHOLE.calls)].sort(), [
    "add",
    "commit",
    "createObjectStore",
    "delete",
    "get",
    "getAll",
    "getAllKeys",
    "objectStore",
    "open",
    "openKeyCursor",
    "put",
    "transaction",
  ]);
});

/** @type {{ kind: Kind, name: string }[]} */
const FAULTS = [
  { kind: "throws", name: "UnknownError" },
  { kind: "throws", name: "InvalidStateError" },
  { kind: "throws", name: "QuotaExceededError" },
  { kind: "throws", name: "DataCloneError" },
  { kind: "fails", name: "UnknownError" },
  { kind: "fails", name: "QuotaExceededError" },
  { kind: "fails", name: "AbortError" },
  { kind: "closes", name: "" },
  { kind: "vanishes", name: "" },
];

/** Errors that the interface knows. @type {ReadonlySet<number>} */
const KNOWN = new Set([
  -ERRNO.EIO,
  -ERRNO.ENOSPC,
  -ERRNO.ENOTSUP,
  -ERRNO.ESTALE,
]);

for (const { kind, name } of FAULTS) {
  test(`each call ${kind} ${name}: every answer is an errno, every commit whole`, async () => {
    for (let at = 0; at < WHOLE.calls.length; at++) {
      const faulty = new FaultyFactory();
      faulty.fault = { at, kind, name };
      const where = `${WHOLE.calls[at]}, call ${at}`;
      const database = new Database("notes", { factory: faulty.factory });
      const { opened, written, read } = await scenario(database);
      for (const errno of [opened, ...written]) {
        assert.ok(errno === 0 || KNOWN.has(errno), `${where}: ${errno}`);
      }
      for (const [what, answer] of Object.entries(read)) {
        const { outcome } = WHOLE;
        const reads = /** @type {Record<string, unknown>} */ (outcome.read);
        if (typeof answer === "number" && KNOWN.has(answer)) continue;
        // What is read is all there was, or the writes had failed.
        if (!written.every((errno) => errno === 0)) continue;
        assert.deepEqual(answer, reads[what], `${where}: ${what}`);
      }
      if ([opened, ...written].some((errno) => errno !== 0)) {
        assert.match(database.trouble, /^the volume "notes" \w+/, where);
      }
      const found = await contents(faulty);
      for (const [index, errno] of written.entries()) {
        const key = index + 1;
        if (errno === 0) assert.ok(found.log.includes(key), where);
        // Its data is there exactly when its record is.
        const deleted = found.log.includes(key + 1);
        const there = found.log.includes(key) && !deleted;
        assert.equal(found.data.includes(key), there, `${where}: data ${key}`);
      }
    }
  });
}

/**
 * An open database whose next call of the name fails.
 * @param {string} call
 * @param {Kind} kind
 * @param {string} name
 */
async function failing(call, kind, name) {
  const faulty = new FaultyFactory();
  const database = new Database("notes", { factory: faulty.factory });
  assert.equal(await database.open({ create: true }), 0);
  const before = faulty.calls.length;
  assert.equal(await add(database, 1), 0);
  const at = faulty.calls.indexOf(call, before) - before;
  assert.ok(at >= 0, call);
  faulty.fault = { at: faulty.calls.length + at, kind, name };
  return { faulty, database };
}

/** @param {Database} database @param {number} key */
const add = (database, key) =>
  database.write("strict", (log, data) => {
    log.add(bytes(key), key);
    data.put(bytes(key, key), key);
  });

/** @type {[call: string, kind: Kind, name: string, errno: number, text: RegExp][]} */
const ERRORS = [
  ["put", "fails", "QuotaExceededError", ERRNO.ENOSPC, /does not fit/],
  ["put", "throws", "QuotaExceededError", ERRNO.ENOSPC, /does not fit/],
  ["commit", "fails", "QuotaExceededError", ERRNO.ENOSPC, /does not fit/],
  ["put", "throws", "DataCloneError", ERRNO.ENOTSUP, /cannot store/],
  ["add", "fails", "ConstraintError", ERRNO.ESTALE, /somebody else/],
  ["put", "fails", "UnknownError", ERRNO.EIO, /could not be read or written/],
  ["commit", "fails", "UnknownError", ERRNO.EIO, /could not be read or writ/],
  ["commit", "throws", "UnknownError", ERRNO.EIO, /could not be read or writ/],
  ["transaction", "throws", "NotFoundError", ERRNO.EIO, /could not be read/],
];
for (const [call, kind, name, errno, text] of ERRORS) {
  test(`${call} ${kind} ${name}: what was there is intact, and writing goes on`, async () => {
    const { faulty, database } = await failing(call, kind, name);
    assert.equal(await add(database, 2), -errno);
    assert.match(database.trouble, text);
    assert.deepEqual(await database.readLog(1), {
      first: 1,
      keys: [1],
      values: [bytes(1)],
    });
    assert.deepEqual(await database.dataKeys(), [1]);
    assert.equal(await add(database, 2), 0);
    assert.equal(faulty.connections.length, 1, "the connection was kept");
    database.close();
  });
}

test("work that throws is undone, and what it made before, too", async () => {
  const faulty = new FaultyFactory();
  const database = new Database("notes", { factory: faulty.factory });
  assert.equal(await database.open({ create: true }), 0);
  const errno = await database.write("relaxed", (log, data) => {
    data.put(bytes(1), 1);
    log.add(bytes(1), 1);
    throw new TypeError("a mistake");
  });
  assert.equal(errno, -ERRNO.EIO);
  assert.match(database.trouble, /a mistake/);
  assert.equal(await database.lastLogKey(), 0);
  assert.deepEqual(await database.dataKeys(), []);
  database.close();
});

test("a value that cannot be cloned undoes the whole transaction", async () => {
  const faulty = new FaultyFactory();
  const database = new Database("notes", { factory: faulty.factory });
  assert.equal(await database.open({ create: true }), 0);
  const errno = await database.write("relaxed", (log, data) => {
    log.add(bytes(1), 1);
    data.put(() => {}, 1);
  });
  assert.equal(errno, -ERRNO.ENOTSUP);
  assert.equal(await database.lastLogKey(), 0);
  database.close();
});

test("a write has begun and is committed when the call returns", async () => {
  const faulty = new FaultyFactory();
  const database = new Database("notes", { factory: faulty.factory });
  assert.equal(await database.open({ create: true }), 0);
  assert.equal(database.trouble, "");
  const before = faulty.calls.length;
  const written = add(database, 1);
  assert.deepEqual(faulty.calls.slice(before), [
    "transaction",
    "objectStore",
    "objectStore",
    "add",
    "put",
    "commit",
  ]);
  assert.equal(await written, 0);
  database.close();
});

test("a connection that was closed is opened again, and nobody is troubled", async () => {
  const faulty = new FaultyFactory();
  const onLost = () => assert.fail("it is still there");
  const { factory } = faulty;
  const database = new Database("notes", { factory, onLost });
  assert.equal(await database.open({ create: true }), 0);
  assert.equal(await add(database, 1), 0);
  for (const key of [2, 3]) {
    const [db] = faulty.connections.slice(-1);
    assert.ok(db !== undefined);
    forceClose(db);
    assert.equal(database.isOpen, true);
    assert.equal(await add(database, key), 0);
    assert.equal(faulty.connections.length, key);
  }
  assert.equal(await database.lastLogKey(), 3);
  database.close();
});

test("a connection that is closed before anyone says so is opened again", async () => {
  const faulty = new FaultyFactory();
  const database = new Database("notes", { factory: faulty.factory });
  assert.equal(await database.open({ create: true }), 0);
  faulty.connections[0]?.close();
  assert.equal(await add(database, 1), 0);
  faulty.connections[1]?.close();
  assert.equal(await database.lastLogKey(), 1);
  assert.equal(faulty.connections.length, 3);
  database.close();
});

test("a connection that is closed as soon as it is opened is EIO, each time", async () => {
  const faulty = new FaultyFactory();
  const database = new Database("notes", { factory: faulty.factory });
  assert.equal(await database.open({ create: true }), 0);
  faulty.closesAtOnce = true;
  faulty.connections[0]?.close();
  assert.equal(await add(database, 1), -ERRNO.EIO);
  assert.match(database.trouble, /lost its database/);
  assert.equal(await database.lastLogKey(), -ERRNO.EIO);
  faulty.closesAtOnce = false;
  assert.equal(await add(database, 1), 0);
  assert.equal(await database.lastLogKey(), 1);
  database.close();
});

test("storage that was cleared is known at once, and told once", async () => {
  const faulty = new FaultyFactory();
  const { factory } = faulty;
  let told = 0;
  /** @type {(text: string) => void} */
  let tell = () => {};
  const lost = new Promise((resolve) => {
    tell = resolve;
  });
  const onLost = (/** @type {string} */ text) => {
    told++;
    tell(text);
  };
  const database = new Database("notes", { factory, onLost });
  assert.equal(await database.open({ create: true }), 0);
  assert.equal(await add(database, 1), 0);
  faulty.clear();
  assert.match(
    /** @type {string} */ (await lost),
    /"notes" was deleted, or the browser cleared its storage/,
  );
  assert.equal(await add(database, 2), -ERRNO.ESTALE);
  assert.equal(await database.lastLogKey(), -ERRNO.ESTALE);
  assert.deepEqual(await factory.databases(), []);
  assert.equal(told, 1);
  assert.match(database.trouble, /cleared its storage/);
});

test("storage that refuses to be opened while it is cleared is tried again", async () => {
  const faulty = new FaultyFactory();
  const { factory } = faulty;
  const lost = new Promise((resolve) => {
    const database = new Database("notes", { factory, onLost: resolve });
    database.open({ create: true }).then((errno) => {
      assert.equal(errno, 0);
      const { length } = faulty.calls;
      faulty.fault = { at: length, kind: "throws", name: "AbortError" };
      faulty.clear();
    });
  });
  assert.match(/** @type {string} */ (await lost), /cleared its storage/);
});

test("close() ends the connection", async () => {
  const faulty = new FaultyFactory();
  const database = new Database("notes", { factory: faulty.factory });
  assert.equal(await database.open({ create: true }), 0);
  assert.equal(await database.open({ create: true }), 0);
  assert.equal(faulty.connections.length, 1, "it was open already");
  database.close();
  for (const db of faulty.connections) {
    assert.throws(() => db.transaction("log"), { name: "InvalidStateError" });
  }
});

test("open() that is called again before it is done is ECANCELED", async () => {
  const faulty = new FaultyFactory();
  const database = new Database("notes", { factory: faulty.factory });
  const [first, second] = await Promise.all([
    database.open({ create: true }),
    database.open({ create: true }),
  ]);
  assert.deepEqual([first, second], [-ERRNO.ECANCELED, 0]);
  assert.match(database.trouble, /was closed while it was opened/);
  const last = faulty.connections.at(-1);
  for (const db of faulty.connections) {
    if (db === last) continue;
    assert.throws(() => db.transaction("log"), { name: "InvalidStateError" });
  }
  assert.equal(await add(database, 1), 0);
  database.close();
});

test("work that finds its transaction over, without any event, is EIO", async () => {
  const faulty = new FaultyFactory();
  const database = new Database("notes", { factory: faulty.factory });
  assert.equal(await database.open({ create: true }), 0);
  const errno = await database.write("relaxed", (log) => {
    log.transaction.abort();
    log.transaction.onabort = null;
    log.add(bytes(1), 1);
  });
  assert.equal(errno, -ERRNO.EIO);
  database.close();
});

test("a browser that undoes nothing after commit() has none called", async () => {
  // As Firefox, which looks only at whether the last request has failed.
  const faulty = new FaultyFactory();
  faulty.ignoresFailures = true;
  const database = new Database("notes", { factory: faulty.factory });
  assert.equal(await database.open({ create: true }), 0);
  assert.equal(database.trouble, "");
  const { length } = faulty.calls;
  assert.equal(await add(database, 1), 0);
  assert.equal(await add(database, 1), -ERRNO.ESTALE);
  assert.equal(faulty.calls.indexOf("commit", length), -1);
  assert.deepEqual(await database.dataKeys(), [1]);
  database.close();
  assert.equal(await database.open({ create: false }), 0);
  assert.deepEqual(faulty.leftInProbe(), []);
  database.close();
});

test("what is under way when the connection vanishes is EIO, and lastLogKey() tells", async () => {
  const faulty = new FaultyFactory();
  const database = new Database("notes", { factory: faulty.factory });
  assert.equal(await database.open({ create: true }), 0);
  assert.equal(await add(database, 1), 0);
  const writing = add(database, 2);
  const [db] = faulty.connections;
  assert.ok(db !== undefined);
  vanish(db);
  assert.equal(await writing, -ERRNO.EIO);
  assert.match(database.trouble, /lost its database/);
  assert.equal(await database.lastLogKey(), 1);
  assert.equal(await add(database, 2), 0);
  database.close();
});

test("a read under way when the connection vanishes is made again", async () => {
  const faulty = new FaultyFactory();
  const database = new Database("notes", { factory: faulty.factory });
  assert.equal(await database.open({ create: true }), 0);
  assert.equal(await add(database, 1), 0);
  const reading = database.readData(1);
  const [db] = faulty.connections;
  assert.ok(db !== undefined);
  vanish(db);
  assert.deepEqual(await reading, bytes(1, 1));
  database.close();
});
