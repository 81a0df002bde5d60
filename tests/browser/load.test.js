/* load() from modules in Chromium: in the page and in a worker. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { canvasPixel, openPage } from "../helpers/browser.js";
import { programPath } from "../helpers/programs.js";
import { startDemos } from "../helpers/server.js";

const LIMIT = { timeout: 60_000 };

/** In the page, the module is at hand as window.gossamer. */
const SETUP = `
  import * as gossamer from "/dist/gossamer.mjs";
  window.gossamer = gossamer;`;

const WORKER = `
  import { load } from "/dist/gossamer.mjs";
  onmessage = async ({ data: canvas }) => {
    const lines = [];
    const app = await load("../apps/paint.wasm", {
      canvas,
      stdout: (line) => lines.push(line),
    });
    postMessage([await app.exited, ...lines]);
  };`;

const CLASSIC_WORKER = `
  importScripts("/dist/gossamer.js");
  Gossamer.load("../apps/calls.wasm")
    .then((app) => app.call("add", 2, 3))
    .then(postMessage);`;

/** A worker that asks one of its own for frames. */
const OUTER_WORKER = `
  const inner = new Worker("inner.js");
  inner.onmessage = ({ data }) => postMessage(data);`;
const INNER_WORKER = `
  importScripts("/dist/gossamer.js");
  Gossamer.load("../apps/frames.wasm", { args: ["3"], stdout: postMessage })
    .then((app) => app.exited)
    .catch((error) => postMessage(error.message));`;

async function open(t, options) {
  const apps = ["calls", "ends", "fetch", "frames", "paint", "sleeps"].map(
    (name) => [`/apps/${name}.wasm`, readFileSync(programPath(name))],
  );
  const base = await startDemos(t, {
    files: {
      "/page/index.html": `<!doctype html><title>load</title>
        <script type="module" src="/setup.js"></script>
        <canvas id="view" width="20" height="10"></canvas>`,
      "/setup.js": SETUP,
      "/page/worker.js": WORKER,
      "/page/classic.js": CLASSIC_WORKER,
      "/page/outer.js": OUTER_WORKER,
      "/page/inner.js": INNER_WORKER,
      ...Object.fromEntries(apps),
    },
  });
  const opened = await openPage(t, `${base}page/index.html`, options);
  await opened.page.waitForFunction(() => window.gossamer);
  return opened;
}

test("a program in the page: addresses, calls, frames", LIMIT, async (t) => {
  const { page } = await open(t);
  const found = await page.evaluate(async () => {
    const lines = [];
    const stdout = (line) => lines.push(line);
    const { load } = window.gossamer;
    const library = await load("../apps/calls.wasm");
    const sum = await library.call("add", 2, 3);
    const response = fetch("/apps/frames.wasm");
    const frames = await load(response, { args: ["3"], stdout });
    return [sum, await frames.exited, ...lines];
  });
  assert.deepEqual(found, [5, 0, "3 frames, in order"]);
});

test("a program in a worker draws on an OffscreenCanvas", LIMIT, async (t) => {
  const { page } = await open(t);
  const answer = await page.evaluate(async () => {
    const canvas = document.querySelector("#view").transferControlToOffscreen();
    const worker = new Worker("worker.js", { type: "module" });
    const answered = new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = (event) => reject(new Error(event.message));
    });
    worker.postMessage(canvas, [canvas]);
    return answered;
  });
  assert.deepEqual(answer, [0, "size OK 20 10", "shown OK OK"]);
});

/** The first message of a classic worker. */
async function answerOf(page, file) {
  return page.evaluate(
    (address) =>
      new Promise((resolve, reject) => {
        const worker = new Worker(address);
        worker.onmessage = ({ data }) => resolve(data);
        worker.onerror = (event) => reject(new Error(event.message));
      }),
    file,
  );
}

test("a classic worker gets the global by importScripts", LIMIT, async (t) => {
  const { page } = await open(t);
  assert.equal(await answerOf(page, "classic.js"), 5);
});

test(
  "a worker's worker, which has no frames, gets timed ones",
  LIMIT,
  async (t) => {
    const { page } = await open(t);
    assert.equal(await answerOf(page, "outer.js"), "3 frames, in order");
  },
);

test("'self' in a frame made by srcdoc is its page", LIMIT, async (t) => {
  const { page } = await open(t);
  const answer = await page.evaluate(async () => {
    const frame = document.createElement("iframe");
    frame.srcdoc = `<script src="/dist/gossamer.js"></script>`;
    document.body.append(frame);
    await new Promise((resolve) => {
      frame.onload = resolve;
    });
    const { load } = frame.contentWindow.Gossamer;
    const lines = [];
    const app = await load("/apps/fetch.wasm", {
      args: ["/setup.js"],
      fetch: "'self'",
      stdout: (line) => lines.push(line),
    });
    await app.exited;
    return lines[0];
  });
  assert.match(answer, /^status 200/);
});

test("a canvas may be an element or a selector", LIMIT, async (t) => {
  const { page } = await open(t);
  await page.evaluate(async () => {
    const canvas = document.querySelector("#view");
    const app = await window.gossamer.load("/apps/paint.wasm", { canvas });
    await app.exited;
  });
  assert.deepEqual(await canvasPixel(page, "#view", 7, 3), [0, 255, 0, 255]);
});

test("a busy program leaves the page its frames", LIMIT, async (t) => {
  const { page } = await open(t);
  const longest = await page.evaluate(async () => {
    const { load } = window.gossamer;
    const app = await load("/apps/ends.wasm", { args: ["spin"] });
    let last = performance.now();
    let gap = 0;
    for (let frame = 0; frame < 60; frame += 1) {
      await new Promise((resolve) => {
        requestAnimationFrame(resolve);
      });
      gap = Math.max(gap, performance.now() - last);
      last = performance.now();
    }
    await app.stop();
    return gap;
  });
  t.diagnostic(`the page's longest gap was ${longest.toFixed(1)} ms`);
});

test("a crash is an error with the wasm stack", LIMIT, async (t) => {
  const { page } = await open(t);
  const error = await page.evaluate(async () => {
    const { load, GossamerError } = window.gossamer;
    const app = await load("/apps/ends.wasm", { args: ["trap"] });
    const { message, code, stack, constructor } = await app.exited.catch(
      (reason) => reason,
    );
    return { message, code, stack, own: constructor === GossamerError };
  });
  assert.equal(error.message, "goroutine 2 (trapper): unreachable");
  assert.equal(error.code, "ETRAP");
  assert.equal(error.own, true);
  assert.match(error.stack, /wasm-function/);
});

test(
  "what cannot be loaded says so, with the whole address",
  LIMIT,
  async (t) => {
    const { page } = await open(t, { expectErrors: [/404/] });
    const messages = await page.evaluate(async () => {
      const { load } = window.gossamer;
      const words = (source) => load(source).catch(({ message }) => message);
      return [
        await words("../apps/none.wasm"),
        await words("index.html"),
        await words("/setup.js"),
      ];
    });
    assert.match(messages[0], /^http:.*\/apps\/none\.wasm could not .* 404/);
    assert.match(messages[1], /^http:.*\/page\/index\.html is a web page/);
    assert.match(messages[2], /^http:.*\/setup\.js is not WebAssembly/);
  },
);
