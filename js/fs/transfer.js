/* Files into a volume and out of it, by what JavaScript has: plain objects,
 * File and Blob, what was dropped on a page, handles of directories. Any
 * volume: nothing but its contract is used. Tar is tar.js. */
import { GossamerError, messageOf } from "../errors.js";
import { TYPE } from "./volume.js";
import { VolumeAccess, joined } from "./access.js";

/**
 * @typedef {import("./volume.js").Volume} Volume
 * @typedef {import("./volume.js").Node} Node
 *
 * A directory as a plain object: what is in it by name. A name may be a path
 * of several. Text is stored as UTF-8.
 * @typedef {{ [name: string]: TreeValue }} Tree
 *
 * @typedef {string | ArrayBuffer | ArrayBufferView | Blob | SymbolicLink |
 *   FileSystemHandle | FileSystemEntry | Tree} TreeValue
 *
 * A tree as it is exported.
 * @typedef {{ [name: string]: Uint8Array | SymbolicLink | ExportedTree }}
 *   ExportedTree
 *
 * A tree, a handle or entry of a directory (what is in it), a File, or several
 * files, handles, entries or dropped items, each by its own name.
 * @typedef {Tree | FileSystemHandle | FileSystemEntry | File |
 *   Iterable<File | FileSystemHandle | FileSystemEntry> | FileList |
 *   DataTransferItemList} TreeSource
 */

const NS_PER_MS = 1_000_000n;

/** A symbolic link in a tree. */
export class SymbolicLink {
  target;

  /** @param {string} target kept as it is; relative to where the link is */
  constructor(target) {
    this.target = target;
  }
}

/** @param {unknown} value @returns {value is Record<string, unknown>} */
const isObject = (value) => typeof value === "object" && value !== null;

/** @param {unknown} value @returns {value is FileSystemHandle} */
const isHandle = (value) =>
  isObject(value) &&
  (typeof value["getFile"] === "function" ||
    (value["kind"] === "directory" && typeof value["values"] === "function"));

/** @param {unknown} value @returns {value is FileSystemEntry} */
const isEntry = (value) =>
  isObject(value) &&
  (typeof value["file"] === "function" ||
    typeof value["createReader"] === "function");

/**
 * @param {unknown} value
 * @returns {value is FileSystemHandle | FileSystemEntry}
 */
const isSource = (value) => isHandle(value) || isEntry(value);

