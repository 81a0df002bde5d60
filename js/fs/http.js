/* Files of a web server as a volume that is only read: what a program opens
 * below the mount is fetched from the base address and the path. A server has
 * no directories. With a list of the files (`manifest`) the tree is that list;
 * without, names are asked for one by one, and a name is taken for a directory
 * when something below it is looked up. */
import { ERRNO, GossamerError, messageOf } from "../errors.js";
import { BlockCache } from "./http-cache.js";
import { HttpFile, readWhole, tooLarge } from "./http-file.js";
import { Source, drop } from "./http-source.js";
import { HttpNode, parseManifest } from "./http-tree.js";
import { TYPE, Volume } from "./volume.js";

/**
 * @typedef {import("./http-source.js").Answer} Answer
 * @typedef {import("./http-tree.js").Manifest} Manifest
 * @typedef {import("./volume.js").Access} Access
 * @typedef {import("./volume.js").Entry} Entry
 * @typedef {import("./volume.js").Stat} Stat
 *
 * @typedef {object} OwnOptions
 * @property {Manifest | string | URL} [manifest] all files, or the address of a
 *   JSON file that lists them, relative to the base address. What it says is
 *   believed: sizes are not asked for, and a file of another size is ESTALE
 * @property {"none" | "memory"} [cache] whether what was read is kept, to be
 *   read again without a request while the server says it is the same ("memory")
 * @property {number} [cacheBytes] in bytes, how much at most: 32 MiB
 * @property {number} [limitBytes] in bytes, the largest file that is fetched as
 *   a whole, when the server gives no parts: 64 MiB
 *
 * @typedef {OwnOptions & import("./http-source.js").SourceOptions} HttpOptions
 */

const MEBIBYTE = 2 ** 20;
const CACHE_BYTES = 32 * MEBIBYTE;
const LIMIT_BYTES = 64 * MEBIBYTE;
/** Directories that are remembered because something was found below them. */
const MAX_DIRECTORIES = 10_000;

class HttpVolume extends Volume {
  #source;
  #manifest;
  #limitBytes;
  #cache;
  /** @type {HttpNode | null} */
  #root = null;
  /** Paths below which something was found, where there is no manifest. */
  /** @type {Set<string>} */
  #directories = new Set();
  /** Ends what is asked for no opened file. */
  #abort = new AbortController();

  /**
   * @param {string | URL} baseUrl
   * @param {HttpOptions} options
   */
  constructor(baseUrl, options) {
    super();
    const { manifest, limitBytes = LIMIT_BYTES, cache = "memory" } = options;
    const { cacheBytes = CACHE_BYTES } = options;
    for (const [name, size] of Object.entries({ limitBytes, cacheBytes })) {
      if (size >= 0) continue;
      throw new GossamerError("EINVAL", `${name}: not a size: ${size}`);
    }
    if (cache !== "none" && cache !== "memory") {
      throw new GossamerError("EINVAL", `cache: "none" or "memory": ${cache}`);
    }
    this.#source = new Source(baseUrl, options);
    this.#limitBytes = limitBytes;
    this.#cache = new BlockCache(cache === "none" ? 0 : cacheBytes);
    const remote = typeof manifest === "string" || manifest instanceof URL;
    this.#manifest = remote ? new URL(manifest, this.#source.href) : null;
    if (manifest === undefined) this.#root = new HttpNode(TYPE.DIRECTORY, "");
    else if (!remote) this.#root = parseManifest(manifest);
  }

  /** @override */
  get readOnly() {
    return true;
  }

  /**
   * Fetches the manifest, if it is an address; nothing else.
   * @override ENOENT, EACCES, EIO; EINVAL for what is no manifest
   */
  open() {
    return this.#root !== null || this.#manifest === null
      ? 0
      : this.#fetchManifest(this.#manifest);
  }

