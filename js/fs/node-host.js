/* How node.js names what is in a host directory without being led out of it.
 * Where /proc shows open descriptors (Linux), a node is held by a descriptor
 * and a name in it is /proc/self/fd/N/name: whatever is renamed, or replaced by
 * a link, meanwhile, what is held stays what it is. Elsewhere paths are used;
 * what they lead to is compared with what was seen before, and a change in
 * between is refused when it is noticed: the host's other programs must not be
 * hostile there. */
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readlinkSync,
  realpathSync,
  statSync,
} from "node:fs";
import { isAbsolute, relative, sep } from "node:path";
import { ERRNO, GossamerError } from "../errors.js";
import { TYPE } from "./volume.js";

/** @typedef {import("node:fs").BigIntStats} BigIntStats */

/** Directories that are held after a call, for the next. */
const MAX_HELD = 32;

/** Linux; Node does not name it. Open to be named, not to be read. */
const O_PATH = 0o10000000;
/** Windows has neither; there is nothing to hold back there. */
const O_NOFOLLOW = constants.O_NOFOLLOW ?? 0;
const O_NONBLOCK = constants.O_NONBLOCK ?? 0;
const O_NOCTTY = constants.O_NOCTTY ?? 0;
const O_DIRECTORY = constants.O_DIRECTORY ?? 0;

