/* The WASI hosts that the guest is run by: each gives it one directory, in
 * memory, and what it prints. */
import { mkdtemp, rm } from "node:fs/promises";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BROWSER_SHIM, NODE_WASI, OURS, RUNNO } from "../suites.js";

/**
 * Runs a module until it ends.
 * @typedef {(bytes: Uint8Array, args: string[]) => Promise<void>} Host
 */

/** @param {number} code */
function checkExit(code) {
  if (code !== 0) throw new Error(`the guest ended with exit code ${code}`);
}

/** @param {string} text */
const print = (text) => void process.stdout.write(text);

/** @type {Host} */
async function ours(bytes, args) {
  const { WASI, memory } = await import("../../../js/wasi/index.js");
  const wasi = new WASI({
    args,
    mounts: { "/": memory() },
    stdout: (line) => print(`${line}\n`),
  });
  checkExit(await wasi.start(bytes));
}

/** @type {Host} */
async function nodeWasi(bytes, args) {
  const { WASI } = await import("node:wasi");
  const parent = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
  const folder = await mkdtemp(join(parent, "gossamer-bench-"));
  try {
    const wasi = new WASI({
      version: "preview1",
      args: ["guest", ...args],
      preopens: { "/": folder },
      returnOnExit: true,
    });
    const imports = /** @type {WebAssembly.Imports} */ (wasi.getImportObject());
    const { instance } = await WebAssembly.instantiate(bytes, imports);
    checkExit(wasi.start(instance));
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** @type {Host} */
async function browserShim(bytes, args) {
  const { ConsoleStdout, File, OpenFile, PreopenDirectory, WASI } =
    await import("@bjorn3/browser_wasi_shim");
  const out = ConsoleStdout.lineBuffered((line) => print(`${line}\n`));
  const fds = [
    new OpenFile(new File([])),
    out,
    out,
    new PreopenDirectory("/", new Map()),
  ];
  const wasi = new WASI(["guest", ...args], [], fds, { debug: false });
  const { instance } = await WebAssembly.instantiate(bytes, {
    wasi_snapshot_preview1: wasi.wasiImport,
  });
  const { exports } = instance;
  checkExit(wasi.start({ exports: /** @type {any} */ (exports) }));
}

/** @type {Host} */
async function runno(bytes, args) {
  const { WASI } = await import("@runno/wasi");
  const wasi = new WASI({
    args: ["guest", ...args],
    env: {},
    fs: {},
    stdin: () => null,
    stdout: print,
    stderr: (text) => void process.stderr.write(text),
  });
  const module = await WebAssembly.compile(bytes);
  const imports = wasi.getImportObject();
  const instance = await WebAssembly.instantiate(module, imports);
  checkExit(wasi.start({ instance, module }, {}).exitCode);
}

/** @type {Map<string, Host>} by the peer's name */
export const HOSTS = new Map([
  [OURS, ours],
  [NODE_WASI, nodeWasi],
  [BROWSER_SHIM, browserShim],
  [RUNNO, runno],
]);