  /** @param {URL} url */
  async #fetchManifest(url) {
    const { signal } = this.#abort;
    const answer = await this.#source.ask(url, { signal });
    if (typeof answer === "number") return answer;
    /** @type {number} */
    let errno = ERRNO.EIO;
    try {
      const text = await answer.response.text();
      errno = ERRNO.EINVAL;
      this.#root ??= parseManifest(JSON.parse(text));
      return 0;
    } catch (error) {
      return this.#source.fail(`${url.href}: ${messageOf(error)}`, errno);
    }
  }

  /** Gives up what is asked for; opened files are ended by closeFile(). */
  close() {
    this.#abort.abort();
  }

  /** @override */
  get root() {
    if (this.#root === null) throw new TypeError("the volume is not open");
    return this.#root;
  }

  /** In bytes: what is kept of files that were read. */
  get cachedBytes() {
    return this.#cache.takenBytes;
  }

  get #listed() {
    return this.#root?.children !== null;
  }

  /**
   * @override ENOENT, EACCES; EIO for what the server or network fails in
   * @param {HttpNode} directory
   * @param {string} name
   * @param {boolean} [below]
   */
  lookup(directory, name, below = false) {
    if (directory.type !== TYPE.DIRECTORY) return -ERRNO.ENOTDIR;
    if (directory.children !== null) {
      return directory.children.get(name) ?? -ERRNO.ENOENT;
    }
    const path = directory.pathOf(name);
    if (below || this.#directories.has(path)) {
      return new HttpNode(TYPE.DIRECTORY, path);
    }
    return this.#find(path);
  }

  /**
   * @param {string} path
   * @returns {Promise<HttpNode | number>}
   */
  async #find(path) {
    const url = this.#source.urlOf(path);
    if (url === null) return -ERRNO.ENOENT;
    const { signal } = this.#abort;
    const asking = { orDirectory: true, signal };
    let answer = await this.#source.ask(url, { ...asking, method: "HEAD" });
    if (answer === -ERRNO.ENOTSUP) {
      answer = await this.#source.ask(url, { ...asking, from: 0, end: 1 });
    }
    if (typeof answer === "number") return answer;
    drop(answer.response);
    const type = answer.directory ? TYPE.DIRECTORY : TYPE.FILE;
    for (
      let at = path.lastIndexOf("/");
      at > 0;
      at = path.lastIndexOf("/", at - 1)
    ) {
      if (this.#directories.size < MAX_DIRECTORIES) {
        this.#directories.add(path.slice(0, at));
      }
    }
    return answer.directory
      ? new HttpNode(type, path)
      : new HttpNode(type, path, answer.facts);
  }

  /**
   * @override ENOTSUP without a manifest
   * @param {HttpNode} directory
   */
  list(directory) {
    if (directory.type !== TYPE.DIRECTORY) return -ERRNO.ENOTDIR;
    if (directory.children === null) {
      const words = "a server does not list its files: give a `manifest`";
      return this.#source.fail(`${this.#source.href}: ${words}`, ERRNO.ENOTSUP);
    }
    return Array.from(directory.children, ([name, { ino, type }]) => {
      return { name, ino, type };
    });
  }

  /**
   * @override
   * @param {HttpNode} node
   * @param {Stat} stat
   */
  stat(node, stat) {
    const fill = () => {
      stat.ino = node.ino;
      stat.type = node.type;
      stat.links = 1;
      stat.sizeBytes = Math.max(0, node.facts.sizeBytes);
      stat.atimeNs = stat.mtimeNs = stat.ctimeNs = node.facts.mtimeNs;
      return 0;
    };
    const known = node.type === TYPE.DIRECTORY || node.facts.sizeBytes >= 0;
    if (known) return fill();
    return this.#learn(node).then((answer) => {
      if (typeof answer === "number") return answer;
      answer.abort.abort();
      return fill();
    });
  }

  /**
   * Asks for all of a file, to see how large it is.
   * @param {HttpNode} node whose facts become what the answer says
   * @returns {Promise<{ answer: Answer, abort: AbortController,
   *   whole: Uint8Array | null } | number>}
   */
  async #learn(node) {
    const url = this.#source.urlOf(node.path);
    if (url === null) return -ERRNO.ENOENT;
    const abort = new AbortController();
    const { signal } = abort;
    const answer = await this.#source.ask(url, { from: 0, signal });
    if (typeof answer === "number") return answer;
    let { sizeBytes } = answer.facts;
    /** @type {Uint8Array | null} */
    let whole = null;
    if (sizeBytes < 0) {
      // It comes in pieces whose number the server does not know yet.
      const all = await readWhole(answer.response, this.#limitBytes);
      if (typeof all === "number") {
        const words =
          all === -ERRNO.EFBIG ? tooLarge(this.#limitBytes) : "broke off";
        return this.#source.fail(`${url.href}: ${words}`, -all);
      }
      whole = all;
      sizeBytes = all.length;
    }
    const { mtimeNs, validator } = answer.facts;
    node.facts = {
      sizeBytes,
      mtimeNs: mtimeNs || node.facts.mtimeNs,
      validator,
    };
    return { answer, abort, whole };
  }

  /**
   * @override
   * @param {HttpNode} node
   * @param {Access} access
   */
  openNode(node, { write }) {
    if (write) return -ERRNO.EROFS;
    if (node.type === TYPE.DIRECTORY) return { node, close() {} };
    if (node.facts.sizeBytes >= 0) return this.#openFile(node);
    return this.#learn(node).then((learnt) => {
      if (typeof learnt === "number") return learnt;
      const file = this.#openFile(node);
      const { answer, abort, whole } = learnt;
      return whole === null
        ? file.begin(answer, abort)
        : file.beginWhole(whole);
    });
  }

  /** @param {HttpNode} node */
  #openFile(node) {
    const { sizeBytes, validator } = node.facts;
    const blocks = this.#cache.enter(
      node.path,
      validator,
      sizeBytes,
      this.#listed,
    );
    return new HttpFile(node, this.#source, blocks, this.#limitBytes);
  }

  /**
   * @override
   * @param {HttpFile} file
   */
  closeFile(file) {
    file.close();
    return 0;
  }

  /**
   * @override ESTALE when the file has changed since it was opened; EFBIG for a
   *   seek in a file above limitBytes of a server that gives no parts
   * @param {HttpFile} file
   * @param {number} position
   * @param {Uint8Array} bytes
   * @param {number} at
   * @param {number} size
   */
  read(file, position, bytes, at, size) {
    return file.read(position, bytes, at, size);
  }

  /**
   * @override
   * @param {HttpFile} file
   */
  size(file) {
    return file.sizeBytes;
  }
}

/** EROFS, whatever it is asked for. */
const CHANGES = /** @type {const} */ ([
  "create",
  "makeDirectory",
  "link",
  "symlink",
  "unlink",
  "removeDirectory",
  "rename",
  "setTimes",
  "write",
  "resize",
  "allocate",
]);
for (const name of CHANGES) HttpVolume.prototype[name] = () => -ERRNO.EROFS;
HttpVolume.prototype.readlink = () => -ERRNO.EINVAL;

/**
 * The files below an address, for a mount that is only read. They are fetched
 * when they are read, and only from `sources`.
 * @param {string | URL} baseUrl of the directory; a page's may be relative
 * @param {HttpOptions} [options]
 * @returns {HttpVolume} `close()` gives up what it is asking for
 * @throws {GossamerError} EINVAL for an option that is wrong
 */
export function http(baseUrl, options = {}) {
  return new HttpVolume(baseUrl, options);
}
