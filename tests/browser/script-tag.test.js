/* Programs started by script tags in Chromium, under a strict content security
 * policy: attributes, events, output, errors. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { canvasPixel, openPage } from "../helpers/browser.js";
import { programPath } from "../helpers/programs.js";
import { sends, startDemos, startServer } from "../helpers/server.js";

const LIMIT = { timeout: 60_000 };
const NAMES = ["hello", "calls", "echo", "ends", "fetch", "paint", "sleeps"];

/** Notes every event of every tag, in order, from before the first tag. */
const RECORDER = `
  window.events = [];
  for (const name of ["ready", "exit", "error"]) {
    document.addEventListener("gossamer:" + name, ({ target, detail }) => {
      const what = detail.error ? detail.error.message : detail.code;
      window.events.push([target.id, name, what]);
    });
  }`;

/** Serves a page with these tags and the fixture programs beside it. */
async function servePage(t, body, more = {}) {
  const html = `<!doctype html><title>tags</title>
    <script src="/recorder.js"></script>${body}`;
  const programs = NAMES.map((name) => [
    `/apps/${name}.wasm`,
    readFileSync(programPath(name)),
  ]);
  const files = {
    "/page/index.html": html,
    "/recorder.js": RECORDER,
    ...Object.fromEntries(programs),
    ...more.files,
  };
  const base = await startDemos(t, { ...more, files });
  return { base, url: `${base}page/index.html` };
}

/** Waits until the page has seen the event, and answers all so far. */
async function eventsUntil(page, id, name) {
  await page.waitForFunction(
    ([wantedId, wantedName]) =>
      window.events.some(
        ([at, what]) => at === wantedId && what === wantedName,
      ),
    [id, name],
  );
  return page.evaluate(() => window.events);
}

const texts = (messages, type) =>
  messages.filter((one) => one.type === type).map((one) => one.text);

test(
  "a tag runs its program with arguments and environment",
  LIMIT,
  async (t) => {
    const { url } = await servePage(
      t,
      `<script id="tag" src="/dist/gossamer.js" data-app="../apps/hello.wasm"
      data-args="one 'two words'" data-env="GREETED=page"></script>`,
    );
    const { page, messages } = await openPage(t, url, {
      expectErrors: [/^to stderr/],
    });
    assert.deepEqual(await eventsUntil(page, "tag", "exit"), [
      ["tag", "ready", undefined],
      ["tag", "exit", 3],
    ]);
    assert.deepEqual(texts(messages, "log"), [
      "arg 0: hello.wasm",
      "arg 1: one",
      "arg 2: two words",
      "hello, page",
    ]);
    assert.deepEqual(texts(messages, "warning"), []);
  },
);

test(
  "pictures appear on the canvas, before and after memory grew",
  LIMIT,
  async (t) => {
    const { url } = await servePage(
      t,
      `<script id="tag" src="/dist/gossamer.min.js" data-app="/apps/paint.wasm"
      data-canvas="#view"></script>
    <canvas id="view" width="20" height="10"></canvas>`,
    );
    const { page, messages } = await openPage(t, url);
    await eventsUntil(page, "tag", "exit");
    assert.deepEqual(texts(messages, "log"), ["size OK 20 10", "shown OK OK"]);
    assert.deepEqual(await canvasPixel(page, "#view", 0, 0), [0, 0, 255, 255]);
    assert.deepEqual(await canvasPixel(page, "#view", 7, 3), [0, 255, 0, 255]);
    const size = await page
      .locator("#view")
      .evaluate((canvas) => [canvas.width, canvas.height]);
    assert.deepEqual(size, [8, 4]);
  },
);

test(
  "script.app is the program: it can be called and stopped",
  LIMIT,
  async (t) => {
    const { url } = await servePage(
      t,
      `<script id="tag" src="/dist/gossamer.js"
      data-app="/apps/calls.wasm"></script>`,
    );
    const { page } = await openPage(t, url);
    await eventsUntil(page, "tag", "ready");
    const sum = await page.evaluate(() =>
      document.querySelector("#tag").app.call("add", 2, 3),
    );
    assert.equal(sum, 5);
    await page.evaluate(() => document.querySelector("#tag").app.stop(6));
    assert.deepEqual((await eventsUntil(page, "tag", "exit")).at(-1), [
      "tag",
      "exit",
      6,
    ]);
  },
);

test("several tags on a page run several programs", LIMIT, async (t) => {
  const tag = (id, how) =>
    `<script id="${id}" src="/dist/gossamer.js" data-app="/apps/ends.wasm"
      data-args='["${how}"]'></script>`;
  const { url } = await servePage(t, tag("a", "return") + tag("b", "exit"));
  const { page } = await openPage(t, url);
  await eventsUntil(page, "a", "exit");
  const events = await eventsUntil(page, "b", "exit");
  const codes = events.filter(([, name]) => name === "exit").sort();
  assert.deepEqual(codes, [
    ["a", "exit", 3],
    ["b", "exit", 4],
  ]);
});

