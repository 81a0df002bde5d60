/* Sockets: streams of the type SOCKET_STREAM that the host provides. Preview1
 * cannot make any; it takes what waits at a listener. */
import { ERRNO, errnoOf } from "../errors.js";
import { TYPE } from "../fs/volume.js";
import { SIDE } from "../io/stream.js";
import { u32 } from "../memory.js";
import { FDFLAGS, IOVEC_BYTES, RIFLAGS, RIGHTS, SDFLAGS } from "./abi.js";
import { StreamDescriptor } from "./descriptors.js";
import { spansError } from "./iovec.js";

/**
 * @typedef {import("./context.js").Context} Context
 * @typedef {import("./wait.js").Result} Result
 */

/** @param {Context} context */
export function sockImports(context) {
  const { memory, descriptors, waits } = context;

  /**
   * @param {number} fd
   * @param {number} right that it must have
   * @returns {StreamDescriptor | number} or an errno
   */
  function find(fd, right) {
    const descriptor = descriptors.get(u32(fd));
    if (descriptor === null) return ERRNO.EBADF;
    if (
      descriptor.kind !== "stream" ||
      descriptor.type !== TYPE.SOCKET_STREAM
    ) {
      return ERRNO.ENOTSOCK;
    }
    return (descriptor.rights & right) === 0 ? ERRNO.ENOTCAPABLE : descriptor;
  }

  /**
   * Takes a step until it needs not wait, in turn with others on that side.
   * @param {StreamDescriptor} descriptor
   * @param {number} side
   * @param {() => number} step an errno; -EAGAIN: to be taken again when the
   *   stream is ready, which one that is not to wait answers as EAGAIN
   * @returns {Result}
   */
  function inTurn(descriptor, side, step) {
    const turn = side === SIDE.READ ? descriptor.reading : descriptor.writing;
    /** @returns {Result} */
    const go = () => {
      if (descriptor.closed) return ERRNO.EBADF;
      if (!waits.mayEnter(turn)) {
        return descriptor.nonblocking ? ERRNO.EAGAIN : waits.stand(turn, go);
      }
      const error = step();
      if (error !== -ERRNO.EAGAIN) return error;
      if (descriptor.nonblocking) return ERRNO.EAGAIN;
      const { stream } = descriptor;
      const watch = (/** @type {() => void} */ wake) =>
        stream.watch(side, wake);
      return waits.hold(turn, waits.until(watch, go));
    };
    return go();
  }

  /**
   * Moves bytes to or from the spans of a table that has been checked, without
   * the first `done` of them.
   * @param {number} table
   * @param {number} count
   * @param {number} done
   * @param {(bytes: Uint8Array, at: number, size: number) => number} moveSpan
   * @returns {number} how many, -EAGAIN when there were none and the next has
   *   to wait, or another negative errno
   */
  function moveSpans(table, count, done, moveSpan) {
    let skip = done;
    let moved = 0;
    for (let at = table; at < table + count * IOVEC_BYTES; at += IOVEC_BYTES) {
      const address = memory.view.getUint32(at, true);
      const whole = memory.view.getUint32(at + 4, true);
      const from = Math.min(skip, whole);
      const size = whole - from;
      skip -= from;
      if (size === 0) continue;
      const got = moveSpan(memory.bytes, address + from, size);
      if (got < 0) return moved > 0 ? moved : got;
      moved += got;
      if (got < size) break;
    }
    return moved;
  }

  /**
   * Copies what the next read will find, into all spans as if they were one.
   * @param {import("../io/stream.js").Stream} stream
   * @param {number} table
   * @param {number} count
   * @param {number} total
   */
  function peekSpans(stream, table, count, total) {
    if (total === 0) return 0;
    // What is there may have to be fetched: the first look does that.
    const first = new Uint8Array(1);
    const got = stream.read(first, 0, 1, true);
    if (got <= 0) return got;
    const size = Math.min(total, Math.max(stream.ready(SIDE.READ), 1));
    const seen = new Uint8Array(size);
    let left = stream.read(seen, 0, size, true);
    return moveSpans(table, count, 0, (bytes, at, wanted) => {
      const part = Math.min(wanted, left);
      const from = size - left;
      bytes.set(seen.subarray(from, from + part), at);
      left -= part;
      return part;
    });
  }

  /**
   * @param {number} table
   * @param {number} count
   */
  function totalOf(table, count) {
    let total = 0;
    for (let at = table; at < table + count * IOVEC_BYTES; at += IOVEC_BYTES) {
      total += memory.view.getUint32(at + 4, true);
    }
    return total;
  }

  return {
    /**
     * Waits for a connection. It may do what sockets under the listener may.
     * @param {number} fd
     * @param {number} flags NONBLOCK or none
     * @param {number} pointer where the new descriptor's number goes
     * @returns {Result}
     */
    sock_accept(fd, flags, pointer) {
      const descriptor = find(fd, RIGHTS.SOCK_ACCEPT);
      if (typeof descriptor === "number") return descriptor;
      const fdflags = u32(flags);
      if ((fdflags & ~FDFLAGS.NONBLOCK) !== 0) return ERRNO.EINVAL;
      if (!memory.contains(u32(pointer), 4)) return ERRNO.EFAULT;
      return inTurn(descriptor, SIDE.READ, () => {
        // One that cannot be numbered goes on waiting at the listener.
        if (!descriptors.hasRoom) return ERRNO.EMFILE;
        const stream = descriptor.stream.accept();
        if (typeof stream === "number") {
          return stream === -ERRNO.EAGAIN ? stream : -stream;
        }
        const accepted = new StreamDescriptor(
          stream,
          TYPE.SOCKET_STREAM,
          fdflags,
        );
        accepted.rights &= descriptor.inheriting;
        accepted.inheriting &= descriptor.inheriting;
        memory.putU32(pointer, descriptors.add(accepted));
        return 0;
      });
    },

    /**
     * Waits for something to be there; with WAITALL until the buffers are full
     * or nothing more can come, unless the socket is not to wait. To look ahead
     * (PEEK) never waits for more than something. A stream is not truncated:
     * what does not fit is there for the next call.
     * @param {number} fd
     * @param {number} pointer
     * @param {number} count
     * @param {number} flags
     * @param {number} sizePointer
     * @param {number} flagsPointer
     * @returns {Result}
     */
    sock_recv(fd, pointer, count, flags, sizePointer, flagsPointer) {
      const descriptor = find(fd, RIGHTS.FD_READ);
      if (typeof descriptor === "number") return descriptor;
      const table = u32(pointer);
      const spans = u32(count);
      const riflags = u32(flags);
      if ((riflags & ~(RIFLAGS.RECV_PEEK | RIFLAGS.RECV_WAITALL)) !== 0) {
        return ERRNO.EINVAL;
      }
      const peek = (riflags & RIFLAGS.RECV_PEEK) !== 0;
      const all = !peek && (riflags & RIFLAGS.RECV_WAITALL) !== 0;
      const { stream } = descriptor;
      let done = 0;
      return inTurn(descriptor, SIDE.READ, () => {
        const error = spansError(memory, table, spans);
        if (error !== 0) return error;
        if (
          !memory.contains(u32(sizePointer), 4) ||
          !memory.contains(u32(flagsPointer), 2)
        ) {
          return ERRNO.EFAULT;
        }
        const total = totalOf(table, spans);
        for (;;) {
          const got = peek
            ? peekSpans(stream, table, spans, total)
            : moveSpans(table, spans, done, (bytes, at, size) =>
                stream.read(bytes, at, size),
              );
          if (got > 0) done += got;
          if (got < 0 && done === 0) return got === -ERRNO.EAGAIN ? got : -got;
          if (!all || done >= total) break;
          const ready = stream.ready(SIDE.READ);
          if (ready === -ERRNO.EAGAIN && !descriptor.nonblocking) return ready;
          if (ready <= 0) break;
        }
        memory.putU32(sizePointer, done);
        memory.view.setUint16(u32(flagsPointer), 0, true);
        return 0;
      });
    },

    /**
     * Waits for room.
     * @param {number} fd
     * @param {number} pointer
     * @param {number} count
     * @param {number} flags none are defined
     * @param {number} sizePointer
     * @returns {Result}
     */
    sock_send(fd, pointer, count, flags, sizePointer) {
      const descriptor = find(fd, RIGHTS.FD_WRITE);
      if (typeof descriptor === "number") return descriptor;
      const table = u32(pointer);
      const spans = u32(count);
      if (u32(flags) !== 0) return ERRNO.EINVAL;
      const { stream } = descriptor;
      return inTurn(descriptor, SIDE.WRITE, () => {
        const error = spansError(memory, table, spans);
        if (error !== 0) return error;
        if (!memory.contains(u32(sizePointer), 4)) return ERRNO.EFAULT;
        const got = moveSpans(table, spans, 0, (bytes, at, size) =>
          stream.write(bytes, at, size),
        );
        if (got < 0) return got === -ERRNO.EAGAIN ? got : -got;
        memory.putU32(sizePointer, got);
        context.checkEnded();
        return 0;
      });
    },

    /**
     * @param {number} fd
     * @param {number} how
     * @returns {Result}
     */
    sock_shutdown(fd, how) {
      const descriptor = find(fd, RIGHTS.SOCK_SHUTDOWN);
      if (typeof descriptor === "number") return descriptor;
      const sides = u32(how);
      const both = SDFLAGS.RD | SDFLAGS.WR;
      if (sides === 0 || (sides & ~both) !== 0) return ERRNO.EINVAL;
      const read = (sides & SDFLAGS.RD) !== 0;
      const write = (sides & SDFLAGS.WR) !== 0;
      return errnoOf(descriptor.stream.shutdown(read, write));
    },
  };
}
