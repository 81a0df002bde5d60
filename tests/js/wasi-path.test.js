/* The functions that change and tell names: every errno they have, on volumes
 * that answer at once and later, on read-only mounts, and given up halfway. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { memory } from "../../js/fs/memory.js";
import { TYPE } from "../../js/fs/volume.js";
import { FSTFLAGS, OFLAGS, RIGHTS } from "../../js/wasi/abi.js";
import { delayed } from "../helpers/delayed.js";
import { RESULT, wasiRig } from "../helpers/wasi.js";

const ALL = BigInt(2 ** 28 - 1) & ~BigInt(RIGHTS.FD_WRITE);
const DIRECTORY = { oflags: OFLAGS.DIRECTORY, base: ALL, inheriting: ALL };

const MKDIR = "path_create_directory";
const RMDIR = "path_remove_directory";
const UNLINK = "path_unlink_file";
const SET_TIMES = "path_filestat_set_times";
const { ATIM, ATIM_NOW, MTIM, MTIM_NOW } = FSTFLAGS;

for (const [how, wrap] of [
  ["at once", (volume) => volume],
  ["later", (volume) => delayed(volume)],
]) {
  /** A directory "dir" with "file" in it, "file", and a "link" to it. */
  const setUp = async () => {
    const rig = await wasiRig({ "/": wrap(memory()) });
    assert.equal(await rig.call(MKDIR, 3, "dir"), "ok");
    await rig.put("file", "top");
    await rig.put("dir/file", "in dir");
    assert.equal(await rig.call("path_symlink", "file", 3, "link"), "ok");
    assert.equal(await rig.call("path_symlink", "gone", 3, "dangling"), "ok");
    assert.equal(await rig.call("path_symlink", "dir", 3, "dirlink"), "ok");
    return rig;
  };
  const works = (name, body) => test(`${name} (answers ${how})`, body);

  works("path_create_directory", async () => {
    const { call, stat } = await setUp();
    for (const [path, result] of [
      ["new", "ok"],
      ["new/below", "ok"],
      ["slash/", "ok"],
      ["slashes///", "ok"],
      ["dirlink/sub", "ok"],
      ["new", "EEXIST"],
      ["dir/", "EEXIST"],
      ["file", "EEXIST"],
      ["link", "EEXIST"],
      ["dangling", "EEXIST"],
      ["dangling/", "EEXIST"],
      [".", "EEXIST"],
      ["dir/.", "EEXIST"],
      ["dir/..", "EEXIST"],
      ["none/new", "ENOENT"],
      ["none/.", "ENOENT"],
      ["file/new", "ENOTDIR"],
      ["link/new", "ENOTDIR"],
    ]) {
      assert.equal(await call(MKDIR, 3, path), result, path);
    }
    assert.equal((await stat("dir/sub")).type, TYPE.DIRECTORY);
    assert.equal((await stat("slashes")).type, TYPE.DIRECTORY);
  });

  works("path_remove_directory", async () => {
    const { call, stat } = await setUp();
    for (const path of ["empty", "slash", "dir/sub"]) {
      await call(MKDIR, 3, path);
    }
    for (const [path, result] of [
      ["empty", "ok"],
      ["empty", "ENOENT"],
      ["slash/", "ok"],
      ["dir", "ENOTEMPTY"],
      ["dir/", "ENOTEMPTY"],
      ["dir/sub/..", "ENOTEMPTY"],
      ["dir/sub/.", "EINVAL"],
      [".", "EINVAL"],
      ["./", "EINVAL"],
      ["dirlink/sub", "ok"],
      ["file", "ENOTDIR"],
      ["file/", "ENOTDIR"],
      ["link", "ENOTDIR"],
      ["dirlink", "ENOTDIR"],
      ["dirlink/", "ENOTDIR"],
      ["none", "ENOENT"],
      ["none/", "ENOENT"],
    ]) {
      assert.equal(await call(RMDIR, 3, path), result, path);
    }
    assert.equal((await stat("dir")).type, TYPE.DIRECTORY);
  });

  works("path_unlink_file", async () => {
    const { call, stat, text } = await setUp();
    for (const [path, result] of [
      ["dir", "EISDIR"],
      ["dir/", "EISDIR"],
      [".", "EISDIR"],
      ["dir/..", "EISDIR"],
      ["file/", "ENOTDIR"],
      ["link/", "ENOTDIR"],
      ["none", "ENOENT"],
      ["none/", "ENOENT"],
      ["link", "ok"],
      ["dangling", "ok"],
      ["dirlink/file", "ok"],
      ["dirlink", "ok"],
    ]) {
      assert.equal(await call(UNLINK, 3, path), result, path);
    }
    assert.equal(await text("file"), "top", "a link's target stays");
    assert.equal(await stat("dir/file"), "ENOENT");
    assert.equal((await stat("dir")).type, TYPE.DIRECTORY);
    assert.equal(await call(UNLINK, 3, "file"), "ok");
    assert.equal(await stat("file"), "ENOENT");
  });

  works("path_rename", async () => {
    const { call, put, stat, text } = await setUp();
    const rename = (from, to) => call("path_rename", 3, from, 3, to);
    await call(MKDIR, 3, "empty");
    for (const [from, to, result] of [
      ["none", "new", "ENOENT"],
      ["none/", "new", "ENOENT"],
      ["none", "new/", "ENOENT"],
      ["file", "none/new", "ENOENT"],
      ["file/", "new", "ENOTDIR"],
      ["file", "new/", "ENOTDIR"],
      ["file", "file/new", "ENOTDIR"],
      ["link/", "new", "ENOTDIR"],
      ["dirlink/", "new", "ENOTDIR"],
      ["file", "empty", "EISDIR"],
      ["empty", "file", "ENOTDIR"],
      ["empty/", "file", "ENOTDIR"],
      ["empty", "dir", "ENOTEMPTY"],
      ["dir", "dir/sub", "EINVAL"],
      [".", "new", "EINVAL"],
      ["dir/..", "new", "EINVAL"],
      ["dir", ".", "EINVAL"],
      ["dir", "empty/..", "EINVAL"],
    ]) {
      assert.equal(await rename(from, to), result, `${from} ${to}`);
    }
    assert.equal(await rename("dir", "dir"), "ok");
    assert.equal(await rename("dir", "empty"), "ok", "over an empty one");
    assert.equal(await text("empty/file"), "in dir");
    for (const [from, to] of [
      ["empty/", "b"],
      ["b", "c/"],
      ["c/", "d/"],
    ]) {
      assert.equal(await rename(from, to), "ok", `${from} ${to}`);
    }
    assert.equal(await rename("d/file", "file"), "ok");
    assert.equal(await text("file"), "in dir", "over a file");
    // A link is renamed, and replaced, itself.
    assert.equal(await rename("link", "d/link"), "ok");
    assert.equal((await stat("d/link")).type, TYPE.LINK);
    await put("other", "other");
    assert.equal(await rename("other", "dangling"), "ok");
    assert.equal((await stat("dangling")).type, TYPE.FILE);
    assert.equal(await stat("gone"), "ENOENT");
  });

  works("path_link", async () => {
    const { call, stat, text } = await setUp();
    const link = (from, to, flags = 0) =>
      call("path_link", 3, flags, from, 3, to);
    for (const [from, to, result] of [
      ["none", "new", "ENOENT"],
      ["file", "none/new", "ENOENT"],
      ["file", "new/", "ENOENT"],
      ["file/", "new", "ENOTDIR"],
      ["file", "dir", "EEXIST"],
      ["file", "dir/", "EEXIST"],
      ["file", "file", "EEXIST"],
      ["file", "file/", "ENOTDIR"],
      ["file", "dangling", "EEXIST"],
      ["file", ".", "EEXIST"],
      ["dir", "new", "EPERM"],
      [".", "new", "EPERM"],
      ["file", "dir/hard", "ok"],
      ["link", "soft", "ok"],
      ["dangling", "loose", "ok"],
    ]) {
      assert.equal(await link(from, to), result, `${from} ${to}`);
    }
    const hard = await stat("dir/hard");
    assert.deepEqual(hard, await stat("file"));
    assert.equal(hard.links, 2);
    assert.equal(await text("dir/hard"), "top");
    assert.equal((await stat("soft")).type, TYPE.LINK);
    assert.equal((await stat("loose")).type, TYPE.LINK);
    assert.equal(await link("link", "followed", 1), "ok");
    assert.equal((await stat("followed")).ino, hard.ino);
    assert.equal(await link("dangling", "x", 1), "ENOENT");
    assert.equal(await link("file", "x", 2), "EINVAL");
    assert.equal(await call(UNLINK, 3, "file"), "ok");
    assert.equal((await stat("followed")).links, 2);
  });

  works("path_symlink and path_readlink", async () => {
    const { call, stat, view, wasm } = await setUp();
    for (const [target, path, result] of [
      ["anything at all/../x", "free", "ok"],
      ["ü→𝄞", "text", "ok"],
      ["x", "file", "EEXIST"],
      ["x", "file/", "ENOTDIR"],
      ["x", "dir", "EEXIST"],
      ["x", "dir/", "EEXIST"],
      ["x", "new/", "ENOENT"],
      ["x", "none/new", "ENOENT"],
      ["x", "dangling", "EEXIST"],
      ["x", ".", "EEXIST"],
      ["", "new", "ENOENT"],
      ["a\0", "new", "EINVAL"],
      ["t".repeat(4097), "new", "ENAMETOOLONG"],
    ]) {
      const name = `${target.slice(0, 20)} ${path}`;
      assert.equal(await call("path_symlink", target, 3, path), result, name);
    }
    assert.equal(await stat("new"), "ENOENT");
    assert.equal((await stat("text")).size, 9);

    /** @param {string} path @param {number} size */
    const readlink = async (path, size) => {
      new Uint8Array(wasm.buffer, 512, 64).fill(0x2e);
      const error = await call("path_readlink", 3, path, 512, size, RESULT);
      if (error !== "ok") return error;
      const bytes = new Uint8Array(wasm.buffer, 512, 12);
      return [view().getUint32(RESULT, true), new TextDecoder().decode(bytes)];
    };
    assert.deepEqual(await readlink("dirlink", 12), [3, "dir........."]);
    assert.deepEqual(await readlink("dirlink", 3), [3, "dir........."]);
    assert.deepEqual(await readlink("dirlink", 2), [2, "di.........."]);
    assert.deepEqual(await readlink("dirlink", 0), [0, "............"]);
    assert.deepEqual(await readlink("text", 12), [9, "ü→𝄞..."]);
    assert.equal(await readlink("file", 12), "EINVAL");
    assert.equal(await readlink("dir", 12), "EINVAL");
    assert.equal(await readlink("dirlink/", 12), "EINVAL");
    assert.equal(await readlink(".", 12), "EINVAL");
    assert.equal(await readlink("none", 12), "ENOENT");
    assert.equal(await readlink("dangling/", 12), "ENOENT");
  });

  works("path_filestat_get and path_filestat_set_times", async () => {
    const { call, stat } = await setUp();
    assert.equal(await call(SET_TIMES, 3, 0, "file", 111n, 222n, ATIM), "ok");
    const before = await stat("file");
    assert.equal(before.atimeNs, 111n);
    assert.notEqual(before.mtimeNs, 222n);
    await call(SET_TIMES, 3, 1, "link", 5n, 222n, MTIM);
    assert.deepEqual(await stat("link", 1), { ...before, mtimeNs: 222n });
    await call(SET_TIMES, 3, 0, "link", 7n, 8n, ATIM | MTIM);
    assert.equal((await stat("link")).atimeNs, 7n);
    assert.equal((await stat("file")).atimeNs, 111n);
    await call(SET_TIMES, 3, 0, "file", 0n, 0n, ATIM_NOW | MTIM_NOW);
    assert.ok((await stat("file")).mtimeNs > 10n ** 18n);
    for (const flags of [ATIM | ATIM_NOW, MTIM | MTIM_NOW, 16, -1]) {
      const error = await call(SET_TIMES, 3, 0, "file", 0n, 0n, flags);
      assert.equal(error, "EINVAL");
    }
    assert.equal(await call(SET_TIMES, 3, 0, "none", 0n, 0n, 0), "ENOENT");
    assert.equal(await call(SET_TIMES, 3, 1, "dangling", 0n, 0n, 0), "ENOENT");
    assert.equal(await call(SET_TIMES, 3, 2, "file", 0n, 0n, 0), "EINVAL");
    assert.equal(await stat("file", 2), "EINVAL");
    assert.equal(await stat("dangling", 1), "ENOENT");
    assert.equal(await stat("none"), "ENOENT");
    const root = await stat(".");
    assert.equal(root.type, TYPE.DIRECTORY);
    assert.deepEqual(await stat("dir/.."), root);
    assert.deepEqual([before.size, before.links], [3, 1]);
    assert.equal(before.device, root.device);
  });

  works("a read-only mount changes nothing", async () => {
    const volume = memory();
    const writer = await wasiRig({ "/": volume });
    await writer.call(MKDIR, 3, "dir");
    await writer.call(MKDIR, 3, "dir/empty");
    await writer.put("file", "text");
    await writer.call("path_symlink", "file", 3, "link");
    const options = { volume: wrap(volume), readOnly: true };
    const { call, fdstat, open, stat, text } = await wasiRig({ "/": options });
    const before = await stat("file");
    for (const [result, name, ...args] of [
      ["EEXIST", MKDIR, 3, "dir"],
      ["EROFS", MKDIR, 3, "new"],
      ["ENOENT", MKDIR, 3, "none/new"],
      ["EROFS", RMDIR, 3, "dir/empty"],
      ["ENOENT", RMDIR, 3, "none"],
      ["EROFS", UNLINK, 3, "file"],
      ["ENOENT", UNLINK, 3, "none"],
      ["EISDIR", UNLINK, 3, "dir"],
      ["EROFS", "path_rename", 3, "file", 3, "new"],
      ["ENOENT", "path_rename", 3, "none", 3, "new"],
      ["EROFS", "path_link", 3, 0, "file", 3, "new"],
      ["EEXIST", "path_link", 3, 0, "file", 3, "link"],
      ["EROFS", "path_symlink", "x", 3, "new"],
      ["EEXIST", "path_symlink", "x", 3, "file"],
      ["EROFS", SET_TIMES, 3, 0, "file", 1n, 1n, ATIM],
      ["ENOENT", SET_TIMES, 3, 0, "none", 1n, 1n, ATIM],
    ]) {
      assert.equal(await call(name, ...args), result, `${name} ${args}`);
    }
    assert.deepEqual(await stat("file"), before);
    assert.equal(await text("link"), "text");
    const dir = await open("dir", DIRECTORY);
    assert.equal(await call(MKDIR, dir, "new"), "EROFS");
    assert.equal(await call(RMDIR, dir, "empty"), "EROFS");
    assert.equal(Number(fdstat(dir).base) & RIGHTS.PATH_UNLINK_FILE, 0);
    // A right that changes nothing is missed as elsewhere.
    const blind = await open(".", { ...DIRECTORY, base: 0n });
    assert.equal(await stat("file", 0, blind), "ENOTCAPABLE");
    assert.equal(await call(UNLINK, blind, "file"), "EROFS");
  });

  works("every function wants its right", async () => {
    const { call, open } = await setUp();
    for (const [right, name, ...args] of [
      ["PATH_CREATE_DIRECTORY", MKDIR, "fd", "new"],
      ["PATH_FILESTAT_GET", "path_filestat_get", "fd", 0, "file", RESULT],
      ["PATH_FILESTAT_SET_TIMES", SET_TIMES, "fd", 0, "file", 1n, 1n, ATIM],
      ["PATH_LINK_SOURCE", "path_link", "fd", 0, "file", 3, "new"],
      ["PATH_LINK_TARGET", "path_link", 3, 0, "file", "fd", "new"],
      ["PATH_READLINK", "path_readlink", "fd", "link", 512, 8, RESULT],
      ["PATH_REMOVE_DIRECTORY", RMDIR, "fd", "dir"],
      ["PATH_RENAME_SOURCE", "path_rename", "fd", "file", 3, "new"],
      ["PATH_RENAME_TARGET", "path_rename", 3, "file", "fd", "new"],
      ["PATH_SYMLINK", "path_symlink", "x", "fd", "new"],
      ["PATH_UNLINK_FILE", UNLINK, "fd", "file"],
    ]) {
      const base = ALL & ~BigInt(RIGHTS[right]);
      const fd = await open(".", { ...DIRECTORY, base });
      const on = (at) => args.map((arg) => (arg === "fd" ? at : arg));
      assert.equal(await call(name, ...on(fd)), "ENOTCAPABLE", right);
      const all = await open(".", {
        ...DIRECTORY,
        base: BigInt(RIGHTS[right]),
      });
      const result = name === RMDIR ? "ENOTEMPTY" : "ok";
      assert.equal(await call(name, ...on(all)), result, right);
      // As it was.
      await call("path_rename", 3, "new", 3, "file");
      await call(RMDIR, 3, "new");
      await call(UNLINK, 3, "new");
      const file = await open("file", { oflags: OFLAGS.CREAT });
      await call("fd_close", file);
    }
  });

  works("only directories have paths below them", async () => {
    const { call, open } = await setUp();
    const file = await open("file");
    const calls = (fd) => [
      [MKDIR, fd, "new"],
      ["path_filestat_get", fd, 0, "file", RESULT],
      [SET_TIMES, fd, 0, "file", 1n, 1n, ATIM],
      ["path_link", fd, 0, "file", 3, "new"],
      ["path_link", 3, 0, "file", fd, "new"],
      ["path_readlink", fd, "link", 512, 8, RESULT],
      [RMDIR, fd, "dir"],
      ["path_rename", fd, "file", 3, "new"],
      ["path_rename", 3, "file", fd, "new"],
      ["path_symlink", "x", fd, "new"],
      [UNLINK, fd, "file"],
      ["path_open", fd, 0, "file", 0, 0n, 0n, 0, RESULT],
    ];
    for (const [fd, result] of [
      [file, "ENOTDIR"],
      [1, "ENOTDIR"],
      [99, "EBADF"],
      [-1, "EBADF"],
    ]) {
      for (const [name, ...args] of calls(fd)) {
        assert.equal(await call(name, ...args), result, `${name} ${fd}`);
      }
    }
  });

  works(
    "pointers out of bounds are EFAULT before anything is done",
    async () => {
      const { call, size, stat } = await setUp();
      for (const at of [size, size - 1, -1, -4, 0x7fffffff]) {
        for (const [name, ...args] of [
          [MKDIR, 3, at, 2],
          ["path_filestat_get", 3, 0, at, 2, RESULT],
          ["path_filestat_get", 3, 0, "file", at],
          ["path_filestat_get", 3, 0, "none", at],
          [SET_TIMES, 3, 0, at, 2, 1n, 1n, ATIM],
          ["path_link", 3, 0, at, 2, 3, "new"],
          ["path_link", 3, 0, "file", 3, at, 2],
          ["path_readlink", 3, at, 2, 512, 8, RESULT],
          ["path_readlink", 3, "link", at, 8, RESULT],
          ["path_readlink", 3, "link", 512, -1, RESULT],
          ["path_readlink", 3, "link", 512, 8, at],
          [RMDIR, 3, at, 2],
          ["path_rename", 3, at, 2, 3, "new"],
          ["path_rename", 3, "file", 3, at, 2],
          ["path_symlink", at, 2, 3, "new"],
          ["path_symlink", "x", 3, at, 2],
          [UNLINK, 3, at, 2],
        ]) {
          assert.equal(await call(name, ...args), "EFAULT", `${name} ${args}`);
        }
      }
      assert.equal(await stat("new"), "ENOENT");
      assert.equal((await stat("file")).links, 1);
    },
  );
}

