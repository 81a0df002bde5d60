/* What debug builds do more than others: the report of goroutines that nothing
 * could wake, and the stress modes that the environment asks for. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { programPath, runCli } from "../helpers/programs.js";

const LIMIT = { timeout: 60_000 };

/**
 * @param {string} build
 * @param {string} name
 * @param {...string} options
 */
const run = (build, name, ...options) =>
  runCli(["run", ...options, programPath(name, build)]);

test("goroutines that nothing could wake are reported", LIMIT, async () => {
  const { code, stderr } = await run("wasm-debug", "leaks");
  const names = [...stderr.matchAll(/^leak: goroutine \d+ \((.*?)\)/gm)];
  assert.deepEqual(
    names.map(([, name]) => name),
    ["lost", "one", "two"],
  );
  assert.match(
    stderr,
    /\(lost\) waits for channel receive for ever: nobody else has its object; from leaks\.c:\d+$/m,
  );
  assert.equal(code, 0);
});

test("release builds do not look for leaks", LIMIT, async () => {
  const { code, stderr } = await run("wasm", "leaks");
  assert.deepEqual([code, stderr], [0, ""]);
});

test("GS_STRESS=yield changes no result", LIMIT, async () => {
  const plain = await run("wasm-debug", "globals");
  const stressed = await run("wasm-debug", "globals", "--env=GS_STRESS=yield");
  assert.deepEqual(stressed, plain);
});

test(
  "GS_STRESS=alloc=N is an error of the program's, for every N",
  LIMIT,
  async () => {
    for (let n = 1; n <= 8; n++) {
      const { code, stderr } = await run(
        ...["wasm-debug", "leaks", `--env=GS_STRESS=alloc=${n}`],
      );
      assert.ok([0, 1, 2].includes(code ?? -1), `code ${code}: ${stderr}`);
      assert.doesNotMatch(stderr, /ETRAP|unreachable|out of bounds/);
    }
  },
);

test("an unknown stress mode is told", LIMIT, async () => {
  const { code, stderr } = await run(
    ...["wasm-debug", "hello", "--env=GS_STRESS=sideways"],
  );
  assert.match(stderr, /GS_STRESS has "sideways", which is none of/);
  assert.equal(code, 1);
});
