/* Pipes in memory: bytes from whoever writes to whoever reads, in order, up to
 * a capacity. Either end may be a program's, on a descriptor, or the page's. */
import { ERRNO } from "../errors.js";
import { TYPE } from "../fs/volume.js";
import { copyBytes } from "../memory.js";
import { NO_BYTES } from "./bytes.js";
import { SIDE, Stream } from "./stream.js";
import { Watchers } from "./watchers.js";

const DEFAULT_CAPACITY_BYTES = 65_536;
const MAX_ARRIVALS = 2 ** 30 - 1;

/** One direction: a ring of bytes between two ends. */
export class Flow {
  readers = new Watchers();
  writers = new Watchers();
  arrivals = 0;
  #capacity;
  #ring = NO_BYTES;
  /** Where the first byte lies, and how many there are. */
  #first = 0;
  #count = 0;
  /** Whether nothing more is written; what a read finds after the rest. */
  #ended = false;
  #answer = 0;
  /** Whether nobody reads any more. */
  #abandoned = false;

  /** @param {number} capacityBytes */
  constructor(capacityBytes) {
    this.#capacity = capacityBytes;
  }

  get ended() {
    return this.#ended;
  }

  get abandoned() {
    return this.#abandoned;
  }

  /** What ready() of the end that reads answers. */
  get readReady() {
    if (this.#count > 0) return this.#count;
    if (this.#ended) return this.#answer;
    return this.#abandoned ? 0 : -ERRNO.EAGAIN;
  }

  /** What ready() of the end that writes answers. */
  get writeReady() {
    if (this.#ended || this.#abandoned) return -ERRNO.EPIPE;
    const room = this.#capacity - this.#count;
    return room > 0 ? room : -ERRNO.EAGAIN;
  }

  /**
   * @param {Uint8Array} bytes
   * @param {number} at
   * @param {number} size
   * @param {boolean} peek
   */
  read(bytes, at, size, peek) {
    const ready = this.readReady;
    if (ready <= 0) return ready;
    const count = Math.min(size, ready);
    const toEnd = Math.min(count, this.#capacity - this.#first);
    copyBytes(bytes, at, this.#ring, this.#first, toEnd);
    copyBytes(bytes, at + toEnd, this.#ring, 0, count - toEnd);
    if (peek) return count;
    this.#first = (this.#first + count) % this.#capacity;
    this.#count -= count;
    if (this.#count === 0 && this.#ended) this.#ring = NO_BYTES;
    this.writers.wake();
    return count;
  }

  /**
   * @param {Uint8Array} bytes
   * @param {number} at
   * @param {number} size
   */
  write(bytes, at, size) {
    const ready = this.writeReady;
    if (ready <= 0) return ready;
    if (this.#ring.length === 0) this.#ring = new Uint8Array(this.#capacity);
    const count = Math.min(size, ready);
    const end = (this.#first + this.#count) % this.#capacity;
    const toEnd = Math.min(count, this.#capacity - end);
    copyBytes(this.#ring, end, bytes, at, toEnd);
    copyBytes(this.#ring, 0, bytes, at + toEnd, count - toEnd);
    this.#count += count;
    this.#arrived();
    return count;
  }

  /**
   * Nothing more is written; what there is can still be read.
   * @param {number} [answer] what is read after it: 0 or a negative errno
   */
  end(answer = 0) {
    if (this.#ended) return;
    this.#ended = true;
    this.#answer = answer;
    if (this.#count === 0) this.#ring = NO_BYTES;
    this.#arrived();
    this.writers.wake();
  }

  /** Nobody reads any more: what there is goes. */
  abandon() {
    if (this.#abandoned) return;
    this.#abandoned = true;
    this.#count = 0;
    this.#ring = NO_BYTES;
    this.#arrived();
    this.writers.wake();
  }

  #arrived() {
    this.arrivals = (this.arrivals % MAX_ARRIVALS) + 1;
    this.readers.wake();
  }
}

/** A stream that reads one flow, writes another, or both. */
export class FlowStream extends Stream {
  #type;
  #input;
  #output;
  #closed = false;

  /**
   * @param {number} type one of TYPE
   * @param {Flow | null} input
   * @param {Flow | null} output
   */
  constructor(type, input, output) {
    super();
    this.#type = type;
    this.#input = input;
    this.#output = output;
  }

  /** @override */
  get type() {
    return this.#type;
  }

  /** @override */
  get readable() {
    return this.#input !== null;
  }

  /** @override */
  get writable() {
    return this.#output !== null;
  }

  /** @override */
  get arrivals() {
    return this.#input?.arrivals ?? 0;
  }

  /**
   * @param {Uint8Array} bytes
   * @param {number} at
   * @param {number} size
   * @override
   */
  read(bytes, at, size, peek = false) {
    if (this.#closed || this.#input === null) return -ERRNO.EBADF;
    return this.#input.read(bytes, at, size, peek);
  }

  /**
   * @param {Uint8Array} bytes
   * @param {number} at
   * @param {number} size
   * @override
   */
  write(bytes, at, size) {
    if (this.#closed || this.#output === null) return -ERRNO.EBADF;
    return this.#output.write(bytes, at, size);
  }

  /**
   * @param {number} side
   * @override
   */
  ready(side) {
    const flow = this.#flow(side);
    if (this.#closed || flow === null) return -ERRNO.EBADF;
    return side === SIDE.READ ? flow.readReady : flow.writeReady;
  }

  /**
   * @param {number} side
   * @override
   */
  hungUp(side) {
    const flow = this.#flow(side);
    if (this.#closed || flow === null) return false;
    return side === SIDE.READ ? flow.ended : flow.abandoned;
  }

  /**
   * @param {number} side
   * @param {() => void} wake
   * @override
   */
  watch(side, wake) {
    const flow = this.#flow(side);
    if (this.#closed || flow === null) return super.watch(side, wake);
    return (side === SIDE.READ ? flow.readers : flow.writers).add(wake);
  }

  /**
   * @param {boolean} read
   * @param {boolean} write
   * @override
   */
  shutdown(read, write) {
    if (this.#closed) return -ERRNO.EBADF;
    if (this.#type !== TYPE.SOCKET_STREAM) return -ERRNO.ENOTSOCK;
    if (read) this.#input?.abandon();
    if (write) this.#output?.end();
    return 0;
  }

  /** @override */
  accept() {
    // It is connected, and so no listener.
    return this.#type === TYPE.SOCKET_STREAM ? -ERRNO.EINVAL : -ERRNO.ENOTSOCK;
  }

  /** @override */
  close() {
    if (this.#closed) return;
    this.#closed = true;
    this.#input?.abandon();
    this.#output?.end();
  }

  /** @param {number} side */
  #flow(side) {
    return side === SIDE.READ ? this.#input : this.#output;
  }
}

/**
 * A pipe: what is written to one end is read from the other.
 * @param {number} [capacityBytes] how much may lie between them
 * @returns {{ reader: Stream, writer: Stream }}
 */
export function createPipe(capacityBytes = DEFAULT_CAPACITY_BYTES) {
  const flow = new Flow(capacityBytes);
  return {
    reader: new FlowStream(TYPE.UNKNOWN, flow, null),
    writer: new FlowStream(TYPE.UNKNOWN, null, flow),
  };
}

/**
 * Two sockets that are connected: what is written to one is read from the
 * other, both ways.
 * @param {number} [capacityBytes] each way
 * @returns {[Stream, Stream]}
 */
export function socketPair(capacityBytes = DEFAULT_CAPACITY_BYTES) {
  const there = new Flow(capacityBytes);
  const back = new Flow(capacityBytes);
  return [
    new FlowStream(TYPE.SOCKET_STREAM, back, there),
    new FlowStream(TYPE.SOCKET_STREAM, there, back),
  ];
}
