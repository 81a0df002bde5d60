/* Runs the tests, section by section: `c` (ctest on the native build), `fuzz`
 * (a fixed number of inputs), then every folder of tests/ that holds *.test.js
 * files.
 * Usage: node .ci/test.mjs [section...]. The last line has the totals. */
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
} from "node:fs";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { build } from "./build.mjs";
import { ROOT, StepError, exec, script } from "./exec.mjs";
import { fuzzSome, whyNoFuzzer } from "./fuzz.mjs";
import { buildGuests, whyNoGuests } from "../tests/helpers/guests.js";

/** Files whose pages are timed: beside another they would time that, too. */
const TIMED =
  /\/browser\/(particles|preempt|sieve|stream|wasi-demo|wasi-programs)[^/]*$/;

/** Cheap sections first; a section that is not listed runs last. */
const ORDER = ["lint", "js", "fs", "wasi", "e2e", "browser", "kill"];

const MINUTE_MS = 60_000;
const FILE_LIMIT_MS = 10 * MINUTE_MS;
const SECTION_LIMIT_MS = 20 * MINUTE_MS;

/** @typedef {{ passed: number, failed: number, skipped: number }} Totals */

/** In the environment of every process of this run: how they are found. */
const RUN_ID = `GOSSAMER_TEST_RUN=${randomUUID()}`;

function childEnv() {
  const [name = "", value] = RUN_ID.split("=");
  return { [name]: value };
}

/** @param {string} title */
function heading(title) {
  process.stdout.write(`\n=== ${title} ===\n`);
}

/** @param {string} folder @returns {string[]} */
function testFiles(folder) {
  return readdirSync(join(ROOT, folder), { withFileTypes: true })
    .flatMap((entry) => {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) return testFiles(path);
      return entry.name.endsWith(".test.js") ? [path] : [];
    })
    .sort();
}

