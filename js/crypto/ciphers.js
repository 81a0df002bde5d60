/* The parameters of encryption and of signatures, checked before a host sees
 * them: hosts differ in what they refuse, and in how. */
import { factsOf, hashBytes, hashName, invalid } from "./algorithms.js";
import { GossamerError } from "../errors.js";

/**
 * @typedef {import("./engine.js").Operation} Operation
 */

const BLOCK_BYTES = 16;
const GCM_TAG_BYTES = [4, 8, 12, 13, 14, 15, 16];
const COUNTER_BITS = 64;

/**
 * @param {CryptoKey} key
 * @param {KeyUsage} usage
 */
export function checkUsage(key, usage) {
  if (key.usages.includes(usage)) return;
  throw new GossamerError(
    "EACCES",
    `this ${key.type} key of ${key.algorithm.name} may not be used for ` +
      `${usage}`,
  );
}

/**
 * @param {CryptoKey} key
 * @param {Operation} op
 * @param {number} plainBytes what is encrypted, -1: not known
 * @returns {AlgorithmIdentifier | AesGcmParams | AesCbcParams | AesCtrParams
 *   | RsaOaepParams}
 */
export function cipherOf(key, { iv, extra, number }, plainBytes) {
  const { name } = factsOf(key);
  switch (name) {
    case "AES-GCM": {
      const tag = number || BLOCK_BYTES;
      if (iv.length === 0) throw invalid("AES-GCM needs an iv");
      if (!GCM_TAG_BYTES.includes(tag)) {
        throw invalid(`AES-GCM has no tags of ${tag} bytes`);
      }
      const params = { name, iv, tagLength: tag * 8 };
      return extra.length > 0 ? { ...params, additionalData: extra } : params;
    }
    case "AES-CBC":
      checkBlock(name, iv);
      return { name, iv };
    case "AES-CTR": {
      checkBlock(name, iv);
      const length = number || COUNTER_BITS;
      if (length > BLOCK_BYTES * 8) {
        throw invalid(`AES-CTR has no counters of ${length} bits`);
      }
      if (Math.ceil(plainBytes / BLOCK_BYTES) > 2 ** length) {
        throw invalid(`a counter of ${length} bits is too short for that much`);
      }
      return { name, counter: iv, length };
    }
    case "RSA-OAEP":
      checkOaep(key, plainBytes);
      return extra.length > 0 ? { name, label: extra } : { name };
    default:
      return { name };
  }
}

/** @param {string} name @param {Uint8Array} iv */
function checkBlock(name, iv) {
  if (iv.length !== BLOCK_BYTES) {
    throw invalid(`${name} needs an iv of 16 bytes, not ${iv.length}`);
  }
}

/** @param {CryptoKey} key @param {number} plainBytes */
function checkOaep(key, plainBytes) {
  const { bits, hash } = factsOf(key);
  const most = bits / 8 - 2 * hashBytes(hash) - 2;
  if (plainBytes > most) {
    throw invalid(`RSA-OAEP encrypts up to ${most} bytes with this key`);
  }
}

/**
 * @param {CryptoKey} key
 * @param {Operation} op
 */
export function signingOf(key, { hash: hashNumber, number }) {
  const { name, hash, bits } = factsOf(key);
  if (name === "ECDSA") return { name, hash: hashName(hashNumber) };
  if (name !== "RSA-PSS") return { name };
  const saltLength = number || hashBytes(hash);
  const most = Math.ceil((bits - 1) / 8) - hashBytes(hash) - 2;
  if (saltLength > most) {
    throw invalid(`RSA-PSS has salts up to ${most} bytes with this key`);
  }
  return { name, saltLength };
}
