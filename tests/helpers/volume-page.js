/* Pages with volumes in a browser: the tools of tests/fs, bundled for a page,
 * and the page that has them as `window.gs`. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { openPage } from "./browser.js";
import { programPath } from "./programs.js";
import { startDemos } from "./server.js";

/** @typedef {import("node:test").TestContext} TestContext */

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** What stands in for Node's modules. */
const STAND_INS = {
  "node:test": `${ROOT}tests/helpers/page-test.js`,
  "node:assert/strict": `${ROOT}tests/helpers/page-assert.js`,
};

/** @type {Promise<string> | null} */
let bundle = null;

async function makeBundle() {
  const { outputFiles } = await build({
    entryPoints: [`${ROOT}tests/helpers/page-volume.js`],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2022",
    alias: STAND_INS,
    external: ["node:*"],
    logOverride: { "empty-import-meta": "silent" },
  });
  return outputFiles[0]?.text ?? "";
}

const PAGE = `<!doctype html><title>volumes</title>
  <link rel="icon" href="data:,">
  <script type="module" src="/volumes.js"></script>`;

/**
 * A server with the page, the test program "lasts", and "/clear", which clears
 * the origin's storage.
 * @param {TestContext} t
 * @param {Record<string, string | Uint8Array>} [files] beside them
 * @returns {Promise<string>} the page's address
 */
export async function startVolumePage(t, files = {}) {
  bundle ??= makeBundle();
  const base = await startDemos(t, {
    files: {
      "/volumes.html": PAGE,
      "/other.html": `<!doctype html><title>other</title>
        <link rel="icon" href="data:,">`,
      "/volumes.js": await bundle,
      "/lasts.wasm": readFileSync(programPath("lasts")),
      ...files,
    },
    routes: {
      "/clear": (_request, response) => {
        response.setHeader("Clear-Site-Data", '"storage"');
        response.end("cleared");
      },
    },
  });
  return `${base}volumes.html`;
}

/** Until it has its tools. @param {import("playwright-core").Page} page */
export function pageIsReady(page) {
  return page.waitForFunction(() => "gs" in window);
}

/**
 * Opens the page in a context of its own.
 * @param {TestContext} t
 * @param {Parameters<typeof openPage>[2] & {
 *   files?: Record<string, string | Uint8Array> }} options
 */
export async function openVolumePage(t, { files, ...options }) {
  const url = await startVolumePage(t, files);
  const opened = await openPage(t, url, options);
  const { page } = opened;
  await pageIsReady(page);
  return {
    ...opened,
    url,
    /** The page anew, with nothing but what lasts. */
    reload: async () => {
      await page.reload();
      await pageIsReady(page);
    },
    openTab: async () => {
      const tab = await opened.openTab(url);
      await pageIsReady(tab);
      return tab;
    },
  };
}
