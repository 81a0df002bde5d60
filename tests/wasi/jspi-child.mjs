/* Runs one guest under our own host by the caller "jspi", in a Node that has
 * it; volumes answer later, so that calls do suspend. Usage: jspi-child.mjs
 * FILE PROGRAM, which is JSON; answers the outcome on standard output. */
import { readFile } from "node:fs/promises";
import { MemoryVolume } from "../../js/fs/memory.js";
import { WASI } from "../../js/wasi/index.js";
import { DelayedVolume } from "../helpers/delayed.js";
import { runGuest } from "../helpers/wasi-run.js";

const [file = "", program = "{}"] = process.argv.slice(2);
const host = {
  WASI,
  createVolume: () => new DelayedVolume(new MemoryVolume()),
};
const bytes = await readFile(file);
const outcome = await runGuest(host, JSON.parse(program), bytes, "jspi");
process.stdout.write(JSON.stringify(outcome));
