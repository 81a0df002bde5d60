/* Rewrites a linked program: gossamer_add_app() runs it behind the linker.
 * Usage: node instrument.mjs [options] INPUT.wasm -o OUTPUT.wasm
 *
 *   --preempt      a goroutine that never yields parks when its slice is over
 *   --never NAMES  functions that never park, for it: a list with commas
 *   --rounds N     of a nest of loops between two counts, for it
 *   --stack        a stack that overflows names its goroutine */
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { addPreemption, removePreemptionMarks } from "./preempt.mjs";
import { addStackChecks } from "./stack_check.mjs";
import { Module } from "./wasm/module.mjs";

/** @param {string[]} args */
function main(args) {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      preempt: { type: "boolean", default: false },
      never: { type: "string", default: "" },
      rounds: { type: "string", default: "1024" },
      stack: { type: "boolean", default: false },
      output: { type: "string", short: "o" },
    },
  });
  const [input] = positionals;
  if (input === undefined || positionals.length > 1) {
    throw new RangeError("one module to read is wanted");
  }
  if (values.output === undefined) throw new RangeError("-o FILE is wanted");
  try {
    const module = new Module(readFileSync(input));
    if (values.preempt) {
      addPreemption(module, {
        neverPark: values.never.split(","),
        rounds: Number(values.rounds),
      });
    }
    removePreemptionMarks(module);
    if (values.stack) addStackChecks(module);
    writeFileSync(values.output, module.write());
  } catch (error) {
    const { message } = /** @type {Error} */ (error);
    throw new Error(`${input}: ${message}`, { cause: error });
  }
}

try {
  main(process.argv.slice(2));
} catch (error) {
  const { message } = /** @type {Error} */ (error);
  process.stderr.write(`instrument: ${message}\n`);
  process.exitCode = 1;
}
