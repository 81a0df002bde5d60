/* The records of the data store: how large each is and how much of it is still
 * the content of a file. One in which nothing is goes with the next commit. */

import { SMALL_BYTES } from "./packer.js";

/**
 * @typedef {import("./file.js").PagedFile} PagedFile
 *
 * @typedef {object} DataRecord
 * @property {number} sizeBytes
 * @property {number} liveBytes
 * @property {PagedFile[]} files of a small record: those that it was made for;
 *   some of it may lie elsewhere now
 */

export class Records {
  /** @type {Map<number, DataRecord>} */
  #records = new Map();
  /** Those in which nothing is alive. */
  /** @type {Set<number>} */
  #dead = new Set();
  storedBytes = 0;
  liveBytes = 0;
  /** The id of the next one; none is ever used again. */
  next = 1;

  get count() {
    return this.#records.size;
  }

  /** How many there are in which nothing is alive. */
  get deadCount() {
    return this.#dead.size;
  }

  /** @param {number} id */
  get(id) {
    return this.#records.get(id);
  }

  entries() {
    return this.#records.entries();
  }

  /**
   * A record is there, or will be when the commit is.
   * @param {number} id
   * @param {number} sizeBytes
   */
  add(id, sizeBytes) {
    this.#records.set(id, { sizeBytes, liveBytes: 0, files: [] });
    this.storedBytes += sizeBytes;
    // Until something lies in it.
    this.#dead.add(id);
    if (id >= this.next) this.next = id + 1;
  }

  /**
   * A record is smaller than was said.
   * @param {number} id
   * @param {number} sizeBytes
   */
  resize(id, sizeBytes) {
    const record = this.#records.get(id);
    if (record === undefined) return;
    this.storedBytes += sizeBytes - record.sizeBytes;
    record.sizeBytes = sizeBytes;
  }

  /**
   * @param {number} id
   * @param {number} bytes of a file that lie in it
   * @param {PagedFile} file
   */
  hold(id, bytes, file) {
    const record = this.#records.get(id);
    if (record === undefined) return;
    const { files, sizeBytes } = record;
    if (sizeBytes <= SMALL_BYTES && files.at(-1) !== file) files.push(file);
    record.liveBytes += bytes;
    this.liveBytes += bytes;
    this.#dead.delete(id);
  }

  /**
   * Also for what is no record, or none any more.
   * @param {number} id
   * @param {number} bytes that lie in it no more
   */
  release(id, bytes) {
    const record = this.#records.get(id);
    if (record === undefined) return;
    record.liveBytes -= bytes;
    this.liveBytes -= bytes;
    if (record.liveBytes === 0) this.#dead.add(id);
  }

  /**
   * Forgets one that was deleted, or never came to be.
   * @param {number} id
   */
  remove(id) {
    const record = this.#records.get(id);
    if (record === undefined) return;
    this.#records.delete(id);
    this.#dead.delete(id);
    this.storedBytes -= record.sizeBytes;
    this.liveBytes -= record.liveBytes;
  }

  /**
   * Forgets the dead ones.
   * @returns {[number, number][]} the id and size of each
   */
  takeDead() {
    /** @type {[number, number][]} */
    const taken = [];
    for (const id of this.#dead) {
      taken.push([id, this.#records.get(id)?.sizeBytes ?? 0]);
      this.remove(id);
    }
    return taken;
  }
}
