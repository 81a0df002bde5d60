/* The only maker of views on wasm memory, and the only place that turns
 * wasm's signed 32-bit numbers into addresses. A view dies when memory grows:
 * never keep one across a call into wasm. What lies outside of memory is
 * answered by null or -1, which callers turn into EFAULT; nothing throws. */

/** Longer text than an engine's strings can be; nobody means it. */
const MAX_TEXT_BYTES = 1 << 28;

/** Up to here a loop beats the making of a view. */
const FEW_BYTES = 48;

const encoder = new TextEncoder();
// Ignoring a byte order mark here would change what the program said.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * A 32-bit number from wasm as what it means: an address, size or token.
 * Addresses above 2 GiB arrive negative.
 * @param {number} number
 */
export function u32(number) {
  return number >>> 0;
}

/**
 * @param {string} text
 * @returns {Uint8Array}
 */
export function encodeText(text) {
  return encoder.encode(text);
}

/**
 * Copies bytes between arrays that do not overlap.
 * @param {Uint8Array} target
 * @param {number} to
 * @param {Uint8Array} source
 * @param {number} from
 * @param {number} size
 */
export function copyBytes(target, to, source, from, size) {
  if (size <= FEW_BYTES) {
    for (let i = 0; i < size; i++) {
      target[to + i] = /** @type {number} */ (source[from + i]);
    }
  } else if (size === source.length) {
    target.set(source, to);
  } else {
    target.set(source.subarray(from, from + size), to);
  }
}

export class Memory {
  /** @type {WebAssembly.Memory | null} */
  #memory = null;
  #bytes = new Uint8Array(0);
  #view = new DataView(new ArrayBuffer(0));

  /** @param {WebAssembly.Memory} memory */
  attach(memory) {
    this.#memory = memory;
    this.renew();
  }

  /** Makes the views anew; wasm asks for it when memory has grown. */
  renew() {
    if (this.#memory === null) return;
    const { buffer } = this.#memory;
    this.#bytes = new Uint8Array(buffer);
    this.#view = new DataView(buffer);
  }

  /** Forgets the memory, so that it can be collected. */
  detach() {
    this.#memory = null;
    this.#bytes = new Uint8Array(0);
    this.#view = new DataView(new ArrayBuffer(0));
  }

  /** All of memory, valid until the next call into wasm. */
  get bytes() {
    // A detached buffer has no length: that is the cheapest sign of growth.
    if (this.#bytes.length === 0) this.renew();
    return this.#bytes;
  }

  /** All of memory for numbers, valid until the next call into wasm. */
  get view() {
    if (this.#bytes.length === 0) this.renew();
    return this.#view;
  }

  /**
   * Whether `size` bytes at `address` are inside. Both unsigned.
   * @param {number} address
   * @param {number} size
   */
  contains(address, size) {
    return address + size <= this.bytes.length;
  }

  /**
   * @param {number} pointer
   * @param {number} size
   * @returns {Uint8Array | null} a view, valid until the next call into wasm
   */
  slice(pointer, size) {
    const address = u32(pointer);
    const end = address + u32(size);
    const bytes = this.bytes;
    return end <= bytes.length ? bytes.subarray(address, end) : null;
  }

  /**
   * @param {number} pointer
   * @param {number} size
   * @returns {string | null}
   */
  text(pointer, size) {
    const bytes = this.slice(pointer, size);
    if (bytes === null || bytes.length > MAX_TEXT_BYTES) return null;
    return decoder.decode(bytes);
  }

  /**
   * A NUL-terminated string.
   * @param {number} pointer
   * @returns {string | null}
   */
  cString(pointer) {
    const address = u32(pointer);
    const end = this.bytes.indexOf(0, address);
    return end < 0 ? null : this.text(address, end - address);
  }

  /**
   * Copies as much of `text` as fits, without a NUL.
   * @param {number} pointer
   * @param {number} size
   * @param {string} text
   * @returns {number} the whole length in bytes, -1 when out of bounds
   */
  putText(pointer, size, text) {
    const target = this.slice(pointer, size);
    if (target === null) return -1;
    const bytes = encodeText(text);
    target.set(
      bytes.length > target.length ? bytes.subarray(0, target.length) : bytes,
    );
    return bytes.length;
  }

  /**
   * @param {number} pointer
   * @param {number} value
   * @returns {boolean} false when out of bounds
   */
  putU32(pointer, value) {
    const address = u32(pointer);
    if (!this.contains(address, 4)) return false;
    this.view.setUint32(address, value, true);
    return true;
  }

  /**
   * @param {number} pointer
   * @param {bigint} value
   * @returns {boolean} false when out of bounds
   */
  putU64(pointer, value) {
    const address = u32(pointer);
    if (!this.contains(address, 8)) return false;
    this.view.setBigUint64(address, value, true);
    return true;
  }
}
