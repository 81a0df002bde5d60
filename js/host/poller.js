/* Descriptors as the sources of gs_poller: whether a read or a write would
 * wait, and whether something new has come since that was last told. Reads
 * nothing. */
import { ERRNO, PENDING } from "../errors.js";
import { SIDE } from "../io/stream.js";
import { u32 } from "../memory.js";

/**
 * @typedef {import("../io/stream.js").Stream} Stream
 * @typedef {import("../wasi/descriptors.js").Descriptor} Descriptor
 * @typedef {import("../wasi/descriptors.js").Descriptors} Descriptors
 */

/** As GS_POLL_READABLE and so on in gossamer/poller.h. */
const EVENT = Object.freeze({ READABLE: 1, WRITABLE: 2, CLOSED: 4 });
/** An answer is its events and, above them, how often something has come. */
const EVENT_BITS = 3;
const MAX_ARRIVALS = 2 ** 27 - 1;

/**
 * One poll, before and while it waits.
 * @typedef {object} Poll
 * @property {Descriptor} descriptor
 * @property {number} events wanted
 * @property {number} since the answers so far: what is not news
 * @property {(() => void)[]} watches what ends each of them
 */

/** @param {Descriptor} descriptor */
function arrivalsOf(descriptor) {
  const { kind } = descriptor;
  return kind === "stream" ? descriptor.stream.arrivals & MAX_ARRIVALS : 0;
}

/**
 * @param {Poll} poll
 * @returns {number} 0: nothing that is news
 */
function answerOf({ descriptor, events, since }) {
  if (descriptor.closed) return -ERRNO.EBADF;
  const arrivals = arrivalsOf(descriptor);
  const known = since & (EVENT.READABLE | EVENT.WRITABLE);
  if (descriptor.kind !== "stream") return events & ~known;
  const { stream } = descriptor;
  let found = 0;
  if ((events & EVENT.READABLE) !== 0) {
    const ready = stream.ready(SIDE.READ);
    // One that does not count is always news.
    const old =
      (known & EVENT.READABLE) !== 0 &&
      arrivals !== 0 &&
      arrivals === since >> EVENT_BITS;
    if (ready !== -ERRNO.EAGAIN && !old) {
      found |= EVENT.READABLE | (ready <= 0 ? EVENT.CLOSED : 0);
    }
  }
  if ((events & ~known & EVENT.WRITABLE) !== 0) {
    const ready = stream.ready(SIDE.WRITE);
    if (ready !== -ERRNO.EAGAIN) {
      found |= EVENT.WRITABLE | (ready < 0 ? EVENT.CLOSED : 0);
    }
  }
  return found === 0 ? 0 : (arrivals << EVENT_BITS) | found;
}

class Polls {
  /** @type {Map<number, Poll>} those that wait, by token */
  #waiting = new Map();
  #ops;

  /** @param {import("./op.js").Ops} ops */
  constructor(ops) {
    this.#ops = ops;
  }

  /**
   * @param {number} token
   * @param {Descriptor} descriptor
   * @param {number} events
   * @param {number} since
   */
  start(token, descriptor, events, since) {
    const poll = { descriptor, events, since, watches: [] };
    if (descriptor.kind === "stream" && (events & EVENT.READABLE) !== 0) {
      descriptor.stream.demand();
    }
    const answer = answerOf(poll);
    if (answer !== 0) return answer;
    this.#waiting.set(token, poll);
    this.#ops.start(token, this);
    this.#watch(token, poll);
    return PENDING;
  }

  /** @param {number} token */
  cancelOp(token) {
    const poll = this.#waiting.get(token);
    this.#waiting.delete(token);
    for (const end of poll?.watches ?? []) end();
  }

  close() {
    for (const token of [...this.#waiting.keys()]) {
      this.cancelOp(token);
      this.#ops.drop(token);
    }
  }

  /**
   * @param {number} token
   * @param {Poll} poll
   */
  #watch(token, poll) {
    const { descriptor, events } = poll;
    // A file or directory is always ready: nothing new ever comes.
    if (descriptor.kind !== "stream") return;
    const { stream } = descriptor;
    poll.watches = [
      [EVENT.READABLE, SIDE.READ],
      [EVENT.WRITABLE, SIDE.WRITE],
    ]
      .filter(([event]) => (events & /** @type {number} */ (event)) !== 0)
      .map(([event, side]) =>
        stream.watch(/** @type {number} */ (side), () => {
          // Room that was made is news again.
          if (event === EVENT.WRITABLE) poll.since &= ~EVENT.WRITABLE;
          // Wasm may be running: who is inside is not to be entered.
          queueMicrotask(() => this.#goOn(token, poll));
        }),
      );
  }

  /**
   * @param {number} token
   * @param {Poll} poll
   */
  #goOn(token, poll) {
    if (this.#waiting.get(token) !== poll) return;
    for (const end of poll.watches) end();
    const answer = answerOf(poll);
    if (answer === 0) {
      this.#watch(token, poll);
      return;
    }
    this.#waiting.delete(token);
    this.#ops.complete(token, answer);
  }
}

/**
 * @param {import("./op.js").Ops} ops
 * @param {Descriptors} descriptors
 */
export function createPoller(ops, descriptors) {
  const polls = new Polls(ops);
  return {
    imports: {
      /**
       * @param {number} token 0: only whether there is such a descriptor
       * @param {number} fd
       * @param {number} events EVENT
       * @param {number} since the answers to this watch so far, 0: none
       * @returns {number} an answer, PENDING or -EBADF
       */
      fd_poll(token, fd, events, since) {
        const descriptor = descriptors.get(u32(fd));
        if (descriptor === null) return -ERRNO.EBADF;
        const own = u32(token);
        return own === 0 ? 0 : polls.start(own, descriptor, events, since);
      },
    },
    close: () => polls.close(),
  };
}
