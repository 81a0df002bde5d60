/* Chromium and the server for the suite `net`. Every figure has a browser
 * window, a page and connections of its own; the server has the bodies in
 * memory and sends each in one go. */
import { chromium } from "playwright-core";
import { CHROMIUM_ARGS, serve } from "../browser.js";
import { DOWNLOAD_BYTES } from "./common.js";

/** @typedef {import("../suites.js").Workload} Workload */

const LIMIT_MS = 120_000;
/** Until the page has done what it does when it was loaded. */
const SETTLE_MS = 300;

/* Clocks of microseconds are for pages that are isolated from other origins. */
const ISOLATED = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

/** The scripts of each peer, in order; the last one is a module. */
const SCRIPTS = new Map([
  ["gossamer", ["net-gossamer.js"]],
  ["plain-js", ["net-plain.js"]],
  ["plain-js-copy", ["net-plain.js"]],
  ["go-js-wasm", ["wasm_exec.js", "net-go.js"]],
  ["emscripten-fetch", ["emscripten-net.js", "net-emscripten.js"]],
]);

/** @param {string[]} scripts */
function pageOf(scripts) {
  const tags = scripts.map((src, index) => {
    const type = index === scripts.length - 1 ? ' type="module"' : "";
    return `<script src="/${src}"${type}></script>`;
  });
  return `<!doctype html><meta charset="utf-8"><title>net</title>
<link rel="icon" href="data:,">${tags.join("")}`;
}

/** What no packing makes smaller; all bodies are its beginning. */
const noise = Buffer.alloc(DOWNLOAD_BYTES);

function fillNoise() {
  let state = 2463534242;
  for (let at = 0; at < noise.length; at += 4) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    noise.writeUInt32LE(state >>> 0, at);
  }
}

/**
 * Answers /bytes/N with as many bytes.
 * @param {import("node:http").IncomingMessage} request
 * @param {import("node:http").ServerResponse} response
 * @returns {boolean} whether it was for here
 */
function sendBytes(request, response) {
  const [, count] = /^\/bytes\/(\d+)$/.exec(request.url ?? "") ?? [];
  if (count === undefined || Number(count) > noise.length) return false;
  response.writeHead(200, {
    "Cache-Control": "no-store",
    "Content-Length": count,
    "Content-Type": "application/octet-stream",
  });
  response.end(noise.subarray(0, Number(count)));
  return true;
}

/** The browser, started once. */
export class NetBench {
  #browser;
  #server;

  /**
   * @param {import("playwright-core").Browser} browser
   * @param {import("node:http").Server} server
   */
  constructor(browser, server) {
    this.#browser = browser;
    this.#server = server;
  }

  /**
   * @param {string} executablePath of Chromium
   * @param {Record<string, string>} files path on the server to file
   */
  static async start(executablePath, files) {
    fillNoise();
    const pages = Object.fromEntries(
      [...SCRIPTS].map(([peer, scripts]) => [`/${peer}`, pageOf(scripts)]),
    );
    const server = await serve(files, pages, ISOLATED, sendBytes);
    try {
      const browser = await chromium.launch({
        executablePath,
        args: CHROMIUM_ARGS,
      });
      return new NetBench(browser, server);
    } catch (error) {
      server.close();
      throw error;
    }
  }

  /**
   * @param {Workload} workload
   * @param {string} peer
   * @returns {Promise<Map<string, number>>} values by row key
   */
  async run({ name }, peer) {
    const address = this.#server.address();
    if (address === null || typeof address === "string") {
      throw new Error("the server of the page has no port");
    }
    const context = await this.#browser.newContext();
    context.setDefaultTimeout(LIMIT_MS);
    const timer = setTimeout(() => void context.close(), LIMIT_MS);
    try {
      const page = await context.newPage();
      await page.goto(`http://127.0.0.1:${address.port}/${peer}`);
      await page.waitForFunction("globalThis.bench !== undefined");
      await page.waitForTimeout(SETTLE_MS);
      const values = await page.evaluate(`bench(${JSON.stringify(name)})`);
      return new Map(Object.entries(/** @type {any} */ (values)));
    } finally {
      clearTimeout(timer);
      await context.close();
    }
  }

  async close() {
    await this.#browser.close();
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
