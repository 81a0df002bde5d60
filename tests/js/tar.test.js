/* Tar in and out: what goes in comes out, GNU tar reads ours and we read its,
 * and nothing is held that need not be. What is broken: tar-broken.test.js. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ERRNO } from "../../js/errors.js";
import { memory } from "../../js/fs/memory.js";
import { exportTar, importTar } from "../../js/fs/tar.js";
import { SymbolicLink, exportTree, importTree } from "../../js/fs/transfer.js";
import { fails } from "../helpers/fails.js";
import { slowVolume } from "../helpers/slow-volume.js";
import {
  BLOCK,
  END,
  archive,
  bytes,
  header,
  inPieces,
  padded,
  pax,
  sealed,
  unpacked,
  whole,
} from "../helpers/tar.js";
import { VolumeTool, pattern } from "../helpers/volume.js";

const LONG = `${"directory-of-a-long-name/".repeat(12)}file`;

/** A value under a path. */
function nested(path, value) {
  const names = path.split("/");
  return names.reduceRight((inside, name) => ({ [name]: inside }), value);
}

const TREE = {
  bin: { tool: pattern(200_001) },
  empty: {},
  "edge-511": pattern(511),
  "edge-512": pattern(512),
  "edge-513": pattern(513),
  nothing: "",
  "ü€😀": { ß: "in UTF-8" },
  "with space": "1",
  up: new SymbolicLink("../elsewhere"),
  far: new SymbolicLink(`${"x".repeat(60)}/${"ü".repeat(60)}`),
};

for (const [name, create] of [
  ["memory", memory],
  ["a volume that answers late", () => slowVolume(memory())],
]) {
  test(`${name}: what is packed is unpacked as it was, in pieces of any size`, async () => {
    const volume = create();
    await importTree(volume, TREE);
    await importTree(volume, { [LONG]: "deep", ["n".repeat(101)]: "long" });
    const expected = await exportTree(volume);
    const packed = await whole(exportTar(volume));
    assert.equal(packed.length % BLOCK, 0);
    for (const size of [1_000_000, 65_536, 1000, 511]) {
      const other = create();
      const summary = await importTar(other, inPieces(packed, size));
      assert.deepEqual(await exportTree(other), expected);
      assert.equal(summary.links, 2);
      assert.deepEqual(summary.skipped, []);
    }
  });
}

test("times come along to the nanosecond, those of directories too", async () => {
  const volume = memory();
  await importTree(volume, { d: { inside: "1" }, whole: "2" });
  const fs = new VolumeTool(volume);
  const times = { d: 1_234_567_890_123_456_789n, whole: 5_000_000_000n };
  for (const [name, timeNs] of Object.entries(times)) {
    await fs.setTimes(await fs.lookup(fs.root, name), 0n, timeNs);
  }
  const inside = await fs.lookup(await fs.lookup(fs.root, "d"), "inside");
  const far = 2n ** 63n - 7n;
  await fs.setTimes(inside, 0n, far);
  const other = new VolumeTool(memory());
  await importTar(other.volume, exportTar(volume));
  for (const [name, timeNs] of Object.entries(times)) {
    const node = await other.lookup(other.root, name);
    assert.equal((await other.stat(node)).mtimeNs, timeNs, name);
  }
  const d = await other.lookup(other.root, "d");
  const there = await other.lookup(d, "inside");
  assert.equal((await other.stat(there)).mtimeNs, far);
});

test("what ustar has no room for is said by pax, and in ASCII beside it", async () => {
  const fs = new VolumeTool(memory());
  const late = 9_000_000_000n * 1_000_000_000n;
  await fs.setTimes(await fs.put(fs.root, "late", ""), 0n, late);
  await fs.setTimes(await fs.put(fs.root, "ü", ""), 0n, 0n);
  await fs.setTimes(await fs.symlink(fs.root, "link", "ä"), 0n, 0n);
  const packed = await whole(exportTar(fs.volume));
  const text = Buffer.from(packed).toString();
  assert.match(text, /11 path=ü\n/u);
  assert.match(text, /15 linkpath=ä\n/u);
  assert.match(text, /20 mtime=9000000000\n/u);
  // Beyond the records everything is ASCII, for programs without pax.
  const rest = text.replaceAll(/(path=ü|linkpath=ä)\n/gu, "");
  assert.ok([...rest].every((one) => one < "\x80"));
  const other = new VolumeTool(memory());
  await importTar(other.volume, packed);
  const node = await other.lookup(other.root, "late");
  assert.equal((await other.stat(node)).mtimeNs, late);
});

