/* struct gs__crypto_op of src/host/host.h in memory: read whole and checked
 * before anything is started, written just before the token completes. */
import { u32 } from "../memory.js";

/** sizeof(struct gs__crypto_op) */
const OP_BYTES = 88;
const RESULT = 80;
const RESULT_PUBLIC = 84;

/**
 * @typedef {import("../memory.js").Memory} Memory
 *
 * @typedef {object} RawOp
 * @property {number} code
 * @property {number} key
 * @property {number} other
 * @property {number} format
 * @property {Uint8Array<ArrayBuffer>} data a view, as iv and extra
 * @property {number} out an address; outBytes from it on are in memory
 * @property {number} outBytes
 * @property {Uint8Array<ArrayBuffer>} iv
 * @property {Uint8Array<ArrayBuffer>} extra
 * @property {number} number
 * @property {number} hash
 * @property {import("../crypto/algorithms.js").Spec} spec
 */

/**
 * @param {Memory} memory
 * @param {number} address
 * @returns {RawOp | null} null: something lies outside of memory
 */
export function readOp(memory, address) {
  if (!memory.contains(address, OP_BYTES)) return null;
  const { view } = memory;
  /** @param {number} at */
  const word = (at) => view.getUint32(address + at, true);
  /** @param {number} at */
  const span = (at) =>
    /** @type {Uint8Array<ArrayBuffer> | null} */ (
      memory.slice(word(at), word(at + 4))
    );
  const data = span(16);
  const out = span(24);
  const iv = span(32);
  const extra = span(40);
  if (data === null || out === null || iv === null || extra === null) {
    return null;
  }
  return {
    code: word(0),
    key: word(4),
    other: word(8),
    format: word(12),
    data,
    out: word(24),
    outBytes: out.length,
    iv,
    extra,
    number: word(48),
    hash: word(52),
    spec: {
      kind: word(56),
      hash: word(60),
      curve: word(64),
      bits: word(68),
      uses: word(72),
      extractable: word(76) !== 0,
    },
  };
}

/**
 * @param {Memory} memory
 * @param {number} address of the operation
 * @param {number} result a handle, or the size that is needed
 */
export function writeResult(memory, address, result) {
  memory.putU32(address + RESULT, result);
}

/**
 * @param {Memory} memory
 * @param {number} address of the operation
 * @param {number} result the handle of a pair's public key
 */
export function writePublicResult(memory, address, result) {
  memory.putU32(address + RESULT_PUBLIC, result);
}

/**
 * @param {Memory} memory
 * @param {number} pointer to six numbers
 * @param {import("../crypto/algorithms.js").Spec} spec
 * @returns {boolean} false when out of bounds; nothing is written then
 */
export function writeSpec(memory, pointer, spec) {
  const address = u32(pointer);
  const words = [
    spec.kind,
    spec.hash,
    spec.curve,
    spec.bits,
    spec.uses,
    spec.extractable ? 1 : 0,
  ];
  if (!memory.contains(address, words.length * 4)) return false;
  words.forEach((value, i) => memory.putU32(address + i * 4, value));
  return true;
}
