/* Runs the tests by sections: `c` (ctest on the native build), `fuzz` (a fixed
 * number of inputs), and every folder of tests/ that holds *.test.js files. One
 * section runs after the other, and beside them those that leave processors
 * free; files whose pages are timed run when nothing else does.
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
import { lendFirefox } from "./browsers.mjs";
import { build, envOfCompilers } from "./build.mjs";
import { ROOT, StepError, exec, script } from "./exec.mjs";
import { fuzzSome, whyNoFuzzer } from "./fuzz.mjs";
import { buildGuests, whyNoGuests } from "../tests/helpers/guests.js";

/** Files whose pages are timed: beside another they would time that, too. */
export const TIMED = [
  "particles",
  "preempt",
  "sieve",
  "stream",
  "wasi-demo",
  "wasi-programs",
].map((name) => `tests/browser/${name}.test.js`);

/** Cheap sections first; a section that is not listed runs last. */
const ORDER = ["lint", "js", "fs", "wasi", "e2e", "browser", "kill"];

/** They run beside the others, in this order. Alone, a fuzzer is one thread,
 * browsers that are killed are waited for, and each has a last file that is
 * longer than the others. */
const BESIDE = ["kill", "fuzz", "c"];

/** Files at once, on two processors: pages wait for servers and for clocks. */
const FILES_AT_ONCE = 2;
const PAGES_AT_ONCE = 3;

/** Of the debug build nothing else is run. */
const DEBUG_TARGETS = ["tests/c", "tests/e2e/apps", "tests/lint/apps"];

const MINUTE_MS = 60_000;
const FILE_LIMIT_MS = 10 * MINUTE_MS;
const SECTION_LIMIT_MS = 20 * MINUTE_MS;

/** @typedef {{ passed: number, failed: number, skipped: number }} Totals */

/** @typedef {Record<string, string>} Env */

/**
 * How a section is run: what is in the environment of all its processes, and
 * whether its output is kept until it is through.
 * @typedef {{ env: Env, capture: boolean }} How
 */

/** In the environment of every process of a section: how they are found. */
const MARK = "GOSSAMER_TEST_RUN";

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

/** @typedef {Totals & { output: string }} Result */

/**
 * @param {string} name
 * @param {string} command
 * @param {string[]} args
 * @param {How} how
 * @param {() => Totals} totals
 * @returns {Promise<Result>}
 */
async function runProgram(name, command, args, { env, capture }, totals) {
  const limits = { timeoutMs: SECTION_LIMIT_MS, env, capture };
  const { code, timedOut, output } = await exec(command, args, limits);
  const late = timedOut ? `${name}: ran out of time\n` : "";
  if (!capture) process.stdout.write(late);
  return { ...withExitCode(code, totals()), output: output + late };
}

/** @param {How} how */
function runCtest(how) {
  const report = join(ROOT, "build/test/c.xml");
  const args = ["--test-dir", "build/native", "--output-on-failure"];
  const rest = ["--no-tests=error", "--timeout", "300", "-j2"];
  return runProgram(
    "c",
    "ctest",
    [...args, ...rest, "--output-junit", report],
    how,
    () => junitTotals(readIfThere(report)),
  );
}

/**
 * The build of it is its own: where there is no fuzzer it is not tried.
 * @param {How} how
 * @returns {Promise<Result>}
 */
async function runFuzz({ env, capture }) {
  const why = whyNoFuzzer();
  const result =
    why === null
      ? await fuzzSome(env)
      : {
          ...{ passed: 0, failed: 0, skipped: 1 },
          output: `fuzz: SKIPPED, ${why}\n`,
        };
  if (!capture) process.stdout.write(result.output);
  return result;
}

/** @param {string} section */
function filesOf(section) {
  const files = testFiles(`tests/${section}`);
  return {
    timed: files.filter((file) => TIMED.includes(file)),
    others: files.filter((file) => !TIMED.includes(file)),
  };
}

/**
 * All of a section's files but those that are timed.
 * @param {string} section
 * @param {How} how
 */
