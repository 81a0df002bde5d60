/* The connection to a volume's database: with opening.js all that calls
 * IndexedDB. Everything answers a number: nothing throws, nothing rejects. A
 * connection that was closed under us is opened again, but that never makes the
 * database anew, nor takes another one of its name for ours. */
import { ERRNO, messageOf } from "../../errors.js";
import {
  DATA,
  LOG,
  Opener,
  STEPS,
  identityOf,
  nameOf,
  platformFactory,
} from "./opening.js";

export {
  databaseName,
  databaseVolumes,
  deleteDatabase,
  platformFactory,
} from "./opening.js";

/** Before it is tried again to connect: storage that is cleared refuses a while. */
const PAUSES_MS = [50, 200, 500];
/** How long somebody who wants the database closed is kept waiting, at most. */
const FOREIGN_WAIT_MS = 2000;

/**
 * @typedef {import("./opening.js").Step} Step
 *
 * @typedef {object} DatabaseOptions
 * @property {IDBFactory | null} [factory] null: there is none
 * @property {(text: string) => void} [onLost] the database is not there any
 *   more, or is not ours: all calls answer -ESTALE from now on
 * @property {() => Promise<unknown>} [onForeign] somebody wants to delete or
 *   upgrade the database: it is closed when this is settled, but soon
 * @property {readonly Step[]} [steps] by the version that they start from
 *
 * @typedef {object} LogRecords
 * @property {number} first the first sequence number there is, 0: none
 * @property {number[]} keys sequence numbers, ascending
 * @property {(Uint8Array | Blob)[]} values of the keys
 */

/** @param {unknown} error why a transaction was aborted */
function transactionErrno(error) {
  switch (nameOf(error)) {
    case "QuotaExceededError":
      return ERRNO.ENOSPC;
    case "ConstraintError":
      return ERRNO.ESTALE;
    case "DataCloneError":
      return ERRNO.ENOTSUP;
    default:
      return ERRNO.EIO;
  }
}

/** @type {IDBTransactionOptions} */
const RELAXED = { durability: "relaxed" };
const LOST_IN_USE = "lost its database while it was used";

/** What a transaction's errors are to people. @type {Record<number, string>} */
const FAILURES = {
  [ERRNO.ENOSPC]: "does not fit into the storage that the browser grants",
  [ERRNO.ESTALE]: "was written by somebody else meanwhile: open it again",
  [ERRNO.ENOTSUP]: "has a value that this browser cannot store",
  [ERRNO.EIO]: "could not be read or written by the browser",
};

export class Database {
  /** Text on the last failure, for people. */
  trouble = "";
  #name;
  #onLost;
  #onForeign;
  #opener;
  /** @type {"closed" | "open" | "lost"} */
  #state = "closed";
  /** @type {IDBDatabase | null} null while it is open: to be opened again */
  #db = null;
  /** The store that tells this database from others of its name. */
  #identity = "";
  /** @type {Promise<IDBDatabase | number> | null} */
  #reconnecting = null;
  /** Whether commit() is safe, see #probe(). */
  #mayCommit = false;
  /** Counts what makes an open() under way void. */
  #turn = 0;
  /** @type {Map<() => void, IDBDatabase>} ends of what is under way */
  #underWay = new Map();

