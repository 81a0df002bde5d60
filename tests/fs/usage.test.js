/* What a volume says it has taken, and what there is room for. */
import assert from "node:assert/strict";
import { statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ERRNO } from "../../js/errors.js";
import { memory } from "../../js/fs/memory.js";
import { RootVolume } from "../../js/fs/root.js";
import { Volume } from "../../js/fs/volume.js";
import { setUp } from "../helpers/node-volume.js";
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
