/* fd_readdir: order, cookies, buffers that end anywhere, and a directory that
 * changes while it is read. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { memory } from "../../js/fs/memory.js";
import { TYPE } from "../../js/fs/volume.js";
import { OFLAGS, RIGHTS } from "../../js/wasi/abi.js";
import { delayed } from "../helpers/delayed.js";
import { RESULT, wasiRig } from "../helpers/wasi.js";

const BUFFER = 65_536;
const DIRECTORY = {
  oflags: OFLAGS.DIRECTORY,
  base: BigInt(2 ** 28 - 1) & ~BigInt(RIGHTS.FD_WRITE),
  inheriting: BigInt(2 ** 28 - 1),
};
const names = ({ entries }) => entries.map(({ name }) => name);

for (const [how, wrap] of [
  ["at once", (volume) => volume],
  ["later", (volume) => delayed(volume)],
]) {
  const setUp = async () => {
    const volume = wrap(memory());
    const rig = await wasiRig({ "/": volume });
    await rig.call("path_create_directory", 3, "dir");
    const fd = await rig.open("dir", DIRECTORY);
    /** Reads all from a cookie on, as libraries do. */
    const all = async (bytes, cookie = 0n) => {
      const entries = [];
      for (;;) {
        const part = await rig.readdir(fd, cookie, bytes);
        entries.push(...part.entries);
        if (part.used < bytes) return entries;
        const last = part.entries.at(-1);
        assert.ok(last, "the buffer has no room for one entry");
        cookie = last.next;
      }
    };
    return { ...rig, all, fd, volume };
  };
  const works = (name, body) => test(`${name} (answers ${how})`, body);

  works("an empty directory has itself and the one above", async () => {
    const { fd, readdir, stat } = await setUp();
    const { entries, used } = await readdir(fd, 0n);
    assert.deepEqual(entries, [
      { next: 1n, ino: (await stat("dir")).ino, type: 3, name: "." },
      { next: 2n, ino: (await stat(".")).ino, type: 3, name: ".." },
    ]);
    assert.equal(used, 24 + 1 + 24 + 2);
  });

  works("entries tell what stat tells", async () => {
    const { call, fd, open, put, readdir, stat } = await setUp();
    await put("dir/file");
    await put("dir/日本");
    await call("path_create_directory", 3, "dir/sub");
    await call("path_symlink", "x", 3, "dir/link");
    const { entries } = await readdir(fd, 0n);
    assert.deepEqual(
      new Set(entries.map(({ name }) => name)),
      new Set([".", "..", "file", "日本", "sub", "link"]),
    );
    for (const { name, ino, type } of entries.slice(2)) {
      const { ino: ownIno, type: ownType } = await stat(`dir/${name}`);
      assert.deepEqual([ino, type], [ownIno, ownType], name);
    }
    // What is above: from a path through it, from itself, and at the root.
    const sub = await open("dir/sub", DIRECTORY);
    const again = await open(".", { ...DIRECTORY, at: sub });
    const back = await open("dir/sub/..", DIRECTORY);
    await call("path_create_directory", 3, "dir/sub/deep");
    const deep = await open("dir/sub/deep/..", DIRECTORY);
    const dir = (await stat("dir")).ino;
    const root = (await stat(".")).ino;
    for (const [at, own, above] of [
      [sub, (await stat("dir/sub")).ino, dir],
      [again, (await stat("dir/sub")).ino, dir],
      [back, dir, root],
      [deep, (await stat("dir/sub")).ino, dir],
      [3, root, root],
    ]) {
      const [first, second] = (await readdir(at, 0n)).entries;
      assert.deepEqual([first.ino, second.ino], [own, above]);
    }
  });

  works("a buffer of any size is filled, and no byte after it", async () => {
    const { fd, put, readdir, view, wasm } = await setUp();
    for (const name of ["a", "→𝄞", "long name"]) await put(`dir/${name}`);
    const whole = await readdir(fd, 0n);
    const bytes = new Uint8Array(
      wasm.buffer.slice(BUFFER, BUFFER + whole.used),
    );
    assert.equal(whole.used, 5 * 24 + 1 + 2 + 1 + 7 + 9);
    for (let size = 0; size <= whole.used + 1; size++) {
      new Uint8Array(wasm.buffer, BUFFER, 512).fill(0xa5);
      const { used } = await readdir(fd, 1n, size);
      const first = 25;
      const expected = Math.min(size, whole.used - first);
      assert.equal(used, expected, `${size}`);
      const got = new Uint8Array(wasm.buffer, BUFFER, 512);
      assert.deepEqual(got.slice(0, used), bytes.slice(first, first + used));
      assert.ok(
        got.slice(size).every((byte) => byte === 0xa5),
        `written after a buffer of ${size}`,
      );
    }
    assert.equal(view().getUint32(RESULT, true), whole.used - 25);
  });

  works("small buffers read all, by the cookie of the last entry", async () => {
    const { all, put } = await setUp();
    const made = Array.from({ length: 50 }, (_, i) => `file-${i}`);
    for (const name of made) await put(`dir/${name}`);
    for (const bytes of [32, 64, 100, 256, 4096]) {
      const read = await all(bytes);
      assert.deepEqual(
        read.map(({ name }) => name),
        [".", "..", ...made],
      );
      const cookies = read.map(({ next }) => next);
      assert.equal(new Set(cookies).size, 52);
    }
    const [, second] = await all(4096);
    const rest = await all(64, second.next);
    assert.equal(rest.length, 50);
  });

  works("what changes while it is read neither hides nor repeats", async () => {
    const { all, call, fd, put, readdir } = await setUp();
    const made = Array.from({ length: 10 }, (_, i) => `file-${i}`);
    for (const name of made) await put(`dir/${name}`);
    const first = await readdir(fd, 0n, 128);
    const { next } = first.entries.at(-1);
    for (const name of made.slice(0, 5)) {
      await call("path_unlink_file", 3, `dir/${name}`);
    }
    await put("dir/new");
    const rest = (await all(4096, next)).map(({ name }) => name);
    assert.deepEqual([...names(first), ...rest], [".", "..", ...made]);
    // From the beginning, it is as it is now.
    const now = names(await readdir(fd, 0n));
    assert.deepEqual(now, [".", "..", ...made.slice(5), "new"]);
  });

  works("a cookie of nothing ends; one of another list goes on", async () => {
    const { fd, open, put, readdir } = await setUp();
    for (const name of ["a", "b", "c"]) await put(`dir/${name}`);
    for (const cookie of [5n, 6n, 1n << 40n, 1n << 63n, -1n]) {
      assert.equal((await readdir(fd, cookie)).used, 0, `${cookie}`);
    }
    const other = await open("dir", DIRECTORY);
    assert.deepEqual(names(await readdir(other, 3n)), ["b", "c"]);
    assert.deepEqual(names(await readdir(fd, 4n)), ["c"]);
  });

  works("descriptors of one directory are read by themselves", async () => {
    const { call, fd, open, put, readdir } = await setUp();
    await put("dir/a");
    const other = await open("dir", DIRECTORY);
    await readdir(fd, 0n);
    await put("dir/b");
    assert.deepEqual(names(await readdir(other, 0n)), [".", "..", "a", "b"]);
    assert.deepEqual(names(await readdir(fd, 2n)), ["a"]);
    // A removed one is empty, and still itself.
    await call("path_unlink_file", 3, "dir/a");
    await call("path_unlink_file", 3, "dir/b");
    await call("path_remove_directory", 3, "dir");
    assert.deepEqual(names(await readdir(fd, 0n)), [".", ".."]);
  });

  works("what fd_readdir refuses", async () => {
    const { call, open, put, size } = await setUp();
    await put("file");
    const file = await open("file");
    const blind = await open("dir", {
      base: BigInt(RIGHTS.PATH_OPEN),
      oflags: OFLAGS.DIRECTORY,
    });
    for (const [result, ...args] of [
      ["EBADF", 99, BUFFER, 64, 0n, RESULT],
      ["ENOTDIR", 0, BUFFER, 64, 0n, RESULT],
      ["ENOTDIR", file, BUFFER, 64, 0n, RESULT],
      ["ENOTCAPABLE", blind, BUFFER, 64, 0n, RESULT],
      ["EFAULT", 3, size - 63, 64, 0n, RESULT],
      ["EFAULT", 3, BUFFER, -1, 0n, RESULT],
      ["EFAULT", 3, -64, 64, 0n, RESULT],
      ["EFAULT", 3, BUFFER, 64, 0n, size - 3],
      ["EFAULT", 3, BUFFER, 64, 0n, -4],
      ["ok", 3, size - 64, 64, 0n, RESULT],
      ["ok", 3, size, 0, 0n, RESULT],
    ]) {
      assert.equal(await call("fd_readdir", ...args), result, `${args}`);
    }
  });
}

