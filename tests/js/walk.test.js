/* Resolving paths (D1, least privilege): where they lead, how often links are
 * followed, and that none leads out of the directory it starts at, whatever
 * the volume's answers wait for and whatever others do meanwhile. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { memory } from "../../js/fs/memory.js";
import { TYPE } from "../../js/fs/volume.js";
import { OFLAGS, RIGHTS } from "../../js/wasi/abi.js";
import { delayed } from "../helpers/delayed.js";
import { wasiRig } from "../helpers/wasi.js";

const ESCAPE = "ENOTCAPABLE";
const DIRECTORY = {
  oflags: OFLAGS.DIRECTORY,
  base: BigInt(2 ** 28 - 1) & ~BigInt(RIGHTS.FD_WRITE),
  inheriting: BigInt(2 ** 28 - 1),
};

/** The same numbers from the same seed. @param {number} seed */
function randomNumbers(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 8;
  };
}

for (const [how, wrap] of [
  ["at once", (volume) => volume],
  ["later", (volume) => delayed(volume)],
]) {
  const setUp = async () => {
    const rig = await wasiRig({ "/": wrap(memory()) });
    for (const path of ["dir", "dir/sub", "dir/sub/deep"]) {
      assert.equal(await rig.call("path_create_directory", 3, path), "ok");
    }
    await rig.put("file", "top");
    await rig.put("dir/file", "in dir");
    await rig.put("dir/sub/file", "in sub");
    /** @param {string} target @param {string} path */
    const link = async (target, path) =>
      assert.equal(await rig.call("path_symlink", target, 3, path), "ok");
    return { ...rig, link };
  };
  const works = (name, body) => test(`${name} (answers ${how})`, body);

  works("names, dots and slashes lead to what they name", async () => {
    const { text } = await setUp();
    for (const [path, expected] of [
      ["file", "top"],
      ["./file", "top"],
      ["dir/file", "in dir"],
      ["dir//./file", "in dir"],
      ["dir/sub/../file", "in dir"],
      ["dir/../file", "top"],
      ["dir/sub/../../dir/sub/deep/.././file", "in sub"],
      ["nothing", "ENOENT"],
      ["nothing/../file", "ENOENT"],
      ["file/../file", "ENOTDIR"],
      ["file/x", "ENOTDIR"],
      ["file/", "ENOTDIR"],
      ["file/.", "ENOTDIR"],
      ["file/..", "ENOTDIR"],
      ["", "ENOENT"],
    ]) {
      assert.equal(await text(path), expected, path);
    }
  });

  works("no path leads above the directory it starts at", async () => {
    const { call, open, stat, text } = await setUp();
    const sub = await open("dir/sub", DIRECTORY);
    for (const [path, at] of [
      ["/", 3],
      ["/file", 3],
      ["..", 3],
      ["../", 3],
      ["../x", 3],
      ["./..", 3],
      ["dir/../..", 3],
      ["dir/../../file", 3],
      ["dir/sub/../../../dir", 3],
      ["..", sub],
      ["../file", sub],
      ["deep/../..", sub],
      ["deep/../../file", sub],
      ["/dir/file", sub],
    ]) {
      const stats = await stat(path, 1, at);
      assert.equal(stats, ESCAPE, path);
      assert.equal(await text(path, { at }), ESCAPE, path);
      for (const name of [
        "path_create_directory",
        "path_remove_directory",
        "path_unlink_file",
      ]) {
        assert.equal(await call(name, at, path), ESCAPE, `${name} ${path}`);
      }
      assert.equal(await call("path_rename", 3, "file", at, path), ESCAPE);
      assert.equal(await call("path_rename", at, path, 3, "new"), ESCAPE);
      assert.equal(await call("path_link", 3, 0, "file", at, path), ESCAPE);
      assert.equal(await call("path_link", at, 0, path, 3, "new"), ESCAPE);
      assert.equal(await call("path_symlink", "x", at, path), ESCAPE);
      const buffer = [512, 16, 64];
      assert.equal(await call("path_readlink", at, path, ...buffer), ESCAPE);
    }
    assert.equal(await text("file"), "top", "and nothing was done");
  });

  works("links lead where they point, from where they are", async () => {
    const { link, stat, text } = await setUp();
    await link("file", "dir/link");
    await link("../file", "dir/up");
    await link("dir/sub", "sub");
    await link("dir/sub/", "slash");
    await link("./dir/.", "dot");
    for (const [path, expected] of [
      ["dir/link", "in dir"],
      ["dir/up", "top"],
      ["sub/file", "in sub"],
      ["sub/../file", "in dir"],
      ["slash/file", "in sub"],
      ["dot/file", "in dir"],
      ["dot/../file", "top"],
      ["sub/deep/../../link", "in dir"],
    ]) {
      assert.equal(await text(path), expected, path);
    }
    const followed = await stat("sub", 1);
    assert.equal(followed.type, TYPE.DIRECTORY);
    assert.equal((await stat("sub")).type, TYPE.LINK);
    assert.equal((await stat("sub/")).type, TYPE.DIRECTORY);
    assert.equal((await stat("sub/.")).type, TYPE.DIRECTORY);
    assert.equal(await stat("dir/link/"), "ENOTDIR");
    assert.equal(await stat("slash", 1).then(({ ino }) => ino), followed.ino);
  });

  works("links to links are followed, the last name by demand", async () => {
    const { link, stat, text } = await setUp();
    await link("dir", "a");
    await link("a/sub", "b");
    await link("b/file", "c");
    assert.equal(await text("c"), "in sub");
    assert.equal(await text("b/../file"), "in dir");
    assert.equal((await stat("c")).type, TYPE.LINK);
    assert.equal((await stat("c", 1)).type, TYPE.FILE);
    await link("file/", "wrong");
    assert.equal(await text("wrong"), "ENOTDIR");
    assert.equal((await stat("wrong")).type, TYPE.LINK);
  });

  works("no link leads above the directory a path starts at", async () => {
    const { call, link, open, stat, text } = await setUp();
    await link("..", "out");
    await link("../file", "dir/up");
    await link("sub/../../file", "dir/round");
    await link("../../dir/file", "dir/far");
    await link("../x", "dangling");
    for (const path of ["out", "out/file", "dir/far", "dangling", "out/"]) {
      assert.equal(await text(path), ESCAPE, path);
      assert.equal(await stat(path, 1), ESCAPE, path);
    }
    assert.equal(await text("dangling", { oflags: OFLAGS.CREAT }), ESCAPE);
    assert.equal(await call("path_create_directory", 3, "out/new"), ESCAPE);
    // The same links, from where they lead out and from where they do not.
    assert.equal(await text("dir/up"), "top");
    assert.equal(await text("dir/round"), "top");
    const at = await open("dir", DIRECTORY);
    assert.equal(await text("up", { at }), ESCAPE);
    assert.equal(await text("round", { at }), ESCAPE);
    assert.equal(await text("sub/../file", { at }), "in dir");
  });

  works("a link to an absolute path is neither made nor followed", async () => {
    const volume = memory();
    volume.symlink(volume.root, "root", "/");
    volume.symlink(volume.root, "abs", "/file");
    const { call, put, stat, text } = await wasiRig({ "/": wrap(volume) });
    await put("file", "top");
    for (const target of ["/", "/file", "//file"]) {
      assert.equal(await call("path_symlink", target, 3, "l"), ESCAPE);
    }
    assert.equal(await stat("l"), "ENOENT");
    for (const path of ["abs", "root/file", "root"]) {
      assert.equal(await text(path), ESCAPE, path);
    }
    assert.equal((await stat("abs")).type, TYPE.LINK);
  });

  works("after 40 links it is ELOOP", async () => {
    const { link, text } = await setUp();
    await link("file", "l1");
    for (let n = 2; n <= 41; n++) await link(`l${n - 1}`, `l${n}`);
    assert.equal(await text("l40"), "top");
    assert.equal(await text("l41"), "ELOOP");
    await link("self", "self");
    await link("b", "a");
    await link("a", "b");
    await link("grow/x", "grow");
    for (const path of ["self", "a", "b", "self/x", "grow", "self/"]) {
      assert.equal(await text(path), "ELOOP", path);
    }
    // Links in the middle count, too.
    await link(".", "here");
    assert.equal(await text("here/".repeat(40) + "file"), "top");
    assert.equal(await text("here/".repeat(41) + "file"), "ELOOP");
  });

  works(
    "a link that names nothing can be gone through by no path",
    async () => {
      const volume = memory();
      volume.symlink(volume.root, "empty", "");
      volume.symlink(volume.root, "nul", "a\0b");
      volume.symlink(volume.root, "long", "n".repeat(256));
      const { text, stat } = await wasiRig({ "/": wrap(volume) });
      assert.equal(await text("empty"), "ENOENT");
      assert.equal(await text("nul"), "EINVAL");
      assert.equal(await text("long"), "ENAMETOOLONG");
      assert.equal((await stat("empty")).type, TYPE.LINK);
    },
  );

  works("what no path can be is refused by every function", async () => {
    const { call, open, size } = await setUp();
    const invalid = new Uint8Array([0x64, 0x69, 0x72, 0xff]);
    for (const [path, error] of [
      ["", "ENOENT"],
      ["a\0b", "EINVAL"],
      [invalid, "EILSEQ"],
      ["n".repeat(256), "ENAMETOOLONG"],
      ["a/".repeat(2048) + "a", "ENAMETOOLONG"],
    ]) {
      assert.equal(await open(path), error);
      for (const [name, ...args] of [
        ["path_create_directory", 3, path],
        ["path_filestat_get", 3, 0, path, 64],
        ["path_filestat_set_times", 3, 0, path, 0n, 0n, 0],
        ["path_link", 3, 0, path, 3, "new"],
        ["path_link", 3, 0, "file", 3, path],
        ["path_readlink", 3, path, 64, 8, 128],
        ["path_remove_directory", 3, path],
        ["path_rename", 3, path, 3, "new"],
        ["path_rename", 3, "file", 3, path],
        ["path_symlink", path, 3, "new"],
        ["path_symlink", "x", 3, path],
        ["path_unlink_file", 3, path],
      ]) {
        // What a link holds is no path yet: a name in it may be too long.
        if (name === "path_symlink" && args[0] === "n".repeat(256)) continue;
        assert.equal(await call(name, ...args), error, name);
      }
    }
    assert.equal(await call("path_unlink_file", 3, size - 1, 2), "EFAULT");
    assert.equal(await call("path_unlink_file", 3, -1, 1), "EFAULT");
  });
}

