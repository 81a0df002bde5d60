/* The WASI host in Chromium, which has JSPI: the caller that is taken, and that
 * the page goes on. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "../helpers/browser.js";
import { startDemos } from "../helpers/server.js";
import { HELLO, REACTOR } from "../helpers/wasi-guests.js";
import { asyncified, wat } from "../helpers/wat.js";

const LIMIT = { timeout: 60_000 };

/** In the page, the module is at hand as window.wasi. */
const SETUP = `
  import * as wasi from "/dist/wasi.mjs";
  window.wasi = wasi;`;

async function open(t, files = {}) {
  const base = await startDemos(t, {
    files: {
      "/page/index.html": `<!doctype html><title>wasi</title>
        <script type="module" src="/setup.js"></script>`,
      "/setup.js": SETUP,
      "/apps/hello.wasm": wat(HELLO),
      "/apps/hello-asyncify.wasm": await asyncified(HELLO),
      "/apps/reactor.wasm": wat(REACTOR),
      ...files,
    },
  });
  const opened = await openPage(t, `${base}page/index.html`);
  await opened.page.waitForFunction(() => window.wasi);
  return opened;
}

test("a command in the page: JSPI is taken", LIMIT, async (t) => {
  const { page } = await open(t);
  const found = await page.evaluate(async () => {
    const lines = [];
    const { WASI } = window.wasi;
    const wasi = new WASI({ stdout: (line) => lines.push(line) });
    const results = [];
    const response = fetch("../apps/hello.wasm");
    results.push(await wasi.start(response), wasi.caller);
    results.push(await wasi.start("../apps/hello-asyncify.wasm"), wasi.caller);
    for (const caller of ["asyncify", "sync"]) {
      const program = "../apps/hello-asyncify.wasm";
      results.push(await wasi.start(program, { caller }), wasi.caller);
    }
    return [...results, lines.join(" ")];
  });
  assert.deepEqual(found, [
    ...[3, "jspi", 3, "jspi", 3, "asyncify", 3, "sync"],
    "hello world ".repeat(4).trim(),
  ]);
});

test("a reactor's exports answer Promises under JSPI", LIMIT, async (t) => {
  const { page } = await open(t);
  const found = await page.evaluate(async () => {
    const wasi = new window.wasi.WASI();
    const exports = await wasi.initialize("../apps/reactor.wasm");
    const counts = [exports.count(), exports.count()];
    const promises = counts.every((count) => count instanceof Promise);
    const numbers = await Promise.all(counts);
    const trap = await exports.trap().catch(({ code }) => code);
    return [wasi.caller, promises, ...numbers, trap];
  });
  assert.deepEqual(found, ["jspi", true, 101, 102, "ETRAP"]);
});

test("a page's thread may not be blocked", LIMIT, async (t) => {
  const { page } = await open(t);
  const found = await page.evaluate(async () => {
    const how = { caller: "sync", blocking: true };
    const wasi = new window.wasi.WASI();
    const started = wasi.start("../apps/hello.wasm", how);
    return started.catch(({ code, message }) => [code, message]);
  });
  assert.equal(found[0], "ENOTSUP");
  assert.match(found[1], /option blocking: .* in a worker/);
});
