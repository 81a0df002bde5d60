/* Brings pages from the database into the cache. What lies together in a record
 * is read together; large records are Blobs, of which a part is read, or the
 * whole when most of it is wanted. A page goes into the cache only if it still
 * lies where it was read from. */
import { ERRNO } from "../../errors.js";
import { PAGE_BYTES, PLACE } from "./format.js";
import { SMALL_BYTES } from "./packer.js";
import { Runs } from "./pages.js";

/**
 * @typedef {import("./file.js").PagedFile} PagedFile
 * @typedef {import("./store.js").Store} Store
 *
 * Pages that lie one after the other in a record.
 * @typedef {object} Run
 * @property {number} page
 * @property {number} count
 * @property {number} offset
 * @property {number} lastBytes of the last page; the others are whole
 *
 * What of a file is being loaded from one record.
 * @typedef {object} Load
 * @property {PagedFile} file
 * @property {number} record
 * @property {number} first
 * @property {number} end
 * @property {Promise<void>} done
 */

/** The first pages of a file, where it lies with others. */
const SMALL_PAGES = SMALL_BYTES / PAGE_BYTES;
/** How many Blobs are kept at hand; they are no memory of the page's. */
const MAX_BLOBS = 128;

/** @param {Run} run */
const runBytes = (run) => (run.count - 1) * PAGE_BYTES + run.lastBytes;

export class Reader {
  #store;
  /** @type {Set<Load>} */
  #loads = new Set();
  /** By record, the one used last at the end. */
  /** @type {Map<number, Blob>} */
  #blobs = new Map();
  /** Of which a part is on its way: Chromium ends a page that lets go of a Blob
   * before it has got to know the part. */
  /** @type {Set<{ blob: Blob }>} */
  #held = new Set();

  /** @param {Store} store */
  constructor(store) {
    this.#store = store;
  }

  /**
   * Loads pages of a file, those that are not there. Done when the first one is
   * there, or file.failed() was told why it is not, or it lies elsewhere now.
   * @param {PagedFile} file
   * @param {number} first
   * @param {number} end
   * @returns {Promise<void>}
   */
  load(file, first, end) {
    this.prefetch(file, first, end);
    return this.#loading(file, first)?.done ?? Promise.resolve();
  }

  /**
   * As load(), for nobody in particular.
   * @param {PagedFile} file
   * @param {number} first
   * @param {number} end
   */
  prefetch(file, first, end) {
    /** @type {Map<number, number[]>} */
    const wanted = new Map();
    for (let page = first; page < end; page++) {
      const record = file.pages.record(page);
      if (record === PLACE.HOLE || record === PLACE.ZEROS) continue;
      if (file.frames.has(page) || this.#loading(file, page) !== null) continue;
      const pages = wanted.get(record);
      if (pages === undefined) wanted.set(record, [page]);
      else pages.push(page);
    }
    for (const [record, pages] of wanted) this.#begin(file, record, pages);
  }

  /** @param {PagedFile} file @param {number} page @returns {Load | null} */
  #loading(file, page) {
    for (const load of this.#loads) {
      if (load.file !== file || page < load.first || page >= load.end) continue;
      if (load.record === file.pages.record(page)) return load;
    }
    return null;
  }