test("what a volume fails with is what the program gets", async () => {
  const volume = memory({ limitBytes: 4096 });
  const { call, put } = await wasiRig({ "/": volume });
  let error = "ok";
  for (let n = 0; error === "ok"; n++) error = await call(MKDIR, 3, `d${n}`);
  assert.equal(error, "ENOSPC");
  assert.equal(await put("new"), "ENOSPC");
  assert.equal(await call("path_symlink", "x", 3, "link"), "ENOSPC");
});

test("a Promise that a volume breaks is EIO, and told to the host", async () => {
  const volume = memory();
  volume.lookup = () => Promise.reject(new Error("the disk is on fire"));
  const { reports, stat } = await wasiRig({ "/": volume });
  assert.equal(await stat("file"), "EIO");
  assert.match(reports.join("\n"), /the disk is on fire/);
});

test("calls that wait do not mix what they found", async () => {
  const volume = delayed(memory());
  const { begin, call, named, put, view } = await wasiRig({ "/": volume });
  const sizes = [1, 22, 333];
  for (const size of sizes) await put(`f${size}`, "x".repeat(size));
  volume.hold();
  const answers = sizes.map((size, i) =>
    begin("path_filestat_get", 3, 0, `f${size}`, 1024 + 64 * i),
  );
  assert.equal(await call("fd_close", 99), "EBADF");
  volume.release();
  for (const [i, answer] of answers.entries()) {
    assert.equal(named(await answer), "ok");
    const at = 1024 + 64 * i + 32;
    assert.equal(Number(view().getBigUint64(at, true)), sizes[i]);
  }
});

