/* The log, read: what its records say becomes the tree of a volume. The first
 * time that is all there is since the last checkpoint; a volume that only reads
 * takes over in the same way what was committed since. */
import { DirectoryNode, LinkNode } from "../tree-nodes.js";
import { nameCost, nodeCost } from "../tree.js";
import { TYPE } from "../volume.js";
import { PagedFile } from "./file.js";
import { PAGE_BYTES, PLACE, readHeader, replay, storedCrc } from "./format.js";

/**
 * @typedef {import("../tree-nodes.js").TreeNode} TreeNode
 * @typedef {import("./commit.js").LogEnd} LogEnd
 * @typedef {import("./database.js").LogRecords} LogRecords
 * @typedef {import("./format.js").Attributes} Attributes
 * @typedef {import("./store.js").Store} Store
 *
 * @typedef {object} LogState
 * @property {LogEnd} end
 * @property {number} lastIno
 * @property {number} nextRecord
 * @property {number} count how many records are whole and follow each other
 * @property {string} problem with the next one, "" if there is none
 */

/** Of a volume without any commit. @type {LogEnd} */
export const NO_LOG = Object.freeze({
  sequence: 0,
  crc: 0,
  volume: 0n,
  checkpointBytes: 0,
  changesBytes: 0,
  changesCount: 0,
});

/** A record that contradicts another. */
class Damage extends Error {}

/**
 * The bytes of records, whole.
 * @param {LogRecords["values"]} values
 * @returns {Promise<Uint8Array[] | null>} null: one cannot be read
 */
export async function logBytes(values) {
  try {
    return await Promise.all(
      values.map(async (value) =>
        value instanceof Uint8Array
          ? value
          : new Uint8Array(await value.arrayBuffer()),
      ),
    );
  } catch {
    return null;
  }
}

/**
 * Why a record does not follow the one before.
 * @param {import("./format.js").Header} header
 * @param {number} key it has in the log
 * @param {LogEnd | null} before null: it is the first one
 * @returns {string} "" if it does
 */
function follows({ isCheckpoint, sequence, before: crc, volume }, key, before) {
  if (sequence !== key) return `it says it is ${sequence}`;
  if (before === null) return isCheckpoint ? "" : "what came before is missing";
  if (sequence !== before.sequence + 1) return "one before it is missing";
  if (crc !== before.crc) return "it follows another one";
  return volume === before.volume ? "" : "it is another volume's";
}

/**
 * Checks that records are whole and follow each other.
 * @param {number[]} keys
 * @param {Uint8Array[]} records of the keys
 * @param {LogEnd | null} before where they go on; null: with a checkpoint
 * @returns {LogState} up to the first that is not
 */
export function checkLog(keys, records, before) {
  /** @type {LogEnd | null} */
  let end = before;
  let lastIno = 0;
  let nextRecord = 0;
  let count = 0;
  let problem = "";
  for (const bytes of records) {
    const key = keys[count] ?? 0;
    const header = readHeader(bytes);
    problem = typeof header === "string" ? header : follows(header, key, end);
    if (problem !== "" || typeof header === "string") {
      problem = `record ${key} of the log: ${problem}`;
      break;
    }
    const { isCheckpoint, sequence, volume } = header;
    const {
      checkpointBytes = 0,
      changesBytes = 0,
      changesCount = 0,
    } = end ?? {};
    end = {
      sequence,
      crc: storedCrc(bytes),
      volume,
      checkpointBytes: isCheckpoint ? bytes.length : checkpointBytes,
      changesBytes: isCheckpoint ? 0 : changesBytes + bytes.length,
      changesCount: isCheckpoint ? 0 : changesCount + 1,
    };
    lastIno = header.nextIno - 1;
    nextRecord = header.nextRecord;
    count++;
  }
  return { end: end ?? NO_LOG, lastIno, nextRecord, count, problem };
}

