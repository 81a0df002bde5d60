/* Keys in IndexedDB, as the host's own objects: what is not extractable stays
 * so. The database "gossamer-keys:STORE" has one store, "keys", from names to
 * keys. One call after the other; the connection is kept until others want the
 * database, and made when it is needed. */
import { GossamerError, messageOf } from "../errors.js";

const STORE = "keys";
const VERSION = 1;

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
   * @returns {Promise<void>} rejects with a GossamerError: ENOTSUP, ENOSPC, EIO
   */
  put(name, key) {
    return this.#inTurn(async () => {
      await this.#run("readwrite", true, (keys) => keys.put(key, name));
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
   * @returns {Promise<void>} as get()
   */
  delete(name) {
    return this.#inTurn(async () => {
      let count = 0;
      await this.#run("readwrite", false, (keys) => {
        const counting = keys.count(name);
        counting.onsuccess = () => {
          count = counting.result;
        };
        return keys.delete(name);
      });
      if (count === 0) throw this.#none(name);
    });
  }

  /** Lets go of the database; what is under way is still done. */
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
   * @returns {Promise<unknown>} its result; undefined without a database
   */
  async #run(mode, create, work) {
    const tx = await this.#begin(mode, create);
    if (tx === null) return undefined;
    return new Promise((resolve, reject) => {
      const request = work(tx.objectStore(STORE));
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
      if (this.#closed) throw new GossamerError("EIO", "the program has ended");
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
        db.onversionchange = () => this.#drop(db);
        db.onclose = () => this.#drop(db);
        if (!this.#closed) this.#db = db;
        resolve(db);
      };
    });
  }
}
