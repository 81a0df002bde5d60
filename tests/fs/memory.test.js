/* The volume in memory: all that volumes do, at once, and what it does about
 * memory itself. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { GossamerError } from "../../js/errors.js";
import { memory } from "../../js/fs/memory.js";
import { MAX_SIZE_BYTES } from "../../js/fs/volume.js";
import { VolumeTool, pattern, sameBytes, textOf } from "../helpers/volume.js";
import { volumeCases } from "./cases.js";
import { volumePrograms } from "./program.js";

const MEBIBYTE = 2 ** 20;

/** That no operation waits: a Promise in an answer is a failure. */
function atOnce(volume) {
  return new Proxy(volume, {
    get(target, key) {
      const value = Reflect.get(target, key, target);
      if (typeof value !== "function") return value;
      return (...args) => {
        const answer = value.apply(target, args);
        if (answer instanceof Promise) throw new Error(`${String(key)} waits`);
        return answer;
      };
    },
  });
}

const subject = {
  name: "memory",
  create: () => atOnce(memory()),
  features: {
    write: true,
    readOnly: false,
    list: true,
    hardLinks: true,
    symlinks: true,
    keepsOpen: true,
    sparse: true,
    times: true,
    directoryLinks: true,
    allocate: true,
    limited: (limitBytes) => memory({ limitBytes }),
  },
};

volumeCases(subject);

volumePrograms(subject, {
  programs: 60,
  steps: 400,
  async check({ volume }) {
    // What is taken is taken by what is there: without it nothing is left.
    const remove = (directory) => {
      for (const { name } of volume.list(directory)) {
        const node = volume.lookup(directory, name);
        if (volume.unlink(directory, name) === 0) continue;
        remove(node);
        assert.equal(volume.removeDirectory(directory, name), 0);
      }
    };
    remove(volume.root);
    assert.equal(volume.usage().usedBytes, 0);
    assert.equal(volume.usage().nodes, 1);
  },
});

/** A file of a fresh volume, open. */
async function setUp(options) {
  const volume = memory(options);
  const fs = new VolumeTool(volume);
  const node = await fs.create(fs.root, "file");
  const file = await fs.open(node);
  const emptyBytes = volume.usage().usedBytes;
  const taken = () => volume.usage().usedBytes - emptyBytes;
  return { volume, fs, node, file, taken };
}

/** Counts the bytes that are allocated while `run` runs. */
async function allocated(t, run) {
  const Real = globalThis.Uint8Array;
  let total = 0;
  globalThis.Uint8Array = new Proxy(Real, {
    construct(target, args) {
      if (typeof args[0] === "number") total += args[0];
      return new target(...args);
    },
  });
  try {
    await run();
  } finally {
    globalThis.Uint8Array = Real;
  }
  return total;
}

/** Lets no array of more than so many bytes be made until the test ends. */
function noMemoryFrom(t, limitBytes) {
  const Real = globalThis.Uint8Array;
  t.after(() => {
    globalThis.Uint8Array = Real;
  });
  globalThis.Uint8Array = new Proxy(Real, {
    construct(target, args) {
      if (args[0] >= limitBytes) {
        throw new RangeError("Array buffer allocation failed");
      }
      return new target(...args);
    },
  });
}

test("memory: a hole takes nothing", async () => {
  const { fs, file, taken } = await setUp();
  await fs.resize(file, 2 ** 52);
  assert.equal(taken(), 0);
  await fs.write(file, 2 ** 51, "x");
  assert.ok(taken() <= 65_536, `${taken()} bytes for one`);
  await fs.write(file, 2 ** 52 - 65_536, "x");
  assert.ok(taken() <= 131_072, `${taken()} bytes for two`);
  await fs.resize(file, 0);
  assert.equal(taken(), 0);
});

