/* What the parts of one volume share: the database, the cache, what is dirty,
 * and the limits. Files, the reader and the committer know the volume by it. */
import { PageCache } from "./cache.js";
import { Changes } from "./changes.js";
import { Committer } from "./commit.js";
import { Compactor } from "./compact.js";
import { PAGE_BYTES } from "./format.js";
import { Reader } from "./reader.js";
import { Records } from "./records.js";

/**
 * @typedef {import("../blocks.js").Budget} Budget
 * @typedef {import("../tree-nodes.js").TreeNode} TreeNode
 * @typedef {import("./cache.js").Frame} Frame
 * @typedef {import("./database.js").Database} Database
 * @typedef {import("./file.js").PagedFile} PagedFile
 *
 * @typedef {object} StoreOptions
 * @property {number} cacheBytes
 * @property {number} dirtyBytes
 * @property {number} idleMs
 * @property {Tuning} tuning
 *
 * When the volume cleans up behind itself.
 * @typedef {object} Tuning
 * @property {number} logRecords a checkpoint is made after so many commits
 * @property {number} logBytes or when their log records take so much, and more
 *   than the checkpoint before
 * @property {number} garbageBytes records are compacted when so much of them,
 *   and half of all, is the content of no file
 * @property {number} smallRecords or when there are more than so many small ones
 *
 * What the committer and the reader tell the volume.
 * @typedef {object} StoreEvents
 * @property {() => number} nextIno what the next node will have
 * @property {() => void} committed
 * @property {(errno: number, text: string) => void} trouble
 * @property {() => Promise<number>} missing a record that was read is not there
 */

/** How far is read ahead, in pages: 4 MiB, whole records. */
const WINDOW_PAGES = 1024;

/** They are read with the log, and written again into records. */
const LOGGED_BYTES = 2 ** 18;

export class Store {
  database;
  budget;
  options;
  events;
  cache;
  records = new Records();
  changes = new Changes();
  reader;
  committer;
  compactor;
  /** Every node that is stored or is going to be, by its ino. */
  /** @type {Map<number, TreeNode>} */
  nodes = new Map();
  /** Why the volume is of no use any more: 0 or a negative errno. */
  dead = 0;
  windowPages;
  /** How many pages the log may have the bytes of. */
  loggedPages;
  #limitBytes;
  #hurryBytes;

  /**
   * @param {Database} database
   * @param {Budget} budget
   * @param {StoreOptions} options
   * @param {StoreEvents} events
   */
  constructor(database, budget, options, events) {
    this.database = database;
    this.budget = budget;
    this.options = options;
    this.events = events;
    const { cacheBytes, dirtyBytes } = options;
    this.cache = new PageCache(cacheBytes);
    // What is dirty stays in the cache, and there must be room for the rest.
    this.#limitBytes = Math.min(dirtyBytes, cacheBytes / 2);
    this.#hurryBytes = this.#limitBytes / 2;
    const loggedBytes = Math.min(LOGGED_BYTES, this.#limitBytes / 8);
    this.loggedPages = Math.floor(loggedBytes / PAGE_BYTES);
    const pages = Math.floor(cacheBytes / PAGE_BYTES / 8);
    this.windowPages = Math.max(1, Math.min(WINDOW_PAGES, pages));
    this.reader = new Reader(this);
    this.committer = new Committer(this);
    this.compactor = new Compactor(this);
  }

  /** @returns {Changes} until now, which begin anew */
  takeChanges() {
    const { changes } = this;
    this.changes = new Changes();
    return changes;
  }

  /** Before an operation that writes: when much is dirty, it is stored. */
  relieve() {
    if (this.cache.dirtyBytes < this.#hurryBytes) return;
    this.committer.hurryNow();
  }

  /**
   * Whether another page can be made dirty.
   * @param {Frame | undefined} frame that it has
   * @returns {number | Promise<unknown>} 0; an errno; or when to ask again
   */
  refusesDirty(frame) {
    if (this.dead !== 0) return this.dead;
    const keptBytes = this.cache.keptBytes + PAGE_BYTES;
    if (keptBytes <= this.#hurryBytes) return 0;
    this.committer.hurry();
    // One that may not be let go is counted already.
    if (frame !== undefined && (frame.flight !== 0 || frame.logged)) return 0;
    return keptBytes <= this.#limitBytes ? 0 : this.committer.room();
  }

  /** A page of a file has become dirty. @param {PagedFile} file */
  wrote(file) {
    this.changes.written.add(file);
    this.changed(file);
  }

  /** A node is not as it was. @param {TreeNode} node */
  changed(node) {
    this.changes.nodes.add(node);
    this.committer.later();
  }
}
