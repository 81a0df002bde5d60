/* What one commit writes: the state of everything that was changed, taken in one
 * go, so that it is the state after some operation and before the next. Pages
 * get their places in new records of the data store, the log gets a record that
 * says how nodes, names and pages are. */
import { DirectoryNode, LinkNode } from "../tree-nodes.js";
import { PagedFile } from "./file.js";
import { LogWriter, PAGE_BYTES, PLACE } from "./format.js";
import { Packer, SMALL_BYTES } from "./packer.js";
import { Runs } from "./pages.js";

/**
 * @typedef {import("../tree-nodes.js").TreeNode} TreeNode
 * @typedef {import("./cache.js").Frame} Frame
 * @typedef {import("./changes.js").Changes} Changes
 * @typedef {import("./format.js").Header} Header
 * @typedef {import("./store.js").Store} Store
 *
 * A frame that a commit takes along, and whose it was then.
 * @typedef {object} Passenger
 * @property {Frame} frame
 * @property {PagedFile} file
 *
 * @typedef {object} Snapshot
 * @property {number} flight the sequence number
 * @property {Changes} changes that it has
 * @property {Passenger[]} passengers
 * @property {boolean} isWhole
 * @property {PagedFile[]} zeroed files of which hasNewZeros was taken back
 * @property {import("./packer.js").Packed[]} packed to be put
 * @property {number[]} ids of these, and of one that was only begun
 * @property {[number, number][]} dead records to be deleted, with their sizes
 * @property {Uint8Array<ArrayBuffer>} log the record of the log
 * @property {boolean} isCheckpoint
 */

/** Where pages are, for the log. @typedef {Parameters<LogWriter["map"]>[]} Maps */

/** @param {number} page @param {PagedFile} file */
const pageLength = (page, file) =>
  Math.min(PAGE_BYTES, file.sizeBytes - page * PAGE_BYTES);

/** @param {PagedFile[]} files */
function dirtyBytes(files) {
  let bytes = 0;
  for (const file of files) {
    for (const page of file.dirty) bytes += pageLength(page, file);
  }
  return bytes;
}

/**
 * Takes what is dirty into a commit.
 * @param {Store} store whose changes begin anew
 * @param {Omit<Header, "nextRecord">} header
 * @param {boolean} useBlobs
 * @returns {Snapshot} isWhole unless the engine had no memory for it: then it
 *   is to be taken back
 */
