/* What was changed since the last commit: what must go into the next one. Only
 * which things changed is kept, for a commit writes down how they are by then;
 * so the changes of a commit that failed are added to those since. */

/**
 * @typedef {import("../tree-nodes.js").DirectoryNode} DirectoryNode
 * @typedef {import("../tree-nodes.js").TreeNode} TreeNode
 * @typedef {import("./file.js").PagedFile} PagedFile
 */

export class Changes {
  /** Nodes that are new, or are not as they were. */
  /** @type {Set<TreeNode>} */
  nodes = new Set();
  /** The names that changed, by their directory. */
  /** @type {Map<DirectoryNode, Set<string>>} */
  names = new Map();
  /** Nodes that are stored and are no more. */
  /** @type {Set<number>} */
  gone = new Set();
  /** Files of which pages are dirty. */
  /** @type {Set<PagedFile>} */
  written = new Set();
  /** The smallest size a file had, for those that were cut. */
  /** @type {Map<PagedFile, number>} */
  cuts = new Map();

  get isEmpty() {
    return (
      this.nodes.size === 0 &&
      this.names.size === 0 &&
      this.gone.size === 0 &&
      this.written.size === 0
    );
  }

  /** @param {TreeNode} node */
  has(node) {
    return this.nodes.has(node);
  }

  /** @param {DirectoryNode} directory @param {string} name */
  addName(directory, name) {
    const names = this.names.get(directory);
    if (names === undefined) this.names.set(directory, new Set([name]));
    else names.add(name);
  }

  /** @param {PagedFile} file @param {number} sizeBytes */
  addCut(file, sizeBytes) {
    const before = this.cuts.get(file) ?? Infinity;
    if (sizeBytes < before) this.cuts.set(file, sizeBytes);
  }

  /** Adds those of a commit that failed. @param {Changes} other */
  merge(other) {
    for (const node of other.nodes) if (!node.freed) this.nodes.add(node);
    for (const [directory, names] of other.names) {
      for (const name of names) this.addName(directory, name);
    }
    for (const file of other.written) {
      if (!file.freed && file.dirty.size > 0) this.written.add(file);
    }
    for (const ino of other.gone) this.gone.add(ino);
    for (const [file, size] of other.cuts) this.addCut(file, size);
  }
}
