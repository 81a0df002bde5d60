/* Runs other programs for the scripts beside it: each in a process group of
 * its own with a time limit, so that nothing it starts outlives it. */
import { spawn } from "node:child_process";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** Groups that run now; an interrupted script takes them with it. */
const groups = new Set();

/**
 * npm puts the commands of its packages first, and one of them is a wasm-opt of
 * another version than Emscripten's, which Emscripten would take.
 * @param {string} path
 */
function withoutPackages(path) {
  const npm = join("node_modules", ".bin");
  return path
    .split(delimiter)
    .filter((folder) => !folder.endsWith(npm))
    .join(delimiter);
}

/** @param {number} group */
function killGroup(group) {
  try {
    process.kill(-group, "SIGKILL");
  } catch {
    // The group is empty already.
  }
}

for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) {
  process.once(signal, () => {
    for (const group of groups) killGroup(group);
    process.exit(130);
  });
}

/**
 * @typedef {object} Options
 * @property {number} [timeoutMs]
 * @property {boolean} [capture] keep the output instead of passing it on
 * @property {Record<string, string | undefined>} [env] added to ours
 *
 * @typedef {object} Outcome
 * @property {number} code exit code; 124 after a time-out
 * @property {string} output standard output and error, when captured
 * @property {boolean} timedOut
 */

/**
 * @param {string} command
 * @param {string[]} args
 * @param {Options} [options]
 * @returns {Promise<Outcome>}
 */
export function exec(command, args, options = {}) {
  const { timeoutMs = 600_000, capture = false, env = {} } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: ROOT,
      env: {
        ...process.env,
        PATH: withoutPackages(process.env.PATH ?? ""),
        ...env,
      },
      detached: true,
      stdio: ["ignore", capture ? "pipe" : "inherit", capture ? "pipe" : 2],
    });
    /** @type {Buffer[]} */
    const chunks = [];
    child.stdout?.on("data", (chunk) => chunks.push(chunk));
    child.stderr?.on("data", (chunk) => chunks.push(chunk));
    let timedOut = false;
    const group = child.pid;
    if (group !== undefined) groups.add(group);
    const timer = setTimeout(() => {
      timedOut = true;
      if (group !== undefined) killGroup(group);
    }, timeoutMs);
    child.once("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.once("exit", () => {
      if (group !== undefined) {
        killGroup(group);
        groups.delete(group);
      }
      // Whoever still holds the pipes is no longer ours.
      setTimeout(() => {
        child.stdout?.destroy();
        child.stderr?.destroy();
      }, 1000).unref();
    });
    child.once("close", (code) => {
      clearTimeout(timer);
      const output = Buffer.concat(chunks).toString("utf8");
      resolve({ code: timedOut ? 124 : (code ?? 1), output, timedOut });
    });
  });
}

/** A step that failed; its output has been shown. */
export class StepError extends Error {}

/**
 * Runs a step that must succeed. Quiet steps show their output on failure only.
 * @param {string} what
 * @param {string} command
 * @param {string[]} args
 * @param {Options & { quiet?: boolean }} [options]
 */
export async function step(what, command, args, options = {}) {
  const { quiet = false, ...rest } = options;
  const outcome = await exec(command, args, { ...rest, capture: quiet });
  if (outcome.code === 0) return outcome;
  if (quiet) process.stderr.write(outcome.output);
  const how = outcome.timedOut
    ? "ran out of time"
    : `failed with exit code ${outcome.code}`;
  throw new StepError(`${what} ${how}: ${command} ${args.join(" ")}`);
}

/**
 * The body of a script: a failed step is a message and an exit code, anything
 * else is a bug in the script and keeps its stack.
 * @param {() => Promise<number | void>} body
 */
export async function script(body) {
  try {
    process.exitCode = (await body()) ?? 0;
  } catch (error) {
    if (!(error instanceof StepError)) throw error;
    process.stderr.write(`error: ${error.message}\n`);
    process.exitCode = 1;
  }
}
