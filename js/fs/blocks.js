/* The bytes of one file in memory, in blocks. A block that was never written
 * is a hole and takes nothing; a small file is one block that doubles as it
 * grows, so that no byte is copied more than about twice. What blocks take is
 * counted against a budget that files share; without room nothing changes. */
import { ERRNO } from "../errors.js";
import { copyBytes } from "../memory.js";
import { MAX_SIZE_BYTES } from "./volume.js";

/** Measured: smaller ones cost more objects, larger ones more page faults. */
export const BLOCK_BYTES = 65_536;
/** What the first bytes of a file take. */
const SMALLEST_BYTES = 64;
/** A gap of more blocks than this does not get a slot for each. */
const MAX_GAP_BLOCKS = 1024;

/** @type {Uint8Array} */
const NO_BYTES = new Uint8Array(0);

/** What may be taken, by all who share it. */
export class Budget {
  usedBytes = 0;
  limitBytes;

  /** @param {number} limitBytes */
  constructor(limitBytes) {
    this.limitBytes = limitBytes;
  }

  /**
   * @param {number} sizeBytes
   * @returns {boolean} false: there is no room, nothing was taken
   */
  take(sizeBytes) {
    if (this.usedBytes + sizeBytes > this.limitBytes) return false;
    this.usedBytes += sizeBytes;
    return true;
  }

  /** @param {number} sizeBytes */
  give(sizeBytes) {
    this.usedBytes -= sizeBytes;
  }
}

/** @param {number} sizeBytes @returns {Uint8Array | null} null: no memory */
function makeBytes(sizeBytes) {
  try {
    return new Uint8Array(sizeBytes);
  } catch {
    // The engine has no more memory: for a program, a full disk.
    return null;
  }
}

/** @param {number} position */
const blockOf = (position) => Math.floor(position / BLOCK_BYTES);

/** Blocks by their number, far apart; the last ones are found at once. */
class FarBlocks {
  /** @type {Map<number, Uint8Array>} */
  #blocks = new Map();
  /** Their numbers, and some that are no more; in order unless it says so. */
  /** @type {number[]} */
  #order = [];
  #isSorted = true;

  get size() {
    return this.#blocks.size;
  }

  /** @param {number} index */
  get(index) {
    return this.#blocks.get(index);
  }

