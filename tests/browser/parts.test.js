/* Services beside the core, in Chromium and Firefox: a program whose part is
 * missing is told which script or option has it, by load() and by a script tag,
 * and a part's script may come before or after gossamer.js. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { ENGINES, openPage } from "../helpers/browser.js";
import { openNet } from "../helpers/net-page.js";
import { programPath } from "../helpers/programs.js";
import { startDemos } from "../helpers/server.js";

const LIMIT = { timeout: 60_000 };

/** Which part each program wants, and what has it. */
const PARTS = [
  { program: "sockets", part: "websocket", maker: "websocket()" },
  { program: "vectors", part: "crypto", maker: "webcrypto()" },
];

const RECORDER = `
  window.told = [];
  for (const name of ["exit", "error"]) {
    document.addEventListener("gossamer:" + name, ({ detail }) => {
      told.push([name, detail.error?.message ?? detail.code]);
    });
  }`;

/**
 * A page with these scripts, and what became of its one program.
 * @param {import("node:test").TestContext} t
 * @param {object} options openPage()'s
 * @param {string[]} scripts
 * @param {string} program
 */
async function tag(t, options, scripts, program) {
  const core = `<script src="/dist/gossamer.js"
    data-app="/apps/${program}.wasm"></script>`;
  const all = scripts.map((one) =>
    one === "core" ? core : `<script src="/dist/gossamer-${one}.js"></script>`,
  );
  const base = await startDemos(t, {
    files: {
      "/own.html": `<!doctype html><title>parts</title>
        <script src="/recorder.js"></script>${all.join("")}`,
      "/recorder.js": RECORDER,
      [`/apps/${program}.wasm`]: readFileSync(programPath(program)),
    },
  });
  const { page } = await openPage(t, `${base}own.html`, options);
  await page.waitForFunction(() => window.told.length > 0);
  return page.evaluate(() => window.told);
}

for (const { engine, skip } of ENGINES) {
  const limits = { ...LIMIT, skip };

  test(`load() names a part that is missing, ${engine}`, limits, async (t) => {
    const programs = PARTS.map(({ program }) => program);
    const { run } = await openNet(t, ["plain"], { engine, programs });
    for (const { program, part, maker } of PARTS) {
      const found = await run(program, []);
      assert.equal(found.error, "ENOEXEC");
      for (const words of [
        `gossamer-${part}.js`,
        `parts: [${maker}]`,
        `gossamer/${part}`,
      ]) {
        assert.ok(found.words?.includes(words), found.words);
      }
      const others = PARTS.filter((one) => one.part !== part);
      for (const other of others) {
        assert.ok(!found.words?.includes(other.part), found.words);
        const wrong = await run(program, [], { parts: [other.part] });
        assert.equal(wrong.error, "ENOEXEC", "another part is not enough");
      }
      const whole = await run(program, [], { parts: [part] });
      assert.equal(whole.error, undefined, whole.words);
    }
  });

  test(`a tag names a part that is missing, ${engine}`, limits, async (t) => {
    for (const { program, part } of PARTS) {
      const pattern = new RegExp(`gossamer-${part}\\.js`);
      const onConsole = engine === "chromium" ? pattern : /gossamer: Error/;
      const options = { engine, expectErrors: [onConsole] };
      const [[event, words]] = await tag(t, options, ["core"], program);
      assert.equal(event, "error");
      assert.match(words, pattern);
    }
  });

  test(
    `a part's script comes before or after the core's, ${engine}`,
    limits,
    async (t) => {
      for (const scripts of [
        ["websocket", "core"],
        ["core", "websocket"],
        ["crypto", "core", "websocket"],
      ]) {
        const told = await tag(t, { engine }, scripts, "sockets");
        assert.deepEqual(told, [["exit", 0]], scripts.join());
      }
      // It ends with 1: no library for hashes by pieces is on the page.
      const crypto = await tag(t, { engine }, ["core", "crypto"], "vectors");
      assert.deepEqual(crypto, [["exit", 1]]);
    },
  );
}
