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

/** By enum gs_hash_kind. @type {("" | keyof HashLibrary)[]} */
const MAKERS = [
  "",
  "createSHA1",
  "createSHA256",
  "createSHA384",
  "createSHA512",
];

/**
 * @param {HashLibrary} library
 * @param {number} kind enum gs_hash_kind
 * @returns {Promise<Hasher> | null} null: it has none of this kind
 */
export function createHasher(library, kind) {
  const maker = MAKERS[kind];
  if (!maker || typeof library[maker] !== "function") return null;
  return Promise.resolve(library[maker]());
}
