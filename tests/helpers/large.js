/* Files of any size that nobody stores: one volume makes their bytes up as they
 * are read, another checks them as they are written. */
import assert from "node:assert/strict";
import { TYPE, Volume } from "../../js/fs/volume.js";

const DIRECTORY = { type: TYPE.DIRECTORY, ino: 1n };
/** What is made up repeats, and says where it is. */
const PERIOD_BYTES = 1 << 20;
const PERIOD = new Uint32Array(PERIOD_BYTES / 4);
for (let i = 0; i < PERIOD.length; i++) PERIOD[i] = (i * 2_654_435_761) | 1;
const BYTES = new Uint8Array(PERIOD.buffer);

/**
 * What is at a position of every file here.
 * @param {number} position
 * @param {number} size
 */
function made(position, size) {
  const at = position % PERIOD_BYTES;
  return BYTES.subarray(at, Math.min(at + size, PERIOD_BYTES));
}

/** How far the two are apart, and how many files are open. */
export class Flow {
  readBytes = 0;
  writtenBytes = 0;
  opened = 0;
  /** The most that was read and not written yet. */
  aheadBytes = 0;
  /** The most that was held in memory beyond what it was at the start. */
  heldBytes = 0;
  #startBytes = memoryBytes();

  /** @param {number} count */
  read(count) {
    this.readBytes += count;
    this.aheadBytes = Math.max(
      this.aheadBytes,
      this.readBytes - this.writtenBytes,
    );
  }

  /** @param {number} count */
  written(count) {
    const before = Math.floor(this.writtenBytes / PERIOD_BYTES);
    this.writtenBytes += count;
    if (Math.floor(this.writtenBytes / PERIOD_BYTES) === before) return;
    const held = memoryBytes() - this.#startBytes;
    this.heldBytes = Math.max(this.heldBytes, held);
  }
}

function memoryBytes() {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** A file "large" that is as long as it is said to be. */
export class LargeVolume extends Volume {
  #flow;
  #file;

  /** @param {Flow} flow @param {number} sizeBytes */
  constructor(flow, sizeBytes) {
    super();
    this.#flow = flow;
    this.#file = { type: TYPE.FILE, ino: 2n, sizeBytes };
  }

  /** @override */
  get root() {
    return DIRECTORY;
  }

  /** @override */
  list() {
    return [{ name: "large", ino: 2n, type: TYPE.FILE }];
  }

  /** @override */
  lookup() {
    return this.#file;
  }

  /** @param {any} node @param {any} stat @override */
  stat({ ino, type, sizeBytes = 0 }, stat) {
    Object.assign(stat, { ino, type, links: 1, sizeBytes });
    return 0;
  }

  /** @param {any} node @override */
  openNode(node) {
    this.#flow.opened++;
    return node;
  }

  /** @override */
  closeFile() {
    this.#flow.opened--;
    return 0;
  }

  /**
   * @param {any} file
   * @param {number} position
   * @param {Uint8Array} bytes
   * @param {number} at
   * @param {number} size
   * @override
   */
  read({ sizeBytes }, position, bytes, at, size) {
    const part = made(position, Math.min(size, sizeBytes - position));
    bytes.set(part, at);
    this.#flow.read(part.length);
    return part.length;
  }
}

/** Takes one file and keeps nothing of it. */
export class SinkVolume extends Volume {
  #flow;
  #later;
  #asked = false;

  /** @param {Flow} flow @param {() => Promise<void>} later what a write awaits */
  constructor(flow, later) {
    super();
    this.#flow = flow;
    this.#later = later;
  }

  /** @override */
  get root() {
    return DIRECTORY;
  }

  /** @override */
  lookup() {
    return -44; // ENOENT
  }

  /** @override */
  create() {
    return { type: TYPE.FILE, ino: 2n };
  }

  /** @override */
  unlink() {
    return 0;
  }

  /** @override */
  setTimes() {
    return 0;
  }

  /** @param {any} node @override */
  openNode(node) {
    this.#flow.opened++;
    return node;
  }

  /** @override */
  closeFile() {
    this.#flow.opened--;
    return 0;
  }

  /**
   * @param {any} _file
   * @param {number} position
   * @param {Uint8Array} bytes
   * @param {number} at
   * @param {number} size
   * @override
   */
  write(_file, position, bytes, at, size) {
    this.#asked = !this.#asked;
    if (this.#asked) return this.#later();
    const expected = made(position, size);
    const got = bytes.subarray(at, at + expected.length);
    if (Buffer.compare(got, expected) !== 0) {
      assert.fail(`other bytes at ${position}`);
    }
    this.#flow.written(got.length);
    return got.length;
  }
}
