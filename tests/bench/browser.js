/* The suite `browser`: one page of Chromium for each run of each peer. */
import { createReadStream } from "node:fs";
import http from "node:http";
import { extname } from "node:path";
import { chromium } from "playwright-core";
import { CHROMIUM_ARGUMENTS } from "../helpers/browsers.js";

const TYPES = new Map([
  [".js", "text/javascript"],
  [".mjs", "text/javascript"],
  [".wasm", "application/wasm"],
]);
const PAGE = `<!doctype html><meta charset="utf-8"><title>bench</title>
<link rel="icon" href="data:,"><script type="module" src="page.js"></script>`;
const LIMIT_MS = 60_000;

/**
 * @param {Record<string, string>} files path on the server to file
 * @param {Record<string, string>} pages path on the server to HTML
 * @param {Record<string, string>} [headers] of every answer
 * @param {(request: http.IncomingMessage,
 *   response: http.ServerResponse) => boolean} [answer] what else there is;
 *   whether it has answered
 * @returns {Promise<http.Server>}
 */
export function serve(files, pages, headers = {}, answer = () => false) {
  const server = http.createServer((request, response) => {
    for (const [name, value] of Object.entries(headers)) {
      response.setHeader(name, value);
    }
    const page = pages[request.url ?? ""];
    if (page !== undefined) {
      response.writeHead(200, { "Content-Type": "text/html" }).end(page);
      return;
    }
    if (answer(request, response)) return;
    const file = files[request.url ?? ""];
    if (file === undefined) {
      response.writeHead(404).end();
      return;
    }
    const type = TYPES.get(extname(file)) ?? "application/octet-stream";
    response.writeHead(200, { "Content-Type": type });
    createReadStream(file).pipe(response);
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => resolve(server));
  });
}

/** Chromium with the page, for as many runs as are wanted. */
export class BrowserBench {
  #browser;
  #server;

  /**
   * @param {import("playwright-core").Browser} browser
   * @param {http.Server} server
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
    const server = await serve(files, { "/": PAGE });
    try {
      const browser = await chromium.launch({
        executablePath,
        args: CHROMIUM_ARGUMENTS,
      });
      return new BrowserBench(browser, server);
    } catch (error) {
      server.close();
      throw error;
    }
  }

  /**
   * @param {string} peer
   * @returns {Promise<number>} nanoseconds a frame
   */
  async run(peer) {
    const address = this.#server.address();
    if (address === null || typeof address === "string") {
      throw new Error("the server of the page has no port");
    }
    const context = await this.#browser.newContext();
    context.setDefaultTimeout(LIMIT_MS);
    try {
      const page = await context.newPage();
      await page.goto(`http://127.0.0.1:${address.port}/`);
      await page.waitForFunction("globalThis.bench !== undefined");
      return await page.evaluate(`bench(${JSON.stringify(peer)})`);
    } finally {
      await context.close();
    }
  }

  async close() {
    await this.#browser.close();
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
