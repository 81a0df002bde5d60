/* What the tests of the pages with stored files share: the pages with their
 * parts at hand, and a browser that gives no room or takes all away. */
import { openPage } from "./browser.js";
import { startDemos } from "./server.js";

/**
 * @typedef {import("playwright-core").Page} Page
 * @typedef {import("./browser.js").PageOptions & import("./browser.js").Choice &
 *   { quotaBytes?: number }} StoredOptions quotaBytes: Chromium's only
 */

export const LIMIT = { timeout: 90_000 };

/**
 * The file manager, when it may write.
 * @param {import("node:test").TestContext} t
 * @param {StoredOptions} [options]
 */
export async function openFiles(t, options = {}) {
  const opened = await openStored(t, "files.html", options);
  await opened.page.locator("#new-file:enabled").waitFor();
  return { ...opened, ...partsOf(opened.page) };
}

/**
 * A page with storage, of which there may be little: Chromium looks at a limit
 * before it stores anything, and then trusts what it saw.
 * @param {import("node:test").TestContext} t
 * @param {string} name the page's
 * @param {StoredOptions} options
 */
export async function openStored(t, name, { quotaBytes, ...options }) {
  const base = await startDemos(t);
  const opened = await openPage(t, `${base}icon.svg`, options);
  const { page } = opened;
  if (quotaBytes !== undefined) await (await storageOf(page)).limit(quotaBytes);
  const url = base + name;
  await page.goto(url);
  return { ...opened, openTab: () => opened.openTab(url) };
}

/** What is done with a tab of the file manager. @param {Page} page */
export function partsOf(page) {
  const row = (/** @type {string} */ name) =>
    page.locator("#tree-body tr").filter({
      has: page.locator(".name").getByText(name, { exact: true }),
    });
  return {
    row,
    click: (/** @type {string} */ name) =>
      page.getByRole("button", { name, exact: true }).click(),
    status: (/** @type {string | RegExp} */ text) =>
      page.locator("#status").filter({ hasText: text }).waitFor(),
    problem: (/** @type {string | RegExp} */ text) =>
      page.locator("#problem").filter({ hasText: text }).waitFor(),
    /** Fills in the dialog that is open. */
    answer: async (/** @type {string} */ name) => {
      await page.locator("#ask-field").fill(name);
      await page.keyboard.press("Enter");
      await page.locator("#ask").waitFor({ state: "hidden" });
    },
    upload: (/** @type {Record<string, string | Buffer>} */ files) =>
      page.getByLabel("Upload files").setInputFiles(
        Object.entries(files).map(([name, content]) => ({
          name,
          mimeType: "",
          buffer: Buffer.from(content),
        })),
      ),
    /** Makes a text file where the selected one is, and saves a text in it. */
    write: async (/** @type {string} */ name, /** @type {string} */ text) => {
      await page
        .getByRole("button", { name: "New text file", exact: true })
        .click();
      await page.locator("#ask-field").fill(name);
      await page.keyboard.press("Enter");
      await page.locator("#editor-title").filter({ hasText: name }).waitFor();
      await page.locator("#text").fill(text);
      await page.keyboard.press("Control+s");
      await page.getByText("Saved: it outlives this tab.").waitFor();
    },
    /** Each row as its indented name. */
    tree: () =>
      page
        .locator("#tree-body tr")
        .evaluateAll((rows) =>
          rows.map(
            (one) =>
              "  ".repeat(Number(one.ariaLevel) - 1) +
              one.querySelector(".name")?.textContent,
          ),
        ),
  };
}

/**
 * Chromium's door to the storage of the page's origin.
 * @param {Page} page
 */
export async function storageOf(page) {
  const session = await page.context().newCDPSession(page);
  const { origin } = new URL(page.url());
  return {
    /** @param {number | undefined} quotaSize in bytes; undefined: its own */
    limit: (quotaSize) =>
      session.send("Storage.overrideQuotaForOrigin", { origin, quotaSize }),
    clear: () =>
      session.send("Storage.clearDataForOrigin", {
        origin,
        storageTypes: "indexeddb",
      }),
  };
}