test("a file of more than 8 GiB has its size in a pax record", async () => {
  const fs = new VolumeTool(memory());
  const file = await fs.open(await fs.create(fs.root, "huge"));
  await fs.resize(file, 2 ** 33 + 5);
  const reader = exportTar(fs.volume).getReader();
  const { value } = await reader.read();
  await reader.cancel();
  assert.match(Buffer.from(value).toString(), /\d\d size=8589934597\n/);
});

test("a time before 1970 is 1970, a prefix is only ustar's", async () => {
  const early = header({ name: "early" });
  early.fill(0xff, 136, 148);
  const old = header({ name: "old", magic: "" });
  old.set(bytes("no prefix"), 345);
  const { tree, volume } = await unpacked(
    archive(sealed(early), sealed(old), END),
  );
  assert.deepEqual(Object.keys(tree), ["early", "old"]);
  const fs = new VolumeTool(volume);
  const stat = await fs.stat(await fs.lookup(fs.root, "early"));
  assert.equal(stat.mtimeNs, 0n);
});

test("hard links stay links, and are copies where a volume has none", async () => {
  const fs = new VolumeTool(memory());
  const first = await fs.put(fs.root, "b", "shared");
  await fs.link(first, fs.root, "a");
  const d = await fs.makeDirectory(fs.root, "d");
  await fs.link(first, d, "c");
  const packed = await whole(exportTar(fs.volume));
  const other = new VolumeTool(memory());
  const { files } = await importTar(other.volume, packed);
  assert.equal(files, 3);
  const a = await other.lookup(other.root, "a");
  assert.equal((await other.stat(a)).links, 3);
  assert.equal((await other.lookup(other.root, "b")).ino, a.ino);
  await importTar(other.volume, packed);
  const again = await other.lookup(other.root, "b");
  assert.equal((await other.stat(again)).links, 3);

  const plain = memory();
  plain.link = () => -ERRNO.ENOTSUP;
  await importTar(plain, packed);
  assert.deepEqual(await exportTree(plain), {
    a: bytes("shared"),
    b: bytes("shared"),
    d: { c: bytes("shared") },
  });
});

test("a part of a volume is packed by names of its own, or a single file", async () => {
  const volume = memory();
  await importTree(volume, { a: { b: { c: "1" }, d: "2" }, other: "3" });
  const inA = await unpacked(await whole(exportTar(volume, "/a")));
  assert.deepEqual(inA.tree, { b: { c: bytes("1") }, d: bytes("2") });
  const single = await unpacked(await whole(exportTar(volume, "a/b/c")));
  assert.deepEqual(single.tree, { c: bytes("1") });
  const target = memory();
  await importTar(target, exportTar(volume, "/a/b"), "/deep/down");
  assert.deepEqual(await exportTree(target), {
    deep: { down: { c: bytes("1") } },
  });
});

test("an empty volume is an empty archive", async () => {
  const packed = await whole(exportTar(memory()));
  assert.deepEqual(packed, END);
  assert.deepEqual((await unpacked(packed)).tree, {});
});

test("an archive may come as bytes, buffer, Blob, Response or any iterable", async () => {
  const volume = memory();
  await importTree(volume, { a: "text" });
  const packed = await whole(exportTar(volume));
  async function* iterable() {
    yield packed.subarray(0, 700);
    yield packed.subarray(700);
  }
  for (const source of [
    packed,
    packed.buffer,
    new DataView(packed.buffer),
    new Blob([packed]),
    new Response(packed),
    iterable(),
  ]) {
    assert.deepEqual((await unpacked(source)).tree, { a: bytes("text") });
  }
  const zipped = new Response(packed).body.pipeThrough(
    new CompressionStream("gzip"),
  );
  const gzip = await whole(zipped);
  const opened = new Response(gzip).body.pipeThrough(
    new DecompressionStream("gzip"),
  );
  assert.deepEqual((await unpacked(opened)).tree, { a: bytes("text") });
  await assert.rejects(
    importTar(memory(), gzip),
    fails("EBADMSG", /offset 0: gzip.*gzip: true/),
  );
  for (const wrong of ["text", null, 5, {}]) {
    await assert.rejects(importTar(memory(), wrong), fails("EINVAL", /tar/));
  }
  const texts = new ReadableStream({
    start: (controller) => controller.enqueue("text"),
  });
  await assert.rejects(importTar(memory(), texts), fails("EINVAL", /bytes/));
});

