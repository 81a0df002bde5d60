/* Runs the fibers peer in Node: run.mjs FIBERS.CJS SUITE. The bytes are given to
 * it because old Emscripten takes Node's fetch for one that reads files. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";

const [file = "", ...args] = process.argv.slice(2);
const path = resolve(file);
const factory = createRequire(import.meta.url)(path);
await factory({
  arguments: args,
  wasmBinary: readFileSync(path.replace(/cjs$/, "wasm")),
});
