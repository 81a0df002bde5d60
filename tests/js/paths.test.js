/* Paths: how they are cut into names, and what no path can be. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ERRNO } from "../../js/errors.js";
import { END, ESCAPE, Paths, splitPath } from "../../js/fs/paths.js";

const encoder = new TextEncoder();

/** A path out of the middle of memory, as texts and as bytes. */
function read(path, paths = new Paths()) {
  const bytes = typeof path === "string" ? encoder.encode(path) : path;
  const memory = new Uint8Array([0xff, 0x2f, ...bytes, 0x61, 0xff]);
  return paths.read(memory, 2, bytes.length);
}

for (const [text, names, end] of [
  ["a", ["a"], END.NAME],
  ["a/b", ["a", "b"], END.NAME],
  ["a//b///c", ["a", "b", "c"], END.NAME],
  ["a/", ["a"], END.SLASH],
  ["a//", ["a"], END.SLASH],
  [".", [], END.DOT],
  ["./", [], END.DOT],
  ["./a", ["a"], END.NAME],
  ["a/.", ["a"], END.DOT],
  ["a/.//", ["a"], END.DOT],
  ["a/./b/", ["a", "b"], END.SLASH],
  ["..", [".."], END.DOTDOT],
  ["a/../b", ["a", "..", "b"], END.NAME],
  ["a/../", ["a", ".."], END.DOTDOT],
  ["...", ["..."], END.NAME],
  [".a/..b", [".a", "..b"], END.NAME],
  ["ü/日本/𝄞", ["ü", "日本", "𝄞"], END.NAME],
  ["\ufeffa", ["\ufeffa"], END.NAME],
  ["a b\\c", ["a b\\c"], END.NAME],
]) {
  test(`the path ${JSON.stringify(text)} is cut into its names`, () => {
    assert.deepEqual(splitPath(text), { names, end });
    assert.deepEqual(read(text), { names, end });
  });
}

test("a path that cannot be one says why", () => {
  const name = "n".repeat(256);
  for (const [path, error] of [
    ["", -ERRNO.ENOENT],
    ["/", ESCAPE],
    ["/a", ESCAPE],
    ["//a", ESCAPE],
    ["/ü", ESCAPE],
    ["a\0", -ERRNO.EINVAL],
    ["\0", -ERRNO.EINVAL],
    ["ü\0b", -ERRNO.EINVAL],
    [name, -ERRNO.ENAMETOOLONG],
    [`a/${name}/b`, -ERRNO.ENAMETOOLONG],
    ["ü".repeat(128), -ERRNO.ENAMETOOLONG],
    ["a/".repeat(2048) + "a", -ERRNO.ENAMETOOLONG],
  ]) {
    assert.equal(read(path), error, JSON.stringify(path).slice(0, 20));
  }
  for (const bytes of [
    [0xff],
    [0x61, 0xc3],
    [0xc0, 0xaf],
    [0xed, 0xa0, 0x80],
  ]) {
    assert.equal(read(new Uint8Array(bytes)), -ERRNO.EILSEQ, `${bytes}`);
  }
});

test("a name may have 255 bytes, and a path 4096", () => {
  for (const name of ["n".repeat(255), "ü".repeat(127) + "n"]) {
    assert.deepEqual(read(name), { names: [name], end: END.NAME });
  }
  const path = read("a/".repeat(2048));
  assert.equal(typeof path === "number" ? path : path.names.length, 2048);
});

test("a path that was read before is not made again", () => {
  const paths = new Paths();
  assert.equal(read("some/path", paths), read("some/path", paths));
  assert.notEqual(read("some/path", paths), read("some/patH", paths));
});

test("paths that are kept in the same place do not mix", () => {
  const paths = new Paths();
  // Far more than are kept, so that each comes to where others were.
  const texts = Array.from({ length: 3000 }, (_, i) => `d${i % 7}/f${i}`);
  for (const text of [...texts, ...texts.toReversed(), ...texts]) {
    assert.deepEqual(read(text, paths), splitPath(text));
  }
  // One that begins as another does which is kept there.
  for (let i = 0; i < 5000; i++) {
    for (const text of [`${i}/long`, `${i}`]) {
      assert.deepEqual(read(text, paths), splitPath(text));
    }
  }
  // The same end and size, another beginning.
  for (const text of ["abcdefgh/0123456789", "Xbcdefgh/0123456789"]) {
    assert.deepEqual(read(text, paths), splitPath(text));
  }
});

test("what cannot be a path is not kept in the place of one that can", () => {
  const paths = new Paths();
  const good = read("good", paths);
  assert.equal(read("goo\0", paths), -ERRNO.EINVAL);
  assert.equal(read("/ood", paths), ESCAPE);
  assert.equal(read("good", paths), good);
});
