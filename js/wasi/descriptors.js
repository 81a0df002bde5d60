/* Descriptors, and the table that numbers them: always the lowest that is
 * free, as POSIX has it. What a descriptor may do is said by its rights. */
import { ERRNO } from "../errors.js";
import { TYPE } from "../fs/volume.js";
import { FDFLAGS, RIGHTS, RIGHTS_ALL } from "./abi.js";
import { Turn } from "./wait.js";

/**
 * @typedef {import("../fs/namespace.js").Place} Place
 * @typedef {import("../fs/volume.js").File} File
 * @typedef {import("../fs/volume.js").Entry} Entry
 * @typedef {import("../io/stream.js").Stream} Stream
 *
 * @typedef {FileDescriptor | DirectoryDescriptor | StreamDescriptor} Descriptor
 *
 * @typedef {object} Rights
 * @property {number} base what may be done with the descriptor
 * @property {number} inheriting what may be done with those opened under it
 */

/** More than a program has use for; a leak is found before memory is gone. */
const MAX_DESCRIPTORS = 1 << 16;

/** Rights that mean something for a file, a directory, a stream, a socket. */
export const FILE_RIGHTS =
  RIGHTS.FD_DATASYNC |
  RIGHTS.FD_READ |
  RIGHTS.FD_SEEK |
  RIGHTS.FD_FDSTAT_SET_FLAGS |
  RIGHTS.FD_SYNC |
  RIGHTS.FD_TELL |
  RIGHTS.FD_WRITE |
  RIGHTS.FD_ADVISE |
  RIGHTS.FD_ALLOCATE |
  RIGHTS.FD_FILESTAT_GET |
  RIGHTS.FD_FILESTAT_SET_SIZE |
  RIGHTS.FD_FILESTAT_SET_TIMES |
  RIGHTS.POLL_FD_READWRITE;

export const DIRECTORY_RIGHTS =
  RIGHTS.FD_DATASYNC |
  RIGHTS.FD_FDSTAT_SET_FLAGS |
  RIGHTS.FD_SYNC |
  RIGHTS.PATH_CREATE_DIRECTORY |
  RIGHTS.PATH_CREATE_FILE |
  RIGHTS.PATH_LINK_SOURCE |
  RIGHTS.PATH_LINK_TARGET |
  RIGHTS.PATH_OPEN |
  RIGHTS.FD_READDIR |
  RIGHTS.PATH_READLINK |
  RIGHTS.PATH_RENAME_SOURCE |
  RIGHTS.PATH_RENAME_TARGET |
  RIGHTS.PATH_FILESTAT_GET |
  RIGHTS.PATH_FILESTAT_SET_SIZE |
  RIGHTS.PATH_FILESTAT_SET_TIMES |
  RIGHTS.FD_FILESTAT_GET |
  RIGHTS.FD_FILESTAT_SET_TIMES |
  RIGHTS.PATH_SYMLINK |
  RIGHTS.PATH_REMOVE_DIRECTORY |
  RIGHTS.PATH_UNLINK_FILE |
  RIGHTS.POLL_FD_READWRITE;

/** What changes something: none of these is left where nothing may change. */
export const WRITING_RIGHTS =
  RIGHTS.FD_DATASYNC |
  RIGHTS.FD_WRITE |
  RIGHTS.FD_ALLOCATE |
  RIGHTS.PATH_CREATE_DIRECTORY |
  RIGHTS.PATH_CREATE_FILE |
  RIGHTS.PATH_LINK_SOURCE |
  RIGHTS.PATH_LINK_TARGET |
  RIGHTS.PATH_RENAME_SOURCE |
  RIGHTS.PATH_RENAME_TARGET |
  RIGHTS.PATH_FILESTAT_SET_SIZE |
  RIGHTS.PATH_FILESTAT_SET_TIMES |
  RIGHTS.FD_FILESTAT_SET_SIZE |
  RIGHTS.FD_FILESTAT_SET_TIMES |
  RIGHTS.PATH_SYMLINK |
  RIGHTS.PATH_REMOVE_DIRECTORY |
  RIGHTS.PATH_UNLINK_FILE;

/** What every descriptor has. */
class BaseDescriptor {
  rights;
  inheriting;
  /** FDFLAGS */
  flags;
  /** Whether it has been closed; a call that waited finds it so. */
  closed = false;

  /**
   * @param {Rights} rights
   * @param {number} flags
   */
  constructor({ base, inheriting }, flags) {
    this.rights = base;
    this.inheriting = inheriting;
    this.flags = flags;
  }

  /** Whether it is never to wait. */
  get nonblocking() {
    return (this.flags & FDFLAGS.NONBLOCK) !== 0;
  }
}

