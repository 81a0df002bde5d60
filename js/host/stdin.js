/* Standard input for gs_stdin_read() and gs_stdin_poll(): the program's stream,
 * which libc reads by its descriptor too. Nothing is read before the program
 * asks. */
import { ERRNO, PENDING, messageOf } from "../errors.js";
import { createSource } from "../io/source.js";
import { SIDE } from "../io/stream.js";
import { u32 } from "../memory.js";

/** @typedef {import("../io/stream.js").Stream} Stream */

/** The read that waits, and the polls. */
class Stdin {
  #memory;
  #ops;
  #stream;
  #reading = false;
  #token = 0;
  #address = 0;
  #size = 0;
  /** What the polls that wait know of, by their tokens. */
  /** @type {Map<number, number>} */
  #polls = new Map();
  /** @type {(() => void) | null} ends the watch that serves all of them */
  #unwatch = null;

  /**
   * @param {import("./index.js").Host} host
   * @param {Stream} stream
   */
  constructor({ memory, ops }, stream) {
    this.#memory = memory;
    this.#ops = ops;
    this.#stream = stream;
  }

  /**
   * Copies what is there, or waits.
   * @param {number} token
   * @param {number} pointer
   * @param {number} size
   * @returns {number} the count, 0 at the end, PENDING or a negative errno
   */
  read(token, pointer, size) {
    const address = u32(pointer);
    const capacity = u32(size);
    if (!this.#memory.contains(address, capacity)) return -ERRNO.EFAULT;
    if (capacity === 0) return -ERRNO.EINVAL;
    if (this.#reading) return -ERRNO.EBUSY;
    const got = this.#stream.read(this.#memory.bytes, address, capacity);
    if (got !== -ERRNO.EAGAIN) return got;
    this.#reading = true;
    this.#token = u32(token);
    this.#address = address;
    this.#size = capacity;
    this.#ops.start(this.#token, this);
    this.#watch();
    return PENDING;
  }

  /**
   * Waits until a read would not, and something has come since an answer.
   * @param {number} token
   * @param {number} since that answer; 0: whatever there is will do
   * @returns {number} how often something has come, times 2, plus 1 at the end;
   *   or PENDING
   */
  poll(token, since) {
    this.#stream.demand();
    const answer = this.#pollAnswer(since);
    if (answer !== PENDING) return answer;
    const own = u32(token);
    this.#polls.set(own, since);
    this.#ops.start(own, this);
    this.#watch();
    return PENDING;
  }

  /**
   * Gives up the waiting read, or a poll; called by Ops.
   * @param {number} token
   */
  cancelOp(token) {
    if (!this.#polls.delete(token)) this.#reading = false;
    if (!this.#reading && this.#polls.size === 0) this.#endWatch();
  }

  close() {
    if (this.#reading) this.#ops.drop(this.#token);
    this.#reading = false;
    for (const token of this.#polls.keys()) this.#ops.drop(token);
    this.#polls.clear();
    this.#endWatch();
    this.#stream.close();
  }

  /** @param {number} since */
  #pollAnswer(since) {
    const ready = this.#stream.ready(SIDE.READ);
    const { arrivals } = this.#stream;
    // One that does not count is always news.
    const known = arrivals !== 0 && arrivals === since >> 1;
    if (ready === -ERRNO.EAGAIN || known) return PENDING;
    return arrivals * 2 + (ready <= 0 ? 1 : 0);
  }

  #watch() {
    this.#unwatch ??= this.#stream.watch(SIDE.READ, this.#wake);
  }

  #endWatch() {
    this.#unwatch?.();
    this.#unwatch = null;
  }

  /** Wasm may be running: who is inside is not to be entered. */
  #wake = () => {
    queueMicrotask(this.#goOn);
  };

  /** The read has its part first: polls tell what it leaves. */
  #goOn = () => {
    if (this.#unwatch === null) return;
    this.#unwatch = null;
    if (this.#reading) {
      const { bytes } = this.#memory;
      const got = this.#stream.read(bytes, this.#address, this.#size);
      if (got !== -ERRNO.EAGAIN) {
        this.#reading = false;
        this.#ops.complete(this.#token, got);
      }
    }
    for (const [token, since] of [...this.#polls]) {
      const answer = this.#pollAnswer(since);
      if (answer !== PENDING && this.#polls.delete(token)) {
        this.#ops.complete(token, answer);
      }
    }
    if (this.#reading || this.#polls.size > 0) this.#watch();
  };
}

/**
 * @param {import("./index.js").Host} host
 * @param {import("../io/source.js").SourceOption | undefined} source
 */
export function createStdin(host, source) {
  const stream = createSource(source, (error) => {
    host.report(`standard input failed: ${messageOf(error)}`);
  });
  const stdin = new Stdin(host, stream);
  return {
    stream,
    imports: {
      /**
       * @param {number} token
       * @param {number} buf
       * @param {number} size
       */
      stdin_read: (token, buf, size) => stdin.read(token, buf, size),
      /**
       * @param {number} token
       * @param {number} since
       */
      stdin_poll: (token, since) => stdin.poll(token, since),
    },
    close: () => stdin.close(),
  };
}
