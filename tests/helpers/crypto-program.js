/* The fixture program "keys" as an object: what gossamer/crypto.h has, with
 * bytes for hexadecimal text and GossamerError's names for failures. Knows
 * nothing of Node, so that pages load it too. */

export const HASH = { "SHA-1": 1, "SHA-256": 2, "SHA-384": 3, "SHA-512": 4 };
export const KIND = {
  HMAC: 1,
  "AES-GCM": 2,
  "AES-CBC": 3,
  "AES-CTR": 4,
  "AES-KW": 5,
  PBKDF2: 6,
  HKDF: 7,
  ECDSA: 8,
  ECDH: 9,
  Ed25519: 10,
  X25519: 11,
  "RSA-PSS": 12,
  "RSA-OAEP": 13,
};
export const CURVE = { "P-256": 1, "P-384": 2, "P-521": 3 };
export const FORMAT = { raw: 1, spki: 2, pkcs8: 3, jwk: 4 };
export const USE = {
  encrypt: 1,
  decrypt: 2,
  sign: 4,
  verify: 8,
  deriveKey: 16,
  deriveBits: 32,
  wrapKey: 64,
  unwrapKey: 128,
};
/** How the next calls end: see end_by() of the program. */
export const END = { BY_ITSELF: 0, CANCELED: 1, TIMED_OUT: 2 };

/** Room for every answer. */
const ROOM_BYTES = 4096;
/** Out apart from data. */
const APART = -1;

/**
 * @typedef {object} Spec
 * @property {keyof typeof KIND} kind
 * @property {keyof typeof HASH} [hash]
 * @property {keyof typeof CURVE} [curve]
 * @property {number} [bits]
 * @property {(keyof typeof USE)[]} [uses]
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
 * @property {keyof typeof HASH} [hash]
 * @property {number} [publicKey]
 *
 * @typedef {object} Signing
 * @property {keyof typeof HASH} [hash]
 * @property {number} [saltBytes]
 *
 * @typedef {object} Placing
 * @property {number} [room]
 * @property {number} [shift] out begins this far behind data; else apart
 */

const EMPTY = new Uint8Array(0);

/** @param {Uint8Array} bytes */
export function toHex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(
    "",
  );
}

/** @param {string} hex */
export function fromHex(hex) {
  const pairs = hex.replace(/\s/g, "").match(/../g) ?? [];
  return Uint8Array.from(pairs, (pair) => Number.parseInt(pair, 16));
}

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

/** @param {keyof typeof HASH | undefined} hash */
const hashOf = (hash) => (hash === undefined ? 0 : HASH[hash]);

/** @param {Spec} spec */
function packSpec({ kind, hash, curve, bits = 0, uses = [], extractable }) {
  const wanted = uses.reduce((sum, use) => sum | USE[use], 0);
  const curveNumber = curve === undefined ? 0 : CURVE[curve];
  const last = extractable === true ? 1 : 0;
  return pack([KIND[kind], hashOf(hash), curveNumber, bits, wanted, last]);
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
const bytesOf = (text) => fromHex(refuse(text));
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

    /** @param {keyof typeof HASH} hash @param {Uint8Array} data */
    hash: async (hash, data) =>
      bytesOf(await call("hash", HASH[hash], data, data.length)),
    /**
     * @param {keyof typeof HASH} hash
     * @param {Uint8Array} data
     * @param {number} piece
     */
    hashPieces: async (hash, data, piece) =>
      bytesOf(await call("hash_pieces", HASH[hash], data, data.length, piece)),
    /**
     * @param {keyof typeof HASH} hash
     * @param {Uint8Array} key
     * @param {Uint8Array} data
     */
    hmac: async (hash, key, data) =>
      bytesOf(
        await call("hmac", HASH[hash], key, key.length, data, data.length),
      ),

    /** @param {Spec} spec @returns {Promise<number[]>} */
    generate: async (spec) => keysOf(await call("generate", packSpec(spec))),
    /**
     * @param {Spec} spec
     * @param {keyof typeof FORMAT} format
     * @param {Uint8Array} data
     */
    import: async (spec, format, data) =>
      keyOf(
        await call("import", packSpec(spec), FORMAT[format], data, data.length),
      ),
    /** @param {number} key @param {keyof typeof FORMAT} format */
    export: async (key, format, room = ROOM_BYTES) =>
      bytesOf(await call("export", key, FORMAT[format], room)),
    /**
     * @param {number} key
     * @param {keyof typeof FORMAT} format
     * @param {number} wrapping
     * @param {Cipher} [cipher]
     */
    wrap: async (key, format, wrapping, cipher = {}, room = ROOM_BYTES) =>
      bytesOf(
        await call(
          "wrap",
          key,
          FORMAT[format],
          wrapping,
          packCipher(cipher),
          room,
        ),
      ),
    /**
     * @param {Spec} spec
     * @param {keyof typeof FORMAT} format
     * @param {number} unwrapping
     * @param {Cipher} cipher
     * @param {Uint8Array} data
     */
    unwrap: async (spec, format, unwrapping, cipher, data) =>
      keyOf(
        await call(
          "unwrap",
          packSpec(spec),
          FORMAT[format],
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
