/* The caller for everything else: the program's stack cannot be left and come
 * back to, so a call that would have to wait is given up and answers EAGAIN.
 * The one who runs the program is told once. Where the thread may be stopped
 * and it was asked for, Context.block does that before it comes to this. */
import { ERRNO, ProcExit } from "../../errors.js";
import { WAITING } from "../abi.js";

/**
 * @typedef {import("./caller.js").Caller} Caller
 * @typedef {import("./caller.js").Calls} Calls
 */

/**
 * @param {Calls} calls
 * @returns {Caller}
 */
export function syncCaller(calls) {
  let told = false;

  /**
   * @param {unknown} result
   * @param {string} name
   */
  function answer(result, name) {
    if (calls.ended) throw new ProcExit(0);
    if (typeof result === "number") return result;
    calls.waits.last?.cancel();
    if (!told) {
      told = true;
      calls.report(
        `${name} would have to wait, which this program cannot do here: it ` +
          "answers EAGAIN. An engine with JSPI can run it, or prepare it by " +
          "`gossamer asyncify`",
      );
    }
    return ERRNO.EAGAIN;
  }

  /**
   * Nine parameters are the most there are; engines pass on what is there.
   * @param {string} name
   * @param {Function} call
   */
  // prettier-ignore
  const answering = (name, call) => (
    /** @type {any} */ a, /** @type {any} */ b, /** @type {any} */ c,
    /** @type {any} */ d, /** @type {any} */ e, /** @type {any} */ f,
    /** @type {any} */ g, /** @type {any} */ h, /** @type {any} */ i,
  ) => answer(call(a, b, c, d, e, f, g, h, i), name);

  return {
    imports(functions) {
      const all = Object.entries(functions).map(([name, call]) => [
        name,
        Object.hasOwn(WAITING, name) ? answering(name, call) : call,
      ]);
      return Object.fromEntries(all);
    },
    attach() {},
    enter:
      (call) =>
      (...args) =>
        call(...args),
  };
}
