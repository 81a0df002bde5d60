/* Opening a volume's database: formats old and new, others that are in the way
 * or ask for the way, storage that is refused, and requests that are given up
 * (D7). */
import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { IDBFactory } from "fake-indexeddb";
import { ERRNO } from "../../js/errors.js";
import {
  Database,
  databaseName,
  deleteDatabase,
} from "../../js/fs/indexeddb/database.js";
import { STEPS } from "../../js/fs/indexeddb/opening.js";

/**
 * @typedef {import("../../js/fs/indexeddb/database.js").DatabaseOptions} Options
 * @typedef {import("../../js/fs/indexeddb/opening.js").Step} Step
 */

const bytes = (/** @type {number[]} */ ...numbers) => Uint8Array.from(numbers);

/** From format 1 to 2: every record gets one byte more. @type {Step} */
const lengthen = (db, tx) => {
  db.createObjectStore("extra");
  const request = tx.objectStore("log").openCursor();
  request.onsuccess = () => {
    const cursor = request.result;
    if (cursor === null) return;
    cursor.update(Uint8Array.from([...cursor.value, 2]));
    cursor.continue();
  };
};
const TWO_STEPS = [...STEPS, lengthen];

/** @param {IDBFactory} factory @param {Options} [options] */
const make = (factory, options) =>
  new Database("notes", { factory, ...options });

/** A database of format 1 with two records. */
async function old() {
  const factory = new IDBFactory();
  const database = make(factory);
  assert.equal(await database.open({ create: true }), 0);
  const errno = await database.write("strict", (log, data) => {
    log.add(bytes(1), 1);
    log.add(bytes(2), 2);
    data.put(bytes(7, 7), 7);
  });
  assert.equal(errno, 0);
  database.close();
  return factory;
}

/** @param {IDBFactory} factory */
async function version(factory) {
  const [first] = await factory.databases();
  return first?.version;
}

/** @param {Database} database @returns {Promise<number[][] | number>} */
async function values(database) {
  const records = await database.readLog(1);
  if (typeof records === "number") return records;
  return records.values.map((value) => [.../** @type {Uint8Array} */ (value)]);
}

/**
 * Whether a promise is still pending when the tasks that are there have run.
 * @param {Promise<unknown>} promise
 */
async function pends(promise) {
  const none = Symbol("none");
  for (let turn = 0; turn < 20; turn++) {
    const turned = new Promise((resolve) => setImmediate(resolve, none));
    if ((await Promise.race([promise, turned])) !== none) return false;
  }
  return true;
}

/** A function and a promise of what it is told first. */
function telling() {
  /** @type {(value: string) => void} */
  let tell = () => {};
  /** @type {Promise<string>} */
  const told = new Promise((resolve) => {
    tell = resolve;
  });
  return { tell: (/** @type {string} */ text) => tell(text), told };
}

/**
 * A connection that does not yield when it is asked to.
 * @param {IDBFactory} factory
 * @returns {Promise<IDBDatabase>}
 */
function stubborn(factory) {
  return new Promise((resolve) => {
    const request = factory.open(databaseName("notes"));
    request.onsuccess = () => resolve(request.result);
  });
}

test("an older format is upgraded, with all that is in it", async () => {
  const factory = await old();
  const database = make(factory, { steps: TWO_STEPS });
  assert.equal(await database.open({ create: true }), 0);
  assert.equal(await version(factory), 2);
  assert.deepEqual(await values(database), [
    [1, 2],
    [2, 2],
  ]);
  assert.deepEqual(await database.readData(7), bytes(7, 7));
  database.close();
  const again = make(factory, { steps: TWO_STEPS });
  assert.equal(await again.open({ create: true }), 0);
  assert.deepEqual(await values(again), [
    [1, 2],
    [2, 2],
  ]);
  again.close();
});

test("a new database is of the latest format at once", async () => {
  const factory = new IDBFactory();
  const database = make(factory, { steps: TWO_STEPS });
  assert.equal(await database.open({ create: true }), 0);
  assert.equal(await version(factory), 2);
  assert.deepEqual(await values(database), []);
  database.close();
});

