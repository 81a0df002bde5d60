/* WebCrypto for C: the imports over js/crypto. Keys are handles, of one table
 * with the hashers, so that one is not taken for the other; what comes out is
 * written into memory just before the token completes, and zeroed here. */
import { HASHES, HASH_BYTES, describe } from "../crypto/algorithms.js";
import { present, run } from "../crypto/engine.js";
import { CODE, failureOf } from "../crypto/failures.js";
import { KeyStore, platformFactory } from "../crypto/key-store.js";
import { ERRNO, GossamerError, PENDING, messageOf } from "../errors.js";
import { Handles } from "../handles.js";
import { u32 } from "../memory.js";
import {
  readOp,
  writePublicResult,
  writeResult,
  writeSpec,
} from "./crypto-layout.js";
import { StepHasher, hashImports } from "./hash.js";
import { Waiter } from "./waiter.js";

/**
 * @typedef {import("../crypto/engine.js").Operation} Operation
 * @typedef {import("../crypto/engine.js").Outcome} Outcome
 * @typedef {import("./crypto-layout.js").RawOp} RawOp
 *
 * @typedef {(errno: number, text: string) => number} Fail notes the words for
 *   the last failure; answers the negative errno
 */

/** getRandomValues() gives no more at once. */
const MAX_RANDOM_BYTES = 65_536;

const MAX_NAME_BYTES = 255;

const NO_WEBCRYPTO =
  "this page has no WebCrypto: it is not from https: or localhost";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** @param {Uint8Array} bytes @returns {string} of a key that is stored */
function keyName(bytes) {
  if (bytes.length === 0 || bytes.length > MAX_NAME_BYTES) {
    throw new GossamerError(
      "EINVAL",
      `the name of a key has 1 to ${MAX_NAME_BYTES} bytes`,
    );
  }
  try {
    return decoder.decode(bytes);
  } catch {
    throw new GossamerError("EINVAL", "the name of a key is UTF-8");
  }
}

/**
 * @param {unknown} value out of storage, where the page may put what it likes
 * @returns {value is CryptoKey} of a kind that C knows
 */
const isKey = (value) =>
  Object.prototype.toString.call(value) === "[object CryptoKey]" &&
  describe(/** @type {CryptoKey} */ (value)).kind > 0;

/**
 * @param {import("./index.js").Host} host
 * @param {import("../crypto.js").CryptoOptions} options
 * @returns {import("../parts.js").Service}
 */
