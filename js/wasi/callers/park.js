/* The caller of Gossamer's own modules: a Promise becomes PENDING, which has
 * libc park the goroutine. It asks for the outcome by a second import,
 * wasi_wait(token), right away; a call that need not wait takes no token. */
import { ERRNO, PENDING } from "../../errors.js";
import { u32 } from "../../memory.js";

/**
 * @typedef {import("../../host/op.js").Ops} Ops
 * @typedef {import("../context.js").Context} Context
 * @typedef {import("../wait.js").Waiting} Waiting
 */

/**
 * @param {Record<string, Function>} functions of preview1
 * @param {Record<string, Function>} more that are called in the same way
 * @param {Context} context
 * @param {Ops} ops
 */
export function parkImports(functions, more, { waits }, ops) {
  /** @type {{ promise: Promise<number>, waiting: Waiting | null } | null} */
  let begun = null;

  /** @param {unknown} result */
  function answer(result) {
    if (typeof result === "number") return result;
    const promise = /** @type {Promise<number>} */ (result);
    begun = { promise, waiting: waits.last };
    return PENDING;
  }

  /**
   * Nine parameters are the most there are; engines pass on what is there.
   * @param {Record<string, Function>} all
   */
  const parking = (all) =>
    Object.fromEntries(
      Object.entries(all).map(([name, call]) => [
        name,
        /** @type {Function} */ (
          // prettier-ignore
          (
            /** @type {any} */ a, /** @type {any} */ b, /** @type {any} */ c,
            /** @type {any} */ d, /** @type {any} */ e, /** @type {any} */ f,
            /** @type {any} */ g, /** @type {any} */ h, /** @type {any} */ i,
          ) => answer(call(a, b, c, d, e, f, g, h, i))
        ),
      ]),
    );

  return {
    preview1: parking(functions),
    gossamer: {
      ...parking(more),
      /**
       * Completes the token with the errno of the call that was just answered
       * by PENDING; token 0: gives that call up.
       * @param {number} token
       */
      wasi_wait(token) {
        const own = u32(token);
        const call = begun;
        begun = null;
        if (call === null) return;
        if (own === 0) {
          call.waiting?.cancel();
          return;
        }
        ops.start(own, { cancelOp: () => call.waiting?.cancel() });
        call.promise.then(
          (error) => ops.complete(own, error),
          () => ops.complete(own, ERRNO.EIO),
        );
      },
    },
  };
}
