/* Whatever a page may give for standard output: as a stream whose writers wait
 * while the page has not taken what came before (createSink), or as an output
 * that takes everything at once and keeps what the page does not take yet
 * (createUnlimited): Gossamer's own programs never wait to print. */
import { ERRNO } from "../errors.js";
import { createOutput } from "../output.js";
import { SIDE, Stream, isStream } from "./stream.js";
import { Watchers } from "./watchers.js";

/**
 * @typedef {import("../output.js").LineCallback} LineCallback
 * @typedef {import("../output.js").ByteWriter} ByteWriter
 * @typedef {import("../output.js").Output} Output
 *
 * A writer that answers a Promise is given nothing more until it is settled,
 * and has failed when it is rejected.
 * @typedef {LineCallback | ByteWriter | WritableStream<Uint8Array>
 *   | Stream} SinkOption
 *
 * What is behind a Sink.
 * @typedef {object} Target
 * @property {(bytes: Uint8Array) => unknown} take a view that is valid during
 *   the call; may answer a Promise of when more may be given
 * @property {() => unknown} finish nothing more comes; may answer a Promise of
 *   when all has been handed on
 */

/** No more is handed on at once; what is on its way is a copy. */
const MAX_PIECE_BYTES = 1 << 20;
/** What ready() answers when any size will do. */
const ROOM_BYTES = 65_536;

/**
 * Whether an error says that nobody takes the output any more, as when the
 * reader at the end of a transformed stream has cancelled it.
 * @param {unknown} error
 */
function isAbandoned(error) {
  const { code, name } = /** @type {{ code?: unknown, name?: unknown }} */ (
    error ?? {}
  );
  return !(error instanceof Error) || code === "EPIPE" || name === "AbortError";
}

/** @param {unknown} value */
function isPromise(value) {
  const { then } = /** @type {{ then?: unknown }} */ (value ?? {});
  return typeof then === "function";
}

/**
 * @param {LineCallback} callback
 * @returns {Target}
 */
function lineTarget(callback) {
  const output = createOutput(callback);
  return { take: output.write, finish: output.flush };
}

/**
 * @param {ByteWriter} writer
 * @returns {Target}
 */
function writerTarget(writer) {
  return {
    // A copy: the bytes lie in memory that changes.
    take: (bytes) => writer.write(bytes.slice()),
    finish: () => {},
  };
}

/**
 * @param {WritableStream<Uint8Array>} stream
 * @param {(error?: unknown) => void} fail
 * @returns {Target}
 */
function writableTarget(stream, fail) {
  const writer = stream.getWriter();
  writer.closed.then(() => fail(), fail);
  return {
    take(bytes) {
      // How it failed is told by `closed`.
      writer.write(bytes.slice()).catch(() => {});
      return (writer.desiredSize ?? 0) > 0 ? undefined : writer.ready;
    },
    finish: () => writer.close(),
  };
}

export class Sink extends Stream {
  #target;
  #onError;
  #watchers = new Watchers();
  /** 0, or the negative errno that is answered from now on. */
  #failure = 0;
  #closed = false;
  /** @type {Promise<void> | null} what is on its way */
  #pending = null;
  /** @type {Promise<void>} */
  #finished = Promise.resolve();

  /**
   * @param {(fail: (error?: unknown) => void) => Target} open
   * @param {(error: unknown) => void} onError
   */
  constructor(open, onError) {
    super();
    this.#onError = onError;
    this.#target = open((error) => this.#fail(error));
  }

  /** @override */
  get writable() {
    return true;
  }

  /**
   * After close(): when all has been handed on, or cannot be; never rejected.
   */
  get finished() {
    return this.#finished;
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
    const count = Math.min(size, MAX_PIECE_BYTES);
    try {
      const taken = this.#target.take(bytes.subarray(at, at + count));
      if (isPromise(taken)) this.#wait(/** @type {Promise<void>} */ (taken));
    } catch (error) {
      this.#fail(error);
      return this.#failure;
    }
    return count;
  }

