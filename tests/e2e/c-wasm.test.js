/* The C tests once more, in wasm: the release build that ships and the debug
 * build with its assertions and stack checks. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { runTests } from "../c/wasm-runner.js";
import { ROOT } from "../helpers/tree.js";

for (const preset of ["wasm", "wasm-debug"]) {
  const folder = join(ROOT, "build", preset);
  const skip = existsSync(folder) ? false : `build/${preset} is not built`;
  test(`c tests: ${preset}`, { skip, timeout: 600_000 }, async (t) => {
    const results = await runTests(join(folder, "tests/c/c-tests.wasm"));
    assert.notEqual(results.length, 0);
    for (const { name, problem } of results) {
      await t.test(name, () => {
        if (problem !== null) assert.fail(problem);
      });
    }
  });
}

/** What each of the tests that must fail says. */
function failuresExpected() {
  const source = join(ROOT, "tests/c/meta/test-meta.c");
  const marked = /EXPECT: (.*) \*\/\n\w*TEST\((\w+)/g;
  return [...readFileSync(source, "utf8").matchAll(marked)].map(
    ([, texts, name]) => ({ name: `meta.${name}`, texts: texts.split("|") }),
  );
}

test(
  "c tests that must fail do fail in wasm",
  { timeout: 60_000 },
  async () => {
    const results = await runTests(
      join(ROOT, "build/wasm/tests/c/c-meta.wasm"),
      { timeoutMs: 3000 },
    );
    const expected = failuresExpected();
    assert.deepEqual(
      results.map(({ name }) => name),
      expected.map(({ name }) => name),
    );
    for (const [index, { name, texts }] of expected.entries()) {
      const problem = results[index].problem ?? "it passed";
      assert.ok(
        texts.some((text) => problem.includes(text)),
        `${name} failed, but without saying ${texts}: ${problem}`,
      );
    }
  },
);
