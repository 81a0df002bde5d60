/* The contract of a volume: what a file system is to everything above it. A
 * volume knows nodes (files, directories, links) and the names in directories.
 * Paths, "..", symbolic links, mounts, rights and descriptors are the business
 * of namespace.js, walk.js and js/wasi/, the same for every volume. A volume
 * extends the class and overrides what it has; the rest answers ENOTSUP. */
import { ERRNO } from "../errors.js";

/** What a node is; the numbers of WASI's `filetype`. */
export const TYPE = Object.freeze({
  UNKNOWN: 0,
  BLOCK_DEVICE: 1,
  CHARACTER_DEVICE: 2,
  DIRECTORY: 3,
  FILE: 4,
  SOCKET_DGRAM: 5,
  SOCKET_STREAM: 6,
  LINK: 7,
});

/** The largest size of a file, and offset in one: the exact integers. */
export const MAX_SIZE_BYTES = Number.MAX_SAFE_INTEGER;

/**
 * A file, directory or symbolic link of a volume. What else it has is the
 * volume's own. The same inode is told by `ino`; neither it nor the type ever
 * changes.
 * @typedef {object} Node
 * @property {number} type one of TYPE
 * @property {bigint} ino not 0, unique in its volume
 *
 * What stat() fills in. Times are nanoseconds since 1970.
 * @typedef {object} Stat
 * @property {bigint} ino
 * @property {number} type one of TYPE
 * @property {number} links how many names it has
 * @property {number} sizeBytes of a link: the length of its target
 * @property {bigint} atimeNs
 * @property {bigint} mtimeNs
 * @property {bigint} ctimeNs
 *
 * @typedef {object} Entry
 * @property {string} name
 * @property {bigint} ino
 * @property {number} type
 *
 * @typedef {object} Access
 * @property {boolean} read
 * @property {boolean} write
 *
 * What a volume has taken. `limitBytes` less `usedBytes` can still be written.
 * @typedef {object} Usage
 * @property {number} usedBytes by all files together
 * @property {number} limitBytes for all of them; Infinity: the volume has none
 * @property {number} nodes files, directories and links that there are
 *
 * What all that shares a volume's storage has taken.
 * @typedef {object} Estimate
 * @property {number} usageBytes
 * @property {number} quotaBytes how much it may be
 *
 * An opened file, the volume's own: what read() and the others take. It stays
 * valid when its names are gone, until close().
 * @typedef {any} File
 *
 */

/**
 * How an operation answers: an object or a number from 0 on when it is done, a
 * negative errno (-ERRNO.ENOENT) when it cannot be done, or a Promise of one of
 * these. A Promise is never rejected; nothing throws.
 * @template T
 * @typedef {T | number | Promise<T | number>} Answer
 */

/**
 * How read(), write() and resize() answer: the count or a negative errno, or a
 * Promise that says nothing but when to call again: nothing has been done yet.
 * So a caller that gives up in between has done nothing, and no view of its
 * memory is kept while it waits.
 * @typedef {number | Promise<unknown>} Transfer
 */

/** @returns {Stat} for stat() to fill in, again and again */
export function createStat() {
  return {
    ino: 0n,
    type: TYPE.UNKNOWN,
    links: 0,
    sizeBytes: 0,
    atimeNs: 0n,
    mtimeNs: 0n,
    ctimeNs: 0n,
  };
}

/**
 * Whether a value is a volume, also one of another copy of this module.
 * @param {any} value
 * @returns {value is Volume}
 */
export function isVolume(value) {
  return (
    typeof value === "object" &&
    value !== null &&
    typeof value.lookup === "function" &&
    typeof value.openNode === "function"
  );
}

const NOTSUP = -ERRNO.ENOTSUP;

/**
 * Names are one component of a path: never empty, "." or "..", without "/" and
 * NUL. Those that take a directory answer ENOTDIR for another node.
 */
export class Volume {
  /** Whether nothing can be written: every change then answers EROFS. */
  get readOnly() {
    return false;
  }

  /** What the last failure was, for people; "" if there is nothing to say. */
  get trouble() {
    return "";
  }

  /**
   * Made ready before the first use, when it is mounted; may be called again.
   * @returns {Answer<number>}
   */
  open() {
    return 0;
  }

  /**
   * The directory that the volume begins with; there once open() is done.
   * @returns {Node}
   */
  get root() {
    throw new TypeError("a volume must have a root");
  }

  /**
   * What `statvfs()` of a program is told, with estimate().
   * @returns {Answer<Usage>}
   */
  usage() {
    return NOTSUP;
  }

  /**
   * For a volume whose room depends on what others store.
   * @returns {Answer<Estimate>}
   */
  estimate() {
    return NOTSUP;
  }

  /* ---- names ---- */

  /**
   * @param {Node} _directory
   * @param {string} _name
   * @param {boolean} [_below] whether a name in what is found is looked up
   *   next: a volume that cannot tell directories may take it for one then
   * @returns {Answer<Node>} ENOENT, ENAMETOOLONG
   */
  lookup(_directory, _name, _below) {
    return NOTSUP;
  }

  /**
   * A snapshot of all names, without "." and ".."; the caller's own.
   * @param {Node} _directory
   * @returns {Answer<Entry[]>}
   */
  list(_directory) {
    return NOTSUP;
  }

