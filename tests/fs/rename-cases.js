/* Renaming: within a directory and across, over what is there, into itself. */
import assert from "node:assert/strict";
import { textOf } from "../helpers/volume.js";

/** @type {import("./cases.js").Case[]} */
export const renameCases = [
  {
    name: "rename gives a file another name, in another directory too",
    tree: { a: "text", d: {} },
    async run(fs) {
      const node = await fs.lookup(fs.root, "a");
      const d = await fs.lookup(fs.root, "d");
      await fs.rename(fs.root, "a", fs.root, "b");
      await fs.refuses(fs.volume.lookup(fs.root, "a"), "ENOENT");
      assert.equal((await fs.lookup(fs.root, "b")).ino, node.ino);
      await fs.rename(fs.root, "b", d, "c");
      assert.deepEqual(await fs.names(fs.root), ["d"]);
      const moved = await fs.lookup(d, "c");
      assert.equal(moved.ino, node.ino);
      assert.equal(await fs.text(moved), "text");
      assert.equal((await fs.stat(moved)).links, 1);
    },
  },
  {
    name: "rename of what is not there is ENOENT and changes nothing",
    tree: { a: "text" },
    async run(fs) {
      const { volume, root } = fs;
      await fs.refuses(volume.rename(root, "b", root, "a"), "ENOENT");
      await fs.refuses(volume.rename(root, "b", root, "b"), "ENOENT");
      assert.equal(await fs.text(await fs.lookup(root, "a")), "text");
    },
  },
  {
    name: "rename into a file is ENOTDIR",
    tree: { a: "text", b: "" },
    async run(fs) {
      const { volume, root } = fs;
      const b = await fs.lookup(root, "b");
      await fs.refuses(volume.rename(root, "a", b, "a"), "ENOTDIR");
      await fs.refuses(volume.rename(b, "a", root, "c"), "ENOTDIR");
      assert.deepEqual(await fs.names(root), ["a", "b"]);
    },
  },
  {
    name: "rename replaces a file",
    tree: { a: "new", b: "old" },
    async run(fs) {
      const node = await fs.lookup(fs.root, "a");
      await fs.rename(fs.root, "a", fs.root, "b");
      assert.deepEqual(await fs.names(fs.root), ["b"]);
      const found = await fs.lookup(fs.root, "b");
      assert.equal(found.ino, node.ino);
      assert.equal(await fs.text(found), "new");
    },
  },
  {
    name: "a file that was replaced lives on while it is open",
    needs: ["keepsOpen"],
    tree: { a: "new", b: "old" },
    async run(fs) {
      const b = await fs.lookup(fs.root, "b");
      const kept = await fs.open(b);
      await fs.rename(fs.root, "a", fs.root, "b");
      assert.equal((await fs.stat(b)).links, 0);
      assert.equal(textOf(await fs.read(kept, 0, 10)), "old");
      await fs.write(kept, 3, "er");
      assert.equal(textOf(await fs.read(kept, 0, 10)), "older");
      await fs.close(kept);
      assert.equal(await fs.text(await fs.lookup(fs.root, "b")), "new");
    },
  },
  {
    name: "an open file follows its name",
    tree: { a: "text", b: "old" },
    async run(fs) {
      const file = await fs.open(await fs.lookup(fs.root, "a"));
      await fs.rename(fs.root, "a", fs.root, "b");
      await fs.write(file, 4, "!");
      await fs.close(file);
      assert.equal(await fs.text(await fs.lookup(fs.root, "b")), "text!");
    },
  },
  {
    name: "rename to itself changes nothing",
    tree: { a: "text", d: { e: "" } },
    async run(fs) {
      await fs.rename(fs.root, "a", fs.root, "a");
      await fs.rename(fs.root, "d", fs.root, "d");
      assert.equal(await fs.text(await fs.lookup(fs.root, "a")), "text");
      assert.deepEqual(await fs.names(fs.root), ["a", "d"]);
    },
  },
  {
    name: "two names of one file are left as they are",
    needs: ["hardLinks"],
    tree: { a: "text" },
    async run(fs) {
      const node = await fs.lookup(fs.root, "a");
      await fs.link(node, fs.root, "b");
      await fs.rename(fs.root, "a", fs.root, "b");
      assert.deepEqual(await fs.names(fs.root), ["a", "b"]);
      assert.equal((await fs.stat(node)).links, 2);
    },
  },
  {
    name: "replacing one of two names leaves the other",
    needs: ["hardLinks"],
    tree: { a: "old", c: "new" },
    async run(fs) {
      const old = await fs.lookup(fs.root, "a");
      await fs.link(old, fs.root, "b");
      await fs.rename(fs.root, "c", fs.root, "b");
      assert.equal((await fs.stat(old)).links, 1);
      assert.equal(await fs.text(await fs.lookup(fs.root, "a")), "old");
      assert.equal(await fs.text(await fs.lookup(fs.root, "b")), "new");
    },
  },
  {
    name: "a directory moves with all that is in it",
    tree: { d: { e: { file: "text" } }, to: {} },
    async run(fs) {
      const d = await fs.lookup(fs.root, "d");
      const to = await fs.lookup(fs.root, "to");
      await fs.rename(fs.root, "d", to, "moved");
      assert.deepEqual(await fs.names(fs.root), ["to"]);
      const moved = await fs.lookup(to, "moved");
      assert.equal(moved.ino, d.ino);
      const e = await fs.lookup(moved, "e");
      assert.equal(await fs.text(await fs.lookup(e, "file")), "text");
    },
  },
  {
    name: "a directory that moves counts in the one it is in",
    needs: ["directoryLinks"],
    tree: { d: {}, from: { e: {} }, to: { f: {} } },
    async run(fs) {
      const from = await fs.lookup(fs.root, "from");
      const to = await fs.lookup(fs.root, "to");
      await fs.rename(from, "e", to, "e");
      assert.equal((await fs.stat(from)).links, 2);
      assert.equal((await fs.stat(to)).links, 4);
      await fs.rename(to, "e", to, "f");
      assert.equal((await fs.stat(to)).links, 3);
      await fs.rename(to, "f", fs.root, "d");
      assert.equal((await fs.stat(to)).links, 2);
      assert.equal((await fs.stat(fs.root)).links, 5);
    },
  },
  {
    name: "a directory replaces an empty one, not a full one",
    tree: { a: { mine: "" }, empty: {}, full: { theirs: "" } },
    async run(fs) {
      const { volume, root } = fs;
      await fs.refuses(volume.rename(root, "a", root, "full"), "ENOTEMPTY");
      assert.deepEqual(await fs.names(root), ["a", "empty", "full"]);
      await fs.rename(root, "a", root, "empty");
      assert.deepEqual(await fs.names(root), ["empty", "full"]);
      const found = await fs.lookup(root, "empty");
      assert.deepEqual(await fs.names(found), ["mine"]);
    },
  },
  {
    name: "a directory that was replaced while open is as removed",
    needs: ["keepsOpen"],
    tree: { a: {}, b: {} },
    async run(fs) {
      const b = await fs.lookup(fs.root, "b");
      const kept = await fs.openToRead(b);
      await fs.rename(fs.root, "a", fs.root, "b");
      await fs.refuses(fs.volume.create(b, "x"), "ENOENT");
      assert.deepEqual(await fs.names(b), []);
      await fs.close(kept);
    },
  },
  {
    name: "neither kind replaces the other",
    tree: { file: "text", directory: {} },
    async run(fs) {
      const { volume, root } = fs;
      await fs.refuses(
        volume.rename(root, "file", root, "directory"),
        "EISDIR",
      );
      await fs.refuses(
        volume.rename(root, "directory", root, "file"),
        "ENOTDIR",
      );
      assert.deepEqual(await fs.names(root), ["directory", "file"]);
      assert.equal(await fs.text(await fs.lookup(root, "file")), "text");
    },
  },
  {
    name: "a directory does not go into itself",
    tree: { d: { e: { f: {} } } },
    async run(fs) {
      const { volume, root } = fs;
      const d = await fs.lookup(root, "d");
      const e = await fs.lookup(d, "e");
      const f = await fs.lookup(e, "f");
      for (const into of [d, e, f]) {
        await fs.refuses(volume.rename(root, "d", into, "x"), "EINVAL");
      }
      await fs.refuses(volume.rename(root, "d", e, "f"), "EINVAL");
      await fs.refuses(volume.rename(e, "f", root, "d"), "ENOTEMPTY");
      assert.deepEqual(await fs.names(root), ["d"]);
      assert.deepEqual(await fs.names(f), []);
      await fs.rename(e, "f", root, "f");
      await fs.rename(root, "d", f, "d");
      assert.deepEqual(await fs.names(root), ["f"]);
    },
  },
];
