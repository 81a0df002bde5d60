/* Whatever a page may give as standard input, as a stream. Nothing is fetched
 * before somebody reads or polls, then one chunk; what a read leaves of it is
 * kept. Text, bytes and what a callback answers at once can be read without
 * waiting. */
import { ERRNO } from "../errors.js";
import { copyBytes } from "../memory.js";
import { NO_BYTES, asBytes } from "./bytes.js";
import { SIDE, Stream, isStream } from "./stream.js";
import { Watchers } from "./watchers.js";

/**
 * A callback is called when there is nothing left to read: it answers a piece
 * of text or bytes, now or by a Promise, and null at the end.
 * @typedef {string | ArrayBuffer | ArrayBufferView | Blob
 *   | ReadableStream<Uint8Array | string>
 *   | AsyncIterable<Uint8Array | string>
 *   | (() => unknown)
 *   | Stream} SourceOption
 *
 * What a stream's reader and an async iterator have in common.
 * @typedef {{ done?: boolean, value?: unknown }} Chunk
 * @typedef {{ pull: () => Chunk | PromiseLike<Chunk>, close: () => void }} Feed
 */

const MAX_ARRIVALS = 2 ** 30 - 1;
const END = Object.freeze({ done: true, value: undefined });

/**
 * @template T
 * @param {T | PromiseLike<T>} value
 * @returns {value is PromiseLike<T>}
 */
function isThenable(value) {
  const { then } = /** @type {{ then?: unknown }} */ (value ?? {});
  return typeof then === "function";
}

/**
 * @param {unknown} value
 * @returns {value is string | ArrayBuffer | ArrayBufferView}
 */
function isWhole(value) {
  return (
    typeof value === "string" ||
    value instanceof ArrayBuffer ||
    ArrayBuffer.isView(value)
  );
}

/**
 * @param {string | ArrayBuffer | ArrayBufferView} whole
 * @returns {Feed}
 */
function wholeFeed(whole) {
  let sent = false;
  return {
    pull() {
      if (sent) return END;
      sent = true;
      const value = asBytes(whole);
      return value?.length === 0 ? END : { value };
    },
    close: () => {},
  };
}

/**
 * @param {() => ReadableStream<Uint8Array | string>} open
 * @returns {Feed}
 */
function streamFeed(open) {
  /** @type {ReadableStreamDefaultReader<Uint8Array | string> | null} */
  let reader = null;
  return {
    pull() {
      reader ??= open().getReader();
      return reader.read();
    },
    // The program has ended: how the source takes that is its own affair.
    close: () => void reader?.cancel().catch(() => {}),
  };
}

/**
 * @param {AsyncIterable<Uint8Array | string>} source
 * @returns {Feed}
 */
function iteratedFeed(source) {
  /** @type {AsyncIterator<Uint8Array | string> | null} */
  let iterator = null;
  return {
    pull() {
      iterator ??= source[Symbol.asyncIterator]();
      return iterator.next();
    },
    close() {
      const end = async () => {
        // A generator answers return() only after the read that hangs, so one
        // of Node's streams must be ended itself, or it keeps the process
        // alive.
        const { destroy } = /** @type {{ destroy?: unknown }} */ (source);
        if (typeof destroy === "function") destroy.call(source);
        await iterator?.return?.();
      };
      if (iterator !== null) end().catch(() => {});
    },
  };
}

/**
 * @param {() => unknown} callback
 * @returns {Feed}
 */
function callbackFeed(callback) {
  const chunk = (/** @type {unknown} */ value) =>
    value === null ? END : { value };
  return {
    pull() {
      const value = callback();
      return isThenable(value) ? value.then(chunk) : chunk(value);
    },
    close: () => {},
  };
}

/**
 * @param {Exclude<SourceOption, Stream>} option
 * @returns {Feed}
 */
function feedOf(option) {
  if (isWhole(option)) return wholeFeed(option);
  if (typeof option === "function") return callbackFeed(option);
  if (option instanceof Blob) {
    return streamFeed(() => /** @type {ReadableStream} */ (option.stream()));
  }
  return "getReader" in option
    ? streamFeed(() => option)
    : iteratedFeed(option);
}

class Source extends Stream {
  #feed;
  #onError;
  #chunk = NO_BYTES;
  /** Where in the chunk the next read begins. */
  #from = 0;
  #pulling = false;
  #ended = false;
  #closed = false;
  /** What reads answer after the end: 0, or a negative errno. */
  #answer = 0;
  #arrivals = 0;
  #watchers = new Watchers();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #retry;

