/* The program as a whole: its clock, its seed, its end, the runtime's own
 * messages. */
import { ProcExit } from "../errors.js";

/** @param {import("./index.js").Host} host */
export function programImports(host) {
  const { events, memory } = host;
  return {
    now: () => host.now(),

    seed: () => {
      const [seed = 0] = crypto.getRandomValues(new Uint32Array(1));
      return seed;
    },

    /**
     * @param {number} text
     * @param {number} size
     */
    report: (text, size) => {
      host.report(memory.text(text, size) ?? "a report out of bounds");
    },

    /** @param {number} code */
    exit: (code) => {
      events.end({ code });
      throw new ProcExit(code);
    },
  };
}