test("memory: a hole that is filled up to what lay beyond it", async () => {
  const { fs, file, taken } = await setUp();
  const far = 2000 * 65_536;
  await fs.write(file, far, "far");
  for (let at = 0; at < far; at += 512 * 65_536) await fs.write(file, at, "x");
  await fs.write(file, far - 65_536, "x");
  await fs.write(file, far + 3, pattern(1000));
  sameBytes(await fs.read(file, far + 3, 1000), pattern(1000));
  assert.equal(textOf(await fs.read(file, far, 3)), "far");
  await fs.resize(file, 0);
  assert.equal(taken(), 0);
});

test("memory: blocks far apart are given back as the file is cut", async () => {
  const { volume, fs, file, taken } = await setUp();
  const count = 2000;
  const place = (index) => 2 ** 40 + ((index * 7919) % count) * 65_536 * 3;
  const byte = pattern(1, 9);
  for (let round = 0; round < 2; round++) {
    for (let index = 0; index < count; index++) {
      assert.equal(volume.write(file, place(index), byte, 0, 1), 1);
    }
    assert.equal(taken(), count * 64);
    for (let left = count - 1; left >= count / 2; left--) {
      await fs.resize(file, 2 ** 40 + left * 65_536 * 3);
      assert.equal(taken(), left * 64);
    }
  }
  sameBytes(await fs.read(file, 2 ** 40, 2), new Uint8Array([byte[0], 0]));
  await fs.resize(file, 1);
  assert.equal(taken(), 0);
});

test("memory: a small file takes little, a large one hardly more than it has", async () => {
  for (const [size, most] of [
    [1, 64],
    [100, 256],
    [5000, 10_000],
    [70_000, 131_072],
    [10 * MEBIBYTE, 10.1 * MEBIBYTE],
  ]) {
    const { fs, file, taken } = await setUp();
    await fs.write(file, 0, pattern(size));
    assert.ok(taken() >= size && taken() <= most, `${size}: ${taken()}`);
  }
});

test("memory: growing byte by byte copies each byte about twice", async (t) => {
  const size = 300_000;
  const { file, volume } = await setUp();
  const byte = new Uint8Array(1);
  const total = await allocated(t, () => {
    for (let at = 0; at < size; at++) {
      assert.equal(volume.write(file, at, byte, 0, 1), 1);
    }
  });
  assert.ok(total >= size && total < 2 * size, `${total} bytes were made`);
});

test("memory: what was cut off is given back", async () => {
  const { fs, file, taken } = await setUp();
  await fs.write(file, 0, pattern(MEBIBYTE));
  await fs.resize(file, 65_536 + 10);
  assert.ok(taken() <= 65_536 + 1000, `${taken()} bytes are kept`);
  sameBytes(await fs.read(file, 0, 70_000), pattern(65_546));
  await fs.resize(file, 0);
  assert.equal(taken(), 0);
});

test("memory: an unlinked file is given back with its last close", async () => {
  const { volume, fs, node, file } = await setUp();
  const other = await fs.open(node);
  await fs.write(file, 0, pattern(MEBIBYTE));
  await fs.unlink(fs.root, "file");
  await fs.close(other);
  assert.ok(volume.usage().usedBytes > MEBIBYTE);
  assert.equal(volume.usage().nodes, 2);
  await fs.close(file);
  assert.deepEqual([volume.usage().usedBytes, volume.usage().nodes], [0, 1]);
  await fs.refuses(
    volume.openNode(node, { read: true, write: true }),
    "ENOENT",
  );
});

test("memory: a replaced file is given back", async () => {
  const { volume, fs, file } = await setUp();
  await fs.write(file, 0, pattern(MEBIBYTE));
  await fs.close(file);
  await fs.create(fs.root, "other");
  await fs.rename(fs.root, "other", fs.root, "file");
  assert.ok(volume.usage().usedBytes < 1000);
  assert.equal(volume.usage().nodes, 2);
});

test("memory: the limit is kept to the byte, what fits is written", async () => {
  const { volume, fs, file } = await setUp({ limitBytes: 100_000 });
  const data = pattern(200_000);
  const room = 100_000 - volume.usage().usedBytes;
  assert.equal(volume.write(file, 0, data, 0, 200_000), 65_536);
  const rest = room - 65_536;
  assert.equal(volume.write(file, 65_536, data, 65_536, rest), rest);
  assert.equal(volume.usage().usedBytes, 100_000);
  await fs.refuses(volume.write(file, room, data, 0, 1), "ENOSPC");
  sameBytes(await fs.read(file, 0, 100_000), pattern(room));
  assert.equal(volume.write(file, 0, data, 0, room), room);
});

