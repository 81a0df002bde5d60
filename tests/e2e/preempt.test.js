/* Preemption (A8): goroutines that never yield beside others, and results that
 * do not depend on where they were interrupted. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { test } from "node:test";
import { BUILDS, programPath, runCli } from "../helpers/programs.js";
import { ROOT } from "../helpers/tree.js";

const LIMIT = { timeout: 120_000 };

/** Loops of every kind, and the ways to be left alone. */
const KINDS = ["endless", "counted", "nested", "recursion", "mutual"].concat([
  "pointers",
  "callbacks",
  "formats",
  "function",
  "region",
]);

for (const build of BUILDS) {
  for (const kind of KINDS) {
    test(`${build}: others run beside: ${kind}`, LIMIT, async () => {
      const { code, stdout } = await runCli([
        "run",
        programPath("preempt", build),
        kind,
      ]);
      assert.equal(stdout, "10 turns\n");
      assert.equal(code, 0);
    });
  }
}

/**
 * Runs a program with a clock that ends every slice at once.
 * @param {string} file
 * @param {string} what
 * @returns {Promise<{ stdout: string, stderr: string }>}
 */
function runInterrupted(file, what) {
  const clock = `${ROOT}/tests/helpers/fast-clock.mjs`;
  const cli = `${ROOT}/js/cli.js`;
  const child = spawn(process.execPath, [
    ...["--import", clock],
    ...[cli, "run", file, what],
  ]);
  const output = { stdout: "", stderr: "" };
  child.stdout.on("data", (data) => (output.stdout += data));
  child.stderr.on("data", (data) => (output.stderr += data));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", () => resolve(output));
  });
}

for (const build of BUILDS) {
  test(
    `${build}: loops of all shapes give the same when interrupted`,
    LIMIT,
    async () => {
      const plain = await runCli(["run", programPath("plain-shapes", build)]);
      const file = programPath("preempt-kernels", build);
      const { stdout, stderr } = await runInterrupted(file, "shapes");
      assert.equal(stdout, plain.stdout);
      assert.ok(Number(stderr) > 1000, `interrupted ${stderr} times`);
    },
  );
}

test("kernels side by side give what they give alone", LIMIT, async () => {
  const file = programPath("preempt-kernels");
  const { stdout } = await runCli(["run", file, "kernels"]);
  assert.equal(
    stdout,
    "sieve right\nquicksort right\nmatrices right\nfibonacci right\n" +
      "word-count right\n",
  );
});
