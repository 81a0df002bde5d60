/* Where there are no Web Locks, nobody keeps a second tab from writing a volume:
 * whoever opened it last is the writer, and every commit of one before fails.
 * Each writer leaves a key below 0 in the data store, the number of its turn;
 * a commit adds the key of the next turn, which fails if it is there, and takes
 * it away again. */

const NOTHING = new Uint8Array(0);

export class Fence {
  #turn = 0;

  /**
   * Makes this volume the writer.
   * @param {import("./database.js").Database} database
   * @returns {Promise<number>} 0 or a negative errno
   */
  async raise(database) {
    const keys = await database.dataKeys();
    if (typeof keys === "number") return keys;
    const last = Math.max(0, -(keys[0] ?? 0));
    this.#turn = last + 1;
    return database.write("strict", (_log, data) => {
      if (last > 0) data.delete(-last);
      data.add(NOTHING, -this.#turn);
    });
  }

  /**
   * In the transaction of a commit.
   * @param {IDBObjectStore} data
   */
  check(data) {
    // The first commit clears the store.
    data.put(NOTHING, -this.#turn);
    data.add(NOTHING, -this.#turn - 1);
    data.delete(-this.#turn - 1);
  }
}
