/* Hashes by pieces, which WebCrypto has not: a library that the page gives
 * computes them. Nothing here knows of wasm memory beyond the views it is given. */

/**
 * What is used of hash-wasm; a library like it will do.
 * @typedef {object} Hasher
 * @property {() => unknown} init
 * @property {(data: Uint8Array) => unknown} update
 * @property {(outputType: "binary") => Uint8Array} digest
 *
 * @typedef {object} HashLibrary
 * @property {() => Promise<Hasher>} createSHA1
 * @property {() => Promise<Hasher>} createSHA256
 * @property {() => Promise<Hasher>} createSHA384
 * @property {() => Promise<Hasher>} createSHA512
 */

/** As enum gs_hash_kind. */
export const HASH = Object.freeze({ SHA1: 1, SHA256: 2, SHA384: 3, SHA512: 4 });

/**
 * @param {HashLibrary} library
 * @param {number} kind HASH
 * @returns {Promise<Hasher> | null} null: no such kind
 */
export function createHasher(library, kind) {
  switch (kind) {
    case HASH.SHA1:
      return library.createSHA1();
    case HASH.SHA256:
      return library.createSHA256();
    case HASH.SHA384:
      return library.createSHA384();
    case HASH.SHA512:
      return library.createSHA512();
    default:
      return null;
  }
}
