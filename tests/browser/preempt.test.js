/* The preemption demo (A8): endless loops, and the page goes on. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "../helpers/browser.js";
import { readCanvas } from "../helpers/canvas.js";
import { startDemos } from "../helpers/server.js";

const LIMIT = { timeout: 90_000 };
const GAP_MS = 50;
/** A gap of another process's making does not come three times. */
const TRIES = 3;
const LOOPS = 3;
/** Of the ticker, which wants a turn every 10 ms. */
const TICKS = 100;

/** @param {import("playwright-core").Page} page @param {string} selector */
async function numberIn(page, selector) {
  const text = await page.locator(selector).textContent();
  return Number((text ?? "").replaceAll(/[^\d.]/g, ""));
}

async function openDemo(t) {
  const opened = await openPage(t, `${await startDemos(t)}preempt.html`);
  await opened.page.locator("#start:enabled").waitFor();
  return opened;
}

test(
  "A8: beside endless loops no frame is late, and others have their turns",
  LIMIT,
  async (t) => {
    const { page, screenshot } = await openDemo(t);
    for (let loop = 1; loop <= LOOPS; loop += 1) {
      await page.locator("#start").click();
      await page.waitForFunction(
        (count) =>
          document.querySelector("#loops").textContent === String(count),
        loop,
      );
    }
    const gaps = [];
    for (let run = 0; run < TRIES; run += 1) {
      const before = await readCanvas(page, "#wave");
      const rounds = await numberIn(page, "#rounds");
      const ticks = await numberIn(page, "#ticks");
      const longest = await page.evaluate(
        ([wanted]) =>
          new Promise((resolve) => {
            const shown = () =>
              Number(
                document.querySelector("#ticks").textContent.replace(",", ""),
              );
            let gap = 0;
            let last = 0;
            const frame = (now) => {
              if (last > 0) gap = Math.max(gap, now - last);
              last = now;
              if (shown() < wanted) requestAnimationFrame(frame);
              else resolve(gap);
            };
            requestAnimationFrame(frame);
          }),
        [ticks + TICKS],
      );
      t.diagnostic(`longest gap ${longest.toFixed(1)} ms`);
      assert.ok((await numberIn(page, "#rounds")) > rounds, "the loops run");
      assert.notEqual((await readCanvas(page, "#wave")).hash, before.hash);
      gaps.push(longest);
      if (longest < GAP_MS) break;
    }
    await screenshot("preempt");
    assert.ok(Math.min(...gaps) < GAP_MS, `longest gaps: ${gaps} ms`);
  },
);

test("it can start over", LIMIT, async (t) => {
  const { page } = await openDemo(t);
  await page.locator("#start").click();
  await page.getByText("One endless loop runs").waitFor();
  await page.locator("#over").click();
  await page.getByText("The wave and the ticker run.").waitFor();
  await page.waitForFunction(
    () =>
      document.querySelector("#loops").textContent === "0" &&
      Number(document.querySelector("#ticks").textContent) > 3,
  );
});
