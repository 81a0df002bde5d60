/* The blocks that an http volume keeps of what it has read, those read longest
 * ago given up first. The blocks of one file are of one version of it. */

/** How much is kept or given up at a time, and the least that a seek fetches. */
export const BLOCK_BYTES = 65_536;

/**
 * @typedef {object} Block
 * @property {Uint8Array} bytes of BLOCK_BYTES, but for a file's last
 * @property {FileBlocks} owner
 * @property {number} index
 */

/** The blocks of a file. */
export class FileBlocks {
  /** @type {Map<number, Block>} by number */
  blocks = new Map();
  /** How many opened files read it. */
  users = 0;
  cache;
  path;
  validator;
  sizeBytes;

  /**
   * @param {BlockCache} cache
   * @param {string} path
   * @param {string} validator of the version; "": not known
   * @param {number} sizeBytes of the file
   */
  constructor(cache, path, validator, sizeBytes) {
    this.cache = cache;
    this.path = path;
    this.validator = validator;
    this.sizeBytes = sizeBytes;
  }

  /**
   * Copies what is there from a position on, without a gap.
   * @param {number} position
   * @param {Uint8Array} bytes
   * @param {number} at
   * @param {number} size
   * @returns {number} how much
   */
  read(position, bytes, at, size) {
    let done = 0;
    while (done < size) {
      const from = (position + done) % BLOCK_BYTES;
      const block = this.blocks.get((position + done - from) / BLOCK_BYTES);
      if (block === undefined) break;
      this.cache.touch(block);
      const part = block.bytes.subarray(from, from + size - done);
      if (part.length === 0) break;
      bytes.set(part, at + done);
      done += part.length;
    }
    return done;
  }
}

/** Makes blocks of the chunks that one reader gets. */
export class Gatherer {
  /** @type {Uint8Array | null} the block that is not whole yet */
  #bytes = null;
  #index = -1;
  #length = 0;

  /**
   * Keeps what was read, once it makes up a block.
   * @param {FileBlocks} file
   * @param {number} position
   * @param {Uint8Array} chunk
   */
  gather(file, position, chunk) {
    if (!file.cache.keeps) return;
    for (let done = 0; done < chunk.length;) {
      const from = (position + done) % BLOCK_BYTES;
      const index = (position + done - from) / BLOCK_BYTES;
      const whole = Math.min(BLOCK_BYTES, file.sizeBytes - index * BLOCK_BYTES);
      if (whole <= from) return;
      const part = chunk.subarray(done, done + whole - from);
      done += part.length;
      if (from === 0) {
        this.#index = index;
        this.#bytes = new Uint8Array(whole);
      } else if (index !== this.#index || from !== this.#length) {
        this.#index = -1;
        continue; // its beginning is not there
      }
      this.#bytes?.set(part, from);
      this.#length = from + part.length;
      if (this.#length < whole || this.#bytes === null) continue;
      file.cache.add({ bytes: this.#bytes, owner: file, index });
      this.#index = -1;
      this.#bytes = null;
    }
  }
}

export class BlockCache {
  /** @type {Map<string, FileBlocks>} by path: what a later open() finds */
  #files = new Map();
  /** @type {Set<Block>} those read longest ago first */
  #blocks = new Set();
  #takenBytes = 0;
  limitBytes;

  /** @param {number} limitBytes 0: nothing is kept */
  constructor(limitBytes) {
    this.limitBytes = limitBytes;
  }

  /** Whether there is room for a block. */
  get keeps() {
    return this.limitBytes >= BLOCK_BYTES;
  }

  /** In bytes: what is kept. */
  get takenBytes() {
    return this.#takenBytes;
  }

  /**
   * The blocks of this version of a file, for another reader; those of another
   * version are given up.
   * @param {string} path
   * @param {string} validator "": there is no telling, so nothing is there yet
   * @param {number} sizeBytes
   * @param {boolean} fixed whether the page said that the file is what it is
   */
  enter(path, validator, sizeBytes, fixed) {
    const old = this.#files.get(path);
    const same = fixed || (validator !== "" && old?.validator === validator);
    if (old !== undefined && same && old.sizeBytes === sizeBytes) {
      old.users++;
      return old;
    }
    if (old !== undefined) this.forget(old);
    const file = new FileBlocks(this, path, validator, sizeBytes);
    file.users = 1;
    if (fixed || validator !== "") this.#files.set(path, file);
    return file;
  }

  /** @param {FileBlocks} file that has one reader less */
  leave(file) {
    file.users--;
    // What a later reader could not find goes.
    if (this.#files.get(file.path) !== file) this.forget(file);
    else this.#forgetEmpty(file);
  }

  /**
   * Blocks of another version for one of the readers; the others read on in
   * what they have.
   * @param {FileBlocks} file
   * @param {string} validator
   */
  replace(file, validator) {
    const { path, sizeBytes } = file;
    const found = this.#files.get(path) === file;
    const other = new FileBlocks(this, path, validator, sizeBytes);
    other.users = 1;
    this.forget(file);
    file.users--;
    if (found) this.#files.set(path, other);
    return other;
  }

  /** @param {FileBlocks} file whose blocks are given up: it has changed */
  forget(file) {
    for (const block of file.blocks.values()) {
      this.#blocks.delete(block);
      this.#takenBytes -= block.bytes.length;
    }
    file.blocks.clear();
    if (this.#files.get(file.path) === file) this.#files.delete(file.path);
  }

  /** @param {Block} block */
  touch(block) {
    this.#blocks.delete(block);
    this.#blocks.add(block);
  }

  /** @param {Block} block */
  add(block) {
    if (block.owner.blocks.has(block.index)) return;
    block.owner.blocks.set(block.index, block);
    this.#blocks.add(block);
    this.#takenBytes += block.bytes.length;
    for (const oldest of this.#blocks) {
      if (this.#takenBytes <= this.limitBytes) break;
      this.#blocks.delete(oldest);
      oldest.owner.blocks.delete(oldest.index);
      this.#takenBytes -= oldest.bytes.length;
      this.#forgetEmpty(oldest.owner);
    }
  }

  /** @param {FileBlocks} file */
  #forgetEmpty(file) {
    if (file.users === 0 && file.blocks.size === 0) this.forget(file);
  }
}
