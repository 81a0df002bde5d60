/* Standard output and error as streams that never have a program wait: what
 * is written goes on to the page at once. */
import { ERRNO } from "../errors.js";
import { SIDE, Stream } from "./stream.js";

export class OutputStream extends Stream {
  #output;

  /** @param {import("../output.js").Output} output */
  constructor(output) {
    super();
    this.#output = output;
  }

  /** @override */
  get writable() {
    return true;
  }

  /**
   * @param {Uint8Array} bytes
   * @param {number} at
   * @param {number} size
   * @override
   */
  write(bytes, at, size) {
    this.#output.write(bytes.subarray(at, at + size));
    return size;
  }

  /**
   * @param {number} side
   * @override
   */
  ready(side) {
    return side === SIDE.WRITE ? 65_536 : -ERRNO.EBADF;
  }
}

/** Standard input of a Gossamer program, which reads ahead of nobody. */
export class InletStream extends Stream {
  #inlet;

  /** @param {import("../host/inlet.js").Inlet} inlet */
  constructor(inlet) {
    super();
    this.#inlet = inlet;
  }

  /** @override */
  get readable() {
    return true;
  }

  /**
   * @param {Uint8Array} _bytes the memory that the inlet knows too
   * @param {number} at
   * @param {number} size
   * @override
   */
  read(_bytes, at, size) {
    return this.#inlet.readReady(at, size);
  }
}
