/* The three standard streams of a program, from what its page gives for them. */
import { ERRNO } from "../errors.js";
import { Sink, createSink } from "./sink.js";
import { createSource } from "./source.js";
import { SIDE, Stream } from "./stream.js";
import { Watchers } from "./watchers.js";

/**
 * @typedef {object} StdioOptions
 * @property {import("./source.js").SourceOption | null} [stdin] default: empty
 * @property {import("./sink.js").SinkOption} [stdout] default: lines to
 *   console.log
 * @property {import("./sink.js").SinkOption} [stderr] default: lines to
 *   console.error; may be the same as stdout
 * @property {import("./terminal.js").Terminal} [terminal] in place of those of
 *   the three that are not given
 *
 * @typedef {object} Stdio
 * @property {Stream} stdin
 * @property {Stream} stdout
 * @property {Stream} stderr
 * @property {() => Promise<void>} finish closes them; settled, never rejected,
 *   when the page has taken all output
 */

/** A stream that is never asked to wait: for programs that do not expect it. */
export class OutputStream extends Stream {
  #output;
  #closed = false;

  /** @param {import("../output.js").Output} output stays open when it closes */
  constructor(output) {
    super();
    this.#output = output;
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
    if (this.#closed) return -ERRNO.EBADF;
    this.#output.write(bytes.subarray(at, at + size));
    return size;
  }

  /**
   * @param {number} side
   * @override
   */
  ready(side) {
    return side === SIDE.WRITE && !this.#closed ? 65_536 : -ERRNO.EBADF;
  }

  /** @override */
  close() {
    this.#closed = true;
  }
}

/** One of several standard streams that lead to the same place. */
class Shared extends Stream {
  #stream;
  #users;
  #watchers = new Watchers();
  #closed = false;

  /**
   * @param {Stream} stream closed when the last of its users is
   * @param {{ count: number }} users
   */
  constructor(stream, users) {
    super();
    this.#stream = stream;
    this.#users = users;
    users.count++;
  }

  /** @override */
  get type() {
    return this.#stream.type;
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
    return this.#closed ? -ERRNO.EBADF : this.#stream.write(bytes, at, size);
  }

  /**
   * @param {number} side
   * @override
   */
  ready(side) {
    return this.#closed ? -ERRNO.EBADF : this.#stream.ready(side);
  }

  /**
   * @param {number} side
   * @param {() => void} wake
   * @override
   */
  watch(side, wake) {
    return this.#watchers.addBeside(this.#stream, side, wake);
  }

  /** @override */
  close() {
    if (this.#closed) return;
    this.#closed = true;
    this.#watchers.wake();
    this.#users.count--;
    if (this.#users.count === 0) this.#stream.close();
  }
}

/**
 * @param {StdioOptions} options
 * @param {(name: "stdin" | "stdout" | "stderr", error: unknown) => void} onError
 *   told once of each that fails; the program is told by EIO
 * @returns {Stdio}
 */
export function openStdio({ stdin, stdout, stderr, terminal }, onError) {
  const shown = terminal?.open();
  const out = stdout ?? shown?.stdout ?? ((line) => console.log(line));
  const err = stderr ?? shown?.stderr ?? ((line) => console.error(line));
  const input = createSource(stdin ?? shown?.stdin, (error) =>
    onError("stdin", error),
  );
  const first = createSink(out, (error) => onError("stdout", error));
  const second =
    out === err ? first : createSink(err, (error) => onError("stderr", error));
  const users = { count: 0 };
  const streams =
    first === second
      ? [new Shared(first, users), new Shared(first, users)]
      : [first, second];
  const [output = first, errors = second] = streams;
  return {
    stdin: input,
    stdout: output,
    stderr: errors,
    async finish() {
      for (const stream of [input, output, errors]) stream.close();
      for (const sink of [first, second]) {
        if (sink instanceof Sink) await sink.finished;
      }
    },
  };
}
