/* A volume that the page makes up: each of its files is one stream of bytes
 * between the page and a C program, which opens it by its number. What is read
 * comes from a Blob, what is written goes to a ReadableStream; both sides wait
 * for each other, so nothing larger than a piece is ever held. */
import { ERRNO } from "/dist/gossamer.mjs";
import { TYPE, Volume } from "/js/fs/volume.js";

/**
 * @typedef {import("../js/fs/volume.js").Node} Node
 * @typedef {import("../js/fs/volume.js").Stat} Stat
 * @typedef {SourcePort | SinkPort} Port
 */

/** A Blob that the program reads, once, from its beginning on. */
class SourcePort {
  type = TYPE.FILE;
  writes = false;
  /** @type {Uint8Array} what came and was not read */
  #rest = new Uint8Array(0);
  /** 0, or the negative errno that it ended with. */
  #error = 0;
  #ended = false;
  #reader;
  sizeBytes;
  ino;

  /** @param {Blob} blob @param {bigint} ino */
  constructor(blob, ino) {
    this.ino = ino;
    this.sizeBytes = blob.size;
    this.#reader = blob.stream().getReader();
  }

  /**
   * @param {Uint8Array} bytes
   * @param {number} at
   * @param {number} size
   */
  read(bytes, at, size) {
    if (this.#rest.length === 0) {
      if (this.#error < 0) return this.#error;
      return this.#ended ? 0 : this.#pull();
    }
    const part = this.#rest.subarray(0, size);
    bytes.set(part, at);
    this.#rest = this.#rest.subarray(part.length);
    return part.length;
  }

  async #pull() {
    try {
      const { done, value } = await this.#reader.read();
      if (done) this.#ended = true;
      else this.#rest = value;
    } catch {
      // The file has been changed or removed since it was chosen.
      this.#error = -ERRNO.EIO;
    }
  }

  write() {
    return -ERRNO.EBADF;
  }

  close() {
    void this.#reader.cancel().catch(() => {});
  }
}

/** A stream that the program writes and the page reads. */
class SinkPort {
  type = TYPE.FILE;
  writes = true;
  sizeBytes = 0;
  ino;
  /** @type {ReadableStreamDefaultController<Uint8Array> | null} */
  #controller = null;
  #wanted = () => {};
  /** Resolves when the page wants more. @type {Promise<void>} */
  #room = Promise.resolve();
  #left = false;
  /** @type {ReadableStream<Uint8Array>} */
  stream;

  /** @param {bigint} ino */
  constructor(ino) {
    this.ino = ino;
    this.stream = new ReadableStream({
      start: (controller) => {
        this.#controller = controller;
      },
      pull: () => this.#wanted(),
      cancel: () => {
        this.#left = true;
        this.#wanted();
      },
    });
  }

  read() {
    return -ERRNO.EBADF;
  }

  /**
   * @param {Uint8Array} bytes
   * @param {number} at
   * @param {number} size
   */
  write(bytes, at, size) {
    if (this.#left || this.#controller === null) return -ERRNO.EPIPE;
    if ((this.#controller.desiredSize ?? 0) <= 0) {
      this.#room = new Promise((resolve) => {
        this.#wanted = resolve;
      });
      return this.#room;
    }
    this.#controller.enqueue(bytes.slice(at, at + size));
    return size;
  }

  close() {}

  /** All has been written, or why not. @param {Error | null} error */
  end(error) {
    if (this.#left) return;
    if (error === null) this.#controller?.close();
    else this.#controller?.error(error);
  }
}

/** The directory of all ports that are open, by number. */
export class PortVolume extends Volume {
  /** @type {Map<string, Port>} */
  #ports = new Map();
  /** What is offered and not opened yet. @type {Map<string, Blob>} */
  #blobs = new Map();
  #last = 0;
  #root = { ino: 1n, type: TYPE.DIRECTORY };

  /**
   * Ports for the program to read, with consecutive numbers.
   * @param {readonly Blob[]} blobs
   * @returns {number} the first one's
   */
  offer(blobs) {
    const first = this.#last + 1;
    for (const blob of blobs) {
      this.#last += 1;
      // Its stream begins when it is opened: there may be thousands of them.
      this.#blobs.set(`${this.#last}`, blob);
    }
    return first;
  }

  /** A port for the program to write. */
  accept() {
    this.#last += 1;
    const port = new SinkPort(BigInt(this.#last + 1));
    this.#ports.set(`${this.#last}`, port);
    return { number: this.#last, port };
  }

  /** @param {number} first @param {number} [count] */
  remove(first, count = 1) {
    for (let number = first; number < first + count; number += 1) {
      this.#ports.delete(`${number}`);
      this.#blobs.delete(`${number}`);
    }
  }

  /** @override */
  get root() {
    return this.#root;
  }

  /**
   * @param {Node} _directory
   * @param {string} name
   * @override
   */
  lookup(_directory, name) {
    const blob = this.#blobs.get(name);
    if (blob !== undefined) {
      this.#blobs.delete(name);
      this.#ports.set(name, new SourcePort(blob, BigInt(Number(name) + 1)));
    }
    return this.#ports.get(name) ?? -ERRNO.ENOENT;
  }

  /** @override */
  list() {
    return [];
  }

  /**
   * @param {Node} node
   * @param {Stat} stat
   * @override
   */
  stat(node, stat) {
    stat.ino = node.ino;
    stat.type = node.type;
    stat.links = 1;
    stat.sizeBytes = /** @type {Partial<Port>} */ (node).sizeBytes ?? 0;
    stat.atimeNs = stat.mtimeNs = stat.ctimeNs = 0n;
    return 0;
  }

  /**
   * @param {Node} node
   * @param {import("../js/fs/volume.js").Access} access
   * @override
   */
  openNode(node, { write }) {
    const { writes } = /** @type {Port} */ (/** @type {unknown} */ (node));
    return write && !writes ? -ERRNO.EACCES : node;
  }

  /** @param {Port} port @override */
  closeFile(port) {
    port.close();
    return 0;
  }

  /**
   * @param {Port} port
   * @param {number} _position a stream has none
   * @param {Uint8Array} bytes
   * @param {number} at
   * @param {number} size
   * @override
   */
  read(port, _position, bytes, at, size) {
    return port.read(bytes, at, size);
  }

  /**
   * @param {Port} port
   * @param {number} _position
   * @param {Uint8Array} bytes
   * @param {number} at
   * @param {number} size
   * @override
   */
  write(port, _position, bytes, at, size) {
    return port.write(bytes, at, size);
  }

  /** @param {Port} port @override */
  size(port) {
    return port.sizeBytes;
  }
}
