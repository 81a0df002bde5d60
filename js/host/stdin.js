/* Standard input: text, bytes, a ReadableStream or anything that can be
 * iterated asynchronously. Nothing is read before the program asks. */
import { messageOf } from "../errors.js";
import { Inlet, asBytes } from "./inlet.js";

/**
 * @typedef {string | ArrayBuffer | ArrayBufferView
 *   | ReadableStream<Uint8Array | string>
 *   | AsyncIterable<Uint8Array | string>} StdinSource
 *
 * @typedef {import("./inlet.js").Chunk} Chunk
 * @typedef {{ pull: () => PromiseLike<Chunk>, close: () => void }} Feed
 */

const END = { done: true, value: undefined };

/**
 * @param {Uint8Array} bytes
 * @returns {Feed}
 */
function wholeFeed(bytes) {
  let sent = false;
  return {
    pull: () => {
      const chunk = sent ? END : { done: false, value: bytes };
      sent = true;
      return Promise.resolve(chunk);
    },
    close: () => {},
  };
}

/**
 * @param {ReadableStream<Uint8Array | string>} stream
 * @returns {Feed}
 */
function streamFeed(stream) {
  const reader = stream.getReader();
  return {
    pull: () => reader.read(),
    // The program has ended: how the source takes that is its own affair.
    close: () => void reader.cancel().catch(() => {}),
  };
}

/**
 * @param {AsyncIterable<Uint8Array | string>} source
 * @returns {Feed}
 */
function iteratedFeed(source) {
  const iterator = source[Symbol.asyncIterator]();
  return {
    pull: () => iterator.next(),
    close: () => {
      const end = async () => {
        // A generator answers return() only after the read that hangs, so one
        // of Node's streams must be ended itself, or it keeps the process
        // alive.
        const { destroy } = /** @type {{ destroy?: unknown }} */ (source);
        if (typeof destroy === "function") destroy.call(source);
        await iterator.return?.();
      };
      end().catch(() => {});
    },
  };
}

/**
 * @param {StdinSource} source
 * @returns {Feed}
 */
function openFeed(source) {
  const bytes = asBytes(source);
  if (bytes !== null) return wholeFeed(bytes);
  return "getReader" in /** @type {object} */ (source)
    ? streamFeed(/** @type {ReadableStream<Uint8Array>} */ (source))
    : iteratedFeed(/** @type {AsyncIterable<Uint8Array>} */ (source));
}

/** @param {unknown} source */
export function isStdinSource(source) {
  if (asBytes(source) !== null) return true;
  if (typeof source !== "object" || source === null) return false;
  return "getReader" in source || Symbol.asyncIterator in source;
}

/**
 * @param {import("./index.js").Host} host
 * @param {StdinSource | undefined} source
 */
export function createStdin(host, source) {
  /** @type {Feed | undefined} */
  let feed;
  const pull = async () => {
    if (source === undefined) return END;
    feed ??= openFeed(source);
    return feed.pull();
  };
  const inlet = new Inlet(host.memory, host.ops, pull, (error) => {
    host.report(`standard input failed: ${messageOf(error)}`);
  });
  return {
    inlet,
    imports: {
      /**
       * @param {number} token
       * @param {number} buf
       * @param {number} size
       */
      stdin_read: (token, buf, size) => inlet.read(token, buf, size),
      /**
       * @param {number} token
       * @param {number} since
       */
      stdin_poll: (token, since) => inlet.poll(token, since),
    },
    close() {
      inlet.close();
      feed?.close();
    },
  };
}