test("a call that is given up while it resolves paths does nothing", async () => {
  const inner = memory();
  const volume = delayed(inner);
  const rig = await wasiRig({ "/": volume });
  const { begin, call, context, named, put, stat } = rig;
  await call(MKDIR, 3, "dir");
  await put("dir/file", "text");
  await call(MKDIR, 3, "dir/empty");
  for (const [name, ...args] of [
    [MKDIR, 3, "dir/new"],
    [RMDIR, 3, "dir/empty"],
    [UNLINK, 3, "dir/file"],
    ["path_rename", 3, "dir/file", 3, "dir/new"],
    ["path_link", 3, 0, "dir/file", 3, "dir/new"],
    ["path_symlink", "x", 3, "dir/new"],
    [SET_TIMES, 3, 0, "dir/file", 1n, 1n, ATIM],
    ["path_filestat_get", 3, 0, "dir/file", 2048],
    ["path_readlink", 3, "dir/file", 2048, 8, 2048],
  ]) {
    const before = new Uint8Array(rig.wasm.buffer.slice(2048, 2112));
    volume.hold();
    const answer = begin(name, ...args);
    context.waits.last.cancel();
    volume.log = [];
    volume.release();
    assert.equal(named(await answer), "ECANCELED", name);
    await new Promise(setImmediate);
    assert.deepEqual(volume.log, [], `${name} went on`);
    const after = new Uint8Array(rig.wasm.buffer.slice(2048, 2112));
    assert.deepEqual(after, before, `${name} wrote`);
  }
  assert.equal((await stat("dir/file")).links, 1);
  assert.notEqual((await stat("dir/file")).atimeNs, 1n);
  assert.equal((await stat("dir/empty")).type, TYPE.DIRECTORY);
  assert.equal(await stat("dir/new"), "ENOENT");
});
