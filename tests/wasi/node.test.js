/* The guests under node:wasi, whose reading of the specification is another's:
 * where it agrees with ours, both are right or both are wrong in the same way. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { conforms } from "../helpers/conformance.js";
import { guestFile } from "../helpers/guests.js";
import { NODE_DIFFERENCES } from "./node-differences.js";
import { PROGRAMS } from "./programs.js";

const CHILD = fileURLToPath(new URL("node-child.mjs", import.meta.url));
const LIMIT_MS = 60_000;

/** @param {import("../helpers/conformance.js").Program} program */
function run({ guest, args = [`${guest}.wasm`], env = {}, stdin = "" }) {
  const root = mkdtempSync(join(tmpdir(), "gossamer-wasi-"));
  const preopens = {
    "/": mkdtempSync(join(root, "work-")),
    "/side": mkdtempSync(join(root, "side-")),
  };
  const options = { args, env, preopens };
  return new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      ["--no-warnings", CHILD, guestFile(guest), JSON.stringify(options)],
      { timeout: LIMIT_MS },
    );
    const output = { stdout: "", stderr: "" };
    child.stdout.on("data", (chunk) => (output.stdout += chunk));
    child.stderr.on("data", (chunk) => (output.stderr += chunk));
    child.stdin.on("error", () => {});
    child.stdin.end(stdin);
    child.once("error", reject);
    child.once("close", (exitCode, signal) => {
      rmSync(root, { recursive: true, force: true });
      const error = signal === null ? undefined : `ended by ${signal}`;
      resolve({ exitCode, error, ...output });
    });
  });
}

conforms({
  name: "node:wasi",
  programs: PROGRAMS,
  run,
  differences: NODE_DIFFERENCES,
});
