/* The tree a program sees: volumes under mount points. A place is a node
 * together with the mount it was reached by; two places are in the same volume
 * when their mounts' volumes are. */
import { GossamerError, errnoName } from "../errors.js";

/**
 * @typedef {import("./volume.js").Volume} Volume
 * @typedef {import("./volume.js").Node} Node
 *
 * @typedef {object} Mount
 * @property {string} path absolute, without a slash at the end but for "/"
 * @property {Volume} volume
 * @property {boolean} readOnly whether this mount allows no changes
 * @property {bigint} device the number that tells volumes apart, from 1
 *
 * @typedef {object} Place
 * @property {Mount} mount
 * @property {Node} node
 *
 * A volume, or one with restrictions.
 * @typedef {Volume | { volume: Volume, readOnly?: boolean }} MountOption
 */

export class Namespace {
  /** @type {Mount[]} */
  #mounts = [];
  /** What lies over a directory: by volume, then by the directory's ino. */
  /** @type {Map<Volume, Map<bigint, Mount>>} */
  #covers = new Map();

  /** The mounts in the order they were given. */
  get mounts() {
    return this.#mounts;
  }

  /**
   * Opens the volumes.
   * @param {Readonly<Record<string, MountOption>>} options by mount point
   * @returns {Promise<void>}
   * @throws {GossamerError} what a volume answered that could not be opened
   */
  async open(options) {
    /** @type {Map<Volume, bigint>} */
    const devices = new Map();
    for (const [path, option] of Object.entries(options)) {
      const { volume, readOnly = false } =
        "volume" in option ? option : { volume: option };
      const opened = await volume.open();
      if (opened < 0) {
        const code = errnoName(opened);
        throw new GossamerError(code, `cannot mount ${path}: ${code}`);
      }
      const device = devices.get(volume) ?? BigInt(devices.size + 1);
      devices.set(volume, device);
      const only = readOnly || volume.readOnly;
      this.#mounts.push({ path, volume, readOnly: only, device });
    }
  }

  /**
   * The root of a mount.
   * @param {Mount} mount
   * @returns {Place}
   */
  rootOf(mount) {
    return { mount, node: mount.volume.root };
  }

  /**
   * What a program finds at a directory: the root of what is mounted there.
   * @param {Place} place
   * @returns {Place}
   */
  covered(place) {
    const over = this.#covers.get(place.mount.volume)?.get(place.node.ino);
    return over === undefined ? place : this.rootOf(over);
  }
}
