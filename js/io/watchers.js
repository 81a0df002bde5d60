/* Those who wait for one side of a stream. Each is called at most once, and not
 * at all after it has ended its watch. */

export class Watchers {
  /** @type {Set<{ wake: (() => void) | null }>} */
  #all = new Set();

  get size() {
    return this.#all.size;
  }

  /**
   * @param {() => void} wake
   * @returns {() => void} ends the watch
   */
  add(wake) {
    /** @type {{ wake: (() => void) | null }} */
    const one = { wake };
    this.#all.add(one);
    return () => {
      one.wake = null;
      this.#all.delete(one);
    };
  }

  /** Calls all of them; they may watch again at once. */
  wake() {
    if (this.#all.size === 0) return;
    const all = [...this.#all];
    this.#all.clear();
    for (const { wake } of all) wake?.();
  }
}
