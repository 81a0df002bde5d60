/* What becomes of a volume when its page is hidden, left, come back to, closed
 * or dies: what was not synced is committed as far as the browser lets it, and
 * what is stored is whole in any case. Rows D1, D2. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ERRNO } from "../../js/errors.js";
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

/** What fits into the log with its names. */
const LITTLE_BYTES = 30_000;

/** @type {[string, (page: any, url: string) => Promise<unknown>, number][]} */
const LEFT = Object.entries(WAYS).flatMap(([how, leave]) => [
  [how, leave, 3_000_000],
  [how, leave, LITTLE_BYTES],
]);

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

  for (const [how, leave, sizeBytes] of LEFT) {
    // Firefox commits what is one request, and else what it has a later turn
    // for: all of it or nothing.
    const isSaved = engine === "chromium" || sizeBytes === LITTLE_BYTES;
    const what = isSaved ? "is there" : "is there or not, but whole,";
    test(
      `${engine}: [D1] what was not synced, ${sizeBytes} bytes, ${what} when the page ${how}`,
      limits,
      async (t) => {
        const { page, openTab, url } = await openVolumePage(t, { engine });
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
      for (let round = 0; round < (engine === "chromium" ? 3 : 2); round++) {
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
        tab.evaluate(
          (wanted) => window.gs.shows(window.mounted.fs, "/text", wanted),
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

  for (const isWritten of [false, true]) {
    const what = isWritten
      ? "does not write over what somebody else wrote meanwhile"
      : "goes on with its volume when nobody wrote it meanwhile";
    test(
      `${engine}: [D1] a page that is left and come back to ${what}`,
      limits,
      async (t) => {
        const options = { engine, keepsPages: true };
        const { page, url } = await openVolumePage(t, options);
        await page.evaluate(async () => {
          const { gs } = window;
          window.mine = await gs.mount("back");
          window.file = await gs.write(window.mine.fs, "text", "mine");
          await window.mine.fs.sync(window.file);
        });
        await page.goto(`${url}?other`);
        await pageIsReady(page);
        const found = await page.evaluate(async (writes) => {
          const { gs } = window;
          const { volume, fs } = await gs.mount("back", { whenLocked: "wait" });
          const text = await gs.text(fs, "/text");
          if (writes) await gs.write(fs, "text", "ours");
          return [text, await volume.close()];
        }, isWritten);
        assert.deepEqual(found, ["mine", 0]);
        // A page that is kept has no load event, which goBack() would wait for.
        await page.evaluate(() => {
          setTimeout(() => history.back());
        });
        await page.waitForURL(url, { waitUntil: "commit" });
        await pageIsReady(page);
        // Where it was not kept, it is loaded anew, and begins from the start.
        const back = await page.evaluate(async () => {
          const { gs, mine } = window;
          if (mine === undefined) return null;
          const written = await mine.fs
            .write(window.file, 4, ", too")
            .catch(({ message }) => message);
          const synced = await mine.volume.sync(window.file, false);
          await mine.volume.close();
          return { written, synced, troubles: gs.troubles };
        });
        t.diagnostic(`back: ${JSON.stringify(back)}`);
        // What is told to other tabs meanwhile may end a page that is kept.
        const mustBeKept = engine === "chromium" && !isWritten;
        assert.ok(back !== null || !mustBeKept, "it was not kept");
        if (back !== null) {
          assert.equal(back.synced, isWritten ? -ERRNO.ESTALE : 0);
          assert.equal(back.troubles.length, isWritten ? 1 : 0);
        }
        const text = await page.evaluate(async () => {
          const { fs } = await window.gs.mount("back");
          return window.gs.text(fs, "/text");
        });
        const goneOn = back === null ? "mine" : "mine, too";
        assert.equal(text, isWritten ? "ours" : goneOn);
      },
    );
  }
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
