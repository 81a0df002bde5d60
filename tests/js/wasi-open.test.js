/* path_open: every combination of flags, rights asked for and had, read-only
 * mounts, a full table, and calls that are given up with something half open. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ERRNO } from "../../js/errors.js";
import { memory } from "../../js/fs/memory.js";
import { TYPE, Volume } from "../../js/fs/volume.js";
import { FDFLAGS, OFLAGS, RIGHTS } from "../../js/wasi/abi.js";
import { DIRECTORY_RIGHTS, FILE_RIGHTS } from "../../js/wasi/descriptors.js";
import { delayed } from "../helpers/delayed.js";
import { RESULT, USE, wasiRig } from "../helpers/wasi.js";

const { CREAT, DIRECTORY, EXCL, TRUNC } = OFLAGS;
const ALL = BigInt(FILE_RIGHTS | DIRECTORY_RIGHTS);
const READ = BigInt(RIGHTS.FD_READ);
const WRITE = BigInt(RIGHTS.FD_WRITE);
const MKDIR = "path_create_directory";

for (const [how, wrap] of [
  ["at once", (volume) => volume],
  ["later", (volume) => delayed(volume)],
]) {
  const setUp = async () => {
    const volume = wrap(memory());
    const rig = await wasiRig({ "/": volume });
    await rig.call(MKDIR, 3, "dir");
    await rig.put("file", "text");
    await rig.call("path_symlink", "file", 3, "link");
    await rig.call("path_symlink", "dir", 3, "dirlink");
    await rig.call("path_symlink", "dir/target", 3, "dangling");
    /** What opening answers: "ok", and closed again, or the errno. */
    const tries = async (path, oflags, more = {}) => {
      const fd = await rig.open(path, { oflags, ...more });
      return typeof fd === "string" ? fd : rig.call("fd_close", fd);
    };
    return { ...rig, tries, volume };
  };
  const works = (name, body) => test(`${name} (answers ${how})`, body);

  works("flags and what is there decide what is opened or made", async () => {
    const { call, stat, text, tries } = await setUp();
    const dir = { base: READ };
    for (const [path, oflags, more, result] of [
      ["file", 0, {}, "ok"],
      ["file", CREAT, {}, "ok"],
      ["file", EXCL, {}, "ok"],
      ["file", CREAT | EXCL, {}, "EEXIST"],
      ["file", DIRECTORY, {}, "ENOTDIR"],
      ["file/", 0, {}, "ENOTDIR"],
      ["file/", CREAT, {}, "ENOTDIR"],
      ["none", 0, {}, "ENOENT"],
      ["none", TRUNC, {}, "ENOENT"],
      ["none", EXCL, {}, "ENOENT"],
      ["none", DIRECTORY, dir, "ENOENT"],
      ["none/", CREAT, {}, "EISDIR"],
      ["none/.", CREAT, {}, "ENOENT"],
      ["none/new", CREAT, {}, "ENOENT"],
      ["file/new", CREAT, {}, "ENOTDIR"],
      ["new", CREAT | DIRECTORY, {}, "EINVAL"],
      ["dir", CREAT | DIRECTORY, dir, "EINVAL"],
      ["dir", 0, dir, "ok"],
      ["dir/", 0, dir, "ok"],
      ["dir", DIRECTORY, dir, "ok"],
      ["dir", CREAT, dir, "EISDIR"],
      ["dir", CREAT | EXCL, dir, "EEXIST"],
      ["dir", TRUNC, dir, "EISDIR"],
      ["dir", DIRECTORY | TRUNC, dir, "EISDIR"],
      ["dir", 0, { base: WRITE }, "EISDIR"],
      ["dir", DIRECTORY, { base: READ | WRITE }, "EISDIR"],
      [".", 0, dir, "ok"],
      [".", CREAT | EXCL, dir, "EEXIST"],
      [".", 0, { base: WRITE }, "EISDIR"],
      ["link", 0, {}, "ok"],
      ["link", 0, { follow: 0 }, "ELOOP"],
      ["link", CREAT, { follow: 0 }, "ELOOP"],
      ["link", DIRECTORY, { follow: 0 }, "ELOOP"],
      ["link", DIRECTORY, {}, "ENOTDIR"],
      ["link", CREAT | EXCL, {}, "EEXIST"],
      ["dirlink", DIRECTORY, dir, "ok"],
      ["dirlink", DIRECTORY, { ...dir, follow: 0 }, "ELOOP"],
      ["dirlink/", DIRECTORY, { ...dir, follow: 0 }, "ok"],
      ["dangling", 0, {}, "ENOENT"],
      ["dangling", 0, { follow: 0 }, "ELOOP"],
      ["dangling", CREAT, { follow: 0 }, "ELOOP"],
      ["dangling", CREAT | EXCL, {}, "EEXIST"],
      ["file", 16, {}, "EINVAL"],
      ["file", -1, {}, "EINVAL"],
      ["file", 0, { follow: 2 }, "EINVAL"],
      ["file", 0, { fdflags: 32 }, "EINVAL"],
    ]) {
      const name = `${path} ${oflags} ${Object.keys(more)}`;
      assert.equal(await tries(path, oflags, more), result, name);
    }
    assert.equal(await stat("new"), "ENOENT");
    assert.equal(await stat("dir/target"), "ENOENT");
    assert.equal(await text("file"), "text");
    // Made: by its name, and where a link leads.
    assert.equal(await tries("new", CREAT | EXCL), "ok");
    assert.equal(await tries("dangling", CREAT), "ok");
    assert.equal((await stat("dir/target")).type, TYPE.FILE);
    assert.equal((await stat("dangling")).type, TYPE.LINK);
    assert.equal(await call("path_unlink_file", 3, "dir/target"), "ok");
  });

  works("TRUNC cuts off, with no right to write asked for", async () => {
    const { put, text, tries, volume } = await setUp();
    assert.equal(await tries("file", TRUNC, { base: 0n }), "ok");
    assert.equal(await text("file"), "");
    await put("file", "again");
    assert.equal(await tries("link", TRUNC | CREAT, { base: WRITE }), "ok");
    assert.equal(await text("file"), "");
    assert.equal(volume.opened ?? 1, 1, "but the mount's, all are closed");
  });

  works(
    "a descriptor has what was asked for of what its type has",
    async () => {
      const { call, fdstat, open } = await setUp();
      const fd = await open("file", { base: ALL, inheriting: ALL, fdflags: 4 });
      assert.deepEqual(fdstat(fd), {
        type: TYPE.FILE,
        flags: FDFLAGS.NONBLOCK,
        base: BigInt(FILE_RIGHTS),
        inheriting: 0n,
      });
      assert.equal(fd, 4, "the lowest number that is free");
      const few = await open("file", { base: READ });
      assert.equal(fdstat(few).base, READ);
      const dir = await open("dir", { base: ALL & ~WRITE, inheriting: ALL });
      assert.deepEqual(fdstat(dir), {
        type: TYPE.DIRECTORY,
        flags: 0,
        base: BigInt(DIRECTORY_RIGHTS),
        inheriting: ALL,
      });
      const flags =
        FDFLAGS.APPEND | FDFLAGS.SYNC | FDFLAGS.DSYNC | FDFLAGS.RSYNC;
      const synced = await open("file", { fdflags: flags });
      assert.equal(fdstat(synced).flags, flags);
      await call("fd_close", fd);
      assert.equal(await open("file"), fd);
    },
  );

  works("no more can be asked for than may be passed on", async () => {
    const { call, fdstat, open } = await setUp();
    const passed = BigInt(RIGHTS.FD_READ | RIGHTS.FD_SEEK | RIGHTS.PATH_OPEN);
    await call(MKDIR, 3, "dir/sub");
    await call("path_link", 3, 0, "file", 3, "dir/file");
    const at = await open("dir", {
      base: BigInt(RIGHTS.PATH_OPEN),
      inheriting: passed,
    });
    const tries = (path, base, inheriting = 0n, more = {}) =>
      open(path, { at, base, inheriting, ...more });
    for (const [path, base, inheriting] of [
      ["file", WRITE, 0n],
      ["file", READ | WRITE, 0n],
      ["file", BigInt(RIGHTS.FD_FILESTAT_GET), 0n],
      ["sub", READ, WRITE],
      ["file", 0n, BigInt(RIGHTS.PATH_UNLINK_FILE)],
      ["file", 1n << 30n, 0n],
      ["file", 1n << 63n, 0n],
      ["file", -1n, 0n],
      ["file", 0n, -1n],
      ["none", WRITE, 0n],
    ]) {
      const name = `${path} ${base} ${inheriting}`;
      assert.equal(await tries(path, base, inheriting), "ENOTCAPABLE", name);
    }
    const file = await tries("file", READ);
    assert.equal(fdstat(file).base, READ);
    const sub = await tries("sub", passed, passed);
    assert.equal(fdstat(sub).base, BigInt(RIGHTS.PATH_OPEN));
    assert.equal(fdstat(sub).inheriting, passed);
    // Neither files nor directories have those of sockets.
    const sockets = BigInt(RIGHTS.SOCK_ACCEPT | RIGHTS.SOCK_SHUTDOWN);
    assert.equal(fdstat(await tries("file", READ | sockets)).base, READ);
  });

  works("flags want their rights", async () => {
    const { call, open, stat, text } = await setUp();
    await call("path_link", 3, 0, "file", 3, "dir/file");
    const { FD_DATASYNC, FD_SYNC, PATH_CREATE_FILE } = RIGHTS;
    const { PATH_FILESTAT_SET_SIZE, PATH_OPEN } = RIGHTS;
    const { DSYNC, RSYNC, SYNC } = FDFLAGS;
    for (const [base, inheriting, oflags, fdflags, result] of [
      [0, 0, 0, 0, "ENOTCAPABLE"],
      [PATH_OPEN, 0, 0, 0, "ok"],
      [PATH_OPEN, 0, CREAT, 0, "ENOTCAPABLE"],
      [PATH_OPEN | PATH_CREATE_FILE, 0, CREAT, 0, "ok"],
      [PATH_OPEN, 0, TRUNC, 0, "ENOTCAPABLE"],
      [PATH_OPEN | PATH_CREATE_FILE, 0, CREAT | TRUNC, 0, "ENOTCAPABLE"],
      [PATH_OPEN, 0, 0, SYNC, "ENOTCAPABLE"],
      [PATH_OPEN, FD_DATASYNC, 0, SYNC, "ENOTCAPABLE"],
      [PATH_OPEN, FD_SYNC, 0, SYNC, "ok"],
      [PATH_OPEN, FD_DATASYNC, 0, RSYNC, "ENOTCAPABLE"],
      [PATH_OPEN, FD_SYNC, 0, RSYNC, "ok"],
      [PATH_OPEN, 0, 0, DSYNC, "ENOTCAPABLE"],
      [PATH_OPEN, FD_DATASYNC, 0, DSYNC, "ok"],
      [PATH_OPEN, FD_SYNC, 0, DSYNC, "ok"],
      [PATH_OPEN | PATH_FILESTAT_SET_SIZE, 0, TRUNC, 0, "ok"],
    ]) {
      const rights = { base: BigInt(base), inheriting: BigInt(inheriting) };
      const at = await open("dir", rights);
      const asked = { at, base: 0n, oflags, fdflags };
      const fd = await open("file", asked);
      const name = `${base} ${inheriting} ${oflags} ${fdflags}`;
      assert.equal(typeof fd === "number" ? "ok" : fd, result, name);
      if (result !== "ok") assert.equal(await text("file"), "text", name);
      const none = await open("none", { ...asked, oflags: CREAT });
      if ((base & PATH_CREATE_FILE) === 0) {
        assert.equal(none, "ENOTCAPABLE", name);
        assert.equal(await stat("dir/none"), "ENOENT");
      } else {
        assert.equal(await call("path_unlink_file", 3, "dir/none"), "ok");
      }
    }
    assert.equal(await text("file"), "");
  });

  works("a read-only mount opens to read whatever else is asked", async () => {
    const inner = memory();
    const writer = await wasiRig({ "/": inner });
    await writer.call(MKDIR, 3, "dir");
    await writer.put("file", "text");
    const volume = wrap(inner);
    const rig = await wasiRig({ "/": { volume, readOnly: true } });
    const { fdstat, open, text } = rig;
    for (const [path, oflags, base, result] of [
      ["file", 0, WRITE, "EROFS"],
      ["file", 0, ALL, "EROFS"],
      ["file", TRUNC, READ, "EROFS"],
      ["file", CREAT | TRUNC, READ, "EROFS"],
      ["file", CREAT | EXCL, READ, "EEXIST"],
      ["none", CREAT, READ, "EROFS"],
      ["none", TRUNC, READ, "ENOENT"],
      ["none", 0, WRITE, "ENOENT"],
      ["dir", 0, WRITE, "EISDIR"],
    ]) {
      const name = `${path} ${oflags} ${base}`;
      assert.equal(await open(path, { oflags, base }), result, name);
    }
    // What Go asks for to read: everything but to write.
    const asked = ALL & ~WRITE;
    const file = await open("file", { base: asked, inheriting: ALL });
    const granted = Number(fdstat(file).base);
    assert.equal(granted & RIGHTS.FD_READ, RIGHTS.FD_READ);
    assert.equal(granted & RIGHTS.FD_FILESTAT_SET_SIZE, 0);
    assert.equal(granted & RIGHTS.FD_FILESTAT_SET_TIMES, 0);
    assert.equal(
      typeof (await open("file", { oflags: CREAT, base: READ })),
      "number",
    );
    const dir = await open("dir", { base: asked, inheriting: ALL });
    assert.equal(Number(fdstat(dir).inheriting) & RIGHTS.FD_WRITE, 0);
    assert.equal(await text("file"), "text");
    // Unknown rights are refused even so.
    assert.equal(await open("file", { base: 1n << 40n }), "ENOTCAPABLE");
  });

  works("nothing is made or cut off when the answer has no place", async () => {
    const { call, size, stat, text } = await setUp();
    for (const result of [size, size - 3, -1, -4, 0x7fffffff]) {
      for (const [path, oflags] of [
        ["new", CREAT],
        ["file", TRUNC],
        ["none", 0],
      ]) {
        const args = [3, 0, path, oflags, USE, 0n, 0, result];
        assert.equal(await call("path_open", ...args), "EFAULT");
      }
    }
    const args = [3, 0, -1, 2, CREAT, USE, 0n, 0, RESULT];
    assert.equal(await call("path_open", ...args), "EFAULT");
    assert.equal(await stat("new"), "ENOENT");
    assert.equal(await text("file"), "text");
  });

  works("what is open stays so when its name is gone", async () => {
    const { call, open, stat, text } = await setUp();
    const at = await open("dir", { base: ALL & ~WRITE, inheriting: ALL });
    assert.equal(await call("path_rename", 3, "dir", 3, "moved"), "ok");
    const file = await open("x", { at, oflags: CREAT });
    assert.equal((await stat("moved/x")).type, TYPE.FILE);
    assert.equal(await call("path_unlink_file", at, "x"), "ok");
    assert.equal(await call("fd_filestat_get", file, RESULT), "ok");
    assert.equal(await call("path_remove_directory", 3, "moved"), "ok");
    assert.equal(await open("x", { at, oflags: CREAT }), "ENOENT");
    assert.equal(await text("file"), "text");
  });
}

