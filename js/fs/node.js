/* A directory of the host as a volume, for programs that run in Node; no page
 * loads this file. Every call is synchronous, so all answers are there at once.
 * How nothing leads out of the directory is in node-host.js. */
import {
  closeSync,
  constants,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  futimesSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readSync,
  readdirSync,
  renameSync,
  rmdirSync,
  statfsSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeSync,
} from "node:fs";
import { ERRNO } from "../errors.js";
import { Host, errnoFor, failure, typeOf } from "./node-host.js";
import { MAX_SIZE_BYTES, TYPE, Volume } from "./volume.js";

/**
 * @typedef {import("./volume.js").Access} Access
 * @typedef {import("./volume.js").Entry} Entry
 * @typedef {import("./volume.js").Stat} Stat
 * @typedef {import("./node-host.js").HostNode} HostNode
 *
 * @typedef {object} NodeOptions
 * @property {boolean} [readOnly] nothing may be changed (EROFS)
 *
 * An opened file, or directory.
 * @typedef {object} HostFile
 * @property {Host} host
 * @property {HostNode} node
 * @property {number} fd -1 for a directory
 * @property {number} appendFd opened to append, -1 until something was
 * @property {boolean} writable
 */

const { O_CREAT, O_EXCL, O_RDONLY, O_RDWR, O_WRONLY, O_APPEND } = constants;
const O_NOFOLLOW = constants.O_NOFOLLOW ?? 0;

/** Node passes counts on as 32-bit numbers, and Linux moves no more at once. */
const MAX_MOVE_BYTES = 0x7fff_f000;
/** What is written to make room. */
const ZEROS_BYTES = 1 << 20;
/** The unit of st_blocks. */
const BLOCK_COUNT_BYTES = 512;

const NS_PER_S = 1_000_000_000n;
/** What stands in a name for bytes that are not UTF-8. */
const REPLACEMENT = "\ufffd";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * @param {Uint8Array} bytes
 * @returns {string | null} null for what is not UTF-8
 */
function decode(bytes) {
  try {
    return decoder.decode(bytes);
  } catch {
    return null;
  }
}

/**
 * Seconds for utimes(), which takes a double: a time is kept to within a
 * microsecond. One step up, for what is below a microsecond is cut off.
 * @param {bigint} timeNs
 */
function secondsOf(timeNs) {
  const whole = Number(timeNs / NS_PER_S);
  const micro = Number((timeNs % NS_PER_S) / 1000n);
  return (whole + micro / 1e6) * (1 + Number.EPSILON);
}

/**
 * The host's directory as it is: its permissions, owners and limits hold as
 * for the process. Names that are not UTF-8 cannot be said by a program and are
 * left out of listings; a directory with one of them is not empty all the same.
 * FIFOs, sockets and devices are seen and can be renamed and unlinked, and
 * opening one is ENOTSUP. A link's target is stored as it was given: what other
 * programs of the host find through it is their affair.
 */
class NodeVolume extends Volume {
  #path;
  #readOnly;
  #byPath;
  /** @type {Host | null} */
  #host = null;

  /**
   * @param {string} path
   * @param {boolean} readOnly
   * @param {boolean} byPath
   */
  constructor(path, readOnly, byPath) {
    super();
    this.#path = path;
    this.#readOnly = readOnly;
    this.#byPath = byPath;
  }

  /** @override */
  get readOnly() {
    return this.#readOnly;
  }

  /** @override ENOENT, ENOTDIR */
  open() {
    if (this.#host !== null) return 0;
    try {
      this.#host = new Host(this.#path, this.#byPath);
      return 0;
    } catch (error) {
      return -errnoFor(error);
    }
  }

  /** Lets go of the directory; files that are open stay so until closeFile(). */
  close() {
    this.#host?.close();
    this.#host = null;
  }

  /** @override */
  get root() {
    if (this.#host === null) throw new TypeError("the volume is not open");
    return this.#host.root;
  }

  /**
   * Of the host's whole file system, that the directory is a part of; the
   * limit is what the process may fill it up to.
   * @override
   * @returns {import("./volume.js").Usage | number}
   */
  usage() {
    return this.#answer((host) => {
      const system = statfsSync(host.pathOf(host.root));
      const usedBytes = (system.blocks - system.bfree) * system.bsize;
      return {
        usedBytes,
        limitBytes: usedBytes + system.bavail * system.bsize,
        nodes: system.files - system.ffree,
      };
    });
  }

