/* Descriptors: reading, writing and what is known of them. path.js opens them,
 * fd_readdir is in directory.js. */
import { ERRNO, errnoOf } from "../errors.js";
import { MAX_SIZE_BYTES, createStat } from "../fs/volume.js";
import { SIDE } from "../io/stream.js";
import { u32 } from "../memory.js";
import {
  ADVICE_MAX,
  FDFLAGS,
  FDFLAGS_ALL,
  FDSTAT_BYTES,
  FILESTAT_BYTES,
  IOVEC_BYTES,
  PRESTAT_BYTES,
  RIGHTS,
  WHENCE,
} from "./abi.js";
import { spansError } from "./iovec.js";
import { readTimes, writeStat } from "./stat.js";

/**
 * @typedef {import("./context.js").Context} Context
 * @typedef {import("./descriptors.js").Descriptor} Descriptor
 * @typedef {import("./descriptors.js").FileDescriptor} FileDescriptor
 * @typedef {import("./descriptors.js").StreamDescriptor} StreamDescriptor
 * @typedef {import("./wait.js").Result} Result
 */

/** Where a transfer goes that moves the descriptor's own position. */
const CURRENT = -1;
/** Where a volume writes at the end of a file, wherever that is. */
const AT_END = -1;
/** A move that has not begun before. */
const NOT_BEGUN = -2;