  /**
   * Makes an empty file.
   * @param {Node} _directory
   * @param {string} _name
   * @returns {Answer<Node>} EEXIST, ENOSPC, ENAMETOOLONG; ENOENT in a
   *   directory that was removed
   */
  create(_directory, _name) {
    return NOTSUP;
  }

  /**
   * @param {Node} _directory
   * @param {string} _name
   * @returns {Answer<Node>} as create()
   */
  makeDirectory(_directory, _name) {
    return NOTSUP;
  }

  /**
   * Another name for a file or symbolic link.
   * @param {Node} _node
   * @param {Node} _directory
   * @param {string} _name
   * @returns {Answer<number>} EEXIST, EPERM for a directory, EMLINK
   */
  link(_node, _directory, _name) {
    return NOTSUP;
  }

  /**
   * @param {Node} _directory
   * @param {string} _name
   * @param {string} _target stored as it is
   * @returns {Answer<number>} EEXIST
   */
  symlink(_directory, _name, _target) {
    return NOTSUP;
  }

  /**
   * @param {Node} _link
   * @returns {Answer<string>} EINVAL for what is no symbolic link
   */
  readlink(_link) {
    return NOTSUP;
  }

  /**
   * Takes away a name. The file stays until its last name and its last close().
   * @param {Node} _directory
   * @param {string} _name
   * @returns {Answer<number>} ENOENT, EISDIR
   */
  unlink(_directory, _name) {
    return NOTSUP;
  }

  /**
   * @param {Node} _directory
   * @param {string} _name
   * @returns {Answer<number>} ENOENT, ENOTDIR, ENOTEMPTY
   */
  removeDirectory(_directory, _name) {
    return NOTSUP;
  }

  /**
   * As POSIX's rename(): replaces a file by a file and an empty directory by a
   * directory, atomically; two names of the same file are left as they are.
   * @param {Node} _from
   * @param {string} _fromName
   * @param {Node} _to
   * @param {string} _toName
   * @returns {Answer<number>} ENOENT, EISDIR, ENOTDIR, ENOTEMPTY; EINVAL into
   *   itself
   */
  rename(_from, _fromName, _to, _toName) {
    return NOTSUP;
  }

  /* ---- nodes ---- */

  /**
   * @param {Node} _node
   * @param {Stat} _stat filled in when it answers 0
   * @returns {Answer<number>}
   */
  stat(_node, _stat) {
    return NOTSUP;
  }

  /**
   * @param {Node} _node
   * @param {bigint | null} _atimeNs null: left as it is
   * @param {bigint | null} _mtimeNs
   * @returns {Answer<number>}
   */
  setTimes(_node, _atimeNs, _mtimeNs) {
    return NOTSUP;
  }

  /**
   * Keeps a file or directory until close(), whatever becomes of its names.
   * @param {Node} _node
   * @param {Access} _access
   * @returns {Answer<File>} EISDIR to write a directory, EROFS
   */
  openNode(_node, _access) {
    return NOTSUP;
  }

  /* ---- opened files ---- */

  /**
   * The end of an opened file: what is answered is what becomes of data that
   * was not stored yet (EIO, ENOSPC). The file is closed whatever it answers.
   * @param {File} _file
   * @returns {Answer<number>}
   */
  closeFile(_file) {
    return 0;
  }

  /**
   * Reads into bytes[at, at + size).
   * @param {File} _file
   * @param {number} _position in the file
   * @param {Uint8Array} _bytes
   * @param {number} _at
   * @param {number} _size
   * @returns {Transfer} less than size only at the end of the file, or when
   *   the rest would have to wait
   */
  read(_file, _position, _bytes, _at, _size) {
    return NOTSUP;
  }

  /**
   * Writes bytes[at, at + size), which are copied; a gap before the position
   * reads as zeros.
   * @param {File} _file
   * @param {number} _position in the file; -1: at its end, wherever that is
   * @param {Uint8Array} _bytes
   * @param {number} _at
   * @param {number} _size
   * @returns {Transfer} less than size when the rest has no room now; ENOSPC,
   *   EFBIG
   */
  write(_file, _position, _bytes, _at, _size) {
    return NOTSUP;
  }

  /**
   * @param {File} _file
   * @returns {number} in bytes, or a negative errno
   */
  size(_file) {
    return NOTSUP;
  }

  /**
   * @param {File} _file
   * @param {number} _sizeBytes what is cut off is gone, what is added is zeros
   * @returns {Transfer}
   */
  resize(_file, _sizeBytes) {
    return NOTSUP;
  }

  /**
   * Makes room, so that writing there does not fail for want of it; the file
   * is as long as offset and size afterwards, at least.
   * @param {File} _file
   * @param {number} _offset
   * @param {number} _size
   * @returns {Answer<number>} ENOSPC, EFBIG
   */
  allocate(_file, _offset, _size) {
    return NOTSUP;
  }

  /**
   * Done when everything written will outlive the program and the machine, as
   * far as the volume promises that.
   * @param {File} _file
   * @param {boolean} _dataOnly leave out what is not needed to read it again
   * @returns {Answer<number>}
   */
  sync(_file, _dataOnly) {
    return 0;
  }

  /**
   * What the program says it will do, for read-ahead; may be ignored.
   * @param {File} _file
   * @param {number} _offset
   * @param {number} _size 0: to the end
   * @param {number} _advice WASI's `advice`
   */
  advise(_file, _offset, _size, _advice) {}
}
