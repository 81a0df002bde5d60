/* Who may write a volume: one at a time, in all tabs and workers of an origin,
 * by a Web Lock, which the browser frees when its holder is closed or dies. A
 * page that is frozen, as when it is left and kept, is in nobody's way: it lets
 * go, and takes the lock again when it goes on, if nobody else has it then.
 * Where there are no Web Locks (Node, insecure origins) it is one at a time in
 * this JavaScript realm. */
import { ERRNO } from "../../errors.js";

/**
 * @typedef {object} LockOptions
 * @property {object} [scope] where there is no LockManager: what the name is
 *   unique in, the IDBFactory
 * @property {() => void} [onLost] the lock was taken away, or somebody else had
 *   it when the page went on: it is not held
 * @property {() => void} [onAway] the page is frozen: somebody else may have the
 *   lock from now on
 * @property {() => void} [onBack] it is held again; somebody else may have had
 *   it in between
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
  #onAway;
  #onBack;
  #isHeld = false;
  /** Counts release(): what was asked for before is not wanted any more. */
  #turn = 0;
  /** Whether the page is frozen, and was to have the lock. */
  #isAway = false;
  /** Frees the lock that is held. */
  #free = () => {};
  /** Settled when the lock that was let go is free for others. */
  #freed = Promise.resolve();
  /** Gives up waiting while the page is frozen; asks again. */
  #pause = () => {};
  #goOn = () => {};
  /** Ends listening to the page. @type {(() => void) | null} */
  #unwatch = null;

  /**
   * @param {string} name of the volume
   * @param {LockManager | null} locks null: there is none
   * @param {LockOptions} [options]
   */
  constructor(name, locks, { scope = anywhere, onLost, onAway, onBack } = {}) {
    this.#lockName = `gossamer:volume:${name}`;
    this.#locks = locks;
    this.#scope = scope;
    this.#onLost = onLost;
    this.#onAway = onAway;
    this.#onBack = onBack;
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
    if (this.#locks === null) return this.#acquireHere(wait, signal);
    this.#watch();
    const errno = wait
      ? await this.#await(this.#locks, signal)
      : await this.#request(this.#locks, { ifAvailable: true });
    if (errno < 0) this.#unwatch?.();
    return errno;
  }

  /**
   * Lets go of the lock, if it is held.
   * @returns {Promise<void>} settled when it is free for others
   */
  release() {
    this.#turn++;
    this.#isHeld = false;
    this.#isAway = false;
    this.#unwatch?.();
    this.#free();
    this.#free = () => {};
    return this.#freed;
  }

  /**
   * Waits for the lock, with pauses while the page is frozen.
   * @param {LockManager} locks
   * @param {AbortSignal} [signal]
   * @returns {Promise<number>}
   */
  async #await(locks, signal) {
    for (;;) {
      const abort = new AbortController();
      const end = () => abort.abort();
      signal?.addEventListener("abort", end);
      this.#pause = end;
      const errno = await this.#request(locks, { signal: abort.signal });
      signal?.removeEventListener("abort", end);
      this.#pause = () => {};
      const paused = this.#isAway && errno === -ERRNO.ECANCELED;
      if (!paused || signal?.aborted) return errno;
      await new Promise((resolve) => {
        this.#goOn = () => resolve(undefined);
        signal?.addEventListener("abort", this.#goOn, { once: true });
      });
      if (signal?.aborted) return -ERRNO.ECANCELED;
    }
  }

  /**
   * @param {LockManager} locks
   * @param {{ ifAvailable?: boolean, signal?: AbortSignal }} options
   * @returns {Promise<number>}
   */
  #request(locks, options) {
    const turn = this.#turn;
    return new Promise((resolve) => {
      /** @param {Lock | null} lock */
      const granted = (lock) => {
        if (lock === null) return resolve(-ERRNO.EBUSY);
        if (turn !== this.#turn) return resolve(-ERRNO.ECANCELED);
        this.#isHeld = true;
        return new Promise((free) => {
          this.#free = () => free(undefined);
          resolve(0);
        });
      };
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
    if (this.#isHeld) this.#lose();
  }

  #lose() {
    this.#isHeld = false;
    this.#free = () => {};
    this.#unwatch?.();
    this.#onLost?.();
  }

  /** Hears that the page is frozen and goes on, until the lock is let go. */
  #watch() {
    const page = globalThis.document;
    if (page === undefined || this.#unwatch !== null) return;
    const frozen = () => this.#leave();
    const resumed = () => this.#comeBack();
    page.addEventListener("freeze", frozen);
    page.addEventListener("resume", resumed);
    this.#unwatch = () => {
      page.removeEventListener("freeze", frozen);
      page.removeEventListener("resume", resumed);
      this.#unwatch = null;
    };
  }

  #leave() {
    this.#isAway = true;
    if (this.#isHeld) this.#onAway?.();
    this.#pause();
    this.#free();
    this.#free = () => {};
  }

  async #comeBack() {
    if (!this.#isAway) return;
    this.#isAway = false;
    this.#goOn();
    if (!this.#isHeld || this.#locks === null) return;
    await this.#freed;
    const errno = await this.#request(this.#locks, { ifAvailable: true });
    if (!this.#isHeld) return;
    if (errno < 0) this.#lose();
    else this.#onBack?.();
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