/** @type {[what: string, step: Step, text: RegExp][]} */
const BROKEN = [
  [
    "throws",
    (db, tx) => {
      lengthen(db, tx);
      throw new RangeError("half-way");
    },
    /"notes" cannot be opened: half-way/,
  ],
  [
    "is ended half-way",
    (db, tx) => {
      db.createObjectStore("extra");
      tx.objectStore("data").clear();
      const request = tx.objectStore("log").delete(1);
      request.onsuccess = () => tx.abort();
    },
    /"notes" cannot be opened/,
  ],
  [
    "has a request that fails",
    (_db, tx) => {
      tx.objectStore("data").clear();
      tx.objectStore("log").add(bytes(0), 2);
    },
    /"notes" cannot be opened: .*ConstraintError/,
  ],
];
for (const [what, step, text] of BROKEN) {
  test(`an upgrade that ${what} leaves the old format whole`, async () => {
    const factory = await old();
    const database = make(factory, { steps: [...STEPS, step] });
    assert.equal(await database.open({ create: true }), -ERRNO.EIO);
    assert.match(database.trouble, text);
    assert.equal(database.isOpen, false);
    assert.equal(await version(factory), 1);
    const before = make(factory);
    assert.equal(await before.open(), 0);
    assert.deepEqual(await values(before), [[1], [2]]);
    assert.deepEqual(await before.readData(7), bytes(7, 7));
    before.close();
  });
}

test("an older format is not upgraded by those who only read, nor disturbed", async () => {
  const factory = await old();
  const writer = make(factory);
  assert.equal(await writer.open(), 0);
  const other = await stubborn(factory);
  let disturbed = 0;
  other.onversionchange = () => disturbed++;
  const reader = make(factory, { steps: TWO_STEPS });
  assert.equal(await reader.open(), -ERRNO.ENOTSUP);
  assert.match(reader.trouble, /has the older format 1/);
  assert.equal(disturbed, 0);
  assert.equal(await version(factory), 1);
  other.close();
  writer.close();
});

test("a later format is ENOTSUP, to write and to read", async () => {
  const factory = await old();
  const later = make(factory, { steps: TWO_STEPS });
  assert.equal(await later.open({ create: true }), 0);
  later.close();
  for (const create of [true, false]) {
    const database = make(factory);
    assert.equal(await database.open({ create }), -ERRNO.ENOTSUP);
    assert.match(database.trouble, /"notes" was made by a later version/);
  }
  assert.equal(await deleteDatabase(factory, "notes"), 0, "nobody holds it");
});

test("a database of something else is EIO, and left alone", async () => {
  const factory = new IDBFactory();
  await new Promise((resolve) => {
    const request = factory.open(databaseName("notes"), 1);
    request.onupgradeneeded = () => request.result.createObjectStore("log");
    request.onsuccess = () => resolve(request.result.close());
  });
  for (const create of [true, false]) {
    const database = make(factory);
    assert.equal(await database.open({ create }), -ERRNO.EIO);
    assert.match(database.trouble, /something else/);
  }
  assert.equal(await version(factory), 1);
});

test("an upgrade that others are in the way of is EBUSY, and does not come later", async () => {
  const factory = await old();
  const other = await stubborn(factory);
  const database = make(factory, { steps: TWO_STEPS });
  assert.equal(await database.open({ create: true }), -ERRNO.EBUSY);
  assert.match(database.trouble, /has to be upgraded, and is open elsewhere/);
  // The request cannot be taken back, and the next one would come after it.
  assert.equal(await database.open({ create: true }), -ERRNO.EBUSY);
  other.close();
  const before = make(factory);
  assert.equal(await before.open(), 0);
  assert.deepEqual(await values(before), [[1], [2]]);
  before.close();
  assert.equal(await database.open({ create: true }), 0);
  assert.equal(await version(factory), 2);
  database.close();
});

test("an upgrade that may wait comes when the others are gone", async () => {
  const factory = await old();
  const other = await stubborn(factory);
  const database = make(factory, { steps: TWO_STEPS });
  assert.equal(await database.open({ create: true }), -ERRNO.EBUSY);
  const opening = database.open({ create: true, wait: true });
  assert.equal(await pends(opening), true);
  other.close();
  assert.equal(await opening, 0);
  assert.deepEqual(await values(database), [
    [1, 2],
    [2, 2],
  ]);
  database.close();
});

