/* The C tests once more, in wasm: the release build that ships and the debug
 * build with its assertions and stack checks. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
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
