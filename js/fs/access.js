/* A volume for the page's own code: paths, whole files, one wait after the
 * other, and errors that are thrown and name the path. Symbolic links are seen
 * as such and never followed, so nothing here can be led astray by one. However
 * much is moved, the page's other tasks have their turns, and a signal ends it. */
import { ERRNO, GossamerError, errnoName, messageOf } from "../errors.js";
import { aborted, answered, failed, turn, until } from "./answers.js";
import { FileWriter } from "./file-writer.js";
import { TYPE, createStat } from "./volume.js";

/**
 * @typedef {import("./volume.js").Volume} Volume
 * @typedef {import("./volume.js").Node} Node
 */

/** What is moved at once. */
export const PIECE_BYTES = 65_536;
/** What a name counts for, and a piece: so much, and other tasks have a turn. */
const NAME_STEPS = 1;
const PIECE_STEPS = 8;
const STEPS_A_TURN = 1024;

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

export class VolumeAccess {
  volume;
  #signal;
  #steps = 0;

  /**
   * @param {Volume} volume
   * @param {AbortSignal} [signal]
   * @returns {Promise<VolumeAccess>}
   */
  static async open(volume, signal) {
    const access = new VolumeAccess(volume, signal);
    access.#checkSignal("the volume");
    const answer = await volume.open();
    if (answer < 0) throw failed(answer, volume.trouble || "the volume");
    return access;
  }

  /**
   * @param {Volume} volume that was opened
   * @param {AbortSignal} [signal] ends what is done by ECANCELED
   */
  constructor(volume, signal) {
    this.volume = volume;
    this.#signal = signal;
  }

  /** @param {string} path */
  #checkSignal(path) {
    if (this.#signal?.aborted) throw aborted(this.#signal, path);
  }

  /**
   * Before each piece and each name.
   * @param {string} path that it is about
   * @param {number} [steps]
   * @returns {Promise<void> | null} what is to be waited for
   */
  step(path, steps = NAME_STEPS) {
    this.#checkSignal(path);
    this.#steps += steps;
    if (this.#steps < STEPS_A_TURN) return null;
    this.#steps = 0;
    return turn().then(() => this.#checkSignal(path));
  }

  /**
   * A transfer, tried again until the volume has done it. One that waits has
   * done nothing yet, so a signal leaves it at once.
   * @param {string} path
   * @param {() => import("./volume.js").Transfer} transfer
   * @returns {Promise<number>} the count
   */
  async moved(path, transfer) {
    const pause = this.step(path, PIECE_STEPS);
    if (pause !== null) await pause;
    for (;;) {
      const count = transfer();
      if (typeof count === "number") return answered(count, path);
      await until(count, this.#signal, path);
    }
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
   * As find(), for what must be there.
   * @param {Node} directory
   * @param {string} name
   * @param {string} path
   * @returns {Promise<Node>}
   */
  child(directory, name, path) {
    return answered(this.volume.lookup(directory, name), path);
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
    await this.step(path);
    await this.clear(directory, name, path);
    const node = await answered(volume.create(directory, name), path);
    try {
      const access = { read: false, write: true };
      const file = await answered(volume.openNode(node, access), path);
      const writer = new FileWriter(this, file, path);
      try {
        await fill(writer);
        await writer.finish();
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
   * Both times, where the volume keeps times.
   * @param {Node} node
   * @param {string} path
   * @param {import("./volume.js").Stat} stat
   */
  async copyTimes(node, path, { atimeNs, mtimeNs }) {
    const answer = await this.volume.setTimes(node, atimeNs, mtimeNs);
    if (errnoName(answer) !== "ENOTSUP") await answered(answer, path);
  }

  /**
   * Takes away what has a name, and all that is in it.
   * @param {Node} directory
   * @param {string} name
   * @param {string} path
   */
  async remove(directory, name, path) {
    const { volume } = this;
    const node = await this.find(directory, name, path);
    if (node === null) return;
    if (node.type !== TYPE.DIRECTORY) {
      await answered(volume.unlink(directory, name), path);
      return;
    }
    for (const { name: inside } of await answered(volume.list(node), path)) {
      await this.remove(node, inside, joined(path, inside));
    }
    await answered(volume.removeDirectory(directory, name), path);
  }

  /**
   * Fills a directory, which may be there and have something in it already.
   * With `atomic` it must be new or empty, and is seen when it is whole: until
   * then it is filled beside it, and is removed when that fails.
   * @template T
   * @param {string} path
   * @param {boolean} atomic
   * @param {(directory: Node) => Promise<T>} fill
   * @returns {Promise<T>}
   */
  async fill(path, atomic, fill) {
    const { volume } = this;
    const names = VolumeAccess.names(path);
    if (!atomic) return fill(await this.directory(volume.root, names, path));
    const name = names.pop();
    if (name === undefined) {
      const text = `${path}: the whole volume cannot be replaced at once`;
      throw new GossamerError("EINVAL", text);
    }
    const parent = await this.directory(volume.root, names, path);
    const old = await this.find(parent, name, path);
    if (old !== null) {
      const inside = await answered(volume.list(old), path);
      if (inside.length > 0) throw failed(-ERRNO.ENOTEMPTY, path);
    }
    const beside = await this.#unused(parent, path);
    const node = await answered(volume.makeDirectory(parent, beside), path);
    try {
      const result = await fill(node);
      await answered(volume.rename(parent, beside, parent, name), path);
      return result;
    } catch (error) {
      await this.#takeBack(parent, beside, path, error);
      throw error;
    }
  }

  /**
   * @param {Node} directory
   * @param {string} name
   * @param {string} path
   * @param {unknown} cause why
   */
  async #takeBack(directory, name, path, cause) {
    try {
      await this.remove(directory, name, path);
    } catch (error) {
      const left = `${name} beside it was not removed: ${messageOf(error)}`;
      const text = `${messageOf(cause)}; ${left}`;
      throw new GossamerError("EIO", text, { cause });
    }
  }

  /** @param {Node} directory @param {string} path */
  async #unused(directory, path) {
    for (let count = 1; ; count++) {
      const name = `.incomplete-${count}`;
      if ((await this.find(directory, name, path)) === null) return name;
    }
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
    await this.step(path);
    const entries = await answered(this.volume.list(directory), path);
    const names = entries.map(({ name }) => name).sort();
    const found = [];
    for (const name of names) {
      await this.step(joined(path, name));
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
    // Archives of small files would be made of garbage.
    const sizeBytes = volume.size(file);
    const most = sizeBytes > 0 ? Math.min(sizeBytes, PIECE_BYTES) : PIECE_BYTES;
    const bytes = new Uint8Array(most);
    try {
      for (let position = 0; ;) {
        const got = await this.moved(path, () =>
          volume.read(file, position, bytes, 0, bytes.length),
        );
        if (got === 0) break;
        yield bytes.subarray(0, got);
        position += got;
      }
    } finally {
      await volume.closeFile(file);
    }
  }
}
