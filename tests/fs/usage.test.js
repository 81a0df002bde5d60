/* What a volume says it has taken, and what there is room for. */
import assert from "node:assert/strict";
import { statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ERRNO } from "../../js/errors.js";
import { memory } from "../../js/fs/memory.js";
import { RootVolume } from "../../js/fs/root.js";
import { spaceOf } from "../../js/fs/space.js";
import { MAX_SIZE_BYTES, Volume } from "../../js/fs/volume.js";
import { Lookups } from "../../js/wasi/lookup.js";
import { spaceImports } from "../../js/wasi/space.js";
import { setUp } from "../helpers/node-volume.js";
import { AT, now, streamRig } from "../helpers/streamed.js";
import { VolumeTool } from "../helpers/volume.js";

test("a volume that knows nothing of it answers ENOTSUP", () => {
  const volume = new Volume();
  assert.equal(volume.usage(), -ERRNO.ENOTSUP);
  assert.equal(volume.estimate(), -ERRNO.ENOTSUP);
});

test("memory: what is left can be written, and no more", async () => {
  const volume = memory({ limitBytes: 100_000 });
  const fs = new VolumeTool(volume);
  const file = await fs.open(await fs.create(fs.root, "file"));
  await fs.write(file, 0, new Uint8Array(5000).fill(1));
  const { usedBytes, limitBytes, nodes } = volume.usage();
  assert.deepEqual([limitBytes, nodes], [100_000, 2]);
  const room = Math.floor((limitBytes - usedBytes) / 4096) * 4096;
  await fs.write(file, 8192, new Uint8Array(room).fill(1));
  await fs.refuses(
    volume.write(file, 8192 + room, new Uint8Array(4096), 0, 4096),
    "ENOSPC",
  );
});

test("node: the host's file system", (t) => {
  const { inside, volume } = setUp(t);
  const system = statfsSync(inside);
  const { usedBytes, limitBytes, nodes } = volume.usage();
  // Others write to it, too: by how much it may have changed is a guess.
  const aboutBytes = 2 ** 30;
  const used = (system.blocks - system.bfree) * system.bsize;
  assert.ok(Math.abs(usedBytes - used) < aboutBytes);
  const free = system.bavail * system.bsize;
  assert.ok(Math.abs(limitBytes - usedBytes - free) < aboutBytes);
  assert.ok(nodes >= 0 && Number.isInteger(nodes));
  writeFileSync(join(inside, "file"), "still open");
  volume.close();
  assert.equal(volume.usage(), -ERRNO.EBADF);
});

test("the root above mounts has its directories and no room", async () => {
  const volume = new RootVolume();
  await volume.makeDirectory(volume.root, "data");
  const expected = { usedBytes: 0, limitBytes: 0, nodes: 2 };
  assert.deepEqual(volume.usage(), expected);
});

for (const [how, later] of [
  ["at once", (/** @type {any} */ answer) => answer],
  ["later", (/** @type {any} */ answer) => Promise.resolve(answer)],
]) {
  test(`room is what both the volume and its origin have left, ${how}`, async () => {
    const usage = { usedBytes: 100, limitBytes: 1000, nodes: 3 };
    const endless = { ...usage, limitBytes: Infinity };
    const known = { totalBytes: 1000, freeBytes: 900, nodes: 3 };
    const most = MAX_SIZE_BYTES;
    for (const [own, estimate, expected] of [
      [usage, -ERRNO.ENOTSUP, known],
      [usage, { usageBytes: 1, quotaBytes: 10_000 }, known],
      [
        usage,
        { usageBytes: 50, quotaBytes: 100 },
        { totalBytes: 150, freeBytes: 50, nodes: 3 },
      ],
      [
        usage,
        { usageBytes: 200, quotaBytes: 100 },
        { totalBytes: 100, freeBytes: 0, nodes: 3 },
      ],
      [
        endless,
        { usageBytes: 50, quotaBytes: 100 },
        { totalBytes: 150, freeBytes: 50, nodes: 3 },
      ],
      [
        endless,
        -ERRNO.ENOTSUP,
        { totalBytes: most, freeBytes: most - 100, nodes: 3 },
      ],
      [usage, -ERRNO.EIO, -ERRNO.EIO],
      [-ERRNO.ENOTSUP, -ERRNO.EIO, -ERRNO.ENOTSUP],
    ]) {
      const volume = new Volume();
      volume.usage = () => later(own);
      volume.estimate = () => later(estimate);
      const space = spaceOf(volume);
      assert.equal(space instanceof Promise, how === "later");
      assert.deepEqual(await space, expected);
    }
  });
}

test("volume_space writes nothing where it must not", async () => {
  const rig = await streamRig();
  const { context } = rig;
  const { volume_space: ask } = spaceImports(context, new Lookups(context));
  const end = rig.wasm.buffer.byteLength;
  rig.bytes().set(new TextEncoder().encode("file"), AT.TEXT);
  const directory = [...Array(10).keys()].find(
    (fd) => context.descriptors.get(fd)?.kind === "directory",
  );
  const whole = () => rig.bytes().slice();
  const before = whole();
  for (const [fd, pointer, size, result, error] of [
    [directory, 0, 0, end - 39, "EFAULT"],
    [directory, 0, 0, -1, "EFAULT"],
    [directory, end - 2, 4, AT.RESULT, "EFAULT"],
    [directory, AT.TEXT, -1, AT.RESULT, "EFAULT"],
    [directory, AT.TEXT, 4, AT.RESULT, "ENOENT"],
    [99, 0, 0, AT.RESULT, "EBADF"],
    [99, AT.TEXT, 4, AT.RESULT, "EBADF"],
  ]) {
    assert.equal(now(ask(fd, pointer, size, result)), error);
    assert.deepEqual(whole(), before);
  }
  assert.equal(now(ask(directory, 0, 0, end - 40)), "ok");
  const view = rig.view();
  const number = (/** @type {number} */ index) =>
    view.getBigUint64(end - 40 + 8 * index, true);
  assert.equal(number(0), 2n ** 32n);
  assert.deepEqual([number(2), number(4)], [1n, 0n]);
  context.descriptors.get(directory).rights = 0;
  assert.equal(now(ask(directory, 0, 0, AT.RESULT)), "ENOTCAPABLE");
  assert.equal(now(ask(directory, AT.TEXT, 4, AT.RESULT)), "ENOTCAPABLE");
});
