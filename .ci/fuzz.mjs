/* Fuzzing: builds the preset `fuzz` and runs its program on inputs of its own.
 * `npm test` runs a fixed number of them, always the same; this script runs
 * until something is found, with whatever options of libFuzzer are given:
 * npm run fuzz -- -max_total_time=600. What crashes it goes to build/fuzz/. */
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { buildPreset } from "./build.mjs";
import { ROOT, exec, script } from "./exec.mjs";
import { hasHere, missingFor } from "./setup.mjs";

const PROGRAM = "build/fuzz/tests/fuzz/fuzz-sync";
/** Small inputs that together reach everything: tests/README.md. */
const CORPUS = "tests/fuzz/corpus";
const RUNS = 20_000;
const LIMIT_MS = 5 * 60_000;
const LONGEST_MS = 2 ** 31 - 1;

/** For both: an input is long enough for some 150 operations, and done in no
 * time. What the code compares says nothing about an input, and may be
 * addresses, which are other ones in each run. */
const COMMON = ["-max_len=400", "-len_control=20", "-timeout=10", "-use_cmp=0"];

/** Why there is no fuzzer here; null: there is. */
export function whyNoFuzzer(has = hasHere) {
  const missing = missingFor(has, { fuzz: true });
  if (missing.length === 0) return null;
  return `there is no fuzzer: it needs the packages ${missing.join(", ")}`;
}

/**
 * What libFuzzer said at the end: inputs run, and edges of the code reached.
 * @param {string} output
 */
export function fuzzFigures(output) {
  const [, runs = "0"] =
    /^stat::number_of_executed_units: (\d+)$/m.exec(output) ?? [];
  const edges = [...output.matchAll(/ cov: (\d+) /g)].at(-1)?.[1] ?? "0";
  return { runs: Number(runs), edges: Number(edges) };
}

/**
 * The section of npm test. New inputs go to a folder that starts out empty, so
 * that every run is the same.
 * @param {Record<string, string | undefined>} env
 */
export async function fuzzSome(env) {
  await buildPreset("fuzz", true);
  const found = "build/test/fuzz";
  rmSync(join(ROOT, found), { recursive: true, force: true });
  mkdirSync(join(ROOT, found), { recursive: true });
  const { code, output } = await exec(
    PROGRAM,
    [
      ...COMMON,
      ...[`-runs=${RUNS}`, "-seed=1", "-reload=0", "-print_final_stats=1"],
      ...["-artifact_prefix=build/fuzz/", found, CORPUS],
    ],
    { capture: true, timeoutMs: LIMIT_MS, env },
  );
  const { runs, edges } = fuzzFigures(output);
  const seeds = readdirSync(join(ROOT, CORPUS)).length;
  if (code === 0 && runs >= RUNS && edges > 0) {
    const told =
      `fuzz-sync: ${runs} inputs from ${seeds} seeds, ` +
      `${edges} edges reached\n`;
    return { passed: 1, failed: 0, skipped: 0, output: told };
  }
  const told =
    `${output.replaceAll(/^#\d+\s.*\n/gm, "")}fuzz-sync: FAILED after ` +
    `${runs} inputs, exit code ${code}\n`;
  return { passed: 0, failed: 1, skipped: 0, output: told };
}

/** @param {string[]} args */
async function main(args) {
  const why = whyNoFuzzer();
  if (why !== null) {
    process.stderr.write(`fuzz: ${why}\n`);
    return 1;
  }
  await buildPreset("fuzz", true);
  const found = "build/fuzz/corpus";
  mkdirSync(join(ROOT, found), { recursive: true });
  const { code } = await exec(
    PROGRAM,
    [...COMMON, "-artifact_prefix=build/fuzz/", ...args, found, CORPUS],
    { timeoutMs: LONGEST_MS },
  );
  return code;
}

if (process.argv[1] === import.meta.filename) {
  await script(() => main(process.argv.slice(2)));
}