/** An opened file of a volume, and where in it the next read begins. */
export class FileDescriptor extends BaseDescriptor {
  kind = /** @type {const} */ ("file");
  type = TYPE.FILE;
  position = 0;
  /** Reading and writing share the position, and so the turn. */
  reading = new Turn();
  writing = this.reading;
  place;
  file;

  /**
   * @param {Place} place
   * @param {File} file
   * @param {Rights} rights
   * @param {number} flags
   */
  constructor(place, file, rights, flags) {
    super(rights, flags);
    this.place = place;
    this.file = file;
  }

  close() {
    return this.place.mount.volume.closeFile(this.file);
  }
}

/** An opened directory: where paths begin. */
export class DirectoryDescriptor extends BaseDescriptor {
  kind = /** @type {const} */ ("directory");
  type = TYPE.DIRECTORY;
  /** @type {Entry[] | null} what fd_readdir goes through, since cookie 0 */
  entries = null;
  place;
  file;
  /** The ino of the directory above, as it was opened; its own at a root. */
  parentIno;
  /** The name a preopened directory is known by, as UTF-8. */
  preopen;

  /**
   * @param {Place} place
   * @param {File} file
   * @param {Rights} rights
   * @param {number} flags
   * @param {Uint8Array | null} [preopen]
   */
  constructor(place, file, rights, flags, preopen = null) {
    super(rights, flags);
    this.place = place;
    this.file = file;
    this.parentIno = place.node.ino;
    this.preopen = preopen;
  }

  close() {
    return this.place.mount.volume.closeFile(this.file);
  }
}

const STREAM_RIGHTS =
  RIGHTS.FD_FDSTAT_SET_FLAGS |
  RIGHTS.FD_FILESTAT_GET |
  RIGHTS.POLL_FD_READWRITE;

/** A terminal, pipe or socket. */
export class StreamDescriptor extends BaseDescriptor {
  kind = /** @type {const} */ ("stream");
  reading = new Turn();
  writing = new Turn();
  stream;
  type;

  /**
   * @param {Stream} stream
   * @param {number} type one of TYPE
   * @param {number} flags
   */
  constructor(stream, type, flags) {
    const socket = type === TYPE.SOCKET_STREAM;
    const base =
      STREAM_RIGHTS |
      (stream.readable ? RIGHTS.FD_READ : 0) |
      (stream.writable ? RIGHTS.FD_WRITE : 0) |
      (socket ? RIGHTS.SOCK_SHUTDOWN | RIGHTS.SOCK_ACCEPT : 0);
    super({ base, inheriting: socket ? RIGHTS_ALL : 0 }, flags);
    this.stream = stream;
    this.type = type;
  }

  close() {
    this.stream.close();
    return 0;
  }
}

export class Descriptors {
  /** @type {(Descriptor | null)[]} */
  #slots = [];
  /** No slot below is free. */
  #firstFree = 0;

  /**
   * @param {number} fd unsigned
   * @returns {Descriptor | null}
   */
  get(fd) {
    return this.#slots[fd] ?? null;
  }

  /** Whether add() would find a number. */
  get hasRoom() {
    while (this.#slots[this.#firstFree] != null) this.#firstFree++;
    return this.#firstFree < MAX_DESCRIPTORS;
  }

  /**
   * @param {Descriptor} descriptor
   * @returns {number} its number, or -EMFILE
   */
  add(descriptor) {
    if (!this.hasRoom) return -ERRNO.EMFILE;
    const fd = this.#firstFree;
    this.#slots[fd] = descriptor;
    this.#firstFree = fd + 1;
    return fd;
  }

  /**
   * Takes a descriptor out of the table and marks it closed; what it has open
   * is the caller's to close().
   * @param {number} fd
   * @returns {Descriptor | null}
   */
  remove(fd) {
    const descriptor = this.get(fd);
    if (descriptor === null) return null;
    this.#slots[fd] = null;
    this.#firstFree = Math.min(this.#firstFree, fd);
    descriptor.closed = true;
    return descriptor;
  }

  /**
   * Moves a descriptor to another number, whose own is closed.
   * @param {number} from
   * @param {number} to
   * @returns {Descriptor | null} what was at `to`, for the caller to close()
   */
  renumber(from, to) {
    const replaced = this.remove(to);
    this.#slots[to] = this.get(from);
    this.#slots[from] = null;
    this.#firstFree = Math.min(this.#firstFree, from);
    return replaced;
  }

  /** Takes out all: the program has ended. */
  clear() {
    const all = this.#slots.filter((descriptor) => descriptor !== null);
    for (const descriptor of all) descriptor.closed = true;
    this.#slots = [];
    this.#firstFree = 0;
    return all;
  }
}
