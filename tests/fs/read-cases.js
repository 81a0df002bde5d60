/* Reading what is there: the part that volumes have which cannot be written. */
import assert from "node:assert/strict";
import { createStat, TYPE } from "../../js/fs/volume.js";
import { pattern, sameBytes, textOf } from "../helpers/volume.js";

const LARGE_BYTES = 300_001;

/** @type {import("./cases.js").Case[]} */
export const readCases = [
  {
    name: "the root is a directory, the same each time",
    async run(fs) {
      assert.equal(fs.root.type, TYPE.DIRECTORY);
      assert.equal(fs.root.ino, fs.root.ino);
      assert.notEqual(fs.root.ino, 0n);
      const stat = await fs.stat(fs.root);
      assert.equal(stat.type, TYPE.DIRECTORY);
      assert.equal(stat.ino, fs.root.ino);
      assert.ok(stat.links >= 1);
    },
  },
  {
    name: "lookup finds files and directories, and says ENOENT",
    tree: { a: "text", d: { b: "more" } },
    async run(fs) {
      const a = await fs.lookup(fs.root, "a");
      const d = await fs.lookup(fs.root, "d");
      assert.equal(a.type, TYPE.FILE);
      assert.equal(d.type, TYPE.DIRECTORY);
      assert.equal((await fs.lookup(d, "b")).type, TYPE.FILE);
      await fs.refuses(fs.volume.lookup(fs.root, "b"), "ENOENT");
      await fs.refuses(fs.volume.lookup(fs.root, "A"), "ENOENT");
      await fs.refuses(fs.volume.lookup(d, "a"), "ENOENT");
    },
  },
  {
    name: "names that objects have by themselves are not there",
    async run(fs) {
      for (const name of ["__proto__", "constructor", "toString"]) {
        await fs.refuses(fs.volume.lookup(fs.root, name), "ENOENT");
      }
    },
  },
  {
    name: "lookup in a file is ENOTDIR",
    tree: { a: "text" },
    async run(fs) {
      const a = await fs.lookup(fs.root, "a");
      await fs.refuses(fs.volume.lookup(a, "b"), "ENOTDIR");
    },
  },
  {
    name: "the same file is the same ino, another is another",
    tree: { a: "1", b: "2", d: {} },
    async run(fs) {
      const first = await fs.lookup(fs.root, "a");
      const again = await fs.lookup(fs.root, "a");
      assert.equal(first.ino, again.ino);
      const others = [
        fs.root.ino,
        first.ino,
        (await fs.lookup(fs.root, "b")).ino,
        (await fs.lookup(fs.root, "d")).ino,
      ];
      assert.equal(new Set(others).size, 4);
    },
  },
  {
    name: "list names everything once, with type and ino, without . and ..",
    needs: ["list"],
    tree: { a: "1", "b c": "2", d: { inside: "" }, "ü€😀": "" },
    async run(fs) {
      const entries = await fs.list(fs.root);
      const types = entries.map(({ name, type }) => [name, type]).sort();
      assert.deepEqual(types, [
        ["a", TYPE.FILE],
        ["b c", TYPE.FILE],
        ["d", TYPE.DIRECTORY],
        ["ü€😀", TYPE.FILE],
      ]);
      for (const { name, ino } of entries) {
        assert.equal((await fs.lookup(fs.root, name)).ino, ino, name);
      }
    },
  },
  {
    name: "list of a file is ENOTDIR",
    needs: ["list"],
    tree: { a: "text" },
    async run(fs) {
      const a = await fs.lookup(fs.root, "a");
      await fs.refuses(fs.volume.list(a), "ENOTDIR");
    },
  },
  {
    name: "a list is the caller's own",
    needs: ["list"],
    tree: { a: "1", b: "2" },
    async run(fs) {
      const entries = await fs.list(fs.root);
      entries.length = 0;
      assert.deepEqual(await fs.names(fs.root), ["a", "b"]);
    },
  },
  {
    name: "stat tells size and type of a file",
    tree: { empty: "", five: "12345" },
    async run(fs) {
      for (const [name, size] of Object.entries({ empty: 0, five: 5 })) {
        const node = await fs.lookup(fs.root, name);
        const stat = await fs.stat(node);
        assert.equal(stat.type, TYPE.FILE);
        assert.equal(stat.ino, node.ino);
        assert.equal(stat.sizeBytes, size);
        assert.equal(stat.links, 1);
        for (const time of [stat.atimeNs, stat.mtimeNs, stat.ctimeNs]) {
          assert.equal(typeof time, "bigint");
        }
      }
    },
  },
  {
    name: "stat fills in what it is given, again and again",
    tree: { a: "12", b: "123" },
    async run(fs) {
      const stat = createStat();
      for (const [name, size] of Object.entries({ a: 2, b: 3 })) {
        const node = await fs.lookup(fs.root, name);
        assert.equal(await fs.volume.stat(node, stat), 0);
        assert.equal(stat.sizeBytes, size);
        assert.equal(stat.ino, node.ino);
      }
    },
  },
  {
    name: "reading gives the bytes from any position, fewer at the end",
    tree: { a: "0123456789" },
    async run(fs) {
      const file = await fs.openToRead(await fs.lookup(fs.root, "a"));
      assert.equal(fs.volume.size(file), 10);
      assert.equal(textOf(await fs.read(file, 0, 10)), "0123456789");
      assert.equal(textOf(await fs.read(file, 3, 4)), "3456");
      assert.equal(textOf(await fs.read(file, 8, 100)), "89");
      assert.equal(textOf(await fs.read(file, 10, 1)), "");
      assert.equal(textOf(await fs.read(file, 1e15, 1)), "");
      assert.equal(textOf(await fs.read(file, 0, 0)), "");
      await fs.close(file);
    },
  },
  {
    name: "one read gives all that is asked for, or waits first",
    tree: { large: pattern(LARGE_BYTES) },
    async run(fs) {
      const file = await fs.openToRead(await fs.lookup(fs.root, "large"));
      const bytes = new Uint8Array(LARGE_BYTES);
      const got = await fs.transfer(() =>
        fs.volume.read(file, 0, bytes, 0, 100),
      );
      assert.equal(got, 100);
      sameBytes(bytes.slice(0, 100), pattern(LARGE_BYTES).slice(0, 100));
      await fs.close(file);
    },
  },
  {
    name: "a large file comes as it is, in pieces of any size",
    tree: { large: pattern(LARGE_BYTES) },
    async run(fs) {
      const expected = pattern(LARGE_BYTES);
      const node = await fs.lookup(fs.root, "large");
      sameBytes(await fs.content(node), expected);
      const file = await fs.openToRead(node);
      for (const [from, size] of [
        [65_530, 12],
        [65_536, 65_536],
        [131_071, 2],
        [1, 200_000],
        [LARGE_BYTES - 3, 10],
      ]) {
        sameBytes(
          await fs.read(file, from, size),
          expected.slice(from, from + size),
          `${size} bytes at ${from}`,
        );
      }
      await fs.close(file);
    },
  },
  {
    name: "two openings read on their own",
    tree: { a: "abcdef" },
    async run(fs) {
      const node = await fs.lookup(fs.root, "a");
      const one = await fs.openToRead(node);
      const two = await fs.openToRead(node);
      assert.equal(textOf(await fs.read(one, 0, 3)), "abc");
      await fs.close(one);
      assert.equal(textOf(await fs.read(two, 3, 3)), "def");
      await fs.close(two);
    },
  },
  {
    name: "a directory opens to be read, not to be written",
    tree: { d: {} },
    async run(fs) {
      const d = await fs.lookup(fs.root, "d");
      const file = await fs.openToRead(d);
      await fs.close(file);
      const answer = await fs.volume.openNode(d, { read: true, write: true });
      const wanted = fs.volume.readOnly ? /EISDIR|EROFS/ : /EISDIR/;
      await assert.rejects(async () => {
        await fs.refuses(answer, "nothing");
      }, wanted);
    },
  },
  {
    name: "readlink of a file is EINVAL",
    tree: { a: "" },
    async run(fs) {
      const a = await fs.lookup(fs.root, "a");
      await fs.refuses(fs.volume.readlink(a), "EINVAL");
      await fs.refuses(fs.volume.readlink(fs.root), "EINVAL");
    },
  },
];

/** @type {import("./cases.js").Case[]} */
export const readOnlyCases = [
  {
    name: "what cannot be written says EROFS to every change",
    tree: { a: "text", d: {} },
    async run(fs) {
      const { volume, root } = fs;
      assert.equal(volume.readOnly, true);
      const a = await fs.lookup(root, "a");
      await fs.refuses(volume.create(root, "new"), "EROFS");
      await fs.refuses(volume.makeDirectory(root, "new"), "EROFS");
      await fs.refuses(volume.link(a, root, "new"), "EROFS");
      await fs.refuses(volume.symlink(root, "new", "a"), "EROFS");
      await fs.refuses(volume.unlink(root, "a"), "EROFS");
      await fs.refuses(volume.removeDirectory(root, "d"), "EROFS");
      await fs.refuses(volume.rename(root, "a", root, "b"), "EROFS");
      await fs.refuses(volume.setTimes(a, 0n, 0n), "EROFS");
      const access = { read: true, write: true };
      await fs.refuses(volume.openNode(a, access), "EROFS");
      assert.equal(await fs.text(await fs.lookup(root, "a")), "text");
    },
  },
];
