/* Where an archive comes from: whatever a page has that gives bytes, in the
 * pieces that are wanted. Nothing is asked for before it is needed. */
import { GossamerError, messageOf } from "../errors.js";
import { PIECE_BYTES } from "./access.js";
import { until } from "./answers.js";

/** @typedef {import("./tar.js").TarSource} TarSource */

/**
 * @param {TarSource} source
 * @returns {AsyncIterator<Uint8Array>}
 */
export function piecesOf(source) {
  if (source instanceof Blob) return piecesOf(source.stream());
  if (typeof Response !== "undefined" && source instanceof Response) {
    if (source.body !== null) return piecesOf(source.body);
    return piecesOf(new ArrayBuffer(0));
  }
  if (source instanceof ArrayBuffer) return once(new Uint8Array(source));
  if (ArrayBuffer.isView(source)) {
    const { buffer, byteOffset, byteLength } = source;
    return once(new Uint8Array(buffer, byteOffset, byteLength));
  }
  if (typeof source === "object" && source !== null) {
    // Not every browser's streams can be iterated.
    if ("getReader" in source) return fromReader(source.getReader());
    if (Symbol.asyncIterator in source) return source[Symbol.asyncIterator]();
  }
  const text = "tar: a stream, a Blob, a Response or bytes are expected";
  throw new GossamerError("EINVAL", text);
}

/** @param {unknown} piece of a stream @returns {Uint8Array} */
export function asBytes(piece) {
  if (piece instanceof Uint8Array) return piece;
  const text = "tar: the stream must be one of bytes (Uint8Array)";
  throw new GossamerError("EINVAL", text);
}

/** @param {Uint8Array} bytes */
async function* once(bytes) {
  yield bytes;
}

/**
 * Not a generator: that would not let go while it waits.
 * @param {ReadableStreamDefaultReader<Uint8Array>} reader
 * @returns {AsyncIterator<Uint8Array>}
 */
function fromReader(reader) {
  return {
    async next() {
      const { done, value } = await reader.read();
      return done ? { done, value: undefined } : { done, value };
    },
    async return() {
      // Whoever sends need not go on; at the end this does nothing.
      void reader.cancel().catch(() => {});
      return { done: true, value: undefined };
    },
  };
}

/** The bytes of an archive, in the pieces that are wanted. */
export class ByteSource {
  /** How many were taken. */
  offset = 0;
  /** Whether a piece was asked for that has not come. */
  #waits = false;
  #pieces;
  /** @type {Uint8Array} what came and was not taken */
  #rest = new Uint8Array(0);

  #signal;

  /**
   * @param {AsyncIterator<Uint8Array>} pieces
   * @param {AbortSignal} [signal] ends a read that waits
   */
  constructor(pieces, signal) {
    this.#pieces = pieces;
    this.#signal = signal;
  }

  /**
   * @param {number} mostBytes
   * @returns {Promise<Uint8Array>} at least one byte, fewer than asked for as
   *   it comes; empty: the end. Valid until the next is asked for
   */
  async some(mostBytes) {
    while (this.#rest.length === 0) {
      const { done, value } = await this.#next();
      if (done) return this.#rest;
      this.#rest = asBytes(value);
    }
    const bytes = this.#rest.subarray(0, mostBytes);
    this.#rest = this.#rest.subarray(bytes.length);
    this.offset += bytes.length;
    return bytes;
  }

  /**
   * @param {number} sizeBytes
   * @returns {Promise<Uint8Array>} the caller's own; shorter at the end
   */
  async all(sizeBytes) {
    const bytes = new Uint8Array(sizeBytes);
    let at = 0;
    while (at < sizeBytes) {
      const part = await this.some(sizeBytes - at);
      if (part.length === 0) break;
      bytes.set(part, at);
      at += part.length;
    }
    return bytes.subarray(0, at);
  }

  /** @param {number} sizeBytes @returns {Promise<number>} how many there were */
  async skip(sizeBytes) {
    let left = sizeBytes;
    while (left > 0) {
      const part = await this.some(Math.min(left, PIECE_BYTES));
      if (part.length === 0) break;
      left -= part.length;
    }
    return sizeBytes - left;
  }

  /** Takes the rest, so that it is known to be whole. */
  async drain() {
    while ((await this.some(PIECE_BYTES)).length > 0);
  }

  async #next() {
    try {
      const next = Promise.resolve(this.#pieces.next());
      this.#waits = true;
      const came = () => {
        this.#waits = false;
      };
      next.then(came, came);
      return await until(next, this.#signal, "tar");
    } catch (error) {
      if (error instanceof GossamerError) throw error;
      const text = `tar: at offset ${this.offset}: the stream failed: ${messageOf(error)}`;
      throw new GossamerError("EIO", text, { cause: error });
    }
  }

  /** Lets go of where they come from. */
  async end() {
    const ended = this.#pieces.return?.();
    // A generator that waits ends when it does not wait any more, if ever.
    if (!this.#waits) await ended;
  }
}
