/* Archives larger than memory: what is read waits until what was read before is
 * written, and whoever gives up in the middle leaves nothing open. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { copyTree } from "../../js/fs/copy.js";
import { memory } from "../../js/fs/memory.js";
import { exportTar, importTar } from "../../js/fs/tar.js";
import { exportTree, importTree } from "../../js/fs/transfer.js";
import { delayed } from "../helpers/delayed.js";
import { fails } from "../helpers/fails.js";
import { Flow, LargeVolume, SinkVolume } from "../helpers/large.js";
import { bytes, inPieces, whole } from "../helpers/tar.js";
import { VolumeTool, pattern } from "../helpers/volume.js";

const MEBIBYTE = 2 ** 20;
const PIECE_BYTES = 65_536;

const soon = () => Promise.resolve();
const turn = () => new Promise(setImmediate);

for (const [name, move] of [
  ["a copy", copyTree],
  ["tar", (from, to) => importTar(to, exportTar(from))],
]) {
  test(
    `${name} of 512 MiB holds a few pieces`,
    { timeout: 120_000 },
    async () => {
      const flow = new Flow();
      const sizeBytes = 512 * MEBIBYTE;
      await move(new LargeVolume(flow, sizeBytes), new SinkVolume(flow, soon));
      assert.equal(flow.writtenBytes, sizeBytes);
      assert.ok(flow.aheadBytes <= 2 * PIECE_BYTES, `${flow.aheadBytes}`);
      assert.ok(flow.heldBytes < 128 * MEBIBYTE, `${flow.heldBytes}`);
      assert.equal(flow.opened, 0);
    },
  );
}

test(
  "gzip both ways holds a few pieces more",
  { timeout: 120_000 },
  async () => {
    const flow = new Flow();
    const sizeBytes = 32 * MEBIBYTE;
    const packed = exportTar(new LargeVolume(flow, sizeBytes), "/", {
      gzip: true,
    });
    await importTar(new SinkVolume(flow, turn), packed, "/", { gzip: true });
    assert.equal(flow.writtenBytes, sizeBytes);
    assert.ok(flow.aheadBytes <= 2 * MEBIBYTE, `${flow.aheadBytes}`);
    assert.equal(flow.opened, 0);
  },
);

test("what packs a thousand times is unpacked in parts", async () => {
  const fs = new VolumeTool(memory());
  const file = await fs.open(await fs.create(fs.root, "zeros"));
  await fs.resize(file, 64 * MEBIBYTE);
  const packed = await whole(exportTar(fs.volume, "/", { gzip: true }));
  assert.ok(packed.length < MEBIBYTE / 8, `${packed.length}`);
  const to = memory();
  await importTar(to, packed, "/", { gzip: true });
  assert.equal((await exportTree(to)).zeros.length, 64 * MEBIBYTE);
  // And what is not there takes no room.
  assert.ok(to.usage().usedBytes < 10_000, `${to.usage().usedBytes}`);
});

test("gzip goes out and in, and what is none is EBADMSG", async () => {
  const volume = memory();
  const tree = { a: pattern(200_000), d: { b: bytes("text") } };
  await importTree(volume, tree);
  const packed = await whole(exportTar(volume, "/", { gzip: true }));
  const plain = await whole(
    new Response(packed).body.pipeThrough(new DecompressionStream("gzip")),
  );
  assert.deepEqual(plain, await whole(exportTar(volume)));
  for (const size of [100_000, 1000, 7]) {
    const to = memory();
    await importTar(to, inPieces(packed, size), "/in", { gzip: true });
    assert.deepEqual(await exportTree(to), { in: tree });
  }
  const broken = packed.slice();
  const half = packed.length >> 1;
  broken[half] ^= 1;
  const badSum = packed.slice();
  badSum[packed.length - 8] ^= 1;
  for (const [source, code] of [
    [plain, "EBADMSG"],
    [packed.slice(0, half), "EBADMSG"],
    [packed.slice(0, -1), "EBADMSG"],
    [broken, "EBADMSG"],
    [badSum, "EBADMSG"],
    [new Uint8Array(0), "EBADMSG"],
    [inPieces("text", 2), "EINVAL"],
  ]) {
    await assert.rejects(
      importTar(memory(), source, "/", { gzip: true }),
      fails(code, /tar/),
    );
  }
  async function* failing() {
    yield packed.subarray(0, half);
    throw new TypeError("connection lost");
  }
  const to = memory();
  await assert.rejects(
    importTar(to, failing(), "/", { gzip: true }),
    fails("EIO", /connection lost/),
  );
  assert.deepEqual(await exportTree(to), {});
});

for (const gzip of [false, true]) {
  const how = gzip ? "compressed" : "plain";

  test(`${how}: an export that is left at any time closes its files`, async () => {
    const from = memory();
    await importTree(from, { a: { b: pattern(150_000) }, c: "1" });
    let most = 0;
    for (let steps = 0, done = false; !done; steps++) {
      const volume = delayed(from);
      volume.hold();
      const reader = exportTar(volume, "/", { gzip }).getReader();
      assert.deepEqual(volume.log, [], "nothing is read before it is wanted");
      let ended = false;
      const all = (async () => {
        while (!(await reader.read()).done);
        ended = true;
      })();
      for (let step = 0; step < steps; step++) {
        await turn();
        volume.step();
      }
      done = ended;
      most = Math.max(most, volume.opened);
      const left = reader.cancel("enough");
      volume.release();
      await left;
      await all;
      assert.equal(volume.opened, 0, `after ${steps} steps`);
    }
    assert.equal(most, 1, "in some of them a file was open");
  });

  test(`${how}: an import that is aborted lets go of everything`, async () => {
    const from = memory();
    await importTree(from, { a: { b: pattern(150_000) }, c: "1" });
    const packed = await whole(exportTar(from, "/", { gzip }));
    for (let steps = 0, done = false; !done; steps += 1) {
      const volume = delayed(memory());
      volume.hold();
      const controller = new AbortController();
      const { signal } = controller;
      let cancelled = false;
      let at = 0;
      const source = new ReadableStream({
        async pull(sender) {
          await turn();
          if (at >= packed.length) sender.close();
          else sender.enqueue(packed.slice(at, at + 30_000));
          at += 30_000;
        },
        cancel() {
          cancelled = true;
        },
      });
      const options = { gzip, signal };
      const ended = importTar(volume, source, "/", options).then(
        () => "done",
        (error) => error,
      );
      for (let step = 0; step < steps; step++) {
        await turn();
        volume.step();
      }
      controller.abort();
      volume.release();
      const outcome = await ended;
      await turn();
      done = outcome === "done";
      assert.equal(volume.opened, 0, `after ${steps} steps`);
      if (!done) {
        assert.equal(outcome.code, "ECANCELED", String(outcome));
        assert.ok(cancelled || at > packed.length, "the source is cancelled");
        const { a } = await exportTree(volume);
        assert.ok([undefined, 150_000].includes(a?.b?.length));
      }
    }
  });
}

test("an import whose source says nothing more is left by the signal", async () => {
  let cancelled = false;
  const never = new ReadableStream({
    cancel() {
      cancelled = true;
    },
  });
  async function* generator() {
    await new Promise(() => {});
    yield bytes("never");
  }
  for (const [source, gzip] of [
    [never, false],
    [generator(), false],
    [generator(), true],
  ]) {
    const controller = new AbortController();
    const { signal } = controller;
    const imported = importTar(memory(), source, "/", { gzip, signal });
    await turn();
    controller.abort();
    await assert.rejects(imported, fails("ECANCELED", /aborted/));
  }
  assert.ok(cancelled);
});

test("an import of all or nothing is seen when it is whole", async () => {
  const from = memory();
  await importTree(from, { a: pattern(100_000), d: { b: bytes("text") } });
  const packed = await whole(exportTar(from));
  const to = memory();
  await importTar(to, packed, "/lib/new", { atomic: true });
  const tree = await exportTree(from);
  assert.deepEqual(await exportTree(to), { lib: { new: tree } });
  await assert.rejects(
    importTar(to, packed, "/lib/new", { atomic: true }),
    fails("ENOTEMPTY", /\/lib\/new/),
  );
  await assert.rejects(
    importTar(to, packed.slice(0, 102_000), "/lib/other", { atomic: true }),
    fails("EBADMSG", /end mark/),
  );
  assert.deepEqual(await exportTree(to), { lib: { new: tree } });
});
