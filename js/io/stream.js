/* The contract of a stream: a pipe, terminal or socket, read and written in
 * order without positions. Nothing here waits: what cannot be done now answers
 * EAGAIN, and watch() tells when to try again. So a caller can give up at any
 * time and has lost nothing. A stream extends the class and overrides what it
 * has. */
import { ERRNO } from "../errors.js";
import { TYPE } from "../fs/volume.js";

/** What may be watched. */
export const SIDE = Object.freeze({ READ: 0, WRITE: 1 });

/**
 * Whether a value is a stream, also one of another copy of this module.
 * @param {any} value
 * @returns {value is Stream}
 */
export function isStream(value) {
  return (
    typeof value === "object" &&
    value !== null &&
    typeof value.ready === "function" &&
    typeof value.watch === "function" &&
    typeof value.shutdown === "function"
  );
}

export class Stream {
  /**
   * What a program sees it as: C libraries take a CHARACTER_DEVICE for a
   * terminal, and only a SOCKET_STREAM has sock_recv and the like.
   * @returns {number} one of TYPE
   */
  get type() {
    return TYPE.UNKNOWN;
  }

  /** Whether it can be read at all. */
  get readable() {
    return false;
  }

  /** Whether it can be written at all. */
  get writable() {
    return false;
  }

  /**
   * Reads into bytes[at, at + size), of which size is more than 0.
   * @param {Uint8Array} _bytes
   * @param {number} _at
   * @param {number} _size
   * @param {boolean} [_peek] leave what is read for the next read
   * @returns {number} the count, 0 at the end, -EAGAIN: nothing yet, or another
   *   negative errno
   */
  read(_bytes, _at, _size, _peek) {
    return -ERRNO.EBADF;
  }

  /**
   * Writes bytes[at, at + size), which are copied.
   * @param {Uint8Array} _bytes
   * @param {number} _at
   * @param {number} _size
   * @returns {number} the count, -EAGAIN: no room now, -EPIPE: nobody reads, or
   *   another negative errno
   */
  write(_bytes, _at, _size) {
    return -ERRNO.EBADF;
  }

  /**
   * How a read or write would go now. To ask changes nothing.
   * @param {number} _side one of SIDE
   * @returns {number} how many bytes could be read or written; 0: a read finds
   *   the end; -EAGAIN: it would have to wait; another negative errno: it fails
   */
  ready(_side) {
    return -ERRNO.EBADF;
  }

  /**
   * Whether the other end is gone: nothing comes after what there is to read,
   * or nobody reads what is written.
   * @param {number} side one of SIDE
   * @returns {boolean}
   */
  hungUp(side) {
    const ready = this.ready(side);
    return side === SIDE.READ ? ready === 0 : ready === -ERRNO.EPIPE;
  }

  /**
   * How often something to read has come, the end included; it may start again
   * at 0 after 2^30 - 1. Who wants to know what is new compares.
   * @returns {number}
   */
  get arrivals() {
    return 0;
  }

  /**
   * Says that somebody wants to read: what fetches only on demand does so now,
   * unless something is there. read() and watch() do it by themselves.
   */
  demand() {}

  /**
   * Calls wake() once, later, when something has come to be read or room has
   * been made since the call: ready() is to be asked before, and again then.
   * @param {number} _side one of SIDE
   * @param {() => void} wake
   * @returns {() => void} ends the watch; may be called at any time
   */
  watch(_side, wake) {
    queueMicrotask(wake);
    return () => {};
  }

  /**
   * Ends one direction or both, as shutdown() of a socket.
   * @param {boolean} _read
   * @param {boolean} _write
   * @returns {number} 0 or a negative errno
   */
  shutdown(_read, _write) {
    return -ERRNO.ENOTSOCK;
  }

  /**
   * A connection that waits at a listener.
   * @returns {Stream | number} -EAGAIN: none yet; another negative errno
   */
  accept() {
    return -ERRNO.ENOTSOCK;
  }

  /**
   * Lets go of everything; watchers are woken, and whatever is asked later
   * answers -EBADF. May be called again.
   */
  close() {}
}
