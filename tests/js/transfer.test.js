/* Files into a volume and out of it, from and to what JavaScript has. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { memory } from "../../js/fs/memory.js";
import { SymbolicLink, exportTree, importTree } from "../../js/fs/transfer.js";
import { fails } from "../helpers/fails.js";
import { slowVolume } from "../helpers/slow-volume.js";
import { VolumeTool, pattern } from "../helpers/volume.js";

const bytes = (text) => new TextEncoder().encode(text);

/** A handle as showDirectoryPicker() and getAsFileSystemHandle() answer. */
function handle(name, content) {
  if (content instanceof Blob) {
    return { kind: "file", name, getFile: async () => content };
  }
  return {
    kind: "directory",
    name,
    async *values() {
      for (const [key, value] of Object.entries(content)) {
        yield handle(key, value);
      }
    },
  };
}

/** An entry as webkitGetAsEntry() answers. */
function entry(name, content) {
  if (content instanceof Blob) {
    const file = (resolve) => setImmediate(resolve, content);
    return { isFile: true, isDirectory: false, name, file };
  }
  const left = Object.entries(content).map(([key, value]) => entry(key, value));
  const readEntries = (resolve) => setImmediate(resolve, left.splice(0, 2));
  return {
    isFile: false,
    isDirectory: true,
    name,
    createReader: () => ({ readEntries }),
  };
}

for (const [name, create] of [
  ["memory", memory],
  ["a volume that answers late", (options) => slowVolume(memory(options))],
]) {
  test(`${name}: a tree goes in and comes out as it was`, async () => {
    const volume = create();
    const large = pattern(300_000);
    await importTree(volume, {
      etc: { passwd: "root::0", bin: new Uint8Array([1, 2, 3]), empty: {} },
      "ü€😀": "text in UTF-8: ü",
      large,
      link: new SymbolicLink("etc/passwd"),
      nothing: "",
    });
    assert.deepEqual(await exportTree(volume), {
      etc: {
        bin: new Uint8Array([1, 2, 3]),
        empty: {},
        passwd: bytes("root::0"),
      },
      large,
      link: new SymbolicLink("etc/passwd"),
      nothing: new Uint8Array(0),
      "ü€😀": bytes("text in UTF-8: ü"),
    });
  });

  test(`${name}: bytes may be a buffer, any view, a Blob or a File`, async () => {
    const volume = create();
    const buffer = bytes("0123456789").buffer;
    await importTree(volume, {
      buffer,
      view: new DataView(buffer, 2, 3),
      words: new Uint16Array([0x4241]),
      blob: new Blob(["blo", "b"]),
      file: new File(["file"], "its own name is not taken", {
        lastModified: 1234,
      }),
    });
    assert.deepEqual(await exportTree(volume), {
      blob: bytes("blob"),
      buffer: bytes("0123456789"),
      file: bytes("file"),
      view: bytes("234"),
      words: bytes("AB"),
    });
    const fs = new VolumeTool(volume);
    const stat = await fs.stat(await fs.lookup(fs.root, "file"));
    assert.equal(stat.mtimeNs, 1_234_000_000n);
  });

  test(`${name}: files that were chosen come by name or relative path`, async () => {
    const volume = create();
    const inFolder = new File(["2"], "b.txt");
    Object.defineProperty(inFolder, "webkitRelativePath", {
      value: "folder/deep/b.txt",
    });
    await importTree(volume, [new File(["1"], "a.txt"), inFolder], "/in");
    await importTree(volume, new File(["3"], "c.txt"), "in");
    assert.deepEqual(await exportTree(volume, "/in"), {
      "a.txt": bytes("1"),
      "c.txt": bytes("3"),
      folder: { deep: { "b.txt": bytes("2") } },
    });
  });

  test(`${name}: handles and entries of files and directories`, async () => {
    const content = {
      a: new Blob(["1"]),
      b: { c: new Blob(["2"]), d: new Blob(["3"]), e: {} },
    };
    const expected = {
      a: bytes("1"),
      b: { c: bytes("2"), d: bytes("3"), e: {} },
    };
    for (const make of [handle, entry]) {
      const volume = create();
      await importTree(volume, make("chosen", content));
      assert.deepEqual(await exportTree(volume), expected);
      await importTree(volume, { under: make("chosen", content) });
      await importTree(volume, [make("one", content), make("f", content.a)]);
      const all = await exportTree(volume);
      assert.deepEqual(all.under, expected);
      assert.deepEqual(all.one, expected);
      assert.deepEqual(all.f, bytes("1"));
    }
  });
}

