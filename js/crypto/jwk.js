/* JSON Web Keys as bytes. */
import { GossamerError } from "../errors.js";

const decoder = new TextDecoder("utf-8", { fatal: true });

/**
 * @param {Uint8Array} bytes
 * @returns {JsonWebKey}
 * @throws {GossamerError} EBADMSG
 */
export function parseJwk(bytes) {
  /** @type {unknown} */
  let value;
  try {
    value = JSON.parse(decoder.decode(bytes));
  } catch (error) {
    throw new GossamerError("EBADMSG", "a JWK is JSON, in UTF-8", {
      cause: error,
    });
  }
  if (typeof value !== "object" || value === null) {
    throw new GossamerError("EBADMSG", "a JWK is an object of JSON");
  }
  return value;
}
