/* The numbers of gossamer/crypto.h by the names that WebCrypto has for them, and
 * bytes as text, for all tests of crypto, in Node and in pages. */

export const KINDS = {
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
export const HASHES = { "SHA-1": 1, "SHA-256": 2, "SHA-384": 3, "SHA-512": 4 };
export const CURVES = { "P-256": 1, "P-384": 2, "P-521": 3 };
export const FORMATS = { raw: 1, spki: 2, pkcs8: 3, jwk: 4 };
export const USES = {
  encrypt: 1,
  decrypt: 2,
  sign: 4,
  verify: 8,
  deriveKey: 16,
  deriveBits: 32,
  wrapKey: 64,
  unwrapKey: 128,
};

/** @param {string} text of hexadecimal digits, perhaps with spaces between */
export const hex = (text) =>
  Uint8Array.from(text.replace(/\s/g, "").match(/../g) ?? [], (two) =>
    Number.parseInt(two, 16),
  );
/** @param {Uint8Array} bytes */
export const toHex = (bytes) =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
/** @param {Uint8Array} bytes */
export const toBase64url = (bytes) =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
/** @param {string} text */
export const utf8 = (text) => new TextEncoder().encode(text);

/** Chromium has AES of 128 and 256 bits only; everybody else has 192, too. */
export const HAS_AES_192 = !/Chrom/.test(globalThis.navigator?.userAgent ?? "");
