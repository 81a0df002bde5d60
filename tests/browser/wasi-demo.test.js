/* The page that runs any .wasm: what is typed reaches the program and what it
 * answers is shown; files go in and come out as they are; all that a user can
 * do wrong is told; and the page's clock ticks on beside it all. */
import assert from "node:assert/strict";
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import {
  exportTar,
  exportTree,
  importTar,
  importTree,
  memory,
} from "../../js/wasi/index.js";
import { openPage } from "../helpers/browser.js";
import { defer } from "../helpers/defer.js";
import { startDemos } from "../helpers/server.js";
import { ROOT } from "../helpers/tree.js";
import { assemble, op } from "../helpers/wasm.js";

const LIMIT = { timeout: 90_000 };
const WASI = "wasi_snapshot_preview1";
/** The bound for the page's clock, and how often another process may break it. */
const GAP_MS = 50;
const TRIES = 3;

const EXIT = { module: WASI, name: "proc_exit", params: ["i32"] };

/** A program that only has an exit code. @param {number} code */
const exits = (code) =>
  assemble({
    imports: [EXIT],
    funcs: [{ name: "_start", body: [...op.i32(code), ...op.call(0)] }],
  });

/** Prints a line again and again, and never ends. */
const floods = () =>
  assemble({
    imports: [
      {
        module: WASI,
        name: "fd_write",
        params: ["i32", "i32", "i32", "i32"],
        results: ["i32"],
      },
    ],
    data: [
      // One iovec: 8 bytes at 16.
      [0, "\x10\0\0\0\x08\0\0\0"],
      [16, "no end \n"],
    ],
    funcs: [
      {
        name: "_start",
        body: [
          ...[0x03, 0x40], // loop
          ...[op.i32(1), op.i32(0), op.i32(1), op.i32(8), op.call(0)].flat(),
          ...[0x1a, 0x0c, 0x00, 0x0b], // drop, br 0, end
        ],
      },
    ],
  });

const UNREACHABLE = 0x00;
const traps = () =>
  assemble({
    imports: [EXIT],
    funcs: [{ name: "_start", body: [UNREACHABLE] }],
  });

/** Makes the browser one that has no JSPI. */
function hideJspi() {
  delete (/** @type {any} */ (WebAssembly).Suspending);
  delete (/** @type {any} */ (WebAssembly).promising);
}

async function open(t, options = {}) {
  const opened = await openPage(t, `${await startDemos(t)}wasi.html`, options);
  const { page } = opened;
  await page.locator(".xterm-rows").waitFor();
  return {
    ...opened,
    /** Clicks, and lets the page paint what comes of it. */
    click: async (name) => {
      await page.getByRole("button", { name, exact: true }).click();
      await frames(page, 3);
    },
    type: (text) => page.keyboard.type(text),
    /** Resolves when the terminal shows it. */
    shows: (text) =>
      page.locator(".xterm-rows").filter({ hasText: text }).waitFor(),
    status: (text) =>
      page.locator("#status").filter({ hasText: text }).waitFor(),
    problem: (text) =>
      page.getByRole("alert").filter({ hasText: text }).waitFor(),
    caller: (name) =>
      page.locator("#caller").filter({ hasText: name }).waitFor(),
  };
}

/**
 * Drops files on an element.
 * @param {any} page
 * @param {string} selector
 * @param {Record<string, Uint8Array | string>} files by name
 */
async function drop(page, selector, files) {
  const list = Object.entries(files).map(([name, content]) => ({
    name,
    bytes: [...Buffer.from(content)],
  }));
  const dataTransfer = await page.evaluateHandle((all) => {
    const transfer = new DataTransfer();
    for (const { name, bytes } of all) {
      transfer.items.add(new File([Uint8Array.from(bytes)], name));
    }
    return transfer;
  }, list);
  await page.dispatchEvent(selector, "dragover", { dataTransfer });
  await page.dispatchEvent(selector, "drop", { dataTransfer });
}

/** What a click lets the user save. */
async function downloaded(page, name) {
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name, exact: true }).click();
  const path = await (await download).path();
  return { name: (await download).suggestedFilename(), path };
}

const rows = (page) =>
  page
    .locator("#list tr")
    .evaluateAll((all) =>
      all.map((row) =>
        [...row.cells].slice(0, 3).map((cell) => cell.textContent),
      ),
    );

