/* The page cache of a volume: frames of one page each, as many as the limit
 * allows. What is dirty, or on its way to the database, stays; of the rest, what
 * was not used since the hand came by last goes first (the clock algorithm, so
 * that a hit costs a store and nothing else). */
import { PAGE_BYTES } from "./format.js";

/** @typedef {import("./file.js").PagedFile} PagedFile */

/** Frames lie next to each other in memory, up to 1 MiB of them: to make an
 * array for each costs several times as much, and what is written in order lies
 * there in order. */
const SLAB_FRAMES = 256;
const FIRST_SLAB_FRAMES = 16;

/** One page in memory. */
export class Frame {
  bytes;
  /** @type {PagedFile | null} null: it is free */
  file = null;
  page = 0;
  /** Whether it was used since the hand came by. */
  used = false;
  /** Whether it was written since it was last taken into a commit. */
  dirty = false;
  /** The sequence number of the commit that takes it along; 0: none does. */
  flight = 0;
  /** Whether its bytes are stored in the log, and nowhere else. */
  logged = false;

  /** @param {Uint8Array<ArrayBuffer>} bytes */
  constructor(bytes) {
    this.bytes = bytes;
  }
}

/** @param {Frame} frame whether it may not be let go */
const isKept = ({ dirty, flight, logged }) => dirty || flight !== 0 || logged;

export class PageCache {
  /** Every frame there is; the hand goes round over them. */
  /** @type {Frame[]} */
  #frames = [];
  /** @type {Frame[]} */
  #free = [];
  #hand = 0;
  /** Where the next frame is. */
  #slab = new ArrayBuffer(0);
  #slabUsed = 0;
  #limit;
  /** How many frames may not be let go. */
  #kept = 0;
  /** Those of which the bytes are stored in the log. */
  /** @type {Set<Frame>} */
  logged = new Set();

  /** @param {number} limitBytes */
  constructor(limitBytes) {
    this.#limit = Math.max(1, Math.floor(limitBytes / PAGE_BYTES));
  }

  /** What is cached, dirty or not. */
  get cachedBytes() {
    return (this.#frames.length - this.#free.length) * PAGE_BYTES;
  }

  /** What is dirty or on its way. */
  get dirtyBytes() {
    return (this.#kept - this.logged.size) * PAGE_BYTES;
  }

  /** What may not be let go. */
  get keptBytes() {
    return this.#kept * PAGE_BYTES;
  }

  /**
   * A frame for a page that has none; its bytes are whatever they were.
   * @param {PagedFile} file
   * @param {number} page
   * @returns {Frame | null} null: the engine has no memory for it
   */
  take(file, page) {
    const frame = this.#free.pop() ?? this.#another();
    if (frame !== null) this.#give(frame, file, page);
    return frame;
  }

  /**
   * A frame for a page that has none, with bytes that nobody else uses.
   * @param {PagedFile} file
   * @param {number} page
   * @param {Uint8Array<ArrayBuffer>} bytes as long as a page
   * @returns {boolean} false: there are frames already that are to be used
   */
  adopt(file, page, bytes) {
    if (this.#free.length > 0 || this.#frames.length >= this.#limit) {
      return false;
    }
    const frame = new Frame(bytes);
    this.#frames.push(frame);
    this.#give(frame, file, page);
    return true;
  }

  /** @param {Frame} frame @param {PagedFile} file @param {number} page */
  #give(frame, file, page) {
    frame.file = file;
    frame.page = page;
    frame.used = true;
    file.frames.set(page, frame);
  }

  #another() {
    const isFull = this.#frames.length >= this.#limit;
    const old = isFull ? this.#evict() : null;
    if (old !== null) return old;
    try {
      const frame = new Frame(this.#page());
      this.#frames.push(frame);
      return frame;
    } catch {
      return isFull ? null : this.#evict();
    }
  }

  /** @returns {Uint8Array<ArrayBuffer>} throws RangeError: there is no memory */
  #page() {
    if (this.#slabUsed === this.#slab.byteLength) {
      const { length } = this.#frames;
      const most = Math.min(SLAB_FRAMES, Math.max(1, this.#limit - length));
      const frames = Math.min(most, Math.max(FIRST_SLAB_FRAMES, length));
      this.#slab = new ArrayBuffer(frames * PAGE_BYTES);
      this.#slabUsed = 0;
    }
    const bytes = new Uint8Array(this.#slab, this.#slabUsed, PAGE_BYTES);
    this.#slabUsed += PAGE_BYTES;
    return bytes;
  }

  /** @returns {Frame | null} null: every one is kept */
  #evict() {
    const count = this.#frames.length;
    for (let left = 2 * count; left > 0; left--) {
      if (this.#hand >= count) this.#hand = 0;
      const frame = this.#frames[this.#hand++];
      if (frame === undefined || frame.file === null) continue;
      if (isKept(frame)) continue;
      if (frame.used) {
        frame.used = false;
        continue;
      }
      frame.file.forget(frame);
      return frame;
    }
    return null;
  }

  /** @param {Frame} frame */
  markDirty(frame) {
    if (!isKept(frame)) this.#kept++;
    frame.dirty = true;
    this.#unlog(frame);
  }

  /** The log has its bytes. @param {Frame} frame neither dirty nor on its way */
  markLogged(frame) {
    if (!isKept(frame)) this.#kept++;
    frame.logged = true;
    this.logged.add(frame);
  }

  /** @param {Frame} frame */
  #unlog(frame) {
    if (!frame.logged) return;
    frame.logged = false;
    this.logged.delete(frame);
  }

  /**
   * It is as in the database, or will be: a commit has taken it along.
   * @param {Frame} frame dirty
   * @param {number} flight of the commit
   */
  takeOff(frame, flight) {
    frame.dirty = false;
    frame.flight = flight;
  }

  /**
   * The commit is over.
   * @param {Frame} frame
   * @param {"failed" | "record" | "log"} where its bytes are stored
   */
  land(frame, where) {
    frame.flight = 0;
    if (where === "failed") frame.dirty = true;
    if (frame.dirty) return;
    this.#kept--;
    if (where === "log") this.markLogged(frame);
  }

  /**
   * A page is no more: its file is gone or shorter, or holds something else.
   * @param {Frame} frame
   */
  drop(frame) {
    if (isKept(frame)) this.#kept--;
    frame.dirty = false;
    frame.flight = 0;
    this.#unlog(frame);
    frame.file?.forget(frame);
    frame.file = null;
    this.#free.push(frame);
  }
}
