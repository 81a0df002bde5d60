/* What preview1 has no function for and libc's statvfs() wants: how much room a
 * volume has. Called as the functions of WASI are, by Gossamer's own programs. */
import { ERRNO } from "../errors.js";
import { spaceOf } from "../fs/space.js";
import { MODE } from "../fs/walk.js";
import { u32 } from "../memory.js";
import { RIGHTS } from "./abi.js";

/**
 * @typedef {import("../fs/namespace.js").Mount} Mount
 * @typedef {import("./wait.js").Result} Result
 */

/** struct gs__space in src/host/host.h: five numbers of 64 bits. */
const SPACE_BYTES = 40;

/**
 * @param {import("./context.js").Context} context
 * @param {import("./lookup.js").Lookups} lookups
 */
export function spaceImports({ memory, descriptors, waits }, lookups) {
  /**
   * @param {Mount} mount
   * @param {number} result
   * @returns {Result}
   */
  function tell({ volume, device, readOnly }, result) {
    return waits.then(spaceOf(volume), (space) => {
      if (typeof space === "number") return -space;
      if (!memory.contains(u32(result), SPACE_BYTES)) return ERRNO.EFAULT;
      const { totalBytes, freeBytes, nodes } = space;
      const numbers = [totalBytes, freeBytes, nodes].map(BigInt);
      numbers.push(device, readOnly ? 1n : 0n);
      for (const [index, number] of numbers.entries()) {
        memory.putU64(u32(result) + 8 * index, number);
      }
      return 0;
    });
  }

  return {
    /**
     * @param {number} fd a directory, or what is asked about when size is 0
     * @param {number} pointer a path; a link at its end is followed
     * @param {number} size
     * @param {number} result
     * @returns {Result}
     */
    volume_space(fd, pointer, size, result) {
      if (!memory.contains(u32(result), SPACE_BYTES)) return ERRNO.EFAULT;
      if (u32(size) === 0) {
        const descriptor = descriptors.get(u32(fd));
        if (descriptor === null) return ERRNO.EBADF;
        if (descriptor.kind === "stream") return ERRNO.ENOTSUP;
        if ((descriptor.rights & RIGHTS.FD_FILESTAT_GET) === 0) {
          return ERRNO.ENOTCAPABLE;
        }
        return tell(descriptor.place.mount, result);
      }
      const directory = lookups.directory(fd, RIGHTS.PATH_FILESTAT_GET);
      if (typeof directory === "number") return directory;
      const path = lookups.path(pointer, size);
      if (typeof path === "number") return -path;
      return lookups.walk(directory, path, MODE.FOLLOW, (error, walk) => {
        if (error < 0) return -error;
        return walk.node === null ? ERRNO.ENOENT : tell(walk.mount, result);
      });
    },
  };
}