/** Brings a tree to the state that records say. */
export class Replayer {
  #store;
  #root;
  /** Nodes that a checkpoint has not said anything of yet. */
  /** @type {Set<number> | null} */
  #unsaid = null;

  /**
   * @param {Store} store whose nodes are changed
   * @param {DirectoryNode} root
   */
  constructor(store, root) {
    this.#store = store;
    this.#root = root;
    store.nodes.set(Number(root.ino), root);
  }

  /**
   * @param {Uint8Array} bytes of a whole record
   * @param {boolean} isCheckpoint
   * @returns {string} what is wrong, "" if nothing
   */
  apply(bytes, isCheckpoint) {
    if (isCheckpoint) this.#forgetAll();
    try {
      const error = replay(bytes, this);
      if (error !== "") return error;
    } catch (error) {
      if (error instanceof Damage) return error.message;
      throw error;
    }
    for (const ino of this.#unsaid ?? []) this.gone(ino);
    this.#unsaid = null;
    return "";
  }

  /** What is not said by a checkpoint is not there. */
  #forgetAll() {
    const { nodes, records } = this.#store;
    this.#unsaid = new Set(nodes.keys());
    for (const node of nodes.values()) {
      if (node instanceof DirectoryNode) node.names.clear();
    }
    for (const [id] of [...records.entries()]) records.remove(id);
  }

