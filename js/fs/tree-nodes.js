/* What a tree in memory consists of: files, directories and symbolic links,
 * with their names, counts and times. tree.js says what may be done; where the
 * bytes of a file are is each volume's own. */
import { TYPE } from "./volume.js";

/** @typedef {FileNode | DirectoryNode | LinkNode} TreeNode */

const NS_PER_MS = 1_000_000n;

/** @param {number} ms */
const toNs = (ms) => BigInt(ms) * NS_PER_MS;

/** @returns {bigint} nanoseconds since 1970 */
export function nowNs() {
  return toNs(Date.now());
}

/** What files, directories and links have in common. */
class BaseNode {
  ino;
  /** How many names it has; none and not open: it is gone. */
  links = 1;
  /** How often it is open. */
  opens = 0;
  /** Whether its memory was given back. */
  freed = false;
  atimeNs;
  mtimeNs;
  ctimeNs;

  /** @param {bigint} ino */
  constructor(ino) {
    this.ino = ino;
    this.atimeNs = nowNs();
    this.mtimeNs = this.atimeNs;
    this.ctimeNs = this.atimeNs;
  }

  get sizeBytes() {
    return 0;
  }

  /** Something other than its bytes has changed. */
  touch() {
    this.ctimeNs = nowNs();
  }

  /** Makes times of the clock readings that are not times yet. */
  settle() {}
}

/** A file without its bytes: a volume extends it by them. */
export class FileNode extends BaseNode {
  type = TYPE.FILE;
  /** When it was written last, if mtime and ctime do not say it yet. */
  writtenMs = 0;
  /** Whether atime is of after the last change. */
  wasRead = false;

  written() {
    // The clock is all that a small write can afford; see settle().
    this.writtenMs = Date.now();
    this.wasRead = false;
  }

  /**
   * Sets atime if it was written since, and not otherwise: readers do not pay
   * for a time that nobody asks for.
   */
  markRead() {
    if (this.wasRead) return;
    this.wasRead = true;
    this.atimeNs = nowNs();
  }

  /** @override */
  settle() {
    if (this.writtenMs === 0) return;
    this.mtimeNs = toNs(this.writtenMs);
    this.ctimeNs = this.mtimeNs;
    this.writtenMs = 0;
  }

  /** @override */
  touch() {
    this.settle();
    this.wasRead = false;
    super.touch();
  }
}

export class DirectoryNode extends BaseNode {
  type = TYPE.DIRECTORY;
  /** @type {Map<string, TreeNode>} */
  names = new Map();
  /** @type {DirectoryNode | null} null: the root, or one that was removed */
  parent;

  /**
   * @param {bigint} ino
   * @param {DirectoryNode | null} parent
   */
  constructor(ino, parent) {
    super(ino);
    this.links = 2;
    this.parent = parent;
  }

  /** A name came or went. */
  changed() {
    this.mtimeNs = nowNs();
    this.ctimeNs = this.mtimeNs;
  }
}

export class LinkNode extends BaseNode {
  type = TYPE.LINK;
  target;
  #sizeBytes;

  /**
   * @param {bigint} ino
   * @param {string} target
   */
  constructor(ino, target) {
    super(ino);
    this.target = target;
    this.#sizeBytes = utf8Bytes(target);
  }

  /** @override */
  get sizeBytes() {
    return this.#sizeBytes;
  }
}

/** @param {string} text */
export function utf8Bytes(text) {
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    // Half of a surrogate pair is two of its four bytes.
    if (unit > 0x7ff && (unit < 0xd800 || unit > 0xdfff)) bytes += 2;
    else if (unit > 0x7f) bytes += 1;
  }
  return bytes;
}