export function takeSnapshot(store, header, useBlobs) {
  const changes = store.takeChanges();
  const packer = new Packer(store.records, useBlobs);
  const { packed, ids } = packer;
  /** @type {Snapshot} */
  const snapshot = {
    flight: header.sequence,
    isWhole: false,
    isCheckpoint: header.isCheckpoint,
    changes,
    passengers: [],
    zeroed: [],
    packed,
    ids,
    dead: [],
    log: new Uint8Array(0),
  };
  try {
    const files = [...changes.written].filter((file) => !file.freed);
    /** @type {Maps} */
    const maps = [];
    for (const isSmall of [true, false]) {
      const its = files.filter(
        ({ sizeBytes }) => sizeBytes <= SMALL_BYTES === isSmall,
      );
      packer.begin(dirtyBytes(its), isSmall);
      placePages(store, snapshot, its, packer, maps);
    }
    packer.finish();
    takeZeros(snapshot);
    // Only now is it known in which records nothing is left.
    snapshot.dead = store.records.takeDead();
    const writer = new LogWriter();
    if (header.isCheckpoint) writeEverything(writer, store);
    else writeChanges(writer, snapshot, maps);
    snapshot.log = writer.finish({ ...header, nextRecord: store.records.next });
    snapshot.isWhole = true;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  return snapshot;
}

/**
 * Puts the dirty pages into records.
 * @param {Store} store
 * @param {Snapshot} snapshot
 * @param {PagedFile[]} files
 * @param {Packer} packer
 * @param {Maps} maps where they are is added
 */
function placePages(store, snapshot, files, packer, maps) {
  for (const file of files) {
    const ino = Number(file.ino);
    const runs = new Runs((...run) => maps.push([ino, ...run]));
    for (const page of sorted(file.dirty)) {
      const frame = file.frames.get(page);
      if (frame === undefined) continue;
      const length = pageLength(page, file);
      const offset = packer.add(frame.bytes, length);
      file.place(page, packer.id, offset, length);
      runs.add(page, packer.id, offset, length);
      store.cache.takeOff(frame, snapshot.flight);
      snapshot.passengers.push({ frame, file });
    }
    runs.end();
    file.dirty.clear();
  }
}

/** @param {Snapshot} snapshot */
function takeZeros({ changes, zeroed }) {
  for (const node of changes.nodes) {
    if (!(node instanceof PagedFile) || !node.hasNewZeros) continue;
    node.hasNewZeros = false;
    zeroed.push(node);
  }
}

/**
 * @param {LogWriter} writer
 * @param {Snapshot} snapshot
 * @param {Maps} maps
 */
function writeChanges(writer, { changes, zeroed, packed, dead }, maps) {
  for (const node of changes.nodes) writeNode(writer, node);
  for (const [file, size] of changes.cuts) {
    if (!file.freed) writer.cut(Number(file.ino), size);
  }
  for (const file of zeroed) writePages(writer, file, true);
  for (const { id, sizeBytes } of packed) writer.record(id, sizeBytes);
  for (const map of maps) writer.map(...map);
  writeNames(writer, changes);
  for (const ino of changes.gone) writer.gone(ino);
  for (const [id] of dead) writer.drop(id);
}

/** @param {Set<number>} pages @returns {Iterable<number>} in order */
function sorted(pages) {
  let before = -1;
  for (const page of pages) {
    if (page < before) return [...pages].sort((a, b) => a - b);
    before = page;
  }
  return pages;
}

/** @param {LogWriter} writer @param {TreeNode} node */
function writeNode(writer, node) {
  if (node.freed) return;
  node.settle();
  const { type, sizeBytes, atimeNs, mtimeNs, ctimeNs } = node;
  const ino = Number(node.ino);
  const target = node instanceof LinkNode ? node.target : "";
  writer.node({ ino, type, sizeBytes, atimeNs, mtimeNs, ctimeNs, target });
}

/**
 * @param {LogWriter} writer
 * @param {PagedFile} file
 * @param {boolean} zerosOnly
 */
function writePages(writer, file, zerosOnly) {
  const ino = Number(file.ino);
  file.pages.runs((page, count, record, offset, lastBytes) => {
    if (record === PLACE.ZEROS) writer.zeros(ino, page, count);
    else if (!zerosOnly) {
      writer.map(ino, page, count, record, offset, lastBytes);
    }
  });
}

/**
 * What went first: a name that moved is another's then.
 * @param {LogWriter} writer
 * @param {Changes} changes
 */
function writeNames(writer, changes) {
  for (const [directory, names] of changes.names) {
    if (directory.freed) continue;
    for (const name of names) {
      if (directory.names.has(name)) continue;
      writer.unname(Number(directory.ino), name);
    }
  }
  for (const [directory, names] of changes.names) {
    for (const name of names) {
      const node = directory.names.get(name);
      if (node === undefined) continue;
      writer.name(Number(directory.ino), name, Number(node.ino));
    }
  }
}

/** @param {LogWriter} writer @param {Store} store */
function writeEverything(writer, store) {
  for (const [id, { sizeBytes }] of store.records.entries()) {
    writer.record(id, sizeBytes);
  }
  for (const node of store.nodes.values()) {
    writeNode(writer, node);
    if (node instanceof PagedFile) writePages(writer, node, false);
  }
  for (const directory of store.nodes.values()) {
    if (!(directory instanceof DirectoryNode)) continue;
    const ino = Number(directory.ino);
    for (const [name, node] of directory.names) {
      writer.name(ino, name, Number(node.ino));
    }
  }
}
