/* The module "wasi_unstable", the version before preview1, made of preview1's
 * functions. Three things were laid out in other ways: what stat tells, what is
 * polled for, and where a seek begins. They are translated in the program's own
 * memory: nothing of it runs meanwhile. */
import { ERRNO } from "../errors.js";
import { u32 } from "../memory.js";
import {
  EVENTTYPE,
  EVENT_BYTES,
  FILESTAT_BYTES,
  SUBSCRIPTION_BYTES,
  WHENCE,
} from "./abi.js";

/**
 * @typedef {import("../memory.js").Memory} Memory
 * @typedef {import("./wait.js").Result} Result
 */

/** `filestat`: nlink u32 at 20, then size, atim, mtim, ctim from 24 on. */
const OLD_FILESTAT_BYTES = 56;
/** `subscription`: of a clock, 8 bytes that name it lie before the rest. */
const OLD_SUBSCRIPTION_BYTES = 56;

/** By its old number: CUR, END, SET. */
const OLD_WHENCE = Object.freeze([WHENCE.CUR, WHENCE.END, WHENCE.SET]);
const BAD_WHENCE = 3;

const MAX_U32 = 2 ** 32 - 1;

/**
 * @param {Result} result
 * @param {(errno: number) => number} finish
 * @returns {Result}
 */
function whenDone(result, finish) {
  return typeof result === "number" ? finish(result) : result.then(finish);
}

/**
 * @param {Record<string, any>} functions preview1's
 * @param {Memory} memory
 * @returns {Record<string, Function>}
 */
export function unstableFunctions(functions, memory) {
  const others = { ...functions };
  delete others["sock_accept"];

  /**
   * @param {number} pointer where the program has room for its kind of stat
   * @param {(at: number) => Result} call writes ours
   * @returns {Result}
   */
  function stat(pointer, call) {
    const address = u32(pointer);
    if (!memory.contains(address, OLD_FILESTAT_BYTES)) return ERRNO.EFAULT;
    // Ours is longer: the bytes behind are the program's.
    const at = Math.min(address, memory.bytes.length - FILESTAT_BYTES);
    const before = memory.bytes.slice(at, at + FILESTAT_BYTES);
    return whenDone(call(at), (errno) => {
      const { bytes, view } = memory;
      const told = bytes.slice(at, at + FILESTAT_BYTES);
      bytes.set(before, at);
      if (errno !== 0) return errno;
      const links = new DataView(told.buffer).getBigUint64(24, true);
      bytes.set(told.subarray(0, 20), address);
      view.setUint32(address + 20, Math.min(Number(links), MAX_U32), true);
      bytes.set(told.subarray(32), address + 24);
      return 0;
    });
  }

  return {
    ...others,

    /**
     * @param {number} fd
     * @param {number} pointer
     */
    fd_filestat_get: (fd, pointer) =>
      stat(pointer, (at) => functions.fd_filestat_get(fd, at)),

    /**
     * @param {number} fd
     * @param {number} flags
     * @param {number} path
     * @param {number} length
     * @param {number} pointer
     */
    path_filestat_get: (fd, flags, path, length, pointer) =>
      stat(pointer, (at) =>
        functions.path_filestat_get(fd, flags, path, length, at),
      ),

    /**
     * @param {number} fd
     * @param {bigint} offset
     * @param {number} whence
     * @param {number} pointer
     */
    fd_seek: (fd, offset, whence, pointer) =>
      functions.fd_seek(
        fd,
        offset,
        OLD_WHENCE[u32(whence)] ?? BAD_WHENCE,
        pointer,
      ),

    /**
     * @param {number} input
     * @param {number} output
     * @param {number} count
     * @param {number} stored
     * @returns {Result}
     */
    poll_oneoff(input, output, count, stored) {
      const from = u32(input);
      const size = u32(count) * OLD_SUBSCRIPTION_BYTES;
      if (!memory.contains(from, size)) return ERRNO.EFAULT;
      const given = memory.bytes.slice(from, from + size);
      for (let index = 0; index < u32(count); index++) {
        const old = given.subarray(index * OLD_SUBSCRIPTION_BYTES);
        const at = from + index * SUBSCRIPTION_BYTES;
        const clock = old[8] === EVENTTYPE.CLOCK;
        memory.bytes.set(old.subarray(0, 16), at);
        memory.bytes.set(
          old.subarray(clock ? 24 : 16, clock ? 56 : 48),
          at + 16,
        );
      }
      return whenDone(
        functions.poll_oneoff(input, output, count, stored),
        (errno) => {
          // Both lists, and the count, may lie where the other is.
          const { bytes, view } = memory;
          const told = errno === 0 ? view.getUint32(u32(stored), true) : 0;
          const to = u32(output);
          const events = bytes.slice(to, to + told * EVENT_BYTES);
          bytes.set(given, from);
          if (errno !== 0) return errno;
          bytes.set(events, to);
          view.setUint32(u32(stored), told, true);
          return 0;
        },
      );
    },
  };
}
