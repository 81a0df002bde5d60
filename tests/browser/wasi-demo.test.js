/* The page that runs any .wasm: what is typed reaches the program, what it
 * answers is shown, and the page's clock ticks on beside it all. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  LIMIT,
  drop,
  floods,
  frames,
  hideJspi,
  openDemo,
} from "../helpers/wasi-demo.js";

/** The bound for the page's clock, and how often another process may break it. */
const GAP_MS = 50;
const TRIES = 3;

for (const [caller, prepare] of Object.entries({
  jspi: () => {},
  asyncify: hideJspi,
})) {
  test(
    `D3, A3: a calculator is talked to, its calls wait by ${caller}`,
    LIMIT,
    async (t) => {
      const demo = await openDemo(t, { prepare });
      await demo.click("Calculator");
      await demo.shows("A calculator.");
      await demo.caller(caller);
      await demo.type("6 * 7\r");
      await demo.shows("42");
      await demo.type("root = sqx");
      await demo.page.keyboard.press("Backspace");
      await demo.page.keyboard.press("Backspace");
      await demo.type("qrt(2)\r");
      await demo.shows("1.41421356");
      await demo.type("2 + * 3\r");
      await demo.shows("^ a number is missing here");
      const red = demo.page.locator(".xterm-rows .xterm-fg-1");
      assert.match((await red.allTextContents()).join(""), /a number/);
      await demo.type("ans * ans\r");
      await demo.shows("> ans * ans2");
      // It waits for a line, and the page paints.
      await frames(demo.page, 30);
      await demo.type("quit\r");
      await demo.shows("Bye.");
      await demo.status("Ended with exit code 0.");
      assert.equal(await demo.page.locator("#code").textContent(), "0");
    },
  );

  test(
    `A4: no frame is late while a program sleeps and waits for keys, by ${caller}`,
    LIMIT,
    async (t) => {
      const demo = await openDemo(t, { prepare });
      const gaps = [];
      for (let run = 0; run < TRIES; run += 1) {
        await demo.click("Calculator");
        await demo.shows("A calculator.");
        await demo.type("wait 0.7\r");
        await demo.shows("waited 0.7 s");
        await frames(demo.page, 30);
        const shown = await demo.page.locator("#gap").textContent();
        gaps.push(Number(shown));
        await demo.type("quit\r");
        await demo.status("Ended with exit code 0.");
        if (gaps.at(-1) < GAP_MS) break;
      }
      t.diagnostic(`longest gaps: ${gaps} ms`);
      assert.ok(Math.min(...gaps) > 0, "the clock runs");
      assert.ok(Math.min(...gaps) < GAP_MS, `longest gaps: ${gaps} ms`);
    },
  );
}

test("A3: ^C, ^D and Stop end a program at once", LIMIT, async (t) => {
  const demo = await openDemo(t);
  await demo.click("Calculator");
  await demo.shows("A calculator.");
  await demo.page.keyboard.press("Control+d");
  await demo.shows("Bye.");
  await demo.status("Ended with exit code 0.");
  for (const [key, how] of [
    ["Control+c", (name) => demo.page.keyboard.press(name)],
    ["Interrupt, Control C", demo.click],
    ["Stop", demo.click],
  ]) {
    await demo.click("Run");
    await demo.shows("A calculator.");
    await demo.type("wait 60\r");
    await demo.shows("> wait 60");
    await how(key);
    await demo.status("Stopped.");
    await demo.page.locator("#run:enabled").waitFor();
  }
  await demo.click("Run");
  await demo.shows("A calculator.");
  await demo.click("End of input, Control D");
  await demo.status("Ended with exit code 0.");
});

test(
  "A3: a program that prints without end waits for the terminal, not the page",
  LIMIT,
  async (t) => {
    const demo = await openDemo(t);
    await drop(demo.page, "#program", { "flood.wasm": floods() });
    await demo.page.getByText("flood.wasm, ").waitFor();
    await demo.click("Run");
    await demo.shows("no end no end");
    await frames(demo.page, 30);
    await demo.click("Stop");
    await demo.status("Stopped.");
  },
);