  /** @param {number} ino @returns {TreeNode} */
  #find(ino) {
    const node = this.#store.nodes.get(ino);
    if (node === undefined) throw new Damage(`there is no node ${ino}`);
    return node;
  }

  /** @param {number} ino */
  #file(ino) {
    const node = this.#find(ino);
    if (!(node instanceof PagedFile)) throw new Damage(`${ino} is no file`);
    return node;
  }

  /** @param {number} ino */
  #directory(ino) {
    const node = this.#find(ino);
    if (node instanceof DirectoryNode) return node;
    throw new Damage(`${ino} is no directory`);
  }

  /** @param {Attributes} attributes */
  node(attributes) {
    const { ino, type, sizeBytes } = attributes;
    const node = this.#store.nodes.get(ino) ?? this.#make(attributes);
    if (node.type !== type) throw new Damage(`${ino} is of two types`);
    node.atimeNs = attributes.atimeNs;
    node.mtimeNs = attributes.mtimeNs;
    node.ctimeNs = attributes.ctimeNs;
    if (node instanceof PagedFile) {
      // A checkpoint says all of its pages.
      if (this.#unsaid?.has(ino)) node.cut(0);
      node.setSize(sizeBytes);
    }
    this.#unsaid?.delete(ino);
  }

  /** @param {Attributes} attributes @returns {TreeNode} */
  #make({ ino, type, target }) {
    const id = BigInt(ino);
    /** @type {TreeNode | null} */
    let node = null;
    if (type === TYPE.FILE) node = new PagedFile(id, this.#store);
    if (type === TYPE.DIRECTORY) node = new DirectoryNode(id, null);
    if (type === TYPE.LINK) node = new LinkNode(id, target);
    if (node === null) throw new Damage(`${ino} is of no type: ${type}`);
    this.#store.nodes.set(ino, node);
    return node;
  }

  /** @param {number} ino */
  gone(ino) {
    const node = this.#store.nodes.get(ino);
    // It may have come and gone between two commits.
    if (node === undefined || node === this.#root) return;
    if (node instanceof PagedFile) node.cut(0);
    node.links = 0;
    // Who has it open is told: what it held is not there any more.
    node.freed = true;
    this.#store.nodes.delete(ino);
  }

  /** @param {number} directory @param {string} name @param {number} ino */
  name(directory, name, ino) {
    this.#directory(directory).names.set(name, this.#find(ino));
  }

  /** @param {number} directory @param {string} name */
  unname(directory, name) {
    this.#directory(directory).names.delete(name);
  }

  /** @param {number} ino @param {number} sizeBytes */
  cut(ino, sizeBytes) {
    this.#file(ino).cut(sizeBytes);
  }

  /**
   * @param {number} ino
   * @param {number} page
   * @param {number} count
   * @param {number} record
   * @param {number} offset
   * @param {number} lastBytes
   */
  map(ino, page, count, record, offset, lastBytes) {
    const file = this.#inside(ino, page, count);
    const { sizeBytes = 0 } = this.#store.records.get(record) ?? {};
    if (offset + (count - 1) * PAGE_BYTES + lastBytes > sizeBytes) {
      throw new Damage(`the file ${ino} lies outside of the record ${record}`);
    }
    for (let i = 0; i < count; i++) {
      const length = i === count - 1 ? lastBytes : PAGE_BYTES;
      this.#place(file, page + i, record, offset + i * PAGE_BYTES, length);
    }
  }

  /** @param {number} ino @param {number} page @param {Uint8Array} bytes */
  bytes(ino, page, bytes) {
    const file = this.#inside(ino, page, 1);
    this.#place(file, page, PLACE.LOGGED, 0, bytes.length);
    const { cache } = this.#store;
    const frame = cache.take(file, page);
    if (frame === null) throw new Damage("no memory for what the log holds");
    frame.bytes.set(bytes);
    frame.bytes.fill(0, bytes.length);
    cache.markLogged(frame);
  }

  /** @param {number} ino @param {number} page @param {number} count */
  zeros(ino, page, count) {
    const file = this.#inside(ino, page, count);
    for (let i = 0; i < count; i++) {
      this.#place(file, page + i, PLACE.ZEROS, 0, 0);
    }
  }

  /**
   * @param {number} ino
   * @param {number} page
   * @param {number} count
   * @returns {PagedFile} that has these pages
   */
  #inside(ino, page, count) {
    const file = this.#file(ino);
    if ((page + count - 1) * PAGE_BYTES < file.sizeBytes) return file;
    throw new Damage(`pages beyond the end of the file ${ino}`);
  }

  /**
   * @param {PagedFile} file
   * @param {number} page
   * @param {number} record
   * @param {number} offset
   * @param {number} length
   */
  #place(file, page, record, offset, length) {
    const frame = file.frames.get(page);
    if (frame !== undefined) this.#store.cache.drop(frame);
    file.place(page, record, offset, length);
  }

  /** @param {number} record @param {number} sizeBytes */
  record(record, sizeBytes) {
    this.#store.records.add(record, sizeBytes);
  }

  /** @param {number} record */
  drop(record) {
    this.#store.records.remove(record);
    this.#store.reader.forget(record);
  }

  /**
   * Counts links and room, once all is applied.
   * @returns {{ problem: string, nodes: number, orphans: TreeNode[] }} `orphans`
   *   have no name: they were open when their last name went
   */
  finish() {
    const { nodes, budget } = this.#store;
    // The root is free.
    let used = -nodeCost(this.#root);
    for (const node of nodes.values()) {
      node.links = node instanceof DirectoryNode ? 2 : 0;
      used += nodeCost(node);
      if (node instanceof PagedFile) used += node.pages.used * PAGE_BYTES;
    }
    /** @type {Set<TreeNode>} */
    const seen = new Set([this.#root]);
    const directories = [this.#root];
    let problem = "";
    for (const directory of directories) {
      for (const [name, node] of directory.names) {
        used += nameCost(name);
        if (node instanceof DirectoryNode) {
          if (seen.has(node)) problem ||= `the directory ${name} has two names`;
          else directories.push(node);
          node.parent = directory;
          directory.links++;
        } else {
          node.links++;
        }
        seen.add(node);
      }
    }
    const orphans = [...nodes.values()].filter((node) => !seen.has(node));
    for (const node of orphans) node.links = 0;
    budget.usedBytes = used;
    return { problem, nodes: seen.size, orphans };
  }
}
