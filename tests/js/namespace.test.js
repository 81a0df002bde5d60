/* Mounts: which points there can be, what is seen below others, and that what
 * is done across them, to them and above them is refused (D2: mounts with
 * rights). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ERRNO } from "../../js/errors.js";
import { memory } from "../../js/fs/memory.js";
import { Namespace } from "../../js/fs/namespace.js";
import { TYPE, Volume } from "../../js/fs/volume.js";
import { OFLAGS, RIGHTS } from "../../js/wasi/abi.js";
import { WRITING_RIGHTS } from "../../js/wasi/descriptors.js";
import { delayed } from "../helpers/delayed.js";
import { wasiRig } from "../helpers/wasi.js";

const ESCAPE = "ENOTCAPABLE";
const DIRECTORY = {
  oflags: OFLAGS.DIRECTORY,
  base: BigInt(2 ** 28 - 1) & ~BigInt(RIGHTS.FD_WRITE),
  inheriting: BigInt(2 ** 28 - 1),
};
const MKDIR = "path_create_directory";

/** The names that a volume has at its root. */
const namesOf = (volume) => volume.list(volume.root).map(({ name }) => name);

for (const [how, wrap] of [
  ["at once", (volume) => volume],
  ["later", (volume) => delayed(volume)],
]) {
  const works = (name, body) => test(`${name} (answers ${how})`, body);

  works("mounts are descriptors in the order they were given", async () => {
    const mounts = {
      "/b": wrap(memory()),
      "/": wrap(memory()),
      "/a": memory(),
    };
    const { context, call } = await wasiRig(mounts);
    const preopens = [3, 4, 5].map((fd) =>
      new TextDecoder().decode(context.descriptors.get(fd).preopen),
    );
    assert.deepEqual(preopens, ["/b", "/", "/a"]);
    assert.equal(await call("fd_fdstat_get", 6, 64), "EBADF");
  });

  works("a mount below another is seen in it and walked into", async () => {
    const top = memory();
    const data = memory();
    const deep = memory();
    const mounts = {
      "/": wrap(top),
      "/data/deep/er": wrap(deep),
      "/data": wrap(data),
    };
    const { call, open, put, readdir, stat, text } = await wasiRig(mounts);
    await put("in-top");
    await put("data/in-data", "data");
    await put("data/deep/er/in-deep", "deep");
    assert.deepEqual(namesOf(top), ["data", "in-top"]);
    assert.deepEqual(namesOf(data), ["deep", "in-data"]);
    assert.deepEqual(namesOf(deep), ["in-deep"]);
    // The same by their own descriptors.
    assert.equal(await text("in-data", { at: 5 }), "data");
    assert.equal(await text("deep/er/in-deep", { at: 5 }), "deep");
    assert.equal(await text("in-deep", { at: 4 }), "deep");
    // And back.
    for (const [path, result] of [
      ["data/../in-top", ""],
      ["data/deep/er/../../in-data", "data"],
      ["data/deep/er/../../../data/deep/er/in-deep", "deep"],
      ["data/deep/er/../../../..", ESCAPE],
    ]) {
      assert.equal(await text(path), result, path);
    }
    for (const fd of [4, 5]) {
      assert.equal(await text("..", { at: fd }), ESCAPE);
      assert.equal(await text("../in-top", { at: fd }), ESCAPE);
    }
    // A descriptor below a mount has its own start.
    const er = await open("data/deep/er", DIRECTORY);
    assert.equal(await text("in-deep", { at: er }), "deep");
    assert.equal(await text("..", { at: er }), ESCAPE);
    // It tells of itself what is told of its name.
    const root = await stat(".", 0, 5);
    assert.deepEqual(await stat("data"), root);
    assert.equal(root.device, 3n);
    assert.notEqual((await stat(".")).device, root.device);
    const { entries } = await readdir(3, 0n);
    const entry = entries.find(({ name }) => name === "data");
    assert.deepEqual([entry.ino, entry.type], [root.ino, TYPE.DIRECTORY]);
    assert.equal(await call("path_unlink_file", 3, "in-top"), "ok");
  });

  works("links lead into mounts and back, not out of their start", async () => {
    const mounts = { "/": wrap(memory()), "/data": wrap(memory()) };
    const { call, put, text } = await wasiRig(mounts);
    await put("file", "top");
    await put("data/file", "data");
    await call("path_symlink", "data/file", 3, "in");
    await call("path_symlink", "../file", 3, "data/out");
    await call("path_symlink", "file", 3, "data/here");
    assert.equal(await text("in"), "data");
    assert.equal(await text("data/out"), "top");
    assert.equal(await text("data/here"), "data");
    assert.equal(await text("out", { at: 4 }), ESCAPE);
    assert.equal(await text("here", { at: 4 }), "data");
  });

  works("nothing is renamed or linked from volume to volume", async () => {
    const mounts = { "/": wrap(memory()), "/data": wrap(memory()) };
    const { call, put, text } = await wasiRig(mounts);
    await put("file", "top");
    await put("data/other", "data");
    await call(MKDIR, 3, "dir");
    for (const [from, to] of [
      ["file", "data/file"],
      ["data/other", "other"],
      ["dir", "data/dir"],
      ["file", "data/other"],
    ]) {
      const error = await call("path_rename", 3, from, 3, to);
      assert.equal(error, "EXDEV", `${from} ${to}`);
    }
    assert.equal(await call("path_link", 3, 0, "file", 3, "data/l"), "EXDEV");
    assert.equal(await call("path_link", 4, 0, "other", 3, "l"), "EXDEV");
    assert.equal(await text("file"), "top");
    assert.equal(await text("other", { at: 4 }), "data");
    assert.equal(await call("path_rename", 3, "data/other", 4, "x"), "ok");
  });

  works(
    "a mount point is neither removed nor renamed nor replaced",
    async () => {
      const top = memory();
      const mounts = { "/": wrap(top), "/data": wrap(memory()) };
      const { call, stat } = await wasiRig(mounts);
      await call(MKDIR, 3, "dir");
      for (const [result, name, ...args] of [
        ["EBUSY", "path_remove_directory", 3, "data"],
        ["EBUSY", "path_remove_directory", 3, "data/"],
        ["EBUSY", "path_rename", 3, "data", 3, "new"],
        ["EBUSY", "path_rename", 3, "data/", 3, "new"],
        ["EBUSY", "path_rename", 3, "dir", 3, "data"],
        ["EISDIR", "path_unlink_file", 3, "data"],
        ["EEXIST", MKDIR, 3, "data"],
        ["EEXIST", "path_symlink", "x", 3, "data"],
        ["EPERM", "path_link", 3, 0, "data", 3, "new"],
      ]) {
        assert.equal(await call(name, ...args), result, `${name} ${args}`);
      }
      assert.deepEqual(namesOf(top), ["data", "dir"]);
      // What is above it may be renamed, and takes it along.
      assert.equal(await call(MKDIR, 3, "data/below"), "ok");
      assert.equal((await stat("below", 0, 4)).type, TYPE.DIRECTORY);
    },
  );

  works("a mount stays where its directory goes", async () => {
    const mounts = { "/": wrap(memory()), "/a/b": wrap(memory()) };
    const { call, put, text } = await wasiRig(mounts);
    await put("a/b/file", "b");
    assert.equal(await call("path_rename", 3, "a", 3, "moved"), "ok");
    assert.equal(await text("moved/b/file"), "b");
    assert.equal(await text("moved/b/../b/file"), "b");
    assert.equal(await call("path_remove_directory", 3, "moved"), "ENOTEMPTY");
  });

  works("what is mounted hides what was there", async () => {
    const top = memory();
    const first = await wasiRig({ "/": top });
    await first.call(MKDIR, 3, "data");
    await first.put("data/hidden");
    const mounts = { "/": wrap(top), "/data": wrap(memory()) };
    const { stat } = await wasiRig(mounts);
    assert.equal(await stat("data/hidden"), "ENOENT");
    assert.notEqual(await first.stat("data/hidden"), "ENOENT");
  });

  works("where no directory can be, a mount is a descriptor only", async () => {
    const bare = memory();
    const withFile = memory();
    await (await wasiRig({ "/": withFile })).put("data");
    const withLink = memory();
    withLink.symlink(withLink.root, "data", ".");
    const full = memory();
    full.makeDirectory = () => -ERRNO.ENOSPC;
    for (const top of [
      { volume: wrap(bare), readOnly: true },
      wrap(withFile),
      wrap(withLink),
      wrap(full),
    ]) {
      const mounts = { "/": top, "/data": wrap(memory()) };
      const { put, readdir, stat, text } = await wasiRig(mounts);
      await put("file", "data", { at: 4 });
      assert.equal(await text("file", { at: 4 }), "data");
      const { device, ino } = await stat("data");
      assert.notEqual(device, 2n);
      const { entries } = await readdir(3, 0n);
      const entry = entries.find(({ name }) => name === "data");
      assert.equal(entry?.ino, ino);
    }
    assert.deepEqual(namesOf(bare), []);
  });

  works("a read-only mount shows a mount over a directory it has", async () => {
    const top = memory();
    top.makeDirectory(top.root, "data");
    const mounts = {
      "/": { volume: wrap(top), readOnly: true },
      "/data": wrap(memory()),
    };
    const { call, fdstat, open, put, ...rig } = await wasiRig(mounts);
    const { stat, text } = rig;
    await put("file", "data", { at: 4 });
    assert.equal(await text("data/file"), "data");
    assert.equal(await call("path_remove_directory", 3, "data"), "EBUSY");
    // From above, where nothing may be changed, nothing is.
    assert.equal(await call(MKDIR, 3, "data/new"), "EROFS");
    const create = { oflags: OFLAGS.CREAT };
    assert.equal(await open("data/new", { ...create, base: 2n }), "EROFS");
    assert.equal(await open("data/file", { base: 64n }), "EROFS");
    const trunc = { oflags: OFLAGS.TRUNC, base: 0n };
    assert.equal(await open("data/file", trunc), "EROFS");
    const unlink = "path_unlink_file";
    assert.equal(await call(unlink, 3, "data/file"), "EROFS");
    const from = await call("path_rename", 3, "data/file", 4, "x");
    assert.equal(from, "EROFS");
    const times = [3, 0, "data/file", 1n, 1n, 1];
    assert.equal(await call("path_filestat_set_times", ...times), "EROFS");
    const all = BigInt(2 ** 28 - 1) & ~BigInt(RIGHTS.FD_WRITE);
    for (const path of ["data/file", "data"]) {
      const fd = await open(path, { base: all, inheriting: all });
      const { base, inheriting } = fdstat(fd);
      assert.equal(Number(base) & WRITING_RIGHTS, 0, path);
      assert.equal(Number(inheriting) & WRITING_RIGHTS, 0, path);
    }
    assert.equal(await stat("data/new"), "ENOENT");
    assert.equal(await text("file", { at: 4 }), "data");
  });

  works("a read-only mount is so by paths from above, too", async () => {
    const data = memory();
    await (await wasiRig({ "/": data })).put("file", "data");
    const mounts = {
      "/": wrap(memory()),
      "/data": { volume: wrap(data), readOnly: true },
    };
    const { call, fdstat, open, text } = await wasiRig(mounts);
    assert.equal(await call(MKDIR, 3, "data/new"), "EROFS");
    assert.equal(await call("path_unlink_file", 3, "data/file"), "EROFS");
    assert.equal(await open("data/file", { base: 64n }), "EROFS");
    assert.equal(await open("data/new", { oflags: OFLAGS.CREAT }), "EROFS");
    const times = [3, 0, "data/file", 1n, 1n, 1];
    assert.equal(await call("path_filestat_set_times", ...times), "EROFS");
    const dir = await open("data", DIRECTORY);
    const { base, inheriting } = fdstat(dir);
    assert.equal(Number(base) & WRITING_RIGHTS, 0);
    assert.equal(Number(inheriting) & WRITING_RIGHTS, 0);
    const file = await open("data/file", { base: DIRECTORY.base });
    assert.equal(Number(fdstat(file).base) & WRITING_RIGHTS, 0);
    assert.equal(await text("data/file"), "data");
    assert.deepEqual(namesOf(data), ["file"]);
  });

  works("a mount may begin below the root of its volume", async () => {
    const volume = memory();
    const whole = await wasiRig({ "/": volume });
    await whole.call(MKDIR, 3, "sub");
    await whole.call(MKDIR, 3, "sub/dir");
    await whole.put("secret", "s");
    await whole.put("sub/dir/file", "text");
    await whole.call("path_symlink", "../../secret", 3, "sub/dir/out");
    await whole.call("path_symlink", "sub/dir", 3, "link");
    for (const path of ["sub/dir", "sub/dir/", "./sub//dir", "link"]) {
      const { stat, text } = await wasiRig({
        "/": { volume: wrap(volume), path },
      });
      assert.equal(await text("file"), "text");
      assert.equal(await text("out"), ESCAPE);
      assert.equal(await text(".."), ESCAPE);
      assert.equal((await stat(".")).ino, (await whole.stat("sub/dir")).ino);
    }
    for (const [path, code] of [
      ["none", "ENOENT"],
      ["secret", "ENOTDIR"],
      ["..", "ENOTCAPABLE"],
      ["/sub", "ENOTCAPABLE"],
      ["sub/dir/../../..", "ENOTCAPABLE"],
      ["", "ENOENT"],
    ]) {
      await assert.rejects(
        wasiRig({ "/x": { volume: wrap(volume), path } }),
        { name: "GossamerError", code, message: `cannot mount /x: ${code}` },
        path,
      );
    }
  });

  works(
    "one volume in two places is one, but for what lies over it",
    async () => {
      const volume = wrap(memory());
      const mounts = { "/a": volume, "/b": volume, "/a/m": wrap(memory()) };
      const { call, put, stat, text } = await wasiRig(mounts);
      await put("file", "text");
      assert.equal(await text("file", { at: 4 }), "text");
      assert.deepEqual(await stat("file"), await stat("file", 0, 4));
      assert.equal(await call("path_rename", 3, "file", 4, "moved"), "ok");
      assert.equal(await call("path_link", 4, 0, "moved", 3, "linked"), "ok");
      await put("m/covered", "m");
      assert.equal(await stat("m/covered", 0, 4), "ENOENT");
      // A name that only reads does not become one that writes.
      const shared = { "/ro": { volume, readOnly: true }, "/rw": volume };
      const rig = await wasiRig(shared);
      assert.equal(await rig.call("path_link", 3, 0, "moved", 4, "x"), "EROFS");
      assert.equal(await rig.call("path_rename", 3, "moved", 4, "x"), "EROFS");
      assert.equal(await rig.call("path_link", 4, 0, "moved", 3, "x"), "EROFS");
      assert.equal(await rig.call("path_rename", 4, "moved", 3, "x"), "EROFS");
      assert.equal(await rig.stat("x", 0, 4), "ENOENT");
    },
  );
}

