/* Chromium for the suite `files`: its profile lies in a folder on disk, since
 * a private window keeps IndexedDB in memory. Each workload of each run has a
 * browser and a profile of its own for each peer: one that was used is faster. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { ROOT } from "../../../.ci/exec.mjs";
import { CHROMIUM_ARGUMENTS } from "../../helpers/browsers.js";
import { serve } from "../browser.js";

/**
 * @typedef {import("../suites.js").Workload} Workload
 * @typedef {import("playwright-core").BrowserContext} BrowserContext
 */

const LIMIT_MS = 180_000;
const WATCH_MS = 20;
/** Until the browser has done what it does when it was started. */
const SETTLE_MS = 500;
const KIB_PER_MIB = 1024;
const FOLDER = join(ROOT, "build/bench");

/* Clocks of microseconds are for pages that are isolated from other origins. */
const ISOLATED = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

/** The scripts of each peer, in order. */
const SCRIPTS = new Map([
  ["gossamer", ["gossamer-files.js"]],
  ["emscripten-idbfs", ["idbfs.js", "idbfs-files.js"]],
  ["zenfs", ["zenfs-files.js"]],
  ["raw-indexeddb", ["raw-files.js"]],
]);

/** @param {string[]} scripts */
function pageOf(scripts) {
  const tags = scripts.map((src) => `<script src="/${src}"></script>`);
  return `<!doctype html><meta charset="utf-8"><title>files</title>
<link rel="icon" href="data:,">${tags.join("")}`;
}

/**
 * The resident set of a process, where the system tells it.
 * @param {number} pid
 * @returns {number | null} MiB
 */
function residentMib(pid) {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const [, kib] = /^VmRSS:\s+(\d+) kB$/m.exec(status) ?? [];
    return kib === undefined ? null : Number(kib) / KIB_PER_MIB;
  } catch {
    return null;
  }
}

/** @param {BrowserContext} context @returns {Promise<number[]>} */
async function rendererPids(context) {
  const session = await context.browser()?.newBrowserCDPSession();
  if (session === undefined) return [];
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  await session.detach();
  return processInfo
    .filter(({ type }) => type === "renderer")
    .map(({ id }) => id);
}

/** How much the largest growth of a renderer is while something runs. */
class ResidentWatch {
  /** @type {Map<number, { begin: number, peak: number }>} */
  #seen = new Map();
  #timer;

  /** @param {number[]} pids */
  constructor(pids) {
    for (const pid of pids) {
      const mib = residentMib(pid);
      if (mib !== null) this.#seen.set(pid, { begin: mib, peak: mib });
    }
    this.#timer = setInterval(() => this.#look(), WATCH_MS);
  }

  #look() {
    for (const [pid, seen] of this.#seen) {
      seen.peak = Math.max(seen.peak, residentMib(pid) ?? 0);
    }
  }

  /** @returns {number | null} MiB; null: the system does not tell */
  end() {
    clearInterval(this.#timer);
    const growths = [...this.#seen.values()].map(
      ({ begin, peak }) => peak - begin,
    );
    return growths.length === 0 ? null : Math.max(...growths);
  }
}

/** The browser, started as often as is needed. */
export class FilesBench {
  #executablePath;
  #server;
  #profile = "";
  /** @type {BrowserContext | null} */
  #context = null;

  /**
   * @param {string} executablePath
   * @param {import("node:http").Server} server
   */
  constructor(executablePath, server) {
    this.#executablePath = executablePath;
    this.#server = server;
  }

  /**
   * @param {string} executablePath of Chromium
   * @param {Record<string, string>} files path on the server to file
   */
  static async start(executablePath, files) {
    const pages = Object.fromEntries(
      [...SCRIPTS].map(([peer, scripts]) => [`/${peer}`, pageOf(scripts)]),
    );
    const server = await serve(files, pages, ISOLATED);
    return new FilesBench(executablePath, server);
  }

  /**
   * @param {Workload} workload
   * @param {string} peer
   * @returns {Promise<Map<string, number>>} values by row key
   */
  async run({ name, rows }, peer) {
    const context = await this.#newProfile();
    const address = this.#server.address();
    if (address === null || typeof address === "string") {
      throw new Error("the server of the page has no port");
    }
    const page = await context.newPage();
    const timer = setTimeout(() => void this.#leave(), LIMIT_MS);
    try {
      await page.goto(`http://127.0.0.1:${address.port}/${peer}`);
      await page.waitForFunction("globalThis.bench !== undefined");
      await page.waitForTimeout(SETTLE_MS);
      const wantsMemory = rows.some(({ key }) => key === "resident");
      const pids = wantsMemory ? await rendererPids(context) : [];
      const watch = new ResidentWatch(pids);
      /** @type {Record<string, number>} */
      let values = {};
      let mib = null;
      try {
        values = await page.evaluate(`bench(${JSON.stringify(name)})`);
      } finally {
        mib = watch.end();
      }
      if (wantsMemory && mib !== null) values.resident = mib;
      return new Map(Object.entries(values));
    } finally {
      clearTimeout(timer);
      await page.close();
    }
  }

  /** @returns {Promise<BrowserContext>} */
  async #newProfile() {
    await this.#leave();
    mkdirSync(FOLDER, { recursive: true });
    this.#profile = mkdtempSync(join(FOLDER, "profile-"));
    this.#context = await chromium.launchPersistentContext(this.#profile, {
      executablePath: this.#executablePath,
      args: CHROMIUM_ARGUMENTS,
    });
    return this.#context;
  }

  async #leave() {
    const profile = this.#profile;
    const context = this.#context;
    this.#context = null;
    this.#profile = "";
    await context?.close();
    if (profile === "") return;
    rmSync(profile, { recursive: true, force: true, maxRetries: 20 });
  }

  async close() {
    await this.#leave();
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
