/* Integer names for JS objects that C holds. A handle is an index and the
 * generation of its slot, so one that was removed is not taken for the next
 * object in the same slot. Handles are 1 to 2^31-1: C reads negative numbers
 * as errors and 0 as none. */

const INDEX_BITS = 16;
const INDEX_MASK = (1 << INDEX_BITS) - 1;
const LAST_GENERATION = (1 << 15) - 1;

/** @template T */
export class Handles {
  /** @type {(T | undefined)[]} */
  #values = [];
  /** @type {number[]} */
  #generations = [];
  /** @type {number[]} */
  #free = [];

  /** How many there are. */
  get size() {
    return this.#values.length - this.#free.length;
  }

  /**
   * @param {T} value
   * @returns {number} its handle, 0 when all are in use
   */
  add(value) {
    let index = this.#free.pop();
    if (index === undefined) {
      if (this.#values.length > INDEX_MASK) return 0;
      index = this.#values.length;
      this.#generations.push(1);
    }
    this.#values[index] = value;
    return ((this.#generations[index] ?? 1) << INDEX_BITS) | index;
  }

  /**
   * @param {number} handle
   * @returns {T | undefined} undefined for one that was removed or never made
   */
  get(handle) {
    const index = handle & INDEX_MASK;
    return handle >>> INDEX_BITS === this.#generations[index]
      ? this.#values[index]
      : undefined;
  }

  /**
   * @param {number} handle
   * @returns {T | undefined} what it named, undefined as in get()
   */
  remove(handle) {
    const value = this.get(handle);
    if (value === undefined) return undefined;
    const index = handle & INDEX_MASK;
    const generation = handle >>> INDEX_BITS;
    this.#values[index] = undefined;
    this.#generations[index] =
      generation === LAST_GENERATION ? 1 : generation + 1;
    this.#free.push(index);
    return value;
  }

  /**
   * Removes all.
   * @returns {T[]} what there was
   */
  clear() {
    /** @type {T[]} */
    const values = [];
    this.#values.forEach((value, index) => {
      const handle = ((this.#generations[index] ?? 1) << INDEX_BITS) | index;
      if (this.remove(handle) !== undefined) {
        values.push(/** @type {T} */ (value));
      }
    });
    return values;
  }
}
