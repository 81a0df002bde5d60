/* The IndexedDB that fails and dies on demand: each fault is what a browser would do,
 * and what it says is committed is what the next one finds. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { IDBKeyRange } from "fake-indexeddb";
import { ScriptedIDB, faultsOf, torn } from "../helpers/scripted-idb.js";

/** How a request ended. */
const ended = (request) =>
  new Promise((resolve) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => resolve(request.error.name);
  });

/** How a transaction ended. */
const over = (transaction) =>
  new Promise((resolve) => {
    transaction.oncomplete = () => resolve("complete");
    transaction.onabort = () =>
      resolve(`aborted: ${transaction.error?.name ?? "no error"}`);
  });

/** Whether something is still open after all that can happen now. */
async function pending(promise) {
  let settled = false;
  promise.then(() => (settled = true));
  for (let i = 0; i < 50; i++) await new Promise(setImmediate);
  return !settled;
}

async function connect(idb, version = 1) {
  const request = idb.factory.open("db", version);
  request.onupgradeneeded = () => {
    for (const name of ["log", "data"]) {
      const { result } = request;
      if (!result.objectStoreNames.contains(name)) {
        result.createObjectStore(name);
      }
    }
  };
  return ended(request);
}

const write = (database, entries, store = "log") => {
  const transaction = database.transaction([store], "readwrite");
  for (const [key, value] of entries) {
    transaction.objectStore(store).put(value, key);
  }
  return over(transaction);
};

const keys = (database, store = "log") =>
  ended(database.transaction([store]).objectStore(store).getAllKeys());

async function setUp() {
  const idb = new ScriptedIDB();
  const database = await connect(idb);
  assert.equal(await write(database, [[1, "one"]]), "complete");
  return { idb, database };
}

test("calls are numbered, commits among them", async () => {
  const { idb, database } = await setUp();
  assert.deepEqual(idb.log, [
    ...["open", "createObjectStore", "createObjectStore", "complete"],
    ...["transaction", "put log", "complete"],
  ]);
  assert.equal(idb.calls, 7);
  assert.equal(idb.commits, 2);
  assert.deepEqual(await keys(database), [1]);
  // What only reads commits nothing.
  assert.deepEqual(idb.log.slice(7), ["transaction", "getAllKeys log"]);
});

test("a call throws, once", async () => {
  const { idb, database } = await setUp();
  for (const [nth, make] of [
    [1, () => idb.factory.open("db", 1)],
    [1, () => idb.factory.deleteDatabase("other")],
    [1, () => idb.factory.databases()],
    [1, () => database.transaction(["log"], "readwrite")],
    [2, () => database.transaction(["log"]).objectStore("log").get(1)],
    [2, () => database.transaction(["log"]).commit()],
  ]) {
    idb.failAt(nth, "throw");
    assert.throws(make, DOMException);
    make();
  }
});

test("a request that fails takes its transaction with it", async () => {
  const { idb, database } = await setUp();
  const asked = [];
  for (const [fault, name] of [
    ["error", "UnknownError"],
    ["quota", "QuotaExceededError"],
  ]) {
    const transaction = database.transaction(["log"], "readwrite");
    const store = transaction.objectStore("log");
    store.put("two", 2);
    idb.failAt(1, fault);
    asked.push(ended(store.put("three", 3)), ended(store.put("four", 4)));
    assert.equal(await over(transaction), `aborted: ${name}`);
    assert.deepEqual(await Promise.all(asked.splice(0)), [name, "AbortError"]);
    assert.deepEqual(await keys(database), [1]);
  }
});

test("a failed request whose event is prevented is a hole in a commit", async () => {
  const { idb, database } = await setUp();
  const transaction = database.transaction(["log"], "readwrite");
  const store = transaction.objectStore("log");
  idb.failAt(1, "error");
  store.put("two", 2).onerror = (event) => event.preventDefault();
  store.put("three", 3);
  assert.equal(await over(transaction), "complete");
  assert.deepEqual(await keys(database), [1, 3]);
});

test("no room at the commit: all requests have succeeded, nothing is there", async () => {
  const { idb, database } = await setUp();
  const before = idb.content();
  idb.plan = ({ kind }) => (kind === "complete" ? "quota" : null);
  const transaction = database.transaction(["log"], "readwrite");
  const put = ended(transaction.objectStore("log").put("two", 2));
  assert.equal(await over(transaction), "aborted: QuotaExceededError");
  assert.equal(await put, 2);
  assert.equal(idb.content(), before);
  idb.heal();
  assert.deepEqual(await keys(database), [1]);
  assert.equal(await write(database, [[2, "two"]]), "complete");
});