  /**
   * @param {string} name of the volume
   * @param {DatabaseOptions} [options]
   */
  constructor(name, options = {}) {
    const { factory = platformFactory(), steps = STEPS } = options;
    this.#name = name;
    this.#opener = new Opener(factory, name, steps, (errno, text) =>
      this.#fail(errno, text),
    );
    this.#onLost = options.onLost;
    this.#onForeign = options.onForeign;
  }

  /** Whether open() has succeeded, and neither close() nor a loss came after. */
  get isOpen() {
    return this.#state === "open";
  }

  /**
   * @param {object} [how]
   * @param {boolean} [how.create] makes the database when there is none, and
   *   upgrades an older one; without, it is ENOENT and ENOTSUP, and nothing is
   *   left behind and nobody disturbed
   * @param {boolean} [how.wait] until others let an upgrade happen
   * @returns {Promise<number>} 0, -ENOENT, -EBUSY, -ENOSPC, -EIO; -ENOTSUP: no
   *   IndexedDB, or it is refused, or a later format; -ECANCELED: close() came
   */
  async open({ create = false, wait = false } = {}) {
    if (this.#state === "open") return 0;
    this.#state = "closed";
    this.#identity = "";
    const turn = ++this.#turn;
    const db = await this.#opener.open(create, wait);
    if (turn !== this.#turn) {
      if (typeof db !== "number") db.close();
      return this.#failCanceled();
    }
    if (typeof db === "number") return db;
    this.#identity = identityOf(db);
    this.#state = "open";
    this.#take(db);
    if (create) await this.#probe(db);
    return turn === this.#turn ? 0 : this.#failCanceled();
  }

  #failCanceled() {
    return this.#fail(ERRNO.ECANCELED, "was closed while it was opened");
  }

  /**
   * Why the browser has thrown away all that the database held, and open() has
   * made it anew; "": it has not.
   */
  get loss() {
    return this.#opener.loss;
  }

  /** Lets go of the database; what is under way is still done. */
  close() {
    this.#turn++;
    this.#state = "closed";
    this.#opener.giveUp();
    this.#db?.close();
    this.#db = null;
  }

  /**
   * One transaction over both stores, begun when this returns if there is a
   * connection, and committed without another turn where the browser does that
   * right (not in Firefox): then it survives that the page is left, unless it
   * has Blobs that are not stored yet.
   * @param {"strict" | "relaxed"} durability strict: 0 means it is on the disk
   * @param {(log: IDBObjectStore, data: IDBObjectStore) => void} work makes all
   *   its requests before it returns; called at most once
   * @returns {Promise<number>} 0; -ENOSPC; -ESTALE: a key that was added is
   *   there, or the database is gone; -ENOTSUP: a value that cannot be stored;
   *   -EIO: failed, or nobody knows (lastLogKey() does)
   */
  async write(durability, work) {
    const options = { durability };
    const answer = await this.#write(options, work);
    // After one that found no room the next may only delete in Firefox, and is
    // refused by the old sum in Chromium, even if it deletes more than it puts.
    // An empty one is that next one.
    if (answer === -ERRNO.ENOSPC) await this.#write(options, () => {});
    return answer;
  }

  /**
   * Adds a record to the log, and does nothing else. It survives that the page
   * is left in every browser.
   * @param {"strict" | "relaxed"} durability
   * @param {number} key
   * @param {Uint8Array} value
   * @returns {Promise<number>} as write()
   */
  async append(durability, key, value) {
    const options = { durability };
    const answer = await this.#run([LOG], "readwrite", options, (tx, done) => {
      tx.oncomplete = done;
      tx.objectStore(LOG).add(value, key);
      // Of one request commit() is right everywhere.
      tx.commit();
    });
    if (answer === -ERRNO.ENOSPC) await this.#write(options, () => {});
    return answer;
  }

  /**
   * @param {IDBTransactionOptions} options
   * @param {(log: IDBObjectStore, data: IDBObjectStore) => void} work
   * @returns {Promise<number>}
   */
  #write(options, work) {
    return this.#run([LOG, DATA], "readwrite", options, (tx, done) => {
      tx.oncomplete = done;
      work(tx.objectStore(LOG), tx.objectStore(DATA));
      if (this.#mayCommit) tx.commit();
    });
  }

  /**
   * @param {number} from the least sequence number that is wanted
   * @returns {Promise<LogRecords | number>} all from it on, as of one moment;
   *   -EIO, -ESTALE
   */
  async readLog(from) {
    /** @type {LogRecords} */
    const records = { first: 0, keys: [], values: [] };
    const errno = await this.#read(LOG, (log, done) => {
      const listing = log.getAllKeys();
      // From the beginning on it is one request less.
      const all = from <= 1 ? log.getAll() : null;
      listing.onsuccess = () => {
        const keys = /** @type {number[]} */ (listing.result);
        records.first = keys[0] ?? 0;
        records.keys = keys.filter((key) => key >= from);
        if (all !== null) return;
        const gets = records.keys.map((key) => log.get(key));
        const last = gets.at(-1);
        if (last === undefined) {
          done();
          return;
        }
        last.onsuccess = () => {
          records.values = gets.map((get) => get.result);
          done();
        };
      };
      if (all === null) return;
      all.onsuccess = () => {
        records.values = all.result;
        done();
      };
    });
    return errno < 0 ? errno : records;
  }

  /**
   * @returns {Promise<number>} the greatest sequence number, 0: none; -EIO,
   *   -ESTALE
   */
  async lastLogKey() {
    let last = 0;
    const errno = await this.#read(LOG, (log, done) => {
      const request = log.openKeyCursor(null, "prev");
      request.onsuccess = () => {
        last = /** @type {number} */ (request.result?.key ?? 0);
        done();
      };
    });
    return errno < 0 ? errno : last;
  }

  /**
   * @param {number} id
   * @returns {Promise<Uint8Array<ArrayBuffer> | Blob | number>} -ENOENT, -EIO, -ESTALE
   */
  async readData(id) {
    /** @type {Uint8Array<ArrayBuffer> | Blob | undefined} */
    let value;
    const errno = await this.#read(DATA, (data, done) => {
      const request = data.get(id);
      request.onsuccess = () => {
        value = request.result;
        done();
      };
    });
    return errno < 0 ? errno : (value ?? -ERRNO.ENOENT);
  }

  /**
   * @returns {Promise<number[] | number>} of all records, ascending; -EIO,
   *   -ESTALE
   */
  async dataKeys() {
    /** @type {number[]} */
    let keys = [];
    const errno = await this.#read(DATA, (data, done) => {
      const request = data.getAllKeys();
      request.onsuccess = () => {
        keys = /** @type {number[]} */ (request.result);
        done();
      };
    });
    return errno < 0 ? errno : keys;
  }

  /** @param {number} errno @param {string} text what is with the volume */
  #fail(errno, text) {
    this.trouble = `the volume "${this.#name}" ${text}`;
    return -errno;
  }

  /** @param {IDBDatabase} db open, and ours from now on */
  #take(db) {
    this.#db = db;
    db.onversionchange = () => {
      this.#yieldTo(db);
    };
    db.onclose = () => {
      const ours = this.#db === db;
      this.#drop(db);
      // To know at once if it is gone.
      if (ours) this.#connect();
    };
  }

  /**
   * Somebody deletes or upgrades the database, and waits for us to close it.
   * @param {IDBDatabase} db
   */
  async #yieldTo(db) {
    if (db === this.#db && this.#onForeign !== undefined) {
      /** @type {ReturnType<typeof setTimeout> | undefined} */
      let timer;
      const late = new Promise((resolve) => {
        timer = setTimeout(resolve, FOREIGN_WAIT_MS);
      });
      try {
        await Promise.race([this.#onForeign(), late]);
      } catch {
        // The owner knows; the database is closed all the same.
      }
      clearTimeout(timer);
    }
    db.close();
    if (this.#db !== db) return;
    this.#db = null;
    this.#connect();
  }

  /**
   * The connection is closed, not by us: nobody tells any more what becomes of
   * its transactions.
   * @param {IDBDatabase} db
   */
  #drop(db) {
    db.close();
    if (this.#db === db) this.#db = null;
    for (const [end, theirs] of this.#underWay) if (theirs === db) end();
  }

  /** @returns {Promise<IDBDatabase | number>} the connection; -EIO, -ESTALE */
  async #connect() {
    if (this.#state === "lost") return -ERRNO.ESTALE;
    if (this.#state === "closed") return this.#fail(ERRNO.EIO, "is not open");
    if (this.#db !== null) return this.#db;
    const reconnecting = this.#reconnecting ?? this.#reconnect();
    this.#reconnecting = reconnecting;
    const db = await reconnecting;
    if (this.#reconnecting === reconnecting) this.#reconnecting = null;
    return db;
  }

  /** @returns {Promise<IDBDatabase | number>} */
  async #reconnect() {
    const turn = this.#turn;
    let db = await this.#opener.open(false, true);
    for (const pauseMs of PAUSES_MS) {
      if (turn !== this.#turn || db !== -ERRNO.EIO) break;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      if (turn === this.#turn) db = await this.#opener.open(false, true);
    }
    if (turn !== this.#turn) {
      if (typeof db !== "number") db.close();
      return this.#fail(ERRNO.EIO, "is not open");
    }
    if (db === -ERRNO.ENOENT) {
      return this.#lose("was deleted, or the browser cleared its storage");
    }
    // Upgraded, or refused: the text is there already.
    if (db === -ERRNO.ENOTSUP) return this.#lose();
    if (typeof db === "number") return db;
    if (identityOf(db) !== this.#identity) {
      db.close();
      return this.#lose("was deleted, and another has its name: open it again");
    }
    this.#take(db);
    return db;
  }

  /** @param {string} [text] */
  #lose(text) {
    this.#state = "lost";
    if (text !== undefined) this.#fail(ERRNO.ESTALE, text);
    const { trouble } = this;
    queueMicrotask(() => this.#onLost?.(trouble));
    return -ERRNO.ESTALE;
  }

  /**
   * Finds out whether the browser undoes a transaction for which commit() was
   * called when a request of it fails. Firefox looks only at the last request.
   * @param {IDBDatabase} db
   */
  async #probe(db) {
    const store = this.#identity;
    const stores = [store];
    if (store === "" || this.#mayCommit) return;
    const { trouble } = this;
    let failed = false;
    const errno = await this.#run(stores, "readwrite", RELAXED, (tx, done) => {
      tx.oncomplete = done;
      const scratch = tx.objectStore(store);
      scratch.put(0, 0);
      const again = scratch.add(0, 0);
      again.onerror = () => {
        failed = nameOf(again.error) === "ConstraintError";
      };
      scratch.get(0);
      tx.commit();
    });
    this.trouble = trouble;
    this.#mayCommit = failed && errno < 0;
    if (errno < 0 || this.#db !== db) return;
    await this.#run(stores, "readwrite", RELAXED, (tx, done) => {
      tx.oncomplete = done;
      tx.objectStore(store).clear();
    });
  }

  /**
   * @param {string} store
   * @param {(store: IDBObjectStore, done: () => void) => void} work calls
   *   `done` when it has all results
   * @returns {Promise<number>} 0, -EIO, -ESTALE
   */
  async #read(store, work) {
    for (let again = true; ; again = false) {
      const db = this.#db;
      const errno = await this.#run([store], "readonly", {}, (tx, done) => {
        work(tx.objectStore(store), done);
      });
      // What was read can be read again where the connection was lost.
      if (errno === 0 || this.#db === db || !again) return errno;
    }
  }

  /**
   * Runs a transaction: at once where there is a connection, for a page that is
   * left gives no later turn.
   * @param {string[]} stores
   * @param {IDBTransactionMode} mode
   * @param {IDBTransactionOptions} options
   * @param {(tx: IDBTransaction, done: () => void) => void} work
   * @returns {Promise<number>}
   */
  #run(stores, mode, options, work) {
    const tx = this.#begin(stores, mode, options);
    if (tx === null) return this.#runLater(stores, mode, options, work);
    if (typeof tx === "number") return Promise.resolve(tx);
    return this.#settled(tx, (done) => work(tx, done));
  }

  /**
   * @param {string[]} stores
   * @param {IDBTransactionMode} mode
   * @param {IDBTransactionOptions} options
   * @param {(tx: IDBTransaction, done: () => void) => void} work
   * @returns {Promise<number>}
   */
  async #runLater(stores, mode, options, work) {
    const db = await this.#connect();
    if (typeof db === "number") return db;
    const tx = this.#begin(stores, mode, options);
    if (tx === null) return this.#fail(ERRNO.EIO, LOST_IN_USE);
    if (typeof tx === "number") return tx;
    return this.#settled(tx, (done) => work(tx, done));
  }

  /**
   * @param {string[]} stores
   * @param {IDBTransactionMode} mode
   * @param {IDBTransactionOptions} options
   * @returns {IDBTransaction | number | null} null: there is no connection
   */
  #begin(stores, mode, options) {
    const db = this.#db;
    if (db === null) return null;
    try {
      return db.transaction(stores, mode, options);
    } catch (error) {
      if (nameOf(error) !== "InvalidStateError") {
        return this.#failTransaction(error);
      }
      // It is being closed under us, and no event has said so yet.
      this.#drop(db);
      return null;
    }
  }

  /**
   * Makes the requests of a transaction.
   * @param {IDBTransaction} tx
   * @param {(done: () => void) => void} work
   * @returns {Promise<number>} 0 when `done` is called, or why it was not
   */
  #settled(tx, work) {
    return new Promise((resolve) => {
      /** @type {unknown} */
      let cause = null;
      /** @param {number} errno */
      const settle = (errno) => {
        this.#underWay.delete(lost);
        resolve(errno);
      };
      const lost = () => {
        settle(this.#fail(ERRNO.EIO, LOST_IN_USE));
      };
      let hasThrown = false;
      try {
        // First of all: the browser is at it while the rest is done here.
        work(() => settle(0));
      } catch (error) {
        hasThrown = true;
        cause = error;
      }
      this.#underWay.set(lost, tx.db);
      tx.onerror = ({ target }) => {
        cause ??= /** @type {IDBRequest} */ (target).error;
      };
      tx.onabort = () => {
        // Firefox: a request failed when commit() had been called.
        const isVague = nameOf(tx.error) === "AbortError";
        const error = isVague ? (cause ?? tx.error) : (tx.error ?? cause);
        settle(this.#failTransaction(error));
      };
      if (!hasThrown) return;
      try {
        tx.abort();
      } catch {
        // It has ended already; no event may come any more.
        tx.onabort = null;
        settle(this.#failTransaction(cause));
      }
    });
  }

  /** @param {unknown} error why a transaction failed */
  #failTransaction(error) {
    const errno = transactionErrno(error);
    const why = error instanceof Error ? `: ${messageOf(error)}` : "";
    return this.#fail(errno, FAILURES[errno] + why);
  }
}
