/* Paths as programs write them, cut into components. The same few paths come
 * again and again, and to make a string of bytes costs more than all the rest
 * of a lookup: those short enough are kept in a table by their bytes. */
import { ERRNO } from "../errors.js";
import { encodeText } from "../memory.js";

/**
 * How a path ends: in a name, in a name and slashes (which only a directory
 * fits), in "." or in "..". The later ones outdo the earlier where a symbolic
 * link stands at the end.
 */
export const END = Object.freeze({ NAME: 0, SLASH: 1, DOT: 2, DOTDOT: 3 });

/**
 * @typedef {object} Path
 * @property {string[]} names without "" and "."; ".." is one of them
 * @property {number} end one of END
 */

/** POSIX's NAME_MAX and PATH_MAX, in bytes. */
const MAX_NAME_BYTES = 255;
const MAX_PATH_BYTES = 4096;
/** UTF-8 takes at most that many bytes for a unit of a JS string. */
const MAX_BYTES_PER_UNIT = 3;

/**
 * What leaves the directory that a path starts at. The public suite takes
 * EPERM, too; this is the errno that the specification has for want of a
 * capability.
 */
export const ESCAPE = -ERRNO.ENOTCAPABLE;

const SLASH = 0x2f;
/** Those of ASCII. */
const CHARACTERS = Array.from({ length: 0x80 }, (_, code) =>
  String.fromCharCode(code),
);

const SLOTS = 256;
const SLOT_BYTES = 64;
/** The last bytes are what tells the paths of a program apart. */
const HASHED_BYTES = 12;

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** @param {string} name */
function isTooLong(name) {
  if (name.length * MAX_BYTES_PER_UNIT <= MAX_NAME_BYTES) return false;
  return encodeText(name).length > MAX_NAME_BYTES;
}

/**
 * Adds what stood between two slashes.
 * @param {Path} path
 * @param {string} part
 * @returns {boolean} false when it is too long for a name
 */
function append(path, part) {
  if (part === "") {
    path.end = Math.max(path.end, END.SLASH);
  } else if (part === ".") {
    path.end = END.DOT;
  } else {
    if (isTooLong(part)) return false;
    path.end = part === ".." ? END.DOTDOT : END.NAME;
    path.names.push(part);
  }
  return true;
}

/**
 * @param {string} text
 * @returns {Path | number} or a negative errno: ENOENT for an empty path, EINVAL
 *   for one with a NUL, ENAMETOOLONG, ESCAPE for an absolute one
 */
export function splitPath(text) {
  if (text === "") return -ERRNO.ENOENT;
  if (text.includes("\0")) return -ERRNO.EINVAL;
  if (text.startsWith("/")) return ESCAPE;
  /** @type {Path} */
  const path = { names: [], end: END.NAME };
  return text.split("/").every((part) => append(path, part))
    ? path
    : -ERRNO.ENAMETOOLONG;
}

/**
 * A whole text, such as what a symbolic link holds.
 * @param {Uint8Array} bytes
 * @param {number} at
 * @param {number} size
 * @returns {string | number} or a negative errno: ENOENT when there is none,
 *   EINVAL with a NUL, EILSEQ when it is not UTF-8, ENAMETOOLONG
 */
export function readText(bytes, at, size) {
  if (size === 0) return -ERRNO.ENOENT;
  if (size > MAX_PATH_BYTES) return -ERRNO.ENAMETOOLONG;
  // A copy, because shared memory cannot be decoded.
  const own = bytes.slice(at, at + size);
  if (own.includes(0)) return -ERRNO.EINVAL;
  try {
    return decoder.decode(own);
  } catch {
    return -ERRNO.EILSEQ;
  }
}

/**
 * A path of ASCII alone, which is twice as fast without a decoder.
 * @param {Uint8Array} bytes
 * @param {number} at
 * @param {number} size
 * @returns {Path | null} null: not such a one, or nothing good
 */
function readPlainPath(bytes, at, size) {
  if (bytes[at] === SLASH) return null;
  /** @type {Path} */
  const path = { names: [], end: END.NAME };
  let part = "";
  for (let i = at; i < at + size; i++) {
    const byte = /** @type {number} */ (bytes[i]);
    if (byte === SLASH) {
      if (!append(path, part)) return null;
      part = "";
    } else {
      if (byte === 0 || byte >= CHARACTERS.length) return null;
      part += CHARACTERS[byte];
    }
  }
  return append(path, part) ? path : null;
}

/**
 * @param {Uint8Array} bytes
 * @param {number} at
 * @param {number} size
 * @returns {Path | number} or a negative errno
 */
function readPath(bytes, at, size) {
  if (size > 0 && size <= MAX_PATH_BYTES) {
    const path = readPlainPath(bytes, at, size);
    if (path !== null) return path;
  }
  const text = readText(bytes, at, size);
  return typeof text === "number" ? text : splitPath(text);
}

/** The paths of one program. */
export class Paths {
  #bytes = new Uint8Array(SLOTS * SLOT_BYTES);
  #sizes = new Uint8Array(SLOTS);
  /** @type {(Path | null)[]} */
  #paths = Array.from({ length: SLOTS }, () => null);

  /**
   * The path in bytes[at, at + size).
   * @param {Uint8Array} bytes
   * @param {number} at
   * @param {number} size
   * @returns {Path | number} or a negative errno, as splitPath() and readText()
   */
  read(bytes, at, size) {
    if (size > SLOT_BYTES || size === 0) return readPath(bytes, at, size);
    const end = at + size;
    let hash = size;
    for (let i = Math.max(at, end - HASHED_BYTES); i < end; i++) {
      hash = (Math.imul(hash, 31) + /** @type {number} */ (bytes[i])) | 0;
    }
    const slot = (hash ^ (hash >>> 8) ^ (hash >>> 16)) & (SLOTS - 1);
    const from = slot * SLOT_BYTES;
    if (this.#sizes[slot] === size) {
      const kept = this.#bytes;
      let i = 0;
      while (i < size && kept[from + i] === bytes[at + i]) i++;
      const path = /** @type {Path | null} */ (this.#paths[slot]);
      if (i === size && path !== null) return path;
    }
    const path = readPath(bytes, at, size);
    if (typeof path === "number") return path;
    for (let i = 0; i < size; i++) {
      this.#bytes[from + i] = /** @type {number} */ (bytes[at + i]);
    }
    this.#sizes[slot] = size;
    this.#paths[slot] = path;
    return path;
  }
}
