/* The WASI host in Chromium, which has JSPI: the caller that is taken, and that
 * the page goes on. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "../helpers/browser.js";
import { startDemos } from "../helpers/server.js";
import { HELLO, REACTOR, SLEEP } from "../helpers/wasi-guests.js";
import { asyncified, wat } from "../helpers/wat.js";

const LIMIT = { timeout: 60_000 };

/** In the page, the module is at hand as window.wasi. */
const SETUP = `
  import * as wasi from "/dist/wasi.mjs";
  window.wasi = wasi;`;

/** A worker that sleeps by stopping itself, and counts its turns meanwhile. */
const WORKER = `
  import { WASI } from "/dist/wasi.mjs";
  const module = await WebAssembly.compileStreaming(fetch("/apps/sleep.wasm"));
  const wasi = new WASI({ stderr: () => {} });
  let turns = 0;
  setInterval(() => turns++);
  const run = (how) => wasi.start(module, { caller: "sync", ...how });
  const refused = await run({});
  const before = turns;
  const slept = await run({ blocking: true });
  postMessage([refused, slept, turns - before, wasi.caller]);`;

async function open(t, files = {}) {
  const base = await startDemos(t, {
    files: {
      "/page/index.html": `<!doctype html><title>wasi</title>
        <script type="module" src="/setup.js"></script>`,
      "/setup.js": SETUP,
      "/page/worker.js": WORKER,
      "/apps/sleep.wasm": wat(SLEEP),
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

test(
  "a worker's thread is stopped where it was asked for",
  LIMIT,
  async (t) => {
    const { page } = await open(t);
    const found = await page.evaluate(
      () =>
        new Promise((resolve, reject) => {
          const worker = new Worker("worker.js", { type: "module" });
          worker.onmessage = ({ data }) => resolve(data);
          worker.onerror = ({ message }) => reject(new Error(message));
        }),
    );
    const EAGAIN = 6;
    const [refused, slept, turns, caller] = found;
    assert.deepEqual([refused, slept, caller], [EAGAIN, 0, "sync"]);
    assert.ok(turns <= 1, `${turns} turns while it slept`);
  },
);

test(
  "short sleeps are not clamped as a page's own timers are",
  LIMIT,
  async (t) => {
    const nap = SLEEP.replace("20000000", "100000").replace(
      "(call $exit (i32.or",
      `(local $left i32) (local.set $left (i32.const 200))
     (loop $next
       (drop (call $sleep))
       (br_if $next (local.tee $left
         (i32.sub (local.get $left) (i32.const 1)))))
     (call $exit (i32.or`,
    );
    const { page } = await open(t, { "/apps/nap.wasm": wat(nap) });
    const turns = await page.evaluate(async () => {
      const wasi = new window.wasi.WASI();
      const module = await WebAssembly.compileStreaming(
        fetch("/apps/nap.wasm"),
      );
      let ticks = 0;
      const tick = () => {
        ticks++;
        setTimeout(tick);
      };
      tick();
      await wasi.start(module);
      return ticks;
    });
    // 202 sleeps; the page's timers, set by each other, are 4 ms apart.
    assert.ok(turns < 150, `${turns} of the page's timers`);
  },
);
