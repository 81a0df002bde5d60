/* What is shipped may not grow unseen: gzipped bytes of every bundle and demo
 * app, beside size-budget.json. Raise a budget only with the reason at hand. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { sizes } from "../../.ci/size.mjs";
import { read } from "../helpers/tree.js";

const budget = JSON.parse(read("tests/lint/size-budget.json"));
const built = sizes();

test("everything that is shipped has a budget, and the other way round", () => {
  assert.deepEqual(
    built.map(({ file }) => file).sort(),
    Object.keys(budget).sort(),
  );
});

test("everything that is shipped keeps to its budget, gzipped", () => {
  const over = built
    .filter(({ file, gzip }) => gzip > budget[file])
    .map(({ file, gzip }) => `${file}: ${gzip} of ${budget[file]} bytes`);
  assert.deepEqual(over, []);
});
