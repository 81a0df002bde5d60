/* What a volume should do, told in the plainest way: a map from paths to
 * numbers of files, and the files' bytes. For programs of operations made by
 * chance, see program.js. Answers are errno names, or what was read. */

/**
 * @typedef {object} ModelFile
 * @property {"file" | "directory" | "link"} type
 * @property {Uint8Array} bytes of a link: its target
 */

/** @param {string} path */
const parentOf = (path) => path.slice(0, path.lastIndexOf("/"));

export class Model {
  /** @type {Map<string, number>} the root is "" */
  paths = new Map([["", 0]]);
  /** @type {Map<number, ModelFile>} also those that are open without a path */
  files = new Map([[0, { type: "directory", bytes: new Uint8Array(0) }]]);
  #lastId = 0;

  /** @param {string} path @returns {ModelFile | undefined} */
  at(path) {
    const id = this.paths.get(path);
    return id === undefined ? undefined : this.files.get(id);
  }

  /** @param {string} path names in a directory, sorted */
  names(path) {
    return [...this.paths.keys()]
      .filter((one) => one !== "" && parentOf(one) === path)
      .map((one) => one.slice(path.length + 1))
      .sort();
  }

  /** @param {ModelFile["type"]} type the paths of all such */
  all(type) {
    return [...this.paths.keys()].filter((one) => this.at(one)?.type === type);
  }

  /** @param {number} id how many links stat tells */
  links(id) {
    const paths = [...this.paths].filter(([, one]) => one === id);
    if (this.files.get(id)?.type !== "directory") return paths.length;
    if (paths.length === 0) return 0;
    const [path = ""] = paths[0] ?? [];
    const inside = this.names(path).map((name) => this.at(`${path}/${name}`));
    return 2 + inside.filter((file) => file?.type === "directory").length;
  }

  /**
   * @param {string} path
   * @param {ModelFile["type"]} type
   * @param {Uint8Array} [bytes]
   */
  make(path, type, bytes = new Uint8Array(0)) {
    if (this.paths.has(path)) return "EEXIST";
    this.#lastId++;
    this.paths.set(path, this.#lastId);
    this.files.set(this.#lastId, { type, bytes });
    return "";
  }

  /** @param {string} from @param {string} path */
  link(from, path) {
    const id = this.paths.get(from) ?? -1;
    if (this.at(from)?.type === "directory") return "EPERM";
    if (this.paths.has(path)) return "EEXIST";
    this.paths.set(path, id);
    return "";
  }

  /** @param {string} path */
  unlink(path) {
    const file = this.at(path);
    if (file === undefined) return "ENOENT";
    if (file.type === "directory") return "EISDIR";
    this.paths.delete(path);
    return "";
  }

  /** @param {string} path */
  removeDirectory(path) {
    const file = this.at(path);
    if (file === undefined) return "ENOENT";
    if (file.type !== "directory") return "ENOTDIR";
    if (this.names(path).length > 0) return "ENOTEMPTY";
    this.paths.delete(path);
    return "";
  }

  /** @param {string} from @param {string} to */
  rename(from, to) {
    const file = this.at(from);
    if (file === undefined) return "ENOENT";
    if (this.paths.get(from) === this.paths.get(to)) return "";
    const isDirectory = file.type === "directory";
    if (isDirectory && to.startsWith(`${from}/`)) return "EINVAL";
    const old = this.at(to);
    if (old !== undefined) {
      if (isDirectory && old.type !== "directory") return "ENOTDIR";
      if (!isDirectory && old.type === "directory") return "EISDIR";
      if (isDirectory && this.names(to).length > 0) return "ENOTEMPTY";
    }
    this.paths.delete(to);
    for (const [path, id] of [...this.paths]) {
      if (path !== from && !path.startsWith(`${from}/`)) continue;
      this.paths.delete(path);
      this.paths.set(to + path.slice(from.length), id);
    }
    return "";
  }

  /**
   * @param {number} id
   * @param {number} position -1: the end
   * @param {Uint8Array} data
   */
  write(id, position, data) {
    const { bytes } = this.#file(id);
    const at = position < 0 ? bytes.length : position;
    if (data.length === 0) return;
    this.resize(id, Math.max(bytes.length, at + data.length));
    this.#file(id).bytes.set(data, at);
  }

  /** @param {number} id @param {number} size */
  resize(id, size) {
    const file = this.#file(id);
    const resized = new Uint8Array(size);
    resized.set(file.bytes.subarray(0, size));
    file.bytes = resized;
  }

  /** @param {number} id @param {number} position @param {number} size */
  read(id, position, size) {
    return this.#file(id).bytes.slice(position, position + size);
  }

  /** @param {number} id */
  #file(id) {
    const file = this.files.get(id);
    if (file === undefined) throw new Error(`the model lost file ${id}`);
    return file;
  }
}
