/* Whether a volume in memory is whole, by what everybody can ask of it. */
import assert from "node:assert/strict";
import { TYPE, createStat } from "../../js/fs/volume.js";

/**
 * Each name leads to what it should; links are as many as they are said to be.
 * @param {import("../../js/fs/memory.js").MemoryVolume} volume
 * @returns {number} how many files, directories and links can be reached
 */
export function checkVolume(volume) {
  const stat = createStat();
  /** @type {Map<any, number>} */
  const names = new Map();
  let nodes = 0;
  /** @param {any} directory */
  const visit = (directory) => {
    nodes++;
    let links = 2;
    const seen = new Set();
    for (const { name, ino, type } of /** @type {any[]} */ (
      volume.list(directory)
    )) {
      assert.equal(seen.has(name), false, `${name} is there twice`);
      assert.doesNotMatch(name, /^\.{0,2}$|[/\0]/);
      seen.add(name);
      const node = /** @type {any} */ (volume.lookup(directory, name));
      assert.deepEqual([node.ino, node.type], [ino, type], name);
      if (type === TYPE.DIRECTORY) {
        links++;
        visit(node);
      } else {
        names.set(node, (names.get(node) ?? 0) + 1);
      }
    }
    volume.stat(directory, stat);
    assert.equal(stat.links, links, "links of a directory");
  };
  visit(volume.root);
  for (const [node, count] of names) {
    volume.stat(node, stat);
    assert.equal(stat.links, count, "names of a file");
    assert.ok(stat.sizeBytes >= 0);
  }
  const { usedBytes, limitBytes } = volume.usage();
  assert.ok(usedBytes >= 0 && usedBytes <= limitBytes);
  return nodes + names.size;
}
