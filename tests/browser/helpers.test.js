/* The browser helper itself: a page's errors reach the test, and a picture of
 * a canvas can be read. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { canvasPixel, openPage } from "../helpers/browser.js";
import { startDemos } from "../helpers/server.js";

const PAGE = `<!doctype html><title>t</title>
<link rel="icon" href="data:,"><canvas id="c"></canvas>
<script src="own.js"></script>`;

/** A page with a script, served under the demo server's policy. */
function pageWith(t, script) {
  return startDemos(t, { files: { "/own.html": PAGE, "/own.js": script } });
}

test("console messages and canvas pixels can be read", async (t) => {
  const url = await pageWith(
    t,
    `const context = document.getElementById("c").getContext("2d");
     context.fillStyle = "rgb(1, 2, 3)";
     context.fillRect(5, 5, 1, 1);
     console.log("drawn");`,
  );
  const { page, messages, screenshot } = await openPage(t, `${url}own.html`);
  assert.deepEqual(messages, [{ type: "log", text: "drawn" }]);
  assert.deepEqual(await canvasPixel(page, "#c", 5, 5), [1, 2, 3, 255]);
  assert.deepEqual(await canvasPixel(page, "#c", 6, 5), [0, 0, 0, 0]);
  assert.ok(existsSync(await screenshot("helper")));
});

test("expected errors are uncaught ones, console ones, refused ones", async (t) => {
  const url = await pageWith(
    t,
    `console.error("on purpose");
     try { eval("1"); } catch (error) { console.error(error.name); }
     Promise.reject(new Error("rejected"));
     throw new Error("thrown");`,
  );
  const { page } = await openPage(t, `${url}own.html`, {
    expectErrors: [/on purpose/, /EvalError/, /rejected/, /thrown/],
  });
  await page.evaluate(() => undefined);
});