export function createCrypto(host, options) {
  const { events, memory, ops } = host;
  const {
    crypto = globalThis.crypto,
    store = "keys",
    factory = platformFactory(),
  } = options;
  /** Pages that are not from https: or localhost have none. */
  const subtle = /** @type {SubtleCrypto | undefined} */ (crypto?.subtle);
  /** @type {Handles<CryptoKey | StepHasher>} */
  const handles = new Handles();
  const keyStore = new KeyStore(store, factory);
  let lastError = "";

  /** @type {Fail} */
  function fail(errno, text) {
    lastError = text;
    return -errno;
  }

  /** @param {GossamerError} error */
  const failWith = ({ code, message }) =>
    fail(ERRNO[/** @type {keyof typeof ERRNO} */ (code)] ?? ERRNO.EIO, message);

  /** @param {number} handle @returns {CryptoKey | undefined} */
  function keyOf(handle) {
    const value = handles.get(u32(handle));
    return value instanceof StepHasher ? undefined : value;
  }

  const outside = () => fail(ERRNO.EFAULT, "a pointer is outside of memory");

  /**
   * @param {Operation} op
   * @param {Waiter} waiter
   * @returns {Promise<Outcome>}
   * @throws {GossamerError}
   */
  function start(op, waiter) {
    // Without it there are no keys to be stored and loaded either.
    if (subtle === undefined) throw new GossamerError("ENOTSUP", NO_WEBCRYPTO);
    const { code, data } = op;
    switch (code) {
      case CODE.STORE:
        return keyStore
          .put(keyName(data), present(op.key), waiter.signal)
          .then(() => ({ count: 0 }));
      case CODE.LOAD:
        return keyStore.get(keyName(data)).then((stored) => {
          if (isKey(stored)) return { key: stored };
          throw new GossamerError("EIO", "what is stored there is no key");
        });
      case CODE.DELETE:
        return keyStore
          .delete(keyName(data), waiter.signal)
          .then(() => ({ count: 0 }));
      default:
        return run(subtle, op);
    }
  }

  /**
   * What is asked for, with keys for handles. Short fields are copied: not every
   * host does it before it answers.
   * @param {RawOp} raw
   * @returns {Operation}
   */
  const operationOf = (raw) => ({
    ...raw,
    key: keyOf(raw.key),
    other: keyOf(raw.other),
    iv: raw.iv.slice(),
    extra: raw.extra.slice(),
  });

  /** @param {Uint8Array<ArrayBuffer>} target */
  function fillRandom(target) {
    if (target.length <= MAX_RANDOM_BYTES) {
      crypto.getRandomValues(target);
      return;
    }
    for (let at = 0; at < target.length; at += MAX_RANDOM_BYTES) {
      crypto.getRandomValues(target.subarray(at, at + MAX_RANDOM_BYTES));
    }
  }

  /**
   * Gives C what came out.
   * @param {number} address of the operation
   * @param {RawOp} raw
   * @param {Outcome} outcome
   * @returns {number} what completes the token
   */
  function deliver(address, { out, outBytes }, outcome) {
    const { bytes, key, publicKey, count = 0 } = outcome;
    if (bytes !== undefined) {
      if (bytes.length > outBytes) {
        writeResult(memory, address, bytes.length);
        return fail(
          ERRNO.EMSGSIZE,
          `the result has ${bytes.length} bytes, there is room for ${outBytes}`,
        );
      }
      memory.bytes.set(bytes, out);
      return bytes.length;
    }
    if (key === undefined) return count;
    const handle = handles.add(key);
    const second = publicKey === undefined ? 0 : handles.add(publicKey);
    if (handle === 0 || (publicKey !== undefined && second === 0)) {
      handles.remove(handle);
      return fail(ERRNO.EMFILE, "there are too many keys: release some");
    }
    writeResult(memory, address, handle);
    writePublicResult(memory, address, second);
    return 0;
  }

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
        try {
          fillRandom(target);
        } catch (error) {
          return fail(ERRNO.EIO, `no random bytes: ${messageOf(error)}`);
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
        if (name === "") return fail(ERRNO.EINVAL, `there is no hash ${kind}`);
        const bytes = memory.slice(data, size);
        const count = HASH_BYTES[kind] ?? 0;
        const at = u32(out);
        if (bytes === null || !memory.contains(at, count)) return outside();
        if (subtle === undefined) return fail(ERRNO.ENOTSUP, NO_WEBCRYPTO);
        /** @type {Promise<ArrayBuffer>} */
        let running;
        try {
          // The bytes are copied before the call returns.
          running = subtle.digest(name, /** @type {BufferSource} */ (bytes));
        } catch (error) {
          return failWith(failureOf(error, CODE.DIGEST));
        }
        const own = u32(token);
        const waiter = new Waiter();
        ops.start(own, waiter);
        running.then(
          (digest) => {
            const result = new Uint8Array(digest);
            if (!waiter.givenUp) {
              memory.bytes.set(result, at);
              // WebCrypto answers by a task, however long it was computed here.
              events.taskBegan();
              ops.complete(own, count);
            }
            result.fill(0);
          },
          (error) => {
            if (waiter.givenUp) return;
            ops.complete(own, failWith(failureOf(error, CODE.DIGEST)));
          },
        );
        return PENDING;
      },

      /**
       * @param {number} token
       * @param {number} pointer
       */
      crypto_run(token, pointer) {
        const address = u32(pointer);
        const raw = readOp(memory, address);
        if (raw === null) return outside();
        const waiter = new Waiter();
        /** @type {Promise<Outcome>} */
        let running;
        try {
          running = start(operationOf(raw), waiter);
        } catch (error) {
          return failWith(failureOf(error, raw.code));
        }
        const own = u32(token);
        ops.start(own, waiter);
        running.then(
          (outcome) => {
            const result = waiter.givenUp ? 0 : deliver(address, raw, outcome);
            outcome.bytes?.fill(0);
            if (!waiter.givenUp) ops.complete(own, result);
          },
          (error) => {
            if (waiter.givenUp) return;
            ops.complete(own, failWith(failureOf(error, raw.code)));
          },
        );
        return PENDING;
      },

      /**
       * @param {number} handle
       * @param {number} info
       */
      crypto_key_info(handle, info) {
        const key = keyOf(handle);
        if (key === undefined) return fail(ERRNO.EBADF, "there is no such key");
        return writeSpec(memory, info, describe(key)) ? 0 : outside();
      },

      /** @param {number} handle */
      crypto_key_release(handle) {
        if (keyOf(handle) === undefined) {
          return fail(ERRNO.EBADF, "there is no such key");
        }
        handles.remove(u32(handle));
        return 0;
      },

      /**
       * @param {number} buf
       * @param {number} size
       */
      crypto_error(buf, size) {
        const length = memory.putText(buf, size, lastError);
        return length < 0 ? -ERRNO.EFAULT : length;
      },

      ...hashImports(host, handles, options.hashes, fail),
    },
    close() {
      keyStore.close();
      handles.clear();
    },
  };
}
