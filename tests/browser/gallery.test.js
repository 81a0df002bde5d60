/* The gallery page: what it lists, and that it fits small and dark screens. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { openPage } from "../helpers/browser.js";
import { startDemos } from "../helpers/server.js";
import { ROOT } from "../helpers/tree.js";

const DEMOS = [
  "particles",
  "stream",
  "sieve",
  "preempt",
  "files",
  "notes",
  "wasi",
].map((name) => `${name}.html`);

test("the gallery lists the demos, and each is there", async (t) => {
  const { page, screenshot } = await openPage(t, await startDemos(t));
  const links = await page
    .locator(".card a")
    .evaluateAll((anchors) => anchors.map((a) => a.getAttribute("href")));
  assert.deepEqual(links, DEMOS);
  await screenshot("gallery-light");
  for (const demo of DEMOS) {
    assert.ok(existsSync(join(ROOT, "web", demo)), `web/${demo} exists`);
  }
});

test("a card is clickable all over", async (t) => {
  const url = await startDemos(t, {
    files: { "/stream.html": "<!doctype html><title>the stream</title>" },
  });
  const { page } = await openPage(t, url);
  await page
    .locator(".card")
    .nth(1)
    .click({ position: { x: 5, y: 5 } });
  await page.waitForURL("**/stream.html");
});

for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
  test(`the gallery fits a phone, ${colorScheme}`, async (t) => {
    const { page, screenshot } = await openPage(t, await startDemos(t), {
      viewport: { width: 320, height: 640 },
      colorScheme,
    });
    const overflow = await page.evaluate(
      () => document.documentElement.scrollWidth - window.innerWidth,
    );
    assert.ok(overflow <= 0, `${overflow} px too wide`);
    const [ground, text] = await page.evaluate(() => {
      const style = getComputedStyle(document.body);
      return [style.backgroundColor, style.color];
    });
    const brightness = (color) =>
      color.match(/\d+/g).reduce((sum, part) => sum + Number(part), 0);
    assert.equal(
      brightness(ground) > brightness(text),
      colorScheme === "light",
      `${text} on ${ground}`,
    );
    await screenshot(`gallery-phone-${colorScheme}`);
  });
}
