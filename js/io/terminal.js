/* A terminal between a program and an emulator on the page. Cooked, it edits
 * and echoes a line before the program sees it, as the line discipline of an
 * operating system does; raw, it passes everything on. The page gives it keys
 * by input() and shows what its output callback is given. */
import { ERRNO } from "../errors.js";
import { NO_BYTES, asBytes } from "./bytes.js";
import { createSink } from "./sink.js";
import { SIDE } from "./stream.js";
import { Keys, TerminalInput, TerminalOutput } from "./terminal-streams.js";

/**
 * @typedef {import("./stream.js").Stream} Stream
 *
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

/** A line that is being typed has no more bytes. */
const MAX_LINE_BYTES = 4096;

/** @param {number} byte */
const continuesCharacter = (byte) => (byte & 0xc0) === 0x80;

/** @param {number} byte */
const isControl = (byte) =>
  (byte < 0x20 && byte !== CONTROL.TAB) || byte === CONTROL.DELETE;

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
