/* The browser helper itself: a page's errors reach the test, and a picture of
 * a canvas can be read. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { ENGINES, canvasPixel, openPage } from "../helpers/browser.js";
import { startDemos } from "../helpers/server.js";

const PAGE = `<!doctype html><title>t</title>
<link rel="icon" href="data:,"><canvas id="c"></canvas>
<script src="own.js"></script>`;

/** A page with a script, served under the demo server's policy. */
function pageWith(t, script) {
  return startDemos(t, { files: { "/own.html": PAGE, "/own.js": script } });
}

for (const { engine, skip } of ENGINES) {
  test(
    `${engine}: console messages and canvas pixels can be read`,
    { skip },
    async (t) => {
      const url = await pageWith(
        t,
        `const context = document.getElementById("c").getContext("2d");
       context.fillStyle = "rgb(1, 2, 3)";
       context.fillRect(5, 5, 1, 1);
       console.log("drawn");`,
      );
      const opened = await openPage(t, `${url}own.html`, { engine });
      const { page, messages, screenshot } = opened;
      assert.deepEqual(messages, [{ type: "log", text: "drawn" }]);
      assert.deepEqual(await canvasPixel(page, "#c", 5, 5), [1, 2, 3, 255]);
      assert.deepEqual(await canvasPixel(page, "#c", 6, 5), [0, 0, 0, 0]);
      assert.ok(existsSync(await screenshot(`helper-${engine}`)));
    },
  );

  test(
    `${engine}: expected errors are uncaught ones, console ones, refused ones`,
    { skip },
    async (t) => {
      const url = await pageWith(
        t,
        `console.error("on purpose");
       try { eval("1"); } catch (error) { console.error(error.name); }
       Promise.reject(new Error("rejected"));
       throw new Error("thrown");`,
      );
      // Firefox tells of the policy that forbids eval, too.
      const more = engine === "firefox" ? [/Content-Security-Policy/] : [];
      const { page } = await openPage(t, `${url}own.html`, {
        engine,
        expectErrors: [
          /on purpose/,
          /EvalError/,
          /rejected/,
          /thrown/,
          ...more,
        ],
      });
      await page.evaluate(() => undefined);
    },
  );

  test(
    `${engine}: another tab has the page's storage and its errors count`,
    { skip },
    async (t) => {
      const url = await pageWith(
        t,
        `if (localStorage.getItem("first") === null) {
         localStorage.setItem("first", "1");
       } else {
         console.error("the second");
       }`,
      );
      const { openTab, errors } = await openPage(t, `${url}own.html`, {
        engine,
        expectErrors: [/the second/],
      });
      assert.deepEqual(errors, []);
      const tab = await openTab();
      assert.equal(
        await tab.evaluate(() => localStorage.getItem("first")),
        "1",
      );
    },
  );
}