  /**
   * @template T
   * @param {(host: Host) => T} body that may be run twice
   * @returns {T | number} a negative errno for what it throws
   */
  #answer(body) {
    const host = this.#host;
    if (host === null) return -ERRNO.EBADF;
    try {
      return body(host);
    } catch (error) {
      const errno = errnoFor(error);
      if (errno !== ERRNO.EMFILE) return -errno;
    }
    host.trim();
    try {
      return body(host);
    } catch (error) {
      return -errnoFor(error);
    }
  }

  /**
   * As answer(), for what changes something.
   * @template T
   * @param {(host: Host) => T} body
   * @returns {T | number}
   */
  #change(body) {
    return this.#readOnly ? -ERRNO.EROFS : this.#answer(body);
  }

  /**
   * @override
   * @param {HostNode} directory
   * @param {string} name
   */
  lookup(directory, name) {
    return this.#answer((host) => host.find(directory, name));
  }

  /**
   * @override
   * @param {HostNode} directory
   */
  list(directory) {
    return this.#answer((host) => {
      if (directory.type !== TYPE.DIRECTORY) throw failure("ENOTDIR");
      const path = host.pathOf(directory);
      /** @type {Entry[]} */
      const entries = [];
      for (const name of namesIn(path)) {
        const stats = lstatSync(`${path}/${name}`, {
          bigint: true,
          throwIfNoEntry: false,
        });
        if (stats === undefined) continue; // unlinked by others meanwhile
        entries.push({ name, ino: host.inoOf(stats), type: typeOf(stats) });
      }
      return entries;
    });
  }

  /**
   * @override
   * @param {HostNode} directory
   * @param {string} name
   */
  create(directory, name) {
    return this.#change((host) => {
      const path = host.at(directory, name);
      const flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW;
      return host.adopt(directory, name, openSync(path, flags, 0o666));
    });
  }

  /**
   * @override
   * @param {HostNode} directory
   * @param {string} name
   */
  makeDirectory(directory, name) {
    const made = this.#change((host) => {
      mkdirSync(host.at(directory, name), 0o777);
      return 0;
    });
    return made < 0 ? made : this.lookup(directory, name);
  }

  /**
   * @override
   * @param {HostNode} node
   * @param {HostNode} directory
   * @param {string} name
   */
  link(node, directory, name) {
    return this.#change((host) => {
      if (node.type === TYPE.DIRECTORY) throw failure("EPERM");
      const path = host.at(directory, name);
      linkSync(host.nameOf(node), path);
      if (node.is(lstatSync(path, { bigint: true }))) return 0;
      // The name was another node's by then, or leads elsewhere.
      unlinkSync(path);
      throw failure("ENOENT");
    });
  }

  /**
   * @override
   * @param {HostNode} directory
   * @param {string} name
   * @param {string} target
   */
  symlink(directory, name, target) {
    return this.#change((host) => {
      symlinkSync(target, host.at(directory, name));
      return 0;
    });
  }

  /**
   * @override EILSEQ for a target that is not UTF-8
   * @param {HostNode} link
   */
  readlink(link) {
    return this.#answer((host) => {
      const target = decode(host.target(link));
      if (target === null) throw failure("EILSEQ");
      return target;
    });
  }

  /**
   * @override
   * @param {HostNode} directory
   * @param {string} name
   */
  unlink(directory, name) {
    return this.#change((host) => {
      const path = host.at(directory, name);
      host.forgetFound();
      try {
        unlinkSync(path);
      } catch (error) {
        // What POSIX wants of a directory is EPERM.
        if (errnoFor(error) !== ERRNO.EPERM) throw error;
        throw lstatSync(path).isDirectory() ? failure("EISDIR") : error;
      }
      return 0;
    });
  }

  /**
   * @override
   * @param {HostNode} directory
   * @param {string} name
   */
  removeDirectory(directory, name) {
    return this.#change((host) => {
      const path = host.at(directory, name);
      try {
        rmdirSync(path);
      } catch (error) {
        // POSIX leaves it to the system which of the two it is.
        throw errnoFor(error) === ERRNO.EEXIST ? failure("ENOTEMPTY") : error;
      }
      return 0;
    });
  }

  /**
   * @override
   * @param {HostNode} from
   * @param {string} fromName
   * @param {HostNode} to
   * @param {string} toName
   */
  rename(from, fromName, to, toName) {
    return this.#change((host) => {
      const moved = host.holds ? null : host.find(from, fromName);
      host.forgetFound();
      const old = host.at(from, fromName);
      try {
        renameSync(old, host.at(to, toName));
      } catch (error) {
        const errno = errnoFor(error);
        if (errno !== ERRNO.ENOTEMPTY && errno !== ERRNO.EEXIST) throw error;
        // Linux says so even of a file, when what it would replace is above it.
        const file = !lstatSync(old).isDirectory();
        throw failure(file ? "EISDIR" : "ENOTEMPTY");
      }
      if (moved !== null) host.renamed(moved, to, toName);
      return 0;
    });
  }

  /**
   * @override
   * @param {HostNode} node
   * @param {Stat} stat
   */
  stat(node, stat) {
    return this.#answer((host) => {
      const stats = host.stats(node);
      stat.ino = node.ino;
      stat.type = node.type;
      stat.links = Number(stats.nlink);
      stat.sizeBytes = Number(stats.size);
      stat.atimeNs = stats.atimeNs;
      stat.mtimeNs = stats.mtimeNs;
      stat.ctimeNs = stats.ctimeNs;
      return 0;
    });
  }

  /**
   * Times are kept to within a microsecond, also the one that is left as it is.
   * @override
   * @param {HostNode} node
   * @param {bigint | null} atimeNs
   * @param {bigint | null} mtimeNs
   */
  setTimes(node, atimeNs, mtimeNs) {
    return this.#change((host) => {
      if (atimeNs === null && mtimeNs === null) return 0;
      const { atimeNs: atime, mtimeNs: mtime } = host.stats(node);
      const times = /** @type {const} */ ([
        secondsOf(atimeNs ?? atime),
        secondsOf(mtimeNs ?? mtime),
      ]);
      const fd = node.open.at(-1);
      if (fd !== undefined) futimesSync(fd, ...times);
      else if (host.holds) utimesSync(host.pathOf(node), ...times);
      else lutimesSync(host.pathOf(node), ...times);
      return 0;
    });
  }

  /**
   * A directory is held, a file is opened with what access asks for, at least
   * for reading.
   * @override ENOTSUP for what is neither
   * @param {HostNode} node
   * @param {Access} access
   * @returns {HostFile | number}
   */
  openNode(node, { read, write }) {
    if (write && this.#readOnly) return -ERRNO.EROFS;
    return this.#answer((host) => {
      if (node.type === TYPE.DIRECTORY) {
        if (write) throw failure("EISDIR");
        host.pin(node);
        return { host, node, fd: -1, appendFd: -1, writable: false };
      }
      const flags = write ? (read ? O_RDWR : O_WRONLY) : O_RDONLY;
      const fd = host.openFile(node, flags);
      node.open.push(fd);
      return { host, node, fd, appendFd: -1, writable: write };
    });
  }

  /**
   * @override
   * @param {HostFile} file
   */
  closeFile(file) {
    const { host, node, fd, appendFd } = file;
    if (fd < 0) {
      host.unpin(node);
      return 0;
    }
    node.open.splice(node.open.indexOf(fd), 1);
    file.appendFd = -1;
    return Math.min(closed(fd), appendFd < 0 ? 0 : closed(appendFd));
  }

  /**
   * @override
   * @param {HostFile} file
   * @param {number} position
   * @param {Uint8Array} bytes
   * @param {number} at
   * @param {number} size
   */
  read({ fd }, position, bytes, at, size) {
    let done = 0;
    try {
      while (done < size) {
        const part = Math.min(size - done, MAX_MOVE_BYTES);
        const got = readSync(fd, bytes, at + done, part, position + done);
        done += got;
        if (got < part) break;
      }
    } catch (error) {
      if (done === 0) return -errnoFor(error);
    }
    return done;
  }

  /**
   * What is appended is so whatever else the host's programs append, where the
   * system has /proc; elsewhere it goes to where the end was.
   * @override
   * @param {HostFile} file
   * @param {number} position
   * @param {Uint8Array} bytes
   * @param {number} at
   * @param {number} size
   */
  write(file, position, bytes, at, size) {
    if (position > MAX_SIZE_BYTES - size) return -ERRNO.EFBIG;
    let done = 0;
    try {
      const appends = position < 0 && this.#opensToAppend(file);
      const fd = appends ? file.appendFd : file.fd;
      const from = position >= 0 || appends ? position : fstatSync(fd).size;
      while (done < size) {
        const part = Math.min(size - done, MAX_MOVE_BYTES);
        const to = appends ? null : from + done;
        const put = writeSync(fd, bytes, at + done, part, to);
        done += put;
        if (put === 0) break;
      }
    } catch (error) {
      if (done === 0) return -errnoFor(error);
    }
    return done;
  }

  /**
   * @override
   * @param {HostFile} file
   */
  size({ fd }) {
    try {
      return fstatSync(fd).size;
    } catch (error) {
      return -errnoFor(error);
    }
  }

  /**
   * @override
   * @param {HostFile} file
   * @param {number} sizeBytes
   */
  resize({ fd }, sizeBytes) {
    try {
      ftruncateSync(fd, sizeBytes);
      return 0;
    } catch (error) {
      return -errnoFor(error);
    }
  }

  /**
   * Node has no fallocate(): zeros are written where nothing was. In a gap
   * that is one byte a block; another program that writes to the same gap in
   * the same instant may lose that byte.
   * @override
   * @param {HostFile} file
   * @param {number} offset
   * @param {number} size
   */
  allocate(file, offset, size) {
    if (!file.writable) return -ERRNO.EBADF;
    return this.#change((host) => {
      const { fd } = file;
      const end = offset + size;
      const stats = fstatSync(fd);
      const gaps = Math.max(0, stats.size - stats.blocks * BLOCK_COUNT_BYTES);
      const inside = gaps > 0 ? Math.min(end, stats.size) - offset : 0;
      const beyond = Math.max(0, end - stats.size);
      const { bavail, bsize } = statfsSync(host.pathOf(file.node));
      // Finding that out by writing would take the whole disk first.
      if (Math.min(inside, gaps) + beyond > bavail * bsize) {
        throw failure("ENOSPC");
      }
      fillGaps(fd, offset, offset + inside, stats.blksize);
      try {
        extend(fd, stats.size, end);
      } catch (error) {
        ftruncateSync(fd, stats.size);
        throw error;
      }
      return 0;
    });
  }

  /**
   * @override
   * @param {HostFile} file
   * @param {boolean} dataOnly
   */
  sync({ node, fd }, dataOnly) {
    return this.#answer((host) => {
      const own = fd < 0 ? host.openDirectory(node) : fd;
      try {
        if (dataOnly) fdatasyncSync(own);
        else fsyncSync(own);
      } finally {
        if (own !== fd) closeSync(own);
      }
      return 0;
    });
  }

  /** @param {HostFile} file */
  #opensToAppend(file) {
    if (file.appendFd >= 0) return true;
    // Opening again could give what the first opening did not.
    if (!file.writable) throw failure("EBADF");
    try {
      file.appendFd = this.#host?.reopen(file.fd, O_WRONLY | O_APPEND) ?? -1;
    } catch {
      // The file's mode was changed: it is written by what is open.
    }
    return file.appendFd >= 0;
  }
}

