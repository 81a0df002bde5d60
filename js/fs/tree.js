/* Names and nodes in memory, as POSIX has them: what the volumes have in common
 * that know their whole tree. Every operation here answers at once and in
 * constant time, save for list(). An opened file is its node: open and close
 * count. A volume adds the bytes of files, and is told by hooks what becomes of
 * nodes and names: they are called when the change is made. */
import { ERRNO } from "../errors.js";
import { DirectoryNode, FileNode, LinkNode, utf8Bytes } from "./tree-nodes.js";
import { TYPE, Volume } from "./volume.js";

/**
 * @typedef {import("./tree-nodes.js").TreeNode} TreeNode
 * @typedef {import("./blocks.js").Budget} Budget
 */

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
export const nameCost = (name) =>
  NAME_BYTES + BYTES_PER_CHARACTER * name.length;

/** @param {TreeNode} node what it takes beside its bytes */
export function nodeCost(node) {
  if (node.type !== TYPE.LINK) return NODE_BYTES;
  const { target } = /** @type {LinkNode} */ (node);
  return NODE_BYTES + BYTES_PER_CHARACTER * target.length;
}

/** A volume that knows its whole tree. No operation of a name waits. */
export class TreeVolume extends Volume {
  /** What all files, names and nodes may take. */
  budget;
  /** How many files, directories and links there are. */
  nodeCount = 1;
  lastIno = 1;
  #root = new DirectoryNode(1n, null);

  /** @param {Budget} budget */
  constructor(budget) {
    super();
    this.budget = budget;
  }

  /** @override */
  get root() {
    return this.#root;
  }

  /* ---- for the volume to say and to know ---- */

  /**
   * Why nothing can be changed now.
   * @returns {number} 0 or a negative errno
   */
  get refusal() {
    return 0;
  }

  /**
   * Whether the volume can keep a name, or the target of a link.
   * @param {string} _text
   */
  takes(_text) {
    return true;
  }

  /**
   * @param {bigint} ino
   * @returns {FileNode} an empty file without a name
   */
  makeFile(ino) {
    return new FileNode(ino);
  }

  /**
   * What else than its bytes a node consists of has changed, or it is new.
   * @param {TreeNode} _node
   */
  changed(_node) {}

  /**
   * A name came, went, or leads to another node; the directory has changed.
   * @param {DirectoryNode} _directory
   * @param {string} _name
   */
  renamed(_directory, _name) {}

  /**
   * A node is neither named nor open any more: its bytes can go.
   * @param {TreeNode} _node
   */
  freed(_node) {}

  /* ---- names ---- */

  /**
   * @param {TreeNode} directory
   * @param {string} name
   * @returns {TreeNode | number}
   * @override
   */
  lookup(directory, name) {
    if (!(directory instanceof DirectoryNode)) return -ERRNO.ENOTDIR;
    const node = directory.names.get(name);
    if (node !== undefined) return node;
    if (isTooLong(name)) return -ERRNO.ENAMETOOLONG;
    return this.takes(name) ? -ERRNO.ENOENT : -ERRNO.EILSEQ;
  }

  /**
   * @param {TreeNode} directory
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
   * @param {TreeNode} directory
   * @param {string} name
   * @returns {TreeNode | number}
   * @override
   */
  create(directory, name) {
    const error = this.#refuses(directory, name);
    if (error !== 0) return error;
    return this.#add(directory, name, this.makeFile(this.#ino()));
  }

  /**
   * @param {TreeNode} directory
   * @param {string} name
   * @returns {TreeNode | number}
   * @override
   */
  makeDirectory(directory, name) {
    const error = this.#refuses(directory, name);
    if (error !== 0) return error;
    const parent = /** @type {DirectoryNode} */ (directory);
    return this.#add(parent, name, new DirectoryNode(this.#ino(), parent));
  }

  /**
   * @param {TreeNode} directory
   * @param {string} name
   * @param {string} target
   * @override
   */
  symlink(directory, name, target) {
    const error = this.#refuses(directory, name);
    if (error !== 0) return error;
    if (!this.takes(target)) return -ERRNO.EILSEQ;
    const made = this.#add(directory, name, new LinkNode(this.#ino(), target));
    return typeof made === "number" ? made : 0;
  }

  /**
   * @param {TreeNode} node
   * @param {TreeNode} directory
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
    this.changed(node);
    return 0;
  }

  /**
   * @param {TreeNode} link
   * @override
   */
  readlink(link) {
    return link instanceof LinkNode ? link.target : -ERRNO.EINVAL;
  }

  /**
   * @param {TreeNode} directory
   * @param {string} name
   * @override
   */
  unlink(directory, name) {
    const node = this.lookup(directory, name);
    if (typeof node === "number") return node;
    if (this.refusal !== 0) return this.refusal;
    if (node.type === TYPE.DIRECTORY) return -ERRNO.EISDIR;
    this.#leave(directory, name);
    this.#unname(node);
    return 0;
  }

  /**
   * @param {TreeNode} directory
   * @param {string} name
   * @override
   */
  removeDirectory(directory, name) {
    const node = this.lookup(directory, name);
    if (typeof node === "number") return node;
    if (this.refusal !== 0) return this.refusal;
    if (!(node instanceof DirectoryNode)) return -ERRNO.ENOTDIR;
    if (node.names.size > 0) return -ERRNO.ENOTEMPTY;
    this.#leave(directory, name);
    this.#unname(node);
    return 0;
  }

