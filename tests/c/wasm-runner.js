/* The C tests of one .wasm as a list of results; a test that runs too long is
 * ended with its worker, and another worker goes on with the next. */
import { readFileSync } from "node:fs";
import { Worker } from "node:worker_threads";

const WORKER = new URL("./wasm-worker.js", import.meta.url);

/** @typedef {{ name: string, problem: string | null }} Result */

/**
 * Runs tests from number `first` on; resolves with the number to go on from.
 * @param {WebAssembly.Module} module
 * @param {number} first
 * @param {Result[]} results
 * @param {{ timeoutMs: number, only: string }} options
 * @returns {Promise<number>}
 */
function runFrom(module, first, results, { timeoutMs, only }) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(WORKER, { workerData: { module, first, only } });
    /** @type {string[]} */
    let names = [];
    let running = -1;
    /** @type {NodeJS.Timeout | undefined} */
    let timer;
    const onTime = () => {
      const problem = `ran for more than ${timeoutMs} ms`;
      results.push({ name: names[running], problem });
      worker.removeAllListeners("exit");
      worker.terminate().then(() => resolve(running + 1), reject);
    };
    worker.on("message", (message) => {
      if (message.names) names = message.names;
      clearTimeout(timer);
      if (message.start !== undefined) {
        running = message.start;
        timer = setTimeout(onTime, timeoutMs);
      }
      if (message.end !== undefined) {
        results.push({ name: names[message.end], problem: message.problem });
      }
    });
    worker.on("error", reject);
    worker.on("exit", () => {
      clearTimeout(timer);
      resolve(Infinity);
    });
  });
}

/**
 * @param {string} file
 * @param {{ timeoutMs?: number, only?: string }} [options] `only`: a part of
 *   the names of the tests to run
 * @returns {Promise<Result[]>}
 */
export async function runTests(file, { timeoutMs = 60_000, only = "" } = {}) {
  const module = await WebAssembly.compile(readFileSync(file));
  /** @type {Result[]} */
  const results = [];
  for (let first = 0; first !== Infinity;) {
    first = await runFrom(module, first, results, { timeoutMs, only });
  }
  return results;
}
