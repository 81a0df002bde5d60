/* WebCrypto for C: the imports over js/crypto. Keys are handles; what comes out
 * is written into memory just before the token completes. */
import { ERRNO } from "../errors.js";

/**
 * @param {import("./index.js").Host} host
 * @param {import("../crypto.js").CryptoOptions} options
 * @returns {import("../parts.js").Service}
 */
export function createCrypto(host, options) {
  void [host, options];
  return {
    imports: {
      crypto_random: () => -ERRNO.ENOTSUP,
      crypto_digest: () => -ERRNO.ENOTSUP,
      crypto_run: () => -ERRNO.ENOTSUP,
      crypto_key_info: () => -ERRNO.EBADF,
      crypto_key_release: () => -ERRNO.EBADF,
      crypto_error: () => 0,
      hash_new: () => -ERRNO.ENOSYS,
      hash_update: () => -ERRNO.EBADF,
      hash_finish: () => -ERRNO.EBADF,
      hash_free: () => {},
    },
    close() {},
  };
}
