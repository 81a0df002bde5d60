/* What a file's readers are going to want: for a reader that goes on where the
 * last read ended, more is on its way with each read, up to the whole records
 * that lie within the window before it. */

/** What is loaded with the first page of a file. */
const FIRST_PAGES = 32;

export class ReadAhead {
  /** The page after the last read. */
  #next = 0;
  /** How far is read ahead; 0: reads are here and there. */
  #window = FIRST_PAGES;
  /** The end of what was asked for. */
  #end = 0;

  /**
   * A page is not there.
   * @param {number} page
   * @param {number} last page that the reader wants
   * @param {number} mostPages no more, so that the first is still there when
   *   the last is
   * @returns {number} the end of what to load with it
   */
  missed(page, last, mostPages) {
    this.#window = this.#goesOn(page) ? Math.max(FIRST_PAGES, this.#window) : 0;
    const wanted = Math.max(last + 1, page + this.#window);
    this.#end = Math.min(wanted, page + mostPages);
    return this.#end;
  }

  /** @param {number} page whether a read of it follows the last one */
  #goesOn(page) {
    return page === this.#next || page + 1 === this.#next;
  }

  /**
   * After a read.
   * @param {number} from its first page
   * @param {number} end the page after its last
   * @param {number} mostPages the largest window
   * @returns {boolean} whether next() should be asked
   */
  wants(from, end, mostPages) {
    const goesOn = this.#goesOn(from);
    this.#next = end;
    this.#window = goesOn ? Math.min(2 * this.#window, mostPages) : 0;
    return this.#window > 0 && end + this.#window > this.#end;
  }

  /**
   * @param {number} fileEnd the page after the file's last
   * @param {(page: number) => number} recordEnd the end of those from a page on
   *   that lie in the same record
   * @returns {[number, number] | null} the pages to load, first and end
   */
  next(fileEnd, recordEnd) {
    const from = Math.max(this.#next, this.#end);
    const end = Math.min(this.#next + this.#window, fileEnd);
    if (from >= end) return null;
    this.#end = recordEnd(end - 1);
    return [from, this.#end];
  }
}