test("10 000 entries are listed once, not once a call", async () => {
  const volume = memory();
  for (let i = 0; i < 10_000; i++) volume.create(volume.root, `file-${i}`);
  let lists = 0;
  const list = volume.list.bind(volume);
  volume.list = (directory) => {
    lists++;
    return list(directory);
  };
  const { readdir } = await wasiRig({ "/": volume });
  const seen = new Set();
  let cookie = 0n;
  for (;;) {
    const { entries, used } = await readdir(3, cookie, 1024);
    for (const { name } of entries) seen.add(name);
    if (used < 1024) break;
    cookie = entries.at(-1).next;
  }
  assert.equal(seen.size, 10_002);
  assert.equal(lists, 1);
});

test("a listing that is given up writes nothing and keeps nothing", async () => {
  const volume = delayed(memory());
  const rig = await wasiRig({ "/": volume });
  const { begin, context, named, readdir, wasm } = rig;
  await readdir(3, 0n);
  const { entries } = context.descriptors.get(3);
  await rig.put("file");
  new Uint8Array(wasm.buffer, BUFFER, 512).fill(0xa5);
  volume.hold();
  const answer = begin("fd_readdir", 3, BUFFER, 512, 0n, RESULT);
  context.waits.last.cancel();
  volume.release();
  assert.equal(named(await answer), "ECANCELED");
  await new Promise(setImmediate);
  const bytes = new Uint8Array(wasm.buffer, BUFFER, 512);
  assert.ok(bytes.every((byte) => byte === 0xa5));
  assert.equal(context.descriptors.get(3).entries, entries);
});

test("what a volume cannot list says why", async () => {
  const volume = memory();
  volume.list = () => -29;
  const { call } = await wasiRig({ "/": volume });
  assert.equal(await call("fd_readdir", 3, BUFFER, 64, 0n, RESULT), "EIO");
});

test("types are those of the entries", async () => {
  const volume = memory();
  volume.list = () => [{ name: "tty", ino: 9n, type: TYPE.CHARACTER_DEVICE }];
  const { readdir } = await wasiRig({ "/": volume });
  const { entries } = await readdir(3, 2n);
  assert.deepEqual(entries, [{ next: 3n, ino: 9n, type: 2, name: "tty" }]);
});
