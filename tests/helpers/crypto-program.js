/* The fixture program "keys" as an object: what gossamer/crypto.h has, with
 * bytes for hexadecimal text and GossamerError's names for failures. Knows
 * nothing of Node, so that pages load it too. */
import { CURVES, FORMATS, HASHES, KINDS, USES, hex } from "./crypto-names.js";

/** How the next calls end: see end_by() of the program. */
export const END = { BY_ITSELF: 0, CANCELED: 1, TIMED_OUT: 2 };

/** Room for every answer. */
const ROOM_BYTES = 4096;
/** Out apart from data. */
const APART = -1;

/**
 * @typedef {object} Spec
 * @property {keyof typeof KINDS} kind
 * @property {keyof typeof HASHES} [hash]
 * @property {keyof typeof CURVES} [curve]
 * @property {number} [bits]
 * @property {(keyof typeof USES)[]} [uses]
 * @property {boolean} [extractable]
 *
 * @typedef {object} Cipher
 * @property {Uint8Array} [iv]
 * @property {Uint8Array} [extra]
 * @property {number} [tagBytes]
 * @property {number} [counterBits]
 *
 * @typedef {object} Derivation
 * @property {Uint8Array} [salt]
 * @property {Uint8Array} [info]
 * @property {number} [iterations]
 * @property {keyof typeof HASHES} [hash]
 * @property {number} [publicKey]
 *
 * @typedef {object} Signing
 * @property {keyof typeof HASHES} [hash]
 * @property {number} [saltBytes]
 *
 * @typedef {object} Placing
 * @property {number} [room]
 * @property {number} [shift] out begins this far behind data; else apart
 */

const EMPTY = new Uint8Array(0);

/**
 * Numbers of 32 bits, then bytes.
 * @param {number[]} numbers
 * @param {...Uint8Array} rest
 */
