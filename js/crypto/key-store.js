/* Keys in IndexedDB, as the host's own objects: what is not extractable stays
 * so. The database "gossamer-keys:STORE" has one store, "keys", from names to
 * keys. One call after the other; the connection is kept until others want the
 * database, and made when it is needed. */
import { GossamerError, messageOf } from "../errors.js";

const STORE = "keys";
const VERSION = 1;
const ENDED = "the program has ended";

/** @param {unknown} error a DOMException of IndexedDB */
function codeOf(error) {
  switch (/** @type {Error | null} */ (error)?.name) {
    case "QuotaExceededError":
      return "ENOSPC";
    // Refused to this page; of a later format; a kind of key that cannot be kept.
    case "SecurityError":
    case "VersionError":
    case "DataCloneError":
      return "ENOTSUP";
    default:
      return "EIO";
  }
}

/** @param {unknown} error */
function failure(error) {
  if (error instanceof GossamerError) return error;
  const text = `the key store failed: ${messageOf(error ?? "aborted")}`;
  return new GossamerError(codeOf(error), text, { cause: error });
}

/** @param {AbortSignal | undefined} signal */
function checkWanted(signal) {
  if (signal?.aborted) throw new GossamerError("ECANCELED", "it was given up");
}

/** @param {IDBTransaction} tx */
function undo(tx) {
  try {
    tx.abort();
  } catch {
    // It is being committed, or is done: nothing undoes it.
  }
}

/** The platform's IndexedDB; the mere look at it may be refused. */
export function platformFactory() {
  try {
    return globalThis.indexedDB ?? null;
  } catch {
    return null;
  }
}

export class KeyStore {
  #factory;
  #name;
  /** @type {IDBDatabase | null} */
  #db = null;
  #closed = false;
  /** The last call's end. @type {Promise<unknown>} */
  #last = Promise.resolve();

  /**
   * @param {string} name whose keys
   * @param {IDBFactory | null} factory null: there is none
   */
  constructor(name, factory) {
    this.#name = `gossamer-keys:${name}`;
    this.#factory = factory;
  }

  /**
   * Stores a key, in place of another; it is on the disk when this resolves.
   * @param {string} name
   * @param {CryptoKey} key
   * @param {AbortSignal} [signal] undoes it, unless it is already being committed
   * @returns {Promise<void>} rejects with a GossamerError: ENOTSUP, ENOSPC, EIO
   */
  put(name, key, signal) {
    return this.#inTurn(async () => {
      await this.#run("readwrite", true, (keys) => keys.put(key, name), signal);
    });
  }

  /**
   * @param {string} name
   * @returns {Promise<unknown>} what is stored; rejects with a GossamerError:
   *   ENOENT, ENOTSUP, EIO
   */
  get(name) {
    return this.#inTurn(async () => {
      const key = await this.#run("readonly", false, (keys) => keys.get(name));
      if (key === undefined) throw this.#none(name);
      return key;
    });
  }

  /**
   * @param {string} name
   * @param {AbortSignal} [signal] as put()'s
   * @returns {Promise<void>} as get()
   */
  delete(name, signal) {
    return this.#inTurn(async () => {
      let count = 0;
      /** @param {IDBObjectStore} keys */
      const work = (keys) => {
        const counting = keys.count(name);
        counting.onsuccess = () => {
          count = counting.result;
        };
        return keys.delete(name);
      };
      await this.#run("readwrite", false, work, signal);
      if (count === 0) throw this.#none(name);
    });
  }

  /** Lets go of the database; what has a transaction is still done. */
  close() {
    this.#closed = true;
    this.#db?.close();
    this.#db = null;
  }

  /** @param {string} name */
  #none(name) {
    return new GossamerError("ENOENT", `no key is stored as "${name}"`);
  }

  /**
   * @template T
   * @param {() => Promise<T>} work
   * @returns {Promise<T>}
   */
  #inTurn(work) {
    const turn = this.#last.then(work).catch((error) => {
      throw failure(error);
    });
    this.#last = turn.catch(() => {});
    return turn;
  }

  /**
   * One transaction of one request.
   * @param {IDBTransactionMode} mode
   * @param {boolean} create makes the database when there is none
   * @param {(keys: IDBObjectStore) => IDBRequest} work
   * @param {AbortSignal} [signal]
   * @returns {Promise<unknown>} its result; undefined without a database
   */
  async #run(mode, create, work, signal) {
    checkWanted(signal);
    const tx = await this.#begin(mode, create);
    if (tx === null) return undefined;
    checkWanted(signal);
    return new Promise((resolve, reject) => {
      const request = work(tx.objectStore(STORE));
      signal?.addEventListener("abort", () => undo(tx));
      tx.oncomplete = () => resolve(request.result);
      tx.onabort = () => reject(failure(tx.error ?? request.error));
      // Closed by the browser, with no word on what is under way.
      tx.db.onclose = () => {
        this.#drop(tx.db);
        reject(failure(null));
      };
    });
  }

  /**
   * @param {IDBTransactionMode} mode
   * @param {boolean} create
   */
  async #begin(mode, create) {
    /** @type {IDBTransactionOptions} */
    const options = { durability: "strict" };
    if (this.#db !== null) {
      try {
        return this.#db.transaction([STORE], mode, options);
      } catch {
        // It is being closed under us: once more with a new connection.
        this.#drop(this.#db);
      }
    }
    const db = await this.#open(create);
    return db === null ? null : db.transaction([STORE], mode, options);
  }

  /** @param {IDBDatabase} db */
  #drop(db) {
    db.close();
    if (this.#db === db) this.#db = null;
  }

  /**
   * @param {boolean} create
   * @returns {Promise<IDBDatabase | null>} null: there is none
   */
  #open(create) {
    return new Promise((resolve, reject) => {
      if (this.#factory === null) {
        throw new GossamerError("ENOTSUP", "there is no IndexedDB here");
      }
      if (this.#closed) throw new GossamerError("EIO", ENDED);
      const request = this.#factory.open(this.#name, VERSION);
      let missing = false;
      request.onupgradeneeded = () => {
        missing = !create;
        if (create) request.result.createObjectStore(STORE);
        else request.transaction?.abort();
      };
      request.onerror = (event) => {
        event.preventDefault();
        if (missing) resolve(null);
        else reject(failure(request.error));
      };
      request.onsuccess = () => {
        const db = request.result;
        if (this.#closed) {
          db.close();
          reject(new GossamerError("EIO", ENDED));
          return;
        }
        db.onversionchange = () => this.#drop(db);
        db.onclose = () => this.#drop(db);
        this.#db = db;
        resolve(db);
      };
    });
  }
}
