/* Brings pages from the database into the cache. What lies together in a record
 * is read together; large records are Blobs, of which only the part is read. A
 * page goes into the cache only if it still lies where it was read from. */
import { ERRNO } from "../../errors.js";
import { PAGE_BYTES, PLACE } from "./format.js";
import { Runs } from "./pages.js";

/**
 * @typedef {import("./file.js").PagedFile} PagedFile
 * @typedef {import("./store.js").Store} Store
 *
 * Pages that lie one after the other in a record.
 * @typedef {object} Run
 * @property {number} page
 * @property {number} count
 * @property {number} record
 * @property {number} offset
 * @property {number} lastBytes of the last page; the others are whole
 *
 * @typedef {object} Load
 * @property {PagedFile} file
 * @property {number} first
 * @property {number} end
 * @property {Promise<void>} done
 */

/** How many Blobs are kept at hand; they are no memory of the page's. */
const MAX_BLOBS = 128;

/** @param {Run} run */
const runBytes = (run) => (run.count - 1) * PAGE_BYTES + run.lastBytes;

export class Reader {
  #store;
  /** What is being loaded. */
  /** @type {Set<Load>} */
  #loads = new Set();
  /** By record, the one used last at the end. */
  /** @type {Map<number, Blob>} */
  #blobs = new Map();

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
    const before = this.#loading(file, first);
    if (before !== null) return before.done;
    return this.#begin(file, first, end).done;
  }

  /**
   * As load(), for nobody in particular.
   * @param {PagedFile} file
   * @param {number} first
   * @param {number} end
   */
  prefetch(file, first, end) {
    let from = first;
    for (;;) {
      const before = this.#loading(file, from);
      if (before === null) break;
      from = before.end;
    }
    if (from < end) this.#begin(file, from, end);
  }

  /** @param {PagedFile} file @param {number} page @returns {Load | null} */
  #loading(file, page) {
    for (const load of this.#loads) {
      if (load.file !== file) continue;
      if (load.first <= page && page < load.end) return load;
    }
    return null;
  }

  /** @param {PagedFile} file @param {number} first @param {number} end */
  #begin(file, first, end) {
    /** @type {Run[]} */
    const runs = [];
    const join = new Runs((page, count, record, offset, lastBytes) => {
      runs.push({ page, count, record, offset, lastBytes });
    });
    let page = first;
    for (; page < end; page++) {
      // What somebody else is loading ends this one.
      if (page > first && this.#loading(file, page) !== null) break;
      const record = file.pages.record(page);
      if (record === PLACE.HOLE || record === PLACE.ZEROS) continue;
      if (file.frames.has(page)) continue;
      join.add(page, record, file.pages.offset(page), file.pages.length(page));
    }
    join.end();
    /** @type {Load} */
    const load = { file, first, end: page, done: Promise.resolve() };
    load.done = this.#run(load, runs);
    this.#loads.add(load);
    return load;
  }

  /** @param {Load} load @param {Run[]} runs */
  async #run(load, runs) {
    const groups = group(runs);
    await Promise.all(
      [...groups].map(([record, its]) => this.#fetch(load.file, record, its)),
    );
    this.#loads.delete(load);
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
      const error = await this.#readBlob(file, known, runs);
      if (error === 0) return 0;
      // Its bytes may be gone while a new one of the same record has them.
      this.#blobs.delete(record);
    }
    const value = await this.#store.database.readData(record);
    if (typeof value === "number") return value;
    if (value instanceof Uint8Array) {
      for (const run of runs) {
        const part = value.subarray(run.offset, run.offset + runBytes(run));
        if (!fill(file, run, part)) return -ERRNO.EIO;
      }
      return 0;
    }
    this.#keep(record, value);
    return this.#readBlob(file, value, runs);
  }

  /**
   * @param {PagedFile} file
   * @param {Blob} blob
   * @param {Run[]} runs
   */
  async #readBlob(file, blob, runs) {
    const answers = await Promise.all(
      runs.map(async (run) => {
        const part = blob.slice(run.offset, run.offset + runBytes(run));
        try {
          return fill(file, run, new Uint8Array(await part.arrayBuffer()))
            ? 0
            : -ERRNO.EIO;
        } catch {
          // NotReadableError: the browser has lost what it kept.
          return -ERRNO.EIO;
        }
      }),
    );
    return answers.find((answer) => answer !== 0) ?? 0;
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

/** @param {Run[]} runs @returns {Map<number, Run[]>} by record */
function group(runs) {
  /** @type {Map<number, Run[]>} */
  const groups = new Map();
  for (const run of runs) {
    const its = groups.get(run.record);
    if (its === undefined) groups.set(run.record, [run]);
    else its.push(run);
  }
  return groups;
}

/**
 * @param {PagedFile} file
 * @param {Run} run
 * @param {Uint8Array} bytes of the run
 * @returns {boolean} false: there are fewer than it should have
 */
function fill(file, run, bytes) {
  if (bytes.length < runBytes(run)) return false;
  for (let i = 0; i < run.count; i++) {
    const page = run.page + i;
    const from = i * PAGE_BYTES;
    const target = file.loaded(page, run.record, run.offset + from);
    if (target === null) continue;
    // The file may have been cut in the meantime.
    const length = Math.min(PAGE_BYTES, file.pages.length(page));
    const part = bytes.subarray(from, from + length);
    target.set(part);
    if (part.length < PAGE_BYTES) target.fill(0, part.length);
  }
  return true;
}
