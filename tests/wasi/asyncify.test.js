/* The guests under our own host by the caller "asyncify": each put through what
 * `gossamer asyncify` does. The volumes answer later, so that every call that
 * touches a file unwinds the program and comes back to it. */
import { mkdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { addAsyncify } from "../../js/cli/asyncify.js";
import { MemoryVolume } from "../../js/fs/memory.js";
import { WASI } from "../../js/wasi/index.js";
import { conforms } from "../helpers/conformance.js";
import { DelayedVolume } from "../helpers/delayed.js";
import { guestFile } from "../helpers/guests.js";
import { runGuest } from "../helpers/wasi-run.js";
import { PROGRAMS } from "./programs.js";

const HOST = {
  WASI,
  createVolume: () => new DelayedVolume(new MemoryVolume()),
};

/**
 * The guest with Asyncify, kept beside it until it is built anew.
 * @param {string} guest
 */
async function prepared(guest) {
  const plain = guestFile(guest);
  const output = join(dirname(plain), "asyncify", `${guest}.wasm`);
  const kept = await stat(output).catch(() => null);
  if (kept !== null && kept.mtimeMs > (await stat(plain)).mtimeMs) {
    return readFile(output);
  }
  await mkdir(dirname(output), { recursive: true });
  // Unoptimized it is done in half the time, and saves more of the program.
  const bytes = await addAsyncify(await readFile(plain), { optimize: 0 });
  await writeFile(`${output}.${process.pid}`, bytes);
  await rename(`${output}.${process.pid}`, output);
  return readFile(output);
}

conforms({
  name: "asyncify",
  programs: PROGRAMS,
  run: async (program) =>
    runGuest(HOST, program, await prepared(program.guest), "asyncify"),
});
