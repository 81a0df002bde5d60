/* Puts the pages of a commit into records of the data store. Measured in
 * Chromium: from about a megabyte on, Blobs of 1 MiB are the fastest; less is
 * faster in arrays below 64 KiB, which the browser does not put into files of
 * their own; and of arrays, those up to 16 KiB are read as fast as a page. So
 * small files are kept apart. */
import { PAGE_BYTES } from "./format.js";

const BLOB_BYTES = 2 ** 20;
/** The rest of a commit goes into arrays up to this, and one Blob beyond. */
const MOST_IN_ARRAYS = 2 ** 19;
/** Fourteen pages: safely below 64 KiB. */
const ARRAY_BYTES = 14 * PAGE_BYTES;
/** For small files, and what is a small file. */
export const SMALL_BYTES = 4 * PAGE_BYTES;

/**
 * How large values are stored: as Blobs, as arrays, or not at all, in small
 * ones instead.
 * @typedef {"blobs" | "arrays" | "small"} Packing
 *
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
  #packing;
  #isSmall = false;
  /** How many bytes are still to come, of this kind. */
  #left = 0;
  #id = 0;
  /** The size of the record, and what it has of that. */
  #size = 0;
  #used = 0;
  /** What it consists of, but for the last part, which may still grow: what
   * lies in a row in memory is one. */
  /** @type {Uint8Array<ArrayBuffer>[]} */
  #parts = [];
  #buffer = new ArrayBuffer(0);
  #from = 0;
  #end = 0;

  /**
   * @param {import("./records.js").Records} records that give the ids
   * @param {Packing} packing
   */
  constructor(records, packing) {
    this.#records = records;
    this.#packing = packing;
  }

  /** Of the record that the last bytes went into. */
  get id() {
    return this.#id;
  }

  /**
   * What is added next is of another kind.
   * @param {number} totalBytes that will be added
   * @param {boolean} isSmall whether they are of small files
   */
  begin(totalBytes, isSmall) {
    this.finish();
    this.#left = totalBytes;
    this.#isSmall = isSmall;
  }

  /**
   * @param {Uint8Array<ArrayBuffer>} bytes of a page; they stay as they are
   *   until finish()
   * @param {number} length how many of them
   * @returns {number} the offset in the record `id`
   */
  add(bytes, length) {
    if (this.#used + length > this.#size) this.#next();
    const offset = this.#used;
    const { buffer, byteOffset } = bytes;
    if (buffer !== this.#buffer || byteOffset !== this.#end) {
      this.#endPart();
      this.#buffer = buffer;
      this.#from = byteOffset;
    }
    this.#end = byteOffset + length;
    this.#used += length;
    this.#left -= length;
    return offset;
  }

  #next() {
    this.finish();
    const isLarge = this.#packing !== "small" && this.#left > MOST_IN_ARRAYS;
    let most = isLarge ? BLOB_BYTES : ARRAY_BYTES;
    if (this.#isSmall) most = SMALL_BYTES;
    this.#size = Math.min(this.#left, most);
    this.#id = this.#records.next;
    this.#records.add(this.#id, this.#size);
    this.ids.push(this.#id);
  }

  #endPart() {
    const size = this.#end - this.#from;
    if (size > 0) {
      this.#parts.push(new Uint8Array(this.#buffer, this.#from, size));
    }
    this.#from = this.#end;
  }

  /** Ends the last record. @returns {Packed[]} all of them */
  finish() {
    if (this.#used === 0) return this.packed;
    // The last page may not have fitted.
    const sizeBytes = this.#used;
    this.#endPart();
    const [first] = this.#parts;
    const isBlob = sizeBytes > ARRAY_BYTES && this.#packing === "blobs";
    // One part: Chromium fails to store many Blobs of several large ones. And a
    // Blob is a copy already.
    const bytes =
      isBlob && first?.length === sizeBytes
        ? first
        : joined(this.#parts, sizeBytes);
    const value = isBlob ? new Blob([bytes]) : bytes;
    this.packed.push({ id: this.#id, sizeBytes, value });
    this.#records.resize(this.#id, sizeBytes);
    this.#size = 0;
    this.#used = 0;
    this.#parts = [];
    return this.packed;
  }
}

/**
 * @param {Uint8Array<ArrayBuffer>[]} parts
 * @param {number} sizeBytes of all
 * @returns {Uint8Array<ArrayBuffer>} a copy
 */
function joined(parts, sizeBytes) {
  const bytes = new Uint8Array(sizeBytes);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
