/* The part "crypto": `import { webcrypto } from "gossamer/crypto"` for
 * load(..., { parts: [webcrypto()] }). js/crypto-script.js is the same for script tags. */
import { createCrypto } from "./host/crypto.js";

/**
 * @typedef {object} CryptoOptions
 * @property {import("./crypto/hashes.js").HashLibrary} [hashes] computes hashes
 *   by pieces: the module hash-wasm, or one like it
 * @property {string} [store] whose keys are stored and loaded: "keys"
 * @property {IDBFactory | null} [factory] by itself the page's; null: none
 * @property {Crypto} [crypto] by itself the page's or Node's
 */

/**
 * @param {CryptoOptions} [options]
 * @returns {import("./parts.js").Part}
 */
export function webcrypto(options = {}) {
  return {
    name: "crypto",
    create: (host) => createCrypto(host, options),
  };
}