test("a mount point is an absolute path in its shortest form", async () => {
  for (const path of [
    "",
    ".",
    "data",
    "./data",
    "//",
    "/data/",
    "//data",
    "/a//b",
    "/./a",
    "/a/.",
    "/a/..",
    "/..",
    "/../a",
    "/a\0b",
    "/\ud800",
    `/${"n".repeat(256)}`,
  ]) {
    await assert.rejects(
      new Namespace().open({ [path]: memory() }),
      (error) => {
        assert.equal(error.name, "GossamerError");
        assert.equal(error.code, "EINVAL");
        assert.ok(error.message.includes(JSON.stringify(path)), error.message);
        return true;
      },
    );
  }
  await new Namespace().open({ "/": memory(), "/a/b.c/…": memory() });
});

test("what is no volume cannot be mounted", async () => {
  for (const option of [
    null,
    undefined,
    {},
    "memory",
    { volume: {} },
    Volume,
  ]) {
    await assert.rejects(new Namespace().open({ "/data": option }), {
      code: "EINVAL",
      message: 'cannot mount "/data": it is given no volume',
    });
  }
});

test("a restriction that is none is refused, not left out", async () => {
  const volume = memory();
  for (const [option, why] of [
    [{ volume, readonly: true }, 'there is no setting "readonly"'],
    [{ volume, readOnly: "yes" }, "readOnly is neither true nor false"],
    [{ volume, readOnly: 1 }, "readOnly is neither true nor false"],
    [{ volume, path: 7 }, "path is no text"],
    [{ volume, path: null }, "path is no text"],
  ]) {
    await assert.rejects(new Namespace().open({ "/data": option }), {
      code: "EINVAL",
      message: `cannot mount "/data": ${why}`,
    });
  }
});

test("a volume that cannot be opened says why, and nothing is mounted", async () => {
  class Broken extends Volume {
    open = () => Promise.resolve(-ERRNO.EACCES);
  }
  const namespace = new Namespace();
  const mounts = { "/": memory(), "/data": new Broken() };
  await assert.rejects(namespace.open(mounts), {
    code: "EACCES",
    message: "cannot mount /data: EACCES",
  });
  assert.deepEqual(namespace.mounts, []);
});

test("a volume that allows no changes is mounted read-only", async () => {
  const volume = memory();
  Object.defineProperty(volume, "readOnly", { value: true });
  const { call } = await wasiRig({ "/": volume });
  assert.equal(await call(MKDIR, 3, "new"), "EROFS");
});
