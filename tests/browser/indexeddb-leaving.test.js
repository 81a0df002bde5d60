/* What becomes of a volume when its page is hidden, left, come back to, closed
 * or dies: what was not synced is committed as far as the browser lets it, and
 * what is stored is whole in any case. Rows D1, D2. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ENGINES } from "../helpers/browser.js";
import { openVolumePage, pageIsReady } from "../helpers/volume-page.js";

const LIMIT = { timeout: 120_000 };

/** So long that nothing is committed but for the page being left. */
const NEVER = 3_600_000;

/**
 * How a page is left. What is begun then the browser may still forget: a few
 * tries are enough to see that it is done at all.
 */
const TRIES = 4;

/** @type {Record<string, (page: any, url: string) => Promise<unknown>>} */
const WAYS = {
  "is reloaded": (page) => page.reload(),
  "goes elsewhere": (page, url) => page.goto(new URL("other.html", url).href),
  "is closed": (page) => page.close(),
};

/** In a page: writes what nobody syncs. */
async function writeUnsynced({ name, sizeBytes, idleMs, text }) {
  const { gs } = window;
  const { volume, fs, opened } = await gs.mount(name, { idleMs });
  if (opened < 0) throw new Error(volume.trouble);
  const file = await gs.write(fs, "synced", "kept in any case");
  await fs.sync(file);
  await gs.write(fs, "text", text);
  await gs.write(fs, "bytes", gs.pattern(sizeBytes, 3));
  await fs.rename(fs.root, "synced", fs.root, "renamed");
}

/** In another page: what is there of it. */
async function whatIsThere(name) {
  const { gs } = window;
  const { volume, fs } = await gs.mount(name, { whenLocked: "wait" });
  const names = (await fs.names(fs.root)).join();
  const text = await gs.text(fs, "/text");
  const bytes = await gs.find(fs, "/bytes").then(
    async (node) => gs.sum(await fs.content(node)),
    (error) => error.message,
  );
  const { problems } = await volume.check();
  await volume.close();
  return { names, text, bytes, problems };
}

