/* A terminal between a program and an emulator on the page. Cooked, it edits
 * and echoes a line before the program sees it, as the line discipline of an
 * operating system does; raw, it passes everything on. The page gives it keys
 * by input() and shows what its output callback is given. */
import { ERRNO } from "../errors.js";
import { TYPE } from "../fs/volume.js";
import { NO_BYTES, asBytes, copyBytes } from "./bytes.js";
import { createSink } from "./sink.js";
import { SIDE, Stream } from "./stream.js";
import { Watchers } from "./watchers.js";

/**
 * @typedef {object} TerminalOptions
 * @property {(bytes: Uint8Array) => unknown} output what is to be shown: UTF-8
 *   and control sequences; may answer a Promise of when it can take more
 * @property {number} [columns] default: 80
 * @property {number} [rows] default: 24
 * @property {() => void} [onInterrupt] ^C was typed
 */

const CONTROL = Object.freeze({
  INTERRUPT: 0x03,
  END: 0x04,
  BELL: 0x07,
  BACKSPACE: 0x08,
  TAB: 0x09,
  NEWLINE: 0x0a,
  RETURN: 0x0d,
  KILL: 0x15,
  DELETE: 0x7f,
});

/** A line that is being typed has no more bytes, nor what waits to be read. */
const MAX_LINE_BYTES = 4096;
const MAX_WAITING_BYTES = 1 << 20;
const MAX_ARRIVALS = 2 ** 30 - 1;

/** @param {number} byte */
const continuesCharacter = (byte) => (byte & 0xc0) === 0x80;

/** @param {number} byte */
const isControl = (byte) =>
  (byte < 0x20 && byte !== CONTROL.TAB) || byte === CONTROL.DELETE;

/** What was typed, on its way to the program. */
class Keys {
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
class TerminalInput extends Stream {
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
class TerminalOutput extends Stream {
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
  for (const byte of bytes) if (byte === CONTROL.NEWLINE) lines++;
  if (lines === 0) return bytes;
  const target = new Uint8Array(bytes.length + lines);
  let at = 0;
  for (const byte of bytes) {
    if (byte === CONTROL.NEWLINE) target[at++] = CONTROL.RETURN;
    target[at++] = byte;
  }
  return target;
}

/** Dispatches "resize" when its size has changed, "mode" when `raw` has. */
export class Terminal extends EventTarget {
  #columns;
  #rows;
  #raw = false;
  #onInterrupt;
  #keys = new Keys();
  #sink;
  /** The line that is being typed. */
  #line = new Uint8Array(MAX_LINE_BYTES);
  #length = 0;
  /** What echoing has gathered during input(). */
  /** @type {number[]} */
  #echo = [];
  /** What could not be shown yet: an echo is never lost to a busy emulator. */
  /** @type {Uint8Array[]} */
  #unshown = [];

  /** @param {TerminalOptions} options */
  constructor({ output, columns = 80, rows = 24, onInterrupt = () => {} }) {
    super();
    this.#columns = columns;
    this.#rows = rows;
    this.#onInterrupt = onInterrupt;
    this.#sink = createSink({ write: output }, (error) => {
      queueMicrotask(() => {
        throw error; // it is the page's, whose own handlers see it
      });
    });
  }

