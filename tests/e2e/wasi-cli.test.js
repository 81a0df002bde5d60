/* `gossamer wasi` and `gossamer asyncify`: a program of any tool chain with the
 * host's files, and one that is prepared to wait. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  cpSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { runCli, startCli } from "../helpers/programs.js";
import {
  CAT,
  ECHO_ARGS,
  HELLO,
  MAKE_FILE,
  MEMORY,
} from "../helpers/wasi-guests.js";
import { ROOT } from "../helpers/tree.js";
import { asyncified, wat } from "../helpers/wat.js";

const LIMIT = { timeout: 60_000 };

/** A folder with the guests in it, some of them prepared by Asyncify too. */
async function guests(t) {
  const root = mkdtempSync(join(tmpdir(), "gossamer-cli-"));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const put = (name, bytes) => {
    writeFileSync(join(root, name), bytes);
    return join(root, name);
  };
  return {
    root,
    put,
    hello: put("hello.wasm", wat(HELLO)),
    echo: put("echo.wasm", wat(ECHO_ARGS)),
    cat: put("cat.wasm", wat(CAT)),
    catAsyncify: put("cat-asyncify.wasm", await asyncified(CAT)),
    make: put("make.wasm", wat(MAKE_FILE)),
    trap: put(
      "trap.wasm",
      wat(`(module ${MEMORY} (func (export "_start") (unreachable)))`),
    ),
  };
}

test("wasi: arguments, output and exit code", LIMIT, async (t) => {
  const { hello, echo } = await guests(t);
  assert.deepEqual(await runCli(["wasi", hello]), {
    code: 3,
    stdout: "hello\nworld\n",
    stderr: "",
  });
  const args = ["--env", "-x", "--", "ünï"];
  const { code, stdout } = await runCli(["wasi", echo, ...args]);
  assert.deepEqual([code, stdout], [0, `echo.wasm\n${args.join("\n")}\n`]);
});

for (const caller of ["asyncify", "sync"]) {
  test(`wasi: ${caller} waits for standard input`, LIMIT, async (t) => {
    const { catAsyncify } = await guests(t);
    const { child, exit, shows, output } = startCli([
      ...["wasi", "--caller", caller, catAsyncify],
    ]);
    child.stdin.write("first\n");
    await shows("first\n");
    child.stdin.end("second");
    assert.equal(await exit, 0);
    assert.deepEqual(output, { stdout: "first\nsecond", stderr: "" });
  });
}

test("wasi: a module without Asyncify waits, too", LIMIT, async (t) => {
  const { cat } = await guests(t);
  const text = "ü".repeat(100_000);
  const { code, stdout, stderr } = await runCli(["wasi", cat], text);
  assert.deepEqual([code, stderr], [0, ""]);
  assert.ok(stdout === text);
});

test("wasi: a directory of the host, under another name", LIMIT, async (t) => {
  const { root, make } = await guests(t);
  const none = await runCli(["wasi", make]);
  assert.equal(none.code, 8, "no directory: EBADF");
  const { code } = await runCli(["wasi", "--dir", `/guest=${root}`, make]);
  assert.equal(code, 0);
  assert.equal(readFileSync(join(root, "made"), "utf8"), "");
  const again = await runCli(["wasi", "--dir", `/=${root}`, make]);
  assert.equal(again.code, 20, "EEXIST");
});

test("wasi: --readonly allows no change", LIMIT, async (t) => {
  const { root, make } = await guests(t);
  const dir = `/=${root}`;
  const { code } = await runCli(["wasi", "--readonly", "--dir", dir, make]);
  assert.notEqual(code, 0);
  assert.throws(() => readFileSync(join(root, "made")), { code: "ENOENT" });
});

test("wasi: a trap is told with its stack; exit code 134", LIMIT, async (t) => {
  const { trap } = await guests(t);
  const { code, stderr } = await runCli(["wasi", trap]);
  assert.equal(code, 134);
  assert.match(stderr, /^gossamer: GossamerError: unreachable\n +at .*wasm/);
});

