/* Runs the Go peer in Node: run.mjs WASM_EXEC.JS BENCH.WASM SUITE. As the tool
 * chain's own runner does, plus the question for the size of the memory. */
import fs from "node:fs";
import path from "node:path";
import { createRequire } from "node:module";

const [wasmExec = "", file = "", ...args] = process.argv.slice(2);
Object.assign(globalThis, { fs, path });
createRequire(import.meta.url)(path.resolve(wasmExec));

const go = new globalThis.Go();
go.argv = [file, ...args];
go.exit = process.exit;
const { instance } = await WebAssembly.instantiate(
  fs.readFileSync(file),
  go.importObject,
);
globalThis.benchMemoryBytes = () => instance.exports.mem.buffer.byteLength;
process.on("exit", (code) => {
  if (code !== 0 || go.exited) return;
  process.stderr.write("go: all goroutines are asleep\n");
  process.exitCode = 1;
});
await go.run(instance);
