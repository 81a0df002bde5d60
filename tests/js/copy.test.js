/* Files from volume to volume: what is kept, what is refused, what is left
 * when it is given up or fails. Rows C2, D1. */
import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ERRNO } from "../../js/errors.js";
import { copyTree } from "../../js/fs/copy.js";
import { memory } from "../../js/fs/memory.js";
import { SymbolicLink, exportTree, importTree } from "../../js/fs/transfer.js";
import { TYPE, Volume } from "../../js/fs/volume.js";
import { delayed } from "../helpers/delayed.js";
import { fails } from "../helpers/fails.js";
import { setUp } from "../helpers/node-volume.js";
import { slowVolume } from "../helpers/slow-volume.js";
import { checkVolume } from "../helpers/volume-check.js";
import { VolumeTool, pattern } from "../helpers/volume.js";

const MEBIBYTE = 2 ** 20;

/** A tree with one of everything. */
async function filled(volume = memory()) {
  await importTree(volume, {
    bin: { tool: pattern(200_001) },
    empty: {},
    nothing: "",
    "ü€😀": { ß: "text" },
    link: new SymbolicLink("bin/tool"),
    up: new SymbolicLink("../elsewhere"),
  });
  return volume;
}

/** @param {VolumeTool} fs @param {string} path */
async function at(fs, path) {
  let node = fs.root;
  for (const name of path.split("/")) node = await fs.lookup(node, name);
  return node;
}

for (const [name, wrap] of [
  ["memory", (volume) => volume],
  ["volumes that answer late", slowVolume],
]) {
  test(`${name}: a copy is as what it is a copy of`, async () => {
    const from = await filled();
    const to = wrap(memory());
    const summary = await copyTree(wrap(from), to);
    assert.deepEqual(summary, {
      files: 3,
      directories: 3,
      links: 2,
      bytes: 200_005,
      skipped: [],
    });
    assert.deepEqual(await exportTree(to), await exportTree(from));
  });
}

test("a host directory takes a copy and gives one", async (t) => {
  const { inside, volume } = setUp(t);
  const from = await filled();
  const fs = new VolumeTool(from);
  await fs.link(await at(fs, "bin/tool"), fs.root, "same");
  await fs.setTimes(await at(fs, "link"), 1_000_000_000n, 2_000_000_000n);
  await fs.setTimes(await at(fs, "bin"), 3_000_000_000n, 4_000_000_000n);
  await copyTree(from, volume, { target: "/deep/copy" });
  const host = join(inside, "deep/copy");
  assert.deepEqual(
    new Uint8Array(readFileSync(join(host, "link"))),
    pattern(200_001),
  );
  assert.equal(statSync(join(host, "same")).nlink, 2);
  assert.equal(statSync(join(host, "bin")).mtimeMs, 4000);
  const back = memory();
  await copyTree(volume, back, { path: "deep/copy" });
  assert.deepEqual(await exportTree(back), await exportTree(from));
  const copied = new VolumeTool(back);
  assert.equal((await copied.stat(await at(copied, "bin/tool"))).links, 2);
  const { mtimeNs } = await copied.stat(await at(copied, "link"));
  assert.equal(mtimeNs, 2_000_000_000n);
});

test("times come along, those of directories and links too", async () => {
  const from = await filled();
  const fs = new VolumeTool(from);
  const paths = ["bin", "bin/tool", "empty", "link", "nothing"];
  for (const [index, path] of paths.entries()) {
    const timeNs = 1_000_000_000_000_000_001n * BigInt(index + 1);
    await fs.setTimes(await at(fs, path), timeNs, timeNs + 5n);
  }
  const copied = new VolumeTool(memory());
  await copyTree(from, copied.volume);
  for (const [index, path] of paths.entries()) {
    const { atimeNs, mtimeNs } = await copied.stat(await at(copied, path));
    const timeNs = 1_000_000_000_000_000_001n * BigInt(index + 1);
    assert.deepEqual([atimeNs, mtimeNs], [timeNs, timeNs + 5n], path);
  }
});