test("memory: names and empty files count, so that they are not endless", async () => {
  const volume = memory({ limitBytes: 100_000 });
  let made = 0;
  while (typeof volume.create(volume.root, `file-${made}`) !== "number") {
    made++;
    assert.ok(made < 2000, "no end of files");
  }
  assert.ok(made > 100, `${made} files in 100 000 bytes`);
  const fs = new VolumeTool(volume);
  const { root } = volume;
  await fs.refuses(volume.makeDirectory(root, "d"), "ENOSPC");
  await fs.refuses(volume.symlink(root, "s", "target"), "ENOSPC");
  const first = volume.lookup(root, "file-0");
  await fs.refuses(volume.link(first, root, "x".repeat(200)), "ENOSPC");
  assert.equal(volume.list(root).length, made);
  assert.equal((await fs.stat(first)).links, 1);
  const longer = "x".repeat(200);
  await fs.refuses(volume.rename(root, "file-0", root, longer), "ENOSPC");
  assert.equal(volume.unlink(root, "file-0"), 0);
  assert.equal(volume.rename(root, "file-1", root, "file-2"), 0);
});

test("memory: no memory is a full disk, and nothing is lost", async (t) => {
  const { volume, fs, file, taken } = await setUp();
  await fs.write(file, 0, pattern(65_536));
  const before = taken();
  const data = pattern(200_000);
  noMemoryFrom(t, 1024);
  await fs.refuses(volume.write(file, 65_536, data, 65_536, 5000), "ENOSPC");
  await fs.refuses(volume.allocate(file, 0, 10_000_000), "ENOSPC");
  assert.equal(taken(), before);
  assert.equal(volume.size(file), 65_536);
  assert.equal(volume.write(file, 0, pattern(100, 5), 0, 100), 100);
  assert.equal(volume.write(file, 65_536, data, 0, 100), 100);
  assert.equal(volume.resize(file, 1), 0);
  const small = volume.create(volume.root, "small");
  assert.equal(volume.write(volume.openNode(small, {}), 0, data, 0, 500), 500);
});

test("memory: a directory that can have no more names is a full disk", async (t) => {
  const { volume, fs } = await setUp();
  const before = volume.usage();
  t.mock.method(Map.prototype, "set", () => {
    throw new RangeError("Map maximum size exceeded");
  });
  const answers = [
    volume.create(volume.root, "a"),
    volume.makeDirectory(volume.root, "b"),
    volume.symlink(volume.root, "c", "d"),
    volume.link(volume.lookup(volume.root, "file"), volume.root, "e"),
    volume.rename(volume.root, "file", volume.root, "f"),
  ];
  t.mock.restoreAll();
  for (const answer of answers) await fs.refuses(answer, "ENOSPC");
  assert.deepEqual(volume.usage(), before);
  assert.deepEqual(await fs.names(fs.root), ["file"]);
});

test("memory: allocate makes room that writing then finds", async () => {
  const { volume, fs, file } = await setUp({ limitBytes: 4 * MEBIBYTE });
  assert.equal(volume.allocate(file, MEBIBYTE, MEBIBYTE), 0);
  const { usedBytes } = volume.usage();
  assert.ok(usedBytes >= MEBIBYTE && usedBytes < 1.1 * MEBIBYTE);
  await fs.write(file, MEBIBYTE, pattern(MEBIBYTE));
  assert.equal(volume.usage().usedBytes, usedBytes);
  const data = pattern(65_536);
  await fs.write(file, 2.5 * MEBIBYTE, data);
  const withMore = volume.usage().usedBytes;
  // Too much by a little: what was made for it is given back.
  await fs.refuses(volume.allocate(file, 0, 4 * MEBIBYTE), "ENOSPC");
  assert.equal(volume.usage().usedBytes, withMore);
  sameBytes(await fs.read(file, 2.5 * MEBIBYTE, 65_536), data);
});