test("close() gives up an open() that waits, and nothing comes of it", async () => {
  const factory = await old();
  const other = await stubborn(factory);
  const database = make(factory, { steps: TWO_STEPS });
  const opening = database.open({ create: true, wait: true });
  assert.equal(await pends(opening), true);
  database.close();
  assert.equal(await opening, -ERRNO.ECANCELED);
  other.close();
  const before = make(factory);
  assert.equal(await before.open(), 0);
  assert.equal(await version(factory), 1);
  before.close();
});

test("close() right after open() makes and holds no database", async () => {
  const factory = new IDBFactory();
  const database = make(factory);
  const opening = database.open({ create: true });
  database.close();
  assert.equal(await opening, -ERRNO.ECANCELED);
  assert.equal(await database.open(), -ERRNO.ENOENT);
  const again = database.open({ create: true });
  await Promise.resolve();
  database.close();
  assert.equal(await again, -ERRNO.ECANCELED);
  assert.equal(await database.open({ create: true }), 0);
  database.close();
  const reopening = database.open();
  database.close();
  assert.equal(await reopening, -ERRNO.ECANCELED);
  assert.equal(await deleteDatabase(factory, "notes"), 0);
});

test("a browser that says nothing is EBUSY after a while, unless one waits", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const request = /** @type {IDBOpenDBRequest} */ ({});
    const silent = /** @type {IDBFactory} */ (
      /** @type {unknown} */ ({ open: () => request })
    );
    const waiting = make(silent).open({ create: true, wait: true });
    const opening = make(silent).open({ create: true });
    const reading = make(silent).open();
    await Promise.resolve();
    mock.timers.tick(9_999);
    assert.equal(await pends(opening), true);
    mock.timers.tick(1);
    assert.equal(await opening, -ERRNO.EBUSY);
    assert.equal(await reading, -ERRNO.EBUSY);
    assert.equal(await pends(waiting), true);
  } finally {
    mock.timers.reset();
  }
});

/**
 * @param {string} name of the error with which opening is refused
 * @param {boolean} thrown or told later
 * @returns {IDBFactory}
 */
function refusing(name, thrown) {
  const error = new DOMException("refused", name);
  const open = () => {
    if (thrown) throw error;
    const request = /** @type {IDBOpenDBRequest} */ ({});
    setImmediate(() => {
      Object.assign(request, { error });
      const event = new Event("error", { cancelable: true });
      request.onerror?.(event);
      assert.equal(event.defaultPrevented, true, "the page is not told");
    });
    return request;
  };
  return /** @type {IDBFactory} */ (/** @type {unknown} */ ({ open }));
}

/** @type {[name: string, errno: number, text: RegExp][]} */
const REFUSALS = [
  ["SecurityError", ERRNO.ENOTSUP, /private window or a sandboxed frame/],
  ["InvalidStateError", ERRNO.ENOTSUP, /private window or a sandboxed frame/],
  ["NotSupportedError", ERRNO.ENOTSUP, /private window or a sandboxed frame/],
  ["VersionError", ERRNO.ENOTSUP, /later version/],
  ["QuotaExceededError", ERRNO.ENOSPC, /cannot be opened: refused/],
  ["UnknownError", ERRNO.EIO, /cannot be opened: refused/],
  ["AbortError", ERRNO.EIO, /cannot be opened: refused/],
];
for (const [name, errno, text] of REFUSALS) {
  test(`storage that is refused by ${name} is errno ${errno}`, async () => {
    for (const thrown of [true, false]) {
      const database = make(refusing(name, thrown));
      assert.equal(await database.open({ create: true }), -errno);
      assert.match(database.trouble, text);
      assert.equal(database.isOpen, false);
    }
  });
}

