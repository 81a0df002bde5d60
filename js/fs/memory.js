/* The volume in memory: files, directories and links as POSIX has them, gone
 * with the page. Every operation answers at once; tree.js has the names, this
 * the bytes. */
import { ERRNO, GossamerError } from "../errors.js";
import { Blocks, Budget } from "./blocks.js";
import { FileNode } from "./tree-nodes.js";
import { TreeVolume } from "./tree.js";
import { TYPE } from "./volume.js";

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
 * @typedef {import("./tree-nodes.js").TreeNode} TreeNode
 */

const DEFAULT_LIMIT_BYTES = 4 * 2 ** 30;

/** A file whose bytes are in memory. */
class MemoryFile extends FileNode {
  blocks;

  /**
   * @param {bigint} ino
   * @param {Budget} budget
   */
  constructor(ino, budget) {
    super(ino);
    this.blocks = new Blocks(budget);
  }

  /** @override */
  get sizeBytes() {
    return this.blocks.sizeBytes;
  }
}

/** A volume in memory. Nothing here waits or throws. */
export class MemoryVolume extends TreeVolume {
  /** @param {MemoryOptions} [options] */
  constructor({ limitBytes = DEFAULT_LIMIT_BYTES } = {}) {
    if (typeof limitBytes !== "number" || !(limitBytes >= 0)) {
      const got = String(limitBytes);
      const text = `limitBytes must be a number from 0 on, not ${got}`;
      throw new GossamerError("EINVAL", text);
    }
    super(new Budget(limitBytes));
  }

  /**
   * @returns {Usage}
   * @override
   */
  usage() {
    const { usedBytes, limitBytes } = this.budget;
    return { usedBytes, limitBytes, nodes: this.nodeCount };
  }

  /**
   * @param {bigint} ino
   * @override
   */
  makeFile(ino) {
    return new MemoryFile(ino, this.budget);
  }

  /**
   * @param {TreeNode} node
   * @override
   */
  freed(node) {
    if (node instanceof MemoryFile) node.blocks.clear();
  }

  /* ---- opened files ---- */

  /**
   * @param {MemoryFile} file
   * @param {number} position
   * @param {Uint8Array} bytes
   * @param {number} at
   * @param {number} size
   * @override
   */
  read(file, position, bytes, at, size) {
    if (file.type !== TYPE.FILE) return -ERRNO.EISDIR;
    if (!file.wasRead && size > 0) file.markRead();
    return file.blocks.read(position, bytes, at, size);
  }

  /**
   * @param {MemoryFile} file
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
   * @param {MemoryFile} file
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
   * @param {MemoryFile} file
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
