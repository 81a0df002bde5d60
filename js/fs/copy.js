/* Files from one volume into another, or from one place of a volume to another:
 * piece by piece, as the source answers and the target takes them. Nothing but
 * the contract is used, so any two volumes will do. */
import { GossamerError } from "../errors.js";
import { VolumeAccess, joined } from "./access.js";
import { TYPE } from "./volume.js";

/**
 * @typedef {import("./volume.js").Volume} Volume
 * @typedef {import("./volume.js").Node} Node
 *
 * @typedef {object} CopySummary
 * @property {number} files hard links included
 * @property {number} directories
 * @property {number} links symbolic ones
 * @property {number} bytes of all files, holes included, hard links once
 * @property {string[]} skipped paths of what is no file, directory or link
 *
 * @typedef {CopySummary & { path: string }} CopyProgress what was copied until
 *   now, and the path in the source of what is being copied
 *
 * @typedef {object} CopyOptions
 * @property {string} [path] in the source: a directory (what is in it is
 *   copied), a file or a link; "/"
 * @property {string} [target] the directory in the target, made if need be; "/"
 * @property {boolean} [atomic] all or nothing: `target` must be new or empty,
 *   and is there when all is in it. A page that goes away meanwhile leaves a
 *   directory `.incomplete-1` beside it
 * @property {(progress: CopyProgress) => void} [progress] called after each
 *   piece of at most 64 KiB and each name; what it throws ends the copying
 * @property {AbortSignal} [signal]
 */

/** One run of copyTree(). */
class Copy {
  /** @type {CopySummary} */
  summary = { files: 0, directories: 0, links: 0, bytes: 0, skipped: [] };
  /** What has several names, as it is in the target, by its ino in the source. */
  /** @type {Map<bigint, Node>} */
  #seen = new Map();
  #from;
  #to;
  #progress;

  /**
   * @param {VolumeAccess} from
   * @param {VolumeAccess} to
   * @param {CopyOptions["progress"]} progress
   */
  constructor(from, to, progress) {
    this.#from = from;
    this.#to = to;
    this.#progress = progress;
  }

  /**
   * @param {Node} node a directory of the source
   * @param {string} path of it
   * @param {Node} directory of the target, that what is in the node goes to
   * @param {string} target its path
   */
  async inside(node, path, directory, target) {
    const entries = await this.#from.entries(node, path);
    for (const one of entries) {
      const there = joined(target, one.name);
      await this.one(one.node, one.path, directory, one.name, there);
    }
  }

  /**
   * @param {Node} node of the source
   * @param {string} path of it
   * @param {Node} directory of the target
   * @param {string} name in it
   * @param {string} target path of that
   */
  async one(node, path, directory, name, target) {
    const { summary } = this;
    const { type } = node;
    const stat = await this.#from.stat(node, path);
    if (type === TYPE.DIRECTORY) {
      const made = await this.#to.directory(directory, [name], target);
      await this.inside(node, path, made, target);
      await this.#to.copyTimes(made, target, stat);
      summary.directories++;
    } else if (type === TYPE.FILE || type === TYPE.LINK) {
      const known = this.#seen.get(node.ino);
      if (known === undefined) {
        const copy =
          type === TYPE.FILE
            ? await this.#file(node, path, stat, directory, name, target)
            : await this.#link(node, path, directory, name, target);
        await this.#to.copyTimes(copy, target, stat);
        if (stat.links > 1) this.#seen.set(node.ino, copy);
      } else {
        await this.#to.writeHardLink(known, directory, name, target);
      }
      if (type === TYPE.FILE) summary.files++;
      else summary.links++;
    } else {
      summary.skipped.push(path);
    }
    this.#tell(path);
  }

  /**
   * @param {Node} node
   * @param {string} path
   * @param {import("./volume.js").Stat} stat
   * @param {Node} directory
   * @param {string} name
   * @param {string} target
   */
  #file(node, path, { sizeBytes }, directory, name, target) {
    return this.#to.writeFile(directory, name, target, async (writer) => {
      let left = sizeBytes;
      for await (const piece of this.#from.pieces(node, path)) {
        // One that is written to meanwhile may have no end.
        const part = piece.subarray(0, left);
        await writer.write(part);
        this.summary.bytes += part.length;
        left -= part.length;
        this.#tell(path);
        if (left === 0) break;
      }
    });
  }

  /**
   * @param {Node} node
   * @param {string} path
   * @param {Node} directory
   * @param {string} name
   * @param {string} target
   */
  async #link(node, path, directory, name, target) {
    const to = this.#to;
    await to.writeLink(
      directory,
      name,
      target,
      await this.#from.readLink(node, path),
    );
    return to.child(directory, name, target);
  }

  /** @param {string} path */
  #tell(path) {
    const { summary } = this;
    this.#progress?.({ ...summary, skipped: [...summary.skipped], path });
  }
}

/**
 * Copies what is at a path of a volume into a directory of another, or of the
 * same one. Directories are added to; a file or link that has the name of a
 * new one is replaced, never followed. Never more than a piece of a file is
 * held, the source is read no faster than the target takes it, and the page's
 * other tasks go on.
 *
 * Kept are the bytes, symbolic links as they are, names of one file within
 * what is copied, the times, as far as the target has them, and holes: blocks
 * of 4 KiB of zeros are not written. Where the target has no hard links
 * they are copies. What others change in the source meanwhile may be copied or
 * not. To be sure that the copy outlives a crash, sync or commit the target
 * afterwards.
 * @param {Volume} from opened if need be
 * @param {Volume} to opened if need be
 * @param {CopyOptions} [options]
 * @returns {Promise<CopySummary>} when all is in the target. When it fails, what
 *   came before stays, the file that was being written does not, and nothing is
 *   open
 * @throws {GossamerError} ECANCELED by the signal; EINVAL for a path with "..",
 *   for a directory into itself and for the root with `atomic`; ENOTEMPTY with
 *   `atomic`; what the volumes answer: ENOENT, ENOTDIR, EISDIR, ENOSPC, EROFS,
 *   EIO, ... The message has the path in the volume that refused
 */
export async function copyTree(from, to, options = {}) {
  const { path = "/", target = "/", atomic = false } = options;
  const { progress, signal } = options;
  const source = await VolumeAccess.open(from, signal);
  const sink = await VolumeAccess.open(to, signal);
  const names = VolumeAccess.names(path);
  const there = VolumeAccess.names(target);
  const node = await source.at(path);
  const isDirectory = node.type === TYPE.DIRECTORY;
  const name = names.at(-1) ?? "";
  if (from === to) {
    const copied = isDirectory ? there : [...there, name];
    if (names.every((one, index) => one === copied[index])) {
      const text = `${path}: cannot be copied into itself, to ${target}`;
      throw new GossamerError("EINVAL", text);
    }
  }
  return sink.fill(target, atomic, async (directory) => {
    const copy = new Copy(source, sink, progress);
    if (isDirectory) await copy.inside(node, path, directory, target);
    else await copy.one(node, path, directory, name, joined(target, name));
    return copy.summary;
  });
}
