/* What C's numbers for kinds of keys, hashes, curves and uses are to WebCrypto,
 * and which keys can do what. The numbers are those of gossamer/crypto.h. */
import { GossamerError } from "../errors.js";

/** By enum gs_hash_kind. */
export const HASHES = ["", "SHA-1", "SHA-256", "SHA-384", "SHA-512"];
export const HASH_BYTES = [0, 20, 32, 48, 64];
const SHA_256 = 2;

/** By enum gs_key_curve; 0 is the first. */
const CURVES = ["P-256", "P-256", "P-384", "P-521"];
const CURVE_BITS = [256, 256, 384, 521];

/** By enum gs_key_format. @type {(KeyFormat | "")[]} */
const FORMATS = ["", "raw", "spki", "pkcs8", "jwk"];

/** Bits of `uses`, GS_KEY_ENCRYPT and so on. @type {KeyUsage[]} */
const USAGES = [
  "encrypt",
  "decrypt",
  "sign",
  "verify",
  "deriveKey",
  "deriveBits",
  "wrapKey",
  "unwrapKey",
];
const ENCRYPT = 1;
const DECRYPT = 2;
const SIGN = 4;
const VERIFY = 8;
const DERIVE = 16 | 32;
const WRAP = 64;
const UNWRAP = 128;

/**
 * @typedef {"HMAC" | "AES" | "password" | "EC" | "OKP" | "RSA"} Family
 *
 * @typedef {object} Kind
 * @property {string} name
 * @property {Family} family
 * @property {number} uses of a secret or private key
 * @property {number} publicUses 0 for kinds without public keys, and where a
 *   public key is only what another key is used with
 *
 * struct gs_key_spec.
 * @typedef {object} Spec
 * @property {number} kind
 * @property {number} hash
 * @property {number} curve
 * @property {number} bits
 * @property {number} uses
 * @property {boolean} extractable
 */

/**
 * @param {string} name
 * @param {Family} family
 * @param {number} uses
 * @param {number} publicUses
 * @returns {Kind}
 */
const kind = (name, family, uses, publicUses = 0) => ({
  name,
  family,
  uses,
  publicUses,
});
const CIPHER = ENCRYPT | DECRYPT | WRAP | UNWRAP;

/** By enum gs_key_kind, from 1. */
const KINDS = [
  kind("HMAC", "HMAC", SIGN | VERIFY),
  kind("AES-GCM", "AES", CIPHER),
  kind("AES-CBC", "AES", CIPHER),
  kind("AES-CTR", "AES", CIPHER),
  kind("AES-KW", "AES", WRAP | UNWRAP),
  kind("PBKDF2", "password", DERIVE),
  kind("HKDF", "password", DERIVE),
  kind("ECDSA", "EC", SIGN, VERIFY),
  kind("ECDH", "EC", DERIVE),
  kind("Ed25519", "OKP", SIGN, VERIFY),
  kind("X25519", "OKP", DERIVE),
  kind("RSA-PSS", "RSA", SIGN, VERIFY),
  kind("RSA-OAEP", "RSA", DECRYPT | UNWRAP, ENCRYPT | WRAP),
];

/** @param {string} words @returns {GossamerError} */
export const invalid = (words) => new GossamerError("EINVAL", words);

/**
 * @param {number} number enum gs_key_kind
 * @returns {Kind}
 */
export function kindOf(number) {
  const found = KINDS[number - 1];
  if (found === undefined) throw invalid(`there is no kind of key ${number}`);
  return found;
}

/**
 * @param {number} number enum gs_hash_kind, 0: SHA-256
 * @returns {string}
 */
export function hashName(number) {
  const name = HASHES[number === 0 ? SHA_256 : number];
  if (name === undefined) throw invalid(`there is no hash ${number}`);
  return name;
}

/** @param {string} name as WebCrypto's @returns {number} its size; 0: unknown */
export const hashBytes = (name) => HASH_BYTES[HASHES.indexOf(name)] ?? 0;

/** @param {number} number enum gs_key_format @returns {KeyFormat} */
export function formatOf(number) {
  const name = FORMATS[number];
  if (!name) throw invalid(`there is no key format ${number}`);
  return name;
}

/** @param {number} uses @returns {KeyUsage[]} */
const usagesOf = (uses) => USAGES.filter((_name, bit) => uses & (1 << bit));

/** @param {Kind} kind @returns {boolean} whether it has public keys */
export const hasPairs = ({ family }) =>
  family === "EC" || family === "OKP" || family === "RSA";

/**
 * @param {Spec} spec
 * @param {boolean} isPublic
 * @returns {KeyUsage[]} what a key is asked to be used for and can be
 */
