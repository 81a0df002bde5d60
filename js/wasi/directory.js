/* fd_readdir. A directory is listed once, when it is read from its beginning,
 * and that list is what all cookies mean: an entry's number in it, "." and ".."
 * being the first two. So entries neither repeat nor get lost while others are
 * made and removed. */
import { ERRNO } from "../errors.js";
import { TYPE } from "../fs/volume.js";
import { encodeText, u32 } from "../memory.js";
import { DIRENT_BYTES, RIGHTS } from "./abi.js";

/**
 * @typedef {import("./context.js").Context} Context
 * @typedef {import("./descriptors.js").DirectoryDescriptor} DirectoryDescriptor
 * @typedef {import("./lookup.js").Lookups} Lookups
 * @typedef {import("./wait.js").Result} Result
 * @typedef {import("../fs/volume.js").Entry} Entry
 */

/**
 * All entries of a directory.
 * @param {DirectoryDescriptor} directory
 * @param {Entry[]} entries the volume's
 * @returns {Entry[]}
 */
function entriesOf({ place, parentIno }, entries) {
  const type = TYPE.DIRECTORY;
  const { covers } = place.mount;
  const seen =
    covers === null
      ? entries
      : entries.map((entry) => {
          const over = covers.get(entry.ino);
          return over === undefined ? entry : { ...entry, ino: over.root.ino };
        });
  return [
    { name: ".", ino: place.node.ino, type },
    { name: "..", ino: parentIno, type },
    ...seen,
  ];
}

/**
 * @param {DataView} view
 * @param {number} at
 * @param {Entry} entry
 * @param {number} next the cookie of the entry after it
 * @param {number} nameBytes
 */
function putHeader(view, at, { ino, type }, next, nameBytes) {
  view.setUint32(at, next, true);
  view.setUint32(at + 4, 0, true);
  view.setBigUint64(at + 8, ino, true);
  view.setUint32(at + 16, nameBytes, true);
  view.setUint32(at + 20, type, true);
}

/**
 * Writes a name of ASCII, faster than an encoder does.
 * @param {Uint8Array} bytes with room for it
 * @param {number} at
 * @param {string} name
 * @returns {boolean} false when it has other characters
 */
function putPlain(bytes, at, name) {
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i);
    if (code >= 0x80) return false;
    bytes[at + i] = code;
  }
  return true;
}

/**
 * @param {Context} context
 * @param {Lookups} lookups
 */
export function directoryImports({ memory, waits }, lookups) {
  /**
   * Writes entries, the last one cut off where the buffer ends.
   * @param {Entry[]} entries
   * @param {number} first
   * @param {number} at
   * @param {number} size
   * @returns {number} how many bytes
   */
  function write(entries, first, at, size) {
    const { bytes, view } = memory;
    const end = at + size;
    let to = at;
    for (let index = first; index < entries.length && to < end; index++) {
      const entry = /** @type {Entry} */ (entries[index]);
      const room = end - to;
      const length = DIRENT_BYTES + entry.name.length;
      if (length <= room && putPlain(bytes, to + DIRENT_BYTES, entry.name)) {
        putHeader(view, to, entry, index + 1, entry.name.length);
        to += length;
      } else {
        const name = encodeText(entry.name);
        const whole = new Uint8Array(DIRENT_BYTES + name.length);
        putHeader(new DataView(whole.buffer), 0, entry, index + 1, name.length);
        whole.set(name, DIRENT_BYTES);
        bytes.set(whole.subarray(0, room), to);
        to += Math.min(whole.length, room);
      }
    }
    return to - at;
  }

  return {
    /**
     * @param {number} fd
     * @param {number} buf
     * @param {number} size
     * @param {bigint} cookie
     * @param {number} result
     * @returns {Result}
     */
    fd_readdir(fd, buf, size, cookie, result) {
      const directory = lookups.directory(fd, RIGHTS.FD_READDIR);
      if (typeof directory === "number") return directory;
      const at = u32(buf);
      const room = u32(size);
      if (!memory.contains(at, room)) return ERRNO.EFAULT;
      if (!memory.contains(u32(result), 4)) return ERRNO.EFAULT;
      const first = Number(BigInt.asUintN(64, cookie));
      /** @param {Entry[]} entries */
      const answer = (entries) => {
        if (!memory.contains(at, room)) return ERRNO.EFAULT;
        // There is nothing after the end, and after no cookie beyond it.
        memory.putU32(result, write(entries, first, at, room));
        return 0;
      };
      if (first !== 0 && directory.entries !== null) {
        return answer(directory.entries);
      }
      const { mount, node } = directory.place;
      return waits.then(mount.volume.list(node), (entries) => {
        if (typeof entries === "number") return -entries;
        directory.entries = entriesOf(directory, entries);
        return answer(directory.entries);
      });
    },
  };
}