async function runNode(section, how) {
  // Built once, and not by each of the files that run side by side.
  if (section === "wasi" && whyNoGuests() === null) await buildGuests();
  const { others } = filesOf(section);
  if (section !== "browser") {
    return runFiles(section, others, FILES_AT_ONCE, how);
  }
  const lender = await lendFirefox(how.env);
  const env = { ...how.env, GOSSAMER_FIREFOX_LENDER: lender.address };
  try {
    return await runFiles(section, others, PAGES_AT_ONCE, { ...how, env });
  } finally {
    await lender.close();
  }
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
 * @param {How} how
 */
function runFiles(name, files, atOnce, how) {
  const report = join(ROOT, "build/test", `${name}.tap`);
  const args = [
    ...["--import", "./.ci/test-watchdog.mjs", "--test"],
    `--test-timeout=${FILE_LIMIT_MS}`,
    `--test-concurrency=${atOnce}`,
    "--test-reporter=spec",
    "--test-reporter-destination=stdout",
    "--test-reporter=tap",
    `--test-reporter-destination=${report}`,
    ...files,
  ];
  return runProgram(name, process.execPath, args, how, () =>
    tapTotals(readIfThere(report)),
  );
}

/**
 * Ends what a section left running. Browsers lead process groups of their own,
 * so the mark in the environment is what tells them from anybody else's.
 * @param {string} mark as it stands there
 */
function killLeftovers(mark) {
  if (process.platform !== "linux") return;
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const environ = readFileSync(`/proc/${pid}/environ`, "latin1");
      if (!environ.split("\0").includes(mark)) continue;
      process.kill(Number(pid), "SIGKILL");
      process.stdout.write(`left running by a test, ended: process ${pid}\n`);
    } catch {
      // Another user's process, or one that has just ended.
    }
  }
}

/** @type {Record<string, (how: How) => Promise<Result>>} */
const runners = { c: runCtest, fuzz: runFuzz };

/**
 * @param {boolean} capture
 * @param {(how: How) => Promise<Result>} run
 */
async function marked(capture, run) {
  const id = randomUUID();
  try {
    return await run({ env: { ...envOfCompilers(), [MARK]: id }, capture });
  } finally {
    killLeftovers(`${MARK}=${id}`);
  }
}

/**
 * @param {string} section
 * @param {boolean} capture
 */
const runSection = (section, capture) =>
  marked(
    capture,
    runners[section] ?? ((/** @type {How} */ how) => runNode(section, how)),
  );

/**
 * Some sections one after the other; what others say meanwhile comes between
 * them.
 * @param {string[]} sections
 * @returns {Promise<Totals>}
 */
async function runAll(sections) {
  const isAlone = sections.length === 1;
  const beside = isAlone ? [] : BESIDE.filter((one) => sections.includes(one));
  let total = { passed: 0, failed: 0, skipped: 0 };
  /** @type {{ section: string, result: Result }[]} */
  const done = [];
  const tell = () => {
    for (const { section, result } of done.splice(0)) {
      heading(section);
      process.stdout.write(result.output);
      total = sumOf(total, result);
    }
  };
  const inBackground = (async () => {
    for (const section of beside) {
      done.push({ section, result: await runSection(section, true) });
    }
  })();
  const inFront = (async () => {
    for (const section of sections.filter((one) => !beside.includes(one))) {
      heading(section);
      total = sumOf(total, await runSection(section, false));
      tell();
    }
  })();
  // What keeps one of them from going on keeps nothing from the other.
  const ends = await Promise.allSettled([inBackground, inFront]);
  tell();
  for (const end of ends) if (end.status === "rejected") throw end.reason;
  for (const section of sections.filter(isOfJs)) {
    const { timed } = filesOf(section);
    if (timed.length === 0) continue;
    heading(`${section}, timed`);
    const result = await marked(false, (how) =>
      runFiles(`${section}-timed`, timed, 1, how),
    );
    total = sumOf(total, result);
  }
  return total;
}

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
    targets: { "wasm-debug": DEBUG_TARGETS },
  });

  // A report of an earlier run must never stand in for this one's.
  rmSync(join(ROOT, "build/test"), { recursive: true, force: true });
  mkdirSync(join(ROOT, "build/test"), { recursive: true });
  const total = await runAll(sections);
  const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : "";
  process.stdout.write(
    `\n${total.passed} passed, ${total.failed} failed${skipped}\n`,
  );
  return total.failed > 0 ? 1 : 0;
}

if (process.argv[1] === import.meta.filename) {
  await script(() => main(process.argv.slice(2)));
}
