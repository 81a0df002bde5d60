/* Copies and archives in real browsers, whose streams and gzip are not Node's:
 * into IndexedDB and out of it, and with little held on the way. Rows C2, D1. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { ENGINES, openPage } from "../helpers/browser.js";
import { programPath } from "../helpers/programs.js";
import { startDemos } from "../helpers/server.js";

const LIMIT = { timeout: 60_000 };

const SETUP = `
  import {
    copyTree, exportTar, exportTree, importTar, importTree, load, memory,
  } from "/dist/gossamer.mjs";
  import { indexeddb, listVolumes } from "/dist/indexeddb.mjs";

  function noise(size) {
    const bytes = new Uint8Array(size);
    let state = 1;
    for (let i = 0; i < size; i++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      bytes[i] = state >>> 24;
    }
    return bytes;
  }

  function same(a, b) {
    if (!(a instanceof Uint8Array)) {
      const names = Object.keys(a);
      return names.join() === Object.keys(b).join() &&
        names.every((name) => same(a[name], b[name]));
    }
    return a.length === b.length && a.every((byte, at) => byte === b[at]);
  }

  const MEBIBYTE = 2 ** 20;

  window.roundTrip = async () => {
    const from = memory();
    await importTree(from, {
      noise: noise(3 * MEBIBYTE + 7),
      zeros: new Uint8Array(2 * MEBIBYTE),
      d: { "ü": "text", empty: {} },
    });
    const options = { cacheBytes: MEBIBYTE, dirtyBytes: MEBIBYTE / 2 };
    const stored = indexeddb("tools", options);
    const { bytes } = await copyTree(from, stored);
    const { usedBytes } = stored.usage();
    const archive = exportTar(stored, "/", { gzip: true });
    const packed = await new Response(archive).blob();
    await importTar(stored, packed, "/again", { gzip: true, atomic: true });
    if (await stored.close() !== 0) throw new Error(stored.trouble);
    const reopened = indexeddb("tools", { ...options, readOnly: true });
    const { again, ...first } = await exportTree(reopened);
    const { ok, problems } = await reopened.check();
    if (!ok) throw new Error(problems.join());
    const { quotaBytes } = await reopened.estimate();
    await reopened.close();
    const expected = await exportTree(from);
    return {
      bytes,
      sparse: usedBytes < 3.5 * MEBIBYTE,
      packed: packed.size < 3.5 * MEBIBYTE,
      whole: same(first, expected) && same(again, expected),
      quota: quotaBytes > 0,
      volumes: await listVolumes(),
    };
  };

  /* How far an export runs ahead of a reader that has read little. */
  window.ahead = async (gzip) => {
    const volume = memory();
    await importTree(volume, { noise: noise(4 * MEBIBYTE) });
    let read = 0;
    const really = volume.read;
    volume.read = (...all) => {
      const count = really.apply(volume, all);
      read += count;
      return count;
    };
    const reader = exportTar(volume, "/", { gzip }).getReader();
    await new Promise((resolve) => setTimeout(resolve, 50));
    const before = read;
    let taken = 0;
    while (taken < MEBIBYTE / 4) taken += (await reader.read()).value.length;
    await new Promise((resolve) => setTimeout(resolve, 50));
    const ahead = read - taken;
    await reader.cancel();
    const file = volume.lookup(volume.root, "noise");
    return { before, little: ahead < MEBIBYTE, opens: file.opens };
  };

  window.broken = async () => {
    const volume = memory();
    await importTree(volume, { noise: noise(200_000) });
    const archive = exportTar(volume, "/", { gzip: true });
    const packed = new Uint8Array(await new Response(archive).arrayBuffer());
    const codes = [];
    const badSum = packed.slice();
    badSum[packed.length - 8] ^= 1;
    for (const bytes of [packed.slice(0, 100_000), badSum, noise(1000)]) {
      try {
        await importTar(memory(), bytes, "/", { gzip: true });
        codes.push("whole");
      } catch (error) {
        codes.push(error.code);
      }
    }
    return codes;
  };

  /* A C program asks for the room of a volume, which asks the browser. */
  window.space = async () => {
    const data = indexeddb("space", { limitBytes: MEBIBYTE });
    await importTree(data, { "given.txt": "1" });
    const dumb = memory();
    dumb.usage = () => -58; // ENOTSUP
    let asked = 0;
    const estimate = data.estimate;
    data.estimate = () => {
      asked++;
      return estimate.call(data);
    };
    const lines = [];
    const app = await load("/files.wasm", {
      args: ["space"],
      mounts: {
        "/data": data,
        "/read-only": { volume: memory(), readOnly: true },
        "/dumb": dumb,
        "/endless": memory({ limitBytes: Infinity }),
      },
      stdout: (line) => lines.push(line),
    });
    const code = await app.exited;
    await data.close();
    return { code, lines, asked };
  };
  document.title = "ready";`;

for (const { engine, skip } of ENGINES) {
  test(
    `${engine}: copies and archives into IndexedDB and out of it`,
    { ...LIMIT, skip },
    async (t) => {
      const base = await startDemos(t, {
        files: {
          "/page.html": `<!doctype html><title>wait</title>
            <link rel="icon" href="data:,">
            <script type="module" src="/setup.js"></script>`,
          "/setup.js": SETUP,
          "/files.wasm": readFileSync(programPath("files", "wasm")),
        },
      });
      const { page } = await openPage(t, `${base}page.html`, { engine });
      await page.waitForFunction(() => document.title === "ready");
      const call = (/** @type {string} */ name, /** @type {unknown} */ value) =>
        page.evaluate(([what, given]) => window[what](given), [name, value]);
      assert.deepEqual(await call("roundTrip"), {
        bytes: 5 * 2 ** 20 + 7 + 4,
        sparse: true,
        packed: true,
        whole: true,
        quota: true,
        volumes: ["tools"],
      });
      for (const gzip of [false, true]) {
        const expected = { before: 0, little: true, opens: 0 };
        assert.deepEqual(await call("ahead", gzip), expected, `gzip ${gzip}`);
      }
      const codes = await call("broken");
      assert.deepEqual(codes, ["EBADMSG", "EBADMSG", "EBADMSG"]);
      const { code, lines, asked } = await call("space");
      assert.deepEqual([code, lines], [0, ["space done"]]);
      assert.ok(asked >= 4, `${asked} estimates`);
    },
  );
}
