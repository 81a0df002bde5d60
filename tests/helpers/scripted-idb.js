/* IndexedDB that fails and dies where it is told to: a factory of fake-indexeddb
 * whose every call is numbered, and can throw, fail, abort, run out of room, lose
 * its connection or never answer. It knows what is committed at every moment, so
 * that any of them can be the one at which the process died: content() is what
 * the next one finds. It uses the insides of the version that package.json pins;
 * faulty-idb.js has the faults of single calls that its own tests want. */
import {
  IDBFactory,
  IDBKeyRange,
  IDBOpenDBRequest,
  forceCloseDatabase,
} from "fake-indexeddb";

/**
 * What can become of a call. "throw": the call itself throws; "error": its
 * request fails; "quota": it fails for want of room; "abort": its transaction is
 * aborted when its turn comes; "close": the connection is closed by the browser,
 * which aborts all that runs; "hang": it is never answered, nor is what has to
 * wait for it; "lost", of a commit: it is made, and the connection is closed
 * before anybody hears of it.
 * @typedef {"throw" | "error" | "quota" | "abort" | "close" | "hang" | "lost"
 * } Fault
 *
 * One call. `kind` is the method's name, or "complete" for the moment at which
 * a transaction that writes is committed, or "blob" for the reading of a Blob
 * that came from the database.
 * @typedef {object} Call
 * @property {number} number from 1 on
 * @property {string} kind
 * @property {string} store of a request; else ""
 * @property {string} mode of its transaction, "" outside of one
 *
 * What is committed, by database and object store; records in key order.
 * @typedef {object} DatabaseContent
 * @property {number} version
 * @property {Record<string, [any, any][]>} stores
 * @typedef {Record<string, DatabaseContent>} Content
 *
 * @typedef {{ store: string, method: string, args: any[] }} Write
 */

const READS = ["get", "getAll", "getKey", "getAllKeys", "count"];
const CURSORS = ["openCursor", "openKeyCursor"];
const WRITES = ["put", "add", "delete", "clear"];
const REQUESTS = [...READS, ...CURSORS, ...WRITES];

/** @type {Record<string, Fault[]>} */
const FAULTS = {
  open: ["throw", "error", "quota", "hang"],
  createObjectStore: ["throw", "quota", "close"],
  transaction: ["throw", "abort", "close", "hang"],
  commit: ["throw", "close"],
  complete: ["abort", "quota", "close", "lost", "hang"],
  blob: ["error", "hang"],
  deleteDatabase: ["throw", "error", "hang"],
  databases: ["throw", "error", "hang"],
};

/**
 * The faults that a call of this kind can have.
 * @param {string} kind
 * @returns {Fault[]}
 */
export function faultsOf(kind) {
  /** @type {Fault[]} */
  const ofRequests = ["throw", "error", "abort", "close", "hang"];
  const request = WRITES.includes(kind)
    ? [...ofRequests, /** @type {Fault} */ ("quota")]
    : ofRequests;
  return FAULTS[kind] ?? request;
}

/** @param {string} name */
const failure = (name) => new DOMException("as the test wants it", name);

/** @param {Fault} fault */
const nameOf = (fault) =>
  fault === "quota" ? "QuotaExceededError" : "UnknownError";

/** @param {any} target @param {string} type */
function fire(target, type) {
  const phases = { NONE: 0, CAPTURING_PHASE: 1, AT_TARGET: 2 };
  target.dispatchEvent({
    ...phases,
    ...{ BUBBLING_PHASE: 3, type, initialized: true, eventPath: [] },
    preventDefault() {},
    stopPropagation() {},
  });
}

