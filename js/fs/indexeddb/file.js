/* A file in the database: a table of where its pages lie, and the frames of
 * those that are in memory. Reading and writing work on frames and answer at
 * once; for a page that is not there, and at the limit of what may be dirty,
 * they answer a Promise that says when to call again. */
import { ERRNO } from "../../errors.js";
import { copyBytes } from "../../memory.js";
import { FileNode } from "../tree-nodes.js";
import { MAX_SIZE_BYTES } from "../volume.js";
import { Frame } from "./cache.js";
import { PAGE_BYTES, PLACE } from "./format.js";
import { PageTable } from "./pages.js";
import { ReadAhead } from "./read-ahead.js";

/** @typedef {import("./store.js").Store} Store */

/** @param {number} position */
const pageOf = (position) => Math.floor(position / PAGE_BYTES);

export class PagedFile extends FileNode {
  #store;
  #sizeBytes = 0;
  pages = new PageTable();
  /** What of it is in memory, by page. */
  /** @type {Map<number, Frame>} */
  frames = new Map();
  /** The pages whose frames are dirty. */
  /** @type {Set<number>} */
  dirty = new Set();
  /** Whether room was made since the last commit, see allocate(). */
  hasNewZeros = false;
  ahead = new ReadAhead();
  /** The frame that was written last. */
  /** @type {Frame | null} */
  #last = null;
  /** What the pages answer that could not be loaded, once. */
  /** @type {Map<number, number> | null} */
  #failures = null;

  /**
   * @param {bigint} ino
   * @param {Store} store
   */
  constructor(ino, store) {
    super(ino);
    this.#store = store;
  }

  /** @override */
  get sizeBytes() {
    return this.#sizeBytes;
  }

  /** As it is in the log, or will be. @param {number} sizeBytes */
  setSize(sizeBytes) {
    this.#sizeBytes = sizeBytes;
  }

  /**
   * @param {number} position
   * @param {Uint8Array} bytes
   * @param {number} at
   * @param {number} size
   * @returns {import("../volume.js").Transfer}
   */
  read(position, bytes, at, size) {
    const left = this.#sizeBytes - position;
    const count = size < left ? size : left;
    if (count <= 0) return 0;
    let done = 0;
    while (done < count) {
      const page = pageOf(position + done);
      const from = position + done - page * PAGE_BYTES;
      const part = Math.min(PAGE_BYTES - from, count - done);
      const frame = this.frames.get(page);
      if (frame !== undefined) {
        frame.used = true;
        copyBytes(bytes, at + done, frame.bytes, from, part);
      } else if (this.#isStored(page)) {
        if (done > 0) break;
        const last = pageOf(position + count - 1);
        const { windowPages } = this.#store;
        return this.#miss(page, this.ahead.missed(page, last, windowPages));
      } else {
        bytes.fill(0, at + done, at + done + part);
      }
      done += part;
    }
    const end = pageOf(position + done - 1) + 1;
    const { windowPages } = this.#store;
    if (this.ahead.wants(pageOf(position), end, windowPages)) this.#readAhead();
    return done;
  }

  #readAhead() {
    const end = Math.ceil(this.#sizeBytes / PAGE_BYTES);
    const range = this.ahead.next(end, (page) => this.#recordEnd(page));
    if (range !== null) this.#store.reader.prefetch(this, ...range);
  }

  /**
   * @param {number} page
   * @returns {number} the end of the pages from it on that lie in its record,
   *   of as many as are read ahead
   */
  #recordEnd(page) {
    const end = page + this.#store.windowPages;
    const record = this.pages.record(page);
    let next = page + 1;
    while (next < end && this.pages.record(next) === record) next++;
    return next;
  }

