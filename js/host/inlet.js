/* Bytes on their way into wasm memory: a stream that is read on demand, one
 * chunk at a time. What a read leaves of a chunk is kept for the next one as a
 * view of the same chunk. A read that was cancelled keeps the chunk that
 * arrives late; its buffer is not touched any more. A poll has a chunk pulled
 * too, and leaves it for the next read. */
import { ERRNO, PENDING } from "../errors.js";
import { NO_BYTES, asBytes } from "../io/bytes.js";
import { u32 } from "../memory.js";

/**
 * @typedef {import("../memory.js").Memory} Memory
 * @typedef {import("./op.js").Ops} Ops
 *
 * What a stream's reader and an async iterator have in common.
 * @typedef {{ done?: boolean, value?: unknown }} Chunk
 * @typedef {() => PromiseLike<Chunk>} Pull
 *
 * @typedef {object} InletHooks
 * @property {boolean} [ahead] whether the next chunk is pulled as soon as who
 *   was handed the last of one waits, for whatever, and not when it is asked for
 * @property {(error: unknown, receivedBytes: number) => number | void} [failed]
 *   told once when the stream fails, after how many bytes; answers what reads
 *   answer from then on, a negative errno, by itself EIO
 * @property {(receivedBytes: number) => number} [ended] told once when the
 *   stream ends; answers 0, or a negative errno when there should have been
 *   more
 */

/** How often a chunk or the end has come is counted up to here, and on from 1. */
const MAX_ARRIVALS = 2 ** 30 - 1;

export class Inlet {
  #memory;
  #ops;
  #pull;
  #hooks;
  #receivedBytes = 0;
  #rest = NO_BYTES;
  #pulling = false;
  #aheadQueued = false;
  #ended = false;
  /** 0, or the negative errno that the stream failed by. */
  #failure = 0;
  /** The read that waits: whether, token, address and size of its buffer. */
  #waiting = false;
  #token = 0;
  #address = 0;
  #size = 0;
  /** The tokens of polls that wait. */
  /** @type {Set<number>} */
  #polls = new Set();
  #arrivals = 0;

  /**
   * @param {Memory} memory
   * @param {Ops} ops
   * @param {Pull} pull the next chunk; called again only after it answered
   * @param {InletHooks} hooks
   */
  constructor(memory, ops, pull, hooks) {
    this.#memory = memory;
    this.#ops = ops;
    this.#pull = pull;
    this.#hooks = hooks;
  }

  /** Whether everything there will be has been read from the stream. */
  get ended() {
    return this.#ended;
  }

  /** Whether a chunk is on its way. */
  get pulling() {
    return this.#pulling;
  }

