/* The guests under node:wasi, whose reading of the specification is another's:
 * where it agrees with ours, both are right or both are wrong in the same way. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { conforms } from "../helpers/conformance.js";
import { guestFile } from "../helpers/guests.js";
import { NODE_DIFFERENCES } from "./node-differences.js";
import { PROGRAMS } from "./programs.js";

const CHILD = fileURLToPath(new URL("node-child.mjs", import.meta.url));
const LIMIT_MS = 60_000;

/**
 * A signal is an exit code as a shell tells it, but for those of a crash and
 * of our time limit.
 * @param {number | null} code
 * @param {NodeJS.Signals | null} signal
 */
function ending(code, signal) {
  if (signal === null) return { exitCode: code };
  const error = `ended by ${signal}`;
  if (signal === "SIGABRT" || signal === "SIGKILL") {
    return { exitCode: null, error };
  }
  return { exitCode: 128 + constants.signals[signal], error };
}

/**
 * What a program asks of its standard input, as far as wait.c does.
 * @param {import("node:child_process").ChildProcessWithoutNullStreams} child
 */
function answerTo(child) {
  const lines = createInterface({ input: child.stdout });
  lines.on("line", (line) => {
    const [, text] = /^\? type (.*)$/.exec(line) ?? [];
    if (text !== undefined) setTimeout(() => child.stdin.write(text));
    else if (line === "? close") setTimeout(() => child.stdin.end());
  });
}

/** @param {import("../helpers/conformance.js").Program} program */
function run({ guest, args = [`${guest}.wasm`], env = {}, stdin = "", talks }) {
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
      { timeout: LIMIT_MS, killSignal: "SIGKILL" },
    );
    const output = { stdout: "", stderr: "" };
    child.stdout.on("data", (chunk) => (output.stdout += chunk));
    child.stderr.on("data", (chunk) => (output.stderr += chunk));
    child.stdin.on("error", () => {});
    if (talks === true) answerTo(child);
    else child.stdin.end(stdin);
    child.once("error", reject);
    child.once("close", (code, signal) => {
      rmSync(root, { recursive: true, force: true });
      resolve({ ...ending(code, signal), ...output });
    });
  });
}

conforms({
  name: "node:wasi",
  // It has no sockets to give, no mounts below mounts and no limit of its own.
  programs: PROGRAMS.filter(({ name }) => !["socket", "limits"].includes(name)),
  run,
  differences: NODE_DIFFERENCES,
});
