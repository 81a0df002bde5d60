/* The caller for engines that have JSPI: the program's own stack is suspended
 * while a call waits. Only the calls that do wait pay for it (trampoline.js).
 * A program that is ended while it waits is never resumed: the engine collects
 * its stack. */
import { PENDING, ProcExit } from "../../errors.js";
import { WAITING } from "../abi.js";
import { trampolineBytes } from "./trampoline.js";

/**
 * @typedef {import("./caller.js").Caller} Caller
 * @typedef {import("./caller.js").Calls} Calls
 *
 * @typedef {new (call: Function) => Function} Suspending
 * @typedef {(call: Function) => (...args: any[]) => Promise<any>} Promising
 */

/**
 * What the engine has. An older form of JSPI had other names.
 * @returns {{ Suspending: Suspending, promising: Promising } | null}
 */
function engine() {
  const { Suspending, promising } =
    /** @type {{ Suspending?: Suspending, promising?: Promising }} */ (
      WebAssembly
    );
  return typeof Suspending === "function" && typeof promising === "function"
    ? { Suspending, promising }
    : null;
}

/**
 * @param {Suspending} Suspending
 * @param {Record<string, Function>} functions
 * @param {Function} wait
 * @returns {Record<string, any>}
 */
function trampolines(Suspending, functions, wait) {
  const signatures = Object.entries(WAITING).filter(([name]) =>
    Object.hasOwn(functions, name),
  );
  const bytes = trampolineBytes(Object.fromEntries(signatures));
  const host = { ...functions, wait: new Suspending(wait) };
  const imports = /** @type {WebAssembly.Imports} */ ({ host });
  const module = new WebAssembly.Module(bytes);
  return new WebAssembly.Instance(module, imports).exports;
}

/** Whether JSPI is there and does what it should. */
export async function hasJspi() {
  const found = engine();
  if (found === null) return false;
  try {
    const { sched_yield: call } = trampolines(
      found.Suspending,
      { sched_yield: () => PENDING },
      () => Promise.resolve(1),
    );
    return (await found.promising(call)()) === 1;
  } catch {
    return false;
  }
}

/**
 * @param {Calls} calls
 * @returns {Caller}
 */
export function jspiCaller(calls) {
  const found = engine();
  if (found === null) throw new TypeError("there is no JSPI");
  const { Suspending, promising } = found;
  /** @type {Promise<number> | null} */
  let begun = null;

  /** @param {unknown} result */
  function answer(result) {
    if (calls.ended) throw new ProcExit(0);
    if (typeof result === "number") return result;
    begun = /** @type {Promise<number>} */ (result);
    return PENDING;
  }

  function wait() {
    const promise = /** @type {Promise<number>} */ (begun);
    begun = null;
    return calls.settled(promise);
  }

  /**
   * Nine parameters are the most there are; engines pass on what is there.
   * @param {Function} call
   */
  // prettier-ignore
  const answering = (call) => (
    /** @type {any} */ a, /** @type {any} */ b, /** @type {any} */ c,
    /** @type {any} */ d, /** @type {any} */ e, /** @type {any} */ f,
    /** @type {any} */ g, /** @type {any} */ h, /** @type {any} */ i,
  ) => answer(call(a, b, c, d, e, f, g, h, i));

  return {
    imports(functions) {
      const waiting = Object.entries(functions)
        .filter(([name]) => Object.hasOwn(WAITING, name))
        .map(([name, call]) => [name, answering(call)]);
      const own = Object.fromEntries(waiting);
      return { ...functions, ...trampolines(Suspending, own, wait) };
    },
    attach() {},
    enter: promising,
  };
}
