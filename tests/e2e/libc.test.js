/* What Emscripten's libc does in a Gossamer program, files aside. Rows A3, A4,
 * A5. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { BUILDS, runProgram } from "../helpers/programs.js";

const LIMIT = { timeout: 60_000 };

for (const build of BUILDS) {
  test(`${build}: A3: errno is kept for each goroutine`, LIMIT, async () => {
    assert.deepEqual(await runProgram("errno", build), {
      code: 0,
      lines: ["0 wrong"],
      errors: [],
    });
  });
}
