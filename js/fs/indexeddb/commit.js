/* Commits: everything that was changed goes into one transaction, one commit
 * after the other. Who asks for one while another is on its way shares the next
 * with all who ask until then. What a commit that failed had taken along is
 * dirty again: nothing is lost, and the next one has it. */
import { ERRNO } from "../../errors.js";
import { storedCrc } from "./format.js";
import { NO_LOG } from "./mount.js";
import { takeSnapshot } from "./snapshot.js";

/**
 * @typedef {import("./snapshot.js").Snapshot} Snapshot
 * @typedef {import("./store.js").Store} Store
 *
 * @typedef {object} Wanted
 * @property {boolean} strict
 * @property {((errno: number) => void)[]} waiters
 *
 * Where the log ends, as it was read.
 * @typedef {object} LogEnd
 * @property {number} sequence of the last record; 0: there is none
 * @property {number} crc of it
 * @property {bigint} volume
 * @property {number} checkpointBytes of the checkpoint it begins with
 * @property {number} changesBytes of all records after that
 * @property {number} changesCount
 */

/** The longest pause between attempts that nobody asked for. */
const LONGEST_PAUSE_MS = 30_000;
/** Larger values are stored by browsers in files of their own. */
const INLINE_BYTES = 57_344;
const NOTHING = new Uint8Array(0);

export class Committer {
  #store;
  /** Whether a commit is on its way, or about to begin. */
  #isRunning = false;
  /** @type {Wanted | null} the commit after that */
  #wanted = null;
  /** @type {LogEnd} */
  #end = NO_LOG;
  /** Whether something was committed that may not have reached the disk. */
  #isRelaxed = false;
  /** Why the last commit failed; 0: it did not. */
  #failure = 0;
  #failures = 0;
  /** A commit of which it is not known whether it was made. */
  /** @type {Snapshot | null} */
  #doubt = null;
  /** @type {(() => void)[]} who waits for room */
  #crowd = [];
  /** @type {ReturnType<typeof setTimeout> | null} */
  #timer = null;
  #timerMs = 0;
  /** @type {import("./packer.js").Packing} */
  #packing = typeof Blob === "function" ? "blobs" : "arrays";
  /** @type {import("./fence.js").Fence | null} */
  #fence = null;
  /** Whether the page may be left before what it holds is read. */
  isLeaving = false;
  isStopped = false;
  /** Until no commit may be made. */
  /** @type {Promise<void> | null} */
  #pause = null;
  #endPause = () => {};
  /** The transaction on its way. @type {Promise<unknown> | null} */
  #flying = null;
  /** How many commits were made. */
  count = 0;

  /** @param {Store} store */
  constructor(store) {
    this.#store = store;
  }

  /** Where the log ends. */
  get end() {
    return this.#end;
  }

  /** Where it goes on. @param {LogEnd} end */
  goOn(end) {
    this.#end = end;
  }

  /**
   * Has every commit fail when another writer has come.
   * @param {import("./fence.js").Fence} fence
   */
  guard(fence) {
    this.#fence = fence;
  }