/** Resolves when the page has painted so many frames more. */
function frames(page, count) {
  return page.evaluate(
    (left) =>
      new Promise((resolve) => {
        const tick = () => {
          left -= 1;
          if (left === 0) resolve(undefined);
          else requestAnimationFrame(tick);
        };
        requestAnimationFrame(tick);
      }),
    count,
  );
}

for (const [caller, prepare] of Object.entries({
  jspi: () => {},
  asyncify: hideJspi,
})) {
  test(
    `D3, A3: a calculator is talked to, its calls wait by ${caller}`,
    LIMIT,
    async (t) => {
      const demo = await open(t, { prepare });
      await demo.click("Calculator");
      await demo.shows("A calculator.");
      await demo.caller(caller);
      await demo.type("6 * 7\r");
      await demo.shows("42");
      await demo.type("root = sqx");
      await demo.page.keyboard.press("Backspace");
      await demo.page.keyboard.press("Backspace");
      await demo.type("qrt(2)\r");
      await demo.shows("1.41421356");
      await demo.type("2 + * 3\r");
      await demo.shows("^ a number is missing here");
      const red = demo.page.locator(".xterm-rows .xterm-fg-1");
      assert.match((await red.allTextContents()).join(""), /a number/);
      await demo.type("ans * ans\r");
      await demo.shows("> ans * ans2");
      // It waits for a line, and the page paints.
      await frames(demo.page, 30);
      await demo.type("quit\r");
      await demo.shows("Bye.");
      await demo.status("Ended with exit code 0.");
      assert.equal(await demo.page.locator("#code").textContent(), "0");
    },
  );

  test(
    `A4: no frame is late while a program sleeps and waits for keys, by ${caller}`,
    LIMIT,
    async (t) => {
      const demo = await open(t, { prepare });
      const gaps = [];
      for (let run = 0; run < TRIES; run += 1) {
        await demo.click("Calculator");
        await demo.shows("A calculator.");
        await demo.type("wait 0.7\r");
        await demo.shows("waited 0.7 s");
        await frames(demo.page, 30);
        const shown = await demo.page.locator("#gap").textContent();
        gaps.push(Number(shown));
        await demo.type("quit\r");
        await demo.status("Ended with exit code 0.");
        if (gaps.at(-1) < GAP_MS) break;
      }
      t.diagnostic(`longest gaps: ${gaps} ms`);
      assert.ok(Math.min(...gaps) > 0, "the clock runs");
      assert.ok(Math.min(...gaps) < GAP_MS, `longest gaps: ${gaps} ms`);
    },
  );
}

test("A3: ^C, ^D and Stop end a program at once", LIMIT, async (t) => {
  const demo = await open(t);
  await demo.click("Calculator");
  await demo.shows("A calculator.");
  await demo.page.keyboard.press("Control+d");
  await demo.shows("Bye.");
  await demo.status("Ended with exit code 0.");
  for (const [key, how] of [
    ["Control+c", (name) => demo.page.keyboard.press(name)],
    ["Interrupt, Control C", demo.click],
    ["Stop", demo.click],
  ]) {
    await demo.click("Run");
    await demo.shows("A calculator.");
    await demo.type("wait 60\r");
    await demo.shows("> wait 60");
    await how(key);
    await demo.status("Stopped.");
    await demo.page.locator("#run:enabled").waitFor();
  }
  await demo.click("Run");
  await demo.shows("A calculator.");
  await demo.click("End of input, Control D");
  await demo.status("Ended with exit code 0.");
});

test(
  "A3: a program that prints without end waits for the terminal, not the page",
  LIMIT,
  async (t) => {
    const demo = await open(t);
    await drop(demo.page, "#program", { "flood.wasm": floods() });
    await demo.page.getByText("flood.wasm, ").waitFor();
    await demo.click("Run");
    await demo.shows("no end no end");
    await frames(demo.page, 30);
    await demo.click("Stop");
    await demo.status("Stopped.");
  },
);