test("names of one file stay so, and are copies where there are none", async () => {
  const fs = new VolumeTool(memory());
  const first = await fs.put(fs.root, "b", "shared");
  await fs.link(first, await fs.makeDirectory(fs.root, "d"), "c");
  const link = await fs.symlink(fs.root, "l", "b");
  await fs.link(link, fs.root, "m");
  const copied = new VolumeTool(memory());
  const { files, links, bytes } = await copyTree(fs.volume, copied.volume);
  assert.deepEqual([files, links, bytes], [2, 2, 6]);
  for (const [one, other] of [
    ["b", "d/c"],
    ["l", "m"],
  ]) {
    const node = await at(copied, one);
    assert.equal((await copied.stat(node)).links, 2);
    assert.equal((await at(copied, other)).ino, node.ino);
  }
  checkVolume(copied.volume);
  await copyTree(fs.volume, copied.volume);
  checkVolume(copied.volume);

  const plain = memory();
  plain.link = () => -ERRNO.ENOTSUP;
  plain.setTimes = () => -ERRNO.ENOTSUP;
  await fs.volume.unlink(fs.root, "m");
  await copyTree(fs.volume, plain);
  assert.deepEqual(await exportTree(plain), await exportTree(fs.volume));
});

test("holes stay holes, and what is around them bytes", async () => {
  const fs = new VolumeTool(memory());
  const file = await fs.open(await fs.create(fs.root, "sparse"));
  await fs.write(file, 3 * MEBIBYTE + 100, pattern(5000, 7));
  await fs.write(file, 10, "x");
  await fs.resize(file, 20 * MEBIBYTE);
  const to = memory();
  const { bytes } = await copyTree(fs.volume, to);
  assert.equal(bytes, 20 * MEBIBYTE);
  assert.ok(to.usage().usedBytes < 200_000, `${to.usage().usedBytes}`);
  const same = Buffer.compare(
    (await exportTree(to)).sparse,
    (await exportTree(fs.volume)).sparse,
  );
  assert.equal(same, 0);
});

test("a file or a link alone, and a directory's content", async () => {
  const from = await filled();
  const to = memory();
  await copyTree(from, to, { path: "/nothing", target: "files" });
  await copyTree(from, to, { path: "link", target: "/files" });
  await copyTree(from, to, { path: "/bin", target: "/files/." });
  const { bin } = await exportTree(from);
  assert.deepEqual(await exportTree(to), {
    files: {
      link: new SymbolicLink("bin/tool"),
      nothing: new Uint8Array(0),
      tool: bin.tool,
    },
  });
});

test("what is there is added to and replaced, links are not followed", async () => {
  const from = memory();
  await importTree(from, { a: { new: "1" }, b: "new", c: { inside: "1" } });
  const to = memory();
  await importTree(to, { a: { old: "0" }, b: "old and longer" });
  await copyTree(from, to, { path: "a", target: "a" });
  await copyTree(from, to, { path: "b" });
  const tree = await exportTree(to);
  assert.deepEqual(Object.keys(tree.a), ["new", "old"]);
  assert.equal(Buffer.from(tree.b).toString(), "new");
  await importTree(to, { out: {}, c: new SymbolicLink("out") });
  await assert.rejects(
    copyTree(from, to),
    fails("ENOTDIR", /\/c: c is a symbolic link/),
  );
  assert.deepEqual((await exportTree(to)).out, {});
});

test("within a volume: beside itself, not into itself", async () => {
  const volume = await filled();
  await copyTree(volume, volume, { path: "/bin", target: "/copy/of/bin" });
  const { bin, copy } = await exportTree(volume);
  assert.deepEqual(copy.of.bin, bin);
  const before = await exportTree(volume);
  for (const [path, target] of [
    ["/", "/copy"],
    ["/", "/"],
    ["/bin", "/bin"],
    ["/bin", "bin/./deeper"],
    ["/bin/tool", "/bin"],
    ["/nothing", "/"],
  ]) {
    await assert.rejects(
      copyTree(volume, volume, { path, target }),
      fails("EINVAL", /into itself/),
      path,
    );
  }
  await copyTree(volume, volume, { path: "/nothing", target: "/empty" });
  await copyTree(volume, volume, { path: "/empty", target: "/emptied" });
  const { empty, emptied, ...rest } = await exportTree(volume);
  assert.deepEqual(empty, emptied);
  delete before.empty;
  assert.deepEqual(rest, before);
});