function pack(numbers, ...rest) {
  const heads = new Uint8Array(Uint32Array.from(numbers).buffer);
  const parts = [heads, ...rest];
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  const all = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** @param {keyof typeof HASHES | undefined} hash */
const hashOf = (hash) => (hash === undefined ? 0 : HASHES[hash]);

/** @param {Spec} spec */
function packSpec({ kind, hash, curve, bits = 0, uses = [], extractable }) {
  const wanted = uses.reduce((sum, use) => sum | USES[use], 0);
  const curveNumber = curve === undefined ? 0 : CURVES[curve];
  const last = extractable === true ? 1 : 0;
  return pack([KINDS[kind], hashOf(hash), curveNumber, bits, wanted, last]);
}

/** @param {Cipher} cipher */
function packCipher({
  iv = EMPTY,
  extra = EMPTY,
  tagBytes = 0,
  counterBits = 0,
}) {
  return pack([iv.length, extra.length, tagBytes, counterBits], iv, extra);
}

/** @param {Derivation} options */
function packDerivation({
  salt = EMPTY,
  info = EMPTY,
  iterations = 0,
  hash,
  publicKey = 0,
}) {
  const numbers = [salt.length, info.length, iterations, hashOf(hash)];
  return pack([...numbers, publicKey], salt, info);
}

/** What a call of the program answered that failed. */
export class Refused extends Error {}

/** @param {string} text */
function refuse(text) {
  if (/^(E[A-Z0-9]+|written)\b/.test(text)) throw new Refused(text);
  return text;
}

/** @param {string} text */
const bytesOf = (text) => hex(refuse(text));
/** @param {string} text */
const numberOf = (text) => Number(refuse(text));
/** @param {string} text */
const keysOf = (text) => refuse(text).split(" ").map(Number);
/** @param {string} text */
const keyOf = (text) => /** @type {number} */ (keysOf(text)[0]);

/** @param {any} app the running program: its call() is used */
export function cryptoProgram(app) {
  /**
   * @param {string} name
   * @param {...any} args
   */
  const call = (name, ...args) => app.call(name, ...args);
  return {
    /** @param {number} how END */
    endBy: (how) => call("end_by", how),

    /** @param {keyof typeof HASHES} hash @param {Uint8Array} data */
    hash: async (hash, data) =>
      bytesOf(await call("hash", HASHES[hash], data, data.length)),
    /**
     * @param {keyof typeof HASHES} hash
     * @param {Uint8Array} data
     * @param {number} piece
     */
    hashPieces: async (hash, data, piece) =>
      bytesOf(
        await call("hash_pieces", HASHES[hash], data, data.length, piece),
      ),
    /**
     * @param {keyof typeof HASHES} hash
     * @param {Uint8Array} key
     * @param {Uint8Array} data
     */
    hmac: async (hash, key, data) =>
      bytesOf(
        await call("hmac", HASHES[hash], key, key.length, data, data.length),
      ),

    /** @param {Spec} spec @returns {Promise<number[]>} */
    generate: async (spec) => keysOf(await call("generate", packSpec(spec))),
    /**
     * @param {Spec} spec
     * @param {keyof typeof FORMATS} format
     * @param {Uint8Array} data
     */
    import: async (spec, format, data) =>
      keyOf(
        await call(
          "import",
          packSpec(spec),
          FORMATS[format],
          data,
          data.length,
        ),
      ),
    /** @param {number} key @param {keyof typeof FORMATS} format */
    export: async (key, format, room = ROOM_BYTES) =>
      bytesOf(await call("export", key, FORMATS[format], room)),
    /**
     * @param {number} key
     * @param {keyof typeof FORMATS} format
     * @param {number} wrapping
     * @param {Cipher} [cipher]
     */
    wrap: async (key, format, wrapping, cipher = {}, room = ROOM_BYTES) =>
      bytesOf(
        await call(
          "wrap",
          key,
          FORMATS[format],
          wrapping,
          packCipher(cipher),
          room,
        ),
      ),
    /**
     * @param {Spec} spec
     * @param {keyof typeof FORMATS} format
     * @param {number} unwrapping
     * @param {Cipher} cipher
     * @param {Uint8Array} data
     */
    unwrap: async (spec, format, unwrapping, cipher, data) =>
      keyOf(
        await call(
          "unwrap",
          packSpec(spec),
          FORMATS[format],
          unwrapping,
          packCipher(cipher),
          data,
          data.length,
        ),
      ),
    /** @param {number} key */
    info: async (key) => refuse(await call("info", key)),
    /** @param {number} key */
    release: async (key) => numberOf(await call("release", key)),
    /** @param {string} name @param {number} key */
    store: async (name, key) => numberOf(await call("store", name, key)),
    /** @param {string} name */
    load: async (name) => keyOf(await call("load", name)),
    /** @param {string} name */
    forget: async (name) => numberOf(await call("forget", name)),

    /**
     * @param {number} key
     * @param {Signing} options
     * @param {Uint8Array} data
     */
    sign: async (key, options, data, room = ROOM_BYTES) =>
      bytesOf(
        await call(
          "sign",
          key,
          hashOf(options.hash),
          options.saltBytes ?? 0,
          data,
          data.length,
          room,
        ),
      ),
    /** @param {number} key @param {Uint8Array} data */
    signAndRelease: async (key, data) =>
      bytesOf(await call("sign_and_release", key, data, data.length)),
    /**
     * @param {number} key
     * @param {Signing} options
     * @param {Uint8Array} data
     * @param {Uint8Array} signature
     */
    verify: async (key, options, data, signature) =>
      numberOf(
        await call(
          "verify",
          key,
          hashOf(options.hash),
          options.saltBytes ?? 0,
          data,
          data.length,
          signature,
          signature.length,
        ),
      ),
    /**
     * @param {number} key
     * @param {Cipher} cipher
     * @param {Uint8Array} data
     * @param {Placing} [placing]
     */
    encrypt: async (key, cipher, data, placing) =>
      bytesOf(await transform("encrypt", key, cipher, data, placing)),
    /**
     * @param {number} key
     * @param {Cipher} cipher
     * @param {Uint8Array} data
     * @param {Placing} [placing]
     */
    decrypt: async (key, cipher, data, placing) =>
      bytesOf(await transform("decrypt", key, cipher, data, placing)),
    /**
     * @param {number} key
     * @param {Derivation} options
     * @param {number} size
     */
    derive: async (key, options, size) =>
      bytesOf(await call("derive", key, packDerivation(options), size)),
    /**
     * @param {number} key
     * @param {Derivation} options
     * @param {Spec} spec
     */
    deriveKey: async (key, options, spec) =>
      keyOf(
        await call("derive_key", key, packDerivation(options), packSpec(spec)),
      ),

    /** @param {number} bytes @returns {Promise<boolean>} */
    grow: (bytes) => call("grow", bytes),
    /** @returns {Promise<string>} */
    words: () => call("words"),
    /** @param {Uint8Array} a @param {Uint8Array} b @returns {Promise<boolean>} */
    equal: (a, b) => call("equal", a, b, a.length),
    /** @param {number} size */
    random: async (size) => bytesOf(await call("random", size)),
  };

  /**
   * @param {string} name
   * @param {number} key
   * @param {Cipher} cipher
   * @param {Uint8Array} data
   * @param {Placing} [placing]
   */
  function transform(name, key, cipher, data, placing = {}) {
    const { room = ROOM_BYTES / 2, shift = APART } = placing;
    const packed = packCipher(cipher);
    return call(name, key, packed, data, data.length, room, shift);
  }
}