/** What Windows takes for more than one name, or for a device. */
const NOT_A_NAME =
  /[\\/:*?"<>|\p{Cc}]|[. ]$|^(?:con|prn|aux|nul|conin\$|conout\$|com\d|lpt\d)(?:\.|$)/iu;

/**
 * Whether the host takes a name for that of one thing in a directory.
 * @param {string} name as Volume has them
 * @param {string} platform
 */
export function isHostName(name, platform) {
  return platform !== "win32" || !NOT_A_NAME.test(name);
}

/**
 * @param {string} code
 * @returns {GossamerError} to be thrown to where errnoFor() is asked
 */
export function failure(code) {
  return new GossamerError(code, code);
}

/** By the names the system has for them; some are others in preview1. */
const NUMBERS = new Map([
  ...Object.entries(ERRNO),
  ["EOPNOTSUPP", ERRNO.ENOTSUP],
  ["EWOULDBLOCK", ERRNO.EAGAIN],
  ["ECHARSET", ERRNO.EILSEQ],
  ["ERR_INVALID_ARG_VALUE", ERRNO.EINVAL],
  ["ERR_OUT_OF_RANGE", ERRNO.EINVAL],
]);

/**
 * @param {unknown} error what was thrown
 * @returns {number} EIO for what has no number of its own
 */
export function errnoFor(error) {
  const { code } = /** @type {{ code?: unknown }} */ (Object(error));
  return (typeof code === "string" && NUMBERS.get(code)) || ERRNO.EIO;
}

/** @param {BigIntStats} stats */
export function typeOf(stats) {
  if (stats.isFile()) return TYPE.FILE;
  if (stats.isDirectory()) return TYPE.DIRECTORY;
  if (stats.isSymbolicLink()) return TYPE.LINK;
  if (stats.isCharacterDevice()) return TYPE.CHARACTER_DEVICE;
  if (stats.isBlockDevice()) return TYPE.BLOCK_DEVICE;
  // A FIFO has no number in preview1.
  return stats.isSocket() ? TYPE.SOCKET_STREAM : TYPE.UNKNOWN;
}

/** A node of the host, as it was found under a name. */
export class HostNode {
  /** The descriptor that holds it; -1: none. */
  fd = -1;
  /** How often it is open as a directory. */
  pins = 0;
  /** @type {number[]} the descriptors that it is open as a file by */
  open = [];
  type;
  ino;
  device;
  hostIno;
  parent;
  name;

  /**
   * @param {BigIntStats} stats
   * @param {bigint} ino
   * @param {HostNode | null} parent null: the root
   * @param {string} name
   */
  constructor(stats, ino, parent, name) {
    this.type = typeOf(stats);
    this.ino = ino;
    this.device = stats.dev;
    this.hostIno = stats.ino;
    this.parent = parent;
    this.name = name;
  }

  /** @param {BigIntStats} stats */
  is(stats) {
    return (
      stats.ino === this.hostIno &&
      stats.dev === this.device &&
      typeOf(stats) === this.type
    );
  }
}

/** @param {HostNode} node */
function release(node) {
  if (node.fd >= 0) closeSync(node.fd);
  node.fd = -1;
}

/** Names in a host directory. Its methods throw what has a `code`. */
export class Host {
  /** @type {HostNode} */
  root;
  /** Whether nodes are held by descriptors. */
  #holds = false;
  #rootPath = "";
  /**
   * The directories that are held and not open, longest unused first. Where
   * nothing is held: those found last, to follow renames.
   */
  /** @type {Set<HostNode>} */
  #held = new Set();
  /** The one node of another type that is held: the last one found. */
  /** @type {HostNode | null} */
  #lastFound = null;
  /** Directories that are open, where they are not held: to follow renames. */
  /** @type {Set<HostNode>} */
  #pinned = new Set();

  /**
   * @param {string} path
   * @param {boolean} byPath never hold nodes, for tests of what is done then
   */
  constructor(path, byPath) {
    this.#rootPath = realpathSync.native(path);
    const stats = statSync(this.#rootPath, { bigint: true });
    if (!stats.isDirectory()) throw failure("ENOTDIR");
    this.root = new HostNode(stats, stats.ino || 1n, null, "");
    if (!byPath) this.#hold();
  }

  /** Finds out whether nodes can be held, and holds the root. */
  #hold() {
    if (process.platform !== "linux") return;
    const fd = openSync(this.#rootPath, O_PATH | O_DIRECTORY);
    try {
      const seen = statSync(`/proc/self/fd/${fd}/.`, { bigint: true });
      this.#holds = this.root.is(seen);
    } catch {
      // No /proc here: by path, then.
    }
    if (!this.#holds) closeSync(fd);
    else this.root.fd = fd;
  }

  /** Whether pathOf() leads to the node whatever becomes of its names. */
  get holds() {
    return this.#holds;
  }

  /** Lets go of everything; nothing may be asked afterwards. */
  close() {
    this.trim();
    if (this.root.fd >= 0) closeSync(this.root.fd);
    this.root.fd = -1;
  }

  /** Lets go of what is held only to be faster. */
  trim() {
    this.forgetFound();
    for (const node of this.#held) release(node);
    this.#held.clear();
  }

  /** A file that is held keeps its room on the disk when its name goes. */
  forgetFound() {
    const node = this.#lastFound;
    this.#lastFound = null;
    if (node !== null) release(node);
  }

  /**
   * A host path for a name in a directory, to be used at once: after the one
   * that is asked for next (rename takes two) it may lead nowhere.
   * @param {HostNode} directory
   * @param {string} name
   */
  at(directory, name) {
    if (directory.type !== TYPE.DIRECTORY) throw failure("ENOTDIR");
    if (!isHostName(name, process.platform)) throw failure("ENOENT");
    return `${this.pathOf(directory)}/${name}`;
  }

  /**
   * A host path for a node itself, to be used at once. The path of a node that
   * is held is a link that leads to it, whatever its type: not to be opened
   * with O_NOFOLLOW.
   * @param {HostNode} node
   */
  pathOf(node) {
    return this.#holds
      ? `/proc/self/fd/${this.#descriptorOf(node)}`
      : this.#checkedPath(node);
  }

  /**
   * @param {HostNode} node
   * @returns {BigIntStats}
   */
  stats(node) {
    const fd = node.open.at(-1);
    if (fd !== undefined) return fstatSync(fd, { bigint: true });
    if (this.#holds) {
      return fstatSync(this.#descriptorOf(node), { bigint: true });
    }
    return lstatSync(this.#checkedPath(node), { bigint: true });
  }

  /**
   * The node of a name; never what a link leads to.
   * @param {HostNode} directory
   * @param {string} name
   * @returns {HostNode}
   */
  find(directory, name) {
    const path = this.at(directory, name);
    if (!this.#holds) {
      const seen = lstatSync(path, { bigint: true });
      const found = new HostNode(seen, this.inoOf(seen), directory, name);
      if (found.type === TYPE.DIRECTORY) this.#keep(found, -1);
      return found;
    }
    const fd = openSync(path, O_PATH | O_NOFOLLOW);
    const stats = fstatSync(fd, { bigint: true });
    const node = new HostNode(stats, this.inoOf(stats), directory, name);
    this.#keep(node, fd);
    return node;
  }

  /**
   * The node of a file that was just made.
   * @param {HostNode} directory
   * @param {string} name
   * @param {number} fd its descriptor, ours from now on
   */
  adopt(directory, name, fd) {
    const stats = fstatSync(fd, { bigint: true });
    const node = new HostNode(stats, this.inoOf(stats), directory, name);
    if (this.#holds) this.#keep(node, fd);
    else closeSync(fd);
    return node;
  }

  /**
   * Unique in the tree, though other devices may be mounted in it.
   * @param {BigIntStats} stats
   */
  inoOf({ dev, ino }) {
    if (dev === this.root.device && ino !== 0n) return ino;
    const mixed =
      (dev + 1n) * 0x9e3779b97f4a7c15n +
      (ino ^ (ino >> 31n)) * 0xbf58476d1ce4e5b9n;
    return BigInt.asUintN(64, mixed) || 1n;
  }

  /**
   * Opens a regular file. Nothing else is opened, not for a moment: to open a
   * FIFO may wait, and to open a device may do anything.
   * @param {HostNode} node
   * @param {number} flags
   * @returns {number} a descriptor
   */
  openFile(node, flags) {
    if (node.type !== TYPE.FILE) throw failure("ENOTSUP");
    const quiet = flags | O_NONBLOCK | O_NOCTTY;
    if (this.#holds) {
      const path = this.pathOf(node);
      const fd = openSync(path, quiet);
      if (node === this.#lastFound) this.forgetFound();
      return fd;
    }
    const fd = openSync(this.#checkedPath(node), quiet | O_NOFOLLOW);
    if (node.is(fstatSync(fd, { bigint: true }))) return fd;
    closeSync(fd);
    throw failure("ENOENT");
  }

  /**
   * Another descriptor for an opened file; null: there is no way to be sure
   * that it is one.
   * @param {number} fd
   * @param {number} flags
   */
  reopen(fd, flags) {
    if (!this.#holds) return null;
    return openSync(`/proc/self/fd/${fd}`, flags | O_NONBLOCK | O_NOCTTY);
  }

  /**
   * A descriptor that a directory can be synced by.
   * @param {HostNode} directory
   */
  openDirectory(directory) {
    return openSync(this.pathOf(directory), constants.O_RDONLY | O_DIRECTORY);
  }

  /**
   * What a link leads to, as bytes.
   * @param {HostNode} link
   */
  target(link) {
    if (link.type !== TYPE.LINK) throw failure("EINVAL");
    try {
      return readlinkSync(this.nameOf(link), "buffer");
    } catch (error) {
      // The name is no link's any more.
      throw errnoFor(error) === ERRNO.EINVAL ? failure("ENOENT") : error;
    }
  }

  /**
   * A host path that ends in the name a node was found by, and may be another
   * node's by now.
   * @param {HostNode} node
   */
  nameOf(node) {
    if (node.parent === null) throw failure("EINVAL");
    return this.at(node.parent, node.name);
  }

  /**
   * Keeps a directory until unpin(), whatever becomes of its names.
   * @param {HostNode} directory
   */
  pin(directory) {
    if (this.#holds) this.#descriptorOf(directory);
    else if (!directory.is(this.stats(directory))) throw failure("ENOENT");
    directory.pins++;
    this.#held.delete(directory);
    if (!this.#holds) this.#pinned.add(directory);
  }

  /** @param {HostNode} directory */
  unpin(directory) {
    directory.pins--;
    if (directory.pins > 0 || directory === this.root) return;
    this.#pinned.delete(directory);
    if (!this.#holds) return;
    this.#keep(directory, directory.fd);
    if (this.root.fd < 0) this.trim();
  }

  /**
   * After a rename: where paths are used, directories go by their new one.
   * @param {HostNode} moved as found by its old name
   * @param {HostNode} directory
   * @param {string} name
   */
  renamed(moved, directory, name) {
    for (const node of [...this.#pinned, ...this.#held]) {
      if (node.ino !== moved.ino) continue;
      node.parent = directory;
      node.name = name;
    }
  }

  /**
   * @param {HostNode} node
   * @param {number} fd
   */
  #keep(node, fd) {
    node.fd = fd;
    if (node.type !== TYPE.DIRECTORY) {
      this.forgetFound();
      this.#lastFound = node;
      return;
    }
    this.#held.delete(node);
    this.#held.add(node);
    if (this.#held.size <= MAX_HELD) return;
    const [oldest] = this.#held;
    if (oldest === undefined) return;
    this.#held.delete(oldest);
    release(oldest);
  }

  /**
   * @param {HostNode} node
   * @returns {number}
   */
  #descriptorOf(node) {
    const opened = node.open.at(-1);
    if (opened !== undefined) return opened;
    if (node.fd < 0) this.#keep(node, this.#findAgain(node));
    else if (this.#held.delete(node)) this.#held.add(node);
    return node.fd;
  }

  /**
   * Goes down from the nearest node that is held. Nothing is kept on the way.
   * @param {HostNode} node
   * @returns {number}
   */
  #findAgain(node) {
    const down = [node];
    let top = node.parent;
    while (top !== null && top.fd < 0) {
      down.push(top);
      top = top.parent;
    }
    if (top === null) throw failure("EBADF");
    let fd = top.fd;
    for (const next of down.reverse()) {
      const from = fd;
      try {
        const path = `/proc/self/fd/${from}/${next.name}`;
        fd = openSync(path, O_PATH | O_NOFOLLOW);
      } finally {
        if (from !== top.fd) closeSync(from);
      }
    }
    if (node.is(fstatSync(fd, { bigint: true }))) return fd;
    closeSync(fd);
    throw failure("ENOENT");
  }

  /**
   * The path of a node where none is held, if it is there and no link stands
   * in the way.
   * @param {HostNode} node
   */
  #checkedPath(node) {
    const directory = node.type === TYPE.DIRECTORY ? node : node.parent;
    if (directory === null) throw failure("EBADF");
    /** @type {string[]} */
    const names = [];
    for (let at = directory; at.parent !== null; at = at.parent) {
      names.push(at.name);
    }
    const path = [this.#rootPath, ...names.reverse()].join("/");
    if (!directory.is(lstatSync(path, { bigint: true }))) {
      throw failure("ENOENT");
    }
    // A link further up would show in the real path.
    const [first] = relative(this.#rootPath, realpathSync.native(path)).split(
      sep,
    );
    if (first === ".." || isAbsolute(first ?? "")) throw failure("ENOENT");
    if (directory === node) return path;
    const own = `${path}/${node.name}`;
    if (node.is(lstatSync(own, { bigint: true }))) return own;
    throw failure("ENOENT");
  }
}
