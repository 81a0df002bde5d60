/* The script tag's attributes as text. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { readAttributes, splitWords } from "../../js/attributes.js";

test("words are split as a shell does", () => {
  for (const [text, words] of [
    ["", []],
    ["  ", []],
    ["a b\tc\n d ", ["a", "b", "c", "d"]],
    ["'a b' \"c d\"", ["a b", "c d"]],
    ["a'b c'd\"e f\"g", ["ab cde fg"]],
    ["'' \"\"", ["", ""]],
    ["a\\ b \\'c", ["a b", "'c"]],
    ['"a\\"b\\\\c" \'d\\e\'', ['a"b\\c', "d\\e"]],
    ["--name=x y", ["--name=x", "y"]],
  ]) {
    assert.deepEqual(splitWords(text), words, JSON.stringify(text));
  }
});

test("an open quote or a last backslash is an error", () => {
  assert.throws(() => splitWords("a 'b"), /a quote without/);
  assert.throws(() => splitWords('a "b\\"'), /a quote without/);
  assert.throws(() => splitWords("a \\"), /a backslash without/);
});

test("attributes become options", () => {
  assert.deepEqual(readAttributes({}), {});
  assert.deepEqual(
    readAttributes({
      app: "app.wasm",
      args: "one 'two three'",
      env: "A=1 B='x=y'",
      canvas: "#view",
      fetch: "'self' https://a.test",
    }),
    {
      args: ["one", "two three"],
      env: { A: "1", B: "x=y" },
      canvas: "#view",
      fetch: "'self' https://a.test",
    },
  );
  assert.deepEqual(
    readAttributes({ args: ' ["a", "b c"]', env: '{"A": "1"}' }),
    { args: ["a", "b c"], env: { A: "1" } },
  );
});

test("a mistake names the attribute", () => {
  for (const [data, message] of [
    [{ args: "[1," }, /data-args: not valid JSON/],
    [{ args: "'" }, /data-args: a quote/],
    [{ env: "A" }, /data-env: expected NAME=VALUE, got "A"/],
    [{ env: "=x" }, /data-env: expected NAME=VALUE/],
    [{ env: "{" }, /data-env: not valid JSON/],
    [{ canvas: " " }, /data-canvas: expected a CSS selector/],
  ]) {
    assert.throws(() => readAttributes(data), message);
  }
});
