/* Where a program waits for connections: a socket on which sock_accept takes
 * what the page connects. */
import { ERRNO, GossamerError } from "../errors.js";
import { TYPE } from "../fs/volume.js";
import { socketPair } from "./pipe.js";
import { SIDE, Stream } from "./stream.js";
import { Watchers } from "./watchers.js";

const MAX_WAITING = 128;
const MAX_ARRIVALS = 2 ** 30 - 1;

export class Listener extends Stream {
  /** @type {Stream[]} */
  #waiting = [];
  #maxWaiting;
  #closed = false;
  #arrivals = 0;
  #watchers = new Watchers();

  /** @param {number} [maxWaiting] connections that nobody has accepted yet */
  constructor(maxWaiting = MAX_WAITING) {
    super();
    this.#maxWaiting = maxWaiting;
  }

  /** @override */
  get type() {
    return TYPE.SOCKET_STREAM;
  }

  /** @override */
  get arrivals() {
    return this.#arrivals;
  }

  /**
   * Connects to the program. What is given belongs to it from then on.
   * @param {Stream} [stream] the program's end; without, a pair is made
   * @returns {Stream} the page's end of that pair, or what was given
   * @throws {GossamerError} "ECONNREFUSED" when nobody listens any more, or too
   *   many wait already
   */
  connect(stream) {
    if (this.#closed || this.#waiting.length >= this.#maxWaiting) {
      const why = this.#closed ? "nobody listens" : "too many wait already";
      throw new GossamerError("ECONNREFUSED", `connect(): ${why}`);
    }
    const [own, other] = stream === undefined ? socketPair() : [stream, stream];
    this.#waiting.push(other);
    this.#arrived();
    return own;
  }

  /** @override */
  accept() {
    if (this.#closed) return -ERRNO.EBADF;
    return this.#waiting.shift() ?? -ERRNO.EAGAIN;
  }

  /**
   * @param {number} side
   * @returns {number} how many wait to be accepted
   * @override
   */
  ready(side) {
    if (this.#closed || side !== SIDE.READ) return -ERRNO.EBADF;
    return this.#waiting.length > 0 ? this.#waiting.length : -ERRNO.EAGAIN;
  }

  /**
   * @param {number} side
   * @param {() => void} wake
   * @override
   */
  watch(side, wake) {
    return side === SIDE.READ && !this.#closed
      ? this.#watchers.add(wake)
      : super.watch(side, wake);
  }

  /** @override */
  shutdown() {
    return -ERRNO.ENOTCONN;
  }

  /**
   * Those that nobody has accepted are closed, too.
   * @override
   */
  close() {
    if (this.#closed) return;
    this.#closed = true;
    for (const stream of this.#waiting.splice(0)) stream.close();
    this.#arrived();
  }

  #arrived() {
    this.#arrivals = (this.#arrivals % MAX_ARRIVALS) + 1;
    this.#watchers.wake();
  }
}
