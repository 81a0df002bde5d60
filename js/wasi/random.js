/* Random bytes from WebCrypto. */
import { ERRNO } from "../errors.js";

/** getRandomValues() gives no more at once. */
const MAX_BYTES = 65_536;

/** @param {import("./context.js").Context} context */
export function randomImports({ memory }) {
  return {
    /**
     * @param {number} buf
     * @param {number} size
     */
    random_get(buf, size) {
      const bytes = memory.slice(buf, size);
      if (bytes === null) return ERRNO.EFAULT;
      for (let at = 0; at < bytes.length; at += MAX_BYTES) {
        const part = bytes.subarray(at, at + MAX_BYTES);
        crypto.getRandomValues(/** @type {Uint8Array<ArrayBuffer>} */ (part));
      }
      return 0;
    },
  };
}
