/* Puts the pages of a commit into records of the data store. Measured in
 * Chromium: from about a megabyte on, Blobs of 1 MiB are the fastest; less is
 * faster in arrays below 64 KiB, which the browser does not put into files of
 * their own. Bytes are copied when they are added. */
import { PAGE_BYTES } from "./format.js";

const BLOB_BYTES = 2 ** 20;
/** The rest of a commit goes into arrays up to this, and one Blob beyond. */
const MOST_IN_ARRAYS = 2 ** 19;
/** Fourteen pages: safely below 64 KiB. */
const ARRAY_BYTES = 14 * PAGE_BYTES;

/**
 * @typedef {object} Packed
 * @property {number} id
 * @property {number} sizeBytes
 * @property {Blob | Uint8Array<ArrayBuffer>} value
 */

export class Packer {
  /** @type {Packed[]} */
  packed = [];
  /** Of all records, also of one that was not finished. */
  /** @type {number[]} */
  ids = [];
  #records;
  #useBlobs;
  /** How many bytes are still to come. */
  #left;
  #id = 0;
  /** @type {Uint8Array<ArrayBuffer>} */
  #bytes = new Uint8Array(0);
  #used = 0;

  /**
   * @param {import("./records.js").Records} records that give the ids
   * @param {number} totalBytes that will be added
   * @param {boolean} useBlobs
   */
  constructor(records, totalBytes, useBlobs) {
    this.#records = records;
    this.#left = totalBytes;
    this.#useBlobs = useBlobs;
  }

  /** Of the record that the last bytes went into. */
  get id() {
    return this.#id;
  }

  /**
   * @param {Uint8Array} bytes of a page
   * @param {number} length how many of them
   * @returns {number} the offset in the record `id`
   */
  add(bytes, length) {
    if (this.#used + length > this.#bytes.length) this.#begin();
    const offset = this.#used;
    this.#bytes.set(
      length === bytes.length ? bytes : bytes.subarray(0, length),
      offset,
    );
    this.#used += length;
    this.#left -= length;
    return offset;
  }

  #begin() {
    this.finish();
    let size = Math.min(this.#left, ARRAY_BYTES);
    if (this.#left > MOST_IN_ARRAYS) size = Math.min(this.#left, BLOB_BYTES);
    this.#bytes = new Uint8Array(size);
    this.#id = this.#records.next;
    this.#records.add(this.#id, size);
    this.ids.push(this.#id);
  }

  /** Ends the last record. @returns {Packed[]} all of them */
  finish() {
    if (this.#used === 0) return this.packed;
    // The last page may not have fitted.
    const sizeBytes = this.#used;
    const isFull = sizeBytes === this.#bytes.length;
    const bytes = isFull ? this.#bytes : this.#bytes.slice(0, sizeBytes);
    const isLarge = sizeBytes > ARRAY_BYTES && this.#useBlobs;
    const value = isLarge ? new Blob([bytes]) : bytes;
    this.packed.push({ id: this.#id, sizeBytes, value });
    this.#records.resize(this.#id, sizeBytes);
    this.#used = 0;
    this.#bytes = new Uint8Array(0);
    return this.packed;
  }
}