test("what is wrong is named with its path", async () => {
  const from = await filled();
  const full = memory({ limitBytes: 100_000 });
  await assert.rejects(copyTree(from, full), fails("ENOSPC", /\/bin\/tool/));
  assert.deepEqual(await exportTree(full), { bin: {} });
  for (const [options, code, text] of [
    [{ path: "/none" }, "ENOENT", /\/none/],
    [{ path: "bin/tool/x" }, "ENOTDIR", /tool\/x/],
    [{ path: "../x" }, "EINVAL", /\.\./],
    [{ target: "a/../.." }, "EINVAL", /\.\./],
  ]) {
    await assert.rejects(copyTree(from, memory(), options), fails(code, text));
  }
  const stuck = memory();
  stuck.write = () => 0;
  await assert.rejects(copyTree(from, stuck), fails("ENOSPC", /tool/));
  const readOnly = memory();
  readOnly.create = () => -ERRNO.EROFS;
  await assert.rejects(
    copyTree(from, readOnly, { target: "/t" }),
    fails("EROFS", /\/t\/bin\/tool/),
  );
  const broken = await filled();
  broken.read = () => -ERRNO.EIO;
  const to = memory();
  await assert.rejects(copyTree(broken, to), fails("EIO", /\/bin\/tool/));
  assert.deepEqual(await exportTree(to), { bin: {} });
  const closed = new Volume();
  closed.open = () => -ERRNO.EBUSY;
  await assert.rejects(copyTree(closed, to), fails("EBUSY", /the volume/));
  Object.defineProperty(closed, "trouble", { value: "another has it" });
  await assert.rejects(copyTree(to, closed), fails("EBUSY", /^another has it/));
});

test("what no volume has is told and left out", async () => {
  const volume = memory();
  await importTree(volume, { a: "1", odd: "2" });
  volume.lookup(volume.root, "odd").type = TYPE.SOCKET_STREAM;
  const to = memory();
  const { skipped } = await copyTree(volume, to);
  assert.deepEqual(skipped, ["/odd"]);
  assert.deepEqual(Object.keys(await exportTree(to)), ["a"]);
});

test("a file that is written to meanwhile is as long as it was", async () => {
  const from = memory();
  await importTree(from, { log: pattern(100_000) });
  const { read } = from;
  from.read = (file, ...args) => {
    from.write(file, -1, pattern(1000), 0, 1000);
    return read.call(from, file, ...args);
  };
  const to = memory();
  const { bytes } = await copyTree(from, to);
  assert.equal(bytes, 100_000);
  assert.deepEqual(await exportTree(to), { log: pattern(100_000) });
});

test("progress is told, and what it throws ends the copying", async () => {
  const from = memory();
  await importTree(from, { a: pattern(150_000), d: { b: "1" } });
  const told = [];
  const progress = (now) => told.push(now);
  const summary = await copyTree(from, memory(), { progress });
  assert.deepEqual(
    told.map(({ path, bytes }) => `${path} ${bytes}`),
    ["/a 65536", "/a 131072", "/a 150000", "/a 150000"].concat([
      "/d/b 150001",
      "/d/b 150001",
      "/d 150001",
    ]),
  );
  const { path, ...last } = told.at(-1);
  assert.deepEqual(last, summary);
  assert.equal(path, "/d");
  const source = delayed(from);
  const target = delayed(memory());
  const stop = () => {
    throw new RangeError("enough");
  };
  await assert.rejects(
    copyTree(source, target, { progress: stop }),
    new RangeError("enough"),
  );
  assert.deepEqual([source.opened, target.opened], [0, 0]);
  assert.deepEqual(await exportTree(target), {});
});

