/* The one place where paths are resolved, for every volume. A walk goes from
 * the directory it starts at from node to node, never by strings: what others
 * rename or remove meanwhile cannot lead it out of that directory. ".." goes
 * back to where the walk came from, so none leads above the start, and neither
 * does a symbolic link. A volume that answers a Promise interrupts the walk;
 * it holds its state itself and goes on when it is fed with the answer. */
import { ERRNO } from "../errors.js";
import { END, ESCAPE, splitPath } from "./paths.js";
import { TYPE } from "./volume.js";

/**
 * @typedef {import("./namespace.js").Mount} Mount
 * @typedef {import("./namespace.js").Place} Place
 * @typedef {import("./paths.js").Path} Path
 * @typedef {import("./volume.js").Node} Node
 */

/** What becomes of the last component. */
export const MODE = Object.freeze({
  /** Looked up only if a slash follows, or a mount may be there or forbid. */
  PARENT: 0,
  /** Looked up; a symbolic link is what is found. */
  LOOK: 1,
  /** The same, but with a slash after it a link is followed. */
  ENTRY: 2,
  /** A symbolic link is followed. */
  FOLLOW: 3,
});

/** As many symbolic links as Linux follows; then it is ELOOP. */
const MAX_LINKS = 40;

/** Not an outcome yet. */
const ON = 1;

/** @type {readonly string[]} */
const NO_NAMES = [];

export class Walk {
  /* ---- where it led, once it is done ---- */

  /** @type {Mount} of the directory that has the last name, or would have it */
  parentMount;
  /** @type {Node} that directory; what is above the node if there is no name */
  parent;
  /** The last name; "" when the path ends in "." or "..". */
  name = "";
  /** @type {Mount} of the node; another than the parent's at a mount point */
  mount;
  /** @type {Node | null} null: not there, or not looked up (MODE.PARENT) */
  node = null;
  /** @type {number} how the path ends, its links' targets included: END */
  end = END.NAME;

  /* ---- where it is ---- */

  /** What it went through from the start, for "..". */
  /** @type {Mount[]} */
  #mounts = [];
  /** @type {Node[]} */
  #nodes = [];
  #depth = 0;
  #names = NO_NAMES;
  #at = 0;
  /** What follows when a link's target is gone through. */
  /** @type {{ names: readonly string[], at: number, end: number }[]} */
  #rest = [];
  #links = 0;
  /** @type {number} */
  #mode = MODE.PARENT;
  /** Whether the name that is looked up is the last one. */
  #last = false;
  /** Whether it waits for a link's target. */
  #reading = false;

  /** @param {Place} place any; only what begin() is given counts */
  constructor(place) {
    this.parentMount = place.mount;
    this.parent = place.node;
    this.mount = place.mount;
  }

  /**
   * @param {Place} place a directory
   * @param {Path} path
   * @param {number} mode one of MODE
   * @returns {number | Promise<unknown>} 0 when it is done, also when the last
   *   name is not there; a negative errno; or what feed() wants the outcome of
   */
  begin(place, path, mode) {
    this.#mounts[0] = place.mount;
    this.#nodes[0] = place.node;
    this.#depth = 0;
    this.#names = path.names;
    this.#at = 0;
    this.end = path.end;
    if (this.#rest.length > 0) this.#rest = [];
    this.#links = 0;
    this.#mode = mode;
    return this.#go();
  }

  /**
   * Goes on.
   * @param {any} answer the volume's, that the Promise was of
   * @returns {number | Promise<unknown>} as begin()
   */
  feed(answer) {
    const step = this.#reading ? this.#expand(answer) : this.#found(answer);
    return step === ON ? this.#go() : step;
  }

  /** Keeps nothing alive that may be large. */
  release() {
    this.node = null;
  }

  /** @returns {number | Promise<unknown>} */
  #go() {
    for (;;) {
      if (this.#at === this.#names.length) {
        const rest = this.#rest.length > 0 ? this.#rest.pop() : undefined;
        if (rest === undefined) return this.#arrive();
        this.#names = rest.names;
        this.#at = rest.at;
        this.end = rest.end;
        continue;
      }
      const name = /** @type {string} */ (this.#names[this.#at++]);
      if (name === "..") {
        if (this.#depth === 0) return ESCAPE;
        this.#depth--;
        continue;
      }
      const mount = /** @type {Mount} */ (this.#mounts[this.#depth]);
      const directory = /** @type {Node} */ (this.#nodes[this.#depth]);
      this.#last =
        this.#at === this.#names.length &&
        this.end <= END.SLASH &&
        this.#rest.length === 0;
      if (this.#last) {
        this.name = name;
        this.parentMount = mount;
        this.parent = directory;
        this.mount = mount;
        this.node = null;
        if (this.#mode === MODE.PARENT && this.#isPlain(mount)) return 0;
      }
      this.#reading = false;
      const below = !this.#last || this.end === END.SLASH;
      const answer = mount.volume.lookup(directory, name, below);
      if (answer instanceof Promise) return answer;
      const step = this.#found(answer);
      if (step !== ON) return step;
    }
  }

  /** @param {Mount} mount */
  #isPlain(mount) {
    return this.end === END.NAME && !mount.readOnly && mount.covers === null;
  }

  /** The path ends where the walk is. */
  #arrive() {
    const depth = this.#depth;
    const above = Math.max(0, depth - 1);
    this.name = "";
    this.parentMount = /** @type {Mount} */ (this.#mounts[above]);
    this.parent = /** @type {Node} */ (this.#nodes[above]);
    this.mount = /** @type {Mount} */ (this.#mounts[depth]);
    this.node = /** @type {Node} */ (this.#nodes[depth]);
    return 0;
  }

  /**
   * @param {Node | number} answer of lookup()
   * @returns {number | Promise<unknown>}
   */
  #found(answer) {
    if (typeof answer === "number") {
      return this.#last && answer === -ERRNO.ENOENT ? 0 : answer;
    }
    const mount = /** @type {Mount} */ (this.#mounts[this.#depth]);
    if (answer.type === TYPE.LINK && this.#follows()) {
      if (++this.#links > MAX_LINKS) return -ERRNO.ELOOP;
      const target = mount.volume.readlink(answer);
      this.#reading = true;
      return target instanceof Promise ? target : this.#expand(target);
    }
    const directory = answer.type === TYPE.DIRECTORY;
    const over = directory ? mount.covers?.get(answer.ino) : undefined;
    const place = over ?? mount;
    const node = over === undefined ? answer : over.root;
    if (this.#last) {
      this.mount = place;
      this.node = node;
      const slash = this.end === END.SLASH && this.#mode >= MODE.ENTRY;
      return slash && !directory ? -ERRNO.ENOTDIR : 0;
    }
    if (!directory) return -ERRNO.ENOTDIR;
    const depth = ++this.#depth;
    this.#mounts[depth] = place;
    this.#nodes[depth] = node;
    return ON;
  }

  #follows() {
    if (!this.#last || this.#mode === MODE.FOLLOW) return true;
    return this.#mode === MODE.ENTRY && this.end === END.SLASH;
  }

  /**
   * Puts a link's target in its place.
   * @param {string | number} target or the errno of readlink()
   */
  #expand(target) {
    if (typeof target === "number") return target;
    const path = splitPath(target);
    if (typeof path === "number") return path;
    if (this.#at < this.#names.length) {
      this.#rest.push({ names: this.#names, at: this.#at, end: this.end });
      this.end = path.end;
    } else {
      this.end = Math.max(this.end, path.end);
    }
    this.#names = path.names;
    this.#at = 0;
    return ON;
  }
}
