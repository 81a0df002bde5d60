/* The tree a program sees: volumes under mount points. A place is a node
 * together with the mount it was reached by; two places are in the same volume
 * when their mounts' volumes are. A mount below another one covers a directory
 * of it, as in POSIX: walk.js goes over where it finds one covered. */
import { ERRNO, GossamerError, errnoName } from "../errors.js";
import { splitPath } from "./paths.js";
import { TYPE, isVolume } from "./volume.js";
import { MODE, Walk } from "./walk.js";

/**
 * @typedef {import("./volume.js").Node} Node
 * @typedef {import("./volume.js").Volume} Volume
 *
 * @typedef {object} Mount
 * @property {string} path absolute, without a slash at the end but for "/"
 * @property {Volume} volume
 * @property {Node} root the directory of the volume that it begins with
 * @property {boolean} readOnly whether this mount allows no changes
 * @property {bigint} device the number that tells volumes apart, from 1
 * @property {Map<bigint, Mount> | null} covers the mounts that lie over its
 *   directories, by the directory's ino
 *
 * @typedef {object} Place
 * @property {Mount} mount
 * @property {Node} node
 *
 * @typedef {object} MountSettings
 * @property {Volume} volume
 * @property {boolean} [readOnly] whether the program may change nothing there
 * @property {string} [path] of a directory in the volume, relative to its root:
 *   the program sees nothing above it
 *
 * A volume, or one with restrictions.
 * @typedef {Volume | MountSettings} MountOption
 */

const SETTINGS = ["volume", "readOnly", "path"];

/**
 * @param {string} path
 * @param {string} why
 */
const refused = (path, why) =>
  new GossamerError("EINVAL", `cannot mount ${JSON.stringify(path)}: ${why}`);

/**
 * @param {string} path
 * @param {number} answer negative
 * @param {string} [trouble] what it is about, if that is known
 */
function failed(path, answer, trouble = "") {
  const code = errnoName(answer);
  const why = trouble === "" ? code : `${code}: ${trouble}`;
  return new GossamerError(code, `cannot mount ${path}: ${why}`);
}

/**
 * The components of a mount point.
 * @param {string} point
 * @throws {GossamerError} EINVAL unless it is absolute and in its shortest form
 */
function componentsOf(point) {
  if (!point.startsWith("/")) throw refused(point, "it is not absolute");
  if (point === "/") return [];
  const path = splitPath(point.slice(1));
  if (typeof path === "number") {
    throw refused(point, `no path can be so (${errnoName(path)})`);
  }
  const shortest = `/${path.names.join("/")}`;
  if (shortest !== point || path.names.includes("..")) {
    throw refused(point, 'it has an empty component, "." or ".."');
  }
  // A program gives and is given its paths as UTF-8.
  if (/\p{Surrogate}/u.test(point)) throw refused(point, "it is no text");
  return path.names;
}

/**
 * @param {string} point
 * @param {MountOption} option
 * @returns {MountSettings}
 * @throws {GossamerError} EINVAL for what is none: a restriction that is
 *   misspelt must not leave the mount without it
 */
function settingsOf(point, option) {
  if (isVolume(option)) return { volume: option };
  if (!isVolume(option?.volume)) throw refused(point, "it is given no volume");
  const { readOnly = false, path = "." } = option;
  if (typeof readOnly !== "boolean") {
    throw refused(point, "readOnly is neither true nor false");
  }
  if (typeof path !== "string") throw refused(point, "path is no text");
  const other = Object.keys(option).find((name) => !SETTINGS.includes(name));
  if (other === undefined) return option;
  throw refused(point, `there is no setting ${JSON.stringify(other)}`);
}

/**
 * The directory of a volume that a mount begins with.
 * @param {string} point
 * @param {MountSettings} settings
 * @param {Place} root of the volume
 */
async function findRoot(point, { path }, root) {
  if (path === undefined) return root.node;
  const wanted = splitPath(path);
  if (typeof wanted === "number") throw failed(point, wanted);
  const walk = new Walk(root);
  let step = walk.begin(root, wanted, MODE.FOLLOW);
  while (typeof step !== "number") step = walk.feed(await step);
  if (step < 0) throw failed(point, step);
  if (walk.node === null) throw failed(point, -ERRNO.ENOENT);
  if (walk.node.type !== TYPE.DIRECTORY) throw failed(point, -ERRNO.ENOTDIR);
  return walk.node;
}

/**
 * The directory that a mount lies over, made when it is missing.
 * @param {Mount} parent
 * @param {readonly string[]} names from its root
 * @returns {Promise<Node | null>} null when there can be none
 */
async function findPoint(parent, names) {
  const { volume } = parent;
  let node = parent.root;
  for (const name of names) {
    let next = await volume.lookup(node, name, true);
    if (next === -ERRNO.ENOENT && !parent.readOnly) {
      next = await volume.makeDirectory(node, name);
    }
    if (typeof next === "number" || next.type !== TYPE.DIRECTORY) return null;
    node = next;
  }
  return node;
}

export class Namespace {
  /** @type {Mount[]} */
  #mounts = [];

  /** The mounts in the order they were given. */
  get mounts() {
    return this.#mounts;
  }

  /**
   * Opens the volumes, then puts each mount into the one it is below: where
   * its directory is not there and cannot be made, it is reached by its own
   * descriptor only.
   * @param {Readonly<Record<string, MountOption>>} options by mount point
   * @returns {Promise<void>}
   * @throws {GossamerError} EINVAL, or what a volume answered that could not be
   *   opened
   */
  async open(options) {
    const wanted = Object.entries(options).map(([path, option]) => ({
      path,
      names: componentsOf(path),
      settings: settingsOf(path, option),
    }));
    /** @type {Map<Volume, bigint>} */
    const devices = new Map();
    /** @type {{ mount: Mount, names: readonly string[] }[]} */
    const opened = [];
    for (const { path, names, settings } of wanted) {
      const { volume } = settings;
      const answer = await volume.open();
      if (answer < 0) throw failed(path, answer, volume.trouble);
      const device = devices.get(volume) ?? BigInt(devices.size + 1);
      devices.set(volume, device);
      /** @type {Mount} */
      const mount = {
        path,
        volume,
        root: volume.root,
        readOnly: settings.readOnly === true || volume.readOnly,
        device,
        covers: null,
      };
      const whole = { mount, node: mount.root };
      mount.root = await findRoot(path, settings, whole);
      opened.push({ mount, names });
    }
    // From the top down: what is made for one mount is there for the next.
    const byDepth = [...opened].sort((a, b) => a.names.length - b.names.length);
    for (const [index, { mount, names }] of byDepth.entries()) {
      const parent = byDepth
        .slice(0, index)
        .findLast((above) => above.names.every((name, i) => name === names[i]));
      if (parent === undefined) continue;
      const below = names.slice(parent.names.length);
      const point = await findPoint(parent.mount, below);
      if (point === null) continue;
      parent.mount.covers ??= new Map();
      parent.mount.covers.set(point.ino, mount);
    }
    this.#mounts = opened.map(({ mount }) => mount);
  }

  /**
   * The root of a mount.
   * @param {Mount} mount
   * @returns {Place}
   */
  rootOf(mount) {
    return { mount, node: mount.root };
  }
}