export class ScriptedIDB {
  /** What is given to who uses IndexedDB. @type {IDBFactory} */
  factory;
  /** How many calls there were. */
  calls = 0;
  /** How many transactions that write were committed. */
  commits = 0;
  /** What was called, "method store". @type {string[]} */
  log = [];
  /**
   * Whether a call fails, and how.
   * @type {(call: Call) => Fault | null | undefined}
   */
  plan = () => null;
  /**
   * Called at each commit, before anybody hears of it; content() has it.
   * @type {(writes: Write[]) => void}
   */
  onCommit = () => {};
  /** @type {Content} */
  #content = {};
  #crashed = false;
  /** @type {(() => void)[] | null} steps that wait for release() */
  #held = null;
  /** @type {Set<any>} connections */
  #connections = new Set();
  /** @type {WeakMap<object, Fault>} requests and transactions to come */
  #marked = new WeakMap();
  /** @type {WeakMap<object, Write[]>} by transaction */
  #writes = new WeakMap();
  /**
   * Transactions that take requests now: in the task that made them, and while
   * they call back. fake-indexeddb takes them at any time; browsers do not.
   * @type {WeakSet<object>}
   */
  #active = new WeakSet();

  constructor() {
    const factory = /** @type {any} */ (new IDBFactory());
    this.factory = factory;
    const { open, deleteDatabase, databases } = factory;
    factory.open = (/** @type {any[]} */ ...args) =>
      this.#open(() => open.apply(factory, args), "open", args[0]);
    factory.deleteDatabase = (/** @type {any[]} */ ...args) => {
      const make = () => deleteDatabase.apply(factory, args);
      return this.#open(make, "deleteDatabase", args[0]);
    };
    factory.databases = () => {
      const fault = this.#call("databases");
      if (fault === "throw") throw failure("SecurityError");
      if (fault === "hang") return new Promise(() => {});
      if (fault !== null) return Promise.reject(failure(nameOf(fault)));
      return databases.call(factory);
    };
  }

  /**
   * A factory whose databases have this content, of which it makes a copy.
   * @param {Content} content
   */
  static async of(content) {
    const idb = new ScriptedIDB();
    for (const [name, { version, stores }] of Object.entries(content)) {
      await new Promise((resolve, reject) => {
        const request = idb.factory.open(name, version);
        request.onupgradeneeded = () => {
          for (const store of Object.keys(stores)) {
            request.result.createObjectStore(store);
          }
        };
        request.onerror = () => reject(request.error);
        request.onsuccess = () => {
          const database = /** @type {any} */ (request.result);
          const { rawObjectStores } = database._rawDatabase;
          for (const [store, records] of Object.entries(stores)) {
            const raw = rawObjectStores.get(store).records;
            for (const [key, value] of records) {
              raw.put({ key, value: structuredClone(value) });
            }
          }
          database.close();
          resolve(undefined);
        };
      });
    }
    idb.#content = structuredClone(content);
    idb.#connections.clear();
    idb.calls = 0;
    idb.commits = 0;
    idb.log = [];
    return idb;
  }

  /**
   * What is committed now, to be left as it is: of() makes a copy.
   * @returns {Content}
   */
  content() {
    return this.#content;
  }

  /** One call fails, counted from now on: 1 is the next. */
  failAt(/** @type {number} */ nth, /** @type {Fault} */ fault) {
    const at = this.calls + nth;
    this.plan = ({ number }) => (number === at ? fault : null);
  }

  /** Nothing fails from now on. */
  heal() {
    this.plan = () => null;
  }

  /** How many calls were made to fail. */
  faults = 0;
  /** Whether one of them is never answered. */
  hangs = false;

