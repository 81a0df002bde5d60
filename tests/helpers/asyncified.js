/* Guests put through what `gossamer asyncify` does, kept beside the plain ones
 * until these are built anew. */
import { mkdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { addAsyncify } from "../../js/cli/asyncify.js";
import { guestFile } from "./guests.js";

/**
 * @param {string} guest
 * @returns {Promise<Uint8Array<ArrayBuffer>>} its module with Asyncify
 */
export async function asyncifiedGuest(guest) {
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
