/* Those who wait for one side of a stream. Each is called at most once, and not
 * at all after it has ended its watch. */

/** @typedef {import("./stream.js").Stream} Stream */

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

  /**
   * As add(), for one whose stream leads to another: either may wake it.
   * @param {Stream} stream
   * @param {number} side
   * @param {() => void} wake
   * @returns {() => void} ends the watch
   */
  addBeside(stream, side, wake) {
    const once = () => {
      end();
      wake();
    };
    const own = this.add(once);
    const other = stream.watch(side, once);
    const end = () => {
      own();
      other();
    };
    return end;
  }
}
