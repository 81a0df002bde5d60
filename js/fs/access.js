/* A volume for the page's own code: paths, whole files, one wait after the
 * other, and errors that are thrown and name the path. Symbolic links are seen
 * as such and never followed, so nothing here can be led astray by one. */
import { GossamerError, errnoName } from "../errors.js";
import { TYPE, createStat } from "./volume.js";

/**
 * @typedef {import("./volume.js").Volume} Volume
 * @typedef {import("./volume.js").Node} Node
 * @typedef {import("./volume.js").File} File
 */

/** What is moved at once. */
export const PIECE_BYTES = 65_536;

/**
 * The names in a path; "." and empty ones are left out.
 * @param {string} path with or without a slash at its beginning
 * @returns {string[] | null} null: it goes up by ".." or has a NUL
 */
export function namesIn(path) {
  if (path.includes("\0")) return null;
  const names = path.split("/").filter((name) => name !== "" && name !== ".");
  return names.includes("..") ? null : names;
}

/** @param {string} directory @param {string} name */
export function joined(directory, name) {
  return directory.endsWith("/") ? directory + name : `${directory}/${name}`;
}

/**
 * What a volume answered, once it has.
 * @template T
 * @param {T | number | Promise<T | number>} answer
 * @param {string} path that it was about
 * @returns {Promise<T>}
 * @throws {GossamerError} for an errno
 */
async function answered(answer, path) {
  const value = await answer;
  if (typeof value === "number" && value < 0) {
    const code = errnoName(value);
    throw new GossamerError(code, `${path}: ${code}`);
  }
  return /** @type {T} */ (value);
}

/** A file of a volume that is being written from its beginning on. */
export class FileWriter {
  #volume;
  #file;
  #path;
  #position = 0;

  /**
   * @param {Volume} volume
   * @param {File} file
   * @param {string} path
   */
  constructor(volume, file, path) {
    this.#volume = volume;
    this.#file = file;
    this.#path = path;
  }

  /** @param {Uint8Array} bytes the caller's again when it is done */
  async write(bytes) {
    for (let at = 0; at < bytes.length;) {
      const size = bytes.length - at;
      const count = this.#volume.write(
        this.#file,
        this.#position,
        bytes,
        at,
        size,
      );
      if (typeof count !== "number") {
        // A Promise says only when to try again.
        await count;
        continue;
      }
      const done = await answered(count, this.#path);
      at += done;
      this.#position += done;
    }
  }

  /** To be called once, whatever happened. */
  async close() {
    await answered(this.#volume.closeFile(this.#file), this.#path);
  }
}

export class VolumeAccess {
  volume;

  /**
   * @param {Volume} volume
   * @returns {Promise<VolumeAccess>}
   */
  static async open(volume) {
    await answered(volume.open(), "the volume");
    return new VolumeAccess(volume);
  }

  /** @param {Volume} volume that was opened */
  constructor(volume) {
    this.volume = volume;
  }

  /**
   * @param {string} path
   * @returns {string[]}
   */
  static names(path) {
    const names = namesIn(path);
    if (names !== null) return names;
    const text = `${path}: a path without ".." is expected`;
    throw new GossamerError("EINVAL", text);
  }

  /**
   * @param {Node} directory
   * @param {string} name
   * @param {string} path of it, for errors
   * @returns {Promise<Node | null>} null: it is not there
   */
  async find(directory, name, path) {
    const answer = await this.volume.lookup(directory, name);
    if (typeof answer === "number" && errnoName(answer) === "ENOENT") {
      return null;
    }
    return answered(answer, path);
  }

  /**
   * What is at a path.
   * @param {string} path
   * @returns {Promise<Node>}
   */
  async at(path) {
    let node = this.volume.root;
    for (const name of VolumeAccess.names(path)) {
      node = await answered(this.volume.lookup(node, name, true), path);
    }
    return node;
  }

  /**
   * The directory under another one, which is made where it is not there.
   * @param {Node} directory
   * @param {string[]} names
   * @param {string} path of it, for errors
   * @returns {Promise<Node>}
   */
  async directory(directory, names, path) {
    let node = directory;
    for (const name of names) {
      const found =
        (await this.find(node, name, path)) ??
        (await answered(this.volume.makeDirectory(node, name), path));
      if (found.type !== TYPE.DIRECTORY) {
        const what = found.type === TYPE.LINK ? "a symbolic link" : "a file";
        const text = `${path}: ${name} is ${what}, not a directory`;
        throw new GossamerError("ENOTDIR", text);
      }
      node = found;
    }
    return node;
  }

