/* The README's program is a real one: its text is that of the files that the
 * browser tests run. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { read } from "../helpers/tree.js";

/** @param {string} language */
function block(language) {
  const found = new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``).exec(
    read("README.md"),
  );
  return found?.[1];
}

test("the README shows web/apps/wave.c", () => {
  assert.equal(block("c"), read("web/apps/wave.c"));
});

test("the README shows web/wave.html", () => {
  assert.equal(block("html"), read("web/wave.html"));
});