test("the terminal is as wide as there is room", LIMIT, async (t) => {
  const demo = await openDemo(t);
  await demo.click("Countdown");
  await demo.shows("10 s");
  for (const width of [360, 1000]) {
    await demo.page.setViewportSize({ width, height: 700 });
    await demo.page.getByLabel("Arguments").fill("1");
    if (width === 360) await demo.click("Stop");
    await demo.page.locator("#run:enabled").waitFor();
    await demo.click("Run");
    await demo.status("Ended with exit code 0.");
    const text = await demo.page.locator(".xterm-rows").innerText();
    const bar = /^(█+) 100 % +0 s ?$/m.exec(text)?.[1] ?? "";
    assert.equal(bar.length === 60, width === 1000, text);
    assert.ok(bar.length > 10, text);
  }
});

test(
  "another sample takes the place of the one that runs",
  LIMIT,
  async (t) => {
    const demo = await openDemo(t);
    await demo.click("Calculator");
    await demo.shows("A calculator.");
    await demo.click("Countdown");
    await demo.shows("10 s");
    await demo.click("Calculator");
    await demo.shows("A calculator.");
    const pressed = demo.page.locator('#samples [aria-pressed="true"]');
    assert.deepEqual(
      await pressed
        .allTextContents()
        .then((all) => all.map((text) => text.trim())),
      ["Calculator"],
    );
  },
);

test("arguments and environment reach the program", LIMIT, async (t) => {
  const demo = await openDemo(t);
  await demo.click("Countdown");
  await demo.shows("10 s");
  await demo.click("Stop");
  await demo.status("Stopped.");
  await demo.page.getByLabel("Arguments").fill("1");
  await demo.page.getByLabel("Environment").fill("COLUMNS=38");
  await demo.page.getByLabel("Environment").press("Enter");
  await demo.status("Ended with exit code 0.");
  const text = await demo.page.locator(".xterm-rows").innerText();
  assert.match(text, /^█{20} 100 % +0 s/);
  await demo.page.getByLabel("Arguments").fill("'1 2' 3");
  await demo.click("Run");
  await demo.shows("usage: countdown [seconds, 1 to 3600]");
  await demo.status("Ended with exit code 2.");
  await demo.page.getByLabel("Arguments").fill("'1");
  await demo.click("Run");
  await demo.status("Not run: Arguments: a quote without its other half.");
  await demo.page.getByLabel("Arguments").fill("");
  await demo.page.getByLabel("Environment").fill("COLUMNS");
  await demo.click("Run");
  await demo.status("Not run: Environment:");
});

/** Whether the keys go to the terminal. */
const inTerminal = (page) =>
  page.evaluate(() => document.activeElement?.closest(".xterm") !== null);

test("Tab leaves the terminal where keys are not raw", LIMIT, async (t) => {
  const demo = await openDemo(t);
  await demo.click("Calculator");
  await demo.shows("A calculator.");
  assert.ok(await inTerminal(demo.page));
  await demo.page.keyboard.press("Tab");
  assert.ok(!(await inTerminal(demo.page)));
});

test("raw keys reach a game, and Shift+Tab leaves it", LIMIT, async (t) => {
  const demo = await openDemo(t);
  await demo.click("Snake");
  await demo.shows(/Length \d/);
  assert.ok(await demo.page.getByLabel("Raw keys").isChecked());
  // It goes on by itself; up is a turn, and nothing is echoed.
  await demo.page.keyboard.press("ArrowUp");
  await demo.shows(/The end\. Length \d+\./);
  await demo.status("Ended with exit code 0.");
  await demo.click("Run");
  await demo.shows(/Length \d/);
  await demo.page.keyboard.press("Tab");
  assert.ok(await inTerminal(demo.page), "Tab is a key of the program's");
  await demo.page.keyboard.press("Shift+Tab");
  assert.ok(!(await inTerminal(demo.page)), "the focus has left the terminal");
  await demo.page.locator(".xterm-helper-textarea").focus();
  await demo.type("q");
  await demo.shows(/Bye\. Length \d+\./);
});

test("a Gossamer program runs too, in its goroutines", LIMIT, async (t) => {
  const demo = await openDemo(t);
  await demo.click("Prime sieve");
  await demo.shows("541");
  await demo.status("Ended with exit code 0.");
  await demo.caller("park");
});
