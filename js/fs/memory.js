/* The volume in memory: files, directories and links as POSIX has them, gone
 * with the page. Every operation answers at once and in constant time, save for
 * what lists or moves many bytes. An opened file is its node: open and close
 * count. */
import { ERRNO, GossamerError } from "../errors.js";
import { Budget } from "./blocks.js";
import {
  DirectoryNode,
  FileNode,
  LinkNode,
  nowNs,
  utf8Bytes,
} from "./memory-nodes.js";
import { TYPE, Volume } from "./volume.js";

/**
 * @typedef {object} MemoryOptions
 * @property {number} [limitBytes] how much all files may take together, names
 *   included; 4 GiB unless given. What does not fit is ENOSPC
 *
 * @typedef {object} Usage
 * @property {number} usedBytes what is taken, in whole blocks, a flat sum for
 *   each file and name included; holes take nothing
 * @property {number} limitBytes
 * @property {number} nodes files, directories and links that there are
 *
 * @typedef {import("./memory-nodes.js").MemoryNode} MemoryNode
 */

const DEFAULT_LIMIT_BYTES = 4 * 2 ** 30;
const MAX_NAME_BYTES = 255;
/** What an empty file takes, and a name beside its characters, about. */
const NODE_BYTES = 256;
const NAME_BYTES = 128;
const BYTES_PER_CHARACTER = 2;

/** @param {string} name */
function isTooLong(name) {
  if (3 * name.length <= MAX_NAME_BYTES) return false;
  return name.length > MAX_NAME_BYTES || utf8Bytes(name) > MAX_NAME_BYTES;
}

/** @param {string} name */
const nameCost = (name) => NAME_BYTES + BYTES_PER_CHARACTER * name.length;

/** @param {MemoryNode} node what it takes beside its bytes */
function nodeCost(node) {
  if (node.type !== TYPE.LINK) return NODE_BYTES;
  const { target } = /** @type {LinkNode} */ (node);
  return NODE_BYTES + BYTES_PER_CHARACTER * target.length;
}

/** A volume in memory. Nothing here waits or throws. */
export class MemoryVolume extends Volume {
  #budget;
  #root;
  #lastIno = 1;
  #nodes = 1;

  /** @param {MemoryOptions} [options] */
  constructor({ limitBytes = DEFAULT_LIMIT_BYTES } = {}) {
    super();
    if (typeof limitBytes !== "number" || !(limitBytes >= 0)) {
      const got = String(limitBytes);
      const text = `limitBytes must be a number from 0 on, not ${got}`;
      throw new GossamerError("EINVAL", text);
    }
    this.#budget = new Budget(limitBytes);
    this.#root = new DirectoryNode(1n, null);
  }

  /** @override */
  get root() {
    return this.#root;
  }

