/* Keys in IndexedDB: stored and loaded as the host's own objects, through the
 * border, with a database that fails at each call. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { IDBFactory } from "fake-indexeddb";
import { KeyStore } from "../../js/crypto/key-store.js";
import { PENDING } from "../../js/errors.js";
import { KINDS, utf8 } from "../helpers/crypto-names.js";
import { cryptoHost } from "../helpers/crypto-op.js";
import { fails } from "../helpers/fails.js";
import { FaultyFactory, vanish } from "../helpers/faulty-idb.js";

const GCM = { kind: "AES-GCM", bits: 128 };
const iv = new Uint8Array(12);
const name = (text) => ({ data: utf8(text) });

test("a key that is not extractable comes back, and is used", async () => {
  const factory = new IDBFactory();
  const first = cryptoHost({ factory });
  const key = await first.key({ code: "generate", spec: GCM });
  const data = utf8("secret");
  const sealed = await first.bytes({ code: "encrypt", key, iv, data });
  const stored = await first.run({ code: "store", key, ...name("a key") });
  assert.equal(stored, 0, first.words());
  first.close({ kind: "exit", code: 0 });

  const second = cryptoHost({ factory });
  const loaded = await second.key({ code: "load", ...name("a key") });
  assert.deepEqual(second.info(loaded), { ...second.info(loaded), bits: 128 });
  assert.equal(second.info(loaded).extractable, 0);
  const open = { code: "decrypt", key: loaded, iv, data: sealed };
  assert.deepEqual(await second.bytes(open), data);
  const exported = { code: "export", key: loaded, format: "raw" };
  await second.fails("EACCES", exported, /not extractable/);
});

test("a name is of one key, of one store, until it is deleted", async () => {
  const factory = new IDBFactory();
  const host = cryptoHost({ factory });
  const spec = { kind: "HMAC", extractable: true };
  const make = (text) =>
    host.key({ code: "import", format: "raw", data: utf8(text), spec });
  const store = async (at, text) => {
    const key = await make(text);
    assert.equal(await host.run({ code: "store", key, ...name(at) }), 0);
  };
  const load = async (at) => {
    const key = await host.key({ code: "load", ...name(at) });
    return host.peek(
      20_480,
      (await host.bytes({ code: "export", key, format: "raw" })).length,
    );
  };
  await store("a", "first");
  await store("b", "second");
  await store("a", "third");
  assert.equal(await load("a"), "third");
  assert.equal(await load("b"), "second");
  const other = cryptoHost({ factory, store: "other" });
  await other.fails("ENOENT", { code: "load", ...name("a") }, /as "a"/);
  assert.equal(await host.run({ code: "delete", ...name("a") }), 0);
  await host.fails("ENOENT", { code: "load", ...name("a") });
  await host.fails("ENOENT", { code: "delete", ...name("a") });
  assert.equal(await load("b"), "second");
});

test("to look for a key makes no database", async () => {
  const factory = new IDBFactory();
  const host = cryptoHost({ factory });
  await host.fails("ENOENT", { code: "load", ...name("a") });
  await host.fails("ENOENT", { code: "delete", ...name("a") });
  assert.deepEqual(await factory.databases(), []);
});

test("names are UTF-8 of 1 to 255 bytes", async () => {
  const host = cryptoHost({ factory: new IDBFactory() });
  const key = await host.key({ code: "generate", spec: GCM });
  for (const data of [
    new Uint8Array(0),
    new Uint8Array(256).fill(97),
    Uint8Array.of(97, 0xff),
    Uint8Array.of(0xc3),
  ]) {
    for (const code of ["store", "load", "delete"]) {
      await host.fails("EINVAL", { code, key, data }, /name of a key/);
    }
  }
  const longest = { data: new Uint8Array(255).fill(97) };
  assert.equal(await host.run({ code: "store", key, ...longest }), 0);
  assert.ok((await host.key({ code: "load", ...longest })) > 0);
  // A byte order mark is a part of the name.
  const marked = { data: Uint8Array.of(0xef, 0xbb, 0xbf, 97) };
  assert.equal(await host.run({ code: "store", key, ...marked }), 0);
  await host.fails("ENOENT", { code: "load", ...name("a") });
});

test("without a key it is EBADF, without IndexedDB ENOTSUP", async () => {
  const host = cryptoHost({ factory: new IDBFactory() });
  await host.fails("EBADF", { code: "store", key: 5, ...name("a") });
  const none = cryptoHost({ factory: null });
  const key = await none.key({ code: "generate", spec: GCM });
  for (const code of ["store", "load", "delete"]) {
    await none.fails("ENOTSUP", { code, key, ...name("a") }, /no IndexedDB/);
  }
});

test("where a page may not even look at IndexedDB it is ENOTSUP", async (t) => {
  assert.equal(globalThis.indexedDB, undefined, "Node has none");
  Object.defineProperty(globalThis, "indexedDB", {
    configurable: true,
    get() {
      throw new DOMException("insecure", "SecurityError");
    },
  });
  t.after(() => delete (/** @type {any} */ (globalThis).indexedDB));
  const host = cryptoHost();
  await host.fails("ENOTSUP", { code: "load", ...name("a") }, /no IndexedDB/);
});

