/* Bytes of a WebAssembly binary: a reader with a position, a writer that
 * grows, and LEB128 both ways. A read behind the end is an error. */

export class Reader {
  #bytes;
  /** Where the next byte is read. */
  at;
  /** Where reading must stop. */
  end;

  /**
   * @param {Uint8Array} bytes
   * @param {number} [at]
   * @param {number} [end]
   */
  constructor(bytes, at = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.at = at;
    this.end = end;
  }

  get done() {
    return this.at >= this.end;
  }

  byte() {
    if (this.at >= this.end) throw new RangeError("the module is cut short");
    return /** @type {number} */ (this.#bytes[this.at++]);
  }

  /** @param {number} count */
  skip(count) {
    if (count > this.end - this.at) {
      throw new RangeError("the module is cut short");
    }
    this.at += count;
  }

  /** Unsigned, up to 53 bits. */
  uleb() {
    let value = 0;
    let unit = 1;
    for (;;) {
      const byte = this.byte();
      value += (byte & 127) * unit;
      if (byte < 128) return value;
      unit *= 128;
      if (unit > 2 ** 63) throw new RangeError("a number is too long");
    }
  }

  /** Signed, 32 or 33 bits. */
  sleb() {
    let value = 0;
    let unit = 1;
    for (;;) {
      const byte = this.byte();
      value += (byte & 127) * unit;
      unit *= 128;
      if (byte < 128) return (byte & 64) === 0 ? value : value - unit;
      if (unit > 2 ** 42) throw new RangeError("a number is too long");
    }
  }

  /** A LEB128 number of whatever length, unread. */
  skipLeb() {
    while (this.byte() >= 128);
  }

  text() {
    const count = this.uleb();
    const from = this.at;
    this.skip(count);
    return new TextDecoder().decode(this.#bytes.subarray(from, this.at));
  }

  /**
   * @template T
   * @param {() => T} read one element
   * @returns {T[]}
   */
  vector(read) {
    const items = [];
    for (let count = this.uleb(); count > 0; count--) items.push(read());
    return items;
  }
}

export class Writer {
  #bytes = new Uint8Array(256);
  length = 0;

  /** @param {number} count more bytes */
  #grow(count) {
    const wanted = this.length + count;
    if (wanted <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(wanted, 2 * this.#bytes.length));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }

  /** @param {number[]} bytes */
  byte(...bytes) {
    this.#grow(bytes.length);
    for (const byte of bytes) this.#bytes[this.length++] = byte;
  }

  /** @param {Uint8Array} bytes */
  raw(bytes) {
    this.#grow(bytes.length);
    this.#bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** @param {number} value */
  uleb(value) {
    while (value >= 128) {
      this.byte((value % 128) | 128);
      value = Math.floor(value / 128);
    }
    this.byte(value);
  }

  /** @param {number} value 32 bits */
  sleb(value) {
    for (;;) {
      const low = value & 127;
      value >>= 7;
      const sign = low & 64 ? -1 : 0;
      if (value === sign) {
        this.byte(low);
        return;
      }
      this.byte(low | 128);
    }
  }

  /** @param {string} text */
  text(text) {
    this.sized(new TextEncoder().encode(text));
  }

  /** The bytes behind their count. @param {Uint8Array} bytes */
  sized(bytes) {
    this.uleb(bytes.length);
    this.raw(bytes);
  }

  /** What was written; the next write may overwrite it. */
  bytes() {
    return this.#bytes.subarray(0, this.length);
  }
}