  /** @returns {Usage} */
  usage() {
    const { usedBytes, limitBytes } = this.#budget;
    return { usedBytes, limitBytes, nodes: this.#nodes };
  }

  /* ---- names ---- */

  /**
   * @param {MemoryNode} directory
   * @param {string} name
   * @returns {MemoryNode | number}
   * @override
   */
  lookup(directory, name) {
    if (!(directory instanceof DirectoryNode)) return -ERRNO.ENOTDIR;
    const node = directory.names.get(name);
    if (node !== undefined) return node;
    return isTooLong(name) ? -ERRNO.ENAMETOOLONG : -ERRNO.ENOENT;
  }

  /**
   * @param {MemoryNode} directory
   * @override
   */
  list(directory) {
    if (!(directory instanceof DirectoryNode)) return -ERRNO.ENOTDIR;
    const entries = [];
    for (const [name, { ino, type }] of directory.names) {
      entries.push({ name, ino, type });
    }
    return entries;
  }

  /**
   * @param {MemoryNode} directory
   * @param {string} name
   * @returns {MemoryNode | number}
   * @override
   */
  create(directory, name) {
    const error = this.#refuses(directory, name);
    if (error !== 0) return error;
    return this.#add(directory, name, new FileNode(this.#ino(), this.#budget));
  }

  /**
   * @param {MemoryNode} directory
   * @param {string} name
   * @returns {MemoryNode | number}
   * @override
   */
  makeDirectory(directory, name) {
    const error = this.#refuses(directory, name);
    if (error !== 0) return error;
    const parent = /** @type {DirectoryNode} */ (directory);
    return this.#add(parent, name, new DirectoryNode(this.#ino(), parent));
  }

  /**
   * @param {MemoryNode} directory
   * @param {string} name
   * @param {string} target
   * @override
   */
  symlink(directory, name, target) {
    const error = this.#refuses(directory, name);
    if (error !== 0) return error;
    const made = this.#add(directory, name, new LinkNode(this.#ino(), target));
    return typeof made === "number" ? made : 0;
  }

  /**
   * @param {MemoryNode} node
   * @param {MemoryNode} directory
   * @param {string} name
   * @override
   */
  link(node, directory, name) {
    if (node.type === TYPE.DIRECTORY) return -ERRNO.EPERM;
    const error = this.#refuses(directory, name);
    if (error !== 0) return error;
    // Its last name went between the search for it and now.
    if (node.links === 0) return -ERRNO.ENOENT;
    if (!this.#enter(directory, name, node)) return -ERRNO.ENOSPC;
    node.links++;
    node.touch();
    return 0;
  }

  /**
   * @param {MemoryNode} link
   * @override
   */
  readlink(link) {
    return link instanceof LinkNode ? link.target : -ERRNO.EINVAL;
  }

  /**
   * @param {MemoryNode} directory
   * @param {string} name
   * @override
   */
  unlink(directory, name) {
    const node = this.lookup(directory, name);
    if (typeof node === "number") return node;
    if (node.type === TYPE.DIRECTORY) return -ERRNO.EISDIR;
    this.#leave(directory, name);
    this.#unname(node);
    return 0;
  }

  /**
   * @param {MemoryNode} directory
   * @param {string} name
   * @override
   */
  removeDirectory(directory, name) {
    const node = this.lookup(directory, name);
    if (typeof node === "number") return node;
    if (!(node instanceof DirectoryNode)) return -ERRNO.ENOTDIR;
    if (node.names.size > 0) return -ERRNO.ENOTEMPTY;
    this.#leave(directory, name);
    this.#unname(node);
    return 0;
  }

  /**
   * @param {MemoryNode} from
   * @param {string} fromName
   * @param {MemoryNode} to
   * @param {string} toName
   * @override
   */
  rename(from, fromName, to, toName) {
    const node = this.lookup(from, fromName);
    if (typeof node === "number") return node;
    const old = this.lookup(to, toName);
    if (typeof old === "number" && old !== -ERRNO.ENOENT) return old;
    const target = /** @type {DirectoryNode} */ (to);
    if (target.links === 0) return -ERRNO.ENOENT;
    if (old === node) return 0;
    if (node instanceof DirectoryNode) {
      if (isWithin(target, node)) return -ERRNO.EINVAL;
    }
    if (typeof old !== "number") {
      const error = replaceError(node, old);
      if (error !== 0) return error;
    }
    // A name that is replaced has its place already.
    if (typeof old === "number") {
      if (!this.#enter(target, toName, node)) return -ERRNO.ENOSPC;
    } else {
      target.names.set(toName, node);
      target.changed();
      if (old instanceof DirectoryNode) target.links--;
      this.#unname(old);
    }
    this.#leave(from, fromName);
    if (node instanceof DirectoryNode) {
      node.parent = target;
      if (typeof old !== "number") target.links++;
    }
    node.touch();
    return 0;
  }

  /* ---- nodes ---- */

  /**
   * @param {MemoryNode} node
   * @param {import("./volume.js").Stat} stat
   * @override
   */
  stat(node, stat) {
    node.settle();
    stat.ino = node.ino;
    stat.type = node.type;
    stat.links = node.links;
    stat.sizeBytes = node.sizeBytes;
    stat.atimeNs = node.atimeNs;
    stat.mtimeNs = node.mtimeNs;
    stat.ctimeNs = node.ctimeNs;
    return 0;
  }

  /**
   * @param {MemoryNode} node
   * @param {bigint | null} atimeNs
   * @param {bigint | null} mtimeNs
   * @override
   */
  setTimes(node, atimeNs, mtimeNs) {
    node.touch();
    if (atimeNs !== null) node.atimeNs = atimeNs;
    if (mtimeNs !== null) node.mtimeNs = mtimeNs;
    return 0;
  }

  /**
   * @param {MemoryNode} node
   * @param {import("./volume.js").Access} access
   * @returns {MemoryNode | number}
   * @override
   */
  openNode(node, access) {
    if (node.type === TYPE.LINK) return -ERRNO.ELOOP;
    if (node.type === TYPE.DIRECTORY && access.write) return -ERRNO.EISDIR;
    // Its last name went between the search for it and now.
    if (node.freed) return -ERRNO.ENOENT;
    node.opens++;
    return node;
  }

  /* ---- opened files ---- */

  /**
   * @param {MemoryNode} file
   * @override
   */
  closeFile(file) {
    file.opens--;
    if (file.links === 0) this.#freeUnused(file);
    return 0;
  }

  /**
   * Sets atime if the file was written since, and not otherwise: readers do
   * not pay for a time that nobody asks for.
   * @param {FileNode} file
   * @param {number} position
   * @param {Uint8Array} bytes
   * @param {number} at
   * @param {number} size
   * @override
   */
  read(file, position, bytes, at, size) {
    if (file.type !== TYPE.FILE) return -ERRNO.EISDIR;
    if (!file.wasRead && size > 0) {
      file.wasRead = true;
      file.atimeNs = nowNs();
    }
    return file.blocks.read(position, bytes, at, size);
  }

  /**
   * @param {FileNode} file
   * @param {number} position
   * @param {Uint8Array} bytes
   * @param {number} at
   * @param {number} size
   * @override
   */
  write(file, position, bytes, at, size) {
    if (file.type !== TYPE.FILE) return -ERRNO.EISDIR;
    const { blocks } = file;
    const from = position < 0 ? blocks.sizeBytes : position;
    const done = blocks.write(from, bytes, at, size);
    if (done > 0) file.written();
    return done;
  }

  /**
   * @param {MemoryNode} file
   * @override
   */
  size(file) {
    return file.sizeBytes;
  }

  /**
   * @param {FileNode} file
   * @param {number} sizeBytes
   * @override
   */
  resize(file, sizeBytes) {
    if (file.type !== TYPE.FILE) return -ERRNO.EISDIR;
    const answer = file.blocks.resize(sizeBytes);
    if (answer === 0) file.written();
    return answer;
  }

  /**
   * @param {FileNode} file
   * @param {number} offset
   * @param {number} size
   * @override
   */
  allocate(file, offset, size) {
    if (file.type !== TYPE.FILE) return -ERRNO.EISDIR;
    const before = file.blocks.sizeBytes;
    const answer = file.blocks.allocate(offset, size);
    if (file.blocks.sizeBytes !== before) file.written();
    return answer;
  }

  /* ---- inside ---- */

  #ino() {
    this.#lastIno++;
    return BigInt(this.#lastIno);
  }

  /**
   * Why no name can be made in a directory.
   * @param {MemoryNode} directory
   * @param {string} name
   * @returns {number} 0: it can
   */
  #refuses(directory, name) {
    const found = this.lookup(directory, name);
    if (typeof found !== "number") return -ERRNO.EEXIST;
    if (found !== -ERRNO.ENOENT) return found;
    return directory.links === 0 ? -ERRNO.ENOENT : 0;
  }

  /**
   * Gives a new node its first name.
   * @template {MemoryNode} T
   * @param {MemoryNode} directory
   * @param {string} name
   * @param {T} node
   * @returns {T | number}
   */
  #add(directory, name, node) {
    if (!this.#budget.take(nodeCost(node))) return -ERRNO.ENOSPC;
    if (!this.#enter(directory, name, node)) {
      this.#budget.give(nodeCost(node));
      return -ERRNO.ENOSPC;
    }
    this.#nodes++;
    return node;
  }

  /**
   * @param {MemoryNode} directory
   * @param {string} name new in it
   * @param {MemoryNode} node
   * @returns {boolean} false: no room
   */
  #enter(directory, name, node) {
    const { names } = /** @type {DirectoryNode} */ (directory);
    if (!this.#budget.take(nameCost(name))) return false;
    try {
      names.set(name, node);
    } catch {
      // A map has only so many keys.
      this.#budget.give(nameCost(name));
      return false;
    }
    if (node.type === TYPE.DIRECTORY) directory.links++;
    /** @type {DirectoryNode} */ (directory).changed();
    return true;
  }

  /**
   * @param {MemoryNode} directory
   * @param {string} name that is in it
   */
  #leave(directory, name) {
    const parent = /** @type {DirectoryNode} */ (directory);
    if (parent.names.get(name)?.type === TYPE.DIRECTORY) parent.links--;
    parent.names.delete(name);
    parent.changed();
    this.#budget.give(nameCost(name));
  }

  /** @param {MemoryNode} node that has lost a name */
  #unname(node) {
    if (node instanceof DirectoryNode) {
      node.links = 0;
      node.parent = null;
    } else {
      node.links--;
    }
    node.touch();
    if (node.links === 0) this.#freeUnused(node);
  }

