/* Where the pages of one file lie: for each its record in the data store, the
 * offset there, and how many bytes of it there are; what is beyond these reads
 * as zeros. Three words a page, in chunks, so that a small file takes little
 * and a sparse one may be as long as it likes. */
import { PAGE_BYTES, PLACE } from "./format.js";

const CHUNK_PAGES = 256;
const WORDS = 3;

/** @type {Uint32Array} */
const NO_WORDS = new Uint32Array(0);

export class PageTable {
  /** The first chunk, as long as it needs to be; what most files have. */
  #first = NO_WORDS;
  /** The others, whole, by their number from 1. */
  /** @type {Map<number, Uint32Array> | null} */
  #more = null;
  /** How many pages are no holes. */
  used = 0;

  /** @param {number} page @returns {Uint32Array} empty: nothing there */
  #chunk(page) {
    if (page < CHUNK_PAGES) return this.#first;
    if (this.#more === null) return NO_WORDS;
    return this.#more.get(Math.floor(page / CHUNK_PAGES)) ?? NO_WORDS;
  }

  /**
   * @param {number} page
   * @returns {number} of the data store, or one of PLACE
   */
  record(page) {
    return this.#chunk(page)[(page % CHUNK_PAGES) * WORDS] ?? PLACE.HOLE;
  }

  /** @param {number} page of a record */
  offset(page) {
    return this.#chunk(page)[(page % CHUNK_PAGES) * WORDS + 1] ?? 0;
  }

  /** @param {number} page of a record @returns {number} in bytes */
  length(page) {
    return this.#chunk(page)[(page % CHUNK_PAGES) * WORDS + 2] ?? 0;
  }

  /**
   * @param {number} page
   * @param {number} record
   * @param {number} offset
   * @param {number} length
   */
  set(page, record, offset, length) {
    const at = (page % CHUNK_PAGES) * WORDS;
    let chunk = this.#chunk(page);
    if (chunk.length <= at) chunk = this.#grow(page, chunk);
    const before = chunk[at] ?? PLACE.HOLE;
    if (before === PLACE.HOLE) this.used++;
    if (record === PLACE.HOLE) this.used--;
    chunk[at] = record;
    chunk[at + 1] = offset;
    chunk[at + 2] = length;
  }

  /** @param {number} page @param {Uint32Array} chunk */
  #grow(page, chunk) {
    if (page >= CHUNK_PAGES) {
      const whole = new Uint32Array(CHUNK_PAGES * WORDS);
      this.#more ??= new Map();
      this.#more.set(Math.floor(page / CHUNK_PAGES), whole);
      return whole;
    }
    let pages = Math.max(1, chunk.length / WORDS);
    while (pages <= page) pages *= 2;
    const grown = new Uint32Array(pages * WORDS);
    grown.set(chunk);
    this.#first = grown;
    return grown;
  }

  /**
   * The pages that are no holes, in order.
   * @param {number} from
   * @returns {Generator<number>}
   */
  *pages(from = 0) {
    for (let page = from; page * WORDS < this.#first.length; page++) {
      if (this.#first[page * WORDS] !== PLACE.HOLE) yield page;
    }
    if (this.#more === null) return;
    const chunks = [...this.#more.keys()].sort((a, b) => a - b);
    for (const number of chunks) {
      const chunk = this.#more.get(number) ?? NO_WORDS;
      const start = number * CHUNK_PAGES;
      for (let i = Math.max(0, from - start); i < CHUNK_PAGES; i++) {
        if (chunk[i * WORDS] !== PLACE.HOLE) yield start + i;
      }
    }
  }

  /**
   * Takes the pages from one on away, last first.
   * @param {number} from
   * @param {(record: number, length: number, page: number) => void} taken is
   *   told of each
   */
  cut(from, taken) {
    /** @param {Uint32Array} chunk @param {number} start */
    const clear = (chunk, start) => {
      for (let i = Math.max(0, from - start); i * WORDS < chunk.length; i++) {
        const record = chunk[i * WORDS] ?? PLACE.HOLE;
        if (record === PLACE.HOLE) continue;
        taken(record, chunk[i * WORDS + 2] ?? 0, start + i);
        chunk[i * WORDS] = PLACE.HOLE;
        this.used--;
      }
    };
    if (this.#more !== null) {
      for (const [number, chunk] of this.#more) {
        const start = number * CHUNK_PAGES;
        if (start + CHUNK_PAGES <= from) continue;
        clear(chunk, start);
        if (start >= from) this.#more.delete(number);
      }
      if (this.#more.size === 0) this.#more = null;
    }
    clear(this.#first, 0);
    if (from === 0) this.#first = NO_WORDS;
  }

  /**
   * Runs of pages that lie one after the other in a record, or are zeros.
   * @param {(page: number, count: number, record: number, offset: number,
   *   lastBytes: number) => void} visit
   */
  runs(visit) {
    const run = new Runs(visit);
    for (const page of this.pages()) {
      run.add(page, this.record(page), this.offset(page), this.length(page));
    }
    run.end();
  }
}

/** Joins pages to runs. */
export class Runs {
  #visit;
  #page = 0;
  #count = 0;
  #record = 0;
  #offset = 0;
  #length = 0;

  /**
   * @param {(page: number, count: number, record: number, offset: number,
   *   lastBytes: number) => void} visit
   */
  constructor(visit) {
    this.#visit = visit;
  }

  /**
   * @param {number} page
   * @param {number} record
   * @param {number} offset
   * @param {number} length
   */
  add(page, record, offset, length) {
    const follows =
      this.#count > 0 &&
      page === this.#page + this.#count &&
      record === this.#record &&
      (record === PLACE.ZEROS ||
        (this.#length === PAGE_BYTES &&
          offset === this.#offset + this.#count * PAGE_BYTES));
    if (!follows) {
      this.end();
      this.#page = page;
      this.#record = record;
      this.#offset = offset;
    }
    this.#count++;
    this.#length = length;
  }

  end() {
    if (this.#count === 0) return;
    this.#visit(
      this.#page,
      this.#count,
      this.#record,
      this.#offset,
      this.#length,
    );
    this.#count = 0;
  }
}
