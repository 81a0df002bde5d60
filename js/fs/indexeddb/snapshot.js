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
 * @typedef {import("./packer.js").Packing} Packing
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
 * @property {boolean} isLogged whether the log has the bytes of its pages: then
 *   nothing is put or deleted
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

/** A commit of no more than this puts its pages into the log. */
const LOGGED_BYTES = 4 * PAGE_BYTES;
/** One of a page that is left: safely below 64 KiB, with the rest. */
const LAST_BYTES = 12 * PAGE_BYTES;
/** Of which it may say how they are, so that the record is a small one. */
const LOGGED_CHANGES = 64;
/** Records that are to be deleted wait for another commit, if they are few. */
const MOST_DEAD = 16;

/**
 * Whether the log can have the bytes of what is dirty: that is one request, and
 * nothing else, for what will be written into records with more.
 * @param {Store} store
 * @param {Changes} changes
 * @param {number} mostBytes
 */
function fitsLog(
  { cache, records, compactor, loggedPages },
  changes,
  mostBytes,
) {
  let count = changes.nodes.size + changes.gone.size;
  for (const names of changes.names.values()) count += names.size;
  if (count > LOGGED_CHANGES) return false;
  if (records.deadCount > MOST_DEAD || compactor.isNeeded()) return false;
  let pages = cache.logged.size;
  let bytes = 0;
  for (const file of changes.written) {
    if (file.freed) continue;
    pages += file.dirty.size;
    if (pages > loggedPages) return false;
    bytes += dirtyBytes([file]);
    if (bytes > mostBytes) return false;
  }
  return true;
}

/**
 * Has what the log has go into records.
 * @param {Store} store
 * @param {Changes} changes
 */
function takeLogged({ cache }, changes) {
  for (const frame of [...cache.logged]) {
    const { file, page } = frame;
    if (file === null) continue;
    cache.markDirty(frame);
    file.dirty.add(page);
    changes.written.add(file);
  }
}

/**
 * Takes what is dirty into a commit.
 * @param {Store} store whose changes begin anew
 * @param {Omit<Header, "nextRecord">} header
 * @param {Packing} packing
 * @param {boolean} isLast whether the page is being left
 * @returns {Snapshot} isWhole unless the engine had no memory for it: then it
 *   is to be taken back
 */
export function takeSnapshot(store, header, packing, isLast) {
  const changes = store.takeChanges();
  const mostBytes = isLast ? LAST_BYTES : LOGGED_BYTES;
  const isLogged = !header.isCheckpoint && fitsLog(store, changes, mostBytes);
  if (!isLogged) takeLogged(store, changes);
  const packer = new Packer(store.records, packing);
  const { packed, ids } = packer;
  /** @type {Snapshot} */
  const snapshot = {
    flight: header.sequence,
    isWhole: false,
    isCheckpoint: header.isCheckpoint,
    isLogged,
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
    const writer = new LogWriter();
    takeZeros(snapshot);
    if (isLogged) {
      writeNodes(writer, snapshot);
      logPages(store, snapshot, files, writer);
      writeNames(writer, changes);
    } else {
      const maps = placePages(store, snapshot, files, packer);
      // Only now is it known in which records nothing is left.
      snapshot.dead = store.records.takeDead();
      if (header.isCheckpoint) writeEverything(writer, store);
      else writeChanges(writer, snapshot, maps);
    }
    snapshot.log = writer.finish({ ...header, nextRecord: store.records.next });
    snapshot.isWhole = true;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  return snapshot;
}

/**
 * Writes the bytes of dirty pages down.
 * @param {Store} store
 * @param {Snapshot} snapshot
 * @param {PagedFile[]} files
 * @param {LogWriter} writer
 */
function logPages(store, snapshot, files, writer) {
  for (const file of files) {
    for (const page of sorted(file.dirty)) {
      const frame = file.frames.get(page);
      if (frame === undefined) continue;
      const bytes = frame.bytes.subarray(0, pageLength(page, file));
      writer.bytes(Number(file.ino), page, bytes);
      file.place(page, PLACE.LOGGED, 0, bytes.length);
      store.cache.takeOff(frame, snapshot.flight);
      snapshot.passengers.push({ frame, file });
    }
    file.dirty.clear();
  }
}

/**
 * Puts the dirty pages into records, those of small files apart.
 * @param {Store} store
 * @param {Snapshot} snapshot
 * @param {PagedFile[]} files
 * @param {Packer} packer
 * @returns {Maps} where they are
 */
function placePages(store, snapshot, files, packer) {
  /** @type {Maps} */
  const maps = [];
  for (const isSmall of [true, false]) {
    const its = files.filter(
      ({ sizeBytes }) => sizeBytes <= SMALL_BYTES === isSmall,
    );
    packer.begin(dirtyBytes(its), isSmall);
    placeFiles(store, snapshot, its, packer, maps);
  }
  packer.finish();
  return maps;
}

/**
 * @param {Store} store
 * @param {Snapshot} snapshot
 * @param {PagedFile[]} files
 * @param {Packer} packer
 * @param {Maps} maps where they are is added
 */
function placeFiles(store, snapshot, files, packer, maps) {
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
function writeChanges(writer, snapshot, maps) {
  const { changes, packed, dead } = snapshot;
  writeNodes(writer, snapshot);
  for (const { id, sizeBytes } of packed) writer.record(id, sizeBytes);
  for (const map of maps) writer.map(...map);
  writeNames(writer, changes);
  for (const [id] of dead) writer.drop(id);
}

/** @param {LogWriter} writer @param {Snapshot} snapshot */
function writeNodes(writer, { changes, zeroed }) {
  for (const node of changes.nodes) writeNode(writer, node);
  for (const [file, size] of changes.cuts) {
    if (!file.freed) writer.cut(Number(file.ino), size);
  }
  for (const file of zeroed) writePages(writer, file, true);
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
 * The names, what went first: a name that moved is another's then. And the
 * nodes that are no more.
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
  for (const ino of changes.gone) writer.gone(ino);
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
