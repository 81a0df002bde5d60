/* The fixture programs of tests/e2e/apps, as both wasm builds made them, and
 * runs of the command line. */
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { load } from "../../js/index.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const CLI = `${ROOT}js/cli.js`;

/** Optimised, and with assertions and stack checks. */
export const BUILDS = ["wasm", "wasm-debug"];

/**
 * @param {string} name
 * @param {string} [build]
 */
export function programPath(name, build = "wasm") {
  return `${ROOT}build/${build}/tests/e2e/apps/${name}.wasm`;
}

/**
 * A run of the command line that a test can talk to.
 * @param {string[]} args
 * @param {string} [node] the Node that runs it
 */
export function startCli(args, node = process.execPath) {
  const child = spawn(node, [CLI, ...args]);
  const output = { stdout: "", stderr: "" };
  for (const name of /** @type {const} */ (["stdout", "stderr"])) {
    child[name].setEncoding("utf8").on("data", (text) => {
      output[name] += text;
    });
  }
  /** @type {Promise<number | NodeJS.Signals | null>} */
  const exit = new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve(signal ?? code));
  });
  return {
    child,
    output,
    exit,
    /**
     * When standard output has come to contain `text`.
     * @param {string} text
     * @returns {Promise<void>}
     */
    shows: (text) =>
      new Promise((resolve, reject) => {
        const look = () => output.stdout.includes(text) && resolve();
        child.stdout.on("data", look);
        child.once("close", () => reject(new Error(`ended without: ${text}`)));
        look();
      }),
  };
}

/**
 * Runs the command line to its end.
 * @param {string[]} args
 * @param {string} [input]
 * @param {string} [node] the Node that runs it
 */
export async function runCli(args, input = "", node = process.execPath) {
  const { child, output, exit } = startCli(args, node);
  // A program that ends without reading its input closes the pipe.
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  return { code: await exit, ...output };
}

/**
 * Runs a fixture program to its end, in this process, on the sources.
 * @param {string} name
 * @param {string} build
 * @param {import("../../js/options.js").LoadOptions} [options]
 */
export async function runProgram(name, build, options = {}) {
  /** @type {string[]} */
  const lines = [];
  /** @type {string[]} */
  const errors = [];
  const app = await load(await readFile(programPath(name, build)), {
    stdout: (line) => void lines.push(line),
    stderr: (line) => void errors.push(line),
    ...options,
  });
  return { code: await app.exited, lines, errors };
}
