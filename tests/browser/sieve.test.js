/* The sieve demo: right primes, a bar that moves while it runs, a cancel. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { openPage } from "../helpers/browser.js";
import { readCanvas } from "../helpers/canvas.js";
import { startDemos } from "../helpers/server.js";
import { ROOT } from "../helpers/tree.js";

const LIMIT = { timeout: 90_000 };

/**
 * @param {import("node:test").TestContext} t
 * @param {Parameters<typeof startDemos>[1]} [demos]
 */
async function openSieve(t, demos, options) {
  const url = await startDemos(t, demos);
  return openPage(t, `${url}sieve.html`, options);
}

function statusIs(page, pattern) {
  return page.getByRole("status").filter({ hasText: pattern }).waitFor();
}

/** Clicks Start, and answers the values the bar had in the page's frames. */
function watchBar(page) {
  return page.evaluate(
    () =>
      new Promise((resolve) => {
        const bar = document.querySelector("progress");
        const start = document.querySelector("#start");
        const values = [];
        const look = () => {
          if (bar.value !== values.at(-1)) values.push(bar.value);
          if (start.disabled) requestAnimationFrame(look);
          else resolve(values);
        };
        start.click();
        requestAnimationFrame(look);
      }),
  );
}

test(
  "A3: 2000 primes, and the page paints while they are found",
  LIMIT,
  async (t) => {
    const { page } = await openSieve(t);
    const values = await watchBar(page);
    await statusIs(page, "2,000 primes, the last 17389: all as in the table.");
    assert.equal(await page.locator("#last").textContent(), "17389");
    assert.equal(await page.locator("#goroutines").textContent(), "2,002");
    assert.equal(values.at(-1), 2000);
    const between = values.filter((value) => value > 0 && value < 2000);
    const time = await page.locator("#time").textContent();
    t.diagnostic(`${time} ms, the bar moved ${between.length} times`);
    assert.ok(between.length >= 3, `the bar showed ${values}`);
    assert.ok(Number(await page.locator("#frames").textContent()) >= 3);
  },
);

test("every prime lights a square", LIMIT, async (t) => {
  const { page } = await openSieve(t);
  const dark = await readCanvas(page, "#wall");
  await page.getByLabel("Primes", { exact: true }).fill("500");
  await page.getByRole("button", { name: "Find them" }).click();
  await statusIs(page, "500 primes, the last 3571: all as in the table.");
  const lit = await readCanvas(page, "#wall");
  assert.notEqual(lit.hash, dark.hash);
  assert.ok(lit.colours > 400, `${lit.colours} colours`);
});

test(
  "it can run again, with other counts and the same module",
  LIMIT,
  async (t) => {
    let loads = 0;
    const { page } = await openSieve(t, {
      routes: {
        "/apps/sieve.wasm": (_request, response) => {
          loads += 1;
          response.writeHead(200, { "Content-Type": "application/wasm" });
          response.end(readFileSync(join(ROOT, "build/apps/sieve.wasm")));
        },
      },
    });
    for (const [count, last] of [
      [100, 541],
      [1000, 7919],
      [100, 541],
      [1500, 12553],
    ]) {
      await page.getByLabel("Primes", { exact: true }).fill(String(count));
      await page.getByRole("button", { name: "Find them" }).click();
      await statusIs(page, `the last ${last}: all as in the table.`);
    }
    assert.equal(loads, 1);
  },
);

test("a cancel stops it where it is", LIMIT, async (t) => {
  const { page } = await openSieve(t);
  await page.evaluate(() => {
    const look = () => {
      if (document.querySelector("progress").value === 0) {
        requestAnimationFrame(look);
      } else {
        document.querySelector("#cancel").click();
      }
    };
    document.querySelector("#start").click();
    requestAnimationFrame(look);
  });
  await statusIs(page, /Cancelled after [\d,]+ primes\./);
  const found = await page.locator("progress").evaluate((bar) => bar.value);
  assert.ok(found > 0 && found < 2000, `${found} primes`);
  await page.getByRole("button", { name: "Find them" }).click();
  await statusIs(page, "2,000 primes, the last 17389: all as in the table.");
});

test("a cancel while it loads counts too", LIMIT, async (t) => {
  const { page } = await openSieve(t);
  await page.evaluate(() => {
    document.querySelector("#start").click();
    document.querySelector("#cancel").click();
  });
  await statusIs(page, "Cancelled after 0 primes.");
});

test(
  "a program that finds something else is not believed",
  LIMIT,
  async (t) => {
    const hello = readFileSync(
      join(ROOT, "build/wasm/tests/e2e/apps/hello.wasm"),
    );
    const { page } = await openSieve(t, {
      files: { "/apps/sieve.wasm": hello },
    });
    await page.getByRole("button", { name: "Find them" }).click();
    await statusIs(page, "Failed: exit code 2, 3 lines of 2,000.");
  },
);

test("a file that is no program is named on the page", LIMIT, async (t) => {
  const { page } = await openSieve(t, {
    files: { "/apps/sieve.wasm": "no wasm" },
  });
  await page.getByRole("button", { name: "Find them" }).click();
  await page.getByRole("alert").waitFor();
  assert.match(
    await page.getByRole("alert").innerText(),
    /sieve\.wasm is not (a valid )?WebAssembly/,
  );
  assert.ok(await page.getByRole("button", { name: "Find them" }).isEnabled());
});