  /**
   * @param {number} side
   * @override
   */
  ready(side) {
    if (side !== SIDE.WRITE || this.#closed) return -ERRNO.EBADF;
    if (this.#failure !== 0) return this.#failure;
    return this.#pending === null ? ROOM_BYTES : -ERRNO.EAGAIN;
  }

  /**
   * @param {number} side
   * @param {() => void} wake
   * @override
   */
  watch(side, wake) {
    return side === SIDE.WRITE
      ? this.#watchers.add(wake)
      : super.watch(side, wake);
  }

  /**
   * Hands on the rest, an unfinished line too, and ends a WritableStream.
   * @override
   */
  close() {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#failure === 0) this.#finished = this.#finish();
    this.#watchers.wake();
  }

  async #finish() {
    try {
      // A line that is not complete is handed on before close() returns.
      if (this.#pending !== null) await this.#pending;
      await this.#target.finish();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** @param {PromiseLike<void>} taken */
  #wait(taken) {
    const done = () => {
      this.#pending = null;
      this.#watchers.wake();
    };
    this.#pending = Promise.resolve(taken).then(done, (error) => {
      this.#fail(error);
      done();
    });
  }

  /** @param {unknown} [error] */
  #fail(error) {
    if (this.#failure !== 0) return;
    const abandoned = isAbandoned(error);
    this.#failure = abandoned ? -ERRNO.EPIPE : -ERRNO.EIO;
    this.#watchers.wake();
    if (!abandoned) this.#onError(error);
  }
}

/**
 * Keeps what a stream does not take at once, however much it is.
 * @param {Stream} stream
 * @returns {Output}
 */
function unlimited(stream) {
  /** @type {Uint8Array[]} */
  const queue = [];
  let closing = false;

  /**
   * @param {Uint8Array} bytes
   * @returns {number} how many are left; what nobody takes any more is dropped
   */
  function offer(bytes) {
    let at = 0;
    while (at < bytes.length) {
      const count = stream.write(bytes, at, bytes.length - at);
      if (count === -ERRNO.EAGAIN) break;
      if (count < 0) return 0;
      at += count;
    }
    return bytes.length - at;
  }

  function goOn() {
    for (;;) {
      const [first] = queue;
      if (first === undefined) break;
      const left = offer(first);
      if (left > 0) {
        queue[0] = first.subarray(first.length - left);
        stream.watch(SIDE.WRITE, goOn);
        return;
      }
      queue.shift();
    }
    if (closing) stream.close();
  }

  return {
    write(bytes) {
      if (closing) return;
      const left = queue.length > 0 ? bytes.length : offer(bytes);
      if (left === 0) return;
      queue.push(bytes.slice(bytes.length - left));
      if (queue.length === 1) stream.watch(SIDE.WRITE, goOn);
    },
    flush: () => {},
    close() {
      if (closing) return;
      closing = true;
      if (queue.length === 0) stream.close();
    },
  };
}

/**
 * @param {unknown} option
 * @returns {option is SinkOption}
 */
export function isSinkOption(option) {
  if (typeof option === "function" || isStream(option)) return true;
  const { write, getWriter } =
    /** @type {{ write?: unknown, getWriter?: unknown }} */ (option ?? {});
  return typeof write === "function" || typeof getWriter === "function";
}

/**
 * @param {Exclude<SinkOption, Stream>} option
 * @param {(error?: unknown) => void} fail
 */
function targetOf(option, fail) {
  if (typeof option === "function") return lineTarget(option);
  return "getWriter" in option
    ? writableTarget(option, fail)
    : writerTarget(option);
}

/**
 * The stream that a program writes an option by, and owns from then on. What is
 * thrown by a callback of lines is the page's; a writer or WritableStream that
 * fails is EIO for the program, or EPIPE when nobody takes the output any more.
 * @param {SinkOption} option
 * @param {(error: unknown) => void} onError told once of a failure with EIO
 * @returns {Stream} a Sink but for a Stream, which is answered as it is
 */
export function createSink(option, onError) {
  if (isStream(option)) return option;
  return new Sink((fail) => targetOf(option, fail), onError);
}

/**
 * @param {SinkOption} option
 * @param {(error: unknown) => void} onError told once of a failure
 * @returns {Output} takes everything at once; one that failed drops it
 */
export function createUnlimited(option, onError) {
  const direct =
    typeof option === "function" ||
    !(isStream(option) || "getWriter" in option);
  return direct ? createOutput(option) : unlimited(createSink(option, onError));
}