test("wasi: a reader that goes away ends it quietly", LIMIT, async (t) => {
  const { catAsyncify } = await guests(t);
  const { child, exit, shows, output } = startCli(["wasi", catAsyncify]);
  child.stdin.on("error", () => {});
  child.stdin.write("one");
  await shows("one");
  child.stdout.destroy();
  child.stdin.write("two");
  assert.equal(await exit, 141);
  assert.equal(output.stderr, "");
});

test("asyncify: a prepared module waits where it did not", LIMIT, async (t) => {
  const { root, cat } = await guests(t);
  const made = join(root, "made.wasm");
  const refused = await runCli(["wasi", "--caller", "asyncify", cat]);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /`gossamer asyncify` adds it/);
  const args = ["asyncify", cat, "-o", made, "-O1", "--names"];
  assert.deepEqual(await runCli(args), { code: 0, stdout: "", stderr: "" });
  const run = ["wasi", "--caller", "asyncify", made];
  const { code, stdout } = await runCli(run, "text");
  assert.deepEqual([code, stdout], [0, "text"]);
  const again = await runCli(["asyncify", made, "-o", made]);
  assert.equal(again.code, 1);
  assert.match(again.stderr, /has Asyncify already/);
});

test(
  "asyncify: without Binaryen it says how to install it",
  LIMIT,
  async (t) => {
    const { root, cat } = await guests(t);
    // A copy from which no package is found.
    const copy = (name) =>
      cpSync(join(ROOT, name), join(root, name), { recursive: true });
    copy("js");
    copy("package.json");
    const cli = join(root, "js/cli.js");
    const out = join(root, "out.wasm");
    const { status, stderr } = spawnSync(
      process.execPath,
      [cli, "asyncify", cat, "-o", out],
      { encoding: "utf8" },
    );
    assert.equal(status, 1);
    assert.match(stderr, /^gossamer: .*npm install --save-dev binaryen/);
  },
);

test("asyncify: names are kept when asked for", LIMIT, async (t) => {
  const { root, cat } = await guests(t);
  const made = join(root, "made.wasm");
  const names = async (...more) => {
    await runCli(["asyncify", cat, "-o", made, ...more]);
    const module = new WebAssembly.Module(readFileSync(made));
    return WebAssembly.Module.customSections(module, "name").length;
  };
  assert.deepEqual([await names(), await names("--names")], [0, 1]);
});

for (const [args, code, message] of [
  [["wasi"], 2, /expected: gossamer wasi PROGRAM\.wasm[^]*Usage:/],
  [["wasi", "missing.wasm"], 1, /missing\.wasm could not be read/],
  [["wasi", "package.json"], 1, /package\.json is not WebAssembly/],
  [["wasi", "--fetch", "x", "p.wasm"], 2, /--fetch/],
  [["wasi", "--dir", "..", "p.wasm"], 1, /--dir \.\.: expected GUEST=HOST/],
  [["wasi", "--dir", "a=b", "p.wasm"], 1, /--dir a=b: expected GUEST=HOST/],
  [["wasi", "--caller", "x", "p.wasm"], 1, /p\.wasm could not be read/],
  [["wasi", "--env", "A", "p.wasm"], 1, /expected NAME=VALUE/],
  [["asyncify"], 2, /expected: gossamer asyncify IN\.wasm -o OUT\.wasm/],
  [["asyncify", "in.wasm"], 1, /expected: gossamer asyncify IN/],
  [["asyncify", "a", "b", "-o", "c"], 2, /expected: gossamer asyncify IN/],
  [["asyncify", "-O9", "a", "-o", "c"], 1, /--optimize 9: expected a level/],
  [["asyncify", "missing", "-o", "c"], 1, /missing could not be read/],
  [["asyncify", "package.json", "-o", "c"], 1, /is not WebAssembly/],
]) {
  test(`gossamer ${args.join(" ")}: refused with a reason`, LIMIT, async () => {
    const outcome = await runCli(args);
    assert.equal(outcome.code, code, outcome.stderr);
    assert.match(outcome.stderr, message);
    assert.doesNotMatch(outcome.stderr, /\n {4}at /, "no stack trace");
    assert.equal(outcome.stdout, "");
  });
}
