/* Making and removing names: files and directories. */
import assert from "node:assert/strict";
import { TYPE } from "../../js/fs/volume.js";

const LONGEST = "n".repeat(255);
/** Three bytes each in UTF-8. */
const LONGEST_WIDE = "€".repeat(85);

/** @type {import("./cases.js").Case[]} */
export const nameCases = [
  {
    name: "create makes an empty file, makeDirectory an empty directory",
    async run(fs) {
      const file = await fs.create(fs.root, "file");
      const directory = await fs.makeDirectory(fs.root, "directory");
      assert.equal(file.type, TYPE.FILE);
      assert.equal(directory.type, TYPE.DIRECTORY);
      assert.equal((await fs.stat(file)).sizeBytes, 0);
      assert.equal((await fs.stat(file)).links, 1);
      assert.deepEqual(await fs.names(directory), []);
      assert.equal((await fs.lookup(fs.root, "file")).ino, file.ino);
      assert.deepEqual(await fs.names(fs.root), ["directory", "file"]);
    },
  },
  {
    name: "what is there already is EEXIST and stays",
    tree: { file: "text", directory: { inside: "" } },
    async run(fs) {
      for (const name of ["file", "directory"]) {
        await fs.refuses(fs.volume.create(fs.root, name), "EEXIST");
        await fs.refuses(fs.volume.makeDirectory(fs.root, name), "EEXIST");
      }
      assert.equal(await fs.text(await fs.lookup(fs.root, "file")), "text");
      const directory = await fs.lookup(fs.root, "directory");
      assert.deepEqual(await fs.names(directory), ["inside"]);
    },
  },
  {
    name: "nothing is made in a file",
    tree: { file: "text" },
    async run(fs) {
      const file = await fs.lookup(fs.root, "file");
      await fs.refuses(fs.volume.create(file, "a"), "ENOTDIR");
      await fs.refuses(fs.volume.makeDirectory(file, "a"), "ENOTDIR");
      await fs.refuses(fs.volume.unlink(file, "a"), "ENOTDIR");
      await fs.refuses(fs.volume.removeDirectory(file, "a"), "ENOTDIR");
    },
  },
  {
    name: "a name has 255 bytes of UTF-8 at most",
    async run(fs) {
      for (const name of [LONGEST, LONGEST_WIDE]) {
        await fs.put(fs.root, name, "text");
        assert.equal(await fs.text(await fs.lookup(fs.root, name)), "text");
      }
      assert.deepEqual(await fs.names(fs.root), [LONGEST, LONGEST_WIDE]);
      for (const name of [`${LONGEST}n`, `${LONGEST_WIDE}n`]) {
        const { volume, root } = fs;
        await fs.refuses(volume.lookup(root, name), "ENAMETOOLONG");
        await fs.refuses(volume.create(root, name), "ENAMETOOLONG");
        await fs.refuses(volume.makeDirectory(root, name), "ENAMETOOLONG");
        await fs.refuses(volume.unlink(root, name), "ENAMETOOLONG");
        await fs.refuses(
          volume.rename(root, LONGEST, root, name),
          "ENAMETOOLONG",
        );
      }
    },
  },
  {
    name: "names that objects have by themselves are names as any other",
    async run(fs) {
      for (const name of ["__proto__", "constructor", "toString"]) {
        await fs.put(fs.root, name, name);
        assert.equal(await fs.text(await fs.lookup(fs.root, name)), name);
      }
    },
  },
  {
    name: "unlink takes a name away and is ENOENT then",
    tree: { a: "1", b: "2" },
    async run(fs) {
      await fs.unlink(fs.root, "a");
      await fs.refuses(fs.volume.lookup(fs.root, "a"), "ENOENT");
      await fs.refuses(fs.volume.unlink(fs.root, "a"), "ENOENT");
      assert.deepEqual(await fs.names(fs.root), ["b"]);
    },
  },
  {
    name: "a name that went can come again, with another file",
    tree: { a: "old" },
    async run(fs) {
      const old = await fs.lookup(fs.root, "a");
      const kept = await fs.openToRead(old);
      await fs.unlink(fs.root, "a");
      const made = await fs.put(fs.root, "a", "new");
      assert.notEqual(made.ino, old.ino);
      assert.equal(await fs.text(made), "new");
      await fs.close(kept);
    },
  },
  {
    name: "unlink of a directory is EISDIR, removeDirectory of a file ENOTDIR",
    tree: { file: "", directory: {} },
    async run(fs) {
      await fs.refuses(fs.volume.unlink(fs.root, "directory"), "EISDIR");
      await fs.refuses(fs.volume.removeDirectory(fs.root, "file"), "ENOTDIR");
      assert.deepEqual(await fs.names(fs.root), ["directory", "file"]);
    },
  },
  {
    name: "removeDirectory removes what is empty, and only that",
    tree: { d: { inside: "" } },
    async run(fs) {
      const d = await fs.lookup(fs.root, "d");
      await fs.refuses(fs.volume.removeDirectory(fs.root, "d"), "ENOTEMPTY");
      await fs.refuses(fs.volume.removeDirectory(fs.root, "e"), "ENOENT");
      await fs.unlink(d, "inside");
      await fs.removeDirectory(fs.root, "d");
      assert.deepEqual(await fs.names(fs.root), []);
    },
  },
  {
    name: "in a removed directory that is open nothing can be made or found",
    needs: ["keepsOpen"],
    tree: { d: {}, file: "text" },
    async run(fs) {
      const d = await fs.lookup(fs.root, "d");
      const file = await fs.lookup(fs.root, "file");
      const kept = await fs.openToRead(d);
      await fs.removeDirectory(fs.root, "d");
      await fs.refuses(fs.volume.lookup(d, "a"), "ENOENT");
      await fs.refuses(fs.volume.create(d, "a"), "ENOENT");
      await fs.refuses(fs.volume.makeDirectory(d, "a"), "ENOENT");
      await fs.refuses(fs.volume.rename(fs.root, "file", d, "a"), "ENOENT");
      if (fs.features.hardLinks) {
        await fs.refuses(fs.volume.link(file, d, "a"), "ENOENT");
      }
      if (fs.features.symlinks) {
        await fs.refuses(fs.volume.symlink(d, "a", "file"), "ENOENT");
      }
      assert.deepEqual(await fs.names(d), []);
      assert.equal((await fs.stat(d)).type, TYPE.DIRECTORY);
      assert.equal(await fs.text(file), "text");
      await fs.close(kept);
    },
  },
  {
    name: "a removed directory has no links",
    needs: ["keepsOpen", "directoryLinks"],
    tree: { d: {} },
    async run(fs) {
      const d = await fs.lookup(fs.root, "d");
      const kept = await fs.openToRead(d);
      await fs.removeDirectory(fs.root, "d");
      assert.equal((await fs.stat(d)).links, 0);
      await fs.close(kept);
    },
  },
  {
    name: "an unlinked file lives on while it is open",
    needs: ["keepsOpen"],
    tree: { a: "before" },
    async run(fs) {
      const node = await fs.lookup(fs.root, "a");
      const one = await fs.open(node);
      const two = await fs.open(node);
      await fs.unlink(fs.root, "a");
      assert.equal((await fs.stat(node)).links, 0);
      await fs.close(two);
      await fs.write(one, 6, " and after");
      const bytes = await fs.read(one, 0, 100);
      assert.equal(new TextDecoder().decode(bytes), "before and after");
      await fs.resize(one, 3);
      assert.equal(fs.volume.size(one), 3);
      await fs.close(one);
    },
  },
  {
    name: "a directory counts its subdirectories as links",
    needs: ["directoryLinks"],
    tree: { d: { file: "" } },
    async run(fs) {
      const d = await fs.lookup(fs.root, "d");
      assert.equal((await fs.stat(d)).links, 2);
      const e = await fs.makeDirectory(d, "e");
      await fs.makeDirectory(d, "f");
      assert.equal((await fs.stat(d)).links, 4);
      assert.equal((await fs.stat(e)).links, 2);
      await fs.removeDirectory(d, "f");
      assert.equal((await fs.stat(d)).links, 3);
      await fs.makeDirectory(e, "deep");
      assert.equal((await fs.stat(d)).links, 3);
    },
  },
  {
    name: "many names in one directory",
    async run(fs) {
      const count = 300;
      const names = Array.from({ length: count }, (_, i) => `name-${i}`);
      for (const name of names) await fs.create(fs.root, name);
      assert.deepEqual(await fs.names(fs.root), [...names].sort());
      for (const name of names.slice(1)) await fs.unlink(fs.root, name);
      assert.deepEqual(await fs.names(fs.root), ["name-0"]);
    },
  },
];
