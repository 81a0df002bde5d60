/* The ends of a terminal that its programs have: what was typed, read by lines,
 * and what is written, shown. A terminal makes them anew for each program. */
import { ERRNO } from "../errors.js";
import { TYPE } from "../fs/volume.js";
import { copyBytes } from "../memory.js";
import { NO_BYTES } from "./bytes.js";
import { SIDE, Stream } from "./stream.js";
import { Watchers } from "./watchers.js";

/** No more waits to be read. */
const MAX_WAITING_BYTES = 1 << 20;
const MAX_ARRIVALS = 2 ** 30 - 1;
const NEWLINE = 0x0a;
const RETURN = 0x0d;

/** What was typed, on its way to the program. */
export class Keys {
  /** Lines, or what was typed in raw mode; an empty one is an end of file. */
  /** @type {Uint8Array[]} */
  #waiting = [];
  #bytes = 0;
  ended = false;
  arrivals = 0;
  watchers = new Watchers();

  /** What the next read is answered from. */
  get first() {
    return this.#waiting[0];
  }

  /**
   * @param {Uint8Array} bytes the queue's own from now on
   * @returns {boolean} false when there is no room: they are dropped
   */
  push(bytes) {
    if (this.ended) return true;
    if (this.#bytes + bytes.length > MAX_WAITING_BYTES) return false;
    this.#waiting.push(bytes);
    this.#bytes += bytes.length;
    this.arrived();
    return true;
  }

  /** @param {number} count how many of the first have been read */
  take(count) {
    const first = this.first ?? NO_BYTES;
    this.#bytes -= count;
    if (count < first.length) this.#waiting[0] = first.subarray(count);
    else this.#waiting.shift();
  }

  clear() {
    this.#waiting = [];
    this.#bytes = 0;
  }

  arrived() {
    this.arrivals = (this.arrivals % MAX_ARRIVALS) + 1;
    this.watchers.wake();
  }
}

/** Standard input of one program. */
export class TerminalInput extends Stream {
  #keys;
  #closed = false;

  /** @param {Keys} keys */
  constructor(keys) {
    super();
    this.#keys = keys;
  }

  /** @override */
  get type() {
    return TYPE.CHARACTER_DEVICE;
  }

  /** @override */
  get readable() {
    return true;
  }

  /** @override */
  get arrivals() {
    return this.#keys.arrivals;
  }

  /**
   * A read ends with a line.
   * @param {Uint8Array} bytes
   * @param {number} at
   * @param {number} size
   * @override
   */
  read(bytes, at, size, peek = false) {
    const ready = this.ready(SIDE.READ);
    const { first } = this.#keys;
    if (ready < 0 || first === undefined) return ready;
    const count = Math.min(size, first.length);
    copyBytes(bytes, at, first, 0, count);
    if (!peek) this.#keys.take(count);
    return count;
  }

  /**
   * @param {number} side
   * @override
   */
  ready(side) {
    if (side !== SIDE.READ || this.#closed) return -ERRNO.EBADF;
    const { first, ended } = this.#keys;
    if (first !== undefined) return first.length;
    return ended ? 0 : -ERRNO.EAGAIN;
  }

  /**
   * An end of file that was typed is not the end of the terminal.
   * @param {number} side
   * @override
   */
  hungUp(side) {
    return side === SIDE.READ && this.#keys.ended;
  }

  /**
   * @param {number} side
   * @param {() => void} wake
   * @override
   */
  watch(side, wake) {
    return side === SIDE.READ && !this.#closed
      ? this.#keys.watchers.add(wake)
      : super.watch(side, wake);
  }

  /** @override */
  close() {
    if (this.#closed) return;
    this.#closed = true;
    this.#keys.watchers.wake();
  }
}

/** A standard stream that shows what is written to it. */
export class TerminalOutput extends Stream {
  #sink;
  #translate;
  #watchers = new Watchers();
  #closed = false;

  /**
   * @param {Stream} sink shared with others
   * @param {() => boolean} translate whether a line feed also returns to the
   *   first column
   */
  constructor(sink, translate) {
    super();
    this.#sink = sink;
    this.#translate = translate;
  }

  /** @override */
  get type() {
    return TYPE.CHARACTER_DEVICE;
  }

  /** @override */
  get writable() {
    return true;
  }

  /**
   * @param {Uint8Array} bytes
   * @param {number} at
   * @param {number} size
   * @override
   */
  write(bytes, at, size) {
    const ready = this.ready(SIDE.WRITE);
    if (ready < 0) return ready;
    // At most what the sink takes as a whole.
    const count = Math.min(size, ready);
    const shown = bytes.subarray(at, at + count);
    if (!this.#translate()) return this.#sink.write(shown, 0, count);
    const text = withReturns(shown);
    const written = this.#sink.write(text, 0, text.length);
    return written < 0 ? written : count;
  }

  /**
   * @param {number} side
   * @override
   */
  ready(side) {
    if (side !== SIDE.WRITE || this.#closed) return -ERRNO.EBADF;
    return this.#sink.ready(side);
  }

  /**
   * @param {number} side
   * @param {() => void} wake
   * @override
   */
  watch(side, wake) {
    return this.#watchers.addBeside(this.#sink, side, wake);
  }

  /** @override */
  close() {
    this.#closed = true;
    this.#watchers.wake();
  }
}

/**
 * Emulators go down at a line feed, and no more.
 * @param {Uint8Array} bytes
 */
function withReturns(bytes) {
  let lines = 0;
  for (const byte of bytes) if (byte === NEWLINE) lines++;
  if (lines === 0) return bytes;
  const target = new Uint8Array(bytes.length + lines);
  let at = 0;
  for (const byte of bytes) {
    if (byte === NEWLINE) target[at++] = RETURN;
    target[at++] = byte;
  }
  return target;
}
