/* What the WASI functions of one module share. */
import { Descriptors } from "./descriptors.js";
import { Waits } from "./wait.js";

/**
 * How functions reach the program's surroundings.
 * @typedef {object} Surroundings
 * @property {import("../memory.js").Memory} memory
 * @property {import("../fs/namespace.js").Namespace} namespace
 * @property {readonly string[]} args the program's name first
 * @property {Readonly<Record<string, string>>} env
 * @property {() => number} now milliseconds since the program's start
 * @property {(callback: () => void, delayMs: number) => () => void} after calls
 *   back later; answers what prevents it
 * @property {(code: number) => never} exit ends the program, by ProcExit
 * @property {(text: string) => void} report a line for the one who runs it
 * @property {() => void} checkEnded leaves wasm if the program has been ended
 * @property {((ms: number) => void) | null} block stops the thread, where that
 *   is harmless and the caller can do nothing else
 */

export class Context {
  descriptors = new Descriptors();
  waits;
  memory;
  namespace;
  args;
  env;
  now;
  after;
  exit;
  report;
  checkEnded;
  block;

  /** @param {Surroundings} surroundings */
  constructor(surroundings) {
    this.memory = surroundings.memory;
    this.namespace = surroundings.namespace;
    this.args = surroundings.args;
    this.env = surroundings.env;
    this.now = surroundings.now;
    this.after = surroundings.after;
    this.exit = surroundings.exit;
    this.report = surroundings.report;
    this.checkEnded = surroundings.checkEnded;
    this.block = surroundings.block;
    this.waits = new Waits((error) => {
      this.report(`a volume failed: ${error}`);
    });
  }
}