test("a full table makes and cuts off nothing", async () => {
  const volume = delayed(memory());
  const { call, context, open, put, stat, text } = await wasiRig({
    "/": volume,
  });
  await put("file", "text");
  const before = volume.opened;
  const { descriptors } = context;
  const some = descriptors.get(1);
  while (descriptors.add(some) >= 0);
  assert.equal(await open("new", { oflags: CREAT }), "EMFILE");
  assert.equal(await open("file", { oflags: TRUNC }), "EMFILE");
  assert.equal(volume.opened, before);
  descriptors.remove(77);
  assert.equal(await stat("new"), "ENOENT");
  assert.equal(await text("file"), "text");
  assert.equal(await open("file"), 77);
  await call("fd_close", 77);
});

test("a table that is full in the end leaves no file open", async () => {
  const volume = delayed(memory());
  const { beginOpen, context, named, put } = await wasiRig({ "/": volume });
  await put("file", "text");
  const before = volume.opened;
  volume.hold();
  const answer = beginOpen("file");
  const some = context.descriptors.get(1);
  while (context.descriptors.add(some) >= 0);
  volume.release();
  assert.equal(named(await answer), "EMFILE");
  assert.equal(volume.opened, before);
});

test("a call that is given up opens and makes nothing", async () => {
  for (const [path, oflags, steps] of [
    ["dir/file", TRUNC, 4],
    ["dir/new", CREAT, 4],
    ["dir", DIRECTORY, 2],
  ]) {
    for (let at = 0; at < steps; at++) {
      const volume = delayed(memory());
      const rig = await wasiRig({ "/": volume });
      const { beginOpen, call, context, named, put, text } = rig;
      await call(MKDIR, 3, "dir");
      await put("dir/file", "text");
      const before = volume.opened;
      volume.hold();
      const base = oflags === DIRECTORY ? READ : USE;
      const answer = beginOpen(path, { oflags, base });
      for (let step = 0; step < at; step++) {
        volume.step();
        await new Promise(setImmediate);
      }
      const begun = volume.log.at(-1);
      context.waits.last.cancel();
      volume.release();
      const name = `${path} given up in ${begun}`;
      assert.equal(named(await answer), "ECANCELED", name);
      await new Promise(setImmediate);
      assert.equal(volume.opened, before, name);
      assert.equal(context.descriptors.get(4), null, name);
      assert.equal(await text("dir/file"), "text", name);
      // What was begun before may have been done; nothing after it is.
      const made = begun === "create" || begun === "openNode";
      const expected = path === "dir/new" && made ? "" : "ENOENT";
      assert.equal(await text("dir/new"), expected, name);
    }
  }
});

