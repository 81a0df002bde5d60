/* A volume that is closed every now and then, while nothing is open, and another
 * one opened on what it has stored: who uses it must not be able to tell. The
 * nodes it gives out are handles, which lead to the same inode of whichever
 * volume there is; what has no name any more stays what it was. */
import assert from "node:assert/strict";
import { TYPE, Volume } from "../../js/fs/volume.js";

/** @typedef {import("../../js/fs/volume.js").Node} Node */

export class RemountedVolume extends Volume {
  /** The volume that there is now. */
  current;
  /** How often another one was opened. */
  remounts = 0;
  #make;
  #every;
  #calls = 0;
  #opens = 0;
  /** @type {Promise<void> | null} */
  #underWay = null;
  /** What handles lead to. @type {WeakMap<object, Node>} */
  #nodes = new WeakMap();
  /** @type {Map<bigint, Node>} */
  #handles = new Map();

  /**
   * @param {() => any} make a volume on what the one before has stored
   * @param {number} every so many operations
   */
  constructor(make, every) {
    super();
    this.#make = make;
    this.#every = every;
    this.current = make();
  }

  /** @override */
  open() {
    return this.current.open();
  }

  /** @override */
  get root() {
    return this.#handle(this.current.root);
  }

  /** @param {Node} node of the volume that there is now @returns {Node} */
  #handle(node) {
    let handle = this.#handles.get(node.ino);
    if (handle === undefined) {
      handle = { type: node.type, ino: node.ino };
      this.#handles.set(node.ino, handle);
    }
    this.#nodes.set(handle, node);
    return handle;
  }

  async #remount() {
    assert.equal(await this.current.close(), 0);
    this.current = this.#make();
    assert.equal(await this.current.open(), 0);
    this.remounts++;
    const directories = [this.current.root];
    this.#handle(this.current.root);
    for (const directory of directories) {
      for (const { name } of this.current.list(directory)) {
        const node = this.current.lookup(directory, name);
        this.#handle(node);
        if (node.type === TYPE.DIRECTORY) directories.push(node);
      }
    }
  }

  /**
   * @param {string} method
   * @param {unknown[]} args
   * @returns {Promise<any>}
   */
  async #call(method, ...args) {
    this.#calls++;
    if (this.#opens === 0 && this.#calls % this.#every === 0) {
      this.#underWay ??= this.#remount();
    }
    if (this.#underWay !== null) {
      await this.#underWay;
      this.#underWay = null;
    }
    const inner = args.map((arg) => this.#nodes.get(Object(arg)) ?? arg);
    return this.current[method](...inner);
  }

  /** @param {any} answer */
  #given(answer) {
    return typeof answer === "number" ? answer : this.#handle(answer);
  }

  /** @param {[Node, string]} args @override */
  lookup(...args) {
    return this.#call("lookup", ...args).then((node) => this.#given(node));
  }

  /** @param {Node} directory @override */
  list(directory) {
    return this.#call("list", directory);
  }

  /** @param {[Node, string]} args @override */
  create(...args) {
    return this.#call("create", ...args).then((node) => this.#given(node));
  }

  /** @param {[Node, string]} args @override */
  makeDirectory(...args) {
    const made = this.#call("makeDirectory", ...args);
    return made.then((node) => this.#given(node));
  }

  /** @param {[Node, Node, string]} args @override */
  link(...args) {
    return this.#call("link", ...args);
  }

  /** @param {[Node, string, string]} args @override */
  symlink(...args) {
    return this.#call("symlink", ...args);
  }

  /** @param {Node} link @override */
  readlink(link) {
    return this.#call("readlink", link);
  }

  /** @param {[Node, string]} args @override */
  unlink(...args) {
    return this.#call("unlink", ...args);
  }

  /** @param {[Node, string]} args @override */
  removeDirectory(...args) {
    return this.#call("removeDirectory", ...args);
  }

  /** @param {[Node, string, Node, string]} args @override */
  rename(...args) {
    return this.#call("rename", ...args);
  }

  /** @param {[Node, import("../../js/fs/volume.js").Stat]} args @override */
  stat(...args) {
    return this.#call("stat", ...args);
  }

  /** @param {[Node, bigint | null, bigint | null]} args @override */
  setTimes(...args) {
    return this.#call("setTimes", ...args);
  }

  /** @param {[Node, import("../../js/fs/volume.js").Access]} args @override */
  async openNode(...args) {
    const file = await this.#call("openNode", ...args);
    if (typeof file !== "number") this.#opens++;
    return file;
  }

  /* Of opened files: the volume stays the same until they are closed. */

  /** @param {any} file @override */
  closeFile(file) {
    this.#opens--;
    return this.current.closeFile(file);
  }

  /** @param {any[]} args @override */
  read(...args) {
    return this.current.read(...args);
  }

  /** @param {any[]} args @override */
  write(...args) {
    return this.current.write(...args);
  }

  /** @param {any[]} args @override */
  size(...args) {
    return this.current.size(...args);
  }

  /** @param {any[]} args @override */
  resize(...args) {
    return this.current.resize(...args);
  }

  /** @param {any[]} args @override */
  allocate(...args) {
    return this.current.allocate(...args);
  }

  /** @param {any[]} args @override */
  sync(...args) {
    return this.current.sync(...args);
  }
}