test("memory: what cannot fit is refused before memory is asked for", async (t) => {
  const { volume, fs, file } = await setUp({ limitBytes: 4 * MEBIBYTE });
  const asked = await allocated(t, () =>
    fs.refuses(volume.allocate(file, 0, 2 ** 50), "ENOSPC"),
  );
  assert.equal(asked, 0);
});

test("memory: the block at the largest size ends there", async () => {
  const { fs, file, taken } = await setUp();
  await fs.write(file, MAX_SIZE_BYTES - 65_000, pattern(65_000));
  assert.ok(taken() < 65_536, `${taken()} bytes`);
  const bytes = new Uint8Array(2);
  const last = MAX_SIZE_BYTES - 1;
  assert.equal(fs.volume.write(file, last, bytes, 0, 2), 1);
  assert.equal(fs.volume.size(file), MAX_SIZE_BYTES);
});

test("memory: atime moves with the first read after a change", async (t) => {
  t.mock.timers.enable({ apis: ["Date"], now: 1_000_000 });
  const { fs, node, file } = await setUp();
  const atime = async () => (await fs.stat(node)).atimeNs / 1_000_000n;
  await fs.write(file, 0, "text");
  t.mock.timers.setTime(1_000_005);
  assert.equal(textOf(await fs.read(file, 0, 4)), "text");
  assert.equal(await atime(), 1_000_005n);
  t.mock.timers.setTime(1_000_009);
  await fs.read(file, 0, 4);
  assert.equal(await atime(), 1_000_005n);
  await fs.write(file, 0, "T");
  await fs.read(file, 0, 4);
  assert.equal(await atime(), 1_000_009n);
});

test("memory: mtime is when it was written, not when it was asked for", async (t) => {
  t.mock.timers.enable({ apis: ["Date"], now: 1_000_000 });
  const { fs, node, file } = await setUp();
  t.mock.timers.setTime(2_000_000);
  await fs.write(file, 0, "text");
  t.mock.timers.setTime(3_000_000);
  const stat = await fs.stat(node);
  assert.equal(stat.mtimeNs, 2_000_000_000_000n);
  assert.equal(stat.ctimeNs, 2_000_000_000_000n);
  await fs.setTimes(node, 5n, null);
  assert.equal((await fs.stat(node)).mtimeNs, 2_000_000_000_000n);
  assert.equal((await fs.stat(node)).ctimeNs, 3_000_000_000_000n);
});

test("memory: names that come and go move ctime, allocate moves mtime", async (t) => {
  t.mock.timers.enable({ apis: ["Date"], now: 1_000_000 });
  const { fs, node, file } = await setUp();
  const d = await fs.makeDirectory(fs.root, "d");
  await fs.create(d, "old");
  let nowMs = 1_000_000;
  const after = async (change, one) => {
    nowMs += 10;
    t.mock.timers.setTime(nowMs);
    await change();
    const { ctimeNs, mtimeNs } = await fs.stat(one);
    return [ctimeNs, mtimeNs].map((ns) => Number(ns / 1_000_000n) === nowMs);
  };
  const link = () => fs.link(node, fs.root, "b");
  const unlink = () => fs.unlink(fs.root, "b");
  const replace = () => fs.rename(fs.root, "file", d, "old");
  assert.deepEqual(await after(link, node), [true, false]);
  assert.deepEqual(await after(unlink, node), [true, false]);
  assert.deepEqual(await after(replace, d), [true, true]);
  const inside = () => fs.allocate(file, 0, 10);
  assert.deepEqual(await after(inside, node), [true, true]);
});

test("memory: options that make no sense are refused", () => {
  for (const limitBytes of [-1, NaN, "1", null, 1n]) {
    assert.throws(
      () => memory({ limitBytes }),
      (error) =>
        error instanceof GossamerError &&
        error.code === "EINVAL" &&
        /limitBytes/.test(error.message),
    );
  }
  assert.equal(memory({ limitBytes: Infinity }).usage().limitBytes, Infinity);
});
