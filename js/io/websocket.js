/* A WebSocket as a program's socket: a stream of bytes, to which the borders of
 * messages mean nothing. The browser cannot hold a server back: what comes and
 * is not read is kept, however much it is. */
import { ERRNO } from "../errors.js";
import { TYPE } from "../fs/volume.js";
import { copyBytes } from "../memory.js";
import { asBytes } from "./bytes.js";
import { SIDE, Stream } from "./stream.js";
import { Watchers } from "./watchers.js";

/**
 * What is used of a WebSocket.
 * @typedef {object} Socket
 * @property {number} readyState
 * @property {number} bufferedAmount
 * @property {string} binaryType
 * @property {(data: any) => void} send
 * @property {(code?: number) => void} close
 * @property {(type: any, listener: (event: any) => void) => void} addEventListener
 * @property {(type: any, listener: (event: any) => void) => void} removeEventListener
 */

const STATE = Object.freeze({ CONNECTING: 0, OPEN: 1 });
/** Nothing tells when a WebSocket has sent what it keeps. */
const LOOK_AGAIN_MS = 10;
const DEFAULT_BUFFER_BYTES = 65_536;
const NORMAL_CLOSURE = 1000;
const MAX_ARRIVALS = 2 ** 30 - 1;

class WebSocketStream extends Stream {
  #socket;
  #bufferBytes;
  /** @type {Uint8Array[]} */
  #chunks = [];
  /** Where in the first chunk the next read begins; what all of them hold. */
  #from = 0;
  #count = 0;
  #arrivals = 0;
  #opened = false;
  /** Whether nothing more comes; what reads answer then. */
  #ended = false;
  #answer = 0;
  #readShut = false;
  #writeShut = false;
  #closed = false;
  #readers = new Watchers();
  #writers = new Watchers();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * @param {Socket} socket
   * @param {number} bufferBytes
   */
  constructor(socket, bufferBytes) {
    super();
    this.#socket = socket;
    this.#bufferBytes = bufferBytes;
    this.#opened = socket.readyState === STATE.OPEN;
    socket.binaryType = "arraybuffer";
    socket.addEventListener("open", this.#onOpen);
    socket.addEventListener("message", this.#onMessage);
    socket.addEventListener("close", this.#onClose);
    if (socket.readyState > STATE.OPEN) this.#end(0);
  }

  /** @override */
  get type() {
    return TYPE.SOCKET_STREAM;
  }

  /** @override */
  get readable() {
    return true;
  }

  /** @override */
  get writable() {
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
    const ready = this.ready(SIDE.READ);
    if (ready <= 0) return ready;
    let moved = 0;
    let index = 0;
    let from = this.#from;
    while (moved < size) {
      const chunk = this.#chunks[index];
      if (chunk === undefined) break;
      const count = Math.min(size - moved, chunk.length - from);
      copyBytes(bytes, at + moved, chunk, from, count);
      moved += count;
      from += count;
      if (from === chunk.length) {
        index++;
        from = 0;
      }
    }
    if (!peek) {
      this.#chunks.splice(0, index);
      this.#from = from;
      this.#count -= moved;
    }
    return moved;
  }

  /**
   * One write is one message.
   * @param {Uint8Array} bytes
   * @param {number} at
   * @param {number} size
   * @override
   */
  write(bytes, at, size) {
    const ready = this.ready(SIDE.WRITE);
    if (ready < 0) return ready;
    const count = Math.min(size, ready);
    this.#socket.send(bytes.slice(at, at + count));
    return count;
  }

  /**
   * @param {number} side
   * @override
   */
  ready(side) {
    if (this.#closed) return -ERRNO.EBADF;
    if (side === SIDE.READ) {
      if (this.#readShut) return 0;
      if (this.#count > 0) return this.#count;
      return this.#ended ? this.#answer : -ERRNO.EAGAIN;
    }
    if (this.#writeShut || this.#ended) return -ERRNO.EPIPE;
    const { readyState, bufferedAmount } = this.#socket;
    if (readyState === STATE.CONNECTING) return -ERRNO.EAGAIN;
    if (readyState !== STATE.OPEN) return -ERRNO.EPIPE;
    const room = this.#bufferBytes - bufferedAmount;
    return room > 0 ? room : -ERRNO.EAGAIN;
  }

  /**
   * @param {number} side
   * @override
   */
  hungUp(side) {
    if (this.#closed) return false;
    return this.#ended || (side === SIDE.READ && this.#readShut);
  }

  /**
   * @param {number} side
   * @param {() => void} wake
   * @override
   */
  watch(side, wake) {
    if (this.#closed) return super.watch(side, wake);
    if (side === SIDE.READ) return this.#readers.add(wake);
    const end = this.#writers.add(wake);
    this.#lookAgain();
    return () => {
      end();
      if (this.#writers.size === 0) this.#stopLooking();
    };
  }

  /**
   * A WebSocket is closed as a whole: the peer is told when both ways are shut.
   * @param {boolean} read
   * @param {boolean} write
   * @override
   */
  shutdown(read, write) {
    if (this.#closed) return -ERRNO.EBADF;
    if (read && !this.#readShut) {
      this.#readShut = true;
      this.#drop();
      this.#arrived();
    }
    if (write && !this.#writeShut) {
      this.#writeShut = true;
      this.#writers.wake();
      this.#stopLooking();
    }
    if (this.#readShut && this.#writeShut) this.#socket.close(NORMAL_CLOSURE);
    return 0;
  }

  /** @override */
  accept() {
    return -ERRNO.EINVAL;
  }

  /**
   * What has been written is still sent.
   * @override
   */
  close() {
    if (this.#closed) return;
    this.#closed = true;
    this.#drop();
    this.#stopLooking();
    this.#socket.removeEventListener("open", this.#onOpen);
    this.#socket.removeEventListener("message", this.#onMessage);
    this.#socket.removeEventListener("close", this.#onClose);
    this.#socket.close(NORMAL_CLOSURE);
    this.#arrived();
    this.#writers.wake();
  }

  #onOpen = () => {
    this.#opened = true;
    this.#writers.wake();
  };

  /** @param {{ data: unknown }} event */
  #onMessage = ({ data }) => {
    if (this.#readShut || this.#ended) return;
    const bytes = asBytes(data);
    if (bytes === null) {
      this.#end(-ERRNO.EPROTO);
      this.#socket.close(NORMAL_CLOSURE);
    } else if (bytes.length > 0) {
      this.#chunks.push(bytes);
      this.#count += bytes.length;
      this.#arrived();
    }
  };

  /** @param {{ wasClean?: boolean }} event */
  #onClose = ({ wasClean }) => {
    if (wasClean) this.#end(0);
    else this.#end(this.#opened ? -ERRNO.ECONNRESET : -ERRNO.ECONNREFUSED);
  };

  /** @param {number} answer */
  #end(answer) {
    if (this.#ended) return;
    this.#ended = true;
    this.#answer = answer;
    this.#stopLooking();
    this.#arrived();
    this.#writers.wake();
  }

  #drop() {
    this.#chunks = [];
    this.#from = 0;
    this.#count = 0;
  }

  #arrived() {
    this.#arrivals = (this.#arrivals % MAX_ARRIVALS) + 1;
    this.#readers.wake();
  }

  /** Looks from time to time whether what was written has been sent. */
  #lookAgain() {
    if (this.#timer !== undefined || this.#writers.size === 0) return;
    if (this.#ended || this.#socket.readyState !== STATE.OPEN) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.ready(SIDE.WRITE) !== -ERRNO.EAGAIN) this.#writers.wake();
      this.#lookAgain();
    }, LOOK_AGAIN_MS);
  }

  #stopLooking() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

/**
 * A program's socket from a WebSocket, which may still be connecting: what is
 * written waits for it. Text comes as UTF-8. When the server closes, the
 * program reads the end; without a connection reads are ECONNREFUSED, and
 * ECONNRESET when it broke. Closing the stream closes the WebSocket.
 * @param {Socket} socket the stream's from now on; its `binaryType` is set
 * @param {{ bufferBytes?: number }} [options] how much may wait to be sent
 *   before writing has to wait; default: 64 KiB
 * @returns {Stream}
 */
export function fromWebSocket(
  socket,
  { bufferBytes = DEFAULT_BUFFER_BYTES } = {},
) {
  return new WebSocketStream(socket, bufferBytes);
}