  /** What is committed stays; nothing else ever will be. */
  crash() {
    this.#crashed = true;
    this.release();
    for (const connection of this.#connections) this.#abortAll(connection);
  }

  /** The browser closes all connections. */
  closeAll() {
    for (const connection of [...this.#connections]) this.#close(connection);
  }

  /** How many connections are open. */
  get connections() {
    return this.#connections.size;
  }

  /** From now on no transaction gets any further. */
  hold() {
    this.#held ??= [];
  }

  release() {
    const held = this.#held ?? [];
    this.#held = null;
    for (const step of held) setImmediate(step);
  }

  /**
   * @param {string} kind
   * @param {string} [store]
   * @param {string} [mode]
   */
  #call(kind, store = "", mode = "") {
    const number = ++this.calls;
    this.log.push(store === "" ? kind : `${kind} ${store}`);
    const fault = this.plan({ number, kind, store, mode }) ?? null;
    if (fault !== null) this.faults++;
    if (fault === "hang") this.hangs = true;
    return fault;
  }

  /**
   * @param {() => any} make
   * @param {string} kind
   * @param {string} name the database's
   */
  #open(make, kind, name) {
    const fault = this.#call(kind);
    if (fault === "throw") throw failure("SecurityError");
    if (fault !== null || this.#crashed) {
      const request = /** @type {any} */ (new IDBOpenDBRequest());
      if (fault === "hang") return request;
      setImmediate(() => {
        request.readyState = "done";
        request.result = undefined;
        request.error = failure(nameOf(fault ?? "error"));
        fire(request, "error");
      });
      return request;
    }
    const request = make();
    if (kind === "deleteDatabase") {
      request.addEventListener("success", () => {
        this.#content = { ...this.#content };
        delete this.#content[name];
      });
      return request;
    }
    request.addEventListener("upgradeneeded", () => {
      this.#connect(request.result);
      this.#begin(request.transaction);
    });
    request.addEventListener("success", () => this.#connect(request.result));
    return request;
  }

  /** @param {any} connection */
  #connect(connection) {
    if (this.#connections.has(connection)) return;
    this.#connections.add(connection);
    const { transaction, close, createObjectStore } = connection;
    connection.close = () => {
      this.#connections.delete(connection);
      close.call(connection);
    };
    connection.createObjectStore = (/** @type {any[]} */ ...args) => {
      const fault = this.#call("createObjectStore", "", "versionchange");
      if (fault === "close") this.#close(connection);
      else if (fault !== null) throw failure(nameOf(fault));
      return createObjectStore.apply(connection, args);
    };
    connection.transaction = (/** @type {any[]} */ ...args) => {
      const mode = args[1] ?? "readonly";
      const fault = this.#call("transaction", "", mode);
      if (fault === "throw") throw failure("UnknownError");
      if (fault === "close") this.#close(connection);
      const raw = connection._rawDatabase;
      // It keeps them all, and looks at all of them for each new one.
      raw.transactions = raw.transactions.filter(
        (/** @type {any} */ one) => one._state !== "finished",
      );
      const made = transaction.apply(connection, args);
      this.#begin(made);
      if (fault !== null) this.#marked.set(made, fault);
      return made;
    };
  }

  /** @param {any} connection */
  #abortAll(connection) {
    for (const transaction of connection._rawDatabase.transactions) {
      if (transaction.db !== connection) continue;
      if (transaction._state !== "finished") transaction._abort("AbortError");
    }
  }

  /** @param {any} connection */
  #close(connection) {
    this.#connections.delete(connection);
    this.#abortAll(connection);
    forceCloseDatabase(connection);
  }