test("a volume is told when a name can only be a directory", async () => {
  const volume = memory();
  const asked = [];
  const lookup = volume.lookup.bind(volume);
  volume.lookup = (directory, name, below) => {
    asked.push([name, below]);
    return lookup(directory, name);
  };
  const { call, stat } = await wasiRig({ "/": volume });
  await call("path_create_directory", 3, "dir");
  await call("path_create_directory", 3, "dir/sub");
  for (const [path, ...expected] of [
    ["dir", ["dir", false]],
    ["dir/", ["dir", true]],
    ["dir/.", ["dir", true]],
    ["dir/sub", ["dir", true], ["sub", false]],
    ["dir/sub/..", ["dir", true], ["sub", true]],
  ]) {
    asked.length = 0;
    assert.notEqual(await stat(path), "ENOENT");
    assert.deepEqual(asked, expected, path);
  }
});

test("what is renamed in the middle of a walk leads nowhere else", async () => {
  const volume = delayed(memory());
  const rig = await wasiRig({ "/": volume });
  const { begin, call, named, put, stat } = rig;
  for (const path of ["jail", "jail/a", "jail/a/b", "jail/a/b/c"]) {
    await call("path_create_directory", 3, path);
  }
  await put("secret", "s");
  const jail = await rig.open("jail", DIRECTORY);
  // While "a/b" has been found, b moves up: the way back is the way it came.
  volume.hold();
  const path = "a/b/../../secret";
  const answer = begin("path_filestat_get", jail, 0, path, 64);
  volume.step();
  await new Promise(setImmediate);
  const moved = begin("path_rename", 3, "jail/a/b", 3, "b");
  volume.release();
  assert.equal(named(await moved), "ok");
  assert.equal(named(await answer), "ENOENT");
  assert.equal((await stat("b")).type, TYPE.DIRECTORY);
  assert.equal((await stat("secret")).type, TYPE.FILE);
});

