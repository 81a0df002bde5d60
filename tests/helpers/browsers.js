/* How the browsers of the tests are found and started, and taken over: where
 * many files run, .ci/browsers.mjs has a Firefox that they use in turns. */
import { join } from "node:path";
import { chromium, firefox } from "playwright-core";
import { onPath } from "../../.ci/setup.mjs";

/** @typedef {import("playwright-core").Browser} Browser */

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

/** @param {boolean} keepsPages */
export function launchChromium(keepsPages) {
  return chromium.launch({
    executablePath: executable("chromium"),
    args: CHROMIUM_ARGUMENTS,
    ignoreDefaultArgs: keepsPages ? ["--disable-back-forward-cache"] : [],
  });
}

/** The one that is installed, by WebDriver BiDi. */
export function firefoxOptions() {
  return { channel: "moz-firefox", executablePath: executable("firefox") };
}

/**
 * @param {Record<string, string | number | boolean>} preferences
 * @returns {Promise<Browser>}
 */
export function launchFirefox(preferences) {
  return firefox.launch({
    ...firefoxOptions(),
    firefoxUserPrefs: preferences,
  });
}

/**
 * A Firefox that runs already, until it is given back. A process that ends
 * before has left it in nobody knows what state, and it is used no more.
 * @param {string} lender its address
 * @returns {Promise<{ browser: Browser, giveBack: () => Promise<void> }>}
 */
export async function borrowFirefox(lender) {
  const answer = await fetch(lender, { method: "POST" });
  if (!answer.ok) throw new Error(`no Firefox: ${await answer.text()}`);
  const endpoint = await answer.text();
  const browser = await firefox.connect(endpoint);
  const giveBack = async () => {
    await browser.close();
    await fetch(lender, { method: "PUT", body: endpoint });
  };
  return { browser, giveBack };
}