test("what was dropped is asked for in the event's own turn", async () => {
  const volume = memory();
  let over = false;
  const item = (name, content) => ({
    kind: "file",
    getAsFile: () => null,
    webkitGetAsEntry: () => (over ? null : entry(name, content)),
  });
  const items = {
    0: item("a.txt", new Blob(["1"])),
    1: { kind: "string", getAsFile: () => null, webkitGetAsEntry: () => null },
    2: item("folder", { b: new Blob(["2"]) }),
    3: { kind: "file", getAsFile: () => new File(["3"], "c") },
    length: 4,
    [Symbol.iterator]: Array.prototype[Symbol.iterator],
  };
  const imported = importTree(volume, items);
  over = true;
  await imported;
  assert.deepEqual(await exportTree(volume), {
    "a.txt": bytes("1"),
    c: bytes("3"),
    folder: { b: bytes("2") },
  });
});

test("names may be paths, and directories are added to", async () => {
  const volume = memory();
  await importTree(volume, { "usr/lib/a": "1", "/usr/./lib/b": "2" });
  await importTree(volume, { usr: { lib: { c: "3" }, bin: {} } });
  await importTree(volume, { "deep/empty/": {} });
  assert.deepEqual(await exportTree(volume), {
    deep: { empty: {} },
    usr: { bin: {}, lib: { a: bytes("1"), b: bytes("2"), c: bytes("3") } },
  });
});

test("a name that objects have by themselves is a name", async () => {
  const volume = memory();
  const tree = Object.fromEntries([["__proto__", { constructor: "text" }]]);
  await importTree(volume, tree);
  const out = await exportTree(volume);
  assert.deepEqual(Object.keys(out), ["__proto__"]);
  const inner = Object.getOwnPropertyDescriptor(out, "__proto__").value;
  assert.deepEqual(Object.entries(inner), [["constructor", bytes("text")]]);
});

test("a file is replaced, and whoever has it open keeps the old one", async () => {
  const volume = memory();
  await importTree(volume, { a: "old and longer" });
  const fs = new VolumeTool(volume);
  const file = await fs.open(await fs.lookup(fs.root, "a"));
  await importTree(volume, { a: "new" });
  assert.deepEqual(await exportTree(volume, "/a"), bytes("new"));
  assert.deepEqual(await fs.read(file, 0, 3), bytes("old"));
});

test("links in the volume are not followed", async () => {
  const volume = memory();
  await importTree(volume, {
    out: {},
    link: new SymbolicLink("out"),
    file: new SymbolicLink("out/secret"),
  });
  await assert.rejects(
    importTree(volume, { "link/a": "1" }),
    fails("ENOTDIR", /link is a symbolic link/),
  );
  await importTree(volume, { file: "mine" });
  assert.deepEqual(await exportTree(volume), {
    file: bytes("mine"),
    link: new SymbolicLink("out"),
    out: {},
  });
  await assert.rejects(exportTree(volume, "/link/a"), fails("ENOTDIR", /link/));
});

