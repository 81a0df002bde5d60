/* The root of a tree that has no volume mounted at "/": the directories that
 * lead to the mounts, and nothing else. Namespace makes them while it mounts;
 * from seal() on nothing changes any more. */
import { ERRNO } from "../errors.js";
import { TYPE, Volume } from "./volume.js";

/** A directory; `ino` counts them. */
class RootNode {
  type = TYPE.DIRECTORY;
  /** @type {Map<string, RootNode>} */
  children = new Map();
  ino;

  /** @param {bigint} ino */
  constructor(ino) {
    this.ino = ino;
  }
}

export class RootVolume extends Volume {
  #root = new RootNode(1n);
  #made = 1n;
  #sealed = false;
  #timeNs = BigInt(Date.now()) * 1_000_000n;

  /** @override */
  get root() {
    return this.#root;
  }

  /** Nothing can be stored here. @override */
  usage() {
    return { usedBytes: 0, limitBytes: 0, nodes: Number(this.#made) };
  }

  /** All directories are there: the tree stays as it is. */
  seal() {
    this.#sealed = true;
  }

  /**
   * @param {RootNode} directory
   * @param {string} name
   * @override
   */
  lookup(directory, name) {
    return directory.children.get(name) ?? -ERRNO.ENOENT;
  }

  /**
   * @param {RootNode} directory
   * @override
   */
  list(directory) {
    return [...directory.children].map(([name, { ino, type }]) => ({
      name,
      ino,
      type,
    }));
  }

  /**
   * @param {RootNode} directory
   * @param {string} name
   * @override
   */
  makeDirectory(directory, name) {
    if (directory.children.has(name)) return -ERRNO.EEXIST;
    if (this.#sealed) return -ERRNO.EROFS;
    this.#made++;
    const made = new RootNode(this.#made);
    directory.children.set(name, made);
    return made;
  }

  /** @override */
  create() {
    return -ERRNO.EROFS;
  }

  /** @override */
  link() {
    return -ERRNO.EROFS;
  }

  /** @override */
  symlink() {
    return -ERRNO.EROFS;
  }

  /** @override */
  readlink() {
    return -ERRNO.EINVAL;
  }

  /** @override */
  unlink() {
    return -ERRNO.EROFS;
  }

  /** @override */
  removeDirectory() {
    return -ERRNO.EROFS;
  }

  /** @override */
  rename() {
    return -ERRNO.EROFS;
  }

  /**
   * @param {RootNode} node
   * @param {import("./volume.js").Stat} stat
   * @override
   */
  stat(node, stat) {
    stat.ino = node.ino;
    stat.type = TYPE.DIRECTORY;
    stat.links = 2 + node.children.size;
    stat.sizeBytes = 0;
    stat.atimeNs = this.#timeNs;
    stat.mtimeNs = this.#timeNs;
    stat.ctimeNs = this.#timeNs;
    return 0;
  }

  /** @override */
  setTimes() {
    return -ERRNO.EROFS;
  }

  /**
   * @param {RootNode} node
   * @param {import("./volume.js").Access} access
   * @override
   */
  openNode(node, { write }) {
    return write ? -ERRNO.EISDIR : node;
  }

  /** @override */
  read() {
    return -ERRNO.EISDIR;
  }
}