export function specUsages(spec, isPublic) {
  const { name, uses, publicUses } = kindOf(spec.kind);
  if (spec.uses & ~(uses | publicUses)) {
    throw invalid(`${name} has no such uses: 0x${spec.uses.toString(16)}`);
  }
  const all = isPublic ? publicUses : uses;
  const wanted = spec.uses === 0 ? all : all & spec.uses;
  if (wanted === 0 && all !== 0) {
    const half = isPublic ? "a public" : "such a";
    throw invalid(`${half} key of ${name} has none of the uses that are given`);
  }
  return usagesOf(wanted);
}

/**
 * Both halves'.
 * @param {Spec} spec
 * @returns {KeyUsage[]}
 */
export function pairUsages(spec) {
  const { uses, publicUses } = kindOf(spec.kind);
  specUsages(spec, false);
  return usagesOf(spec.uses === 0 ? uses | publicUses : spec.uses);
}

/**
 * The algorithm of a key that is to be imported.
 * @param {Spec} spec
 */
export function importAlgorithm(spec) {
  const { name, family } = kindOf(spec.kind);
  checkBits(spec, family);
  switch (family) {
    case "HMAC":
      return spec.bits === 0
        ? { name, hash: hashName(spec.hash) }
        : { name, hash: hashName(spec.hash), length: spec.bits };
    case "EC":
      return { name, namedCurve: curveName(spec.curve) };
    case "RSA":
      return { name, hash: hashName(spec.hash) };
    default:
      return { name };
  }
}

const AES_BITS = 256;
const RSA_BITS = 3072;

/**
 * The algorithm of a key that is to be generated or derived.
 * @param {Spec} spec
 */
export function newAlgorithm(spec) {
  const { family } = kindOf(spec.kind);
  const algorithm = importAlgorithm(spec);
  switch (family) {
    case "AES":
      return { ...algorithm, length: spec.bits || AES_BITS };
    case "RSA":
      return {
        ...algorithm,
        modulusLength: spec.bits || RSA_BITS,
        publicExponent: Uint8Array.of(1, 0, 1),
      };
    default:
      return algorithm;
  }
}

/** @param {number} number enum gs_key_curve */
function curveName(number) {
  const name = CURVES[number];
  if (name === undefined) throw invalid(`there is no curve ${number}`);
  return name;
}

const RSA_BITS_LEAST = 512;
const RSA_BITS_MOST = 16_384;

/** @param {Spec} spec @param {Family} family */
function checkBits({ bits }, family) {
  if (bits === 0) return;
  const right =
    (family === "AES" && [128, 192, 256].includes(bits)) ||
    (family === "HMAC" && bits % 8 === 0) ||
    (family === "RSA" &&
      bits % 8 === 0 &&
      bits >= RSA_BITS_LEAST &&
      bits <= RSA_BITS_MOST) ||
    family === "EC" ||
    family === "OKP" ||
    family === "password";
  if (!right) throw invalid(`a key cannot have ${bits} bits`);
}

/**
 * What is known of an algorithm when a key is there.
 * @typedef {object} KeyFacts
 * @property {string} name
 * @property {string} hash "" for kinds without
 * @property {string} curve "" likewise
 * @property {number} bits of AES, HMAC and RSA; 0 for others
 */

/**
 * @param {CryptoKey} key
 * @returns {KeyFacts}
 */
export function factsOf({ algorithm }) {
  const all = /** @type {any} */ (algorithm);
  return {
    name: all.name,
    hash: all.hash?.name ?? "",
    curve: all.namedCurve ?? "",
    bits: all.length ?? all.modulusLength ?? 0,
  };
}

/** @param {CryptoKey} key @returns {Kind | undefined} */
export const keyKind = (key) =>
  KINDS.find(({ name }) => name === key?.algorithm?.name);

/** @param {KeyFacts} facts @returns {number} bits that two keys agree upon */
export function agreedBits({ curve }) {
  return curve === "" ? 256 : (CURVE_BITS[CURVES.lastIndexOf(curve)] ?? 0);
}

/**
 * @param {CryptoKey} key
 * @returns {Spec} as gs_key_info() tells it; kind 0 for what is none of ours
 */
export function describe(key) {
  const { name, hash, curve, bits } = factsOf(key);
  return {
    kind: KINDS.findIndex((each) => each.name === name) + 1,
    hash: Math.max(HASHES.indexOf(hash), 0),
    curve: Math.max(CURVES.lastIndexOf(curve), 0),
    bits,
    uses: USAGES.reduce(
      (uses, usage, bit) => uses | (key.usages.includes(usage) ? 1 << bit : 0),
      0,
    ),
    extractable: key.extractable,
  };
}