  /**
   * Copies what is there, or waits for the next chunk.
   * @param {number} token
   * @param {number} pointer
   * @param {number} size
   * @returns {number} the count, 0 at the end, PENDING or a negative errno
   */
  read(token, pointer, size) {
    const ready = this.readReady(pointer, size);
    if (ready !== -ERRNO.EAGAIN) return ready;
    this.#waiting = true;
    this.#token = u32(token);
    this.#address = u32(pointer);
    this.#size = u32(size);
    this.#ops.start(this.#token, this);
    if (!this.#pulling) this.#next();
    return PENDING;
  }

  /**
   * Copies what is there and never waits.
   * @param {number} pointer
   * @param {number} size
   * @returns {number} the count, 0 at the end, or a negative errno
   */
  readReady(pointer, size) {
    const address = u32(pointer);
    const capacity = u32(size);
    if (!this.#memory.contains(address, capacity)) return -ERRNO.EFAULT;
    if (capacity === 0) return -ERRNO.EINVAL;
    if (this.#waiting) return -ERRNO.EBUSY;
    if (this.#rest.length > 0) return this.#take(address, capacity);
    if (this.#failure !== 0) return this.#failure;
    return this.#ended ? 0 : -ERRNO.EAGAIN;
  }

  /**
   * Waits until a read would not, and something has come since an answer.
   * @param {number} token
   * @param {number} since that answer; 0: whatever there is will do
   * @returns {number} how often something has come, times 2, plus 1 at the end;
   *   or PENDING
   */
  poll(token, since) {
    const there = this.#rest.length > 0 || this.#ended;
    if (there && this.#arrivals !== since >> 1) return this.#pollAnswer();
    const own = u32(token);
    this.#polls.add(own);
    this.#ops.start(own, this);
    this.#pullMore();
    return PENDING;
  }

  /**
   * Gives up the waiting read, or a poll; called by Ops.
   * @param {number} token
   */
  cancelOp(token) {
    if (!this.#polls.delete(token)) this.#waiting = false;
  }

  /** Has the first chunk pulled, if nothing was yet. */
  begin() {
    if (!this.#pulling && !this.#ended) this.#next();
  }

  /** Forgets everything; a chunk that is on its way is dropped. */
  close() {
    if (this.#waiting) this.#ops.drop(this.#token);
    this.#waiting = false;
    for (const token of this.#polls) this.#ops.drop(token);
    this.#polls.clear();
    this.#ended = true;
    this.#rest = NO_BYTES;
  }

  /**
   * @param {number} address
   * @param {number} capacity
   */
  #take(address, capacity) {
    const rest = this.#rest;
    if (rest.length <= capacity) {
      this.#memory.bytes.set(rest, address);
      this.#rest = NO_BYTES;
      this.#pullMore();
      return rest.length;
    }
    this.#memory.bytes.set(rest.subarray(0, capacity), address);
    this.#rest = rest.subarray(capacity);
    return capacity;
  }

  #next() {
    this.#pulling = true;
    this.#pull().then(this.#onChunk, this.#onFailure);
  }

  /** @param {Chunk} chunk */
  #onChunk = (chunk) => {
    this.#pulling = false;
    if (this.#ended) return;
    // An iterator of the page may answer anything.
    const { done, value } = chunk ?? {};
    if (done) {
      this.#ended = true;
      this.#failure = this.#hooks.ended?.(this.#receivedBytes) ?? 0;
      this.#answer(this.#failure);
      this.#arrived();
      return;
    }
    const bytes = asBytes(value);
    if (bytes === null) {
      this.#onFailure(new TypeError("a chunk is neither bytes nor text"));
    } else if (bytes.length === 0) {
      if (this.#waiting || this.#polls.size > 0) this.#next();
    } else {
      this.#receivedBytes += bytes.length;
      this.#rest = bytes;
      if (this.#waiting) this.#answer(this.#take(this.#address, this.#size));
      this.#arrived();
    }
  };

  /** @param {unknown} error */
  #onFailure = (error) => {
    this.#pulling = false;
    if (this.#ended) return;
    this.#ended = true;
    this.#failure =
      this.#hooks.failed?.(error, this.#receivedBytes) ?? -ERRNO.EIO;
    this.#answer(this.#failure);
    this.#arrived();
  };

  /** A chunk, or the end. A read that waited has had its part of it. */
  #arrived() {
    this.#arrivals = (this.#arrivals % MAX_ARRIVALS) + 1;
    if (this.#rest.length === 0 && !this.#ended) return;
    const tokens = [...this.#polls];
    this.#polls.clear();
    for (const token of tokens) this.#ops.complete(token, this.#pollAnswer());
  }

  #pollAnswer() {
    return (
      this.#arrivals * 2 + (this.#ended && this.#rest.length === 0 ? 1 : 0)
    );
  }

  /** With nothing left to read, a poll waits for the next chunk. */
  #pullMore() {
    if (!this.#lacks()) return;
    if (this.#polls.size > 0) {
      this.#next();
    } else if (this.#hooks.ahead === true && !this.#aheadQueued) {
      // A pull may copy a megabyte at once: who waits for this chunk is first.
      this.#aheadQueued = true;
      queueMicrotask(this.#pullAhead);
    }
  }

  #pullAhead = () => {
    this.#aheadQueued = false;
    if (this.#lacks()) this.#next();
  };

  #lacks() {
    return this.#rest.length === 0 && !this.#ended && !this.#pulling;
  }

  /** @param {number} result */
  #answer(result) {
    if (!this.#waiting) return;
    this.#waiting = false;
    this.#ops.complete(this.#token, result);
  }
}