test("a database that another took the name of is not taken for ours", async () => {
  const factory = await old();
  const { tell, told } = telling();
  const database = make(factory, { onLost: tell });
  assert.equal(await database.open(), 0);
  // Both are asked for before the connection yields.
  const deleted = deleteDatabase(factory, "notes");
  const other = make(factory);
  const made = other.open({ create: true });
  assert.equal(await deleted, 0);
  assert.equal(await made, 0);
  assert.match(await told, /"notes" was deleted, and another has its name/);
  assert.equal(await database.lastLogKey(), -ERRNO.ESTALE);
  assert.equal(
    await database.write("relaxed", (log) => log.add(bytes(3), 3)),
    -ERRNO.ESTALE,
  );
  assert.equal(await other.lastLogKey(), 0);
  other.close();
  // Opened again it is whatever has the name now.
  assert.equal(await database.open(), 0);
  assert.equal(await database.lastLogKey(), 0);
  database.close();
});

test("a database that a later version upgraded is lost to the older one", async () => {
  const factory = await old();
  const { tell, told } = telling();
  const database = make(factory, { onLost: tell });
  assert.equal(await database.open(), 0);
  const later = make(factory, { steps: TWO_STEPS });
  assert.equal(await later.open({ create: true }), 0);
  assert.match(await told, /"notes" was made by a later version/);
  assert.equal(await database.readLog(1), -ERRNO.ESTALE);
  assert.equal(database.isOpen, false);
  later.close();
});

test("an upgrade that fails elsewhere takes nothing from those who yielded", async () => {
  const factory = await old();
  const onLost = () => assert.fail("it is still there");
  const database = make(factory, { onLost });
  assert.equal(await database.open(), 0);
  const later = make(factory, { steps: [...STEPS, (_db, tx) => tx.abort()] });
  assert.equal(await later.open({ create: true }), -ERRNO.EIO);
  assert.deepEqual(await values(database), [[1], [2]]);
  database.close();
});

test("the owner may commit before the database is given to others", async () => {
  const factory = await old();
  /** @type {number[]} */
  const committed = [];
  /** @type {Database} */
  const database = make(factory, {
    onForeign: async () => {
      for (const key of [3, 4]) {
        const work = (/** @type {IDBObjectStore} */ log) => {
          log.add(bytes(key), key);
        };
        committed.push(await database.write("relaxed", work));
      }
    },
  });
  assert.equal(await database.open(), 0);
  const later = make(factory, { steps: TWO_STEPS });
  assert.equal(await later.open({ create: true, wait: true }), 0);
  assert.deepEqual(committed, [0, 0]);
  assert.deepEqual(await values(later), [
    [1, 2],
    [2, 2],
    [3, 2],
    [4, 2],
  ]);
  later.close();
});

test("an owner that fails, or does not end, keeps nobody waiting for long", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    for (const onForeign of [
      () => Promise.reject(new Error("no")),
      () => {
        throw new Error("no");
      },
    ]) {
      const factory = await old();
      assert.equal(await make(factory, { onForeign }).open(), 0);
      assert.equal(await deleteDatabase(factory, "notes"), 0);
    }
    const factory = await old();
    const onForeign = () => new Promise(() => {});
    const { tell, told } = telling();
    const database = make(factory, { onForeign, onLost: tell });
    assert.equal(await database.open(), 0);
    const deleted = deleteDatabase(factory, "notes");
    assert.equal(await pends(deleted), true);
    assert.equal(await database.lastLogKey(), 2, "it is used meanwhile");
    mock.timers.tick(2000);
    assert.equal(await deleted, 0);
    assert.match(await told, /was deleted/);
  } finally {
    mock.timers.reset();
  }
});

test("close() while the connection is made again is EIO for what waits", async () => {
  const factory = await old();
  mock.timers.enable({ apis: ["setTimeout"] });
  const database = make(factory, { onLost: () => assert.fail("not lost") });
  assert.equal(await database.open(), 0);
  const other = await stubborn(factory);
  const deleting = deleteDatabase(factory, "notes");
  // It has yielded, and comes after the delete, which waits.
  assert.equal(await pends(deleting), true);
  const reading = database.lastLogKey();
  mock.timers.tick(60_000);
  assert.equal(await pends(reading), true);
  mock.timers.reset();
  database.close();
  assert.equal(await reading, -ERRNO.EIO);
  assert.equal(database.isOpen, false);
  other.close();
  assert.equal(await deleting, 0);
  assert.equal(await database.open(), -ERRNO.ENOENT);
});
