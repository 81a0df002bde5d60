/* The harness of the conformance suite: what it reads in a guest's report. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { casesOf, readReport } from "../helpers/conformance.js";
import { whyNoGuests } from "../helpers/guests.js";

const FAILED = [
  "# in a",
  "ok a",
  "# in b",
  "# line 7: call answers EIO",
  "not ok b",
  "# in c",
  "skip c: no such thing here",
  "# done",
  "",
].join("\n");

test("a guest's report tells ok, not ok with the reason, and skip", () => {
  const { cases, complete } = readReport(FAILED);
  assert.equal(complete, true);
  assert.deepEqual(cases, [
    { name: "a", result: "ok", detail: "" },
    { name: "b", result: "not ok", detail: "line 7: call answers EIO" },
    { name: "c", result: "skip", detail: "no such thing here" },
  ]);
});

test("a case in which the guest died failed", () => {
  const outcome = {
    exitCode: null,
    stdout: "# in a\nok a\n# in b\n",
    stderr: "unreachable",
    error: "trap",
  };
  const cases = casesOf({ name: "p", guest: "p" }, outcome);
  assert.equal(cases.length, 2);
  assert.equal(cases[1].name, "b");
  assert.equal(cases[1].result, "not ok");
  assert.match(cases[1].detail, /ended in the middle[^]*trap\nunreachable/);
});

test("a guest that ends with another code, or before its last case, failed", () => {
  const program = { name: "p", guest: "p" };
  const full = "# in a\nok a\n# done\n";
  const good = { exitCode: 0, stdout: full, stderr: "" };
  assert.deepEqual(
    casesOf(program, good).map(({ result }) => result),
    ["ok"],
  );
  for (const bad of [
    { ...good, exitCode: 3 },
    { ...good, stdout: "# in a\nok a\n" },
  ]) {
    const last = casesOf(program, bad).at(-1);
    assert.equal(last.name, "p");
    assert.equal(last.result, "not ok");
  }
});

test("a guest without cases is judged by its code and its output", () => {
  const program = { name: "p", guest: "p", exitCode: 7, stdout: "hi" };
  const result = (exitCode, stdout) =>
    casesOf(program, { exitCode, stdout, stderr: "" })[0].result;
  assert.equal(result(7, "hi"), "ok");
  assert.equal(result(0, "hi"), "not ok");
  assert.equal(result(7, "ho"), "not ok");
});

test("guests that cannot be built say which packages they need", () => {
  assert.equal(
    whyNoGuests(() => true),
    null,
  );
  assert.match(
    whyNoGuests((command) => command !== "wasi-libc"),
    /packages wasi-libc$/,
  );
});
