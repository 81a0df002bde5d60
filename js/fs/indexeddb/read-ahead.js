/* What a file's readers are going to want: a reader that goes on where the last
 * read ended is given more with each miss, and the next part is asked for when it
 * begins with the one before, so that one is always on its way. */

const FIRST_PAGES = 32;

export class ReadAhead {
  /** The page after the last read. */
  #next = 0;
  /** How much is read ahead; 0: reads are here and there. */
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
    const goesOn = page === this.#next || page + 1 === this.#next;
    this.#window = goesOn ? Math.max(FIRST_PAGES, this.#window) : 0;
    const wanted = Math.max(last + 1, page + this.#window);
    this.#end = Math.min(wanted, page + mostPages);
    return this.#end;
  }

  /**
   * After a read.
   * @param {number} from its first page
   * @param {number} end the page after its last
   * @returns {boolean} whether next() should be asked
   */
  wants(from, end) {
    const goesOn = from === this.#next || from + 1 === this.#next;
    this.#next = end;
    if (!goesOn) {
      this.#window = 0;
      return false;
    }
    return this.#window > 0 && end + this.#window >= this.#end;
  }

  /**
   * @param {number} page the reader is there
   * @param {number} fileEnd the page after the file's last
   * @param {number} mostPages the largest window
   * @returns {[number, number] | null} the pages to load, first and end
   */
  next(page, fileEnd, mostPages) {
    const from = Math.max(page, this.#end);
    if (from >= fileEnd) return null;
    this.#window = Math.min(2 * this.#window, mostPages);
    this.#end = Math.min(from + this.#window, fileEnd);
    return this.#end > from ? [from, this.#end] : null;
  }
}
