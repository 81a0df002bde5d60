/* A volume whose every answer is a Promise, as those of volumes in a database
 * or on a server are. While it is held, nothing is answered: what tests do in
 * between happens in the middle of a call. What an operation changes is changed
 * when it is begun; transfers have done nothing before they are tried again. */
import { Volume } from "../../js/fs/volume.js";

/**
 * @typedef {import("../../js/fs/volume.js").Node} Node
 * @typedef {import("../../js/fs/volume.js").File} File
 */

export class DelayedVolume extends Volume {
  #volume;
  /** What waits for release(). */
  /** @type {(() => void)[] | null} */
  #held = null;
  /** Transfers that may be done now, by what is transferred. */
  /** @type {Set<File>} */
  #ready = new Set();
  /** The operations that were begun, in their order. */
  /** @type {string[]} */
  log = [];
  /** How many files were opened and not closed again. */
  opened = 0;

  /** @param {Volume} volume that does the work */
  constructor(volume) {
    super();
    this.#volume = volume;
  }

  /** From now on, nothing is answered. */
  hold() {
    this.#held ??= [];
  }

  /** Answers what was held, and goes on to do so. */
  release() {
    const held = this.#held ?? [];
    this.#held = null;
    for (const answer of held) answer();
  }

  /** Answers what is held until now, and nothing that is asked afterwards. */
  step() {
    for (const answer of this.#held?.splice(0) ?? []) answer();
  }

  /**
   * @param {string} name
   * @param {any} answer
   * @returns {Promise<any>}
   */
  #later(name, answer) {
    this.log.push(name);
    return new Promise((resolve) => {
      if (this.#held === null) resolve(answer);
      else this.#held.push(() => resolve(answer));
    });
  }

  /**
   * @param {string} name
   * @param {File} file
   * @param {() => any} transfer
   */
  #transfer(name, file, transfer) {
    if (this.#ready.delete(file)) return transfer();
    return this.#later(name, undefined).then(() => void this.#ready.add(file));
  }

  /** @override */
  get readOnly() {
    return this.#volume.readOnly;
  }

  /** @override */
  get root() {
    return this.#volume.root;
  }

  /** @override */
  open() {
    return this.#later("open", this.#volume.open());
  }

  /** @override */
  usage() {
    return this.#later("usage", this.#volume.usage());
  }

  /** @override */
  estimate() {
    return this.#later("estimate", this.#volume.estimate());
  }

  /** @param {[Node, string, boolean?]} args @override */
  lookup(...args) {
    return this.#later("lookup", this.#volume.lookup(...args));
  }

  /** @param {[Node]} args @override */
  list(...args) {
    return this.#later("list", this.#volume.list(...args));
  }

  /** @param {[Node, string]} args @override */
  create(...args) {
    return this.#later("create", this.#volume.create(...args));
  }

  /** @param {[Node, string]} args @override */
  makeDirectory(...args) {
    return this.#later("makeDirectory", this.#volume.makeDirectory(...args));
  }

  /** @param {[Node, Node, string]} args @override */
  link(...args) {
    return this.#later("link", this.#volume.link(...args));
  }

  /** @param {[Node, string, string]} args @override */
  symlink(...args) {
    return this.#later("symlink", this.#volume.symlink(...args));
  }

  /** @param {[Node]} args @override */
  readlink(...args) {
    return this.#later("readlink", this.#volume.readlink(...args));
  }

  /** @param {[Node, string]} args @override */
  unlink(...args) {
    return this.#later("unlink", this.#volume.unlink(...args));
  }

  /** @param {[Node, string]} args @override */
  removeDirectory(...args) {
    const answer = this.#volume.removeDirectory(...args);
    return this.#later("removeDirectory", answer);
  }

  /** @param {[Node, string, Node, string]} args @override */
  rename(...args) {
    return this.#later("rename", this.#volume.rename(...args));
  }

  /** @param {[Node, import("../../js/fs/volume.js").Stat]} args @override */
  stat(...args) {
    return this.#later("stat", this.#volume.stat(...args));
  }

  /** @param {[Node, bigint | null, bigint | null]} args @override */
  setTimes(...args) {
    return this.#later("setTimes", this.#volume.setTimes(...args));
  }

  /** @param {[Node, import("../../js/fs/volume.js").Access]} args @override */
  openNode(...args) {
    const file = this.#volume.openNode(...args);
    if (typeof file !== "number" || file >= 0) this.opened++;
    return this.#later("openNode", file);
  }

  /** @param {[File]} args @override */
  closeFile(...args) {
    this.opened--;
    return this.#later("closeFile", this.#volume.closeFile(...args));
  }

  /** @param {[File, number, Uint8Array, number, number]} args @override */
  read(...args) {
    return this.#transfer("read", args[0], () => this.#volume.read(...args));
  }

  /** @param {[File, number, Uint8Array, number, number]} args @override */
  write(...args) {
    return this.#transfer("write", args[0], () => this.#volume.write(...args));
  }

  /** @param {File} file @override */
  size(file) {
    return this.#volume.size(file);
  }

  /** @param {[File, number]} args @override */
  resize(...args) {
    const resize = () => this.#volume.resize(...args);
    return this.#transfer("resize", args[0], resize);
  }

  /** @param {[File, number, number]} args @override */
  allocate(...args) {
    return this.#later("allocate", this.#volume.allocate(...args));
  }

  /** @param {[File, boolean]} args @override */
  sync(...args) {
    return this.#later("sync", this.#volume.sync(...args));
  }
}

/** @param {Volume} volume */
export function delayed(volume) {
  return new DelayedVolume(volume);
}
