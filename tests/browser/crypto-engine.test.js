/* The tests of crypto_run that Node runs (tests/js: published vectors, keys in
 * each format, what is refused) in browsers: each has a WebCrypto of its own. */
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { ENGINES, openPage } from "../helpers/browser.js";
import { startDemos } from "../helpers/server.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const VECTORS = `${ROOT}tests/js/vectors/`;

/** What stands in for Node's modules. */
const STAND_INS = {
  "node:test": `${ROOT}tests/helpers/page-test.js`,
  "node:assert/strict": `${ROOT}tests/helpers/page-assert.js`,
  "node:fs": `${ROOT}tests/helpers/page-files.js`,
};

const PAGE = `<!doctype html><title>crypto</title>
  <link rel="icon" href="data:,">
  <script type="module" src="/tests.js"></script>`;

const ENTRY = `
  import "./tests/js/crypto-keys.test.js";
  import "./tests/js/crypto-late.test.js";
  import "./tests/js/crypto-vectors.test.js";
  import { runTests } from "./tests/helpers/page-test.js";
  Object.assign(window, { runTests });`;

/** @type {Promise<Record<string, string>> | null} */
let files = null;

async function makeFiles() {
  const { outputFiles } = await build({
    stdin: { contents: ENTRY, resolveDir: ROOT },
    // A test file is imported for what it does, whatever package.json says.
    ignoreAnnotations: true,
    bundle: true,
    write: false,
    format: "esm",
    target: "es2022",
    alias: STAND_INS,
  });
  return {
    "/tests.html": PAGE,
    "/tests.js": outputFiles[0]?.text ?? "",
    ...Object.fromEntries(
      readdirSync(VECTORS).map((name) => [
        `/vectors/${name}`,
        readFileSync(VECTORS + name, "utf8"),
      ]),
    ),
  };
}

for (const { engine, skip } of ENGINES) {
  test(
    `crypto_run computes and refuses the same in ${engine}`,
    { skip },
    async (t) => {
      files ??= makeFiles();
      const base = await startDemos(t, { files: await files });
      const { page } = await openPage(t, `${base}tests.html`, { engine });
      await page.waitForFunction(() => "runTests" in window);
      const results = await page.evaluate(() =>
        /** @type {any} */ (window).runTests(),
      );
      assert.ok(results.length > 20, `${results.length} tests`);
      assert.deepEqual(
        results.filter(({ error, skip: why }) => error !== "" || why !== ""),
        [],
      );
    },
  );
}
