/* Opening the database of a volume: made, upgraded step by step, waited for
 * while others have it open, given up. With database.js all that calls
 * IndexedDB. A request to open cannot be taken back: one that is given up goes
 * on, and changes nothing. */
import { ERRNO, messageOf } from "../../errors.js";

/** Commits, by sequence number. */
export const LOG = "log";
/** Pieces of files, by number. */
export const DATA = "data";
/** An empty store with this and a random number for its name: which one it is. */
const IDENTITY = "volume-";
/** How long a browser that says nothing is waited for. */
const SILENCE_MS = 10_000;

/** @param {string} name of a volume */
export const databaseName = (name) => `gossamer:${name}`;

/**
 * Takes a database from one version to the next; may use the transaction, in
 * which all steps run. What it throws undoes all of them.
 * @typedef {(db: IDBDatabase, transaction: IDBTransaction) => void} Step
 *
 * @typedef {(errno: number, text: string) => number} Fail
 *   told what is with the volume; answers the errno, negative
 *
 * @typedef {object} OpeningOptions
 * @property {boolean} create makes the database if there is none, and upgrades
 *   it; without, nobody is disturbed and nobody can be in the way
 * @property {boolean} wait while others are in the way
 * @property {readonly Step[]} steps by the version that they start from
 * @property {Fail} fail
 */

/** @param {IDBDatabase} db */
function createStores(db) {
  db.createObjectStore(LOG);
  db.createObjectStore(DATA);
  const number = crypto.getRandomValues(new Uint32Array(4));
  const digits = [...number].map((part) => part.toString(16).padStart(8, "0"));
  db.createObjectStore(IDENTITY + digits.join(""));
}

/** @type {readonly Step[]} */
export const STEPS = [createStores];

/**
 * What tells a database from others that had its name before or will have it.
 * @param {IDBDatabase} db
 */
export function identityOf(db) {
  const names = [...db.objectStoreNames];
  return names.find((name) => name.startsWith(IDENTITY)) ?? "";
}

/** The platform's IndexedDB; the mere look at it may be refused. */
export function platformFactory() {
  try {
    return globalThis.indexedDB ?? null;
  } catch {
    return null;
  }
}

/** @param {unknown} error @returns {string} */
export const nameOf = (error) => (error instanceof Error ? error.name : "");

/** @param {unknown} error why opening, deleting or listing failed */
function openingErrno(error) {
  switch (nameOf(error)) {
    case "VersionError":
    case "SecurityError":
    case "InvalidStateError":
    case "NotSupportedError":
      return ERRNO.ENOTSUP;
    case "QuotaExceededError":
      return ERRNO.ENOSPC;
    default:
      return ERRNO.EIO;
  }
}

const NO_FACTORY =
  "cannot be stored: there is no IndexedDB here; in Node mount node(directory) from gossamer/node";
const ABSENT = "does not exist";
const LATER = "was made by a later version of this page: reload";
const FOREIGN = "has the name of a database of something else";
const BLOCKED =
  "has to be upgraded, and is open elsewhere: close it there first";
const SILENT =
  "is not opened by the browser: other tabs that use it may be in the way";

/** One request to open. */
export class Opening {
  /** The database, or why there is none. @type {Promise<IDBDatabase | number>} */
  answer;
  /** Whether nothing will come of the request any more. */
  isOver = false;
  /** Whether others were in its way. */
  isBlocked = false;
  /** Why the browser has thrown away what was there before; "": it has not. */
  loss = "";
  #create;
  #steps;
  #fail;
  /** @type {(answer: IDBDatabase | number) => void} */
  #settle = () => {};
  #isWanted = true;
  /** Whether there was no database. */
  #isAbsent = false;
  /** @type {unknown} why an upgrade was undone */
  #cause = null;