test("an abort at any call leaves what was committed", async () => {
  for (const nth of [1, 2, 3, 4]) {
    const { idb, database } = await setUp();
    idb.failAt(nth, "abort");
    const entries = [
      [2, "two"],
      [3, "three"],
    ];
    assert.equal(await write(database, entries), "aborted: UnknownError");
    assert.deepEqual(await keys(database), [1]);
    assert.equal(await write(database, entries), "complete");
    assert.deepEqual(await keys(database), [1, 2, 3]);
  }
});

test("a connection that the browser closes aborts what runs, and tells", async () => {
  for (const nth of [2, 3]) {
    const { idb, database } = await setUp();
    let told = 0;
    database.onclose = () => told++;
    idb.failAt(nth, "close");
    assert.equal(await write(database, [[2, "two"]]), "aborted: AbortError");
    await pending(Promise.resolve());
    assert.equal(told, 1);
    assert.equal(idb.connections, 0);
    assert.throws(() => database.transaction(["log"]), /InvalidState|closed/);
    assert.deepEqual(await keys(await connect(idb)), [1]);
  }
  const { idb, database } = await setUp();
  idb.failAt(1, "close");
  assert.throws(() => database.transaction(["log"]), DOMException);
});

test("a commit of which nobody hears is made", async () => {
  const { idb, database } = await setUp();
  let told = 0;
  database.onclose = () => told++;
  idb.failAt(3, "lost");
  const done = write(database, [[2, "two"]]);
  assert.equal(await pending(done), true);
  assert.equal(told, 1);
  assert.equal(idb.commits, 3);
  assert.deepEqual(await keys(await connect(idb)), [1, 2]);
});

test("what hangs holds up all behind it, until the connection is closed", async () => {
  for (const nth of [1, 2, 3]) {
    const { idb, database } = await setUp();
    idb.failAt(nth, "hang");
    const first = write(database, [[2, "two"]]);
    assert.equal(await pending(first), true);
    const second = write(database, [[3, "three"]]);
    assert.equal(await pending(second), true);
    idb.closeAll();
    assert.equal(await first, "aborted: AbortError");
    assert.equal(await second, "aborted: AbortError");
    assert.deepEqual(await keys(await connect(idb)), [1]);
  }
  const { idb } = await setUp();
  idb.failAt(1, "hang");
  assert.equal(await pending(connect(idb)), true);
});

test("opening fails as it is told to", async () => {
  for (const [fault, name] of [
    ["error", "UnknownError"],
    ["quota", "QuotaExceededError"],
  ]) {
    const idb = new ScriptedIDB();
    idb.failAt(1, fault);
    assert.equal(await connect(idb), name);
    assert.deepEqual(await keys(await connect(idb)), []);
  }
  for (const [nth, fault] of [
    [2, "throw"],
    [3, "close"],
    [4, "abort"],
    [4, "quota"],
  ]) {
    const idb = new ScriptedIDB();
    idb.failAt(nth, fault);
    // Thrown where it is called: the upgrade is aborted, as in a browser.
    assert.equal(await connect(idb), "AbortError", `${fault} at ${nth}`);
    assert.deepEqual(idb.content(), {});
    assert.deepEqual(await keys(await connect(idb)), []);
  }
});

test("a Blob from the database cannot be read", async () => {
  const { idb, database } = await setUp();
  await write(database, [[1, new Blob(["some", "text"])]], "data");
  const blob = () =>
    ended(database.transaction(["data"]).objectStore("data").get(1));
  idb.plan = ({ kind }) => (kind === "blob" ? "error" : null);
  const unreadable = { name: "NotReadableError" };
  await assert.rejects((await blob()).arrayBuffer(), unreadable);
  await assert.rejects((await blob()).slice(1, 3).arrayBuffer(), unreadable);
  idb.heal();
  assert.equal(await (await blob()).slice(4).text(), "text");
  const all = database.transaction(["data"]).objectStore("data").getAll();
  const [first] = await ended(all);
  idb.plan = ({ kind }) => (kind === "blob" ? "hang" : null);
  assert.equal(await pending(first.arrayBuffer()), true);
});

