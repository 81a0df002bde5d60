/* The tree of files that a workload should have made, operation by operation,
 * told in the plainest way. The verifier keeps the bytes; the page, which
 * needs the names and sizes alone to go on, does not. */
import { recordBytes } from "./records.js";

/**
 * @typedef {object} ModelNode
 * @property {number} id the key of the operation that made it; the root: 0
 * @property {"file" | "directory" | "link"} type
 * @property {number} links names that a file or link has
 * @property {number} sizeBytes of a file
 * @property {Uint8Array} bytes of a file, and room behind them
 * @property {Map<string, ModelNode>} names in a directory
 * @property {string} target of a link
 * @property {bigint | null} mtimeNs null: whatever the clock said
 * @property {boolean} open whether it stays when its last name goes
 *
 * @typedef {object} Op one operation; which of the rest it has is up to `do`
 * @property {string} do
 * @property {number} key that no other operation has
 * @property {string} [path]
 * @property {string} [to]
 * @property {string} [target]
 * @property {number} [id] of a file
 * @property {number} [at] position
 * @property {number[]} [sizes] of the records to write
 * @property {number} [sizeBytes]
 * @property {bigint} [mtimeNs]
 * @property {boolean} [dataOnly]
 * @property {boolean} [wait] whether the next operation waits for the answer
 * @property {number} [ms]
 */

const NOTHING = new Uint8Array(0);

/**
 * @param {number} id
 * @param {ModelNode["type"]} type
 * @returns {ModelNode}
 */
function newNode(id, type) {
  return {
    id,
    type,
    links: 0,
    sizeBytes: 0,
    bytes: NOTHING,
    names: new Map(),
    target: "",
    mtimeNs: null,
    open: false,
  };
}

/** @param {string} path @returns {string[]} */
export const namesOf = (path) => path.split("/").filter((name) => name !== "");

export class Model {
  root = newNode(0, "directory");
  /** @type {Map<number, ModelNode>} */
  nodes = new Map([[0, this.root]]);
  #keepsBytes;

  /** @param {boolean} [keepsBytes] */
  constructor(keepsBytes = false) {
    this.#keepsBytes = keepsBytes;
  }

  /** @param {string} path @returns {ModelNode | undefined} */
  at(path) {
    /** @type {ModelNode | undefined} */
    let node = this.root;
    for (const name of namesOf(path)) node = node?.names.get(name);
    return node;
  }

  /** @param {number} id @returns {ModelNode} */
  node(id) {
    const node = this.nodes.get(id);
    if (node === undefined) throw new Error(`the model has no node ${id}`);
    return node;
  }

  /**
   * Every path but the root's, parents first.
   * @returns {Generator<[string, ModelNode]>}
   */
  *walk(directory = this.root, path = "") {
    for (const [name, node] of directory.names) {
      /** @type {[string, ModelNode]} */
      const found = [`${path}/${name}`, node];
      yield found;
      if (node.type === "directory") yield* this.walk(node, found[0]);
    }
  }

  /** @param {ModelNode["type"]} type @returns {string[]} paths of all such */
  paths(type) {
    const found = [...this.walk()].filter(([, node]) => node.type === type);
    return found.map(([path]) => path);
  }

  /** @param {number} id @returns {string | undefined} one of its paths */
  pathOf(id) {
    for (const [path, node] of this.walk()) if (node.id === id) return path;
    return undefined;
  }

  /** All files' bytes together. */
  totalBytes() {
    let total = 0;
    for (const { sizeBytes } of this.nodes.values()) total += sizeBytes;
    return total;
  }

  /** The machine stops: what was only open is gone. */
  crash() {
    for (const [id, node] of this.nodes) {
      node.open = false;
      if (node.links === 0 && node.type !== "directory") this.nodes.delete(id);
    }
  }

