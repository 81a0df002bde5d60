/* The README's program in its page: goroutines draw, the script tag shows it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { canvasPixel, openPage } from "../helpers/browser.js";
import { startDemos } from "../helpers/server.js";

const SKY = [0x10, 0x20, 0x30, 0xff];
const WATER = [0x60, 0xa0, 0xd0, 0xff];

test("the README's wave is drawn and moves", async (t) => {
  const { page, screenshot } = await openPage(
    t,
    new URL("wave.html", await startDemos(t)).href,
  );
  await page.waitForFunction(
    () => document.querySelector("canvas")?.width === 320,
  );
  assert.deepEqual(await canvasPixel(page, "#view", 160, 2), SKY);
  assert.deepEqual(await canvasPixel(page, "#view", 160, 197), WATER);
  const picture = () =>
    page
      .locator("#view")
      .evaluate((canvas) =>
        /** @type {HTMLCanvasElement} */ (canvas).toDataURL(),
      );
  const first = await picture();
  await page.waitForFunction(
    (seen) => document.querySelector("canvas")?.toDataURL() !== seen,
    first,
  );
  await screenshot("wave");
});