  /**
   * Takes away a file or link, so that another can have its name.
   * @param {Node} directory
   * @param {string} name
   * @param {string} path
   */
  async clear(directory, name, path) {
    const found = await this.find(directory, name, path);
    if (found === null) return;
    await answered(this.volume.unlink(directory, name), path);
  }

  /**
   * Makes a file in the place of one that may be there. What could not be
   * written to its end does not stay.
   * @param {Node} directory
   * @param {string} name
   * @param {string} path
   * @param {(writer: FileWriter) => Promise<void>} fill
   * @returns {Promise<Node>}
   */
  async writeFile(directory, name, path, fill) {
    const { volume } = this;
    await this.clear(directory, name, path);
    const node = await answered(volume.create(directory, name), path);
    try {
      const access = { read: false, write: true };
      const file = await answered(volume.openNode(node, access), path);
      const writer = new FileWriter(volume, file, path);
      try {
        await fill(writer);
      } catch (error) {
        await volume.closeFile(file);
        throw error;
      }
      await writer.close();
    } catch (error) {
      await volume.unlink(directory, name);
      throw error;
    }
    return node;
  }

  /**
   * @param {Node} directory
   * @param {string} name
   * @param {string} path
   * @param {string} target
   */
  async writeLink(directory, name, path, target) {
    await this.clear(directory, name, path);
    await answered(this.volume.symlink(directory, name, target), path);
  }

  /**
   * Another name for a node, or a copy where the volume has no such names.
   * @param {Node} node
   * @param {Node} directory
   * @param {string} name
   * @param {string} path
   */
  async writeHardLink(node, directory, name, path) {
    const found = await this.find(directory, name, path);
    if (found !== null && found.ino === node.ino) return;
    await this.clear(directory, name, path);
    const answer = await this.volume.link(node, directory, name);
    if (errnoName(answer) !== "ENOTSUP") {
      await answered(answer, path);
      return;
    }
    await this.writeFile(directory, name, path, async (writer) => {
      for await (const piece of this.pieces(node, path)) {
        await writer.write(piece);
      }
    });
  }

  /**
   * @param {Node} node
   * @param {string} path
   * @param {bigint} mtimeNs
   */
  async setMtime(node, path, mtimeNs) {
    await answered(this.volume.setTimes(node, null, mtimeNs), path);
  }

  /**
   * @param {Node} node
   * @param {string} path
   */
  async stat(node, path) {
    const stat = createStat();
    await answered(this.volume.stat(node, stat), path);
    return stat;
  }

  /**
   * What is in a directory, by name.
   * @param {Node} directory
   * @param {string} path
   * @returns {Promise<{ name: string, path: string, node: Node }[]>}
   */
  async entries(directory, path) {
    const entries = await answered(this.volume.list(directory), path);
    const names = entries.map(({ name }) => name).sort();
    const found = [];
    for (const name of names) {
      const node = await this.find(directory, name, joined(path, name));
      // It may have gone since it was listed.
      if (node !== null) found.push({ name, path: joined(path, name), node });
    }
    return found;
  }

  /**
   * @param {Node} link
   * @param {string} path
   * @returns {Promise<string>}
   */
  readLink(link, path) {
    return answered(this.volume.readlink(link), path);
  }

  /**
   * The bytes of a file, in pieces that are valid until the next is asked for.
   * @param {Node} node
   * @param {string} path
   * @returns {AsyncGenerator<Uint8Array, void, void>}
   */
  async *pieces(node, path) {
    const { volume } = this;
    const access = { read: true, write: false };
    const file = await answered(volume.openNode(node, access), path);
    const bytes = new Uint8Array(PIECE_BYTES);
    try {
      for (let position = 0; ;) {
        const count = volume.read(file, position, bytes, 0, bytes.length);
        if (typeof count !== "number") {
          await count;
          continue;
        }
        const got = await answered(count, path);
        if (got === 0) break;
        yield bytes.subarray(0, got);
        position += got;
      }
    } finally {
      await volume.closeFile(file);
    }
  }
}
