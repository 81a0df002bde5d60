/* Hashes by pieces for C: the imports over a library that the page gives. A
 * hasher is a handle of the table that keys are in. */
import { HASH_BYTES } from "../crypto/algorithms.js";
import { createHasher } from "../crypto/hashes.js";
import { ERRNO, PENDING, messageOf } from "../errors.js";
import { u32 } from "../memory.js";
import { Waiter } from "./waiter.js";

/** @typedef {import("../crypto/hashes.js").Hasher} Hasher */

/** A hasher as C knows it. */
export class StepHasher {
  isFinished = false;

  /**
   * @param {Hasher} hasher
   * @param {number} bytes its result's size
   */
  constructor(hasher, bytes) {
    this.hasher = hasher;
    this.bytes = bytes;
  }
}

const NO_LIBRARY =
  "WebCrypto has no hashes by pieces: give the part a library that has, as " +
  "webcrypto({ hashes }) with the module hash-wasm";

/**
 * What C has room for, and no more.
 * @param {unknown} digest the library's
 * @param {number} bytes
 */
function checked(digest, bytes) {
  if (digest instanceof Uint8Array && digest.length === bytes) return digest;
  throw new Error(`its hash is not ${bytes} bytes`);
}

/**
 * @param {import("./index.js").Host} host
 * @param {import("../handles.js").Handles<CryptoKey | StepHasher>} handles
 * @param {import("../crypto/hashes.js").HashLibrary | undefined} library
 * @param {import("./crypto.js").Fail} fail
 */
export function hashImports(host, handles, library, fail) {
  const { memory, ops } = host;

  /** @param {number} handle */
  function hasherOf(handle) {
    const value = handles.get(u32(handle));
    return value instanceof StepHasher ? value : undefined;
  }

  const unknown = () => fail(ERRNO.EBADF, "there is no such hasher");
  const outside = () => fail(ERRNO.EFAULT, "a pointer is outside of memory");

  /** @param {unknown} error the library's */
  const broken = (error) =>
    fail(ERRNO.EIO, `the library for hashes failed: ${messageOf(error)}`);

  /**
   * @param {Hasher} hasher
   * @param {number} bytes
   */
  function added(hasher, bytes) {
    try {
      hasher.init();
    } catch (error) {
      return broken(error);
    }
    const handle = handles.add(new StepHasher(hasher, bytes));
    return handle !== 0
      ? handle
      : fail(ERRNO.EMFILE, "there are too many hashers: free some");
  }

  return {
    /**
     * @param {number} token
     * @param {number} kind
     */
    hash_new(token, kind) {
      const bytes = HASH_BYTES[u32(kind)] ?? 0;
      if (bytes === 0) return fail(ERRNO.EINVAL, `there is no hash ${kind}`);
      if (library === undefined) return fail(ERRNO.ENOSYS, NO_LIBRARY);
      /** @type {Promise<Hasher> | null} */
      let making;
      try {
        making = createHasher(library, kind);
      } catch (error) {
        return broken(error);
      }
      if (making === null) return fail(ERRNO.ENOSYS, NO_LIBRARY);
      const own = u32(token);
      const waiter = new Waiter();
      ops.start(own, waiter);
      making.then(
        (hasher) => {
          if (!waiter.givenUp) ops.complete(own, added(hasher, bytes));
        },
        (error) => {
          if (!waiter.givenUp) ops.complete(own, broken(error));
        },
      );
      return PENDING;
    },

    /**
     * @param {number} handle
     * @param {number} data
     * @param {number} size
     */
    hash_update(handle, data, size) {
      const step = hasherOf(handle);
      if (step === undefined) return unknown();
      const bytes = memory.slice(data, size);
      if (bytes === null) return outside();
      if (step.isFinished) return fail(ERRNO.EINVAL, "the hash is finished");
      try {
        step.hasher.update(bytes);
      } catch (error) {
        return broken(error);
      }
      return 0;
    },

    /**
     * @param {number} handle
     * @param {number} out
     */
    hash_finish(handle, out) {
      const step = hasherOf(handle);
      if (step === undefined) return unknown();
      const at = u32(out);
      try {
        if (at === 0) {
          step.hasher.init();
          step.isFinished = false;
          return 0;
        }
        if (!memory.contains(at, step.bytes)) return outside();
        if (step.isFinished) return fail(ERRNO.EINVAL, "the hash is finished");
        const digest = checked(step.hasher.digest("binary"), step.bytes);
        step.isFinished = true;
        memory.bytes.set(digest, at);
        digest.fill(0);
      } catch (error) {
        return broken(error);
      }
      return step.bytes;
    },

    /** @param {number} handle */
    hash_free(handle) {
      if (hasherOf(handle) !== undefined) handles.remove(u32(handle));
    },
  };
}
