/* Programs and the page around them: two on one page, a page's module that
 * listens late, and a program built for another glue. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "../helpers/browser.js";
import { framesPass, readCanvas } from "../helpers/canvas.js";
import { startDemos } from "../helpers/server.js";

const LIMIT = { timeout: 60_000 };

const LATE_MODULE = `<script type="module" src="/late.js"></script>
  <script src="/dist/gossamer.js" data-app="/apps/none.wasm"></script>`;
const LISTENER = `
  document.addEventListener("gossamer:error", (event) => {
    event.preventDefault();
    document.title = event.detail.error.code;
  });`;

/** A page with a script of its own, beside the demo programs. */
async function open(t, body, script, more = {}) {
  const { files = {}, routes = {}, ...options } = more;
  const base = await startDemos(t, {
    routes,
    files: {
      "/own.html": `<!doctype html><title>own</title>${body}`,
      "/own.js": script,
      ...files,
    },
  });
  return openPage(t, `${base}own.html`, options);
}

const twoTags = ["one", "two"]
  .map(
    (id) => `<canvas id="${id}" width="300" height="200"></canvas>
      <script id="tag-${id}" src="/dist/gossamer.js" data-canvas="#${id}"
        data-app="/apps/particles.wasm" data-args="2000"></script>`,
  )
  .join("");

test(
  "two programs draw on one page, and one goes on when the other stops",
  LIMIT,
  async (t) => {
    const { page } = await open(t, twoTags, "");
    for (const id of ["#one", "#two"]) {
      await page.waitForFunction(
        (tag) => document.querySelector(tag).app !== undefined,
        id.replace("#", "#tag-"),
      );
    }
    await framesPass(page, 5);
    for (const id of ["#one", "#two"]) {
      const { lit } = await readCanvas(page, id);
      assert.ok(lit > 500, `${id} has ${lit} lit pixels`);
    }
    const code = await page.evaluate(() =>
      document.querySelector("#tag-one").app.stop(7),
    );
    assert.equal(code, 7);
    const before = [
      await readCanvas(page, "#one"),
      await readCanvas(page, "#two"),
    ];
    await framesPass(page, 5);
    assert.equal((await readCanvas(page, "#one")).hash, before[0].hash);
    assert.notEqual((await readCanvas(page, "#two")).hash, before[1].hash);
  },
);

test("calls reach the program they were made to", LIMIT, async (t) => {
  const { page } = await open(t, twoTags, "");
  await page.waitForFunction(() =>
    [...document.querySelectorAll("script")].every((tag) => tag.app),
  );
  const counts = await page.evaluate(async () => {
    const [one, two] = [...document.querySelectorAll("script")];
    await two.app.call("populate", 3000);
    const answers = await Promise.all(
      [one, two].map(({ app }) => app.call("measure")),
    );
    return answers.map((text) => JSON.parse(text).goroutines);
  });
  assert.deepEqual(counts, [2003, 3003]);
});

test("a page's module hears of a program that is missing", LIMIT, async (t) => {
  /** @type {(value?: unknown) => void} */
  let told;
  const missing = new Promise((resolve) => {
    told = resolve;
  });
  const { page } = await open(t, LATE_MODULE, "", {
    expectErrors: [/404/],
    routes: {
      "/apps/none.wasm": (_request, response) => {
        response.on("finish", told);
        response.writeHead(404).end();
      },
      // The module comes when the failure has long been known.
      "/late.js": async (_request, response) => {
        await missing;
        setTimeout(() => {
          response.writeHead(200, { "Content-Type": "text/javascript" });
          response.end(LISTENER);
        }, 200);
      },
    },
  });
  await page.waitForFunction(() => document.title === "ENOENT");
});

test('a tag of type="module" is told what is wrong', LIMIT, async (t) => {
  const tag = `<script type="module" src="/dist/gossamer.js"
    data-app="/apps/wave.wasm"></script>`;
  await open(t, tag, "", { expectErrors: [/leave out type="module"/] });
});

/** A module that exports one empty function of that name, and nothing else. */
function moduleWithExport(name) {
  const bytes = [...new TextEncoder().encode(name)];
  const section = (id, body) => [id, body.length, ...body];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 0, 0]),
    ...section(3, [1, 0]),
    ...section(7, [1, bytes.length, ...bytes, 0, 0]),
    ...section(10, [1, 2, 0, 0x0b]),
  ]);
}

for (const [what, name, message] of [
  [
    "built for another version",
    "gossamer_abi_9",
    /for version 9 of Gossamer's interface, this glue speaks version \d+/,
  ],
  ["of another tool", "main", /not a Gossamer program: it lacks the export/],
]) {
  test(`a program ${what} is refused in words`, LIMIT, async (t) => {
    const { page } = await open(
      t,
      `<script src="/own.js"></script>
       <script src="/dist/gossamer.js" data-app="/own.wasm"></script>`,
      `document.addEventListener("gossamer:error", (event) => {
         event.preventDefault();
         document.title = event.detail.error.message;
       });`,
      { files: { "/own.wasm": moduleWithExport(name) } },
    );
    await page.waitForFunction(() => document.title !== "own");
    assert.match(await page.title(), message);
  });
}

test("an inline script is kept out by the policy", LIMIT, async (t) => {
  const { page } = await open(
    t,
    `<script>document.title = "inline";</script>`,
    "",
    { expectErrors: [/Content Security Policy/] },
  );
  assert.equal(await page.title(), "own");
});