test("a tag without attributes only brings the global", LIMIT, async (t) => {
  const { url } = await servePage(
    t,
    `<script src="/dist/gossamer.js"></script>`,
  );
  const { page } = await openPage(t, url);
  const found = await page.evaluate(async () => {
    const { Gossamer } = window;
    const lines = [];
    const app = await Gossamer.load("../apps/sleeps.wasm", {
      stdout: (line) => lines.push(line),
    });
    return [await app.exited, lines, Object.keys(Gossamer).sort()];
  });
  assert.deepEqual(found, [
    0,
    ["5 ms", "20 ms", "40 ms", "in time"],
    ["App", "ERRNO", "GossamerError", "load", "parts"],
  ]);
});

test(
  "fetching: 'self' works, elsewhere is refused with advice",
  LIMIT,
  async (t) => {
    const elsewhere = await startServer(t, {
      "/data": sends("foreign", "text/plain"),
    });
    const { url } = await servePage(
      t,
      `<script id="tag" src="/dist/gossamer.js" data-app="/apps/fetch.wasm"
      data-fetch="'self'" data-args="data.txt ${elsewhere}data"></script>`,
      { files: { "/page/data.txt": "hello" } },
    );
    const advice = `data-fetch="'self' ${elsewhere.slice(0, -1)}" on the script tag`;
    const { page, messages, errors } = await openPage(t, url, {
      expectErrors: [/refused: allow it with data-fetch/],
    });
    await eventsUntil(page, "tag", "exit");
    const [status, body, refused, ticked] = texts(messages, "log");
    assert.equal(status, "status 200, text/plain; charset=utf-8");
    assert.match(body, /^5 bytes, .* the end$/);
    assert.match(refused, /^error EACCES/);
    assert.equal(ticked, "ticked");
    assert.ok(errors[0].includes(advice), errors[0]);
  },
);

test("a crash is an error event and on the console", LIMIT, async (t) => {
  const { url } = await servePage(
    t,
    `<script id="tag" src="/dist/gossamer.js" data-app="/apps/ends.wasm"
      data-args="trap"></script>`,
  );
  const { page } = await openPage(t, url, {
    expectErrors: [/GossamerError: goroutine 2 \(trapper\): unreachable/],
  });
  const events = await eventsUntil(page, "tag", "error");
  assert.equal(events.at(-1)[2], "goroutine 2 (trapper): unreachable");
});

for (const [what, attributes, message] of [
  ["a missing program", 'data-app="/apps/none.wasm"', /none\.wasm .* 404/],
  ["no program", 'data-app=""', /data-app names no program/],
  ["a forgotten data-app", 'data-args="x"', /has data-args, but data-app/],
  [
    "a page as program",
    'data-app="/page/index.html"',
    /index\.html is a web page/,
  ],
  [
    "open quotes",
    `data-app="/apps/hello.wasm" data-args="'"`,
    /attribute data-args: a quote/,
  ],
  [
    "a bad variable",
    'data-app="/apps/hello.wasm" data-env="A"',
    /attribute data-env: expected NAME=VALUE/,
  ],
  [
    "no such canvas",
    'data-app="/apps/hello.wasm" data-canvas="#none"',
    /no element matches "#none"/,
  ],
  [
    "no canvas",
    'data-app="/apps/hello.wasm" data-canvas="title"',
    /"title" is not a canvas/,
  ],
  [
    "no selector",
    'data-app="/apps/hello.wasm" data-canvas="#"',
    /"#" is not a CSS selector/,
  ],
  [
    "a bad source",
    'data-app="/apps/hello.wasm" data-fetch="self"',
    /fetch source "self": write it in single quotes/,
  ],
]) {
  test(`an error says what is wrong: ${what}`, LIMIT, async (t) => {
    const { url } = await servePage(
      t,
      `<script id="tag" src="/dist/gossamer.js" ${attributes}></script>`,
    );
    const expectErrors = [/^gossamer: GossamerError/];
    if (what === "a missing program") expectErrors.push(/404/);
    const { page } = await openPage(t, url, { expectErrors });
    const events = await eventsUntil(page, "tag", "error");
    assert.match(events[0][2], message);
  });
}

test(
  "a page that handles the error keeps the console clean",
  LIMIT,
  async (t) => {
    const { url } = await servePage(
      t,
      `<script src="/handler.js"></script>
    <script id="tag" src="/dist/gossamer.js" data-app=""></script>`,
      {
        files: {
          "/handler.js": `document.addEventListener("gossamer:error",
          (event) => event.preventDefault());`,
        },
      },
    );
    const { page } = await openPage(t, url);
    await eventsUntil(page, "tag", "error");
  },
);

test("a wrong content type is a warning on the console", LIMIT, async (t) => {
  const { url } = await servePage(
    t,
    `<script id="tag" src="/dist/gossamer.js" data-app="/app.bin"></script>`,
    { files: { "/app.bin": readFileSync(programPath("ends")) } },
  );
  const { page, messages } = await openPage(t, url);
  await page.waitForFunction(() => document.querySelector("#tag").app);
  const [warning] = texts(messages, "warning");
  assert.match(warning, /app\.bin has the content type "text\/plain/);
});