/** The folders of tests/ that hold test files, in the order they run. */
export function jsSections() {
  /** @param {string} name */
  const rank = (name) => (ORDER.indexOf(name) + ORDER.length) % ORDER.length;
  return readdirSync(join(ROOT, "tests"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .filter((name) => testFiles(`tests/${name}`).length > 0)
    .sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
}

/**
 * A run that failed without naming a failed test still counts as a failure.
 * @param {number} code
 * @param {Totals} totals
 */
export function withExitCode(code, totals) {
  if (code === 0 || totals.failed > 0) return totals;
  return { ...totals, failed: 1 };
}

/**
 * The totals of a JUnit file written by ctest.
 * @param {string} xml
 * @returns {Totals}
 */
export function junitTotals(xml) {
  const [, head = ""] = /<testsuite\b([^>]*)>/.exec(xml) ?? [];
  /** @param {string} name */
  const number = (name) =>
    Number(new RegExp(`\\b${name}="(\\d+)"`).exec(head)?.[1] ?? 0);
  const failed = number("failures");
  const skipped = number("skipped") + number("disabled");
  return { passed: number("tests") - failed - skipped, failed, skipped };
}

/**
 * The totals of a TAP file written by node:test.
 * @param {string} tap
 * @returns {Totals}
 */
export function tapTotals(tap) {
  /** @param {string} name */
  const number = (name) =>
    Number(new RegExp(`^# ${name} (\\d+)$`, "m").exec(tap)?.[1] ?? 0);
  return {
    passed: number("pass"),
    failed: number("fail") + number("cancelled"),
    skipped: number("skipped") + number("todo"),
  };
}

/** @param {string} section */
const isOfJs = (section) => section !== "c" && section !== "fuzz";

/** @param {string} file */
function readIfThere(file) {
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}

/**
 * What a run needs built. The C tests run natively here, for the sanitizers;
 * the same sources in wasm, with its own checks on, are a file of e2e.
 * @param {string[]} sections
 */
export function presetsFor(sections) {
  const presets = [];
  if (sections.includes("c")) presets.push("native");
  if (sections.some(isOfJs)) presets.push("wasm");
  const inDebugToo = sections.includes("e2e") || sections.includes("lint");
  if (inDebugToo) presets.push("wasm-debug");
  return presets;
}

async function runCtest() {
  heading("c");
  const report = join(ROOT, "build/test/c.xml");
  const args = ["--test-dir", "build/native", "--output-on-failure"];
  const { code, timedOut } = await exec(
    "ctest",
    [
      ...args,
      ...["--no-tests=error", "--timeout", "300", "-j2"],
      ...["--output-junit", report],
    ],
    { timeoutMs: SECTION_LIMIT_MS, env: childEnv() },
  );
  if (timedOut) process.stdout.write("c: ran out of time\n");
  return withExitCode(code, junitTotals(readIfThere(report)));
}

/** The build of it is its own: where there is no fuzzer it is not tried. */
async function runFuzz() {
  heading("fuzz");
  const why = whyNoFuzzer();
  if (why === null) return fuzzSome(childEnv());
  process.stdout.write(`fuzz: SKIPPED, ${why}\n`);
  return { passed: 0, failed: 0, skipped: 1 };
}

/** @param {string} section */
async function runNode(section) {
  heading(section);
  // Built once, and not by each of the files that run side by side.
  if (section === "wasi" && whyNoGuests() === null) await buildGuests();
  const files = testFiles(`tests/${section}`);
  const timed = files.filter((file) => TIMED.test(file));
  const others = files.filter((file) => !TIMED.test(file));
  const totals = await runFiles(section, others, 2);
  if (timed.length === 0) return totals;
  return sumOf(totals, await runFiles(`${section}-timed`, timed, 1));
}

/** @param {Totals} a @param {Totals} b @returns {Totals} */
const sumOf = (a, b) => ({
  passed: a.passed + b.passed,
  failed: a.failed + b.failed,
  skipped: a.skipped + b.skipped,
});

/**
 * @param {string} name of the report
 * @param {string[]} files
 * @param {number} atOnce how many of them
 * @returns {Promise<Totals>}
 */
async function runFiles(name, files, atOnce) {
  const report = join(ROOT, "build/test", `${name}.tap`);
  const args = ["--import", "./.ci/test-watchdog.mjs", "--test"];
  const { code, timedOut } = await exec(
    process.execPath,
    [
      ...args,
      `--test-timeout=${FILE_LIMIT_MS}`,
      `--test-concurrency=${atOnce}`,
      "--test-reporter=spec",
      "--test-reporter-destination=stdout",
      "--test-reporter=tap",
      `--test-reporter-destination=${report}`,
      ...files,
    ],
    { timeoutMs: SECTION_LIMIT_MS, env: childEnv() },
  );
  if (timedOut) process.stdout.write(`${name}: ran out of time\n`);
  return withExitCode(code, tapTotals(readIfThere(report)));
}

/**
 * Ends what a test left running. Browsers lead process groups of their own,
 * so the mark in the environment is what tells them from anybody else's.
 */
function killLeftovers() {
  if (process.platform !== "linux") return;
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const environ = readFileSync(`/proc/${pid}/environ`, "latin1");
      if (!environ.split("\0").includes(RUN_ID)) continue;
      process.kill(Number(pid), "SIGKILL");
      process.stdout.write(`left running by a test, ended: process ${pid}\n`);
    } catch {
      // Another user's process, or one that has just ended.
    }
  }
}

/** @type {Record<string, () => Promise<Totals>>} */
const runners = { c: runCtest, fuzz: runFuzz };

/**
 * @param {string[]} wanted sections; none means all
 * @returns {Promise<number>} exit code
 */
async function main(wanted) {
  const known = ["c", "fuzz", ...jsSections()];
  const unknown = wanted.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new StepError(
      `no such test section: ${unknown.join(", ")} ` +
        `(there are: ${known.join(", ")})`,
    );
  }
  const sections = wanted.length > 0 ? wanted : known;
  heading("build");
  await build({
    presets: presetsFor(sections),
    js: sections.some(isOfJs),
    quiet: true,
  });

  // A report of an earlier run must never stand in for this one's.
  rmSync(join(ROOT, "build/test"), { recursive: true, force: true });
  mkdirSync(join(ROOT, "build/test"), { recursive: true });
  let total = { passed: 0, failed: 0, skipped: 0 };
  for (const section of sections) {
    const part = await (runners[section]?.() ?? runNode(section));
    killLeftovers();
    total = sumOf(total, part);
  }

  const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : "";
  process.stdout.write(
    `\n${total.passed} passed, ${total.failed} failed${skipped}\n`,
  );
  return total.failed > 0 ? 1 : 0;
}

if (process.argv[1] === import.meta.filename) {
  await script(() => main(process.argv.slice(2)));
}