  /** @param {any} transaction that was made now */
  #begin(transaction) {
    const { _start, objectStore, commit, mode } = transaction;
    this.#writes.set(transaction, []);
    const awake = () => {
      this.#active.add(transaction);
      // Once this task's Promises, and what they bring about, are through.
      const rest = () => this.#active.delete(transaction);
      queueMicrotask(() => process.nextTick(rest));
    };
    awake();
    transaction._start = () => {
      if (this.#held !== null) {
        this.#held.push(() => transaction._start());
        return;
      }
      awake();
      if (transaction._state === "finished") {
        _start.call(transaction);
        return;
      }
      const next = transaction._requests.find(
        (/** @type {any} */ one) => one.request.readyState !== "done",
      );
      let fault = this.#marked.get(transaction) ?? null;
      if (fault === null && next !== undefined) {
        fault = this.#marked.get(next.request) ?? null;
      } else if (fault === null && mode !== "readonly") {
        fault = this.#call("complete", "", mode);
      }
      if (fault !== null || this.#crashed) {
        this.#fail(transaction, fault ?? "abort");
        return;
      }
      if (next === undefined && mode !== "readonly") this.#commit(transaction);
      _start.call(transaction);
    };
    transaction.commit = () => {
      const fault = this.#call("commit", "", mode);
      if (fault === "throw") throw failure("InvalidStateError");
      if (fault === "close") this.#close(transaction.db);
      commit.call(transaction);
    };
    transaction.objectStore = (/** @type {string} */ name) => {
      const store = objectStore.call(transaction, name);
      if (!Object.hasOwn(store, "get")) this.#patch(store);
      return store;
    };
  }

  /** @param {any} transaction @param {Fault} fault when its turn has come */
  #fail(transaction, fault) {
    if (fault === "hang") return;
    if (fault === "lost") {
      this.#commit(transaction);
      Object.assign(transaction, { oncomplete: null, onabort: null });
      transaction._rollbackLog = [];
    }
    if (fault === "close" || fault === "lost") this.#close(transaction.db);
    else transaction._abort(nameOf(fault));
  }

  /** @param {any} transaction */
  #commit(transaction) {
    const { _rawDatabase: raw, name, version } = transaction.db;
    /** @type {DatabaseContent["stores"]} */
    const stores = {};
    for (const [store, { records }] of raw.rawObjectStores) {
      const before = this.#content[name]?.stores[store];
      if (before !== undefined && !transaction._scope.has(store)) {
        stores[store] = before;
        continue;
      }
      stores[store] = [];
      for (const { key, value } of records.values()) {
        stores[store].push([key, value]);
      }
    }
    this.#content = { ...this.#content, [name]: { version, stores } };
    this.commits++;
    this.onCommit(this.#writes.get(transaction) ?? []);
  }

  /** @param {any} store */
  #patch(store) {
    const { transaction, name } = store;
    for (const method of REQUESTS) {
      const real = store[method];
      store[method] = (/** @type {any[]} */ ...args) => {
        const fault = this.#call(method, name, transaction.mode);
        if (fault === "throw") throw failure("UnknownError");
        if (!this.#active.has(transaction)) {
          throw failure("TransactionInactiveError");
        }
        if (fault === "error" || fault === "quota") {
          return transaction._execRequestAsync({
            source: store,
            operation() {
              throw failure(nameOf(fault));
            },
          });
        }
        const request = real.apply(store, args);
        if (fault !== null) this.#marked.set(request, fault);
        else if (WRITES.includes(method)) {
          const copies = args.map((arg) =>
            arg instanceof IDBKeyRange ? arg : structuredClone(arg),
          );
          const write = { store: name, method, args: copies };
          this.#writes.get(transaction)?.push(write);
        }
        if (method === "get") {
          request.addEventListener("success", () => this.#blob(request.result));
        } else if (method === "getAll") {
          request.addEventListener("success", () =>
            request.result.forEach((/** @type {any} */ one) => this.#blob(one)),
          );
        } else if (method === "openCursor") {
          request.addEventListener("success", () =>
            this.#blob(request.result?.value),
          );
        }
        return request;
      };
    }
  }

  /** @param {any} value that was read */
  #blob(value) {
    if (!(value instanceof Blob)) return;
    const blob = /** @type {any} */ (value);
    const { slice, arrayBuffer } = blob;
    blob.arrayBuffer = () => {
      const fault = this.#call("blob");
      if (fault === "hang") return new Promise(() => {});
      if (fault !== null) return Promise.reject(failure("NotReadableError"));
      return arrayBuffer.call(blob);
    };
    blob.slice = (/** @type {any[]} */ ...args) => {
      const part = slice.apply(blob, args);
      this.#blob(part);
      return part;
    };
  }
}

/**
 * What some of a commit's requests alone would have left, each of them in a
 * transaction of its own.
 * @param {Content} content before
 * @param {string} name the database's
 * @param {Write[]} writes
 * @returns {Content}
 */
export function torn(content, name, writes) {
  const { version, stores } = content[name] ?? { version: 1, stores: {} };
  const maps = Object.fromEntries(
    Object.entries(stores).map(([store, all]) => [store, new Map(all)]),
  );
  for (const { store, method, args } of writes) {
    const map = (maps[store] ??= new Map());
    const [first, key] = args;
    if (method === "clear") map.clear();
    else if (method !== "delete") map.set(key, first);
    else if (!(first instanceof IDBKeyRange)) map.delete(first);
    else {
      for (const one of map.keys()) if (first.includes(one)) map.delete(one);
    }
  }
  const result = Object.fromEntries(
    Object.entries(maps).map(([store, map]) => [
      store,
      [...map].sort(([a], [b]) => a - b),
    ]),
  );
  return { ...content, [name]: { version, stores: result } };
}