test("a file that another makes meanwhile is opened, but not by EXCL", async () => {
  for (const [oflags, result] of [
    [CREAT, "ok"],
    [CREAT | EXCL, "EEXIST"],
  ]) {
    const inner = memory();
    const volume = delayed(inner);
    const { beginOpen, named, view } = await wasiRig({ "/": volume });
    volume.hold();
    const answer = beginOpen("new", { oflags });
    const other = inner.create(inner.root, "new");
    volume.release();
    assert.equal(named(await answer), result);
    if (result === "ok") {
      assert.equal(view().getUint32(RESULT, true), 4);
      assert.equal(inner.lookup(inner.root, "new"), other);
    }
  }
});

test("a file that comes and goes all the time ends in EEXIST", async () => {
  const volume = memory();
  volume.create = () => -ERRNO.EEXIST;
  const { open } = await wasiRig({ "/": volume });
  assert.equal(await open("ghost", { oflags: CREAT }), "EEXIST");
});

test("a file that can only be read is opened by who does not write", async () => {
  const inner = memory();
  (await wasiRig({ "/": inner })).put("file", "text");
  class Guarded extends Volume {
    root = inner.root;
    lookup = (...args) => inner.lookup(...args);
    openNode = (node, access) =>
      access.write ? -ERRNO.EACCES : inner.openNode(node, access);
    closeFile = (file) => inner.closeFile(file);
  }
  const { fdstat, open } = await wasiRig({ "/": new Guarded() });
  const resize = BigInt(RIGHTS.FD_FILESTAT_SET_SIZE);
  const fd = await open("file", { base: READ | resize });
  assert.equal(fdstat(fd).base, READ | resize);
  assert.equal(await open("file", { base: READ | WRITE }), "EACCES");
  assert.equal(await open("file", { base: READ, oflags: TRUNC }), "EACCES");
});

