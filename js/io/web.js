/* Streams of programs as Web Streams, for pages that hold the other end of a
 * pipe or socket, and a pair of Web Streams as a program's socket. */
import { ERRNO, GossamerError, errnoName } from "../errors.js";
import { TYPE } from "../fs/volume.js";
import { asBytes } from "./bytes.js";
import { createSink } from "./sink.js";
import { createSource } from "./source.js";
import { SIDE, Stream } from "./stream.js";

const MAX_CHUNK_BYTES = 65_536;

/** @param {number} error negative */
function streamError(error) {
  const code = errnoName(error);
  return new GossamerError(code, `the stream failed: ${code}`);
}

/**
 * Waits for one side of a stream, one wait after the other.
 * @param {Stream} stream
 * @param {number} side
 */
function waiter(stream, side) {
  let end = () => {};
  return {
    /** @returns {Promise<void>} pending for ever when it is given up */
    wait: () =>
      new Promise((resolve) => {
        end = stream.watch(side, resolve);
      }),
    giveUp: () => end(),
  };
}

/**
 * Ends one way of a stream: all of it, unless the other way is there.
 * @param {Stream} stream
 * @param {number} side
 */
function endSide(stream, side) {
  const read = side === SIDE.READ;
  const other = read ? stream.writable : stream.readable;
  if (!other || stream.shutdown(read, !read) < 0) stream.close();
}

/**
 * What a stream gives to read. Nothing is read ahead: who does not read holds
 * the writer back. To cancel it is to close the stream, or one way of a socket.
 * @param {Stream} stream the answer's from now on, to read
 * @returns {ReadableStream<Uint8Array>} fails with a GossamerError
 */
export function toReadable(stream) {
  const { wait, giveUp } = waiter(stream, SIDE.READ);
  return new ReadableStream(
    {
      async pull(controller) {
        for (;;) {
          stream.demand();
          const ready = stream.ready(SIDE.READ);
          if (ready === -ERRNO.EAGAIN) {
            await wait();
            continue;
          }
          const size = Math.min(Math.max(ready, 1), MAX_CHUNK_BYTES);
          const bytes = new Uint8Array(size);
          const count = stream.read(bytes, 0, size);
          if (count === -ERRNO.EAGAIN) continue;
          if (count < 0) throw streamError(count);
          if (count === 0) controller.close();
          else controller.enqueue(bytes.subarray(0, count));
          return;
        }
      },
      cancel() {
        giveUp();
        endSide(stream, SIDE.READ);
      },
    },
    { highWaterMark: 0 },
  );
}

/**
 * What takes bytes and text for a stream, with its back-pressure. To close it
 * ends the stream, or one way of a socket; to abort it closes the stream.
 * @param {Stream} stream the answer's from now on, to write
 * @returns {WritableStream<Uint8Array | string>} fails with a GossamerError
 */
export function toWritable(stream) {
  const { wait } = waiter(stream, SIDE.WRITE);
  return new WritableStream({
    start({ signal }) {
      // At once: a write that waits for room would hold abort() up.
      signal?.addEventListener("abort", () => stream.close());
    },
    async write(chunk) {
      const bytes = asBytes(chunk);
      if (bytes === null) {
        throw new TypeError("a chunk is neither bytes nor text");
      }
      let at = 0;
      while (at < bytes.length) {
        const count = stream.write(bytes, at, bytes.length - at);
        if (count >= 0) at += count;
        else if (count === -ERRNO.EAGAIN) await wait();
        else throw streamError(count);
      }
    },
    close: () => endSide(stream, SIDE.WRITE),
    abort: () => stream.close(),
  });
}

/** A socket of two streams: it reads the one and writes the other. */
class Joined extends Stream {
  #input;
  #output;
  #readShut = false;
  #writeShut = false;

  /**
   * @param {Stream} input
   * @param {Stream} output
   */
  constructor(input, output) {
    super();
    this.#input = input;
    this.#output = output;
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
    return this.#input.arrivals;
  }

  /** @override */
  demand() {
    this.#input.demand();
  }

  /**
   * @param {Uint8Array} bytes
   * @param {number} at
   * @param {number} size
   * @param {boolean} [peek]
   * @override
   */
  read(bytes, at, size, peek) {
    return this.#readShut ? 0 : this.#input.read(bytes, at, size, peek);
  }

  /**
   * @param {Uint8Array} bytes
   * @param {number} at
   * @param {number} size
   * @override
   */
  write(bytes, at, size) {
    return this.#writeShut ? -ERRNO.EPIPE : this.#output.write(bytes, at, size);
  }

  /**
   * @param {number} side
   * @override
   */
  ready(side) {
    if (side === SIDE.READ) return this.#readShut ? 0 : this.#input.ready(side);
    return this.#writeShut ? -ERRNO.EPIPE : this.#output.ready(side);
  }

  /**
   * @param {number} side
   * @param {() => void} wake
   * @override
   */
  watch(side, wake) {
    const stream = side === SIDE.READ ? this.#input : this.#output;
    return stream.watch(side, wake);
  }

  /**
   * @param {boolean} read
   * @param {boolean} write
   * @override
   */
  shutdown(read, write) {
    if (read) {
      this.#readShut = true;
      this.#input.close();
    }
    if (write) {
      this.#writeShut = true;
      this.#output.close();
    }
    return 0;
  }

  /** @override */
  accept() {
    return -ERRNO.EINVAL;
  }

  /** @override */
  close() {
    this.#readShut = false;
    this.#writeShut = false;
    this.#input.close();
    this.#output.close();
  }
}

/**
 * A socket for a program of what many of the web's connections are: a stream to
 * read and one to write.
 * @param {{ readable: ReadableStream<Uint8Array>,
 *   writable: WritableStream<Uint8Array> }} pair both the socket's from now on
 * @param {(error: unknown) => void} [onError] told when either fails; the
 *   program is told by EIO
 * @returns {Stream}
 */
export function fromWeb({ readable, writable }, onError = () => {}) {
  return new Joined(
    createSource(readable, onError),
    createSink(writable, onError),
  );
}
