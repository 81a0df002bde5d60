/* What streams take for bytes. */
import { encodeText } from "../memory.js";

/** @type {Uint8Array} */
export const NO_BYTES = new Uint8Array(0);

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