test("the terminal is as wide as there is room", LIMIT, async (t) => {
  const demo = await open(t);
  await demo.click("Countdown");
  await demo.shows("10 s");
  for (const width of [360, 1000]) {
    await demo.page.setViewportSize({ width, height: 700 });
    await demo.page.getByLabel("Arguments").fill("1");
    if (width === 360) await demo.click("Stop");
    await demo.page.locator("#run:enabled").waitFor();
    await demo.click("Run");
    await demo.status("Ended with exit code 0.");
    const text = await demo.page.locator(".xterm-rows").innerText();
    const bar = /^(█+) 100 % +0 s ?$/m.exec(text)?.[1] ?? "";
    assert.equal(bar.length === 60, width === 1000, text);
    assert.ok(bar.length > 10, text);
  }
});

test(
  "another sample takes the place of the one that runs",
  LIMIT,
  async (t) => {
    const demo = await open(t);
    await demo.click("Calculator");
    await demo.shows("A calculator.");
    await demo.click("Countdown");
    await demo.shows("10 s");
    await demo.click("Calculator");
    await demo.shows("A calculator.");
    const pressed = demo.page.locator('#samples [aria-pressed="true"]');
    assert.deepEqual(
      await pressed
        .allTextContents()
        .then((all) => all.map((text) => text.trim())),
      ["Calculator"],
    );
  },
);

test("arguments and environment reach the program", LIMIT, async (t) => {
  const demo = await open(t);
  await demo.click("Countdown");
  await demo.shows("10 s");
  await demo.click("Stop");
  await demo.status("Stopped.");
  await demo.page.getByLabel("Arguments").fill("1");
  await demo.page.getByLabel("Environment").fill("COLUMNS=38");
  await demo.page.getByLabel("Environment").press("Enter");
  await demo.status("Ended with exit code 0.");
  const text = await demo.page.locator(".xterm-rows").innerText();
  assert.match(text, /^█{20} 100 % +0 s/);
  await demo.page.getByLabel("Arguments").fill("'1 2' 3");
  await demo.click("Run");
  await demo.shows("usage: countdown [seconds, 1 to 3600]");
  await demo.status("Ended with exit code 2.");
  await demo.page.getByLabel("Arguments").fill("'1");
  await demo.click("Run");
  await demo.status("Not run: Arguments: a quote without its other half.");
  await demo.page.getByLabel("Arguments").fill("");
  await demo.page.getByLabel("Environment").fill("COLUMNS");
  await demo.click("Run");
  await demo.status("Not run: Environment:");
});

/** Whether the keys go to the terminal. */
const inTerminal = (page) =>
  page.evaluate(() => document.activeElement?.closest(".xterm") !== null);

test("Tab leaves the terminal where keys are not raw", LIMIT, async (t) => {
  const demo = await open(t);
  await demo.click("Calculator");
  await demo.shows("A calculator.");
  assert.ok(await inTerminal(demo.page));
  await demo.page.keyboard.press("Tab");
  assert.ok(!(await inTerminal(demo.page)));
});

test("raw keys reach a game, and Shift+Tab leaves it", LIMIT, async (t) => {
  const demo = await open(t);
  await demo.click("Snake");
  await demo.shows(/Length \d/);
  assert.ok(await demo.page.getByLabel("Raw keys").isChecked());
  // It goes on by itself; up is a turn, and nothing is echoed.
  await demo.page.keyboard.press("ArrowUp");
  await demo.shows(/The end\. Length \d+\./);
  await demo.status("Ended with exit code 0.");
  await demo.click("Run");
  await demo.shows(/Length \d/);
  await demo.page.keyboard.press("Tab");
  assert.ok(await inTerminal(demo.page), "Tab is a key of the program's");
  await demo.page.keyboard.press("Shift+Tab");
  assert.ok(!(await inTerminal(demo.page)), "the focus has left the terminal");
  await demo.page.locator(".xterm-helper-textarea").focus();
  await demo.type("q");
  await demo.shows(/Bye\. Length \d+\./);
});

test("a Gossamer program runs too, in its goroutines", LIMIT, async (t) => {
  const demo = await open(t);
  await demo.click("Prime sieve");
  await demo.shows("541");
  await demo.status("Ended with exit code 0.");
  await demo.caller("park");
});