/** @param {number} fd */
function closed(fd) {
  try {
    closeSync(fd);
    return 0;
  } catch (error) {
    return -errnoFor(error);
  }
}

/**
 * @param {string} path
 * @returns {string[]} those that are UTF-8
 */
function namesIn(path) {
  const names = readdirSync(path);
  if (!names.some((name) => name.includes(REPLACEMENT))) return names;
  return readdirSync(path, { encoding: "buffer" })
    .map(decode)
    .filter((name) => name !== null);
}

/**
 * @param {number} fd
 * @param {number} from where it ends
 * @param {number} end
 */
function extend(fd, from, end) {
  const zeros = new Uint8Array(Math.min(ZEROS_BYTES, Math.max(0, end - from)));
  for (let at = from; at < end;) {
    at += writeSync(fd, zeros, 0, Math.min(zeros.length, end - at), at);
  }
}

/**
 * @param {number} fd
 * @param {number} from
 * @param {number} end
 * @param {number} blockBytes
 */
function fillGaps(fd, from, end, blockBytes) {
  const byte = new Uint8Array(1);
  for (let at = from; at < end; at += blockBytes - (at % blockBytes)) {
    readSync(fd, byte, 0, 1, at);
    if (byte[0] === 0) writeSync(fd, byte, 0, 1, at);
  }
}

/**
 * A directory of the host, for a mount of a program in Node. Errors of the
 * host keep their numbers (EIO for what has none). Allocating writes zeros;
 * times are kept to within a microsecond.
 * @param {string} path
 * @param {NodeOptions & { byPath?: boolean }} [options] byPath: as where the
 *   system has no /proc, for tests
 * @returns {NodeVolume} `close()` lets go of the directory
 */
function nodeVolume(path, { readOnly = false, byPath = false } = {}) {
  return new NodeVolume(path, readOnly, byPath);
}

export { nodeVolume as node };