test("a signal ends it wherever it is, and nothing stays open", async () => {
  const from = memory();
  await importTree(from, { a: { b: pattern(100_000) }, z: "1" });
  for (let steps = 0, done = false; !done; steps++) {
    const source = delayed(from);
    const target = delayed(memory());
    const controller = new AbortController();
    source.hold();
    target.hold();
    const copied = copyTree(source, target, { signal: controller.signal });
    const ended = copied.then(
      () => "done",
      (error) => error,
    );
    for (let step = 0; step < steps; step++) {
      await new Promise(setImmediate);
      source.step();
      target.step();
    }
    controller.abort("no more");
    source.release();
    target.release();
    const outcome = await ended;
    done = outcome === "done";
    assert.deepEqual([source.opened, target.opened], [0, 0], `step ${steps}`);
    const tree = await exportTree(target);
    if (done) {
      assert.deepEqual(tree, await exportTree(from));
      assert.ok(steps > 20, `${steps} steps`);
    } else {
      assert.equal(outcome.code, "ECANCELED", String(outcome));
      assert.equal(outcome.cause, "no more");
      // What is there is whole.
      assert.ok([undefined, 100_000].includes(tree.a?.b?.length));
    }
  }
});

test("what does not give or take more is left by the signal", async () => {
  const never = () => new Promise(() => {});
  for (const broken of ["from", "to"]) {
    const from = memory();
    await importTree(from, { a: "1" });
    const to = memory();
    if (broken === "from") from.read = never;
    else to.write = never;
    const controller = new AbortController();
    const { signal } = controller;
    const copied = copyTree(from, to, { signal });
    await new Promise(setImmediate);
    controller.abort();
    await assert.rejects(copied, fails("ECANCELED", /\/a: aborted/));
    assert.deepEqual(await exportTree(to), {});
    assert.deepEqual(getEventListeners(signal, "abort"), []);
  }
  const from = memory();
  const to = memory();
  const signal = AbortSignal.abort();
  await assert.rejects(
    copyTree(from, to, { signal }),
    fails("ECANCELED", /aborted/),
  );
});

test("all or nothing: seen when it is whole, gone when it fails", async () => {
  const from = await filled();
  const to = memory();
  const options = { target: "/deep/copy", atomic: true };
  /** @type {Set<string>} */
  const seen = new Set();
  const progress = () => {
    const deep = to.lookup(to.root, "deep");
    for (const { name } of to.list(deep)) seen.add(name);
  };
  await copyTree(from, to, { ...options, progress });
  assert.deepEqual([...seen], [".incomplete-1"]);
  const tree = await exportTree(from);
  assert.deepEqual(await exportTree(to), { deep: { copy: tree } });
  await assert.rejects(
    copyTree(from, to, { ...options, progress: () => assert.fail("began") }),
    fails("ENOTEMPTY", /\/deep\/copy/),
  );
  await assert.rejects(
    copyTree(from, to, { atomic: true }),
    fails("EINVAL", /whole volume/),
  );
  await importTree(to, { empty: {}, ".incomplete-1": "not ours", file: "1" });
  await copyTree(from, to, { target: "/empty", atomic: true });
  assert.deepEqual((await exportTree(to)).empty, tree);
  await assert.rejects(
    copyTree(from, to, { target: "/file", atomic: true }),
    fails("ENOTDIR", /\/file/),
  );
  const before = await exportTree(to);
  from.read = () => -ERRNO.EIO;
  await assert.rejects(
    copyTree(from, to, { target: "/other", atomic: true }),
    fails("EIO", /tool/),
  );
  assert.deepEqual(await exportTree(to), before);
  to.removeDirectory = () => -ERRNO.EIO;
  await assert.rejects(
    copyTree(from, to, { target: "/other", atomic: true }),
    fails("EIO", /tool: EIO; \.incomplete-2 .*not removed/),
  );
});

test("the page's other tasks go on while memory is copied", async () => {
  const from = memory();
  await importTree(from, { large: new Uint8Array(32 * MEBIBYTE).fill(1) });
  let turns = 0;
  let copying = true;
  const other = () => {
    turns++;
    if (copying) setImmediate(other);
  };
  setImmediate(other);
  await copyTree(from, memory());
  copying = false;
  // One every 128 pieces of 64 KiB, read or written.
  assert.ok(turns >= 4, `${turns} turns`);
});
