/* What all functions with a path begin with: the directory it starts at, the
 * path in memory, and the walk along it. */
import { ERRNO } from "../errors.js";
import { Paths } from "../fs/paths.js";
import { MODE, Walk } from "../fs/walk.js";
import { u32 } from "../memory.js";
import { LOOKUP_SYMLINK_FOLLOW } from "./abi.js";
import { WRITING_RIGHTS } from "./descriptors.js";

/**
 * @typedef {import("./context.js").Context} Context
 * @typedef {import("./descriptors.js").DirectoryDescriptor} DirectoryDescriptor
 * @typedef {import("./wait.js").Result} Result
 * @typedef {import("../fs/paths.js").Path} Path
 *
 * What is done at the end of a walk. The walk is its own until it returns: what
 * has to wait afterwards keeps what it needs of it.
 * @callback Arrived
 * @param {number} error 0, or a negative errno
 * @param {Walk} walk
 * @returns {Result}
 */

/**
 * How lookupflags say to treat the last component.
 * @param {number} flags
 * @returns {number} one of MODE, or -EINVAL for flags that there are not
 */
export function readMode(flags) {
  switch (u32(flags)) {
    case 0:
      return MODE.ENTRY;
    case LOOKUP_SYMLINK_FOLLOW:
      return MODE.FOLLOW;
    default:
      return -ERRNO.EINVAL;
  }
}

/**
 * Whether a directory lets something be changed where a walk led. Where it does
 * not because its mount is read-only, directory() did not say so: whoever asks
 * for what is there already, or is not there, hears that first.
 * @param {DirectoryDescriptor} directory
 * @param {number} right
 * @param {Walk} walk
 */
export function mayChange(directory, right, walk) {
  return (directory.rights & right) === right && !walk.parentMount.readOnly;
}

export class Lookups {
  #memory;
  #descriptors;
  #waits;
  #paths = new Paths();
  /** Walks that are done. */
  /** @type {Walk[]} */
  #spare = [];

  /** @param {Context} context */
  constructor({ memory, descriptors, waits }) {
    this.#memory = memory;
    this.#descriptors = descriptors;
    this.#waits = waits;
  }

  /**
   * The directory that paths start at.
   * @param {number} fd
   * @param {number} right that it must have; on a read-only mount, where none
   *   of those that change something is left, mayChange() asks for it
   * @returns {DirectoryDescriptor | number} or an errno
   */
  directory(fd, right) {
    const descriptor = this.#descriptors.get(u32(fd));
    if (descriptor === null) return ERRNO.EBADF;
    if (descriptor.kind !== "directory") return ERRNO.ENOTDIR;
    const missing = right & ~descriptor.rights;
    if (missing === 0) return descriptor;
    const { readOnly } = descriptor.place.mount;
    return readOnly && (missing & ~WRITING_RIGHTS) === 0
      ? descriptor
      : ERRNO.ENOTCAPABLE;
  }

  /**
   * @param {number} pointer
   * @param {number} size
   * @returns {Path | number} or a negative errno
   */
  path(pointer, size) {
    const at = u32(pointer);
    const length = u32(size);
    return this.#memory.contains(at, length)
      ? this.#paths.read(this.#memory.bytes, at, length)
      : -ERRNO.EFAULT;
  }

  /**
   * Resolves a path.
   * @param {DirectoryDescriptor} directory
   * @param {Path} path
   * @param {number} mode one of MODE
   * @param {Arrived} next
   * @returns {Result}
   */
  walk({ place }, path, mode, next) {
    const walk = this.#spare.pop() ?? new Walk(place);
    return this.#settle(walk, walk.begin(place, path, mode), next);
  }

  /**
   * Resolves a path whose last name is to be made or taken away.
   * @param {number} fd
   * @param {number} right that it takes
   * @param {number} pointer
   * @param {number} size
   * @param {(walk: Walk, allowed: boolean) => Result} next called when the path
   *   leads somewhere, with whether that may be changed there
   * @returns {Result}
   */
  change(fd, right, pointer, size, next) {
    const directory = this.directory(fd, right);
    if (typeof directory === "number") return directory;
    const path = this.path(pointer, size);
    if (typeof path === "number") return -path;
    return this.walk(directory, path, MODE.PARENT, (error, walk) =>
      error < 0 ? -error : next(walk, mayChange(directory, right, walk)),
    );
  }

  /**
   * @param {Walk} walk
   * @param {number | Promise<unknown>} step
   * @param {Arrived} next
   * @returns {Result}
   */
  #settle(walk, step, next) {
    if (typeof step !== "number") {
      return this.#waits.after(step, (answer) =>
        this.#settle(walk, walk.feed(answer), next),
      );
    }
    const result = next(step, walk);
    walk.release();
    this.#spare.push(walk);
    return result;
  }
}
