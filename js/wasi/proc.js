/* The process: its end, and giving way, which only goroutines can. */
import { ProcExit } from "../errors.js";

/** @param {import("../host/index.js").Host} host */
export function procImports({ events }) {
  return {
    /** @param {number} code */
    proc_exit(code) {
      events.end({ code });
      throw new ProcExit(code);
    },

    sched_yield: () => 0,
  };
}
