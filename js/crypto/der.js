/* Keys in DER, as far as they say of which kind they are: not every host asks. */
import { GossamerError } from "../errors.js";

/**
 * The object identifiers of RFC 5480, RFC 8410 and RFC 8017, with tag and size.
 * @type {Record<string, number[]>}
 */
const OBJECTS = {
  EC: [6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1],
  RSA: [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1],
  X25519: [6, 3, 0x2b, 0x65, 0x6e],
  Ed25519: [6, 3, 0x2b, 0x65, 0x70],
};

const INTEGER = 2;
const SEQUENCE = 0x30;

/**
 * @param {Uint8Array} der
 * @param {number} at where an element's tag is
 * @returns {number} where its content is: its size has one byte or more
 */
function contentOf(der, at) {
  const size = der[at + 1] ?? 0;
  return at + 2 + (size < 0x80 ? 0 : size & 0x7f);
}

/**
 * Refuses a key of another kind. The object identifier of the kind is the first
 * thing in the second frame of SPKI, and of PKCS #8 after its version.
 * @param {Uint8Array} der
 * @param {import("./algorithms.js").Kind} kind
 * @throws {GossamerError} EBADMSG
 */
export function checkDer(der, { name, family }) {
  const object = OBJECTS[family] ?? OBJECTS[name] ?? [];
  let at = contentOf(der, 0);
  if (der[at] === INTEGER) at += 2 + (der[at + 1] ?? 0);
  const isFramed = der[0] === SEQUENCE && der[at] === SEQUENCE;
  at = contentOf(der, at);
  if (isFramed && object.every((byte, i) => der[at + i] === byte)) return;
  throw new GossamerError("EBADMSG", `this DER is no key of ${name}`);
}
