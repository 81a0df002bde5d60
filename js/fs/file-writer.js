/* A new file of a volume, written from its beginning on: blocks of zeros are
 * left out, so that a file with holes has them again. */
import { ERRNO } from "../errors.js";
import { answered, failed } from "./answers.js";

/**
 * @typedef {import("./access.js").VolumeAccess} VolumeAccess
 * @typedef {import("./volume.js").File} File
 */

/** What is looked at at once for zeros, at a multiple of it in the file. */
const HOLE_BYTES = 4096;

/**
 * @param {Uint8Array} bytes
 * @param {number} from
 * @param {number} end
 */
function isZero(bytes, from, end) {
  let at = from;
  while (at < end && bytes[at] === 0) at++;
  return at === end;
}

/** A new file of a volume that is being written from its beginning on. */
export class FileWriter {
  #access;
  #file;
  #path;
  #position = 0;
  /** Where what was written ends: a hole may follow. */
  #end = 0;

  /**
   * @param {VolumeAccess} access
   * @param {File} file
   * @param {string} path
   */
  constructor(access, file, path) {
    this.#access = access;
    this.#file = file;
    this.#path = path;
  }

  /**
   * Blocks of zeros become holes.
   * @param {Uint8Array} bytes the caller's again when it is done
   */
  async write(bytes) {
    /** Where what is to be written begins, as far as it was looked at. */
    let from = 0;
    for (let at = 0; at < bytes.length;) {
      const rest = HOLE_BYTES - ((this.#position + at) % HOLE_BYTES);
      const end = Math.min(at + rest, bytes.length);
      if (isZero(bytes, at, end)) {
        await this.#put(bytes, from, at);
        from = end;
      }
      at = end;
    }
    await this.#put(bytes, from, bytes.length);
    this.#position += bytes.length;
  }

  /**
   * @param {Uint8Array} bytes whose beginning is at the position
   * @param {number} from
   * @param {number} end
   */
  async #put(bytes, from, end) {
    const { volume } = this.#access;
    for (let at = from; at < end;) {
      const position = this.#position + at;
      const count = await this.#access.moved(this.#path, () =>
        volume.write(this.#file, position, bytes, at, end - at),
      );
      if (count === 0) throw failed(-ERRNO.ENOSPC, this.#path);
      at += count;
      this.#end = position + count;
    }
  }

  /** All was written. */
  async finish() {
    if (this.#end === this.#position) return;
    const { volume } = this.#access;
    await this.#access.moved(this.#path, () =>
      volume.resize(this.#file, this.#position),
    );
  }

  /** To be called once, whatever happened. */
  async close() {
    await answered(this.#access.volume.closeFile(this.#file), this.#path);
  }
}
