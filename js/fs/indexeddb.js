/* The volume in the browser's IndexedDB: files that last. All names and nodes
 * are in memory (tree.js); the bytes of files come and go page by page. What was
 * changed is committed as a whole, so that what is stored is always the state
 * after some operation, at least after the last sync() that answered 0. The
 * parts are in indexeddb/. */
import { ERRNO, GossamerError, errnoName } from "../errors.js";
import { Budget } from "./blocks.js";
import { checkStored } from "./indexeddb/check.js";
import { Database } from "./indexeddb/database.js";
import { Fence } from "./indexeddb/fence.js";
import { PagedFile } from "./indexeddb/file.js";
import { commitBeforeLeaving } from "./indexeddb/leaving.js";
import { WriterLock } from "./indexeddb/lock.js";
import { NO_LOG, Replayer, checkLog, logBytes } from "./indexeddb/mount.js";
import { settingsOf } from "./indexeddb/options.js";
import { Store } from "./indexeddb/store.js";
import { TreeVolume, nodeCost } from "./tree.js";
import { TYPE } from "./volume.js";

export { deleteVolume, listVolumes } from "./indexeddb/volumes.js";

/**
 * @typedef {import("./indexeddb/check.js").CheckReport} CheckReport
 * @typedef {import("./indexeddb/options.js").IndexedDBOptions} IndexedDBOptions
 * @typedef {import("./tree-nodes.js").TreeNode} TreeNode
 * @typedef {import("./volume.js").Estimate} Estimate
 *
 * @typedef {object} Usage
 * @property {number} usedBytes what files and names take, in whole pages
 * @property {number} limitBytes Infinity: only the browser's
 * @property {number} nodes files, directories and links that there are
 * @property {number} cachedBytes of pages in memory
 * @property {number} dirtyBytes of those not committed yet
 * @property {number} storedBytes in the database, without metadata
 * @property {number} garbageBytes of those, what is no file's content any more
 * @property {number} commits that were made since open()
 */

/** How long a page that is left may still have the lock. */
const RELOAD_MS = 500;

/** A volume in IndexedDB. */
export class IndexedDBVolume extends TreeVolume {
  name;
  #trouble = "";
  #settings;
  #database;
  #lock;
  #store;
  #replayer;
  #isOpen = false;
  #isClosed = false;
  /** @type {Promise<number> | null} */
  #opening = null;
  /** @type {Promise<number> | null} */
  #closing = null;
  /** @type {Promise<number> | null} */
  #refreshing = null;
  /** Gives up waiting for the lock. */
  #waiting = new AbortController();
  /** Tells other tabs, or this one, of commits. */
  /** @type {BroadcastChannel | null} */
  #channel = null;
  /** @type {ReturnType<typeof setTimeout> | null} */
  #announcing = null;
  #stopWatching = () => {};

