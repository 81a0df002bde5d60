/* Who may write a volume: one at a time, in all tabs and workers of an origin,
 * by a Web Lock, which the browser frees when its holder is closed or dies.
 * Where there are none (Node, insecure origins) it is one at a time in this
 * JavaScript realm, and the log's keys find out the others. */
import { ERRNO } from "../../errors.js";

/**
 * @typedef {object} LockOptions
 * @property {object} [scope] where there is no LockManager: what the name is
 *   unique in, the IDBFactory
 * @property {() => void} [onLost] the lock was taken away: it is not held
 *
 * @typedef {object} Queue
 * @property {(() => void)[]} waiting the first is the next holder
 */

/**
 * Of this realm, which is what they are about.
 * @type {WeakMap<object, Map<string, Queue>>}
 */
const realm = new WeakMap();
const anywhere = {};

/** The platform's; none on an insecure origin, and the look may be refused. */
export function platformLocks() {
  try {
    return globalThis.navigator?.locks ?? null;
  } catch {
    return null;
  }
}

export class WriterLock {
  #lockName;
  #locks;
  #scope;
  #onLost;
  #isHeld = false;
  /** Frees the lock that is held. */
  #free = () => {};
  /** Settled when the lock that was let go is free for others. */
  #freed = Promise.resolve();

  /**
   * @param {string} name of the volume
   * @param {LockManager | null} locks null: there is none
   * @param {LockOptions} [options]
   */
  constructor(name, locks, { scope = anywhere, onLost } = {}) {
    this.#lockName = `gossamer:volume:${name}`;
    this.#locks = locks;
    this.#scope = scope;
    this.#onLost = onLost;
  }

  get isHeld() {
    return this.#isHeld;
  }

  /**
   * @param {object} [how]
   * @param {boolean} [how.wait] until the others that came before are gone
   * @param {AbortSignal} [how.signal] gives up waiting
   * @returns {Promise<number>} 0; -EBUSY; -ECANCELED; -ENOTSUP: the origin may
   *   have no locks
   */
  async acquire({ wait = false, signal } = {}) {
    if (this.#isHeld) return 0;
    await this.#freed;
    if (signal?.aborted) return -ERRNO.ECANCELED;
    return this.#locks === null
      ? this.#acquireHere(wait, signal)
      : this.#acquireLock(this.#locks, wait, signal);
  }

  /**
   * Lets go of the lock, if it is held.
   * @returns {Promise<void>} settled when it is free for others
   */
  release() {
    this.#isHeld = false;
    this.#free();
    this.#free = () => {};
    return this.#freed;
  }

  /**
   * @param {LockManager} locks
   * @param {boolean} wait
   * @param {AbortSignal} [signal]
   * @returns {Promise<number>}
   */
  #acquireLock(locks, wait, signal) {
    return new Promise((resolve) => {
      /** @param {Lock | null} lock */
      const granted = (lock) => {
        if (lock === null) return resolve(-ERRNO.EBUSY);
        this.#isHeld = true;
        return new Promise((free) => {
          this.#free = () => free(undefined);
          resolve(0);
        });
      };
      const options = wait ? { signal } : { ifAvailable: true };
      const request = locks.request(this.#lockName, options, granted);
      this.#freed = request.then(
        () => {},
        (error) => this.#refused(error, resolve),
      );
    });
  }

  /**
   * @param {unknown} error
   * @param {(errno: number) => void} resolve does nothing once it was granted
   */
  #refused(error, resolve) {
    const aborted = error instanceof Error && error.name === "AbortError";
    resolve(aborted ? -ERRNO.ECANCELED : -ERRNO.ENOTSUP);
    if (!this.#isHeld) return;
    this.#isHeld = false;
    this.#free = () => {};
    this.#onLost?.();
  }

  /**
   * @param {boolean} wait
   * @param {AbortSignal} [signal]
   * @returns {Promise<number>}
   */
  #acquireHere(wait, signal) {
    const queues = realm.get(this.#scope) ?? new Map();
    realm.set(this.#scope, queues);
    /** @type {Queue | undefined} */
    const queue = queues.get(this.#lockName);
    if (queue === undefined) {
      queues.set(this.#lockName, { waiting: [] });
      this.#holdHere(queues);
      return Promise.resolve(0);
    }
    if (!wait) return Promise.resolve(-ERRNO.EBUSY);
    return new Promise((resolve) => {
      const next = () => {
        signal?.removeEventListener("abort", give);
        this.#holdHere(queues);
        resolve(0);
      };
      const give = () => {
        queue.waiting.splice(queue.waiting.indexOf(next), 1);
        resolve(-ERRNO.ECANCELED);
      };
      queue.waiting.push(next);
      signal?.addEventListener("abort", give, { once: true });
    });
  }

  /** @param {Map<string, Queue>} queues */
  #holdHere(queues) {
    this.#isHeld = true;
    this.#free = () => {
      const next = queues.get(this.#lockName)?.waiting.shift();
      if (next === undefined) queues.delete(this.#lockName);
      else next();
    };
  }
}