for (const { engine, skip } of ENGINES) {
  const limits = { ...LIMIT, skip };

  for (const [how, leave] of Object.entries(WAYS)) {
    // Firefox commits only what it has a later turn for: all of it or nothing.
    const isSaved = engine === "chromium";
    const what = isSaved ? "is there" : "is there or not, but whole,";
    test(
      `${engine}: [D1] what was not synced ${what} when the page ${how}`,
      limits,
      async (t) => {
        const { page, openTab, url } = await openVolumePage(t, { engine });
        const sizeBytes = 3_000_000;
        const text = "not synced";
        const bytes = await page.evaluate(
          (size) => window.gs.sum(window.gs.pattern(size, 3)),
          sizeBytes,
        );
        const all = { names: "bytes,renamed,text", text, bytes };
        const none = { names: "synced", text: "ENOENT", bytes: "ENOENT" };
        let isKept = false;
        let tries = 0;
        while (!isKept && tries < (isSaved ? TRIES : 1)) {
          const name = `left ${++tries}`;
          const tab = await openTab();
          const options = { name, sizeBytes, text, idleMs: NEVER };
          await tab.evaluate(writeUnsynced, options);
          await leave(tab, url);
          const there = await page.evaluate(whatIsThere, name);
          isKept = there.names === all.names;
          const wanted = isKept ? all : none;
          assert.deepEqual(there, { ...wanted, problems: [] });
          await tab.close();
        }
        t.diagnostic(`${isKept ? "kept" : "lost"}, tries: ${tries}`);
        assert.ok(isKept || !isSaved, "lost, however often it is tried");
      },
    );
  }

  test(
    `${engine}: [D1] what is stored is whole when the page is left while it writes`,
    limits,
    async (t) => {
      const { page, openTab } = await openVolumePage(t, { engine });
      for (let round = 0; round < 3; round++) {
        const tab = await openTab();
        await tab.evaluate(async (number) => {
          const { gs } = window;
          const { fs } = await gs.mount("torn", {
            idleMs: 1,
            whenLocked: "wait",
          });
          window.acknowledged = 0;
          window.writing = (async () => {
            for (let count = number; ; count++) {
              const text = String(count).padStart(9, "0").repeat(7000);
              const [a] = [
                await gs.write(fs, "a", text),
                await gs.write(fs, "b", text),
              ];
              if (count % 3 === 0) {
                await fs.sync(a);
                window.acknowledged = count;
              }
              await new Promise((resolve) => setTimeout(resolve));
            }
          })();
        }, 1000 * round);
        await tab.waitForFunction(
          (least) => window.acknowledged > least,
          1000 * round + 5,
        );
        const acknowledged = await tab.evaluate(() => window.acknowledged);
        await (round === 1 ? tab.reload() : tab.close());
        const found = await page.evaluate(async () => {
          const { gs } = window;
          const { volume, fs } = await gs.mount("torn", { whenLocked: "wait" });
          const texts = [await gs.text(fs, "/a"), await gs.text(fs, "/b")];
          const { problems } = await volume.check();
          await volume.close();
          return { texts, problems };
        });
        const [a, b] = found.texts.map((text) => ({
          number: Number(text.slice(0, 9)),
          isWhole: text === text.slice(0, 9).repeat(7000),
        }));
        assert.deepEqual(found.problems, []);
        // A write may come in several pieces, and a commit between them.
        assert.ok(a.number >= acknowledged, `${a.number}, not ${acknowledged}`);
        assert.ok(b.number >= acknowledged, `${b.number}, not ${acknowledged}`);
        assert.ok(b.number === a.number || b.number === a.number - 1);
        await tab.close();
      }
    },
  );

  test(
    `${engine}: [D1] a hidden page commits at once what it has, and goes on committing`,
    limits,
    async (t) => {
      const { page, openTab } = await openVolumePage(t, { engine });
      await page.evaluate(writeUnsynced, {
        ...{ name: "hidden", sizeBytes: 100_000, text: "one" },
        idleMs: NEVER,
      });
      const tab = await openTab();
      const follow = (name) =>
        tab.evaluate(async (shared) => {
          const { gs } = window;
          window.mounted = await gs.mount(shared, { readOnly: true });
          return gs.text(window.mounted.fs, "/text");
        }, name);
      const shows = (text) =>
        tab.waitForFunction(
          async (wanted) =>
            (await window.gs.text(window.mounted.fs, "/text")) === wanted,
          text,
        );
      assert.equal(await follow("hidden"), "ENOENT");
      await page.evaluate(async (isReal) => {
        if (isReal) {
          window.open("other.html");
        } else {
          // Nothing hides a page of a headless Chromium.
          const hidden = { configurable: true, value: "hidden" };
          Object.defineProperty(document, "visibilityState", hidden);
          document.dispatchEvent(new Event("visibilitychange"));
        }
        while (document.visibilityState !== "hidden") {
          await new Promise((resolve) => setTimeout(resolve, 10));
        }
      }, engine === "firefox");
      await shows("one");
      await page.evaluate(async () => {
        window.second = await window.gs.mount("second");
        window.file = await window.gs.write(window.second.fs, "text", "two");
      });
      await follow("second");
      await shows("two");
      const synced = await page.evaluate(async () => {
        const { fs } = window.second;
        await fs.write(window.file, 0, "red");
        return fs.sync(window.file);
      });
      assert.equal(synced, 0);
      await shows("red");
    },
  );

  test(
    `${engine}: [D1] a page that is left and come back to has its files, and is in nobody's way`,
    limits,
    async (t) => {
      const opened = await openVolumePage(t, { engine, keepsPages: true });
      const { page, url } = opened;
      await page.evaluate(writeUnsynced, {
        ...{ name: "back", sizeBytes: 20_000, idleMs: 0, text: "mine" },
      });
      await page.evaluate(() => {
        window.isSame = true;
      });
      await page.goto(`${url}?other`);
      await pageIsReady(page);
      const there = await page.evaluate(whatIsThere, "back");
      assert.equal(there.text, "mine");
      await page.goBack();
      await pageIsReady(page);
      t.diagnostic(
        await page.evaluate(() =>
          window.isSame ? "the same page, kept" : "another page, loaded anew",
        ),
      );
      const again = await page.evaluate(whatIsThere, "back");
      assert.deepEqual(again, there);
    },
  );
}

test(
  "chromium: [D2] a tab that dies frees the volume, and leaves it whole",
  LIMIT,
  async (t) => {
    const { page, openTab } = await openVolumePage(t, {
      expectErrors: [/the page crashed/],
    });
    const tab = await openTab();
    await tab.evaluate(writeUnsynced, {
      ...{ name: "dies", sizeBytes: 3_000_000, idleMs: NEVER, text: "lost" },
    });
    const waiting = page.evaluate(whatIsThere, "dies");
    const session = await tab.context().newCDPSession(tab);
    session.send("Page.crash").catch(() => {});
    assert.deepEqual(await waiting, {
      ...{ names: "synced", text: "ENOENT", bytes: "ENOENT", problems: [] },
    });
  },
);