test("what is stored there but is no key is EIO", async () => {
  const factory = new IDBFactory();
  const store = new KeyStore("keys", factory);
  const host = cryptoHost({ factory });
  const algorithm = { name: "AES-GCM" };
  for (const value of [
    null,
    5,
    "text",
    { algorithm },
    { algorithm, usages: 5 },
    { algorithm, usages: [], extractable: true, type: "secret" },
  ]) {
    await store.put("a", /** @type {any} */ (value));
    await host.fails("EIO", { code: "load", ...name("a") }, /no key/);
  }
});

/** @returns {Promise<CryptoKey>} */
const newKey = () =>
  crypto.subtle.generateKey({ name: "AES-GCM", length: 128 }, false, [
    "encrypt",
  ]);

test("calls are done in the order they are made", async () => {
  const store = new KeyStore("a", new IDBFactory());
  const key = await newKey();
  const results = await Promise.allSettled([
    store.get("x"),
    store.put("x", key),
    store.get("x"),
    store.delete("x"),
    store.get("x"),
  ]);
  assert.deepEqual(
    results.map(({ status }) => status[0]).join(""),
    "rfffr",
    JSON.stringify(results),
  );
});

test("others who delete the database are not kept waiting", async () => {
  const factory = new IDBFactory();
  const store = new KeyStore("a", factory);
  const key = await newKey();
  await store.put("x", key);
  await new Promise((resolve, reject) => {
    const request = factory.deleteDatabase("gossamer-keys:a");
    request.onsuccess = resolve;
    request.onblocked = reject;
    request.onerror = reject;
  });
  await assert.rejects(store.get("x"), fails("ENOENT", /as "x"/));
  await store.put("x", key);
  assert.ok(await store.get("x"));
});

test("each call that fails is told, and the next try works", async () => {
  const key = await newKey();
  const faulty = new FaultyFactory();
  const trial = new KeyStore("a", faulty.factory);
  await trial.put("x", key);
  await trial.get("x");
  await trial.delete("x");
  const count = faulty.calls.length;
  assert.ok(count > 5, faulty.calls.join(" "));
  for (const kind of /** @type {const} */ (["throws", "fails"])) {
    const codes = new Set();
    for (const fault of ["QuotaExceededError", "UnknownError"]) {
      for (let at = 0; at < count; at++) {
        const factory = new FaultyFactory();
        factory.fault = { at, kind, name: fault };
        const store = new KeyStore("a", factory.factory);
        const results = await Promise.allSettled([
          store.put("x", key),
          store.get("x"),
          store.delete("x"),
        ]);
        const failed = results.filter(({ status }) => status === "rejected");
        for (const { reason } of failed) codes.add(reason.code);
        factory.fault = null;
        await store.put("x", key);
        assert.ok(await store.get("x"), `${kind} ${fault} ${at}`);
        await store.delete("x");
      }
    }
    assert.deepEqual([...codes].sort(), ["EIO", "ENOENT", "ENOSPC"], kind);
  }
});

test("a connection that is closed under it is EIO, and made anew", async () => {
  const key = await newKey();
  const factory = new FaultyFactory();
  const store = new KeyStore("a", factory.factory);
  await store.put("x", key);
  const from = factory.calls.length;
  await store.get("x");
  const to = factory.calls.length;
  for (let at = from; at < to; at++) {
    factory.fault = {
      at: factory.calls.length + at - from,
      kind: "closes",
      name: "",
    };
    await store
      .get("x")
      .then((found) => assert.ok(found), fails("EIO", /key store/));
    factory.fault = null;
    assert.ok(await store.get("x"), "the next one has it");
  }
});

test("a connection that goes without a word on its transaction is EIO", async () => {
  const factory = new FaultyFactory();
  const store = new KeyStore("a", factory.factory);
  await store.put("x", await newKey());
  const calls = factory.calls.length;
  const answer = store.get("x");
  const told = assert.rejects(answer, fails("EIO", /key store failed/));
  while (factory.calls.length < calls + 3) await Promise.resolve();
  assert.equal(factory.calls.at(-1), "get");
  vanish(/** @type {IDBDatabase} */ (factory.connections.at(-1)));
  await told;
  assert.ok(await store.get("x"));
});

