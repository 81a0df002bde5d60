/* An IndexedDB whose calls a test can make fail, one by one: fake-indexeddb,
 * with each call counted and named before it is made. A fault is thrown by the
 * call, or happens later: the request fails, the commit fails, the connection
 * is closed with or without the events that should tell. */
import { IDBFactory, forceCloseDatabase } from "fake-indexeddb";

/**
 * @typedef {"throws" | "fails" | "closes" | "vanishes"} Kind
 *   throws: the call, at once. fails: the request of the call with an error
 *   event, or the commit with an abort event. closes: the connection, as when
 *   storage is cleared, before the call. vanishes: the connection, without a
 *   word on its transactions, which are not done
 *
 * @typedef {object} Fault
 * @property {number} at the number of the call, from 0
 * @property {Kind} kind
 * @property {string} name of the DOMException
 *
 * @typedef {object} FakeTransaction what we use of fake-indexeddb's own
 * @property {{ operation: () => unknown, request: object }[]} _requests
 * @property {(name: string) => void} _abort
 * @property {string} _state
 */

const CALLS = {
  open: ["open"],
  db: ["transaction", "createObjectStore"],
  tx: ["objectStore", "commit"],
  store: [
    "add",
    "put",
    "get",
    "delete",
    "getAll",
    "getAllKeys",
    "openKeyCursor",
  ],
};

export class FaultyFactory {
  /** The calls so far, by name. @type {string[]} */
  calls = [];
  /** @type {Fault | null} */
  fault = null;
  /** Told of each call just before it is made. @type {(name: string) => void} */
  onCall = () => {};
  /** The connections, the last one at the end. @type {IDBDatabase[]} */
  connections = [];
  /** Whether connections that are opened are closed before they are used. */
  closesAtOnce = false;
  /** Whether a request that fails after commit() does not undo the others. */
  ignoresFailures = false;
  /** What factory it is beneath. */
  beneath;

  constructor(beneath = new IDBFactory()) {
    this.beneath = beneath;
  }

  /** For what is under test. @returns {IDBFactory} */
  get factory() {
    return /** @type {IDBFactory} */ (/** @type {unknown} */ (this));
  }

  /** @param {string} name @param {number} [version] */
  open(name, version) {
    const fault = this.#count("open");
    if (fault?.kind === "throws") {
      throw new DOMException("scripted", fault.name);
    }
    const request = this.beneath.open(name, version);
    if (fault !== null) failOpen(request, fault.name || "AbortError");
    this.#watch(request);
    return request;
  }

  /** @param {string} name */
  deleteDatabase(name) {
    return this.beneath.deleteDatabase(name);
  }

  databases() {
    return this.beneath.databases();
  }

  /** All databases go, and then their connections, as when storage is cleared. */
  clear() {
    const { _databases: databases } = /** @type {any} */ (this.beneath);
    databases.clear();
    for (const db of this.connections) forceClose(db);
  }

  /** The keys in stores that are to be empty. @returns {unknown[]} */
  leftInProbe() {
    const { _databases: databases } = /** @type {any} */ (this.beneath);
    return [...databases.values()].flatMap(({ rawObjectStores }) =>
      [...rawObjectStores.values()]
        .filter(({ name }) => name.startsWith("volume-"))
        .flatMap((store) => [...store.records.values()]),
    );
  }

  /** @param {string} call */
  #count(call) {
    const at = this.calls.push(call) - 1;
    this.onCall(call);
    return this.fault?.at === at ? this.fault : null;
  }

  /** @param {IDBOpenDBRequest} request whose database is to be watched */
  #watch(request) {
    const seen = () => {
      const db = request.result;
      if (this.connections.includes(db)) return;
      this.connections.push(db);
      this.#wrap(db, CALLS.db, db, (tx) => {
        this.#wrap(tx, CALLS.tx, db, (store) => {
          this.#wrap(store, CALLS.store, db, () => {});
        });
      });
    };
    request.addEventListener("upgradeneeded", seen);
    request.addEventListener("success", seen);
    request.addEventListener("success", () => {
      if (this.closesAtOnce) request.result.close();
    });
  }

  /**
   * @param {EventTarget} target or a store
   * @param {readonly string[]} names of its methods
   * @param {IDBDatabase} db
   * @param {(result: any) => void} found told what a call answered
   */
  #wrap(target, names, db, found) {
    const methods = /** @type {Record<string, (...args: any[]) => any>} */ (
      /** @type {unknown} */ (target)
    );
    for (const name of names) {
      const method = methods[name];
      // Stores are the same for the same transaction.
      if (method === undefined || Object.hasOwn(methods, name)) continue;
      methods[name] = (...args) => {
        const fault = this.#count(name);
        if (fault?.kind === "throws") {
          throw new DOMException("scripted", fault.name);
        }
        if (fault?.kind === "closes") forceClose(db);
        if (fault?.kind === "vanishes") vanish(db);
        const result = method.apply(target, args);
        if (fault?.kind === "fails") failLast(target, name, fault.name);
        if (this.ignoresFailures && name === "commit") {
          target.addEventListener("error", (event) => event.preventDefault());
        }
        if (result !== undefined) found(result);
        return result;
      };
    }
  }
}

/** @param {IDBDatabase} db */
export function forceClose(db) {
  forceCloseDatabase(/** @type {any} */ (db));
}

/**
 * Ends a connection as a browser does that says only `close`.
 * @param {IDBDatabase} db
 */
export function vanish(db) {
  const fake = /** @type {any} */ (db);
  for (const tx of fake._rawDatabase.transactions) {
    if (tx.db !== db || tx._state === "finished") continue;
    tx.onabort = null;
    tx.onerror = null;
    tx.oncomplete = null;
    tx._abort("AbortError");
  }
  forceCloseDatabase(fake);
}

/**
 * @param {IDBOpenDBRequest} request that is to fail though it would not
 * @param {string} name
 */
function failOpen(request, name) {
  // An upgrade is undone; else the connection is closed before anyone sees it.
  request.addEventListener("upgradeneeded", () => {
    /** @type {any} */ (request.transaction)._abort(name);
  });
  request.addEventListener("success", (event) => {
    event.stopImmediatePropagation();
    request.result.close();
    Object.assign(request, {
      result: undefined,
      error: new DOMException("scripted", name),
    });
    request.onerror?.(new Event("error", { cancelable: true }));
  });
}

/**
 * @param {object} target
 * @param {string} call just made
 * @param {string} name
 */
function failLast(target, call, name) {
  const of = /** @type {{ transaction?: object }} */ (target);
  const tx = /** @type {FakeTransaction} */ (
    call === "transaction" || call === "createObjectStore"
      ? null
      : (of.transaction ?? target)
  );
  if (tx === null || call === "objectStore") return;
  const last = tx._requests.at(-1);
  if (call === "commit") {
    tx._requests.push({ operation: () => tx._abort(name), request: {} });
  } else if (last !== undefined) {
    last.operation = () => {
      throw new DOMException("scripted", name);
    };
  }
}