  /**
   * Does an operation; one that cannot be done is a mistake of the workload.
   * @param {Op} op
   */
  apply(op) {
    switch (op.do) {
      case "create":
        this.#make(op, "file");
        break;
      case "mkdir":
        this.#make(op, "directory");
        break;
      case "symlink":
        this.#make(op, "link").target = op.target ?? "";
        break;
      case "link":
        this.#enter(op.to ?? "", this.#existing(op.path));
        break;
      case "unlink":
      case "rmdir":
        this.#remove(op);
        break;
      case "rename":
        this.#rename(op.path ?? "", op.to ?? "");
        break;
      case "times":
        this.#existing(op.path).mtimeNs = op.mtimeNs ?? null;
        break;
      case "write":
        this.#write(op);
        break;
      case "resize":
        this.#resize(this.#opened(op), op.sizeBytes ?? 0);
        break;
      case "sync":
        this.#opened(op);
        break;
      case "close":
        this.#close(this.node(op.id ?? -1));
        break;
      case "syncDirectory":
        this.#existing(op.path);
        break;
      case "commit":
      case "idle":
        break;
      default:
        throw new Error(`no such operation: ${op.do}`);
    }
  }

  /** @param {string} [path] */
  #existing(path = "") {
    const node = this.at(path);
    if (node === undefined) throw new Error(`the model has no ${path}`);
    return node;
  }

  /** @param {string} path */
  #place(path) {
    const names = namesOf(path);
    const name = names.pop() ?? "";
    return { parent: this.#existing(names.join("/")), name };
  }

  /** @param {Op} op @param {ModelNode["type"]} type */
  #make(op, type) {
    const node = newNode(op.key, type);
    this.nodes.set(node.id, node);
    this.#enter(op.path ?? "", node);
    return node;
  }

  /** @param {string} path @param {ModelNode} node */
  #enter(path, node) {
    const { parent, name } = this.#place(path);
    if (parent.names.has(name)) throw new Error(`the model has ${path}`);
    parent.names.set(name, node);
    parent.mtimeNs = null;
    node.links++;
  }

  /** @param {string} path */
  #leave(path) {
    const { parent, name } = this.#place(path);
    parent.names.delete(name);
    parent.mtimeNs = null;
  }

  /** @param {Op} op */
  #remove(op) {
    const node = this.#existing(op.path);
    const isDirectory = node.type === "directory";
    if (isDirectory !== (op.do === "rmdir") || node.names.size > 0) {
      throw new Error(`the model cannot ${op.do} ${op.path}`);
    }
    this.#leave(op.path ?? "");
    this.#unname(node);
  }

  /** @param {ModelNode} node that has lost a name */
  #unname(node) {
    node.links--;
    if (node.links === 0 && !node.open) this.nodes.delete(node.id);
  }

  /** @param {string} from @param {string} to */
  #rename(from, to) {
    const node = this.#existing(from);
    const old = this.at(to);
    if (old === node) return;
    if (`${to}/`.startsWith(`${from}/`) || (old && old.names.size > 0)) {
      throw new Error(`the model cannot rename ${from} to ${to}`);
    }
    if (old !== undefined) this.#leave(to);
    this.#leave(from);
    node.links--;
    this.#enter(to, node);
    if (old !== undefined) this.#unname(old);
  }

  /** @param {Op} op */
  #opened(op) {
    const node = this.node(op.id ?? -1);
    node.open = true;
    return node;
  }

  /** @param {ModelNode} node */
  #close(node) {
    node.open = false;
    if (node.links === 0) this.nodes.delete(node.id);
  }

  /** @param {Op} op */
  #write(op) {
    const node = this.#opened(op);
    const sizes = op.sizes ?? [];
    const total = sizes.reduce((sum, size) => sum + size, 0);
    const at = op.at ?? 0;
    if (at + total > node.sizeBytes) this.#resize(node, at + total);
    node.mtimeNs = null;
    if (this.#keepsBytes) node.bytes.set(recordBytes(op.key, sizes), at);
  }

  /** @param {ModelNode} node @param {number} sizeBytes */
  #resize(node, sizeBytes) {
    node.mtimeNs = null;
    if (this.#keepsBytes) {
      if (sizeBytes > node.bytes.length) {
        const roomy = new Uint8Array(Math.ceil(sizeBytes * 1.5));
        roomy.set(node.bytes.subarray(0, node.sizeBytes));
        node.bytes = roomy;
      }
      node.bytes.fill(0, sizeBytes, node.sizeBytes);
    }
    node.sizeBytes = sizeBytes;
  }
}
