/* Bytes through the browser's gzip, by demand alone. Piped streams would do, but
 * Node's take all that comes, whether or not anybody reads: here one piece goes
 * in at a time, and only while somebody waits for what comes out. */
import { GossamerError, messageOf } from "../errors.js";
import { asBytes } from "./tar-source.js";

/** The best packed zeros take a thousand times as much unpacked. */
const MAX_PACKED_BYTES = 16_384;

/** @typedef {AsyncIterator<Uint8Array, void, void>} Pieces */

class Through {
  #pieces;
  #writer;
  #reader;
  /** The piece that is going in. */
  /** @type {Promise<void> | null} */
  #feeding = null;
  #ended = false;
  /** What the pieces failed by. */
  /** @type {{ error: unknown } | null} */
  failure = null;

  /**
   * @param {Pieces} pieces
   * @param {GenericTransformStream} stream
   */
  constructor(pieces, { writable, readable }) {
    this.#pieces = pieces;
    this.#writer = writable.getWriter();
    this.#reader = readable.getReader();
  }

  /** @returns {Promise<IteratorResult<Uint8Array, void>>} */
  async next() {
    const read = this.#reader.read();
    const state = { came: false };
    const done = () => {
      state.came = true;
    };
    const over = read.then(done, done);
    while (!state.came && !this.#ended) {
      this.#feeding ??= this.#feed();
      await Promise.race([over, this.#feeding]);
    }
    const result = await read;
    return result.done ? { done: true, value: undefined } : result;
  }

  /** Never rejects: what comes out says what went wrong. */
  async #feed() {
    try {
      const piece = await this.#next();
      if (piece === null) {
        this.#ended = true;
        await this.#writer.close();
      } else {
        await this.#writer.write(piece);
      }
    } catch (error) {
      this.#ended = true;
      await this.#writer.abort(error).catch(() => {});
    }
    this.#feeding = null;
  }

  /** @returns {Promise<Uint8Array<ArrayBuffer> | null>} */
  async #next() {
    try {
      const { done, value } = await this.#pieces.next();
      if (done) return null;
      return /** @type {Uint8Array<ArrayBuffer>} */ (asBytes(value));
    } catch (error) {
      this.failure = { error };
      throw error;
    }
  }

  /** @returns {Promise<IteratorReturnResult<void>>} when the pieces are let go */
  async return() {
    this.#ended = true;
    await this.#reader.cancel().catch(() => {});
    await this.#pieces.return?.();
    return { done: true, value: undefined };
  }
}

/**
 * @param {Pieces} pieces
 * @returns {Required<Pick<Pieces, "next" | "return">>} whose return() is done
 *   when that of the pieces is
 */
export function pack(pieces) {
  const through = new Through(pieces, new CompressionStream("gzip"));
  return {
    async next() {
      try {
        return await through.next();
      } catch (error) {
        throw through.failure === null ? error : through.failure.error;
      }
    },
    return: () => through.return(),
  };
}

/** @param {AsyncIterator<Uint8Array>} pieces @returns {Pieces} smaller ones */
function cut(pieces) {
  /** @type {Uint8Array} */
  let rest = new Uint8Array(0);
  return {
    async next() {
      while (rest.length === 0) {
        const { done, value } = await pieces.next();
        if (done) return { done, value: undefined };
        rest = asBytes(value);
      }
      const value = rest.subarray(0, MAX_PACKED_BYTES);
      rest = rest.subarray(MAX_PACKED_BYTES);
      return { done: false, value };
    },
    async return() {
      await pieces.return?.();
      return { done: true, value: undefined };
    },
  };
}

/**
 * @param {AsyncIterator<Uint8Array>} packed
 * @returns {Pieces} what is in it; next() throws EBADMSG when it is not gzip or
 *   is cut off, and what the source failed by
 */
export function unpack(packed) {
  const through = new Through(cut(packed), new DecompressionStream("gzip"));
  return {
    async next() {
      try {
        return await through.next();
      } catch (error) {
        if (through.failure !== null) throw through.failure.error;
        const text = `tar: no gzip, or cut off: ${messageOf(error)}`;
        throw new GossamerError("EBADMSG", text, { cause: error });
      }
    },
    async return() {
      // The source may never let go; nothing here depends on it.
      void through.return().catch(() => {});
      return { done: true, value: undefined };
    },
  };
}