  /** @param {number} page that has no frame */
  #isStored(page) {
    const record = this.pages.record(page);
    return record !== PLACE.HOLE && record !== PLACE.ZEROS;
  }

  /**
   * @param {number} page that must be there for the call to go on
   * @param {number} end of the pages that are worth loading with it
   */
  #miss(page, end) {
    const failure = this.#failures?.get(page);
    if (failure !== undefined) {
      this.#failures?.delete(page);
      return failure;
    }
    const last = Math.ceil(this.#sizeBytes / PAGE_BYTES);
    return this.#store.reader.load(this, page, Math.min(end, last));
  }

  /**
   * A page could not be loaded: who asks for it next is told so.
   * @param {number} page
   * @param {number} errno negative
   */
  failed(page, errno) {
    this.#failures ??= new Map();
    this.#failures.set(page, errno);
  }

  /**
   * @param {number} position -1: at the end
   * @param {Uint8Array} bytes
   * @param {number} at
   * @param {number} size
   * @returns {import("../volume.js").Transfer}
   */
  write(position, bytes, at, size) {
    const start = position < 0 ? this.#sizeBytes : position;
    const last = this.#last;
    if (last !== null && last.dirty && last.file === this) {
      const from = start - last.page * PAGE_BYTES;
      const fits = from + size <= PAGE_BYTES && start + size <= MAX_SIZE_BYTES;
      if (from >= 0 && fits) {
        copyBytes(last.bytes, from, bytes, at, size);
        if (size > 0) this.#wrote(start + size);
        return size;
      }
    }
    const count = Math.min(size, MAX_SIZE_BYTES - start);
    if (count <= 0) return size === 0 ? 0 : -ERRNO.EFBIG;
    this.#store.relieve();
    let done = 0;
    while (done < count) {
      const page = pageOf(start + done);
      const from = start + done - page * PAGE_BYTES;
      const part = Math.min(PAGE_BYTES - from, count - done);
      const frame = this.#writable(page, from, part);
      if (!(frame instanceof Frame)) {
        if (done > 0) break;
        return frame;
      }
      copyBytes(frame.bytes, from, bytes, at + done, part);
      done += part;
      this.#wrote(start + done);
    }
    return done;
  }

  /** @param {number} end of what was written */
  #wrote(end) {
    if (end > this.#sizeBytes) this.#sizeBytes = end;
    this.written();
  }

  /**
   * The frame of a page, dirty from now on.
   * @param {number} page
   * @param {number} from where in it is going to be written
   * @param {number} size
   * @returns {Frame | number | Promise<unknown>} an errno, or what to wait for
   */
  #writable(page, from, size) {
    const store = this.#store;
    let frame = this.frames.get(page);
    if (frame === undefined || !frame.dirty) {
      const refused = store.refusesDirty(frame);
      if (refused !== 0) return refused;
    }
    if (frame === undefined) {
      const record = this.pages.record(page);
      const isStored = record !== PLACE.HOLE && record !== PLACE.ZEROS;
      const kept = isStored ? this.pages.length(page) : 0;
      // Bytes that stay must be there first.
      if (kept > 0 && (from > 0 || size < kept)) {
        return this.#miss(page, page + 1);
      }
      if (record === PLACE.HOLE) {
        if (!store.budget.take(PAGE_BYTES)) return -ERRNO.ENOSPC;
        this.pages.set(page, PLACE.CACHED, 0, 0);
      }
      const taken = store.cache.take(this, page);
      if (taken === null) {
        if (record === PLACE.HOLE) {
          this.pages.set(page, PLACE.HOLE, 0, 0);
          store.budget.give(PAGE_BYTES);
        }
        return -ERRNO.ENOSPC;
      }
      frame = taken;
      if (size < PAGE_BYTES) frame.bytes.fill(0);
    }
    frame.used = true;
    if (!frame.dirty) {
      store.cache.markDirty(frame);
      this.dirty.add(page);
      store.wrote(this);
    }
    this.#last = frame;
    return frame;
  }

  /**
   * @param {number} sizeBytes
   * @returns {number} 0 or a negative errno
   */
  resize(sizeBytes) {
    if (sizeBytes > MAX_SIZE_BYTES) return -ERRNO.EFBIG;
    if (sizeBytes < this.#sizeBytes) {
      this.cut(sizeBytes);
      this.#store.changes.addCut(this, sizeBytes);
    }
    this.#sizeBytes = sizeBytes;
    this.written();
    this.#store.changed(this);
    return 0;
  }

  /**
   * Makes room for a range, all of it or none.
   * @param {number} offset
   * @param {number} size from 1
   * @returns {number} 0 or a negative errno
   */
  allocate(offset, size) {
    if (offset > MAX_SIZE_BYTES - size) return -ERRNO.EFBIG;
    const { budget } = this.#store;
    const first = pageOf(offset);
    const end = pageOf(offset + size - 1) + 1;
    if (budget.limitBytes < Infinity) {
      // What is certain not to fit is refused before each page is looked at.
      const least = (end - first - this.pages.used) * PAGE_BYTES;
      if (budget.usedBytes + least > budget.limitBytes) return -ERRNO.ENOSPC;
      /** @type {number[]} */
      const holes = [];
      for (let page = first; page < end; page++) {
        if (this.pages.record(page) === PLACE.HOLE) holes.push(page);
      }
      if (!budget.take(holes.length * PAGE_BYTES)) return -ERRNO.ENOSPC;
      for (const page of holes) this.pages.set(page, PLACE.ZEROS, 0, 0);
      this.hasNewZeros ||= holes.length > 0;
    }
    if (offset + size > this.#sizeBytes) {
      this.#sizeBytes = offset + size;
      this.written();
    }
    this.#store.changed(this);
    return 0;
  }

  /**
   * Takes away what lies beyond a size.
   * @param {number} sizeBytes
   */
  cut(sizeBytes) {
    const { cache, records, budget } = this.#store;
    const end = Math.ceil(sizeBytes / PAGE_BYTES);
    for (const frame of this.frames.values()) {
      if (frame.page >= end) cache.drop(frame);
    }
    this.pages.cut(end, (record, length) => {
      records.release(record, length);
      budget.give(PAGE_BYTES);
    });
    this.#failures = null;
    const kept = sizeBytes % PAGE_BYTES;
    if (kept === 0) return;
    const page = end - 1;
    // What is cut off must be zeros when the file is longer again.
    this.frames.get(page)?.bytes.fill(0, kept);
    const record = this.pages.record(page);
    const length = this.pages.length(page);
    if (length <= kept) return;
    records.release(record, length - kept);
    this.pages.set(page, record, this.pages.offset(page), kept);
  }

  /**
   * A page lies in a record from now on.
   * @param {number} page
   * @param {number} record
   * @param {number} offset
   * @param {number} length
   */
  place(page, record, offset, length) {
    const { records } = this.#store;
    const before = this.pages.record(page);
    const bytes = this.pages.length(page);
    // First what is new: a record must not be dead in between.
    records.hold(record, length, this);
    if (before !== PLACE.HOLE) records.release(before, bytes);
    this.pages.set(page, record, offset, length);
  }

  /**
   * The record that a page was put into never came to be.
   * @param {number} page that has a frame
   */
  unplace(page) {
    this.#store.records.release(
      this.pages.record(page),
      this.pages.length(page),
    );
    this.pages.set(page, PLACE.CACHED, 0, 0);
    this.dirty.add(page);
  }

  /**
   * Where a loaded page belongs, if it still lies where it was loaded from.
   * @param {number} page
   * @param {number} record
   * @param {number} offset
   * @param {Uint8Array<ArrayBuffer> | null} [bytes] of the page, all of them,
   *   which nobody else uses
   * @returns {Uint8Array | null} null: it is not wanted any more, or `bytes`
   *   are kept
   */
  loaded(page, record, offset, bytes = null) {
    if (this.frames.has(page)) return null;
    if (this.pages.record(page) !== record) return null;
    if (this.pages.offset(page) !== offset) return null;
    const isWhole = bytes !== null && this.pages.length(page) === PAGE_BYTES;
    if (isWhole && this.#store.cache.adopt(this, page, bytes)) return null;
    const frame = this.#store.cache.take(this, page);
    if (frame === null) this.failed(page, -ERRNO.ENOMEM);
    return frame?.bytes ?? null;
  }

  /**
   * Has the next commit put a page elsewhere, as it is.
   * @param {number} page
   * @returns {boolean} false: its frame is not there, or too much is dirty
   */
  rewrite(page) {
    const frame = this.frames.get(page);
    if (frame === undefined) return false;
    if (frame.dirty) return true;
    if (this.#store.refusesDirty(frame) !== 0) return false;
    this.#store.cache.markDirty(frame);
    this.dirty.add(page);
    this.#store.wrote(this);
    return true;
  }

  /** The cache lets go of a frame. @param {Frame} frame */
  forget(frame) {
    this.frames.delete(frame.page);
    this.dirty.delete(frame.page);
    if (this.#last === frame) this.#last = null;
  }

  /** Everything it has is given back. */
  clear() {
    this.cut(0);
    this.#sizeBytes = 0;
  }
}
