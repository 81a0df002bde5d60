/* Subresource integrity, done here: fetch tells a mismatch by the TypeError that
 * everything is to it. The strongest algorithm that is named counts, and any of
 * its hashes will do (https://www.w3.org/TR/sri-2/). */
import { GossamerError } from "../errors.js";

const HASH = /^sha(256|384|512)-([A-Za-z0-9+/_-]+={0,2})(?:\?.*)?$/;

/**
 * @typedef {object} Integrity
 * @property {string} algorithm as WebCrypto names it
 * @property {string[]} hashes in base64
 */

/**
 * @param {string} text as in HTML: hashes with spaces between
 * @returns {Integrity}
 * @throws {GossamerError} EINVAL: no hash that is known, so that nothing would
 *   be compared
 */
export function parseIntegrity(text) {
  let bits = 0;
  /** @type {string[]} */
  let hashes = [];
  for (const word of text.split(/\s+/)) {
    const [, size = "", hash = ""] = HASH.exec(word) ?? [];
    if (Number(size) > bits) {
      bits = Number(size);
      hashes = [];
    }
    if (hash !== "" && Number(size) === bits) {
      hashes.push(hash.replaceAll("-", "+").replaceAll("_", "/"));
    }
  }
  if (bits > 0) return { algorithm: `SHA-${bits}`, hashes };
  throw new GossamerError("EINVAL", `integrity "${text}" names no known hash`);
}

/** Whether verify() can be called: pages have it in a secure context. */
export const canVerify = () => globalThis.crypto?.subtle !== undefined;

/**
 * @param {Integrity} integrity
 * @param {ArrayBuffer} bytes
 */
export async function verify({ algorithm, hashes }, bytes) {
  const digest = await crypto.subtle.digest(algorithm, bytes);
  const hash = btoa(String.fromCharCode(...new Uint8Array(digest)));
  return hashes.includes(hash);
}