test("a directory put in place of a link, and back, leads nowhere", async () => {
  const inner = memory();
  const volume = delayed(inner);
  const { begin, named, open, put, ...rig } = await wasiRig({ "/": volume });
  await rig.call("path_create_directory", 3, "jail");
  await rig.call("path_create_directory", 3, "jail/a");
  await put("secret", "s");
  const at = await open("jail", DIRECTORY);
  const jail = inner.lookup(inner.root, "jail");
  const swaps = [
    () => {
      inner.rename(jail, "a", jail, "real");
      inner.symlink(jail, "a", "..");
    },
    () => {
      inner.unlink(jail, "a");
      inner.rename(jail, "real", jail, "a");
    },
  ];
  // At every step of the walk, something else is under the name.
  for (let first = 0; first < 6; first++) {
    volume.hold();
    const answer = begin("path_filestat_get", at, 1, "a/../a/secret", 64);
    const call = { waits: true };
    void Promise.resolve(answer).then(() => (call.waits = false));
    for (let step = 0; call.waits; step++) {
      if (step === first) swaps[0]();
      if (step === first + 1) swaps[1]();
      volume.step();
      await new Promise(setImmediate);
    }
    volume.release();
    const error = named(await answer);
    assert.ok(["ENOENT", "ENOTCAPABLE"].includes(error), error);
    if (inner.lookup(jail, "real") !== -44) swaps[1]();
  }
});

