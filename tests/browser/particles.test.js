/* The particles demo, by its figures and its pixels. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "../helpers/browser.js";
import { framesPass, readCanvas } from "../helpers/canvas.js";
import { startDemos } from "../helpers/server.js";

const LIMIT = { timeout: 90_000 };

/** @param {import("playwright-core").Page} page @param {string} selector */
async function numberIn(page, selector) {
  const text = (await page.locator(selector).textContent()) ?? "";
  return Number(text.replaceAll(",", ""));
}

/** Waits until the figures of a running program are there. */
function measured(page) {
  return page.waitForFunction(
    () => Number(document.querySelector("#fps")?.textContent) > 0,
  );
}

/** Waits for a figure, whatever its thousands are set off with. */
function figureBecomes(page, selector, wanted) {
  return page.waitForFunction(
    ([where, number]) =>
      document.querySelector(where)?.textContent?.replaceAll(",", "") ===
      number,
    [selector, String(wanted)],
  );
}

async function openParticles(t, options) {
  const url = await startDemos(t);
  const opened = await openPage(t, `${url}particles.html`, options);
  await measured(opened.page);
  return opened;
}

test("B2: 10 000 goroutines draw in every frame", LIMIT, async (t) => {
  const { page } = await openParticles(t);
  // Beside the particles: main, the one that serves, and the call that asks.
  await figureBecomes(page, "#goroutines", 10_003);
  const fps = await numberIn(page, "#fps");
  const workMs = await numberIn(page, "#work");
  t.diagnostic(`${fps} frames a second, ${workMs} ms in wasm a frame`);
  assert.ok(fps > 0 && workMs > 0, `${fps} fps, ${workMs} ms`);

  const first = await readCanvas(page, "#view");
  assert.ok(first.lit > 5000, `${first.lit} pixels are lit`);
  assert.ok(first.colours > 500, `in ${first.colours} colours`);
  await framesPass(page, 2);
  const second = await readCanvas(page, "#view");
  assert.notEqual(second.hash, first.hash, "the picture moves");
});

test(
  "particles come to the pointer, by calls into the program",
  LIMIT,
  async (t) => {
    const { page } = await openParticles(t);
    const box = await page.locator("#view").boundingBox();
    assert.ok(box !== null);
    for (const [x, y] of [
      [0.85, 0.8],
      [0.15, 0.2],
    ]) {
      await page.mouse.move(box.x + box.width * x, box.y + box.height * y);
      // A swarm in an orbit swings; it must come near at some moment.
      let near = 1;
      for (let look = 0; look < 100 && near > 0.3; look += 1) {
        await framesPass(page, 5);
        const seen = await readCanvas(page, "#view");
        near = Math.min(near, Math.hypot(seen.x - x, seen.y - y));
      }
      assert.ok(near <= 0.3, `the swarm stayed ${near} away from ${x}, ${y}`);
    }
  },
);

test(
  "A2: while all are parked, the page does nothing for them",
  LIMIT,
  async (t) => {
    const url = await startDemos(t);
    const { page } = await openPage(t, url);
    await page.addInitScript(() => {
      const request = window.requestAnimationFrame.bind(window);
      window.framesAsked = 0;
      window.requestAnimationFrame = (callback) => {
        window.framesAsked += 1;
        return request(callback);
      };
    });
    await page.goto(`${url}particles.html`);
    await measured(page);
    const asked = () => page.evaluate(() => window.framesAsked);
    const running = await asked();
    await framesPass(page, 5);
    const ours = 6; // five to wait for, and the one that finds it done
    assert.ok((await asked()) - running > ours, "the program asks for frames");

    await page.getByRole("button", { name: "Pause" }).click();
    await framesPass(page, 3);
    const paused = await asked();
    await framesPass(page, 5);
    assert.equal((await asked()) - paused, ours);
    // A call is a completion like any other: it wakes what it needs.
    await page.getByLabel("Goroutines", { exact: true }).fill("12000");
    await figureBecomes(page, "#goroutines", 12_003);
  },
);

test(
  "a pause parks them all on a channel, and resuming wakes them",
  LIMIT,
  async (t) => {
    const { page } = await openParticles(t);
    await page.getByRole("button", { name: "Pause" }).click();
    await framesPass(page, 3);
    const still = await readCanvas(page, "#view");
    await framesPass(page, 5);
    assert.equal((await readCanvas(page, "#view")).hash, still.hash);
    await figureBecomes(page, "#goroutines", 10_003);

    // A paused program still answers calls: the picture follows the page.
    await page.setViewportSize({ width: 700, height: 700 });
    await page.waitForFunction(
      (before) => document.querySelector("canvas")?.width !== before,
      still.width,
    );
    const smaller = await readCanvas(page, "#view");
    assert.ok(smaller.lit > 5000, `${smaller.lit} pixels are lit`);

    await page.getByRole("button", { name: "Resume" }).click();
    await framesPass(page, 3);
    assert.notEqual((await readCanvas(page, "#view")).hash, smaller.hash);
  },
);

test("goroutines come and go with the slider", LIMIT, async (t) => {
  const { page } = await openParticles(t);
  for (const count of [1000, 30_000, 10_000]) {
    await page.getByLabel("Goroutines", { exact: true }).fill(String(count));
    await figureBecomes(page, "#goroutines", count + 3);
  }
});

test("who asks for little motion gets a still picture", LIMIT, async (t) => {
  const url = await startDemos(t);
  const { page } = await openPage(t, url);
  await page.emulateMedia({ reducedMotion: "reduce" });
  await page.goto(`${url}particles.html`);
  await page.getByRole("button", { name: "Resume" }).waitFor();
  await figureBecomes(page, "#goroutines", 10_003);
  await framesPass(page, 3);
  const still = await readCanvas(page, "#view");
  assert.ok(still.lit > 5000, `${still.lit} pixels are lit`);
  await framesPass(page, 5);
  assert.equal((await readCanvas(page, "#view")).hash, still.hash);
});

test("the page says when the program is not there", LIMIT, async (t) => {
  const url = await startDemos(t, {
    routes: {
      "/apps/particles.wasm": (_request, response) =>
        response.writeHead(404).end(),
    },
  });
  const { page } = await openPage(t, `${url}particles.html`, {
    expectErrors: [/404/, /particles\.wasm could not be loaded/],
  });
  await page.getByRole("alert").waitFor();
  assert.match(
    await page.getByRole("alert").innerText(),
    /particles\.wasm could not be loaded: the server answered 404/,
  );
});
