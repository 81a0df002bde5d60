/* The database of a volume where only real browsers show what they do: storage
 * that is full, and cleared while it is used (D7, D8). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ERRNO } from "../../js/errors.js";
import { ENGINES, openPage } from "../helpers/browser.js";
import { LITTLE_STORAGE, limitStorage } from "../helpers/storage.js";
import { startDemos } from "../helpers/server.js";

const LIMIT = { timeout: 60_000 };

const SETUP = `
  import { Database } from "/js/fs/indexeddb/database.js";
  window.lost = [];
  window.database = new Database("full", {
    onLost: (text) => window.lost.push(text),
  });
  window.put = (key, sizeBytes, large) => {
    const bytes = crypto.getRandomValues(new Uint8Array(sizeBytes));
    const value = large ? new Blob([bytes]) : bytes;
    return window.database.write("strict", (log, data) => {
      data.put(value, key);
    });
  };
  document.title = "ready";`;

/** @param {import("node:test").TestContext} t @param {object} options */
async function open(t, options, isLittle = false) {
  const base = await startDemos(t, {
    files: {
      "/page.html": `<!doctype html><title>wait</title>
        <link rel="icon" href="data:,">
        <script type="module" src="/setup.js"></script>`,
      "/setup.js": SETUP,
    },
    routes: {
      "/clear": (_request, response) => {
        response.setHeader("Clear-Site-Data", '"storage"');
        response.end("cleared");
      },
    },
  });
  const opened = await openPage(t, `${base}page.html`, options);
  const { page } = opened;
  await page.waitForFunction(() => document.title === "ready");
  // Before it is used: afterwards Chromium goes by what it had found.
  if (isLittle) await limitStorage(page, options.engine);
  const answer = await page.evaluate(() =>
    window.database.open({ create: true }),
  );
  assert.equal(answer, 0);
  return opened;
}

for (const { engine, skip } of ENGINES) {
  const little = { engine, ...LITTLE_STORAGE[engine] };

  test(
    `${engine}: a database that is full says so, and takes what fits again`,
    { ...LIMIT, skip },
    async (t) => {
      const { page } = await open(t, little, true);
      const rounds = await page.evaluate(async () => {
        const answers = [];
        for (const large of [false, true]) {
          let key = 0;
          let errno = 0;
          for (; errno === 0 && key < 2000; key++) {
            errno = await window.put(key, 60_000, large);
          }
          const { trouble } = window.database;
          const freed = [];
          // Firefox counts its own log files, too.
          while (freed.at(-1) !== 0 && freed.length < 5) {
            const answer = await window.database.write(
              "strict",
              (log, data) => {
                data.clear();
                log.put(new Uint8Array(1), 1);
              },
            );
            freed.push(answer);
          }
          answers.push({ errno, trouble, freed });
        }
        return answers;
      });
      for (const { errno, trouble, freed } of rounds) {
        assert.equal(errno, -ERRNO.ENOSPC);
        assert.match(trouble, /"full" does not fit into the storage/);
        assert.equal(freed.pop(), 0);
        const others = freed.filter((answer) => answer !== -ERRNO.ENOSPC);
        assert.deepEqual(others, []);
      }
    },
  );

  test(
    `${engine}: who writes what another has written is told so`,
    { ...LIMIT, skip },
    async (t) => {
      const { page } = await open(t, little);
      const answers = await page.evaluate(async () => {
        const add = () =>
          window.database.write("relaxed", (log) => {
            log.add(new Uint8Array(1), 1);
          });
        return [await add(), await add()];
      });
      assert.deepEqual(answers, [0, -ERRNO.ESTALE]);
    },
  );

  test(
    `${engine}: what was cleared is lost for who used it, and not made anew`,
    { ...LIMIT, skip },
    async (t) => {
      const { page } = await open(t, little);
      const answers = await page.evaluate(async () => {
        const before = await window.put(1, 100, false);
        await fetch("/clear");
        // Which of them is first to notice is the browser's affair.
        while (window.lost.length === 0) {
          await window.database.readData(1);
          await new Promise((resolve) => setTimeout(resolve, 10));
        }
        const after = await window.put(2, 100, false);
        const names = (await indexedDB.databases()).map(({ name }) => name);
        return { before, lost: window.lost, after, names };
      });
      assert.equal(answers.before, 0);
      assert.equal(answers.lost.length, 1);
      assert.match(
        answers.lost[0],
        /"full" was deleted, or the browser cleared/,
      );
      assert.equal(answers.after, -ERRNO.ESTALE);
      assert.deepEqual(answers.names, []);
    },
  );
}