  /**
   * @param {Feed} feed
   * @param {(error: unknown) => void} onError
   */
  constructor(feed, onError) {
    super();
    this.#feed = feed;
    this.#onError = onError;
  }

  /** @override */
  get readable() {
    return true;
  }

  /** @override */
  get arrivals() {
    return this.#arrivals;
  }

  /**
   * @param {Uint8Array} bytes
   * @param {number} at
   * @param {number} size
   * @override
   */
  read(bytes, at, size, peek = false) {
    this.demand();
    const left = this.#left;
    if (left === 0) return this.#ended ? this.#answer : -ERRNO.EAGAIN;
    const count = Math.min(size, left);
    copyBytes(bytes, at, this.#chunk, this.#from, count);
    if (peek) return count;
    this.#from += count;
    if (count === left) {
      this.#chunk = NO_BYTES;
      this.#from = 0;
      if (this.#watchers.size > 0) this.demand();
    }
    return count;
  }

  /**
   * @param {number} side
   * @override
   */
  ready(side) {
    if (side !== SIDE.READ || this.#closed) return -ERRNO.EBADF;
    if (this.#left > 0) return this.#left;
    return this.#ended ? this.#answer : -ERRNO.EAGAIN;
  }

  /** @override */
  demand() {
    if (this.#left > 0 || this.#pulling || this.#ended) return;
    this.#pulling = true;
    let chunk;
    try {
      chunk = this.#feed.pull();
    } catch (error) {
      this.#fail(error);
      return;
    }
    if (isThenable(chunk)) {
      chunk.then(this.#onChunk, this.#onFailure);
    } else {
      this.#take(chunk);
    }
  }

  /**
   * @param {number} side
   * @param {() => void} wake
   * @override
   */
  watch(side, wake) {
    if (side !== SIDE.READ) return super.watch(side, wake);
    const end = this.#watchers.add(wake);
    this.demand();
    return end;
  }

  /** @override */
  close() {
    if (this.#closed) return;
    this.#closed = true;
    this.#chunk = NO_BYTES;
    this.#from = 0;
    this.#end(-ERRNO.EBADF);
    this.#feed.close();
  }

  get #left() {
    return this.#chunk.length - this.#from;
  }

  /** @param {Chunk} chunk */
  #onChunk = (chunk) => {
    if (!this.#ended) this.#take(chunk);
  };

  /** @param {unknown} error */
  #onFailure = (error) => {
    if (!this.#ended) this.#fail(error);
  };

  /** @param {Chunk} chunk */
  #take(chunk) {
    this.#pulling = false;
    // An iterator of the page may answer anything.
    const { done, value } = chunk ?? {};
    if (done) {
      this.#end(0);
      return;
    }
    const bytes = asBytes(value);
    if (bytes === null) {
      this.#fail(new TypeError("a chunk is neither bytes nor text"));
    } else if (bytes.length > 0) {
      this.#chunk = bytes;
      this.#arrived();
    } else if (this.#retry === undefined) {
      // In a task: what answers nothing for ever must not hold up the page.
      this.#retry = setTimeout(() => {
        this.#retry = undefined;
        if (this.#watchers.size > 0) this.demand();
      });
    }
  }

  /** @param {unknown} error */
  #fail(error) {
    this.#pulling = false;
    this.#end(-ERRNO.EIO);
    this.#onError(error);
  }

  /** @param {number} answer */
  #end(answer) {
    this.#answer = answer;
    this.#ended = true;
    this.#arrived();
  }

  #arrived() {
    this.#arrivals = (this.#arrivals % MAX_ARRIVALS) + 1;
    if (this.#watchers.size === 0) return;
    // Later: this may be inside of watch(), or of a call of the program.
    queueMicrotask(() => this.#watchers.wake());
  }
}

/**
 * @param {unknown} option
 * @returns {option is SourceOption}
 */
export function isSourceOption(option) {
  if (typeof option === "function" || isWhole(option)) return true;
  if (typeof option !== "object" || option === null) return false;
  return (
    isStream(option) ||
    option instanceof Blob ||
    "getReader" in option ||
    Symbol.asyncIterator in option
  );
}

/**
 * The stream that a program reads an option by, and owns from then on.
 * @param {SourceOption | null | undefined} option nothing: an empty stream
 * @param {(error: unknown) => void} onError told once when the source fails;
 *   reads answer EIO then
 * @returns {Stream}
 */
export function createSource(option, onError) {
  if (isStream(option)) return option;
  return new Source(feedOf(option ?? ""), onError);
}