  /** @param {MemoryNode} node without a name */
  #freeUnused(node) {
    if (node.opens > 0 || node.freed) return;
    node.freed = true;
    this.#nodes--;
    this.#budget.give(nodeCost(node));
    if (node instanceof FileNode) node.blocks.clear();
  }
}

/**
 * @param {DirectoryNode} directory
 * @param {DirectoryNode} other
 */
function isWithin(directory, other) {
  /** @type {DirectoryNode | null} */
  let one = directory;
  while (one !== null && one !== other) one = one.parent;
  return one === other;
}

/**
 * Why a rename cannot put one node in the place of another.
 * @param {MemoryNode} node
 * @param {MemoryNode} old
 * @returns {number} 0: it can
 */
function replaceError(node, old) {
  if (!(old instanceof DirectoryNode)) {
    return node.type === TYPE.DIRECTORY ? -ERRNO.ENOTDIR : 0;
  }
  if (node.type !== TYPE.DIRECTORY) return -ERRNO.EISDIR;
  return old.names.size > 0 ? -ERRNO.ENOTEMPTY : 0;
}

/**
 * A volume in memory, to mount: `mounts: { "/": memory() }`. It may be mounted
 * several times and outlives the programs that use it.
 * @param {MemoryOptions} [options]
 * @returns {MemoryVolume}
 * @throws {GossamerError} EINVAL for an option that makes no sense
 */
export function memory(options) {
  return new MemoryVolume(options);
}