test("calls at once share one connection", async () => {
  const factory = new FaultyFactory();
  const store = new KeyStore("a", factory.factory);
  const key = await newKey();
  await Promise.all([store.put("x", key), store.put("y", key), store.get("x")]);
  assert.equal(factory.connections.length, 1);
});

test("a later format, and refused storage, are ENOTSUP", async () => {
  const factory = new IDBFactory();
  await new Promise((resolve) => {
    const request = factory.open("gossamer-keys:a", 9);
    request.onsuccess = () => resolve(request.result.close());
  });
  const store = new KeyStore("a", factory);
  await assert.rejects(store.get("x"), fails("ENOTSUP", /key store failed/));
  const refusing = {
    open() {
      throw new DOMException("not here", "SecurityError");
    },
  };
  const refused = new KeyStore("a", /** @type {any} */ (refusing));
  await assert.rejects(refused.get("x"), fails("ENOTSUP", /not here/));
});

/** When a call is about to be made, for the first time from now on. */
const callOf = (/** @type {FaultyFactory} */ factory, wanted) =>
  new Promise((resolve) => {
    factory.onCall = (call) => call === wanted && resolve(call);
  });

test("who is cancelled while a key is stored or deleted has done nothing", async () => {
  const first = await newKey();
  for (const [code, call] of [
    ["store", "put"],
    ["delete", "delete"],
  ]) {
    for (const at of ["", "open", "transaction", "objectStore", call]) {
      const factory = new FaultyFactory();
      const host = cryptoHost({ factory: factory.factory });
      const other = new KeyStore("keys", factory.beneath);
      await other.put("a", first);
      const key = await host.key({ code: "generate", spec: { kind: "HMAC" } });
      host.put({ code, key, ...name("a") });
      const reached = callOf(factory, at);
      const [token, answer] = host.start();
      assert.equal(answer, PENDING);
      if (at !== "") await reached;
      host.imports.op_cancel(token);
      // The next one comes after it.
      const loaded = await host.key({ code: "load", ...name("a") });
      const what = `${code}, at "${at}"`;
      assert.equal(host.info(loaded).kind, KINDS["AES-GCM"], what);
      assert.ok(await other.get("a"), what);
      assert.ok(!host.completed.some(([own]) => own === token), what);
    }
  }
});

test("who is cancelled while others are at work changes nothing, and they go on", async () => {
  const factory = new FaultyFactory();
  const store = new KeyStore("a", factory.factory);
  const [first, second] = [await newKey(), await newKey()];
  const controller = new AbortController();
  const before = store.put("x", first);
  const given = store.put("y", second, controller.signal);
  const after = store.put("z", second);
  controller.abort();
  await assert.rejects(given, fails("ECANCELED", /given up/));
  await Promise.all([before, after]);
  assert.ok(await store.get("x"));
  await assert.rejects(store.get("y"), fails("ENOENT", /as "y"/));
  assert.ok(await store.get("z"));
  assert.equal(factory.calls.filter((call) => call === "put").length, 2);
});

test("to cancel what is done changes nothing", async () => {
  const store = new KeyStore("a", new IDBFactory());
  const controller = new AbortController();
  await store.put("x", await newKey(), controller.signal);
  controller.abort();
  assert.ok(await store.get("x"));
});

test("a program that ends while a key is stored has not stored it", async () => {
  const factory = new FaultyFactory();
  const host = cryptoHost({ factory: factory.factory });
  const key = await host.key({ code: "generate", spec: GCM });
  host.put({ code: "store", key, ...name("a") });
  const reached = callOf(factory, "put");
  host.start();
  await reached;
  host.close({ kind: "exit", code: 0 });
  const next = cryptoHost({ factory: factory.beneath });
  await next.fails("ENOENT", { code: "load", ...name("a") });
});

test("a connection that comes after the end is closed", async () => {
  const factory = new FaultyFactory();
  const store = new KeyStore("a", factory.factory);
  const key = await newKey();
  const reached = callOf(factory, "open");
  const stored = store.put("x", key);
  await reached;
  store.close();
  await assert.rejects(stored, fails("EIO", /has ended/));
  const [connection] = factory.connections;
  assert.throws(() => connection?.transaction(["keys"]), {
    name: "InvalidStateError",
  });
});

test("after the end nothing is opened any more", async () => {
  const store = new KeyStore("a", new IDBFactory());
  store.close();
  await assert.rejects(store.get("x"), fails("EIO", /has ended/));
});