  /**
   * A commit of everything that was changed until now.
   * @param {boolean} strict done when it has reached the disk
   * @returns {number | Promise<number>} 0 or a negative errno
   */
  request(strict) {
    if (this.#store.dead !== 0) return this.#store.dead;
    if (!this.#isRunning && this.#isClean(strict)) return 0;
    return new Promise((resolve) => this.#want(strict, resolve));
  }

  /** Whether there is nothing to do. @param {boolean} strict */
  #isClean(strict) {
    if (strict && this.#isRelaxed) return false;
    const { changes, records, compactor } = this.#store;
    // Those that wait for another commit may be what the compactor is after.
    if (records.deadCount > 0 && compactor.isNeeded()) return false;
    return changes.isEmpty && this.#end.sequence > 0;
  }

  /**
   * @param {boolean} strict
   * @param {((errno: number) => void) | null} waiter
   */
  #want(strict, waiter) {
    this.#wanted ??= { strict, waiters: [] };
    this.#wanted.strict ||= strict;
    if (waiter !== null) this.#wanted.waiters.push(waiter);
    if (this.#isRunning) return;
    this.#isRunning = true;
    // All who ask in this turn share it.
    queueMicrotask(() => void this.#run());
  }

  /** A commit in the background, since much is dirty. */
  hurry() {
    if (this.#wanted !== null || this.#failure !== 0 || this.isStopped) return;
    this.#want(false, null);
  }

  /**
   * As hurry(), before this returns: a program that writes without ever waiting
   * gives no other turn, and the browser can store what there is meanwhile. To
   * be called between two operations.
   */
  hurryNow() {
    if (this.#isRunning || this.#failure !== 0 || this.isStopped) return;
    this.#begin();
  }

  /**
   * When more can be made dirty.
   * @returns {number | Promise<void>} an errno when no commit succeeds
   */
  room() {
    // Once is tried again: it may have been for that time.
    if (this.#failures > 1) return this.#failure;
    if (this.#failures > 0) this.#want(false, null);
    return new Promise((resolve) => this.#crowd.push(resolve));
  }

  /** Something was changed: it is committed in a while. */
  later() {
    if (this.#timer === null) this.#setTimer(this.#pauseMs());
  }

  /** A file was closed: everything is committed as soon as nothing else is. */
  soon() {
    if (this.#failure !== 0 || this.#store.changes.isEmpty) return;
    if (this.#timer === null || this.#timerMs > 0) this.#setTimer(0);
  }

  /** Somebody else may write from now on: no commit is begun. */
  pause() {
    this.#pause ??= new Promise((resolve) => {
      this.#endPause = () => {
        this.#pause = null;
        resolve();
      };
    });
  }

  /** The volume is of no use any more: who waits is told so. */
  giveUp() {
    this.#endPause();
  }

  /**
   * After a pause.
   * @returns {Promise<boolean>} whether nobody else has written: else nothing
   *   can be committed any more
   */
  async goOnAfterPause() {
    await this.#flying;
    const { database, dead } = this.#store;
    const last = dead === 0 ? await database.lastLogKey() : dead;
    // What cannot be read now is found out by the next commit.
    const isOurs = last < 0 || last === this.#end.sequence;
    if (!isOurs) this.#store.dead = -ERRNO.ESTALE;
    this.#endPause();
    return isOurs;
  }

  /** There is more room than when the last commit failed for want of it. */
  relieved() {
    if (this.#failure !== 0) this.#setTimer(0);
    else this.later();
  }

  /** The page is hidden or left: what can be saved is saved at once. */
  leave() {
    this.isLeaving = true;
    // Of the last one, if that was not done yet.
    this.#store.events.committed();
    if (this.#store.dead !== 0 || this.#store.changes.isEmpty) return;
    if (this.#isRunning) this.#want(false, null);
    else this.#begin();
  }

  /** A commit that nobody waits for, before this returns. */
  #begin() {
    this.#wanted ??= { strict: false, waiters: [] };
    this.#isRunning = true;
    void this.#run();
  }

  #pauseMs() {
    const { idleMs } = this.#store.options;
    const pauseMs = Math.max(1, idleMs) * 2 ** this.#failures;
    return this.#failures === 0 ? idleMs : Math.min(pauseMs, LONGEST_PAUSE_MS);
  }

  /** @param {number} ms */
  #setTimer(ms) {
    if (this.isStopped) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timerMs = ms;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      const { changes, compactor } = this.#store;
      // It ends with a commit, too.
      if (compactor.isNeeded()) void compactor.run();
      else if (!changes.isEmpty) this.#want(false, null);
    }, ms);
    // A process is not kept from ending by what it may still do.
    /** @type {any} */ (this.#timer).unref?.();
  }

  /** No more commits but those that are asked for. */
  stop() {
    this.isStopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  /**
   * Runs something between two commits; what is dirty stays so meanwhile.
   * @template T
   * @param {() => Promise<T>} work
   * @returns {Promise<T>}
   */
  async between(work) {
    while (this.#isRunning) {
      await new Promise((resolve) => this.#want(false, () => resolve(0)));
    }
    this.#isRunning = true;
    try {
      return await work();
    } finally {
      this.#isRunning = false;
      if (this.#wanted !== null) {
        this.#isRunning = true;
        queueMicrotask(() => void this.#run());
      }
    }
  }

  async #run() {
    while (this.#wanted !== null) {
      const { strict, waiters } = this.#wanted;
      this.#wanted = null;
      const { count } = this;
      const answer = await this.#commit(strict);
      for (const waiter of waiters) waiter(answer);
      if (this.count > count) this.#store.events.committed();
      const crowd = this.#crowd;
      this.#crowd = [];
      for (const resolve of crowd) resolve();
    }
    this.#isRunning = false;
    if (this.#store.dead !== 0) return;
    if (!this.#store.changes.isEmpty) this.later();
    else if (this.#store.compactor.isNeeded()) this.later();
  }

  /**
   * @param {boolean} strict
   * @param {import("./packer.js").Packing} [packing]
   * @returns {Promise<number>} 0 or a negative errno
   */
  async #commit(strict, packing = this.isLeaving ? "arrays" : this.#packing) {
    const store = this.#store;
    if (this.#pause !== null) await this.#pause;
    if (store.dead !== 0) return store.dead;
    if (this.#isClean(strict)) return 0;
    if (this.#doubt !== null) {
      const known = await this.#resolveDoubt(this.#doubt);
      if (known < 0) return this.#failed(known);
    }
    const snapshot = this.#take(packing);
    const flying = snapshot.isWhole ? this.#write(snapshot, strict) : null;
    this.#flying = flying;
    const error = flying === null ? -ERRNO.ENOMEM : await flying;
    if (error === 0) {
      this.#landed(snapshot);
      // It was made, and nobody knows whether it has reached the disk.
      return strict && this.#isRelaxed ? this.#commit(true) : 0;
    }
    this.#takeBack(snapshot);
    // A browser that stores no Blobs, as in private mode, takes arrays. And
    // Chromium, which makes Blobs of large arrays, too, now and then loses one
    // before it is stored.
    if (error === -ERRNO.ENOTSUP && hasBlobs(snapshot)) {
      this.#packing = "arrays";
      return this.#commit(strict, "arrays");
    }
    const isSmall = packing === "small";
    return error === -ERRNO.EIO && !isSmall && isLarge(snapshot)
      ? this.#commit(strict, "small")
      : this.#failed(error);
  }

  /** @param {import("./packer.js").Packing} packing */
  #take(packing) {
    const end = this.#end;
    const { tuning } = this.#store.options;
    const isCheckpoint =
      end.sequence === 0 ||
      end.changesCount >= tuning.logRecords ||
      end.changesBytes > Math.max(tuning.logBytes, end.checkpointBytes);
    const header = {
      isCheckpoint,
      sequence: end.sequence + 1,
      before: end.crc,
      volume: end.volume,
      nextIno: this.#store.events.nextIno(),
    };
    return takeSnapshot(this.#store, header, packing, this.isLeaving);
  }

  /**
   * @param {Snapshot} snapshot
   * @param {boolean} strict
   * @returns {Promise<number>} 0 or a negative errno
   */
  async #write(snapshot, strict) {
    const { database } = this.#store;
    const { flight } = snapshot;
    // What the browser keeps in files of its own is not flushed with a later
    // transaction, other than what is in the database itself.
    const durability = strict || isLarge(snapshot) ? "strict" : "relaxed";
    const answer = await this.#put(snapshot, durability);
    if (answer === 0) this.#isRelaxed = durability === "relaxed";
    if (answer !== -ERRNO.EIO) return answer;
    // The connection broke: it may have been made all the same.
    const last = await database.lastLogKey();
    if (last === flight) {
      this.#isRelaxed = true;
      return 0;
    }
    if (last < 0) this.#doubt = snapshot;
    return answer;
  }

  /**
   * The transaction of a commit.
   * @param {Snapshot} snapshot
   * @param {"strict" | "relaxed"} durability
   */
  #put({ flight, packed, dead, log, isCheckpoint, isLogged }, durability) {
    const { database } = this.#store;
    // A key that is there already is another writer's: nothing is done then.
    if (isLogged && this.#fence === null) {
      return database.append(durability, flight, log);
    }
    return database.write(durability, (logStore, dataStore) => {
      if (flight === 1) dataStore.clear();
      this.#fence?.check(dataStore);
      // First what goes: Chromium refuses what fits only without it otherwise.
      for (const [id] of dead) dataStore.delete(id);
      for (const { id, value } of packed) dataStore.put(value, id);
      logStore.add(isCheckpoint ? NOTHING : log, flight);
      if (!isCheckpoint) return;
      logStore.clear();
      logStore.add(log, flight);
    });
  }

  /**
   * @param {Snapshot} snapshot
   * @returns {Promise<number>} negative: it is still not known
   */
  async #resolveDoubt(snapshot) {
    const last = await this.#store.database.lastLogKey();
    if (last < 0) return last;
    this.#doubt = null;
    if (last !== snapshot.flight) return 0;
    // It was made. What it had is dirty again; its records are not needed.
    this.#advance(snapshot);
    for (const { id, sizeBytes } of snapshot.packed) {
      if (this.#store.records.get(id) !== undefined) continue;
      this.#store.records.add(id, sizeBytes);
    }
    return 0;
  }

  /** @param {Snapshot} snapshot */
  #advance({ flight, log, isCheckpoint }) {
    const { volume, checkpointBytes, changesBytes, changesCount } = this.#end;
    this.#end = {
      sequence: flight,
      crc: storedCrc(log),
      volume,
      checkpointBytes: isCheckpoint ? log.length : checkpointBytes,
      changesBytes: isCheckpoint ? 0 : changesBytes + log.length,
      changesCount: isCheckpoint ? 0 : changesCount + 1,
    };
  }

  /** @param {Snapshot} snapshot */
  #landed(snapshot) {
    const { cache, reader } = this.#store;
    const where = snapshot.isLogged ? "log" : "record";
    for (const { frame, file } of snapshot.passengers) {
      if (frame.flight !== snapshot.flight || frame.file !== file) continue;
      cache.land(frame, where);
    }
    for (const [id] of snapshot.dead) reader.forget(id);
    this.#advance(snapshot);
    this.#failure = 0;
    this.#failures = 0;
    this.count++;
  }

  /** Makes dirty again what a commit had. @param {Snapshot} snapshot */
  #takeBack(snapshot) {
    const { cache, records, changes } = this.#store;
    changes.merge(snapshot.changes);
    for (const { frame, file } of snapshot.passengers) {
      if (frame.flight !== snapshot.flight || frame.file !== file) continue;
      cache.land(frame, "failed");
      file.unplace(frame.page);
      changes.written.add(file);
      changes.nodes.add(file);
    }
    for (const file of snapshot.zeroed) file.hasNewZeros = true;
    for (const id of snapshot.ids) records.remove(id);
    for (const [id, sizeBytes] of snapshot.dead) records.add(id, sizeBytes);
  }

  /** @param {number} error negative @returns {number} the same */
  #failed(error) {
    const { events, database } = this.#store;
    // Of a volume that is lost, and of what fails again, it was told.
    const isKnown = this.#store.dead !== 0 || this.#failure === error;
    this.#failures++;
    this.#failure = error;
    if (error === -ERRNO.ESTALE) this.#store.dead ||= error;
    const text =
      error === -ERRNO.ENOMEM
        ? "there is no memory for a commit"
        : database.trouble;
    if (!isKnown) events.trouble(error, text);
    return error;
  }
}

/** @param {Snapshot} snapshot whether some of it is stored in a file of its own */
const isLarge = ({ log, packed }) =>
  log.length > INLINE_BYTES ||
  packed.some(({ sizeBytes }) => sizeBytes > INLINE_BYTES);

/** @param {Snapshot} snapshot */
const hasBlobs = ({ packed }) =>
  packed.some(({ value }) => value instanceof Blob);
