/* One headless Chromium for each test file, and for those that ask a Firefox,
 * which other files may have had before.
 * A page fails its test by any error that the test did not expect, and when an
 * expected one never came. */
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after } from "node:test";
import { fileURLToPath } from "node:url";
import {
  borrowFirefox,
  executable,
  launchChromium,
  launchFirefox,
} from "./browsers.js";
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

/** @typedef {import("playwright-core").Browser} Browser */

/** @type {Map<string, Promise<Browser>>} */
const running = new Map();

/** Undone when the file is through. @type {(() => Promise<void>)[]} */
const closings = [];

/**
 * The browser of this test process, started on first use; another one for each
 * other choice.
 * @param {Choice} [choice]
 */
export function browser(choice = {}) {
  const { engine = "chromium", keepsPages = false, preferences = {} } = choice;
  // Only what makes a difference: a Firefox takes two seconds to start.
  const isFirefox = engine === "firefox";
  const key = JSON.stringify([engine, isFirefox ? preferences : keepsPages]);
  const known = running.get(key);
  if (known !== undefined) return known;
  const started = isFirefox
    ? startFirefox(preferences)
    : untilTheEnd(launchChromium(keepsPages));
  running.set(key, started);
  return started;
}

/** @param {Promise<Browser>} launched */
async function untilTheEnd(launched) {
  const started = await launched;
  closings.push(() => started.close());
  return started;
}

/**
 * One with preferences is the file's own.
 * @param {Record<string, string | number | boolean>} preferences
 */
async function startFirefox(preferences) {
  const lender = process.env.GOSSAMER_FIREFOX_LENDER;
  if (lender === undefined || Object.keys(preferences).length > 0) {
    return untilTheEnd(launchFirefox(preferences));
  }
  const { browser: borrowed, giveBack } = await borrowFirefox(lender);
  closings.push(giveBack);
  return borrowed;
}

after(async () => {
  for (const close of closings) await close();
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

  const absent = () =>
    expectErrors.filter(
      (pattern) => !errors.some((error) => pattern.test(error)),
    );
  defer(t, async () => {
    // A console tells later than the page goes on.
    for (let tries = 0; tries < 100 && absent().length > 0; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await context.close();
    const known = [...expectErrors, ...allowErrors];
    const unexpected = errors.filter(
      (error) => !known.some((pattern) => pattern.test(error)),
    );
    assert.deepEqual(unexpected, [], `errors in the page ${url}`);
    assert.deepEqual(absent(), [], `errors that never came in the page ${url}`);
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
