/* Tabs whose process is killed while they write a volume, in a browser that
 * goes on: the next tab has the volume at once, and in it all that was
 * acknowledged. It was opened afterwards, or waits for the lock already. */
import assert from "node:assert/strict";
import { readFileSync, watch } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { chromium } from "playwright-core";
import { chance, seedOf } from "../helpers/chance.js";
import { defer } from "../helpers/defer.js";
import { newProfile, startChromium } from "./chromium.js";
import { KILLS, LIMIT, SEED, Session } from "./rounds.js";

const PORT_FILE = "DevToolsActivePort";

/** Where a browser on this profile can be told what to do. */
function debugAddress(profile) {
  return new Promise((resolve) => {
    const look = () => {
      try {
        const text = readFileSync(join(profile, PORT_FILE), "utf8");
        const [port, path] = text.split("\n");
        if (!path) return;
        watcher.close();
        resolve(`ws://127.0.0.1:${port}${path}`);
      } catch {
        // Not written yet.
      }
    };
    const watcher = watch(profile, look);
    look();
  });
}

/** A browser whose tabs can be opened, and killed one by one. */
async function startTabs(t) {
  const profile = newProfile(t);
  const program = startChromium(t, profile, [
    "--remote-debugging-port=0",
    // A process that waits for a tab would not be known as the tab's.
    "--disable-features=SpareRendererForSitePerProcess",
    "about:blank",
  ]);
  const browser = await chromium.connectOverCDP(await debugAddress(profile));
  defer(t, () => browser.close());
  const [context] = browser.contexts();
  const session = await browser.newBrowserCDPSession();
  const renderers = async () => {
    const { processInfo } = await session.send("SystemInfo.getProcessInfo");
    const all = processInfo.filter(({ type }) => type === "renderer");
    return all.map(({ id }) => id);
  };
  const open = async (url) => {
    const before = new Set(await renderers());
    const page = await context.newPage();
    await page.goto(url);
    const own = (await renderers()).filter((id) => !before.has(id));
    assert.equal(own.length, 1, "a tab has a process of its own");
    const crashed = new Promise((resolve) => page.once("crash", resolve));
    const kill = async () => {
      process.kill(own[0], "SIGKILL");
      await crashed;
    };
    return { page, kill };
  };
  return { open, ended: program.ended };
}

for (const waits of [false, true]) {
  const who = waits ? "that waits" : "opened then";
  test(`a tab is killed; one ${who} has all that lasts`, LIMIT, async (t) => {
    const tabs = await startTabs(t);
    // Commits of many records are still on their way when the lock is free.
    const session = new Session(waits ? "overwrite" : "replace", SEED);
    await session.listen(t);
    const random = chance(seedOf(SEED, KILLS));
    if (waits) session.plan.options = { whenLocked: "wait" };
    const address = session.nextLife();
    const moment = () => ({
      event: /** @type {const} */ ("acknowledge"),
      count: 1 + random(6),
      delayMs: random(60),
    });
    let until = session.until(moment(), tabs.ended);
    let tab = await tabs.open(address);
    for (let kill = 0; kill < KILLS; kill++) {
      const next = session.nextAddress;
      const waiting = waits ? await tabs.open(next) : null;
      await until;
      const dead = tab;
      const killed = dead.kill();
      session.nextLife();
      until = session.until(moment(), tabs.ended);
      tab = waiting ?? (await tabs.open(next));
      await killed;
      await dead.page.close();
    }
    await until;
    assert.ok(session.acknowledgements > KILLS);
    t.diagnostic(`${KILLS} tabs killed, ${session.ahead} had more than said`);
  });
}
