/* Pages of origins that may store little: about twelve megabytes. Chromium is
 * told for a page's origin, Firefox for all, when it is started. */

/** Of openPage(). */
export const LITTLE_STORAGE = {
  chromium: {},
  firefox: {
    // In kibibytes, for all origins; one of them gets 12 MiB at least.
    preferences: { "dom.quotaManager.temporaryStorage.fixedLimit": 61_440 },
  },
};

/**
 * To be called before the storage is used: afterwards Chromium goes for a while
 * by what it had found.
 * @param {import("playwright-core").Page} page
 * @param {"chromium" | "firefox"} engine
 * @param {number} [quotaSize] in bytes; Chromium only
 */
export async function limitStorage(page, engine, quotaSize = 12_582_912) {
  if (engine === "firefox") return;
  const session = await page.context().newCDPSession(page);
  const { origin } = new URL(page.url());
  await session.send("Storage.overrideQuotaForOrigin", { origin, quotaSize });
}
