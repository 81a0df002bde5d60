/* Times: set to the nanosecond, and moved by what happens. */
import assert from "node:assert/strict";

const LONG_AGO_NS = 1_234_567_890_123_456_789n;
/** Clocks of files may go in steps. */
const STEP_NS = 20_000_000n;

const dayNs = () => BigInt(Date.now()) * 1_000_000n;

/** @param {bigint} timeNs @param {bigint} sinceNs */
function isNow(timeNs, sinceNs) {
  const until = dayNs() + STEP_NS;
  return timeNs >= sinceNs - STEP_NS && timeNs <= until;
}

/** @type {import("./cases.js").Case[]} */
export const timeCases = [
  {
    name: "what is made has the time of day",
    async run(fs) {
      const before = dayNs();
      const nodes = [
        await fs.create(fs.root, "file"),
        await fs.makeDirectory(fs.root, "directory"),
      ];
      for (const node of nodes) {
        const { atimeNs, mtimeNs, ctimeNs } = await fs.stat(node);
        for (const time of [atimeNs, mtimeNs, ctimeNs]) {
          assert.ok(isNow(time, before), `${time} is not now`);
        }
      }
    },
  },
  {
    name: "times are set to the nanosecond, each alone too",
    needs: ["times"],
    tree: { file: "text", directory: {} },
    async run(fs) {
      for (const name of ["file", "directory"]) {
        const node = await fs.lookup(fs.root, name);
        const before = dayNs();
        await fs.setTimes(node, LONG_AGO_NS, LONG_AGO_NS + 1n);
        let stat = await fs.stat(node);
        assert.equal(stat.atimeNs, LONG_AGO_NS);
        assert.equal(stat.mtimeNs, LONG_AGO_NS + 1n);
        assert.ok(isNow(stat.ctimeNs, before));
        await fs.setTimes(node, 7n, null);
        await fs.setTimes(node, null, 0n);
        stat = await fs.stat(node);
        assert.deepEqual([stat.atimeNs, stat.mtimeNs], [7n, 0n]);
        const again = await fs.stat(await fs.lookup(fs.root, name));
        assert.deepEqual([again.atimeNs, again.mtimeNs], [7n, 0n]);
      }
    },
  },
  {
    name: "writing, cutting and lengthening move mtime and ctime",
    needs: ["times"],
    tree: { file: "text" },
    async run(fs) {
      const node = await fs.lookup(fs.root, "file");
      const file = await fs.open(node);
      const changes = [
        () => fs.write(file, 0, "T"),
        () => fs.write(file, -1, "ures"),
        () => fs.resize(file, 2),
        () => fs.resize(file, 100),
      ];
      for (const change of changes) {
        await fs.setTimes(node, LONG_AGO_NS, LONG_AGO_NS);
        const before = dayNs();
        await change();
        const { mtimeNs, ctimeNs } = await fs.stat(node);
        assert.ok(isNow(mtimeNs, before), `${change}: mtime ${mtimeNs}`);
        assert.ok(isNow(ctimeNs, before), `${change}: ctime ${ctimeNs}`);
      }
      await fs.close(file);
    },
  },
  {
    name: "times that were set after a write stay",
    needs: ["times"],
    tree: { file: "text" },
    async run(fs) {
      const node = await fs.lookup(fs.root, "file");
      const file = await fs.open(node);
      await fs.write(file, 0, "T");
      await fs.setTimes(node, LONG_AGO_NS, LONG_AGO_NS);
      await fs.close(file);
      const { mtimeNs } = await fs.stat(node);
      assert.equal(mtimeNs, LONG_AGO_NS);
    },
  },
  {
    name: "reading leaves mtime as it is",
    needs: ["times"],
    tree: { file: "text" },
    async run(fs) {
      const node = await fs.lookup(fs.root, "file");
      await fs.setTimes(node, LONG_AGO_NS, LONG_AGO_NS);
      assert.equal(await fs.text(node), "text");
      assert.equal((await fs.stat(node)).mtimeNs, LONG_AGO_NS);
    },
  },
  {
    name: "names that come and go move the directory's mtime",
    needs: ["times"],
    tree: { d: { a: "", sub: {} }, e: {} },
    async run(fs) {
      const d = await fs.lookup(fs.root, "d");
      const e = await fs.lookup(fs.root, "e");
      const changes = [
        () => fs.create(d, "new"),
        () => fs.unlink(d, "new"),
        () => fs.makeDirectory(d, "newer"),
        () => fs.removeDirectory(d, "newer"),
        () => fs.rename(d, "a", d, "b"),
        () => fs.rename(d, "b", e, "b"),
        () => fs.rename(e, "b", d, "b"),
      ];
      for (const change of changes) {
        await fs.setTimes(d, LONG_AGO_NS, LONG_AGO_NS);
        const before = dayNs();
        await change();
        const { mtimeNs } = await fs.stat(d);
        assert.ok(isNow(mtimeNs, before), `${change}: mtime ${mtimeNs}`);
      }
      await fs.setTimes(d, LONG_AGO_NS, LONG_AGO_NS);
      await fs.lookup(d, "b");
      await fs.list(d);
      assert.equal((await fs.stat(d)).mtimeNs, LONG_AGO_NS);
    },
  },
];
