/* A volume whose storage is full, cleared by the browser, private or small, and
 * the memory that it takes. Rows D1, D2. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ERRNO } from "../../js/errors.js";
import { ENGINES } from "../helpers/browser.js";
import { LITTLE_STORAGE, limitStorage } from "../helpers/storage.js";
import { openVolumePage } from "../helpers/volume-page.js";

const LIMIT = { timeout: 120_000 };

for (const { engine, skip } of ENGINES) {
  const limits = { ...LIMIT, skip };
  const little = { engine, ...LITTLE_STORAGE[engine] };

  test(
    `${engine}: [D1] a C program whose storage is full has ENOSPC, and goes on when there is room`,
    limits,
    async (t) => {
      const { page, reload } = await openVolumePage(t, little);
      await limitStorage(page, engine);
      const { lines, troubles } = await page.evaluate(async () => {
        const { gs } = window;
        gs.home = await gs.mount("home");
        const args = ["overflow", "/kept/a"];
        const mounts = { "/kept": gs.home.volume };
        const ran = await gs.run("/lasts.wasm", args, mounts);
        return { lines: ran.lines, troubles: gs.troubles };
      });
      // Firefox has room for what is new only when the old is gone for good.
      const again =
        engine === "firefox" && lines[4]?.endsWith("No space left on device")
          ? lines[4]
          : "fsync again: done";
      assert.deepEqual(lines, [
        "fsync of what fits: done",
        "fsync of too much: No space left on device",
        "32 blocks in memory",
        "unlink: done",
        again,
        "ftruncate: done",
        "fsync of less: done",
      ]);
      assert.ok(
        troubles.every((text) => /^ENOSPC: .*does not fit/.test(text)),
        troubles.join("; "),
      );
      const dump = await page.evaluate(() => window.gs.dump(window.gs.home.fs));
      await reload();
      const after = await page.evaluate(async () => {
        const { gs } = window;
        const { volume, fs } = await gs.mount("home");
        return { dump: await gs.dump(fs), check: await volume.check() };
      });
      assert.deepEqual(after.dump, dump);
      assert.deepEqual(after.check.problems, []);
    },
  );

  test(
    `${engine}: [D1] storage that is cleared under a volume is ESTALE, told once, and not made anew`,
    limits,
    async (t) => {
      const { page } = await openVolumePage(t, little);
      const seen = await page.evaluate(async () => {
        const { gs } = window;
        const { volume, fs } = await gs.mount("gone", { cacheBytes: 131_072 });
        const file = await gs.write(fs, "a", gs.pattern(2_000_000, 1));
        await fs.sync(file);
        await fetch("/clear");
        while (gs.troubles.length === 0) {
          await new Promise((resolve) => setTimeout(resolve, 10));
        }
        const later = () => new Promise((resolve) => setTimeout(resolve, 500));
        const answers = {
          write: await fs.transfer(() =>
            volume.write(file, 0, new Uint8Array(4), 0, 4),
          ),
          read: await fs.transfer(() =>
            volume.read(file, 0, new Uint8Array(4), 0, 4),
          ),
          sync: await volume.sync(file, false),
          create: await volume.create(fs.root, "b"),
          commit: await volume.commit(),
        };
        await later();
        const names = (await indexedDB.databases()).map(({ name }) => name);
        const closed = await volume.close();
        const again = await gs.mount("gone");
        const { opened } = again;
        const found = await again.fs.names(again.fs.root);
        return { answers, names, troubles: gs.troubles, closed, opened, found };
      });
      for (const [call, answer] of Object.entries(seen.answers)) {
        assert.equal(answer, -ERRNO.ESTALE, call);
      }
      assert.deepEqual(seen.names, []);
      assert.equal(seen.troubles.length, 1, seen.troubles.join("; "));
      assert.match(seen.troubles[0], /^ESTALE: .*"gone" was deleted, or the b/);
      assert.equal(seen.closed, -ERRNO.ESTALE);
      assert.deepEqual([seen.opened, seen.found], [0, []]);
    },
  );

  // In Firefox no more than fits into the little storage that the others want.
  const sizeMib = engine === "chromium" ? 256 : 8;
  test(
    `${engine}: [D2] ${sizeMib} MiB go through a file and memory stays within the cache's limit`,
    limits,
    async (t) => {
      const { page } = await openVolumePage(t, little);
      const seen = await page.evaluate(async (mib) => {
        const { gs } = window;
        const sizeBytes = mib * 2 ** 20;
        const cacheBytes = (mib / 64) * 2 ** 20;
        const { volume, fs } = await gs.mount("stream", { cacheBytes });
        let most = 0;
        let mostDirty = 0;
        const look = () => {
          const { cachedBytes, dirtyBytes } = volume.usage();
          most = Math.max(most, cachedBytes);
          mostDirty = Math.max(mostDirty, dirtyBytes);
        };
        const piece = gs.pattern(2 ** 18, 5);
        const file = await gs.write(fs, "file", "");
        for (let at = 0; at < sizeBytes; at += piece.length) {
          piece[0] = at / piece.length;
          await fs.write(file, at, piece);
          look();
        }
        await fs.sync(file);
        let wrong = 0;
        const got = new Uint8Array(piece.length);
        for (let at = 0; at < sizeBytes;) {
          const size = piece.length - (at % piece.length);
          const from = at % piece.length;
          const count = await fs.transfer(() =>
            volume.read(file, at, got, from, size),
          );
          if (count <= 0) throw new Error(`read() answered ${count}`);
          look();
          at += count;
          if (at % piece.length !== 0) continue;
          piece[0] = at / piece.length - 1;
          if (Buffer.compare(got, piece) !== 0) wrong++;
        }
        return { most, mostDirty, wrong, size: volume.size(file), cacheBytes };
      }, sizeMib);
      assert.equal(seen.size, sizeMib * 2 ** 20);
      assert.equal(seen.wrong, 0);
      assert.ok(seen.most <= seen.cacheBytes, `${seen.most} bytes`);
      assert.ok(seen.mostDirty <= seen.cacheBytes / 2, `${seen.mostDirty}`);
      assert.ok(seen.mostDirty > 0);
    },
  );

  test(
    `${engine}: [D2] a volume tells what the origin takes and may take, and asks to be kept`,
    limits,
    async (t) => {
      const { page } = await openVolumePage(t, little);
      const seen = await page.evaluate(async () => {
        const { gs } = window;
        // A question that nobody answers keeps nobody waiting.
        const { volume, fs, opened } = await gs.mount("asks", {
          persist: true,
        });
        const file = await gs.write(fs, "a", gs.pattern(1_000_000, 1));
        await fs.sync(file);
        const { usageBytes, quotaBytes } = await volume.estimate();
        const asked = volume.persist();
        const isPromise = typeof asked.then === "function";
        return { opened, usageBytes, quotaBytes, isPromise };
      });
      assert.equal(seen.opened, 0);
      assert.ok(seen.usageBytes >= 1_000_000, `${seen.usageBytes}`);
      assert.ok(seen.quotaBytes > seen.usageBytes, `${seen.quotaBytes}`);
      assert.ok(seen.isPromise);
    },
  );
}

test(
  "chromium: [D1] more quota is enough for what did not fit",
  LIMIT,
  async (t) => {
    const { page } = await openVolumePage(t, {});
    await limitStorage(page, "chromium");
    const full = await page.evaluate(async () => {
      const { gs } = window;
      gs.full = await gs.mount("full", { idleMs: 3_600_000 });
      const { fs, volume } = gs.full;
      gs.file = await gs.write(fs, "big", gs.pattern(16_000_000, 4));
      return { errno: await volume.sync(gs.file, false), text: volume.trouble };
    });
    assert.equal(full.errno, -ERRNO.ENOSPC);
    assert.match(full.text, /"full" does not fit into the storage/);
    await limitStorage(page, "chromium", 2 ** 30);
    const after = await page.evaluate(async () => {
      const { gs } = window;
      const { fs, volume } = gs.full;
      const errno = await volume.sync(gs.file, false);
      const { problems } = await volume.check();
      const content = gs.sum(await fs.content(await gs.find(fs, "/big")));
      return { errno, problems, content };
    });
    const wanted = await page.evaluate(() =>
      window.gs.sum(window.gs.pattern(16_000_000, 4)),
    );
    assert.deepEqual(after, { errno: 0, problems: [], content: wanted });
  },
);

test(
  "firefox: [D2] private windows have volumes, as long as they are open",
  {
    ...LIMIT,
    skip: ENGINES[1].skip,
  },
  async (t) => {
    const { page, reload } = await openVolumePage(t, {
      engine: "firefox",
      preferences: { "browser.privatebrowsing.autostart": true },
    });
    const run = (/** @type {string[]} */ args) =>
      page.evaluate(async (given) => {
        const { gs } = window;
        const mounts = { "/kept": gs.indexeddb("home") };
        return gs.run("/lasts.wasm", given, mounts);
      }, args);
    assert.deepEqual((await run(["save", "/kept/a", "5", "40"])).lines, [
      "open: done",
      "40 blocks",
      "fsync: done",
    ]);
    await reload();
    const checked = await run(["check", "/kept/a", "5"]);
    assert.deepEqual(checked.lines, ["open: done", "40 blocks"]);
  },
);