/** @param {Context} context */
export function fdImports(context) {
  const { memory, descriptors, waits } = context;

  /**
   * @param {number} fd
   * @param {number} rights that it must have
   * @returns {Descriptor | number} or an errno
   */
  function find(fd, rights) {
    const descriptor = descriptors.get(u32(fd));
    if (descriptor === null) return ERRNO.EBADF;
    return (descriptor.rights & rights) === rights
      ? descriptor
      : ERRNO.ENOTCAPABLE;
  }

  /**
   * As find(), for files.
   * @param {number} fd
   * @param {number} rights
   * @returns {FileDescriptor | number} or an errno
   */
  function findFile(fd, rights) {
    const descriptor = descriptors.get(u32(fd));
    if (descriptor === null) return ERRNO.EBADF;
    // What a stream cannot do at all is not a matter of rights.
    if (descriptor.kind === "stream") return ERRNO.ESPIPE;
    if (descriptor.kind === "directory") return ERRNO.EBADF;
    return (descriptor.rights & rights) === rights
      ? descriptor
      : ERRNO.ENOTCAPABLE;
  }

  /**
   * As findFile(), for the offset: the right to seek implies that to tell.
   * @param {number} fd
   * @returns {FileDescriptor | number} or an errno
   */
  function findTeller(fd) {
    const descriptor = findFile(fd, 0);
    if (typeof descriptor === "number") return descriptor;
    return (descriptor.rights & (RIGHTS.FD_TELL | RIGHTS.FD_SEEK)) !== 0
      ? descriptor
      : ERRNO.ENOTCAPABLE;
  }

  /**
   * Moves bytes of one span.
   * @param {FileDescriptor | StreamDescriptor} descriptor
   * @param {number} side
   * @param {number} from where in a file, or AT_END
   * @param {number} address
   * @param {number} size
   * @returns {number | Promise<unknown>}
   */
  function moveSpan(descriptor, side, from, address, size) {
    const { bytes } = memory;
    if (descriptor.kind === "stream") {
      const { stream } = descriptor;
      return side === SIDE.READ
        ? stream.read(bytes, address, size)
        : stream.write(bytes, address, size);
    }
    const { file } = descriptor;
    const { volume } = descriptor.place.mount;
    return side === SIDE.READ
      ? volume.read(file, from, bytes, address, size)
      : volume.write(file, from, bytes, address, size);
  }

  /**
   * Where in a file the move begins.
   * @param {FileDescriptor | StreamDescriptor} descriptor
   * @param {number} side
   * @param {number} position or CURRENT
   */
  function startOf(descriptor, side, position) {
    if (position !== CURRENT) return position;
    if (descriptor.kind === "stream") return 0;
    const appends = (descriptor.flags & FDFLAGS.APPEND) !== 0;
    return side === SIDE.WRITE && appends ? AT_END : descriptor.position;
  }

  /**
   * The call of move() to make when there is a reason to. It is made apart:
   * calls that do not wait make no closure.
   * @param {Parameters<typeof move>} args
   */
  function again(...args) {
    return () => move(...args);
  }

  /**
   * Reads or writes, in turn with the others on the same descriptor. With a
   * file that is all, or all up to its end, as POSIX has it; what waited and
   * was given up has not moved the position, so that it can be done again. A
   * stream, and the end of a file, is waited for only while nothing has been
   * moved: what has been is the answer.
   * @param {FileDescriptor | StreamDescriptor} descriptor
   * @param {number} side
   * @param {number} position or CURRENT
   * @param {number} pointer
   * @param {number} count
   * @param {number} resultPointer
   * @param {number} begun where it began, if it has waited in the middle; or
   *   NOT_BEGUN
   * @param {number} done how many bytes it had moved by then
   * @returns {Result}
   */
  // prettier-ignore
  function move(
    descriptor, side, position, pointer, count, resultPointer, begun, done,
  ) {
    if (descriptor.closed) return ERRNO.EBADF;
    const table = u32(pointer);
    const spans = u32(count);
    const result = u32(resultPointer);
    const error = spansError(memory, table, spans);
    if (error !== 0) return error;
    if (!memory.contains(result, 4)) return ERRNO.EFAULT;
    const turn = side === SIDE.READ ? descriptor.reading : descriptor.writing;
    if (!waits.mayEnter(turn)) {
      if (descriptor.nonblocking) return ERRNO.EAGAIN;
      return waits.stand(turn, again(
        descriptor, side, position, pointer, count, resultPointer, begun, done,
      ));
    }
    const stream = descriptor.kind === "stream" ? descriptor.stream : null;
    const start = begun === NOT_BEGUN
      ? startOf(descriptor, side, position)
      : begun;
    const tableEnd = table + spans * IOVEC_BYTES;
    let moved = done;
    /** How many bytes the spans before this one have. */
    let before = 0;
    for (let at = table; at < tableEnd; ) {
      const address = memory.view.getUint32(at, true);
      const size = memory.view.getUint32(at + 4, true);
      const inside = moved - before;
      if (inside >= size) {
        before += size;
        at += IOVEC_BYTES;
        continue;
      }
      const from = start === AT_END ? AT_END : start + moved;
      const rest = size - inside;
      const got = moveSpan(descriptor, side, from, address + inside, rest);
      if (typeof got !== "number") {
        if (moved > 0 && (stream !== null || start === AT_END)) break;
        return waits.hold(turn, waits.after(got, again(
          descriptor, side, position, pointer, count, resultPointer,
          moved === 0 ? NOT_BEGUN : start, moved,
        )));
      }
      if (got < 0) {
        if (moved > 0) break;
        if (got !== -ERRNO.EAGAIN || descriptor.nonblocking) return -got;
        if (stream === null) return ERRNO.EAGAIN;
        return waits.hold(turn, untilReady(stream, side, again(
          descriptor, side, position, pointer, count, resultPointer,
          NOT_BEGUN, 0,
        )));
      }
      moved += got;
      if (got === 0) break;
      // What is there has been read: to go on might fetch more, or take the
      // end of a file that the next read is to find.
      if (stream !== null && (got < rest || stream.ready(side) <= 0)) break;
    }
    if (position === CURRENT && moved > 0 && descriptor.kind === "file") {
      const { file, place } = descriptor;
      descriptor.position =
        start === AT_END ? place.mount.volume.size(file) : start + moved;
    }
    memory.putU32(result, moved);
    return side === SIDE.WRITE ? written(descriptor) : 0;
  }

  /**
   * @param {import("../io/stream.js").Stream} stream
   * @param {number} side
   * @param {() => Result} next
   */
  function untilReady(stream, side, next) {
    return waits.until((wake) => stream.watch(side, wake), next);
  }

  /**
   * After a write: what is opened to be synchronous is stored by now.
   * @param {FileDescriptor | StreamDescriptor} descriptor
   * @returns {Result}
   */
  function written(descriptor) {
    if (descriptor.kind === "stream") {
      context.checkEnded();
      return 0;
    }
    const { flags } = descriptor;
    if ((flags & (FDFLAGS.SYNC | FDFLAGS.DSYNC)) === 0) return 0;
    return sync(descriptor, (flags & FDFLAGS.SYNC) === 0);
  }

  /**
   * @param {Descriptor} descriptor
   * @param {boolean} dataOnly
   * @returns {Result}
   */
  function sync(descriptor, dataOnly) {
    if (descriptor.kind === "stream") return ERRNO.EINVAL;
    const { volume } = descriptor.place.mount;
    return waits.then(volume.sync(descriptor.file, dataOnly), errnoOf);
  }

  /**
   * @param {bigint} offset as it comes from wasm
   * @returns {number} -1 when no file can have it
   */
  function readOffset(offset) {
    return offset < 0n || offset > BigInt(MAX_SIZE_BYTES) ? -1 : Number(offset);
  }

  /**
   * @param {number} fd
   * @param {number} side
   * @param {number} pointer
   * @param {number} count
   * @param {number} result
   * @returns {Result}
   */
  function transfer(fd, side, pointer, count, result) {
    const rights = side === SIDE.READ ? RIGHTS.FD_READ : RIGHTS.FD_WRITE;
    const descriptor = descriptors.get(u32(fd));
    if (descriptor === null) return ERRNO.EBADF;
    if (descriptor.kind === "directory") return ERRNO.EISDIR;
    if ((descriptor.rights & rights) === 0) return ERRNO.ENOTCAPABLE;
    return move(
      descriptor,
      side,
      CURRENT,
      pointer,
      count,
      result,
      NOT_BEGUN,
      0,
    );
  }

  /**
   * @param {number} fd
   * @param {number} side
   * @param {number} pointer
   * @param {number} count
   * @param {bigint} offset
   * @param {number} result
   * @returns {Result}
   */
  function transferAt(fd, side, pointer, count, offset, result) {
    const rights = side === SIDE.READ ? RIGHTS.FD_READ : RIGHTS.FD_WRITE;
    const descriptor = findFile(fd, rights | RIGHTS.FD_SEEK);
    if (typeof descriptor === "number") return descriptor;
    const position = readOffset(offset);
    if (position < 0) return offset < 0n ? ERRNO.EINVAL : ERRNO.EFBIG;
    return move(
      descriptor,
      side,
      position,
      pointer,
      count,
      result,
      NOT_BEGUN,
      0,
    );
  }

  return {
    /**
     * @param {number} fd
     * @param {bigint} offset
     * @param {bigint} size
     * @param {number} advice
     * @returns {Result}
     */
    fd_advise(fd, offset, size, advice) {
      const descriptor = findFile(fd, RIGHTS.FD_ADVISE);
      if (typeof descriptor === "number") return descriptor;
      if (u32(advice) > ADVICE_MAX) return ERRNO.EINVAL;
      const from = readOffset(offset);
      const length = readOffset(size);
      if (from < 0 || length < 0) return ERRNO.EINVAL;
      const { file, place } = descriptor;
      place.mount.volume.advise(file, from, length, advice);
      return 0;
    },

    /**
     * @param {number} fd
     * @param {bigint} offset
     * @param {bigint} size
     * @returns {Result}
     */
    fd_allocate(fd, offset, size) {
      const descriptor = findFile(fd, RIGHTS.FD_ALLOCATE);
      if (typeof descriptor === "number") return descriptor;
      if (offset < 0n || size <= 0n) return ERRNO.EINVAL;
      if (offset + size > BigInt(MAX_SIZE_BYTES)) return ERRNO.EFBIG;
      const { file, place } = descriptor;
      const { volume } = place.mount;
      const answer = volume.allocate(file, Number(offset), Number(size));
      return waits.then(answer, errnoOf);
    },

    /**
     * @param {number} fd
     * @returns {Result}
     */
    fd_close(fd) {
      const descriptor = descriptors.remove(u32(fd));
      if (descriptor === null) return ERRNO.EBADF;
      return waits.then(descriptor.close(), errnoOf);
    },

    /**
     * @param {number} fd
     * @returns {Result}
     */
    fd_datasync(fd) {
      const descriptor = find(fd, RIGHTS.FD_DATASYNC);
      return typeof descriptor === "number"
        ? descriptor
        : sync(descriptor, true);
    },

    /**
     * @param {number} fd
     * @param {number} pointer
     * @returns {Result}
     */
    fd_fdstat_get(fd, pointer) {
      const descriptor = find(fd, 0);
      if (typeof descriptor === "number") return descriptor;
      const at = u32(pointer);
      if (!memory.contains(at, FDSTAT_BYTES)) return ERRNO.EFAULT;
      memory.bytes.fill(0, at, at + FDSTAT_BYTES);
      memory.bytes[at] = descriptor.type;
      memory.view.setUint16(at + 2, descriptor.flags, true);
      memory.putU64(at + 8, BigInt(descriptor.rights));
      memory.putU64(at + 16, BigInt(descriptor.inheriting));
      return 0;
    },

    /**
     * @param {number} fd
     * @param {number} flags
     * @returns {Result}
     */
    fd_fdstat_set_flags(fd, flags) {
      const descriptor = find(fd, RIGHTS.FD_FDSTAT_SET_FLAGS);
      if (typeof descriptor === "number") return descriptor;
      const wanted = u32(flags);
      if ((wanted & ~FDFLAGS_ALL) !== 0) return ERRNO.EINVAL;
      descriptor.flags = wanted;
      return 0;
    },

    /**
     * @param {number} fd
     * @param {bigint} base
     * @param {bigint} inheriting
     * @returns {Result}
     */
    fd_fdstat_set_rights(fd, base, inheriting) {
      const descriptor = find(fd, 0);
      if (typeof descriptor === "number") return descriptor;
      const more =
        (base & ~BigInt(descriptor.rights)) |
        (inheriting & ~BigInt(descriptor.inheriting));
      if (more !== 0n) return ERRNO.ENOTCAPABLE;
      descriptor.rights = Number(base);
      descriptor.inheriting = Number(inheriting);
      return 0;
    },

    /**
     * @param {number} fd
     * @param {number} pointer
     * @returns {Result}
     */
    fd_filestat_get(fd, pointer) {
      const descriptor = find(fd, RIGHTS.FD_FILESTAT_GET);
      if (typeof descriptor === "number") return descriptor;
      const at = u32(pointer);
      if (!memory.contains(at, FILESTAT_BYTES)) return ERRNO.EFAULT;
      if (descriptor.kind === "stream") {
        memory.bytes.fill(0, at, at + FILESTAT_BYTES);
        memory.bytes[at + 16] = descriptor.type;
        return 0;
      }
      const { mount, node } = descriptor.place;
      const stat = createStat();
      return waits.then(mount.volume.stat(node, stat), (answer) => {
        return answer < 0 ? -answer : writeStat(memory, at, mount.device, stat);
      });
    },

    /**
     * @param {number} fd
     * @param {bigint} size
     * @returns {Result}
     */
    fd_filestat_set_size(fd, size) {
      const descriptor = findFile(fd, RIGHTS.FD_FILESTAT_SET_SIZE);
      if (typeof descriptor === "number") {
        return descriptor === ERRNO.ESPIPE ? ERRNO.EINVAL : descriptor;
      }
      const wanted = readOffset(size);
      if (wanted < 0) return size < 0n ? ERRNO.EINVAL : ERRNO.EFBIG;
      const { file, place } = descriptor;
      const { volume } = place.mount;
      /** @returns {Result} */
      const resize = () => {
        const answer = volume.resize(file, wanted);
        return typeof answer === "number"
          ? errnoOf(answer)
          : waits.after(answer, resize);
      };
      return resize();
    },

    /**
     * @param {number} fd
     * @param {bigint} atimeNs
     * @param {bigint} mtimeNs
     * @param {number} flags
     * @returns {Result}
     */
    fd_filestat_set_times(fd, atimeNs, mtimeNs, flags) {
      const descriptor = find(fd, RIGHTS.FD_FILESTAT_SET_TIMES);
      if (typeof descriptor === "number") return descriptor;
      const times = readTimes(atimeNs, mtimeNs, flags);
      if (times === null) return ERRNO.EINVAL;
      if (descriptor.kind === "stream") return ERRNO.EINVAL;
      const { mount, node } = descriptor.place;
      const answer = mount.volume.setTimes(node, times.atimeNs, times.mtimeNs);
      return waits.then(answer, errnoOf);
    },

    /**
     * @param {number} fd
     * @param {number} pointer
     * @param {number} count
     * @param {bigint} offset
     * @param {number} result
     */
    fd_pread: (fd, pointer, count, offset, result) =>
      transferAt(fd, SIDE.READ, pointer, count, offset, result),

    /**
     * Libraries ask for one descriptor after the other until it says EBADF.
     * @param {number} fd
     * @param {number} pointer
     * @returns {Result}
     */
    fd_prestat_get(fd, pointer) {
      const descriptor = descriptors.get(u32(fd));
      if (descriptor?.kind !== "directory") return ERRNO.EBADF;
      if (descriptor.preopen === null) return ERRNO.EBADF;
      const at = u32(pointer);
      if (!memory.contains(at, PRESTAT_BYTES)) return ERRNO.EFAULT;
      memory.putU32(at, 0);
      memory.putU32(at + 4, descriptor.preopen.length);
      return 0;
    },

    /**
     * @param {number} fd
     * @param {number} buf
     * @param {number} size
     * @returns {Result}
     */
    fd_prestat_dir_name(fd, buf, size) {
      const descriptor = descriptors.get(u32(fd));
      if (descriptor?.kind !== "directory") return ERRNO.EBADF;
      if (descriptor.preopen === null) return ERRNO.EBADF;
      const target = memory.slice(buf, size);
      if (target === null) return ERRNO.EFAULT;
      const name = descriptor.preopen;
      if (target.length < name.length) return ERRNO.ENAMETOOLONG;
      target.set(name);
      return 0;
    },

    /**
     * @param {number} fd
     * @param {number} pointer
     * @param {number} count
     * @param {bigint} offset
     * @param {number} result
     */
    fd_pwrite: (fd, pointer, count, offset, result) =>
      transferAt(fd, SIDE.WRITE, pointer, count, offset, result),

    /**
     * @param {number} fd
     * @param {number} pointer
     * @param {number} count
     * @param {number} result
     */
    fd_read: (fd, pointer, count, result) =>
      transfer(fd, SIDE.READ, pointer, count, result),

    /**
     * @param {number} from
     * @param {number} to
     * @returns {Result}
     */
    fd_renumber(from, to) {
      const source = u32(from);
      const target = u32(to);
      if (descriptors.get(source) === null) return ERRNO.EBADF;
      if (descriptors.get(target) === null) return ERRNO.EBADF;
      if (source === target) return 0;
      const replaced = descriptors.renumber(source, target);
      return waits.then(replaced?.close() ?? 0, errnoOf);
    },

    /**
     * @param {number} fd
     * @param {bigint} offset
     * @param {number} whence
     * @param {number} pointer
     * @returns {Result}
     */
    fd_seek(fd, offset, whence, pointer) {
      // To ask where one is needs no more than the right to tell.
      const tell = offset === 0n && whence === WHENCE.CUR;
      const descriptor = tell ? findTeller(fd) : findFile(fd, RIGHTS.FD_SEEK);
      if (typeof descriptor === "number") return descriptor;
      if (!memory.contains(u32(pointer), 8)) return ERRNO.EFAULT;
      const { file, place } = descriptor;
      let base = 0;
      switch (whence) {
        case WHENCE.SET:
          break;
        case WHENCE.CUR:
          base = descriptor.position;
          break;
        case WHENCE.END:
          base = place.mount.volume.size(file);
          if (base < 0) return -base;
          break;
        default:
          return ERRNO.EINVAL;
      }
      const position = BigInt(base) + offset;
      if (position < 0n) return ERRNO.EINVAL;
      if (position > BigInt(MAX_SIZE_BYTES)) return ERRNO.EOVERFLOW;
      descriptor.position = Number(position);
      memory.putU64(pointer, position);
      return 0;
    },

    /**
     * @param {number} fd
     * @returns {Result}
     */
    fd_sync(fd) {
      const descriptor = find(fd, RIGHTS.FD_SYNC);
      if (typeof descriptor !== "number") return sync(descriptor, false);
      const stream = descriptors.get(u32(fd))?.kind === "stream";
      return stream ? ERRNO.EINVAL : descriptor;
    },

    /**
     * @param {number} fd
     * @param {number} pointer
     * @returns {Result}
     */
    fd_tell(fd, pointer) {
      const descriptor = findTeller(fd);
      if (typeof descriptor === "number") return descriptor;
      return memory.putU64(pointer, BigInt(descriptor.position))
        ? 0
        : ERRNO.EFAULT;
    },

    /**
     * @param {number} fd
     * @param {number} pointer
     * @param {number} count
     * @param {number} result
     */
    fd_write: (fd, pointer, count, result) =>
      transfer(fd, SIDE.WRITE, pointer, count, result),
  };
}
