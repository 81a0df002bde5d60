/* Chromium and the server for the suite `net`. Every figure has a browser, a
 * page and connections of its own; the server has the bodies in memory and
 * sends each in one go. No driver is there: it would be told of each request
 * and where in the code it was made, and that takes longer than what is
 * measured. The page posts its figures. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Chromium } from "../../helpers/chromium.js";
import { serve } from "../browser.js";
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

/** Where a page posts its figures, or what went wrong. */
const RESULT = "/result";

/* Runs after the scripts of a peer, whose module may take its time. */
const RUNNER = `const post = (result) =>
  fetch("${RESULT}", { method: "POST", body: JSON.stringify(result) });
try {
  while (globalThis.bench === undefined) await new Promise((r) => setTimeout(r, 10));
  await new Promise((r) => setTimeout(r, ${SETTLE_MS}));
  await post({ values: await bench(decodeURIComponent(location.hash.slice(1))) });
} catch (error) {
  await post({ error: String(error) });
}`;

/** @param {string[]} scripts */
function pageOf(scripts) {
  const tags = scripts.map((src, index) => {
    const type = index === scripts.length - 1 ? ' type="module"' : "";
    return `<script src="/${src}"${type}></script>`;
  });
  return `<!doctype html><meta charset="utf-8"><title>net</title>
<link rel="icon" href="data:,">${tags.join("")}
<script type="module">${RUNNER}</script>`;
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

/** @typedef {{ values?: Record<string, number>, error?: string }} Result */

/** The server; a browser is started for each figure. */
export class NetBench {
  /** @type {import("node:http").Server | null} */
  #server = null;
  /** @type {(result: Result) => void} */
  #posted = () => {};

  /** @param {Record<string, string>} files path on the server to file */
  static async start(files) {
    fillNoise();
    const pages = Object.fromEntries(
      [...SCRIPTS].map(([peer, scripts]) => [`/${peer}`, pageOf(scripts)]),
    );
    const bench = new NetBench();
    bench.#server = await serve(
      files,
      pages,
      ISOLATED,
      (request, response) =>
        bench.#take(request, response) || sendBytes(request, response),
    );
    return bench;
  }

  /**
   * @param {import("node:http").IncomingMessage} request
   * @param {import("node:http").ServerResponse} response
   * @returns {boolean} whether it was for here
   */
  #take(request, response) {
    if (request.url !== RESULT) return false;
    let text = "";
    request.setEncoding("utf8");
    request.on("data", (piece) => {
      text += piece;
    });
    request.on("end", () => {
      response.end();
      this.#posted(JSON.parse(text));
    });
    return true;
  }

  /**
   * @param {Workload} workload
   * @param {string} peer
   * @returns {Promise<Map<string, number>>} values by row key
   */
  async run({ name }, peer) {
    const address = this.#server?.address() ?? null;
    if (address === null || typeof address === "string") {
      throw new Error("the server of the page has no port");
    }
    const url = `http://127.0.0.1:${address.port}/${peer}#${name}`;
    const profile = mkdtempSync(join(tmpdir(), "gossamer-profile-"));
    const chromium = new Chromium(profile, [url]);
    /** @type {NodeJS.Timeout | undefined} */
    let timer;
    try {
      /** @type {Result} */
      const { values, error } = await new Promise((resolve, reject) => {
        this.#posted = resolve;
        const fail = (/** @type {string} */ why) =>
          reject(new Error(`${name} of ${peer}: ${why}`));
        timer = setTimeout(fail, LIMIT_MS, "no figures in time");
        void chromium.ended.then(() => fail("the browser has ended"));
      });
      if (values === undefined) throw new Error(`${name} of ${peer}: ${error}`);
      return new Map(Object.entries(values));
    } finally {
      clearTimeout(timer);
      await chromium.kill();
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    }
  }

  close() {
    this.#server?.close();
    this.#server?.closeAllConnections();
  }
}
