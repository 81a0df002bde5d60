/* What streams take for bytes, and how they copy them. */
import { encodeText } from "../memory.js";

/** @type {Uint8Array} */
export const NO_BYTES = new Uint8Array(0);

/** Up to here a loop is faster than the two views that set() wants. */
const MAX_LOOP_BYTES = 32;

/**
 * @param {unknown} value
 * @returns {Uint8Array | null} null for what is neither bytes nor text
 */
export function asBytes(value) {
  if (value instanceof Uint8Array) return value;
  if (typeof value === "string") return encodeText(value);
  try {
    if (ArrayBuffer.isView(value)) {
      return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    }
    return value instanceof ArrayBuffer ? new Uint8Array(value) : null;
  } catch {
    return null; // the buffer was transferred: its bytes are elsewhere
  }
}

/**
 * @param {Uint8Array} target
 * @param {number} at
 * @param {Uint8Array} source
 * @param {number} from
 * @param {number} size
 */
export function copyBytes(target, at, source, from, size) {
  if (size > MAX_LOOP_BYTES) {
    target.set(source.subarray(from, from + size), at);
    return;
  }
  for (let index = 0; index < size; index++) {
    target[at + index] = /** @type {number} */ (source[from + index]);
  }
}