  /**
   * @param {string} name
   * @param {IndexedDBOptions} [options]
   */
  constructor(name, options = {}) {
    const settings = settingsOf(name, options);
    const { factory, locks } = settings;
    super(new Budget(settings.limitBytes));
    this.name = name;
    this.#settings = settings;
    this.#database = new Database(name, {
      factory,
      onLost: (text) => this.#lost(text),
      onForeign: () => Promise.resolve(this.commit({ strict: true })),
    });
    this.#lock = new WriterLock(name, locks, {
      scope: factory ?? undefined,
      onLost: () => this.#lost(`the volume "${name}" lost its lock`),
      onAway: () => this.#store.committer.pause(),
      onBack: () => void this.#comeBack(),
    });
    this.#store = new Store(this.#database, this.budget, settings, {
      nextIno: () => this.lastIno + 1,
      committed: () => this.#announce(),
      trouble: (errno, text) => this.#tell(errno, text),
      missing: () => (this.readOnly ? this.refresh() : Promise.resolve(0)),
    });
    this.#replayer = new Replayer(this.#store, this.root);
  }

  /** @override */
  get trouble() {
    return this.#trouble;
  }

  /* ---- open and closed ---- */

  /** @override */
  get readOnly() {
    return this.#settings.readOnly;
  }

  /** @override */
  get refusal() {
    if (this.readOnly) return -ERRNO.EROFS;
    return this.#isClosed ? -ERRNO.ESTALE : this.#store.dead;
  }

  /**
   * Reads the names and nodes of the volume; makes one where there is none,
   * unless it is readOnly. May be called again.
   * @returns {number | Promise<number>} EBUSY: another tab writes it; ENOENT:
   *   there is none to be read; ENOTSUP: no IndexedDB here, or a later format;
   *   EIO: it is damaged, or the browser cannot read it; ENOSPC; ESTALE: closed
   * @override
   */
  open() {
    if (this.#store.dead !== 0) return this.#store.dead;
    if (this.#isClosed) return this.#fail(ERRNO.ESTALE, "was closed");
    if (this.#isOpen) return 0;
    this.#opening ??= this.#open().then((answer) => {
      this.#opening = null;
      if (answer < 0) {
        this.#database.close();
        this.#lock.release();
      }
      return answer;
    });
    return this.#opening;
  }

  async #open() {
    const wait = this.#settings.whenLocked === "wait";
    if (!this.readOnly) {
      const locked = await this.#acquire(wait);
      if (locked === -ERRNO.EBUSY) {
        return this.#fail(ERRNO.EBUSY, "is open in another tab");
      }
      if (locked < 0) return this.#fail(-locked, "cannot be locked");
    }
    const opened = await this.#database.open({ create: !this.readOnly, wait });
    if (opened < 0) return this.#fromDatabase(opened);
    if (!this.readOnly && this.#settings.locks === null) {
      const fence = new Fence();
      const raised = await fence.raise(this.#database);
      if (raised < 0) return this.#fromDatabase(raised);
      this.#store.committer.guard(fence);
    }
    const read = await this.#mount();
    if (read < 0) return read;
    if (this.#isClosed) return this.#fail(ERRNO.ESTALE, "was closed");
    this.#isOpen = true;
    this.#listen();
    const { loss } = this.#database;
    if (loss !== "") {
      const text = `the volume "${this.name}" was thrown away by the browser`;
      this.#tell(-ERRNO.EIO, `${text}, and is empty now: ${loss}`);
    }
    // Where the user is asked, nobody waits for the answer.
    if (this.#settings.persist) void this.persist();
    return 0;
  }

  /**
   * Takes the writer's lock. A page that is reloaded has it for a moment after
   * its successor has begun: that is waited for in any case.
   * @param {boolean} wait
   * @returns {Promise<number>}
   */
  async #acquire(wait) {
    const { signal } = this.#waiting;
    if (wait) return this.#lock.acquire({ wait, signal });
    const locked = await this.#lock.acquire({});
    if (locked !== -ERRNO.EBUSY || this.#settings.locks === null) return locked;
    const patience = new AbortController();
    const end = () => patience.abort();
    const timer = setTimeout(end, RELOAD_MS);
    signal.addEventListener("abort", end);
    const late = await this.#lock.acquire({
      wait: true,
      signal: patience.signal,
    });
    clearTimeout(timer);
    signal.removeEventListener("abort", end);
    return late === -ERRNO.ECANCELED && !signal.aborted ? locked : late;
  }

  /** Reads the whole log. @returns {Promise<number>} */
  async #mount() {
    const log = await this.#database.readLog(0);
    if (typeof log === "number") return this.#fromDatabase(log);
    if (log.keys.length === 0) {
      return this.readOnly
        ? this.#fail(ERRNO.ENOENT, "was never committed")
        : this.#create();
    }
    const orphans = await this.#apply(log, true);
    if (typeof orphans === "number") return orphans;
    if (!this.readOnly) for (const node of orphans) this.#free(node);
    return 0;
  }

  /** The first commit, of an empty root. */
  async #create() {
    const { committer } = this.#store;
    const [id = 0n] = crypto.getRandomValues(new BigUint64Array(1));
    committer.goOn({ ...NO_LOG, volume: id });
    this.#store.changed(this.root);
    return committer.request(true);
  }

  /**
   * Takes over what records say.
   * @param {import("./indexeddb/database.js").LogRecords} log
   * @param {boolean} isWhole whether they begin with a checkpoint
   * @returns {Promise<TreeNode[] | number>} nodes without a name, or an errno
   */
  async #apply(log, isWhole) {
    const records = await logBytes(log.values);
    if (records === null) return this.#fail(ERRNO.EIO, "cannot be read");
    const { committer } = this.#store;
    const before = isWhole ? null : committer.end;
    const state = checkLog(log.keys, records, before);
    let { problem } = state;
    for (const [index, bytes] of records.entries()) {
      if (index === state.count) break;
      const error = this.#replayer.apply(bytes, isWhole && index === 0);
      if (error !== "") problem = `record ${log.keys[index]}: ${error}`;
    }
    const { problem: contradiction, nodes, orphans } = this.#replayer.finish();
    problem ||= contradiction;
    if (problem !== "") {
      const answer = this.#fail(ERRNO.EIO, `is damaged: ${problem}`);
      if (!this.#settings.salvage || state.count === 0) return answer;
    }
    this.nodeCount = nodes;
    this.lastIno = state.lastIno;
    this.#store.records.next = state.nextRecord;
    committer.goOn(state.end);
    return orphans;
  }

  /** A node that was open when its last name went. @param {TreeNode} node */
  #free(node) {
    node.freed = true;
    this.budget.give(nodeCost(node));
    this.freed(node);
  }

  /** What the page tells: others' commits, and that it is hidden or left. */
  #listen() {
    if (typeof BroadcastChannel === "function") {
      const channel = new BroadcastChannel(`gossamer:volume:${this.name}`);
      // In Node it would keep the process from ending.
      /** @type {any} */ (channel).unref?.();
      if (this.readOnly) channel.onmessage = () => void this.refresh();
      this.#channel = channel;
    }
    if (this.readOnly) return;
    this.#stopWatching = commitBeforeLeaving(this.#store.committer);
  }

  /**
   * Commits what was changed, then lets go of the lock and the database. The
   * volume cannot be used or opened again: make another one. When the commit
   * fails it stays open, with all that was changed: there may be room later.
   * @param {object} [how]
   * @param {boolean} [how.discard] closes it in any case; what cannot be
   *   committed is lost
   * @returns {Promise<number>} 0, or why what was changed could not be committed
   */
  close({ discard = false } = {}) {
    this.#closing ??= this.#close(discard).finally(() => {
      if (!this.#isClosed) this.#closing = null;
    });
    return this.#closing;
  }

  /** @param {boolean} discard */
  async #close(discard) {
    // Nothing is changed while the last commit is on its way.
    this.#isClosed = true;
    this.#waiting.abort();
    await this.#opening;
    const answer = this.#isOpen ? await this.commit({ strict: true }) : 0;
    if (answer < 0 && this.#store.dead === 0 && !discard) {
      this.#isClosed = false;
      return answer;
    }
    this.#isOpen = false;
    this.#store.committer.stop();
    this.#store.dead ||= -ERRNO.ESTALE;
    this.#stopWatching();
    this.#stopAnnouncing();
    this.#database.close();
    await this.#lock.release();
    return answer;
  }

  /**
   * Tells other tabs of a commit: after those who wait for it have gone on, but
   * before the page is gone.
   */
  #announce() {
    if (this.#channel === null) return;
    if (this.#store.committer.isLeaving) {
      this.#channel.postMessage(null);
      return;
    }
    this.#announcing ??= setTimeout(() => {
      this.#announcing = null;
      this.#channel?.postMessage(null);
    });
  }

  #stopAnnouncing() {
    const channel = this.#channel;
    this.#channel = null;
    if (this.#announcing !== null) {
      clearTimeout(this.#announcing);
      channel?.postMessage(null);
    }
    channel?.close();
  }

  /** The page was frozen, and anybody could write. */
  async #comeBack() {
    if (await this.#store.committer.goOnAfterPause()) return;
    const text = `the volume "${this.name}" was written by another tab`;
    this.#tell(-ERRNO.ESTALE, `${text} while this page was frozen`);
  }

  /** @param {string} text */
  #lost(text) {
    if (this.#store.dead !== 0) return;
    this.#store.dead = -ERRNO.ESTALE;
    this.#store.committer.giveUp();
    this.#tell(-ERRNO.ESTALE, text);
  }

  /** @param {number} errno @param {string} text */
  #tell(errno, text) {
    this.#trouble = text;
    // Who comes next need not wait for one that can do nothing any more.
    if (errno === -ERRNO.ESTALE) void this.#lock.release();
    const error = new GossamerError(errnoName(errno), text);
    // What it throws is the page's affair.
    queueMicrotask(() => this.#settings.onTrouble(error));
  }

  /** @param {number} errno @param {string} text what is with the volume */
  #fail(errno, text) {
    this.#trouble = `the volume "${this.name}" ${text}`;
    return -errno;
  }

  /** @param {number} answer negative */
  #fromDatabase(answer) {
    this.#trouble = this.#database.trouble;
    return answer;
  }

  /* ---- what the tree tells ---- */

  /**
   * Names are stored as UTF-8, which half a surrogate pair is not.
   * @param {string} text
   * @override
   */
  takes(text) {
    return !/\p{Surrogate}/u.test(text);
  }

  /**
   * @param {bigint} ino
   * @override
   */
  makeFile(ino) {
    return new PagedFile(ino, this.#store);
  }

  /**
   * @param {TreeNode} node
   * @override
   */
  changed(node) {
    this.#store.nodes.set(Number(node.ino), node);
    this.#store.changed(node);
  }

  /**
   * @param {import("./tree-nodes.js").DirectoryNode} directory
   * @param {string} name
   * @override
   */
  renamed(directory, name) {
    this.#store.changes.addName(directory, name);
    this.#store.changed(directory);
  }

  /**
   * @param {TreeNode} node
   * @override
   */
  freed(node) {
    const { changes, nodes, committer } = this.#store;
    const ino = Number(node.ino);
    if (node instanceof PagedFile) node.clear();
    changes.nodes.delete(node);
    changes.gone.add(ino);
    nodes.delete(ino);
    committer.relieved();
  }

  /* ---- opened files ---- */

  /**
   * What was written is committed soon; with `strictClose` that is waited for.
   * @param {TreeNode} file
   * @override ENOSPC, EIO, ESTALE
   */
  closeFile(file) {
    const isChanged = this.#store.changes.has(file);
    super.closeFile(file);
    if (!isChanged || this.readOnly) return 0;
    const { committer } = this.#store;
    if (this.#settings.strictClose) return committer.request(true);
    committer.soon();
    return 0;
  }

  /**
   * @param {PagedFile} file
   * @param {number} position
   * @param {Uint8Array} bytes
   * @param {number} at
   * @param {number} size
   * @override EIO, ESTALE for what is not in memory
   */
  read(file, position, bytes, at, size) {
    if (file.type !== TYPE.FILE) return -ERRNO.EISDIR;
    if (!file.wasRead && size > 0) file.markRead();
    // Another tab has removed it: what it held is gone.
    if (file.freed) return -ERRNO.ESTALE;
    return this.#explained(file.read(position, bytes, at, size));
  }

  /**
   * @param {PagedFile} file
   * @param {number} position
   * @param {Uint8Array} bytes
   * @param {number} at
   * @param {number} size
   * @override also what commits answer that make room: ENOSPC, EIO, ESTALE
   */
  write(file, position, bytes, at, size) {
    if (file.type !== TYPE.FILE) return -ERRNO.EISDIR;
    if (this.refusal !== 0) return this.refusal;
    return this.#explained(file.write(position, bytes, at, size));
  }

  /**
   * @param {import("./volume.js").Transfer} answer
   * @returns {import("./volume.js").Transfer} the same
   */
  #explained(answer) {
    if (answer === -ERRNO.EIO) {
      const { trouble } = this.#database;
      this.#fail(ERRNO.EIO, "has a file that cannot be read");
      if (trouble !== "") this.#trouble = trouble;
    }
    return answer;
  }

  /**
   * @param {PagedFile} file
   * @param {number} sizeBytes
   * @override
   */
  resize(file, sizeBytes) {
    if (file.type !== TYPE.FILE) return -ERRNO.EISDIR;
    if (this.refusal !== 0) return this.refusal;
    return file.resize(sizeBytes);
  }

  /**
   * Counts against `limitBytes`; what the browser grants cannot be reserved.
   * @param {PagedFile} file
   * @param {number} offset
   * @param {number} size
   * @override
   */
  allocate(file, offset, size) {
    if (file.type !== TYPE.FILE) return -ERRNO.EISDIR;
    if (this.refusal !== 0) return this.refusal;
    return file.allocate(offset, size);
  }

  /**
   * Commits everything that was changed in the volume until now, in this file
   * and in others; done when it is on the disk. Callers at the same time share
   * a commit.
   * @override ENOSPC: it does not fit, nothing is lost and it can be tried
   *   again; EIO; ESTALE
   */
  sync() {
    return this.readOnly ? 0 : this.#store.committer.request(true);
  }

  /* ---- the volume as a whole ---- */

  /**
   * Commits everything that was changed until now.
   * @param {object} [how]
   * @param {boolean} [how.strict] waits until it is on the disk
   * @returns {number | Promise<number>} as sync()
   */
  commit({ strict = true } = {}) {
    return this.readOnly ? 0 : this.#store.committer.request(strict);
  }

  /**
   * Takes over what a writer has committed since. It happens by itself when the
   * writer, wherever it is, tells so.
   * @returns {Promise<number>} 1: there was something, 0: nothing; EIO, ESTALE;
   *   ENOTSUP unless it is readOnly
   */
  refresh() {
    if (!this.readOnly) return Promise.resolve(-ERRNO.ENOTSUP);
    if (!this.#isOpen) return Promise.resolve(-ERRNO.ESTALE);
    this.#refreshing ??= this.#refresh().then((answer) => {
      this.#refreshing = null;
      return answer;
    });
    return this.#refreshing;
  }

  async #refresh() {
    const next = this.#store.committer.end.sequence + 1;
    const log = await this.#database.readLog(next);
    if (typeof log === "number") return this.#fromDatabase(log);
    if (log.keys.length === 0) return 0;
    // A checkpoint was made in between: it says everything.
    const answer = await this.#apply(log, log.first >= next);
    if (typeof answer === "number") {
      // It may be half of what it should be.
      this.#store.dead = answer;
      return answer;
    }
    for (const node of answer) {
      if (node.opens === 0) this.#store.nodes.delete(Number(node.ino));
    }
    queueMicrotask(this.#settings.onRefresh);
    return 1;
  }

  /**
   * @returns {Usage}
   * @override
   */
  usage() {
    const { cache, records, committer } = this.#store;
    const { usedBytes, limitBytes } = this.budget;
    return {
      usedBytes,
      limitBytes,
      nodes: this.nodeCount,
      cachedBytes: cache.cachedBytes,
      dirtyBytes: cache.dirtyBytes,
      storedBytes: records.storedBytes,
      garbageBytes: records.storedBytes - records.liveBytes,
      commits: committer.count,
    };
  }

  /**
   * What the browser says of the origin's storage, about.
   * @returns {Promise<Estimate | number>} ENOTSUP: it does not say
   * @override
   */
  async estimate() {
    try {
      const { usage, quota } = await navigator.storage.estimate();
      return { usageBytes: usage ?? 0, quotaBytes: quota ?? 0 };
    } catch {
      return -ERRNO.ENOTSUP;
    }
  }

  /**
   * Asks the browser not to clear the origin's storage when room is short.
   * @returns {Promise<boolean>} whether it agrees
   */
  async persist() {
    try {
      return await navigator.storage.persist();
    } catch {
      return false;
    }
  }

  /**
   * Reads what is committed and says what is wrong with it: the log, the tree,
   * and whether every record is there that a file lies in, and no other.
   * Nothing is changed.
   * @returns {Promise<CheckReport>}
   */
  check() {
    const { committer } = this.#store;
    return committer.between(() => checkStored(this.#database));
  }
}

/**
 * A volume in the browser's IndexedDB, to mount:
 * `mounts: { "/home": indexeddb("home") }`. It may be mounted several times and
 * outlives the programs that use it.
 * @param {string} name among the volumes of the origin
 * @param {IndexedDBOptions} [options]
 * @returns {IndexedDBVolume}
 * @throws {GossamerError} EINVAL for a name or an option that makes no sense
 */
export function indexeddb(name, options) {
  return new IndexedDBVolume(name, options);
}
