/* Signals of a page in Chromium: offline and online, left, frozen and come
 * back to; in a worker what there is of them. Row C3. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { openPage } from "../helpers/browser.js";
import { programPath } from "../helpers/programs.js";
import { startDemos } from "../helpers/server.js";

const LIMIT = { timeout: 60_000 };

/** The program's lines are kept where they outlive the page. */
const SETUP = `
  import { load } from "/dist/gossamer.mjs";
  sessionStorage.lines = "";
  const stdout = (line) => {
    sessionStorage.lines += line + ", ";
  };
  window.app = await load("/apps/signals.wasm", { args: ["pages"], stdout });`;

const OTHER = `
  document.title = sessionStorage.lines;
  // Once the page has been shown: what leaves at once is not kept.
  addEventListener("load", () => setTimeout(() => {
    if (location.hash === "#back") history.back();
  }, 100));`;

const WORKER = `
  import { load } from "/dist/gossamer.mjs";
  // The browser's emulation of networks does not reach workers.
  onmessage = ({ data }) => dispatchEvent(new Event(data));
  await load("/apps/signals.wasm", { args: ["pages"], stdout: postMessage });`;

/** @param {import("node:test").TestContext} t */
async function open(t, options = {}) {
  const base = await startDemos(t, {
    files: {
      "/page.html": `<!doctype html><title>signals</title>
        <script type="module" src="/setup.js"></script>`,
      "/setup.js": SETUP,
      "/other.html": `<!doctype html><title>other</title>
        <script src="/other.js"></script>`,
      "/other.js": OTHER,
      "/worker.js": WORKER,
      "/apps/signals.wasm": readFileSync(programPath("signals")),
    },
  });
  const { page } = await openPage(t, `${base}page.html`, options);
  const shows = (/** @type {string} */ text) =>
    page.waitForFunction(
      (wanted) => sessionStorage.lines?.endsWith(wanted),
      `${text}, `,
    );
  await shows("visible, online");
  return { base, page, shows };
}

test("C3: a page goes offline and comes back", LIMIT, async (t) => {
  const { page, shows } = await open(t);
  await page.context().setOffline(true);
  await shows("visible, online, offline 0");
  await page.context().setOffline(false);
  await shows("visible, online, offline 0, online 0");
});

test("C3: goroutines run before a page goes for good", LIMIT, async (t) => {
  const { base, page } = await open(t);
  await page.goto(`${base}other.html`);
  const kept = await page.title();
  assert.equal(kept, "visible, online, pagehide 0, hidden 0,");
});

test("C3: a page is left, frozen and come back to", LIMIT, async (t) => {
  const { base, page, shows } = await open(t, { keepsPages: true });
  await page.goto(`${base}other.html#back`);
  await shows(
    "visible, online, pagehide 1, hidden 0, freeze 0, " +
      "resume 0, visible 0, pageshow 1",
  );
  const code = await page.evaluate(() => {
    window.app.signal(0, 5);
    return window.app.exited;
  });
  assert.equal(code, 7, "the same program has gone on");
});

test("a worker has what there is of a page's signals", LIMIT, async (t) => {
  const { page } = await open(t);
  const heard = await page.evaluate(
    () =>
      new Promise((resolve, reject) => {
        const lines = [];
        const worker = new Worker("/worker.js", { type: "module" });
        worker.onerror = (event) => reject(new Error(event.message));
        worker.onmessage = ({ data }) => {
          lines.push(data);
          if (lines.length === 1) worker.postMessage("offline");
          else resolve(lines);
        };
      }),
  );
  assert.deepEqual(heard, ["visible, online", "offline 0"]);
});