test(
  "files that are added are read, and what is written comes out byte for byte",
  LIMIT,
  async (t) => {
    const demo = await open(t);
    const { page } = demo;
    await demo.click("Word count");
    await demo.status("Ended with exit code 0.");
    assert.deepEqual(await rows(page), [
      ["notes/loom.txt", "62", ""],
      ["report.txt", "154", "new"],
      ["river.txt", "60", ""],
    ]);
    await demo.click("Remove notes/loom.txt");
    await demo.click("Remove report.txt");
    await page.getByLabel("Add files").setInputFiles([
      { name: "ä.txt", mimeType: "text/plain", buffer: Buffer.from("a b\n") },
      { name: "river.txt", mimeType: "", buffer: Buffer.from("dry") },
    ]);
    const bytes = Uint8Array.from({ length: 300_000 }, (_, i) => i % 256);
    await drop(page, "#files", { "bytes.bin": bytes });
    await page.getByRole("cell", { name: "300,000" }).waitFor();
    await demo.click("Run");
    await demo.shows("3 files counted");
    assert.deepEqual(await rows(page), [
      ["bytes.bin", "300,000", ""],
      ["notes/", "–", ""],
      ["report.txt", "186", "new"],
      ["river.txt", "3", ""],
      ["ä.txt", "4", ""],
    ]);
    const report = await downloaded(page, "Download report.txt");
    assert.equal(report.name, "report.txt");
    assert.match(
      readFileSync(report.path, "utf8"),
      /^ +lines +words +bytes +file\n( +\d+ +\d+ +\d+ {2}.+\n){4}$/,
    );
    const back = await downloaded(page, "Download bytes.bin");
    assert.deepEqual(new Uint8Array(readFileSync(back.path)), bytes);
    const added = Buffer.from("changed");
    await drop(page, "#files", { "report.txt": added });
    await demo.click("Run");
    await demo.shows("3 files counted");
    assert.deepEqual((await rows(page))[2], ["report.txt", "186", "changed"]);
  },
);

test("all files come out as a tar, and go in as one", LIMIT, async (t) => {
  const demo = await open(t);
  const { page } = demo;
  await demo.click("Word count");
  await demo.status("Ended with exit code 0.");
  const all = await downloaded(page, "Download all (.tar)");
  assert.equal(all.name, "files.tar");
  const volume = memory();
  const archive = readFileSync(all.path);
  await importTar(volume, archive);
  const tree = /** @type {any} */ (await exportTree(volume));
  assert.deepEqual(Object.keys(tree), ["notes", "report.txt", "river.txt"]);
  assert.match(Buffer.from(tree.notes["loom.txt"]).toString(), /one loom/);

  await demo.click("Remove all");
  assert.deepEqual(await rows(page), []);
  const own = memory();
  await importTree(own, { deep: { "er.txt": "x y" } });
  const gzipped = new Response(exportTar(own)).body?.pipeThrough(
    new CompressionStream("gzip"),
  );
  const tgz = new Uint8Array(await new Response(gzipped).arrayBuffer());
  await drop(page, "main", { "all.tar": archive, "own.tgz": tgz });
  await page.getByText("deep/er.txt").waitFor();
  assert.deepEqual(await rows(page), [
    ["deep/er.txt", "3", ""],
    ["notes/loom.txt", "62", ""],
    ["report.txt", "154", ""],
    ["river.txt", "60", ""],
  ]);
  await drop(page, "#files", { "broken.tar": "no archive".repeat(100) });
  await demo.problem("broken.tar: ");
});

test("a whole folder is added with its folders", LIMIT, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "gossamer-"));
  defer(t, () => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, "texts/old"), { recursive: true });
  writeFileSync(join(folder, "texts/a.txt"), "a");
  writeFileSync(join(folder, "texts/old/b.txt"), "b b");
  const demo = await open(t);
  await demo.page
    .getByLabel("Add a folder")
    .setInputFiles(join(folder, "texts"));
  await demo.page.getByText("texts/old/b.txt").waitFor();
  assert.deepEqual(await rows(demo.page), [
    ["texts/a.txt", "1", ""],
    ["texts/old/b.txt", "3", ""],
  ]);
});

test(
  "a .wasm that is dropped runs, and tells its exit code",
  LIMIT,
  async (t) => {
    const demo = await open(t);
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
  "a trap is told with its stack, and the page goes on",
  LIMIT,
  async (t) => {
    const demo = await open(t);
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
  const demo = await open(t);
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
  const demo = await open(t, { prepare: hideJspi });
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
