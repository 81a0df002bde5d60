/* npm run bench: measures every suite beside its peers, run by run in turn so
 * that a drift of the machine hits all of them, and reports the medians.
 * Usage: npm run bench [-- --only SUITE[,SUITE]] [-- --json FILE] [-- --runs N] */
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { parseArgs, promisify } from "node:util";
import { ROOT, StepError, script } from "../../.ci/exec.mjs";
import { whyNoGuests } from "../helpers/guests.js";
import { BrowserBench } from "./browser.js";
import { FilesBench } from "./files/bench.js";
import { NetBench } from "./net/bench.js";
import { PLAIN_EXPORT } from "./names.js";
import { findChromium, preparePrograms } from "./programs.js";
import { Samples, barLines, parseOutput, table } from "./report.js";
import { SUITES, chooseSuites } from "./suites.js";

/**
 * @typedef {import("./suites.js").Suite} Suite
 * @typedef {import("./suites.js").Workload} Workload
 * @typedef {import("./programs.js").Program} Program
 *
 * Measures one run of a peer: values by row key.
 * @typedef {(workload: Workload, peer: string) => Promise<Map<string, number>>}
 *   Measure
 */

const RUNS = 5;
const LIMIT_MS = 180_000;

const APART = SUITES.filter(({ apart }) => apart).map(({ name }) => name);

const USAGE = `Usage: npm run bench -- [options]

  --only SUITE   only this suite (repeatable, or a list with commas):
                 ${SUITES.map(({ name }) => name).join(", ")};
                 for none all but ${APART.join(", ")}, which take minutes
  --runs N       how often each is run; the medians count (default ${RUNS})
  --json FILE    writes the rows to FILE as JSON
  --help         prints this
`;

/** @param {string[]} args */
function readOptions(args) {
  try {
    const { values } = parseArgs({
      args,
      options: {
        only: { type: "string", multiple: true, default: [] },
        json: { type: "string" },
        runs: { type: "string", default: String(RUNS) },
        help: { type: "boolean", default: false },
      },
    });
    const runs = Number(values.runs);
    if (!Number.isInteger(runs) || runs < 1) {
      throw new RangeError(`--runs wants a number from 1, not ${values.runs}`);
    }
    // Found out now rather than when everything has been measured.
    if (values.json !== undefined) writeFileSync(values.json, "[]\n");
    const names = values.only.flatMap((list) => list.split(","));
    return { ...values, runs, suites: chooseSuites(names) };
  } catch (error) {
    // Whatever is wrong with the options is the caller's to mend.
    throw new StepError(/** @type {Error} */ (error).message);
  }
}

/** @param {string} text */
function log(text) {
  process.stderr.write(`${text}\n`);
}

const execute = promisify(execFile);

/** @param {Map<string, Program>} programs @returns {Measure} */
function programMeasure(programs) {
  return async (workload, peer) => {
    const { command, commands, env = {} } = programs.get(peer) ?? {};
    const [file = "", ...args] = commands?.[workload.name] ?? command ?? [];
    try {
      const { stdout } = await execute(file, [...args, workload.name], {
        cwd: ROOT,
        env: { ...process.env, ...env },
        timeout: LIMIT_MS,
        killSignal: "SIGKILL",
      });
      return parseOutput(stdout, workload);
    } catch (error) {
      const { killed, stderr, message } =
        /** @type {Error & { killed?: boolean, stderr?: string }} */ (error);
      const why = killed ? "ran out of time" : stderr?.trim() || message;
      throw new StepError(`${peer} failed in ${workload.name}: ${why}`);
    }
  };
}

/** @param {Pages} pages @returns {Measure} */
function pageMeasure({ frames, files, net }) {
  return async (workload, peer) => {
    try {
      if (workload.name === "frame") {
        const [row] = workload.rows;
        return new Map([[row?.key ?? "", (await frames?.run(peer)) ?? NaN]]);
      }
      const bench = workload.name.startsWith("net-") ? net : files;
      return (await bench?.run(workload, peer)) ?? new Map();
    } catch (error) {
      const { message } = /** @type {Error} */ (error);
      const what = `${workload.name} in the browser`;
      throw new StepError(`${peer} failed in ${what}: ${message}`);
    }
  };
}