test("what is no file, and names that lead out, are refused by path", async () => {
  const volume = memory();
  const circle = { a: {} };
  circle.a.again = circle;
  for (const [source, text] of [
    [{ a: { b: 5 } }, /\/a\/b: .*not 5/],
    [{ a: null }, /\/a: .*not null/],
    [{ a: new Map() }, /\/a: .*not a Map/],
    [{ "../a": "1" }, /\.\.\/a: a path without/],
    [{ a: { "b/../../c": "1" } }, /b\/\.\.\/\.\.\/c/],
    [{ "a\0b": "1" }, /a\0b/],
    [{ "": "1" }, /must have a name/],
    [{ ".": "1" }, /must have a name/],
    [circle, /inside itself/],
    [new Blob(["1"]), /what is imported/],
    [[new Blob(["1"])], /what is imported/],
    ["text", /what is imported/],
    [null, /what is imported/],
  ]) {
    await assert.rejects(importTree(volume, source), fails("EINVAL", text));
  }
  await assert.rejects(
    importTree(volume, {}, "/a/../.."),
    fails("EINVAL", /\.\./),
  );
  await assert.rejects(exportTree(volume, ".."), fails("EINVAL", /\.\./));
});

test("an object in two places is two directories", async () => {
  const volume = memory();
  const both = { a: "1" };
  await importTree(volume, { one: both, two: both });
  const copy = { a: bytes("1") };
  assert.deepEqual(await exportTree(volume), { one: copy, two: copy });
});

test("a full volume is ENOSPC by path, and the file is not left half", async () => {
  const volume = memory({ limitBytes: 100_000 });
  await assert.rejects(
    importTree(volume, { before: "1", d: { large: pattern(200_000) } }),
    fails("ENOSPC", /\/d\/large/),
  );
  assert.deepEqual(await exportTree(volume), { before: bytes("1"), d: {} });
  assert.ok(volume.usage().usedBytes < 2000);
});

test("a file where a directory must be, and the other way round", async () => {
  const volume = memory();
  await importTree(volume, { file: "1", d: {} });
  await assert.rejects(
    importTree(volume, { file: { a: "2" } }),
    fails("ENOTDIR", /\/file/),
  );
  await assert.rejects(importTree(volume, { d: "2" }), fails("EISDIR", /\/d/));
  const long = "n".repeat(256);
  await assert.rejects(
    importTree(volume, { [long]: "2" }),
    fails("ENAMETOOLONG", /nnn/),
  );
  await assert.rejects(exportTree(volume, "/x"), fails("ENOENT", /\/x/));
  await assert.rejects(exportTree(volume, "/file/x"), fails("ENOTDIR", /file/));
});

test("a Blob that cannot be read is EIO by path", async () => {
  const volume = memory();
  const gone = new Blob(["1"]);
  gone.stream = () =>
    new ReadableStream({
      pull() {
        throw new TypeError("the file was moved");
      },
    });
  await assert.rejects(
    importTree(volume, { d: { gone } }),
    fails("EIO", /\/d\/gone: .*the file was moved/),
  );
  const handleOfGone = {
    kind: "file",
    name: "h",
    getFile: async () => {
      throw new TypeError("no permission");
    },
  };
  await assert.rejects(
    importTree(volume, [handleOfGone]),
    fails("EIO", /\/h: .*no permission/),
  );
  assert.deepEqual(await exportTree(volume), { d: {} });
});

test("names come out in order", async () => {
  const volume = memory();
  await importTree(volume, { c: "", a: "", b: {} });
  assert.deepEqual(Object.keys(await exportTree(volume)), ["a", "b", "c"]);
});

test("a file that grows while it is exported is as long as it was", async () => {
  const volume = memory();
  await importTree(volume, { a: pattern(70_000) });
  const { openNode } = volume;
  volume.openNode = (node, access) => {
    const file = openNode.call(volume, node, access);
    volume.write(file, -1, pattern(50_000), 0, 50_000);
    return file;
  };
  assert.deepEqual((await exportTree(volume)).a.length, 70_000);
});

test("a file larger than memory is ENOMEM", async () => {
  const volume = memory();
  const fs = new VolumeTool(volume);
  const file = await fs.open(await fs.create(fs.root, "huge"));
  await fs.resize(file, 2 ** 52);
  await assert.rejects(exportTree(volume), fails("ENOMEM", /\/huge/));
});