  /**
   * @param {number} index
   * @param {Uint8Array} block
   */
  set(index, block) {
    if (!this.#blocks.has(index)) {
      if (index < (this.#order.at(-1) ?? 0)) this.#isSorted = false;
      this.#order.push(index);
    }
    this.#blocks.set(index, block);
  }

  /** @param {number} index */
  delete(index) {
    if (!this.#blocks.delete(index)) return;
    if (this.#order.length < 2 * this.#blocks.size + MAX_GAP_BLOCKS) return;
    this.#order = [...this.#blocks.keys()];
    this.#isSorted = false;
  }

  /**
   * Takes away the last one.
   * @param {number} first its number is this at least
   * @returns {Uint8Array | null} null: there is none
   */
  takeLast(first) {
    if (!this.#isSorted) this.#order.sort((a, b) => a - b);
    this.#isSorted = true;
    for (;;) {
      const index = this.#order.at(-1);
      if (index === undefined || index < first) return null;
      this.#order.pop();
      const block = this.#blocks.get(index);
      if (block === undefined) continue;
      this.#blocks.delete(index);
      return block;
    }
  }
}

export class Blocks {
  sizeBytes = 0;
  /**
   * The block used last, and where it begins.
   * @type {Uint8Array}
   */
  #last = NO_BYTES;
  #lastStart = 0;
  /** @type {(Uint8Array | null)[]} from the file's beginning on */
  #near = [];
  /** What lies beyond those. */
  #far = new FarBlocks();
  #budget;

  /** @param {Budget} budget */
  constructor(budget) {
    this.#budget = budget;
  }

  /**
   * @param {number} position
   * @param {Uint8Array} bytes
   * @param {number} at
   * @param {number} size
   * @returns {number} how many there were
   */
  read(position, bytes, at, size) {
    const left = this.sizeBytes - position;
    const count = size < left ? size : left;
    const start = position - this.#lastStart;
    if (start >= 0 && start + count <= this.#last.length) {
      if (count <= 0) return 0;
      copyBytes(bytes, at, this.#last, start, count);
      return count;
    }
    if (count <= 0) return 0;
    for (let done = 0; done < count;) {
      const index = blockOf(position + done);
      const from = position + done - index * BLOCK_BYTES;
      const part = Math.min(BLOCK_BYTES - from, count - done);
      const block = this.#find(index);
      const there = Math.min(Math.max(block.length - from, 0), part);
      if (there > 0) copyBytes(bytes, at + done, block, from, there);
      if (there < part) bytes.fill(0, at + done + there, at + done + part);
      done += part;
    }
    return count;
  }

  /**
   * @param {number} position
   * @param {Uint8Array} bytes
   * @param {number} at
   * @param {number} size
   * @returns {number} how many had room; ENOSPC or EFBIG if none had
   */
  write(position, bytes, at, size) {
    const start = position - this.#lastStart;
    if (start >= 0 && start + size <= this.#last.length) {
      copyBytes(this.#last, start, bytes, at, size);
      const end = position + size;
      // Nothing to write is no reason to be longer.
      if (end > this.sizeBytes && size > 0) this.sizeBytes = end;
      return size;
    }
    const count = Math.min(size, MAX_SIZE_BYTES - position);
    if (count <= 0) return size === 0 ? 0 : -ERRNO.EFBIG;
    for (let done = 0; done < count;) {
      const index = blockOf(position + done);
      const from = position + done - index * BLOCK_BYTES;
      const part = Math.min(BLOCK_BYTES - from, count - done);
      const block = this.#reach(index, from + part);
      if (block === null) return done > 0 ? done : -ERRNO.ENOSPC;
      copyBytes(block, from, bytes, at + done, part);
      done += part;
      const end = position + done;
      if (end > this.sizeBytes) this.sizeBytes = end;
    }
    return count;
  }

  /**
   * @param {number} sizeBytes
   * @returns {number} 0 or a negative errno
   */
  resize(sizeBytes) {
    if (sizeBytes > MAX_SIZE_BYTES) return -ERRNO.EFBIG;
    if (sizeBytes < this.sizeBytes) this.#cut(sizeBytes);
    this.sizeBytes = sizeBytes;
    return 0;
  }

  /**
   * Fills the holes of a range; all of them or none.
   * @param {number} offset
   * @param {number} size from 1
   * @returns {number} 0 or a negative errno
   */
  allocate(offset, size) {
    if (offset > MAX_SIZE_BYTES - size) return -ERRNO.EFBIG;
    const end = offset + size;
    const first = blockOf(offset);
    const last = blockOf(end - 1);
    // As if every block of the range were new: what is certain not to fit is
    // refused before memory is asked for.
    const least = (last - first - this.#count()) * BLOCK_BYTES;
    const { usedBytes, limitBytes } = this.#budget;
    if (usedBytes + least > limitBytes) return -ERRNO.ENOSPC;
    /** @type {number[]} */
    const made = [];
    for (let index = first; index <= last; index++) {
      const before = this.#find(index).length;
      const room = Math.min(end - index * BLOCK_BYTES, BLOCK_BYTES);
      if (this.#reach(index, room) === null) {
        for (const one of made) this.#drop(one);
        return -ERRNO.ENOSPC;
      }
      if (before === 0) made.push(index);
    }
    if (end > this.sizeBytes) this.sizeBytes = end;
    return 0;
  }

  /** Gives everything back. */
  clear() {
    this.#cut(0);
    this.sizeBytes = 0;
  }

  /** How many blocks there are, at most. */
  #count() {
    return this.#near.length + this.#far.size;
  }

  /**
   * @param {number} index
   * @returns {Uint8Array} empty: a hole
   */
  #find(index) {
    const block =
      index < this.#near.length ? this.#near[index] : this.#far.get(index);
    if (block == null) return NO_BYTES;
    this.#last = block;
    this.#lastStart = index * BLOCK_BYTES;
    return block;
  }

  /**
   * @param {number} index
   * @param {number} needBytes
   * @returns {Uint8Array | null} a block with at least that much; null: no room
   */
  #reach(index, needBytes) {
    const block = this.#find(index);
    if (block.length >= needBytes) return block;
    // A file that goes on after a full block is likely to fill the next.
    const goesOn = index > 0 && this.#find(index - 1).length === BLOCK_BYTES;
    let wanted = goesOn ? BLOCK_BYTES : Math.max(SMALLEST_BYTES, block.length);
    while (wanted < needBytes) wanted *= 2;
    // No block goes into the next, nor beyond what a file can have.
    const most = MAX_SIZE_BYTES - index * BLOCK_BYTES;
    wanted = Math.min(wanted, BLOCK_BYTES, most);
    const grown =
      this.#grow(block, wanted) ??
      (wanted > needBytes ? this.#grow(block, needBytes) : null);
    if (grown !== null) this.#put(index, grown);
    return grown;
  }

  /**
   * @param {Uint8Array} block
   * @param {number} sizeBytes
   * @returns {Uint8Array | null} with the same bytes and zeros after them
   */
  #grow(block, sizeBytes) {
    if (!this.#budget.take(sizeBytes - block.length)) return null;
    const grown = makeBytes(sizeBytes);
    if (grown === null) this.#budget.give(sizeBytes - block.length);
    else grown.set(block);
    return grown;
  }

  /**
   * @param {number} index
   * @param {Uint8Array} block
   */
  #put(index, block) {
    const near = this.#near;
    if (index < near.length) {
      near[index] = block;
    } else if (index > near.length + MAX_GAP_BLOCKS) {
      this.#far.set(index, block);
    } else {
      this.#far.delete(index);
      while (near.length < index) near.push(this.#takeFar(near.length));
      near.push(block);
    }
    this.#last = block;
    this.#lastStart = index * BLOCK_BYTES;
  }

  /** @param {number} index */
  #takeFar(index) {
    if (this.#far.size === 0) return null;
    const block = this.#far.get(index) ?? null;
    this.#far.delete(index);
    return block;
  }

  /** @param {number} index of a block that there is */
  #drop(index) {
    this.#budget.give(this.#find(index).length);
    if (index < this.#near.length) this.#near[index] = null;
    else this.#far.delete(index);
    this.#last = NO_BYTES;
  }

  /** @param {number} sizeBytes less than now */
  #cut(sizeBytes) {
    const kept = Math.ceil(sizeBytes / BLOCK_BYTES);
    for (const block of this.#near.splice(kept)) {
      if (block !== null) this.#budget.give(block.length);
    }
    for (;;) {
      const block = this.#far.takeLast(kept);
      if (block === null) break;
      this.#budget.give(block.length);
    }
    if (kept > 0) this.#cutBlock(kept - 1, sizeBytes);
    this.#last = NO_BYTES;
  }

  /**
   * @param {number} index
   * @param {number} sizeBytes of the file, which ends in this block
   */
  #cutBlock(index, sizeBytes) {
    const block = this.#find(index);
    const rest = sizeBytes - index * BLOCK_BYTES;
    const room = Math.max(rest, SMALLEST_BYTES);
    const smaller = block.length > 4 * room ? makeBytes(2 * room) : null;
    if (smaller === null) {
      // What is cut off must be zeros when the file is longer again.
      block.fill(0, rest);
    } else {
      copyBytes(smaller, 0, block, 0, rest);
      this.#budget.give(block.length - smaller.length);
      this.#put(index, smaller);
    }
  }
}
