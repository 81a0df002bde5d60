/* Files that last in real browsers: every behaviour of volumes, programs made
 * by chance, and programs in C and for WASI whose files are there when the page
 * is loaded again. Rows C2, D1. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ENGINES } from "../helpers/browser.js";
import { openVolumePage } from "../helpers/volume-page.js";
import { CAT_FILE } from "../helpers/wasi-guests.js";
import { asyncified } from "../helpers/wat.js";

const LIMIT = { timeout: 120_000 };

/** In the page: the subject of tests/fs for the volume. */
function defineSubject() {
  const { gs } = window;
  let count = 0;
  const create = (t, options) => {
    const volume = gs.indexeddb(`case ${++count}`, {
      idleMs: 0,
      onTrouble: ({ message }) => gs.troubles.push(message),
      ...options,
    });
    t.after(async () => {
      const { ok, problems } = await volume.check();
      if (!ok) throw new Error(problems.join("; "));
      const closed = await volume.close();
      if (closed !== 0) throw new Error(`close() answered ${closed}`);
      await gs.deleteVolume(volume.name);
    });
    return volume;
  };
  const has = ["write", "list", "hardLinks", "symlinks", "keepsOpen"];
  has.push("sparse", "times", "directoryLinks", "allocate");
  const features = Object.fromEntries(has.map((name) => [name, true]));
  features.limited = (limitBytes, t) => create(t, { limitBytes });
  gs.subject = {
    name: "indexeddb",
    create: (t) => create(t, {}),
    features: { readOnly: false, ...features },
  };
}

for (const { engine, skip } of ENGINES) {
  const limits = { ...LIMIT, skip };

  test(`${engine}: [D1] it does what every volume does`, limits, async (t) => {
    const { page } = await openVolumePage(t, { engine });
    await page.evaluate(defineSubject);
    const { results, troubles } = await page.evaluate(async () => {
      const { gs } = window;
      gs.volumeCases(gs.subject);
      gs.volumePrograms(gs.subject, { programs: 2, steps: 300 });
      return { results: await gs.runTests(), troubles: gs.troubles };
    });
    const failed = results.filter(({ error }) => error !== "");
    assert.deepEqual(failed, []);
    assert.deepEqual(troubles, []);
    const done = results.filter(({ skip: why }) => why === "");
    assert.ok(done.length > 60, `only ${done.length} cases`);
  });

  test(
    `${engine}: [D1] what a program made by chance has left is there after a reload`,
    limits,
    async (t) => {
      const { page, reload } = await openVolumePage(t, { engine });
      await page.evaluate(defineSubject);
      const before = await page.evaluate(async () => {
        const { gs } = window;
        const { volume, fs } = await gs.mount("program", { idleMs: 5 });
        const subject = { ...gs.subject, create: () => volume };
        gs.volumePrograms(subject, { programs: 1, steps: 800, seed: 7 });
        const [{ error }] = await gs.runTests();
        const answer = await volume.commit({ strict: true });
        return { error, answer, dump: await gs.dump(fs) };
      });
      assert.equal(before.error, "");
      assert.equal(before.answer, 0);
      assert.ok(before.dump.length > 10, before.dump.join("\n"));
      await reload();
      const after = await page.evaluate(async () => {
        const { gs } = window;
        const { volume, fs } = await gs.mount("program");
        return { dump: await gs.dump(fs), check: await volume.check() };
      });
      assert.deepEqual(after.dump, before.dump);
      assert.deepEqual(after.check.problems, []);
    },
  );

  test(
    `${engine}: [C2] what a C program has synced is there after a reload`,
    limits,
    async (t) => {
      const { page, reload } = await openVolumePage(t, { engine });
      const run = (/** @type {string[]} */ args) =>
        page.evaluate(async (given) => {
          const { gs } = window;
          const mounts = { "/kept": gs.indexeddb("home") };
          return gs.run("/lasts.wasm", given, mounts);
        }, args);
      const saved = await run(["save", "/kept/a", "5", "40"]);
      assert.deepEqual(saved, {
        code: 0,
        lines: ["open: done", "40 blocks", "fsync: done"],
      });
      await reload();
      const checked = await run(["check", "/kept/a", "5"]);
      assert.deepEqual(checked, {
        code: 0,
        lines: ["open: done", "40 blocks"],
      });
    },
  );

  test(
    `${engine}: [C2] a WASI program reads what was synced before a reload`,
    limits,
    async (t) => {
      const files = { "/cat.wasm": await asyncified(CAT_FILE) };
      const { page, reload } = await openVolumePage(t, { engine, files });
      const written = await page.evaluate(async () => {
        const { gs } = window;
        const { fs } = await gs.mount("shelf");
        const bytes = gs.pattern(3_000_000, 9);
        await fs.fill({ d: { f: bytes } });
        const file = await fs.open(await gs.find(fs, "/d/f"));
        await fs.sync(file);
        return gs.sum(bytes);
      });
      await reload();
      const read = await page.evaluate(async () => {
        const { gs } = window;
        const chunks = [];
        const stdout = new WritableStream({
          write: (chunk) => void chunks.push(chunk.slice()),
        });
        const mounts = { "/": gs.indexeddb("shelf") };
        const wasi = new gs.WASI({ mounts, stdout });
        const code = await wasi.start("/cat.wasm", { caller: "asyncify" });
        const bytes = await new Blob(chunks).arrayBuffer();
        return { code, sum: gs.sum(new Uint8Array(bytes)) };
      });
      assert.deepEqual(read, { code: 0, sum: written });
    },
  );
}