test("nothing is read before it is wanted, nothing more than a piece is held", async () => {
  const volume = memory();
  await importTree(volume, { large: pattern(2_000_000) });
  let read = 0;
  const { read: really } = volume;
  volume.read = (...args) => {
    read++;
    return really.apply(volume, args);
  };
  const reader = exportTar(volume).getReader();
  await new Promise(setImmediate);
  assert.equal(read, 0);
  await reader.read();
  const { value } = await reader.read();
  assert.ok(value.length <= 65_536);
  assert.ok(read <= 2, `${read} reads for one piece`);
  await reader.cancel();
  const [file] = [...volume.list(volume.root)].map(({ name }) =>
    volume.lookup(volume.root, name),
  );
  assert.equal(file.opens, 0, "it is closed when nobody wants it any more");
});

test("GNU tar reads what is packed", async (t) => {
  const { status } = spawnSync("tar", ["--version"]);
  if (status !== 0) {
    t.skip("tar not found");
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), "gossamer-tar-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const fs = new VolumeTool(memory());
  await importTree(fs.volume, { ...TREE, [LONG]: "deep" });
  const tool = await fs.lookup(await fs.lookup(fs.root, "bin"), "tool");
  await fs.link(tool, fs.root, "tool");
  await fs.setTimes(tool, 0n, 1_234_567_890_123_456_789n);
  const file = join(folder, "our.tar");
  writeFileSync(file, await whole(exportTar(fs.volume)));
  execFileSync("tar", ["-x", "-f", file, "-C", folder], { stdio: "pipe" });
  rmSync(file);
  const packed = execFileSync(
    "tar",
    ["-c", "--format=posix", "-C", folder, "."],
    { maxBuffer: 10_000_000 },
  );
  const { tree, volume } = await unpacked(packed);
  assert.deepEqual(tree, await exportTree(fs.volume));
  const other = new VolumeTool(volume);
  const again = await other.lookup(other.root, "tool");
  const stat = await other.stat(again);
  assert.equal(stat.links, 2);
  assert.equal(stat.mtimeNs, 1_234_567_890_123_456_789n);
});

for (const format of ["v7", "ustar", "gnu", "posix", "oldgnu"]) {
  test(`what GNU tar packs as ${format} is unpacked`, async (t) => {
    const { status } = spawnSync("tar", ["--version"]);
    if (status !== 0) {
      t.skip("tar not found");
      return;
    }
    const folder = mkdtempSync(join(tmpdir(), "gossamer-tar-"));
    t.after(() => rmSync(folder, { recursive: true }));
    // v7 has room for 99 bytes of name, ustar for 256.
    const rooms = { v7: "short/file", ustar: LONG.slice(-150) };
    const path = rooms[format] ?? LONG;
    mkdirSync(join(folder, path, ".."), { recursive: true });
    writeFileSync(join(folder, path), "deep");
    writeFileSync(join(folder, "large"), pattern(100_000));
    writeFileSync(join(folder, "ü"), "");
    execFileSync("ln", ["-s", "../x", join(folder, "link")]);
    execFileSync("ln", [join(folder, "large"), join(folder, "same")]);
    const packed = execFileSync(
      "tar",
      ["-c", `--format=${format}`, "-C", folder, "."],
      { maxBuffer: 10_000_000 },
    );
    const { tree } = await unpacked(packed);
    assert.deepEqual(tree, {
      large: pattern(100_000),
      link: new SymbolicLink("../x"),
      same: pattern(100_000),
      ü: new Uint8Array(0),
      ...nested(path, bytes("deep")),
    });
  });
}