  /**
   * Standard streams for one program, which closes them; the terminal goes on
   * to the next. isatty() says that they are a terminal.
   * @returns {{ stdin: Stream, stdout: Stream, stderr: Stream }}
   */
  open() {
    const cooked = () => !this.#raw;
    return {
      stdin: new TerminalInput(this.#keys),
      stdout: new TerminalOutput(this.#sink, cooked),
      stderr: new TerminalOutput(this.#sink, cooked),
    };
  }

  /** How many characters fit beside each other. */
  get columns() {
    return this.#columns;
  }

  /** How many lines fit. */
  get rows() {
    return this.#rows;
  }

  /** Whether keys go to the program as they are, without echo. */
  get raw() {
    return this.#raw;
  }

  set raw(raw) {
    if (this.#raw === Boolean(raw)) return;
    this.#raw = Boolean(raw);
    // What has been typed of a line can be read now, as it is.
    if (this.#raw && this.#length > 0) this.#pushLine();
    this.dispatchEvent(new Event("mode"));
  }

  /**
   * The emulator's size has changed.
   * @param {number} columns
   * @param {number} rows
   */
  resize(columns, rows) {
    if (columns === this.#columns && rows === this.#rows) return;
    this.#columns = columns;
    this.#rows = rows;
    this.dispatchEvent(new Event("resize"));
  }

  /**
   * What was typed or pasted, as emulators tell it: UTF-8, a return for the
   * return key, escape sequences for others. Never waits; what the program
   * does not read is dropped after a mebibyte, with a bell.
   * @param {string | Uint8Array} data
   */
  input(data) {
    const bytes = asBytes(data) ?? NO_BYTES;
    if (bytes.length === 0) return;
    if (this.#raw) {
      if (!this.#keys.push(bytes.slice())) this.#bell();
    } else {
      for (const byte of bytes) this.#key(byte);
    }
    this.#showEcho();
  }

  /** The terminal is gone: the program reads what there is, then the end. */
  end() {
    if (this.#length > 0) this.#pushLine();
    this.#keys.ended = true;
    this.#keys.arrived();
  }

  /** @param {number} byte typed in cooked mode */
  #key(byte) {
    switch (byte) {
      case CONTROL.INTERRUPT:
        this.#echoByte(byte);
        this.#echoLine();
        this.#length = 0;
        this.#keys.clear();
        this.#showEcho();
        this.#onInterrupt();
        break;
      case CONTROL.END:
        // At the start of a line it is an end; else it only sends the line.
        this.#pushLine();
        break;
      case CONTROL.KILL:
        while (this.#length > 0) this.#erase();
        break;
      case CONTROL.BACKSPACE:
      case CONTROL.DELETE:
        if (this.#length > 0) this.#erase();
        break;
      case CONTROL.RETURN:
      case CONTROL.NEWLINE:
        // One byte is kept free for it.
        this.#line[this.#length++] = CONTROL.NEWLINE;
        this.#echoLine();
        this.#pushLine();
        break;
      default:
        if (this.#length >= MAX_LINE_BYTES - 1) {
          this.#bell();
        } else {
          this.#line[this.#length++] = byte;
          this.#echoByte(byte);
        }
    }
  }

  #pushLine() {
    const line = this.#line.slice(0, this.#length);
    this.#length = 0;
    if (!this.#keys.push(line)) this.#bell();
  }

  /** Takes back the character that was typed last. */
  #erase() {
    let byte = 0;
    do {
      this.#length--;
      byte = /** @type {number} */ (this.#line[this.#length]);
    } while (this.#length > 0 && continuesCharacter(byte));
    const width = isControl(byte) ? 2 : 1;
    const { BACKSPACE } = CONTROL;
    for (let column = 0; column < width; column++) {
      this.#echo.push(BACKSPACE, 0x20, BACKSPACE);
    }
  }

  /** @param {number} byte */
  #echoByte(byte) {
    // A control character is shown as ^ and the letter that makes it.
    if (isControl(byte)) this.#echo.push(0x5e, byte ^ 0x40);
    else this.#echo.push(byte);
  }

  #echoLine() {
    this.#echo.push(CONTROL.RETURN, CONTROL.NEWLINE);
  }

  #bell() {
    this.#echo.push(CONTROL.BELL);
  }

  #showEcho() {
    if (this.#echo.length === 0) return;
    this.#unshown.push(Uint8Array.from(this.#echo));
    this.#echo.length = 0;
    if (this.#unshown.length === 1) this.#show();
  }

  #show = () => {
    for (;;) {
      const [first] = this.#unshown;
      if (first === undefined) return;
      const count = this.#sink.write(first, 0, first.length);
      if (count === -ERRNO.EAGAIN) {
        this.#sink.watch(SIDE.WRITE, this.#show);
        return;
      }
      this.#unshown.shift();
    }
  };
}
