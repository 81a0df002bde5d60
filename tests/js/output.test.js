/* Standard output and error: lines, bytes, and callbacks that fail. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createOutput } from "../../js/output.js";

function lines() {
  const got = [];
  const output = createOutput((line) => got.push(line));
  const encoder = new TextEncoder();
  return {
    got,
    output,
    write: (text) => output.write(encoder.encode(text)),
  };
}

test("lines are handed on when they are complete", () => {
  const { got, write, output } = lines();
  write("one\ntwo");
  assert.deepEqual(got, ["one"]);
  write(" more\n\nthree\n");
  assert.deepEqual(got, ["one", "two more", "", "three"]);
  output.flush();
  assert.deepEqual(got.length, 4, "there is no unfinished line");
});

test("an unfinished line is handed on by flush, once", () => {
  const { got, write, output } = lines();
  write("prompt> ");
  assert.deepEqual(got, []);
  output.flush();
  output.flush();
  assert.deepEqual(got, ["prompt> "]);
});

test("a character split between writes arrives whole", () => {
  const { got, output } = lines();
  for (const byte of new TextEncoder().encode("€😀\n")) {
    output.write(Uint8Array.of(byte));
  }
  assert.deepEqual(got, ["€😀"]);
});

test("bytes that are no UTF-8 become replacement characters", () => {
  const { got, output } = lines();
  output.write(Uint8Array.of(0x61, 0xff, 0x0a, 0xe2, 0x82));
  output.flush();
  assert.deepEqual(got, ["a\ufffd", "\ufffd"]);
});

test("a line without end is handed on in pieces", () => {
  const { got, write } = lines();
  write("x".repeat((1 << 20) + 1));
  assert.equal(got.length, 1);
});

test("a writer gets bytes of its own", () => {
  const got = [];
  const output = createOutput({ write: (bytes) => got.push(bytes) });
  const bytes = Uint8Array.of(1, 2, 3);
  output.write(bytes);
  bytes.fill(0);
  output.flush();
  assert.deepEqual(got, [Uint8Array.of(1, 2, 3)]);
});

test("an exception in a callback is thrown outside, the rest goes on", async () => {
  const thrown = [];
  const original = globalThis.queueMicrotask;
  globalThis.queueMicrotask = (run) => thrown.push(run);
  try {
    const got = [];
    const output = createOutput((line) => {
      got.push(line);
      throw new Error(`about ${line}`);
    });
    output.write(new TextEncoder().encode("a\nb\n"));
    assert.deepEqual(got, ["a", "b"]);
  } finally {
    globalThis.queueMicrotask = original;
  }
  assert.throws(thrown[0], /about a/);
  assert.throws(thrown[1], /about b/);
});
