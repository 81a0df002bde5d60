/* JSON Web Keys as bytes. Their numbers are checked here to be base64url, since
 * some hosts take anything for it. */
import { GossamerError } from "../errors.js";

const decoder = new TextDecoder("utf-8", { fatal: true });

/** RFC 7518, section 6: members that are base64url, without padding. */
const NUMBERS = ["k", "d", "x", "y", "n", "e", "p", "q", "dp", "dq", "qi"];

/** @param {string} words @param {unknown} [cause] */
const wrong = (words, cause) => new GossamerError("EBADMSG", words, { cause });

/** @param {unknown} value */
const isBase64url = (value) =>
  typeof value === "string" && /^[\w-]+$/.test(value) && value.length % 4 !== 1;

/**
 * @param {Uint8Array} bytes
 * @returns {JsonWebKey}
 * @throws {GossamerError} EBADMSG
 */
export function parseJwk(bytes) {
  /** @type {any} */
  let value;
  try {
    value = JSON.parse(decoder.decode(bytes));
  } catch (error) {
    throw wrong("a JWK is JSON, in UTF-8", error);
  }
  if (typeof value !== "object" || value === null) {
    throw wrong("a JWK is an object of JSON");
  }
  for (const name of NUMBERS) {
    if (name in value && !isBase64url(value[name])) {
      throw wrong(`"${name}" of a JWK is base64url without padding`);
    }
  }
  return value;
}