  /**
   * @param {IDBFactory} factory
   * @param {string} name of the volume
   * @param {OpeningOptions} options
   * @throws {unknown} what the factory throws
   */
  constructor(factory, name, { create, wait, steps, fail }) {
    this.#create = create;
    this.#steps = steps;
    this.#fail = fail;
    const request = create
      ? factory.open(databaseName(name), steps.length)
      : factory.open(databaseName(name));
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    this.answer = new Promise((resolve) => {
      this.#settle = (answer) => {
        clearTimeout(timer);
        this.#isWanted = false;
        resolve(answer);
      };
    });
    /** @param {string} text */
    const block = (text) => {
      this.isBlocked = true;
      if (!wait && this.#isWanted) this.#settle(fail(ERRNO.EBUSY, text));
    };
    if (!wait) timer = setTimeout(block, SILENCE_MS, SILENT);
    request.onblocked = () => block(BLOCKED);
    request.onupgradeneeded = (event) => {
      // Chromium says so when it found the origin's storage damaged.
      const { dataLoss, dataLossMessage } = /** @type {any} */ (event);
      if (dataLoss === "total") this.loss = String(dataLossMessage);
      this.#upgrade(request, event.oldVersion);
    };
    request.onsuccess = () => {
      this.isOver = true;
      if (this.#isWanted) this.#settle(this.#checked(request.result));
      else request.result.close();
    };
    request.onerror = (event) => {
      this.isOver = true;
      // Else a browser may take it for an error that nobody handles.
      event.preventDefault();
      if (this.#isWanted) this.#settle(this.#failed(request.error));
    };
  }

  /** It is not wanted any more: -ECANCELED, unless it was answered before. */
  giveUp() {
    if (this.#isWanted) this.#settle(-ERRNO.ECANCELED);
  }

  /**
   * @param {IDBOpenDBRequest} request
   * @param {number} version of what is there, 0: nothing
   */
  #upgrade(request, version) {
    const tx = /** @type {IDBTransaction} */ (request.transaction);
    tx.onabort = () => {
      this.#cause ??= tx.error;
    };
    this.#isAbsent = !this.#create;
    if (this.#isAbsent || !this.#isWanted) {
      tx.abort();
      return;
    }
    try {
      for (const step of this.#steps.slice(version)) step(request.result, tx);
    } catch (error) {
      // It is ours: the page's onerror is not told.
      this.#cause = error;
      tx.abort();
    }
  }

  /**
   * @param {IDBDatabase} db
   * @returns {IDBDatabase | number} -ENOTSUP: of another format; -EIO
   */
  #checked(db) {
    const { version } = db;
    const wanted = this.#steps.length;
    const names = [...db.objectStoreNames];
    const whole = [LOG, DATA].every((name) => names.includes(name));
    if (whole && version === wanted) return db;
    db.close();
    if (!whole) return this.#fail(ERRNO.EIO, FOREIGN);
    if (version > wanted) return this.#fail(ERRNO.ENOTSUP, LATER);
    const text = `has the older format ${version}: open it once to be written`;
    return this.#fail(ERRNO.ENOTSUP, text);
  }

  /** @param {unknown} error of the request */
  #failed(error) {
    if (this.#isAbsent) return this.#fail(ERRNO.ENOENT, ABSENT);
    return failed(this.#fail, this.#cause ?? error);
  }
}

/**
 * @param {Fail} fail
 * @param {unknown} error why a database was not opened
 */
function failed(fail, error) {
  const errno = openingErrno(error);
  if (nameOf(error) === "VersionError") return fail(errno, LATER);
  const what =
    errno === ERRNO.ENOTSUP
      ? "cannot be stored here, as in a private window or a sandboxed frame"
      : "cannot be opened";
  return fail(errno, `${what}: ${messageOf(error)}`);
}

/** Opens the database of one volume, one request after the other. */
export class Opener {
  #factory;
  #name;
  #steps;
  #fail;
  /** @type {Opening | null} */
  #last = null;

  /** As of the last opening. */
  get loss() {
    return this.#last?.loss ?? "";
  }

  /**
   * @param {IDBFactory | null} factory
   * @param {string} name of the volume
   * @param {readonly Step[]} steps
   * @param {Fail} fail
   */
  constructor(factory, name, steps, fail) {
    this.#factory = factory;
    this.#name = name;
    this.#steps = steps;
    this.#fail = fail;
  }

  /**
   * @param {boolean} create
   * @param {boolean} wait
   * @returns {Promise<IDBDatabase | number>} -ENOENT, -EBUSY, -ENOSPC, -ENOTSUP,
   *   -ECANCELED, -EIO
   */
  async open(create, wait) {
    const factory = this.#factory;
    const last = this.#last;
    if (factory === null) return this.#fail(ERRNO.ENOTSUP, NO_FACTORY);
    // The next one comes after it, and would not be told what is in the way.
    const blocked = last !== null && last.isBlocked && !last.isOver;
    if (blocked && !wait) return this.#fail(ERRNO.EBUSY, BLOCKED);
    try {
      const [steps, fail] = [this.#steps, this.#fail];
      const options = { create, wait, steps, fail };
      const opening = new Opening(factory, this.#name, options);
      this.#last = opening;
      return await opening.answer;
    } catch (error) {
      return failed(this.#fail, error);
    }
  }

  giveUp() {
    this.#last?.giveUp();
  }
}

/**
 * @param {IDBFactory} factory
 * @returns {Promise<string[] | number>} the names of all volumes, sorted;
 *   -ENOTSUP: the browser does not tell, -EIO
 */
export async function databaseVolumes(factory) {
  if (factory.databases === undefined) return -ERRNO.ENOTSUP;
  try {
    const prefix = databaseName("");
    return (await factory.databases())
      .map(({ name = "" }) => name)
      .filter((name) => name.startsWith(prefix))
      .map((name) => name.slice(prefix.length))
      .sort();
  } catch (error) {
    return -openingErrno(error);
  }
}

/**
 * Deletes the database of a volume, when all others have closed it.
 * @param {IDBFactory} factory
 * @param {string} name
 * @returns {Promise<number>} 0; -ENOENT: there was none; -ENOTSUP, -EIO
 */
export function deleteDatabase(factory, name) {
  return new Promise((resolve) => {
    try {
      const request = factory.deleteDatabase(databaseName(name));
      request.onsuccess = (event) => {
        const { oldVersion } = /** @type {IDBVersionChangeEvent} */ (event);
        resolve(oldVersion === 0 ? -ERRNO.ENOENT : 0);
      };
      request.onerror = (event) => {
        event.preventDefault();
        resolve(-openingErrno(request.error));
      };
    } catch (error) {
      resolve(-openingErrno(error));
    }
  });
}
