/* What a caller is: how a program's stack and a call that waits go together
 * (park.js is another kind, for Gossamer's own modules); and the choice of one. */
import { GossamerError } from "../../errors.js";
import { exportNames, isGossamer } from "../../contract.js";
import { invalid } from "../../options.js";
import { asyncifyCaller, hasAsyncify } from "./asyncify.js";
import { hasJspi, jspiCaller } from "./jspi.js";
import { syncCaller } from "./sync.js";

/**
 * @typedef {"park" | "jspi" | "asyncify" | "sync"} CallerName
 *
 * What a caller knows of the program.
 * @typedef {object} Calls
 * @property {boolean} ended whether the program has been ended: wasm that is on
 *   the stack all the same is left
 * @property {import("../wait.js").Waits} waits
 * @property {(text: string) => void} report a line for the one who runs it
 * @property {(answer: Promise<number>) => Promise<number>} settled the call's
 *   errno when it is there; never, if the program has ended by then
 * @property {number | undefined} unwindBytes room for Asyncify's frames
 *
 * @typedef {object} Caller
 * @property {(functions: Record<string, Function>) => Record<string, Function>}
 *   imports what the program imports, made of functions that answer a number or
 *   a Promise
 * @property {(exports: Record<string, any>) => void} attach to the instance
 * @property {(call: Function) => (...args: any[]) => any} enter makes of an
 *   export what the host may call; the result is a Promise if it may wait
 */

/** @type {readonly CallerName[]} */
const NAMES = Object.freeze(["park", "jspi", "asyncify", "sync"]);

/**
 * @param {WebAssembly.Module} module
 * @param {string} name its, for messages
 * @param {unknown} wanted undefined: the best there is
 * @returns {Promise<CallerName>}
 */
export async function chooseCaller(module, name, wanted) {
  if (wanted !== undefined && !NAMES.some((one) => one === wanted)) {
    throw invalid(`option caller: expected one of ${NAMES.join(", ")}`);
  }
  /** @param {string} why */
  const impossible = (why) => {
    const text = `${name} cannot be run by the caller ${wanted}: ${why}`;
    return new GossamerError("ENOTSUP", text);
  };
  const parks = isGossamer(module);
  if (parks && (wanted ?? "park") !== "park") {
    throw impossible("Gossamer's programs park their own goroutines");
  }
  if (parks) return "park";
  switch (wanted) {
    case "park":
      throw impossible("it was not built with Gossamer");
    case "jspi":
      if (await hasJspi()) return "jspi";
      throw impossible("this engine has no JSPI");
    case "asyncify":
      if (hasAsyncify(exportNames(module))) return "asyncify";
      throw impossible(
        "it has no Asyncify; `gossamer asyncify` adds it to a module",
      );
    case "sync":
      return "sync";
    default:
      if (await hasJspi()) return "jspi";
      return hasAsyncify(exportNames(module)) ? "asyncify" : "sync";
  }
}

/** @type {Record<Exclude<CallerName, "park">, (calls: Calls) => Caller>} */
export const CALLERS = {
  jspi: jspiCaller,
  asyncify: asyncifyCaller,
  sync: syncCaller,
};
