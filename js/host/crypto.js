/* WebCrypto for C: the imports over js/crypto. Keys are handles; what comes out
 * is written into memory just before the token completes. */
import { ERRNO, PENDING, messageOf } from "../errors.js";
import { u32 } from "../memory.js";

/** By enum gs_hash_kind. */
const HASHES = ["", "SHA-1", "SHA-256", "SHA-384", "SHA-512"];
const HASH_BYTES = [0, 20, 32, 48, 64];

/** getRandomValues() gives no more at once. */
const MAX_RANDOM_BYTES = 65_536;

/**
 * @param {import("./index.js").Host} host
 * @param {import("../crypto.js").CryptoOptions} options
 * @returns {import("../parts.js").Service}
 */
export function createCrypto(host, options) {
  const { memory, ops } = host;
  const { crypto = globalThis.crypto } = options;
  /** Pages that are not from https: or localhost have none. */
  const subtle = /** @type {SubtleCrypto | undefined} */ (crypto?.subtle);
  let lastError = "";

  /**
   * @param {number} errno
   * @param {string} text
   */
  function fail(errno, text) {
    lastError = text;
    return -errno;
  }

  /** Whoever cancels needs nothing of it: what comes later is dropped. */
  const owner = { cancelOp() {} };

  return {
    imports: {
      /**
       * @param {number} buf
       * @param {number} size
       */
      crypto_random(buf, size) {
        const bytes = memory.slice(buf, size);
        if (bytes === null) return -ERRNO.EFAULT;
        const target = /** @type {Uint8Array<ArrayBuffer>} */ (bytes);
        if (target.length <= MAX_RANDOM_BYTES) {
          crypto.getRandomValues(target);
          return 0;
        }
        for (let at = 0; at < target.length; at += MAX_RANDOM_BYTES) {
          crypto.getRandomValues(target.subarray(at, at + MAX_RANDOM_BYTES));
        }
        return 0;
      },

      /**
       * @param {number} token
       * @param {number} kind
       * @param {number} data
       * @param {number} size
       * @param {number} out
       */
      crypto_digest(token, kind, data, size, out) {
        const name = HASHES[kind] ?? "";
        if (name === "") return fail(ERRNO.EINVAL, `no hash ${kind}`);
        const bytes = memory.slice(data, size);
        const count = HASH_BYTES[kind] ?? 0;
        const at = u32(out);
        if (bytes === null || !memory.contains(at, count)) return -ERRNO.EFAULT;
        if (subtle === undefined) {
          return fail(
            ERRNO.ENOTSUP,
            "this page has no WebCrypto: it is not from https: or localhost",
          );
        }
        const own = u32(token);
        ops.start(own, owner);
        // The bytes are copied before the call returns.
        subtle.digest(name, /** @type {BufferSource} */ (bytes)).then(
          (digest) => {
            if (!ops.has(own)) return;
            memory.bytes.set(new Uint8Array(digest), at);
            ops.complete(own, count);
          },
          (error) => {
            ops.complete(own, fail(ERRNO.EIO, messageOf(error)));
          },
        );
        return PENDING;
      },

      crypto_run: () => -ERRNO.ENOTSUP,
      crypto_key_info: () => -ERRNO.EBADF,
      crypto_key_release: () => -ERRNO.EBADF,

      /**
       * @param {number} buf
       * @param {number} size
       */
      crypto_error(buf, size) {
        const length = memory.putText(buf, size, lastError);
        return length < 0 ? -ERRNO.EFAULT : length;
      },

      hash_new: () => -ERRNO.ENOSYS,
      hash_update: () => -ERRNO.EBADF,
      hash_finish: () => -ERRNO.EBADF,
      hash_free: () => {},
    },
    close() {},
  };
}