test("no disorder of renames and links lets a path out of its start", async () => {
  const random = randomNumbers(7);
  const pick = (list) => list[random() % list.length];
  const NAMES = ["a", "b", "c"];
  const TARGETS = [
    "..",
    "../..",
    "../vault",
    "a/../../vault",
    "b",
    ".",
    "../b",
  ];
  let found = 0;
  for (let round = 0; round < 300; round++) {
    const inner = memory();
    const { root } = inner;
    const jail = inner.makeDirectory(root, "jail");
    const vault = inner.makeDirectory(root, "vault");
    // Nothing in here is ever moved into the jail, nor the root itself.
    const outside = new Set([root.ino, vault.ino]);
    for (const name of NAMES) {
      outside.add(inner.create(vault, name).ino);
      outside.add(inner.makeDirectory(vault, `${name}${name}`).ino);
    }
    const volume = delayed(inner);
    const rig = await wasiRig({ "/": volume });
    const at = await rig.open("jail", DIRECTORY);
    const directories = [jail];
    const disturb = () => {
      const directory = pick(directories);
      const name = pick(NAMES);
      switch (random() % 8) {
        case 0:
        case 1: {
          const made = inner.makeDirectory(directory, name);
          if (typeof made !== "number") directories.push(made);
          break;
        }
        case 2:
          inner.symlink(directory, name, pick(TARGETS));
          break;
        case 3:
          inner.rename(directory, name, pick(directories), pick(NAMES));
          break;
        case 4:
          // Out of the jail, and into it again.
          inner.rename(directory, name, root, name);
          break;
        case 5:
        case 6:
          inner.rename(root, name, directory, pick(NAMES));
          break;
        default:
          inner.unlink(directory, name);
          inner.create(directory, name);
      }
    };
    for (let n = 0; n < 60; n++) disturb();
    // What was walked through before must not be walked back to.
    await rig.stat("vault/aa/x");
    const parts = Array.from({ length: 1 + (random() % 5) }, () =>
      pick([...NAMES, ...NAMES, ".."]),
    );
    volume.hold();
    const path = parts.join("/");
    const answer = rig.begin("path_filestat_get", at, 1, path, 64);
    const call = { waits: true };
    void Promise.resolve(answer).then(() => (call.waits = false));
    while (call.waits) {
      disturb();
      volume.step();
      await Promise.resolve();
      await Promise.resolve();
    }
    volume.release();
    if ((await answer) !== 0) continue;
    found++;
    const ino = rig.view().getBigUint64(64 + 8, true);
    assert.ok(!outside.has(ino), `round ${round}: ${path}`);
  }
  assert.ok(found > 30, `only ${found} paths led anywhere`);
});

test("a walk that is given up goes no further", async () => {
  const volume = delayed(memory());
  const { begin, call, context, named } = await wasiRig({ "/": volume });
  await call("path_create_directory", 3, "a");
  await call("path_create_directory", 3, "a/b");
  volume.hold();
  volume.log = [];
  const answer = begin("path_create_directory", 3, "a/b/c");
  context.waits.last.cancel();
  volume.release();
  assert.equal(named(await answer), "ECANCELED");
  await new Promise(setImmediate);
  assert.deepEqual(volume.log, ["lookup"]);
});
