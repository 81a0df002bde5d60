/* How many requests to one origin may be under way: a request takes a slot of
 * the origin that it is made to and gives it back when it is over. Who finds
 * none waits, and is served in the order of coming. */
import { GossamerError } from "../errors.js";

/** @typedef {{ taken: number, waiting: Set<() => void> }} Origin */

export class Slots {
  #page;
  #limit;
  /** @type {Map<string, Origin>} those with a request */
  #origins = new Map();

  /** @param {number} [perOrigin] the page's limit, which is never exceeded */
  constructor(perOrigin = Infinity) {
    this.#page = perOrigin;
    this.#limit = perOrigin;
  }

  /**
   * From now on; those who wait are let in when there is more room.
   * @param {number} perOrigin 0: as many as the page says
   */
  setLimit(perOrigin) {
    this.#limit = Math.min(this.#page, perOrigin || Infinity);
    for (const origin of this.#origins.values()) this.#letIn(origin);
  }

  /**
   * @param {string} name of the origin
   * @param {AbortSignal} signal ends the wait
   * @returns {Promise<void> | null} null: the slot is there; rejected with
   *   ECANCELED: there will be none
   */
  take(name, signal) {
    let origin = this.#origins.get(name);
    if (origin === undefined) {
      origin = { taken: 0, waiting: new Set() };
      this.#origins.set(name, origin);
    }
    if (origin.taken < this.#limit) {
      origin.taken += 1;
      return null;
    }
    const { waiting } = origin;
    return new Promise((resolve, reject) => {
      const canceled = () => {
        waiting.delete(enter);
        reject(new GossamerError("ECANCELED", "aborted"));
      };
      const enter = () => {
        signal.removeEventListener("abort", canceled);
        resolve();
      };
      waiting.add(enter);
      signal.addEventListener("abort", canceled);
    });
  }

  /** @param {string} name of the origin whose slot was taken */
  give(name) {
    const origin = this.#origins.get(name);
    if (origin === undefined) return;
    origin.taken -= 1;
    this.#letIn(origin);
    if (origin.taken === 0) this.#origins.delete(name);
  }

  /** @param {Origin} origin */
  #letIn(origin) {
    for (const enter of origin.waiting) {
      if (origin.taken >= this.#limit) return;
      origin.waiting.delete(enter);
      origin.taken += 1;
      enter();
    }
  }
}
