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

/**
 * Refuses a key of another kind. The first object identifier of SPKI and of
 * PKCS #8 is the kind's; before it there are only frames and a version.
 * @param {Uint8Array} der
 * @param {import("./algorithms.js").Kind} kind
 * @throws {GossamerError} EBADMSG
 */
export function checkDer(der, { name, family }) {
  const object = OBJECTS[family] ?? OBJECTS[name] ?? [];
  const at = der.indexOf(6);
  if (at > 0 && object.every((byte, i) => der[at + i] === byte)) return;
  throw new GossamerError("EBADMSG", `this DER is no key of ${name}`);
}