  /**
   * @param {PagedFile} file
   * @param {number} record
   * @param {number[]} pages that lie in it, ascending
   */
  #begin(file, record, pages) {
    /** @type {Run[]} */
    const runs = [];
    const join = new Runs((page, count, _record, offset, lastBytes) => {
      runs.push({ page, count, offset, lastBytes });
    });
    for (const page of pages) {
      join.add(page, record, file.pages.offset(page), file.pages.length(page));
    }
    join.end();
    const first = pages[0] ?? 0;
    const end = (pages.at(-1) ?? first) + 1;
    /** @type {Load} */
    const load = { file, record, first, end, done: Promise.resolve() };
    this.#loads.add(load);
    load.done = this.#fetch(file, record, runs).then(() => {
      this.#loads.delete(load);
    });
  }

  /**
   * @param {PagedFile} file
   * @param {number} record
   * @param {Run[]} runs all in this record
   */
  async #fetch(file, record, runs) {
    let error = await this.#read(file, record, runs);
    if (error === -ERRNO.ENOENT) {
      // Deleted by a commit that this volume does not know of yet.
      const moved = await this.#store.events.missing();
      error = moved < 0 ? moved : -ERRNO.EIO;
    }
    if (error === 0) return;
    for (const run of runs) {
      for (let page = run.page; page < run.page + run.count; page++) {
        if (file.frames.has(page)) continue;
        if (file.pages.record(page) === record) file.failed(page, error);
      }
    }
  }

  /**
   * @param {PagedFile} file
   * @param {number} record
   * @param {Run[]} runs
   * @returns {Promise<number>} 0 or a negative errno
   */
  async #read(file, record, runs) {
    const known = this.#blobs.get(record);
    if (known !== undefined) {
      const error = await this.#readBlob(file, record, known, runs);
      if (error === 0) return 0;
      // Its bytes may be gone while a new one of the same record has them.
      this.#blobs.delete(record);
    }
    const value = await this.#store.database.readData(record);
    if (typeof value === "number") return value;
    if (value instanceof Uint8Array) {
      this.#fillOthers(record, value);
      return fillAll(file, record, runs, value);
    }
    this.#keep(record, value);
    return this.#readBlob(file, record, value, runs);
  }

  /**
   * @param {PagedFile} file
   * @param {number} record
   * @param {Blob} blob
   * @param {Run[]} runs
   * @returns {Promise<number>} 0 or a negative errno
   */
  async #readBlob(file, record, blob, runs) {
    const wanted = runs.reduce((sum, run) => sum + runBytes(run), 0);
    // The whole is read twice as fast as all of its parts.
    const isWhole = 2 * wanted >= blob.size;
    const hold = { blob };
    this.#held.add(hold);
    try {
      if (isWhole) {
        const bytes = await bytesOf(blob);
        // They become part of the cache, if hardly any are in it for nothing.
        const isOurs = 8 * wanted >= 7 * blob.size;
        return fillAll(file, record, runs, bytes, isOurs);
      }
      const answers = await Promise.all(
        runs.map(async (run) => {
          const part = blob.slice(run.offset, run.offset + runBytes(run));
          const bytes = await bytesOf(part);
          return fill(file, record, run, bytes) ? 0 : -ERRNO.EIO;
        }),
      );
      return answers.find((answer) => answer !== 0) ?? 0;
    } catch {
      // NotReadableError: the browser has lost what it kept.
      return -ERRNO.EIO;
    } finally {
      this.#held.delete(hold);
    }
  }

  /**
   * The small files that lie in a record come along with the one that is read:
   * who reads one often reads those that were written with it.
   * @param {number} record
   * @param {Uint8Array<ArrayBuffer>} bytes of it
   */
  #fillOthers(record, bytes) {
    for (const file of this.#store.records.get(record)?.files ?? []) {
      for (let page = 0; page < SMALL_PAGES; page++) {
        const { pages, frames } = file;
        if (pages.record(page) !== record || frames.has(page)) continue;
        const offset = pages.offset(page);
        const run = { page, count: 1, offset, lastBytes: pages.length(page) };
        if (fillAll(file, record, [run], bytes) !== 0) continue;
        const frame = frames.get(page);
        // It is the first to go if nobody wants it.
        if (frame !== undefined) frame.used = false;
      }
    }
  }

  /** @param {number} record @param {Blob} blob */
  #keep(record, blob) {
    this.#blobs.delete(record);
    this.#blobs.set(record, blob);
    if (this.#blobs.size <= MAX_BLOBS) return;
    const [oldest] = this.#blobs.keys();
    if (oldest !== undefined) this.#blobs.delete(oldest);
  }

  /** A record was deleted. @param {number} record */
  forget(record) {
    this.#blobs.delete(record);
  }
}

/** @param {Blob} blob */
const bytesOf = async (blob) => new Uint8Array(await blob.arrayBuffer());

/**
 * @param {PagedFile} file
 * @param {number} record
 * @param {Run[]} runs all in this record
 * @param {Uint8Array<ArrayBuffer>} bytes of the record
 * @param {boolean} [isOurs] whether the cache may keep them
 * @returns {number} 0 or -EIO: there are fewer than it should have
 */
function fillAll(file, record, runs, bytes, isOurs = false) {
  for (const run of runs) {
    const part = bytes.subarray(run.offset, run.offset + runBytes(run));
    if (!fill(file, record, run, part, isOurs)) return -ERRNO.EIO;
  }
  return 0;
}

/**
 * @param {PagedFile} file
 * @param {number} record
 * @param {Run} run
 * @param {Uint8Array<ArrayBuffer>} bytes of the run
 * @param {boolean} [isOurs]
 * @returns {boolean} false: there are fewer than it should have
 */
function fill(file, record, run, bytes, isOurs = false) {
  if (bytes.length < runBytes(run)) return false;
  for (let i = 0; i < run.count; i++) {
    const page = run.page + i;
    const from = i * PAGE_BYTES;
    const whole = bytes.subarray(from, from + PAGE_BYTES);
    const kept = isOurs && whole.length === PAGE_BYTES ? whole : null;
    const target = file.loaded(page, record, run.offset + from, kept);
    if (target === null) continue;
    // The file may have been cut in the meantime.
    const part = whole.subarray(0, file.pages.length(page));
    target.set(part);
    if (part.length < PAGE_BYTES) target.fill(0, part.length);
  }
  return true;
}