test("what is committed at a moment is what the next one finds", async () => {
  const { idb, database } = await setUp();
  const contents = [idb.content()];
  idb.onCommit = () => contents.push(idb.content());
  const bytes = new Uint8Array([1, 2, 3]);
  await write(database, [[7, bytes]], "data");
  bytes.fill(0);
  const transaction = database.transaction(["log", "data"], "readwrite");
  transaction.objectStore("log").delete(IDBKeyRange.bound(0, 5));
  transaction.objectStore("data").put(new Blob(["blob"]), 8);
  assert.equal(await over(transaction), "complete");
  const found = [];
  for (const content of contents.map((one) => structuredClone(one))) {
    const next = await ScriptedIDB.of(content);
    assert.equal(next.calls, 0);
    const again = await connect(next);
    // A copy it is, in both directions.
    const [[, value] = []] = content.db.stores.data;
    if (value instanceof Uint8Array) value.fill(9);
    const data = again.transaction(["data"]).objectStore("data");
    found.push([await ended(data.getAll()), await keys(again)]);
    await write(again, [[9, "nine"]]);
    next.content().db.stores.log.length = 0;
  }
  assert.deepEqual(found.slice(0, 2), [
    [[], [1]],
    [[new Uint8Array([1, 2, 3])], [1]],
  ]);
  const [[, blob], none] = found[2];
  assert.deepEqual(none, []);
  assert.equal(await blob.text(), "blob");
  assert.deepEqual(await keys(database), []);
});

test("what a transaction has done before its commit is not committed", async () => {
  const { idb, database } = await setUp();
  const transaction = database.transaction(["log"], "readwrite");
  const store = transaction.objectStore("log");
  let busy = true;
  const keepOn = () => {
    if (busy) store.get(2).onsuccess = keepOn;
  };
  store.put("two", 2).onsuccess = keepOn;
  await write(database, [[1, "data"]], "data");
  assert.deepEqual(idb.content().db.stores, {
    log: [[1, "one"]],
    data: [[1, "data"]],
  });
  busy = false;
  assert.equal(await over(transaction), "complete");
  assert.equal(idb.content().db.stores.log.length, 2);
});

test("a transaction takes requests in its own task and callbacks alone", async () => {
  const { database } = await setUp();
  const transaction = database.transaction(["log"], "readwrite");
  const store = transaction.objectStore("log");
  await ended(store.get(1));
  store.put("two", 2);
  await null;
  const last = ended(store.put("three", 3));
  const timer = new Promise((resolve) => setImmediate(resolve));
  await timer;
  assert.throws(() => store.put("four", 4), {
    name: "TransactionInactiveError",
  });
  assert.equal(await last, 3);
  assert.equal(await over(transaction), "complete");
  assert.deepEqual(await keys(database), [1, 2, 3]);
});

test("a crash leaves the last commit, and nothing answers well after it", async () => {
  const { idb, database } = await setUp();
  const running = write(database, [[2, "two"]]);
  idb.crash();
  assert.match(await running, /^aborted/);
  assert.match(await write(database, [[3, "three"]]), /^aborted/);
  assert.equal(await keys(database), "AbortError");
  assert.equal(await connect(idb), "UnknownError");
  assert.deepEqual(idb.content().db.stores.log, [[1, "one"]]);
});

test("nothing gets any further while it is held", async () => {
  const { idb, database } = await setUp();
  idb.hold();
  const done = write(database, [[2, "two"]]);
  assert.equal(await pending(done), true);
  assert.equal(idb.commits, 2);
  idb.release();
  assert.equal(await done, "complete");
});

test("a deleted database is not content any more", async () => {
  const { idb, database } = await setUp();
  database.close();
  assert.equal(await ended(idb.factory.deleteDatabase("db")), undefined);
  assert.deepEqual(idb.content(), {});
});

test("a torn commit has some of the requests", async () => {
  const { idb, database } = await setUp();
  const before = idb.content();
  let writes = [];
  idb.onCommit = (all) => (writes = all);
  const transaction = database.transaction(["log", "data"], "readwrite");
  transaction.objectStore("data").add("piece", 5);
  transaction.objectStore("log").add("two", 2);
  transaction.objectStore("log").delete(IDBKeyRange.upperBound(1));
  await over(transaction);
  const stores = (kept) => torn(before, "db", kept).db.stores;
  assert.deepEqual(stores(writes), idb.content().db.stores);
  assert.deepEqual(stores(writes.slice(1)), { log: [[2, "two"]], data: [] });
  assert.deepEqual(stores(writes.slice(0, 1)), {
    log: [[1, "one"]],
    data: [[5, "piece"]],
  });
  assert.deepEqual(stores([]), before.db.stores);
});

test("every kind of call has faults of its own", () => {
  assert.ok(faultsOf("put").includes("quota"));
  assert.ok(!faultsOf("get").includes("quota"));
  const ofCommits = ["abort", "quota", "close", "lost", "hang"];
  assert.deepEqual(faultsOf("complete"), ofCommits);
});
