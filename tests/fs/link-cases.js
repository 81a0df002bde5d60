/* Hard links and symbolic links. */
import assert from "node:assert/strict";
import { TYPE } from "../../js/fs/volume.js";

/** @type {import("./cases.js").Case[]} */
export const linkCases = [
  {
    name: "a hard link is another name of the same file",
    needs: ["hardLinks"],
    tree: { a: "text", d: {} },
    async run(fs) {
      const node = await fs.lookup(fs.root, "a");
      const d = await fs.lookup(fs.root, "d");
      await fs.link(node, d, "b");
      const other = await fs.lookup(d, "b");
      assert.equal(other.ino, node.ino);
      assert.equal((await fs.stat(other)).links, 2);
      const file = await fs.open(other);
      await fs.write(file, 0, "TE");
      await fs.close(file);
      assert.equal(await fs.text(node), "TExt");
      await fs.unlink(fs.root, "a");
      assert.equal((await fs.stat(other)).links, 1);
      assert.equal(await fs.text(other), "TExt");
    },
  },
  {
    name: "link refuses what is there, directories, and no directory",
    needs: ["hardLinks"],
    tree: { a: "text", b: "", d: {} },
    async run(fs) {
      const { volume, root } = fs;
      const a = await fs.lookup(root, "a");
      const b = await fs.lookup(root, "b");
      const d = await fs.lookup(root, "d");
      await fs.refuses(volume.link(a, root, "b"), "EEXIST");
      await fs.refuses(volume.link(a, root, "d"), "EEXIST");
      await fs.refuses(volume.link(d, root, "e"), "EPERM");
      await fs.refuses(volume.link(a, b, "e"), "ENOTDIR");
      assert.equal((await fs.stat(a)).links, 1);
      assert.deepEqual(await fs.names(root), ["a", "b", "d"]);
    },
  },
  {
    name: "a file without a name is not linked again",
    needs: ["hardLinks", "keepsOpen"],
    tree: { a: "text" },
    async run(fs) {
      const a = await fs.lookup(fs.root, "a");
      const kept = await fs.openToRead(a);
      await fs.unlink(fs.root, "a");
      await fs.refuses(fs.volume.link(a, fs.root, "b"), "ENOENT");
      await fs.close(kept);
    },
  },
  {
    name: "a symbolic link keeps its target as it is",
    needs: ["symlinks"],
    async run(fs) {
      const targets = ["file", "../up", "/from/the/top", "ü€😀", "a//b/./"];
      for (const [index, target] of targets.entries()) {
        const link = await fs.symlink(fs.root, `link-${index}`, target);
        assert.equal(link.type, TYPE.LINK);
        assert.equal(await fs.readlink(link), target);
        const stat = await fs.stat(link);
        assert.equal(stat.type, TYPE.LINK);
        assert.equal(stat.sizeBytes, new TextEncoder().encode(target).length);
        assert.equal(stat.links, 1);
      }
      const types = (await fs.list(fs.root)).map(({ type }) => type);
      assert.deepEqual(
        types,
        targets.map(() => TYPE.LINK),
      );
    },
  },
  {
    name: "symlink does not replace, unlink takes the link alone",
    needs: ["symlinks"],
    tree: { a: "text", d: {} },
    async run(fs) {
      await fs.refuses(fs.volume.symlink(fs.root, "a", "x"), "EEXIST");
      await fs.refuses(fs.volume.symlink(fs.root, "d", "x"), "EEXIST");
      await fs.symlink(fs.root, "link", "a");
      await fs.refuses(fs.volume.symlink(fs.root, "link", "x"), "EEXIST");
      await fs.refuses(fs.volume.removeDirectory(fs.root, "link"), "ENOTDIR");
      await fs.unlink(fs.root, "link");
      assert.equal(await fs.text(await fs.lookup(fs.root, "a")), "text");
    },
  },
  {
    name: "a symbolic link is renamed as itself, over a file too",
    needs: ["symlinks"],
    tree: { file: "text" },
    async run(fs) {
      await fs.symlink(fs.root, "link", "nowhere");
      await fs.rename(fs.root, "link", fs.root, "moved");
      const moved = await fs.lookup(fs.root, "moved");
      assert.equal(await fs.readlink(moved), "nowhere");
      await fs.rename(fs.root, "moved", fs.root, "file");
      const found = await fs.lookup(fs.root, "file");
      assert.equal(await fs.readlink(found), "nowhere");
      assert.deepEqual(await fs.names(fs.root), ["file"]);
    },
  },
];
