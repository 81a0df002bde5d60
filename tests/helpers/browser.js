/* One headless Chromium for each test file, and a Firefox for those that ask.
 * A page fails its test by any error that the test did not expect, and when an
 * expected one never came. */
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after } from "node:test";
import { fileURLToPath } from "node:url";
import { chromium, firefox } from "playwright-core";
import { onPath } from "../../.ci/setup.mjs";
import { defer } from "./defer.js";

const SCREENSHOTS = fileURLToPath(
  new URL("../../build/screenshots", import.meta.url),
);

/** @typedef {import("node:test").TestContext} TestContext */
/** @typedef {import("playwright-core").Page} Page */

/**
 * Which browser; without an engine it is Chromium.
 * @typedef {object} Choice
 * @property {"chromium" | "firefox"} [engine]
 * @property {boolean} [keepsPages] Chromium keeps pages when they are left,
 *   and they come back as they were; Firefox always does
 * @property {Record<string, string | number | boolean>} [preferences]
 *   Firefox's, as in about:config
 */

const COMMANDS = {
  chromium: ["chromium", "chromium-browser", "google-chrome"],
  firefox: ["firefox-esr", "firefox"],
};

/** What every Chromium of the tests is started with. */
export const CHROMIUM_ARGUMENTS = [
  // Chromium refuses its sandbox to root.
  ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
  "--disable-quic",
  "--disable-background-networking",
  "--no-first-run",
  "--disable-sync",
];

/**
 * The program of a browser.
 * @param {"chromium" | "firefox"} engine
 * @throws {Error} there is none
 */
export function executable(engine) {
  const own = process.env[engine.toUpperCase()];
  if (own !== undefined) return own;
  const path = process.env.PATH ?? "";
  const names = COMMANDS[engine];
  const name = names.find((candidate) => onPath(candidate, path));
  if (name === undefined) throw new Error(`not on PATH: ${names.join(", ")}`);
  const folder = path.split(":").find((candidate) => onPath(name, candidate));
  return join(folder ?? "/", name);
}

/** Why no test can run in Firefox here, or null: then they can. */
export function whyNoFirefox() {
  try {
    executable("firefox");
    return null;
  } catch (error) {
    return /** @type {Error} */ (error).message;
  }
}

/**
 * For tests that run in both, with the reason why one of them is skipped.
 * @type {{ engine: "chromium" | "firefox", skip: string | false }[]}
 */
export const ENGINES = [
  { engine: "chromium", skip: false },
  { engine: "firefox", skip: whyNoFirefox() ?? false },
];

/** @type {Map<string, Promise<import("playwright-core").Browser>>} */
const running = new Map();

/**
 * The browser of this test process, started on first use; another one for each
 * other choice.
 * @param {Choice} [choice]
 */
export function browser(choice = {}) {
  const { engine = "chromium", keepsPages = false, preferences = {} } = choice;
  // Only what makes a difference: a Firefox takes two seconds to start.
  const isFirefox = engine === "firefox";
  const what = isFirefox ? { preferences } : { keepsPages };
  const key = JSON.stringify([engine, what]);
  const start = isFirefox ? launchFirefox : launchChromium;
  const started = running.get(key) ?? start(what);
  running.set(key, started);
  return started;
}

/** @param {Choice} choice */
function launchChromium({ keepsPages }) {
  return chromium.launch({
    executablePath: executable("chromium"),
    args: CHROMIUM_ARGUMENTS,
    ignoreDefaultArgs: keepsPages ? ["--disable-back-forward-cache"] : [],
  });
}

/**
 * The one that is installed, by WebDriver BiDi.
 * @param {Choice} choice
 */
function launchFirefox({ preferences }) {
  return firefox.launch({
    channel: "moz-firefox",
    executablePath: executable("firefox"),
    firefoxUserPrefs: preferences,
  });
}

after(async () => {
  for (const started of running.values()) await (await started).close();
});

/**
 * @typedef {object} PageOptions
 * @property {RegExp[]} [expectErrors] errors that must come; others must not
 * @property {RegExp[]} [allowErrors] but for these, which may
 * @property {{ width: number, height: number }} [viewport]
 * @property {"light" | "dark"} [colorScheme]
 * @property {number} [timeoutMs] for each wait on the page
 * @property {boolean} [ignoreHTTPSErrors] a certificate made for a test will do
 * @property {() => void} [prepare] runs in the page before its own scripts
 */

/**
 * Opens a page in a context of its own.
 * @param {TestContext} t
 * @param {string} url
 * @param {PageOptions & Choice} [options]
 */
export async function openPage(t, url, options = {}) {
  const {
    expectErrors = [],
    allowErrors = [],
    viewport = { width: 1000, height: 700 },
    colorScheme = "light",
    timeoutMs = 20_000,
    ignoreHTTPSErrors = false,
    prepare = () => {},
  } = options;
  const started = await browser(options);
  const look = { viewport, colorScheme };
  const context = await started.newContext({ ...look, ignoreHTTPSErrors });
  context.setDefaultTimeout(timeoutMs);
  await context.addInitScript(prepare);
  /** @type {string[]} */
  const errors = [];
  /** @type {{ type: string, text: string }[]} */
  const messages = [];
  /** Follows one tab. @param {Page} page */
  const watch = (page) => {
    page.on("console", (message) => {
      messages.push({ type: message.type(), text: message.text() });
      const { url: source } = message.location();
      // The browser asks for it on its own; no page under test refers to it.
      if (message.type() !== "error" || source.endsWith("/favicon.ico")) return;
      errors.push(`${message.text()} (${source})`);
    });
    page.on("pageerror", (error) => errors.push(error.stack ?? error.message));
    page.on("crash", () => errors.push("the page crashed"));
  };
  context.on("page", watch);
  const page = await context.newPage();

  defer(t, async () => {
    await context.close();
    const known = [...expectErrors, ...allowErrors];
    const unexpected = errors.filter(
      (error) => !known.some((pattern) => pattern.test(error)),
    );
    assert.deepEqual(unexpected, [], `errors in the page ${url}`);
    const absent = expectErrors.filter(
      (pattern) => !errors.some((error) => pattern.test(error)),
    );
    assert.deepEqual(absent, [], `errors that never came in the page ${url}`);
  });

  await page.goto(url);
  return {
    page,
    /**
     * Another tab beside it, with the same storage.
     * @param {string} [address]
     */
    openTab: async (address = url) => {
      const tab = await context.newPage();
      await tab.goto(address);
      return tab;
    },
    /** Errors so far: uncaught ones and those on the console. */
    errors,
    /** Everything the page wrote to its console. */
    messages,
    /**
     * Saves what the page shows to build/screenshots/<name>.png.
     * @param {string} name
     */
    screenshot: async (name) => {
      mkdirSync(SCREENSHOTS, { recursive: true });
      const path = join(SCREENSHOTS, `${name}.png`);
      await page.screenshot({ path, animations: "disabled" });
      return path;
    },
  };
}

/**
 * One pixel of a canvas as [red, green, blue, alpha], 0 to 255.
 * @param {import("playwright-core").Page} page
 * @param {string} selector
 * @param {number} x
 * @param {number} y
 */
export function canvasPixel(page, selector, x, y) {
  return page.locator(selector).evaluate(
    (canvas, [left = 0, top = 0]) => {
      const { data } = /** @type {CanvasRenderingContext2D} */ (
        /** @type {HTMLCanvasElement} */ (canvas).getContext("2d")
      ).getImageData(left, top, 1, 1);
      return [...data];
    },
    [x, y],
  );
}
