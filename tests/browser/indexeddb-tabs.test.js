/* Tabs that share a volume: one writes, the others are refused, wait, or read
 * what is committed. Rows D1, D2. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ERRNO } from "../../js/errors.js";
import { ENGINES } from "../helpers/browser.js";
import { openVolumePage } from "../helpers/volume-page.js";

const LIMIT = { timeout: 120_000 };

/** In a page: the volume, opened, is `window.mounted`. */
async function mountShared(options) {
  window.mounted = await window.gs.mount("shared", options);
  return [window.mounted.opened, window.mounted.volume.trouble];
}

for (const { engine, skip } of ENGINES) {
  const limits = { ...LIMIT, skip };

  test(
    `${engine}: [D2] a second writer is refused, and says that it is another tab`,
    limits,
    async (t) => {
      const { page, openTab } = await openVolumePage(t, { engine });
      assert.deepEqual(await page.evaluate(mountShared, {}), [0, ""]);
      const tab = await openTab();
      assert.deepEqual(await tab.evaluate(mountShared, {}), [
        -ERRNO.EBUSY,
        'the volume "shared" is open in another tab',
      ]);
      const refused = await tab.evaluate(async () => {
        const { gs } = window;
        const mounts = { "/kept": gs.indexeddb("shared") };
        return gs
          .run("/lasts.wasm", ["check", "/kept/a", "1"], mounts)
          .catch(({ code, message }) => ({ code, message }));
      });
      assert.equal(refused.code, "EBUSY");
      assert.match(refused.message, /"shared" is open in another tab/);
      // Who was refused is not in the way of the next.
      assert.equal(await page.evaluate(() => window.mounted.volume.close()), 0);
      assert.deepEqual(await tab.evaluate(mountShared, {}), [0, ""]);
    },
  );

  test(
    `${engine}: [D2] a writer that waits has the volume when the other tab is closed`,
    limits,
    async (t) => {
      const { page, openTab } = await openVolumePage(t, { engine });
      const first = await openTab();
      await first.evaluate(mountShared, {});
      await first.evaluate(async () => {
        const { gs, mounted } = window;
        const file = await gs.write(mounted.fs, "a", "synced");
        await mounted.fs.sync(file);
      });
      await page.evaluate(
        (wait) => {
          window.opening = window.gs.mount("shared", wait);
          window.opening.then(() => (window.isOpen = true));
        },
        { whenLocked: "wait" },
      );
      assert.equal(await page.evaluate(() => window.isOpen), undefined);
      await first.close();
      const found = await page.evaluate(async () => {
        const { opened, fs } = await window.opening;
        return [opened, await window.gs.text(fs, "/a")];
      });
      assert.deepEqual(found, [0, "synced"]);
    },
  );

  test(
    `${engine}: [D2] a tab that reads sees whole commits, each soon after it was made`,
    limits,
    async (t) => {
      const { page, openTab } = await openVolumePage(t, { engine });
      const rounds = 40;
      await page.evaluate(mountShared, {});
      await page.evaluate(async () => {
        const { fs, volume } = window.mounted;
        for (const name of ["a", "b"]) await fs.put(fs.root, name, "000000");
        await volume.commit();
      });
      const tab = await openTab();
      assert.deepEqual(await tab.evaluate(mountShared, { readOnly: true }), [
        0,
        "",
      ]);
      assert.equal(
        await tab.evaluate(async () => {
          const { fs } = window.mounted;
          const known = await fs.volume.lookup(fs.root, "a");
          return fs.volume.openNode(known, { read: true, write: true });
        }),
        -ERRNO.EROFS,
      );
      // Both files and a name change together; only what is committed is seen.
      const seen = tab.evaluate(async (last) => {
        const { gs, mounted } = window;
        const states = [];
        let number = 0;
        while (number < last) {
          const names = await mounted.fs.names(mounted.fs.root);
          const a = await gs.text(mounted.fs, "/a");
          states.push([names.join(), a]);
          number = Number(a.slice(0, 6));
          await new Promise((resolve) => setTimeout(resolve));
        }
        const b = await gs.text(mounted.fs, "/b");
        return { states, b };
      }, rounds);
      await page.evaluate(async (last) => {
        const { fs, volume } = window.mounted;
        const [a, b] = [
          await fs.lookup(fs.root, "a"),
          await fs.lookup(fs.root, "b"),
        ];
        const [fileA, fileB] = [await fs.open(a), await fs.open(b)];
        for (let round = 1; round <= last; round++) {
          const number = String(round).padStart(6, "0");
          const text = `${number}${number}`.repeat(2000);
          await fs.write(fileB, 0, text);
          await fs.write(fileA, 0, text);
          await fs.create(fs.root, `n${number}`);
          await volume.commit({ strict: round % 2 === 0 });
          await fs.unlink(fs.root, `n${number}`);
        }
        await volume.commit();
      }, rounds);
      const { states, b } = await seen;
      const wrong = states.filter(([names, a]) => {
        const number = a.slice(0, 6);
        const whole = a === number || a === `${number}${number}`.repeat(2000);
        // The name that is made and the one that was, or the last state of all.
        return !whole || !/^a,b(,n\d{6})?$/.test(names);
      });
      assert.deepEqual(wrong, []);
      assert.equal(b.slice(0, 6), String(rounds).padStart(6, "0"));
      assert.ok(new Set(states.map(([, a]) => a)).size > 1, "it followed");
    },
  );

  test(
    `${engine}: [D2] what is not committed is seen by no other tab`,
    limits,
    async (t) => {
      const { page, openTab } = await openVolumePage(t, { engine });
      await page.evaluate(mountShared, { idleMs: 3_600_000 });
      await page.evaluate(async () => {
        const { gs, mounted } = window;
        const file = await gs.write(mounted.fs, "a", "old");
        await mounted.fs.sync(file);
        await mounted.fs.write(file, 0, "new");
        await mounted.fs.create(mounted.fs.root, "b");
        window.file = file;
      });
      const tab = await openTab();
      await tab.evaluate(mountShared, { readOnly: true });
      const look = () =>
        tab.evaluate(async () => {
          const { gs, mounted } = window;
          const answer = await mounted.volume.refresh();
          const names = await mounted.fs.names(mounted.fs.root);
          return [answer, names.join(), await gs.text(mounted.fs, "/a")];
        });
      assert.deepEqual(await look(), [0, "a", "old"]);
      await page.evaluate(() => window.mounted.fs.sync(window.file));
      await tab.evaluate(() => window.gs.shows(window.mounted.fs, "/a", "new"));
      assert.deepEqual(await look(), [0, "a,b", "new"]);
    },
  );

  test(
    `${engine}: [D2] a tab reads on while the writer rewrites, deletes and compacts`,
    limits,
    async (t) => {
      const { page, openTab } = await openVolumePage(t, { engine });
      const tuning = { garbageBytes: 100_000, smallRecords: 8, logRecords: 6 };
      await page.evaluate(mountShared, { tuning, idleMs: 1 });
      await page.evaluate(async () => {
        const { gs, mounted } = window;
        const { fs } = mounted;
        const file = await gs.write(fs, "still", gs.pattern(200_000, 1));
        await gs.write(fs, "gone", gs.pattern(200_000, 2));
        await fs.sync(file);
      });
      const tab = await openTab();
      // Nothing of a file stays in memory, so that each read finds what is there.
      const little = { readOnly: true, cacheBytes: 131_072 };
      await tab.evaluate(mountShared, little);
      const reading = tab.evaluate(async () => {
        const { gs, mounted } = window;
        const { fs } = mounted;
        const node = await gs.find(fs, "/still");
        const gone = await fs.open(await gs.find(fs, "/gone"));
        const wanted = gs.sum(gs.pattern(200_000, 1));
        const wrong = [];
        let reads = 0;
        let lastOfGone = "";
        window.isStopped = false;
        while (!window.isStopped) {
          const got = gs.sum(await fs.content(node));
          if (got !== wanted) wrong.push(got);
          try {
            lastOfGone = gs.sum(await fs.read(gone, 0, 200_000));
          } catch (error) {
            lastOfGone = error.message;
          }
          reads++;
        }
        return { wrong, reads, lastOfGone };
      });
      const after = await page.evaluate(async () => {
        const { gs, mounted } = window;
        const { fs, volume } = mounted;
        await fs.unlink(fs.root, "gone");
        const still = await fs.open(await gs.find(fs, "/still"));
        const same = gs.pattern(200_000, 1);
        for (let round = 0; round < 60; round++) {
          const at = (round * 53_000) % 190_000;
          await fs.write(still, at, same.subarray(at, at + 9_000));
          const file = await gs.write(
            fs,
            `t${round % 5}`,
            gs.pattern(30_000, round),
          );
          await fs.sync(file);
          await fs.close(file);
        }
        await new Promise((resolve) => setTimeout(resolve, 100));
        await volume.commit();
        const { problems } = await volume.check();
        return { problems, usage: volume.usage() };
      });
      await tab.evaluate(() => {
        window.isStopped = true;
      });
      const { wrong, reads, lastOfGone } = await reading;
      t.diagnostic(
        `${reads} reads; of what is gone: ${lastOfGone}; ${JSON.stringify(after.usage)}`,
      );
      assert.deepEqual(wrong, []);
      assert.deepEqual(after.problems, []);
      assert.ok(reads > 1);
    },
  );
}