/**
 * Every workload of a suite once, all peers in turn; another begins each time.
 * @param {Suite} suite
 * @param {number} run from 0
 * @param {(peer: string) => boolean} takesPart
 * @param {Measure} measure
 * @param {Samples} samples
 */
async function runOnce({ workloads }, run, takesPart, measure, samples) {
  for (const workload of workloads) {
    if (run > 0 && workload.once) continue;
    const peers = workload.peers.filter(takesPart);
    const first = run % Math.max(peers.length, 1);
    for (const peer of [...peers.slice(first), ...peers.slice(0, first)]) {
      samples.add(workload, peer, await measure(workload, peer));
    }
  }
}

/**
 * @param {Suite[]} suites
 * @returns {Promise<Map<string, Program>>} those that there are; the others
 *   are skipped aloud
 */
async function prepare(suites) {
  const workloads = suites.flatMap((suite) => suite.workloads);
  log("building");
  /** @type {Map<string, Program>} */
  const programs = new Map();
  for (const [name, program] of await preparePrograms(workloads)) {
    if ("skipped" in program) log(`${name} skipped: ${program.skipped}`);
    else programs.set(name, program);
  }
  return programs;
}

/** What the suites that run in the browser need; null: none of them does. */
class Pages {
  /** @type {BrowserBench | null} */
  frames = null;
  /** @type {FilesBench | null} */
  files = null;
  /** @type {NetBench | null} */
  net = null;

  /**
   * @param {Suite[]} suites that run in the browser
   * @param {Map<string, Program>} programs
   */
  static async start(suites, programs) {
    if (suites.length === 0) return null;
    const chromium = findChromium();
    if (chromium === null) {
      const names = suites.map(({ name }) => name).join(", ");
      log(`skipped: ${names}: chromium not found`);
      return null;
    }
    const lists = [...programs.values()].map(({ files }) => files);
    const page = { "/page.js": `${ROOT}tests/bench/page.js` };
    const served = Object.assign(page, ...lists);
    const pages = new Pages();
    if (suites.some(({ browser }) => browser === "files")) {
      pages.files = await FilesBench.start(chromium, served);
    }
    if (suites.some(({ browser }) => browser === "net")) {
      pages.net = await NetBench.start(served);
    }
    if (suites.some(({ browser }) => browser === "frames")) {
      pages.frames = await BrowserBench.start(chromium, served);
    }
    return pages;
  }

  async close() {
    await Promise.all(
      [this.frames, this.files, this.net].map((bench) => bench?.close()),
    );
  }
}

/**
 * Those that can be measured here; the others are skipped aloud.
 * @param {Suite[]} suites
 */
function possible(suites) {
  const why = whyNoGuests();
  return suites.filter(({ name, guests }) => {
    if (!guests || why === null) return true;
    log(`suite ${name} skipped: ${why}`);
    return false;
  });
}

/** @param {string[]} args */
async function main(args) {
  const { suites: wanted, runs, json, help } = readOptions(args);
  if (help) {
    process.stdout.write(USAGE);
    return;
  }
  const suites = possible(wanted);
  const programs = await prepare(suites);
  const inPage = suites.filter((suite) => suite.browser);
  const pages = await Pages.start(inPage, programs);
  /** @param {string} peer */
  const isThere = (peer) => programs.has(peer) || peer === PLAIN_EXPORT;
  const measured = suites.filter((suite) => !suite.browser || pages !== null);
  if (measured.length === 0) return;
  const samples = new Samples();
  try {
    for (let run = 0; run < runs; run++) {
      log(`run ${run + 1} of ${runs}`);
      for (const suite of measured) {
        const measure =
          suite.browser && pages !== null
            ? pageMeasure(pages)
            : programMeasure(programs);
        await runOnce(suite, run, isThere, measure, samples);
      }
    }
  } finally {
    await pages?.close();
  }

  const rows = samples.rows(measured);
  process.stdout.write(`${table(rows)}\n\n`);
  for (const { name, about } of measured) {
    process.stdout.write(`${name}: ${about}\n`);
  }
  process.stdout.write(`\n${barLines(measured, rows).join("\n")}\n`);
  if (json !== undefined) {
    writeFileSync(json, `${JSON.stringify(rows, null, 2)}\n`);
  }
}

await script(() => main(process.argv.slice(2)));
