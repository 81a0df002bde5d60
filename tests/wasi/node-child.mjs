/* Runs one guest under node:wasi, in a process of its own: its exit and its
 * signals are the guest's. Usage: node-child.mjs FILE OPTIONS, a JSON object
 * of args, env and preopens. */
import { readFile } from "node:fs/promises";
import { WASI } from "node:wasi";

const [file = "", options = "{}"] = process.argv.slice(2);
const wasi = new WASI({ version: "preview1", ...JSON.parse(options) });
const module = await WebAssembly.compile(await readFile(file));
const imports = wasi.getImportObject();
const instance = await WebAssembly.instantiate(module, imports);
try {
  process.exitCode = wasi.start(instance);
} catch (error) {
  console.error(error);
  process.kill(process.pid, "SIGABRT");
}