/** @param {unknown} value @returns {value is Tree} */
function isTree(value) {
  if (!isObject(value) || isSource(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** @param {unknown} value @returns {value is DataTransferItem} */
const isDropped = (value) =>
  isObject(value) && typeof value["getAsFile"] === "function";

/** @param {unknown} value @returns {value is File} */
const isFile = (value) =>
  value instanceof Blob && "name" in value && typeof value.name === "string";

/** @param {string} path @param {unknown} value */
function wrongValue(path, value) {
  const what = isObject(value)
    ? `a ${value.constructor?.name ?? "value"}`
    : String(value);
  const text = `${path}: text, bytes, a Blob or an object is expected, not ${what}`;
  return new GossamerError("EINVAL", text);
}

/** @param {string} path @param {unknown} error of the page's file system */
function unreadable(path, error) {
  if (error instanceof GossamerError) return error;
  const text = `${path}: cannot be read: ${messageOf(error)}`;
  return new GossamerError("EIO", text, { cause: error });
}

/** @param {File} file the path in the directory that was chosen, or its name */
const pathOf = (file) => file.webkitRelativePath || file.name;

/**
 * What is in a handle or entry of a directory.
 * @param {FileSystemHandle | FileSystemEntry} directory
 * @returns {AsyncGenerator<[string, TreeValue], void, void>}
 */
async function* insideOf(directory) {
  if (isHandle(directory)) {
    const { values } =
      /** @type {{ values(): AsyncIterable<FileSystemHandle> }} */ (
        /** @type {unknown} */ (directory)
      );
    for await (const one of values.call(directory)) yield [one.name, one];
    return;
  }
  const reader = /** @type {FileSystemDirectoryEntry} */ (
    directory
  ).createReader();
  for (;;) {
    // Browsers tell a hundred at once, and none at the end.
    /** @type {FileSystemEntry[]} */
    const some = await new Promise((resolve, reject) => {
      reader.readEntries(resolve, reject);
    });
    if (some.length === 0) return;
    for (const one of some) yield [one.name, one];
  }
}

/**
 * What a source consists of. Asked at once and in the caller's own turn: after
 * the drop event nothing is told of its items any more.
 * @param {TreeSource} source
 * @returns {Iterable<[string, TreeValue]> |
 *   AsyncIterable<[string, TreeValue]>}
 */
function contentsOf(source) {
  if (isFile(source)) return [[pathOf(source), source]];
  if (isSource(source)) {
    return isDirectory(source) ? insideOf(source) : [[source.name, source]];
  }
  if (isObject(source) && Symbol.iterator in source) {
    const all = /** @type {Iterable<unknown>} */ (
      /** @type {unknown} */ (source)
    );
    return Array.from(all, takeOne).flat(1);
  }
  if (isTree(source)) return Object.entries(source);
  throw wrongValue("what is imported", source);
}

/**
 * @param {unknown} one
 * @returns {[string, TreeValue][]}
 */
function takeOne(one) {
  if (isDropped(one)) {
    // Text that was dragged along is no file.
    if (one.kind !== "file") return [];
    const dropped = one.webkitGetAsEntry?.() ?? one.getAsFile();
    return dropped === null ? [] : takeOne(dropped);
  }
  if (isFile(one)) return [[pathOf(one), one]];
  if (isSource(one)) return [[one.name, one]];
  throw wrongValue("what is imported", one);
}

/** @param {FileSystemHandle | FileSystemEntry} one */
const isDirectory = (one) =>
  isHandle(one) ? one.kind === "directory" : one.isDirectory;

/**
 * @param {FileSystemHandle | FileSystemEntry} one of a file
 * @returns {Promise<File>}
 */
function fileOf(one) {
  if (isHandle(one)) {
    return /** @type {FileSystemFileHandle} */ (one).getFile();
  }
  return new Promise((resolve, reject) => {
    /** @type {FileSystemFileEntry} */ (one).file(resolve, reject);
  });
}

class Import {
  #access;
  /** Objects that are being gone through: one in itself has no end. */
  /** @type {Set<unknown>} */
  #inside = new Set();

  /** @param {VolumeAccess} access */
  constructor(access) {
    this.#access = access;
  }

  /**
   * @param {Node} directory
   * @param {string} path
   * @param {ReturnType<typeof contentsOf>} contents
   */
  async all(directory, path, contents) {
    for await (const [name, value] of contents) {
      await this.#put(directory, joined(path, name), name, value);
    }
  }

  /**
   * @param {Node} parent
   * @param {string} path
   * @param {string} relative from the parent
   * @param {TreeValue} value
   */
  async #put(parent, path, relative, value) {
    const access = this.#access;
    const names = VolumeAccess.names(relative);
    if (isTree(value) || (isSource(value) && isDirectory(value))) {
      if (this.#inside.has(value)) {
        throw new GossamerError("EINVAL", `${path}: an object inside itself`);
      }
      this.#inside.add(value);
      const directory = await access.directory(parent, names, path);
      const contents = isTree(value) ? Object.entries(value) : insideOf(value);
      try {
        await this.all(directory, path, contents);
      } catch (error) {
        throw unreadable(path, error);
      }
      this.#inside.delete(value);
      return;
    }
    const name = names.pop();
    if (name === undefined) {
      throw new GossamerError("EINVAL", `${path}: a file must have a name`);
    }
    const directory = await access.directory(parent, names, path);
    if (value instanceof SymbolicLink) {
      await access.writeLink(directory, name, path, value.target);
    } else {
      await this.#file(directory, name, path, value);
    }
  }

  /**
   * @param {Node} directory
   * @param {string} name
   * @param {string} path
   * @param {unknown} value
   */
  async #file(directory, name, path, value) {
    const access = this.#access;
    const bytes = bytesOf(value);
    if (bytes !== null) {
      await access.writeFile(directory, name, path, (writer) =>
        writer.write(bytes),
      );
      return;
    }
    const blob = isSource(value) ? await readable(path, fileOf(value)) : value;
    if (!(blob instanceof Blob)) throw wrongValue(path, value);
    const node = await access.writeFile(directory, name, path, (writer) =>
      copyBlob(blob, path, writer),
    );
    if ("lastModified" in blob && typeof blob.lastModified === "number") {
      const mtimeNs = BigInt(Math.max(0, blob.lastModified)) * NS_PER_MS;
      await access.setMtime(node, path, mtimeNs);
    }
  }
}

/** @param {unknown} value @returns {Uint8Array | null} null: no bytes */
function bytesOf(value) {
  if (typeof value === "string") return new TextEncoder().encode(value);
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  if (!ArrayBuffer.isView(value)) return null;
  return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
}

/**
 * @template T
 * @param {string} path
 * @param {Promise<T>} promise
 * @returns {Promise<T>}
 */
async function readable(path, promise) {
  try {
    return await promise;
  } catch (error) {
    throw unreadable(path, error);
  }
}

/**
 * In pieces, so that a large file is never in memory twice.
 * @param {Blob} blob
 * @param {string} path
 * @param {import("./file-writer.js").FileWriter} writer
 */
async function copyBlob(blob, path, writer) {
  const reader = blob.stream().getReader();
  for (;;) {
    const { done, value } = await readable(path, reader.read());
    if (done) return;
    await writer.write(value);
  }
}

/**
 * Puts files into a volume. Directories are made and added to; a file or link
 * that has the name of a new file is replaced, never followed. Bytes are read
 * now, a Blob's and a file's piece by piece; times come from File's
 * `lastModified`. When it fails, what came before stays.
 *
 * With what was dropped call it in the event's listener, before any `await`:
 * `importTree(volume, event.dataTransfer.items, "/in")`.
 * @param {Volume} volume opened if need be
 * @param {TreeSource} source
 * @param {string} [path] the directory in the volume, made if need be
 * @returns {Promise<void>}
 * @throws {GossamerError} EINVAL for what is no file and for a name with "..";
 *   EIO for a file that cannot be read any more; what the volume answers:
 *   ENOSPC, ENAMETOOLONG, ENOTDIR, EISDIR, EROFS. The message has the path
 */
export async function importTree(volume, source, path = "/") {
  const contents = contentsOf(source);
  const access = await VolumeAccess.open(volume);
  const names = VolumeAccess.names(path);
  const directory = await access.directory(volume.root, names, path);
  try {
    await new Import(access).all(directory, path, contents);
  } catch (error) {
    throw unreadable(path, error);
  }
}

/**
 * What is at a path of a volume: the bytes of a file, and of a directory a
 * plain object of all that is in it, its names in order. Two names of one file
 * are two copies.
 * @param {Volume} volume opened if need be
 * @param {string} [path]
 * @returns {Promise<ExportedTree | Uint8Array | SymbolicLink>} the caller's own
 * @throws {GossamerError} EINVAL for a path with ".."; ENOMEM for a file larger
 *   than memory; what the volume answers: ENOENT, ENOTDIR, EIO
 */
export async function exportTree(volume, path = "/") {
  const access = await VolumeAccess.open(volume);
  return exportNode(access, await access.at(path), path);
}

/**
 * @param {VolumeAccess} access
 * @param {Node} node
 * @param {string} path
 * @returns {Promise<ExportedTree | Uint8Array | SymbolicLink>}
 */
async function exportNode(access, node, path) {
  if (node.type === TYPE.LINK) {
    return new SymbolicLink(await access.readLink(node, path));
  }
  if (node.type !== TYPE.DIRECTORY) return exportFile(access, node, path);
  const found = await access.entries(node, path);
  const entries = [];
  for (const one of found) {
    entries.push([one.name, await exportNode(access, one.node, one.path)]);
  }
  // Unlike an assignment this has no name that means something else.
  return Object.fromEntries(entries);
}

/**
 * @param {VolumeAccess} access
 * @param {Node} node
 * @param {string} path
 */
async function exportFile(access, node, path) {
  const { sizeBytes } = await access.stat(node, path);
  let bytes;
  try {
    bytes = new Uint8Array(sizeBytes);
  } catch (error) {
    const text = `${path}: no memory for ${sizeBytes} bytes`;
    throw new GossamerError("ENOMEM", text, { cause: error });
  }
  let at = 0;
  for await (const piece of access.pieces(node, path)) {
    // It may have grown since it was measured.
    const part = piece.subarray(0, bytes.length - at);
    bytes.set(part, at);
    at += part.length;
    if (at === bytes.length) break;
  }
  return bytes.subarray(0, at);
}