test("pax records count for the next entry, global ones for all", async () => {
  const name = "päx/".concat("n".repeat(120));
  const { tree, volume } = await unpacked(
    archive(
      pax({ comment: "of no meaning", mtime: "7.5" }, "g"),
      pax({ path: name, size: "4", mtime: "1.000000001" }),
      header({ size: 0 }),
      padded(bytes("text")),
      header({ name: "b", size: 1 }),
      padded(bytes("1")),
      pax({ linkpath: "tärget" }),
      header({ name: "c", type: "2", link: "x" }),
      pax({ mtime: "" }),
      header({ name: "d", mtime: 3 }),
      pax({ mtime: "-1.5" }),
      header({ name: "e" }),
      END,
    ),
  );
  assert.deepEqual(tree, {
    b: bytes("1"),
    c: new SymbolicLink("tärget"),
    d: new Uint8Array(0),
    e: new Uint8Array(0),
    ...nested(name, bytes("text")),
  });
  const fs = new VolumeTool(volume);
  const mtime = async (directory, one) =>
    (await fs.stat(await fs.lookup(directory, one))).mtimeNs;
  const inPax = await fs.lookup(fs.root, "päx");
  assert.equal(await mtime(inPax, "n".repeat(120)), 1_000_000_001n);
  assert.equal(await mtime(fs.root, "b"), 7_500_000_000n);
  assert.equal(await mtime(fs.root, "d"), 3_000_000_000n);
  assert.equal(await mtime(fs.root, "e"), 0n);
});

test("sizes in base 256, files of before POSIX, entries without use", async () => {
  const base256 = header({ name: "big" });
  base256.fill(0, 124, 136);
  base256[124] = 0x80;
  base256[135] = 3;
  const { tree, summary } = await unpacked(
    archive(
      sealed(base256),
      padded(bytes("abc")),
      header({ name: "old", type: "\0", size: 2, magic: "" }),
      padded(bytes("de")),
      header({ name: "olddir/", type: "\0", magic: "" }),
      header({ name: "contiguous", type: "7", size: 1 }),
      padded(bytes("f")),
      header({ name: "room/", type: "5", size: 4096 }),
      header({ name: "sized", type: "2", link: "x", size: 7 }),
      header({ name: "null", type: "3" }),
      header({ name: "pipe", type: "6" }),
      header({ name: "label", type: "V" }),
      header({ name: "strange", type: "Z", size: 600 }),
      padded(pattern(600)),
      header({ name: "last" }),
      END,
      pattern(700),
    ),
  );
  assert.deepEqual(tree, {
    big: bytes("abc"),
    contiguous: bytes("f"),
    last: new Uint8Array(0),
    old: bytes("de"),
    olddir: {},
    room: {},
    sized: new SymbolicLink("x"),
  });
  assert.deepEqual(summary, {
    files: 4,
    directories: 2,
    links: 1,
    skipped: ["null", "pipe", "label", "strange"],
  });
});

test("a hard link to itself leaves the file as it is", async () => {
  const { tree } = await unpacked(
    archive(
      header({ name: "a", size: 1 }),
      padded(bytes("1")),
      header({ name: "a", type: "1", link: "a" }),
      END,
    ),
  );
  assert.deepEqual(tree, { a: bytes("1") });
});

test("what is there is replaced, directories are added to", async () => {
  const volume = memory();
  await importTree(volume, {
    d: { kept: "1" },
    file: "a longer one",
    link: new SymbolicLink("d/kept"),
  });
  await importTar(
    volume,
    archive(
      header({ name: "d/", type: "5" }),
      header({ name: "d/new", size: 1 }),
      padded(bytes("2")),
      header({ name: "file", size: 1 }),
      padded(bytes("3")),
      header({ name: "link", size: 1 }),
      padded(bytes("4")),
      END,
    ),
  );
  assert.deepEqual(await exportTree(volume), {
    d: { kept: bytes("1"), new: bytes("2") },
    file: bytes("3"),
    link: bytes("4"),
  });
});

test("an archive stays whole when files change while it is made", async () => {
  const fs = new VolumeTool(memory());
  const grows = await fs.open(await fs.put(fs.root, "grows", pattern(100)));
  const node = await fs.put(fs.root, "shrinks", pattern(200_000));
  const shrinks = await fs.open(node);
  const reader = exportTar(fs.volume).getReader();
  const parts = [];
  let changed = false;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    if (parts.length === 1) await fs.write(grows, 100, pattern(100_000));
    if (value.length === 65_536 && !changed) {
      changed = true;
      await fs.resize(shrinks, 70_000);
    }
  }
  const { tree } = await unpacked(archive(...parts));
  assert.deepEqual(tree.grows, pattern(100));
  const expected = new Uint8Array(200_000);
  expected.set(pattern(200_000).slice(0, 70_000));
  assert.deepEqual(tree.shrinks, expected);
});

test("exporting what is not there fails the stream", async () => {
  const reader = exportTar(memory(), "/none").getReader();
  await assert.rejects(reader.read(), fails("ENOENT", /\/none/));
});
