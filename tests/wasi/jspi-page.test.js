/* The guests under our own host by the caller "jspi" in a page of Chromium. */
import { readFile } from "node:fs/promises";
import { after } from "node:test";
import { build } from "esbuild";
import { conforms } from "../helpers/conformance.js";
import { openPage } from "../helpers/browser.js";
import { guestFile, guestNames } from "../helpers/guests.js";
import { startDemos } from "../helpers/server.js";
import { ROOT } from "../helpers/tree.js";
import { PROGRAMS } from "./programs.js";

/** In the page, window.runGuest(program) runs a guest. */
const SCRIPT = `
  import { MemoryVolume } from "./js/fs/memory.js";
  import { WASI } from "./js/wasi/index.js";
  import { DelayedVolume } from "./tests/helpers/delayed.js";
  import { runGuest } from "./tests/helpers/wasi-run.js";

  const host = {
    WASI,
    createVolume: () => new DelayedVolume(new MemoryVolume()),
  };
  window.runGuest = async (program) => {
    const response = await fetch("/guests/" + program.guest + ".wasm");
    const bytes = new Uint8Array(await response.arrayBuffer());
    return runGuest(host, program, bytes, "jspi");
  };`;

async function bundle() {
  const { outputFiles } = await build({
    stdin: { contents: SCRIPT, resolveDir: ROOT },
    bundle: true,
    format: "esm",
    write: false,
    logLevel: "silent",
  });
  return outputFiles[0]?.contents ?? new Uint8Array();
}

/** One page for all of the file: what a test would undo is undone at the end. */
/** @type {(() => void | Promise<void>)[]} */
const undo = [];
after(async () => {
  for (const one of undo) await one();
});
const t = /** @type {import("node:test").TestContext} */ ({
  after: (one) => void undo.push(/** @type {() => void} */ (one)),
});

/** @type {Promise<import("playwright-core").Page> | null} */
let opened = null;

async function open() {
  const guests = await Promise.all(
    guestNames().map(async (name) => [
      `/guests/${name}.wasm`,
      await readFile(guestFile(name)),
    ]),
  );
  const base = await startDemos(t, {
    files: {
      "/guests.html": `<!doctype html><title>guests</title>
        <script type="module" src="/guests.js"></script>`,
      "/guests.js": await bundle(),
      ...Object.fromEntries(guests),
    },
  });
  const { page } = await openPage(t, `${base}guests.html`);
  await page.waitForFunction(() => "runGuest" in window);
  return page;
}

conforms({
  name: "jspi in a page",
  programs: PROGRAMS,
  run: async (program) => {
    opened ??= open();
    const page = await opened;
    return page.evaluate(
      (one) => /** @type {any} */ (window).runGuest(one),
      program,
    );
  },
});