  /**
   * @param {TreeNode} from
   * @param {string} fromName
   * @param {TreeNode} to
   * @param {string} toName
   * @override
   */
  rename(from, fromName, to, toName) {
    const node = this.lookup(from, fromName);
    if (typeof node === "number") return node;
    const old = this.lookup(to, toName);
    if (typeof old === "number" && old !== -ERRNO.ENOENT) return old;
    if (this.refusal !== 0) return this.refusal;
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
      this.#renamed(target, toName);
      if (old instanceof DirectoryNode) target.links--;
      this.#unname(old);
    }
    this.#leave(from, fromName);
    if (node instanceof DirectoryNode) {
      node.parent = target;
      if (typeof old !== "number") target.links++;
    }
    node.touch();
    this.changed(node);
    return 0;
  }

  /* ---- nodes ---- */

  /**
   * @param {TreeNode} node
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
   * @param {TreeNode} node
   * @param {bigint | null} atimeNs
   * @param {bigint | null} mtimeNs
   * @override
   */
  setTimes(node, atimeNs, mtimeNs) {
    if (this.refusal !== 0) return this.refusal;
    node.touch();
    if (atimeNs !== null) node.atimeNs = atimeNs;
    if (mtimeNs !== null) node.mtimeNs = mtimeNs;
    this.changed(node);
    return 0;
  }

  /**
   * @param {TreeNode} node
   * @param {import("./volume.js").Access} access
   * @returns {TreeNode | number}
   * @override
   */
  openNode(node, access) {
    if (node.type === TYPE.LINK) return -ERRNO.ELOOP;
    if (node.type === TYPE.DIRECTORY && access.write) return -ERRNO.EISDIR;
    if (access.write && this.refusal !== 0) return this.refusal;
    // Its last name went between the search for it and now.
    if (node.freed) return -ERRNO.ENOENT;
    node.opens++;
    return node;
  }

  /* ---- opened files ---- */

  /**
   * @param {TreeNode} file
   * @returns {import("./volume.js").Answer<number>}
   * @override
   */
  closeFile(file) {
    file.opens--;
    if (file.links === 0) this.#freeUnused(file);
    return 0;
  }

  /**
   * @param {TreeNode} file
   * @override
   */
  size(file) {
    return file.sizeBytes;
  }

  /* ---- inside ---- */

  #ino() {
    this.lastIno++;
    return BigInt(this.lastIno);
  }

  /**
   * Why no name can be made in a directory.
   * @param {TreeNode} directory
   * @param {string} name
   * @returns {number} 0: it can
   */
  #refuses(directory, name) {
    const found = this.lookup(directory, name);
    if (typeof found !== "number") return -ERRNO.EEXIST;
    if (found !== -ERRNO.ENOENT) return found;
    if (this.refusal !== 0) return this.refusal;
    return directory.links === 0 ? -ERRNO.ENOENT : 0;
  }

  /**
   * Gives a new node its first name.
   * @template {TreeNode} T
   * @param {TreeNode} directory
   * @param {string} name
   * @param {T} node
   * @returns {T | number}
   */
  #add(directory, name, node) {
    if (!this.budget.take(nodeCost(node))) return -ERRNO.ENOSPC;
    if (!this.#enter(directory, name, node)) {
      this.budget.give(nodeCost(node));
      return -ERRNO.ENOSPC;
    }
    this.nodeCount++;
    this.changed(node);
    return node;
  }

  /**
   * @param {TreeNode} directory
   * @param {string} name new in it
   * @param {TreeNode} node
   * @returns {boolean} false: no room
   */
  #enter(directory, name, node) {
    const { names } = /** @type {DirectoryNode} */ (directory);
    if (!this.budget.take(nameCost(name))) return false;
    try {
      names.set(name, node);
    } catch {
      // A map has only so many keys.
      this.budget.give(nameCost(name));
      return false;
    }
    if (node.type === TYPE.DIRECTORY) directory.links++;
    this.#renamed(/** @type {DirectoryNode} */ (directory), name);
    return true;
  }

  /**
   * @param {TreeNode} directory
   * @param {string} name that is in it
   */
  #leave(directory, name) {
    const parent = /** @type {DirectoryNode} */ (directory);
    if (parent.names.get(name)?.type === TYPE.DIRECTORY) parent.links--;
    parent.names.delete(name);
    this.#renamed(parent, name);
    this.budget.give(nameCost(name));
  }

  /**
   * @param {DirectoryNode} directory
   * @param {string} name
   */
  #renamed(directory, name) {
    directory.changed();
    this.renamed(directory, name);
  }

  /** @param {TreeNode} node that has lost a name */
  #unname(node) {
    if (node instanceof DirectoryNode) {
      node.links = 0;
      node.parent = null;
    } else {
      node.links--;
    }
    node.touch();
    this.changed(node);
    if (node.links === 0) this.#freeUnused(node);
  }

  /** @param {TreeNode} node without a name */
  #freeUnused(node) {
    if (node.opens > 0 || node.freed) return;
    node.freed = true;
    this.nodeCount--;
    this.budget.give(nodeCost(node));
    this.freed(node);
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
 * @param {TreeNode} node
 * @param {TreeNode} old
 * @returns {number} 0: it can
 */
function replaceError(node, old) {
  if (!(old instanceof DirectoryNode)) {
    return node.type === TYPE.DIRECTORY ? -ERRNO.ENOTDIR : 0;
  }
  if (node.type !== TYPE.DIRECTORY) return -ERRNO.EISDIR;
  return old.names.size > 0 ? -ERRNO.ENOTEMPTY : 0;
}