test("a volume is told whether to read and to write", async () => {
  const volume = memory();
  const asked = [];
  const { openNode } = volume;
  volume.openNode = (node, access) => {
    asked.push(access);
    return openNode.call(volume, node, access);
  };
  const { open, put } = await wasiRig({ "/": volume });
  await put("file");
  const resize = BigInt(RIGHTS.FD_FILESTAT_SET_SIZE);
  for (const [base, oflags, read, write] of [
    [READ, 0, true, false],
    [WRITE, 0, false, true],
    [READ | WRITE, 0, true, true],
    [0n, 0, true, false],
    [0n, TRUNC, false, true],
    [READ, TRUNC, true, true],
    [resize, 0, false, true],
    [BigInt(RIGHTS.FD_ALLOCATE), 0, false, true],
  ]) {
    asked.length = 0;
    await open("file", { base, oflags });
    assert.deepEqual(asked, [{ read, write }], `${base} ${oflags}`);
  }
});

test("what a volume cannot cut off is closed again", async () => {
  const inner = memory();
  inner.resize = () => -ERRNO.ENOSPC;
  const volume = delayed(inner);
  const { open, put } = await wasiRig({ "/": volume });
  await put("file", "text");
  const before = volume.opened;
  assert.equal(await open("file", { oflags: TRUNC }), "ENOSPC");
  assert.equal(volume.opened, before);
});
