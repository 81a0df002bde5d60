/* A page on one of the servers of net-server.js, with the HTTP client and
 * programs at hand: net-in-page.js is what runs in it. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { openPage } from "./browser.js";
import { startNet } from "./net-server.js";
import { programPath } from "./programs.js";
import { sends } from "./server.js";

/**
 * @typedef {import("./net-server.js").Kind} Kind
 * @typedef {import("./net-in-page.js").Asked} Asked
 * @typedef {import("./net-in-page.js").RunOptions} RunOptions
 * @typedef {import("../../js/http/policy.js").FetchOption} FetchOption
 *
 * @typedef {object} Ran
 * @property {number} code -1: it did not load
 * @property {string[]} lines
 * @property {string[]} errors
 * @property {string} [error] why not
 * @property {string} [words]
 */

const PAGE = `<!doctype html><title>net</title>
  <script type="module" src="/net-in-page.js"></script>`;

const SCRIPT = readFileSync(new URL("net-in-page.js", import.meta.url));

/**
 * That a value has these properties, whatever else it has.
 * @param {Record<string, any>} found
 * @param {Record<string, unknown>} wanted
 * @param {string} [what]
 */
export function assertHas(found, wanted, what = "") {
  const names = Object.keys(wanted);
  const same = Object.fromEntries(names.map((name) => [name, found[name]]));
  const words = `${what} ${found.error ?? ""} ${found.words ?? ""}`;
  try {
    assert.deepEqual(same, wanted);
  } catch (error) {
    const { message } = /** @type {Error} */ (error);
    throw new Error(`${words.trim()}: ${message}`, { cause: error });
  }
}

/** @param {readonly string[]} programs */
function filesOf(programs) {
  const js = "text/javascript; charset=utf-8";
  const own = {
    "/page.html": sends(PAGE, "text/html; charset=utf-8"),
    "/net-in-page.js": sends(SCRIPT, js),
  };
  const built = programs.map((name) => {
    const path = programPath(name);
    if (!existsSync(path)) throw new Error(`not built: ${path}`);
    return [
      `/programs/${name}.wasm`,
      sends(readFileSync(path), "application/wasm"),
    ];
  });
  return { ...own, ...Object.fromEntries(built) };
}

/**
 * Servers, and a page on the first of them. `complaints`: what a browser must
 * write to its console of requests that fail.
 * @template {Kind} K
 * @param {import("node:test").TestContext} t
 * @param {readonly K[]} kinds
 * @param {import("./browser.js").PageOptions &
 *   import("./browser.js").Choice & {
 *     programs?: readonly string[],
 *     routes?: Record<string, import("./server.js").Handler>,
 *     complaints?: Partial<Record<"chromium" | "firefox", RegExp[]>>,
 *   }} [options]
 */
export async function openNet(t, kinds, options = {}) {
  const { programs = [], routes = {}, complaints = {}, ...rest } = options;
  const net = await startNet(t, kinds, { ...filesOf(programs), ...routes });
  const [home] = /** @type {K[]} */ (kinds);
  const opened = await openPage(
    t,
    net[/** @type {K} */ (home)].url("/page.html"),
    {
      ignoreHTTPSErrors: true,
      expectErrors: complaints[options.engine ?? "chromium"] ?? [],
      ...rest,
    },
  );
  const { page } = opened;
  await page.waitForFunction(() => "net" in window);
  return {
    ...opened,
    net,
    /**
     * Makes a request in the page, and answers what came of it.
     * @param {FetchOption} sources
     * @param {Asked} asked
     */
    ask: (sources, asked) =>
      page.evaluate(
        ([rules, request]) =>
          /** @type {any} */ (window).net.begin(rules, request).outcome,
        /** @type {const} */ ([sources, asked]),
      ),
    /**
     * Makes a request that goes on in the page.
     * @param {FetchOption} sources
     * @param {Asked} asked
     */
    begin: async (sources, asked) => {
      const begun = await page.evaluateHandle(
        ([rules, request]) =>
          /** @type {any} */ (window).net.begin(rules, request),
        /** @type {const} */ ([sources, asked]),
      );
      return {
        /** Until that many bytes of the answer were read. */
        /** @param {number} bytes */
        has: (bytes) =>
          page.waitForFunction(
            ([one, count]) => one.bytes >= count,
            /** @type {const} */ ([begun, bytes]),
          ),
        /** How many pieces of its body were taken. */
        sent: () => begun.evaluate((one) => one.sent),
        /** Gives it up. */
        close: () => begun.evaluate((one) => one.exchange.close()),
        /** What came of it, as ask() answers. */
        outcome: () => begun.evaluate((one) => one.outcome),
      };
    },
    /**
     * Runs a program in the page to its end.
     * @param {string} name
     * @param {string[]} args
     * @param {RunOptions} [more]
     * @returns {Promise<Ran>}
     */
    run: (name, args, more = {}) =>
      page.evaluate(
        (all) => /** @type {any} */ (window).net.run(...all),
        /** @type {const} */ ([name, args, more]),
      ),
    /**
     * Starts a program in the page.
     * @param {string} name
     * @param {string[]} args
     * @param {RunOptions} [more]
     */
    start: async (name, args, more = {}) => {
      const started = await page.evaluateHandle(
        (all) => /** @type {any} */ (window).net.start(...all),
        /** @type {const} */ ([name, args, more]),
      );
      return {
        /** When its output has so many lines. */
        /** @param {number} count */
        says: (count) =>
          page.waitForFunction(
            ([one, least]) => one.lines.length >= least,
            /** @type {const} */ ([started, count]),
          ),
        /** @param {string} text to its standard input */
        write: (text) => started.evaluate((one, all) => one.write(all), text),
        /** @returns {Promise<Ran>} */
        result: () => started.evaluate((one) => one.result()),
      };
    },
  };
}
