/* Descriptors: standard input, output and error, which look like a terminal,
 * so that C libraries buffer by lines. Output never waits. */
import { ERRNO } from "../errors.js";
import { u32 } from "../memory.js";
import {
  FD,
  FDFLAGS,
  FDSTAT_BYTES,
  FILETYPE,
  IOVEC_BYTES,
  IOVEC_MAX,
  RIGHTS,
} from "./abi.js";

/**
 * @typedef {import("../host/index.js").Host} Host
 * @typedef {import("../host/inlet.js").Inlet} Inlet
 * @typedef {{ address: number, size: number }} Span
 */

/**
 * @param {Host} host
 * @param {Inlet} stdin
 */
export function fdImports(host, stdin) {
  const { memory, stdout, stderr } = host;
  /** @type {Set<number>} */
  const open = new Set([FD.STDIN, FD.STDOUT, FD.STDERR]);

  /**
   * @param {number} pointer
   * @param {number} count
   * @returns {Span[] | number} an errno when a part is out of bounds
   */
  function iovecs(pointer, count) {
    const table = u32(pointer);
    const length = u32(count);
    if (length > IOVEC_MAX) return ERRNO.EINVAL;
    if (!memory.contains(table, length * IOVEC_BYTES)) return ERRNO.EFAULT;
    const { view } = memory;
    /** @type {Span[]} */
    const spans = [];
    for (let at = table; at < table + length * IOVEC_BYTES; at += IOVEC_BYTES) {
      const address = view.getUint32(at, true);
      const size = view.getUint32(at + 4, true);
      if (!memory.contains(address, size)) return ERRNO.EFAULT;
      spans.push({ address, size });
    }
    return spans;
  }

  return {
    /** @param {number} fd */
    fd_close: (fd) => (open.delete(fd) ? 0 : ERRNO.EBADF),

    /**
     * @param {number} fd
     * @param {number} pointer
     */
    fd_fdstat_get(fd, pointer) {
      if (!open.has(fd)) return ERRNO.EBADF;
      const at = u32(pointer);
      if (!memory.contains(at, FDSTAT_BYTES)) return ERRNO.EFAULT;
      const input = fd === FD.STDIN;
      memory.bytes.fill(0, at, at + FDSTAT_BYTES);
      memory.bytes[at] = FILETYPE.CHARACTER_DEVICE;
      memory.bytes[at + 2] = input ? 0 : FDFLAGS.APPEND;
      memory.putU64(at + 8, input ? RIGHTS.FD_READ : RIGHTS.FD_WRITE);
      return 0;
    },

    /**
     * There are no directories, which this says as the specification does:
     * libraries ask for one descriptor after the other until it answers so.
     * @param {number} _fd
     */
    fd_prestat_get: (_fd) => ERRNO.EBADF,

    /**
     * Only what is there already: this caller cannot wait.
     * @param {number} fd
     * @param {number} pointer
     * @param {number} count
     * @param {number} countPointer
     */
    fd_read(fd, pointer, count, countPointer) {
      if (fd !== FD.STDIN || !open.has(fd)) return ERRNO.EBADF;
      const spans = iovecs(pointer, count);
      if (typeof spans === "number") return spans;
      if (!memory.contains(u32(countPointer), 4)) return ERRNO.EFAULT;
      const span = spans.find(({ size }) => size > 0);
      const result = span ? stdin.readReady(span.address, span.size) : 0;
      if (result < 0) return -result;
      memory.putU32(countPointer, result);
      return 0;
    },

    /** @param {number} fd */
    fd_seek: (fd) => (open.has(fd) ? ERRNO.ESPIPE : ERRNO.EBADF),

    /** @param {number} fd */
    fd_tell: (fd) => (open.has(fd) ? ERRNO.ESPIPE : ERRNO.EBADF),

    /**
     * @param {number} fd
     * @param {number} pointer
     * @param {number} count
     * @param {number} countPointer
     */
    fd_write(fd, pointer, count, countPointer) {
      if (fd === FD.STDIN || !open.has(fd)) return ERRNO.EBADF;
      const spans = iovecs(pointer, count);
      if (typeof spans === "number") return spans;
      if (!memory.contains(u32(countPointer), 4)) return ERRNO.EFAULT;
      const output = fd === FD.STDOUT ? stdout : stderr;
      let written = 0;
      for (const { address, size } of spans) {
        if (size === 0) continue;
        output.write(memory.bytes.subarray(address, address + size));
        written += size;
      }
      memory.putU32(countPointer, u32(written));
      host.checkEnded();
      return 0;
    },
  };
}
