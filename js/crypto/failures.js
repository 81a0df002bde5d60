/* What failures of WebCrypto are to C: an error number's name, and words. Many
 * hosts say nothing but "OperationError", so the words say what was tried. */
import { GossamerError, messageOf } from "../errors.js";

/** enum gs__crypto_code in src/host/host.h; DIGEST is what has no code there. */
export const CODE = Object.freeze({
  DIGEST: 0,
  GENERATE: 1,
  IMPORT: 2,
  EXPORT: 3,
  WRAP: 4,
  UNWRAP: 5,
  SIGN: 6,
  VERIFY: 7,
  ENCRYPT: 8,
  DECRYPT: 9,
  DERIVE: 10,
  DERIVE_KEY: 11,
  STORE: 12,
  LOAD: 13,
  DELETE: 14,
});

/** By CODE: what could not be done. */
const DONE = [
  "hash",
  "generate a key",
  "import a key",
  "export a key",
  "wrap a key",
  "unwrap a key",
  "sign",
  "verify a signature",
  "encrypt",
  "decrypt",
  "derive bytes",
  "derive a key",
  "store a key",
  "load a key",
  "delete a key",
];

/** By CODE: why, as far as the host's OperationError leaves a choice.
 * @type {Map<number, string>} */
const WHY = new Map([
  [CODE.ENCRYPT, "this host refuses a size, such as the iv's"],
  [CODE.DECRYPT, "it is not authentic, not well padded, or by another key"],
  [CODE.UNWRAP, "it is not authentic, or not by this key"],
  [CODE.DERIVE, "the other side's key, or a size, is refused"],
  [CODE.DERIVE_KEY, "the other side's key, or a size, is refused"],
  [CODE.WRAP, "the wrapping key does not take a key of this size"],
]);

/** Codes whose data come from elsewhere. @type {number[]} */
const FROM_OUTSIDE = [CODE.IMPORT, CODE.UNWRAP];

/**
 * @param {string} name of a DOMException, or an Error's
 * @param {number} code CODE
 */
function codeOf(name, code) {
  const foreign = FROM_OUTSIDE.includes(code);
  switch (name) {
    case "InvalidAccessError":
      return "EACCES";
    case "NotSupportedError":
      return "ENOTSUP";
    case "DataError":
      return foreign ? "EBADMSG" : "EINVAL";
    case "SyntaxError":
      return "EINVAL";
    case "TypeError":
      // What we pass is of the right types, so it is a field of a JWK.
      return foreign ? "EBADMSG" : "EINVAL";
    case "OperationError":
      if (foreign || code === CODE.DECRYPT) return "EBADMSG";
      return WHY.has(code) ? "EINVAL" : "EIO";
    case "QuotaExceededError":
      return "ENOSPC";
    case "RangeError":
      return "ENOMEM";
    default:
      return "EIO";
  }
}

/**
 * @param {unknown} error
 * @param {number} code CODE
 * @returns {GossamerError}
 */
export function failureOf(error, code) {
  if (error instanceof GossamerError) return error;
  const { name = "", message = "" } = /** @type {Error} */ (error ?? {});
  // Chromium knows AES of 128 and 256 bits alone.
  const lacks192 = name === "OperationError" && /192-bit/.test(message);
  const why = /^(Operation|Data)Error$/.test(name) ? WHY.get(code) : undefined;
  const said = messageOf(error);
  return new GossamerError(
    lacks192 ? "ENOTSUP" : codeOf(name, code),
    `cannot ${DONE[code]}: ${why && !lacks192 ? `${why} (${said})` : said}`,
    { cause: error },
  );
}
