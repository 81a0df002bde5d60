/* Includes in src/ point down, and never in a circle. */
import assert from "node:assert/strict";
import { posix } from "node:path";
import { test } from "node:test";
import { filesUnder, read } from "../helpers/tree.js";

/** The floors of src/, lowest first; files beside them may read everything. */
const FLOORS = ["include", "base", "sched", "sync", "host", "libc"];

const sources = filesUnder("src").filter((path) => /\.[ch]$/.test(path));

/** @param {string} path "src/sched/task.c" to its floor; -1 for none */
function floorOf(path) {
  const [, folder = "", ...rest] = path.split("/");
  if (rest.length === 0) return FLOORS.length;
  return FLOORS.indexOf(folder);
}

/** What a file includes of ours, as paths from the top level. */
function includesOf(path) {
  return [...read(path).matchAll(/^\s*#\s*include\s+(["<])([^">]+)/gm)].flatMap(
    ([, quote, name]) => {
      if (name.startsWith("gossamer/")) return [`src/include/${name}`];
      if (quote === "<") return [];
      return [posix.join(posix.dirname(path), name)];
    },
  );
}

test("every folder of src/ is a known floor", () => {
  assert.deepEqual(
    sources.filter((path) => floorOf(path) < 0),
    [],
  );
});

test("every included file of ours exists", () => {
  const known = new Set(sources);
  assert.deepEqual(
    sources.flatMap((path) =>
      includesOf(path)
        .filter((name) => !known.has(name))
        .map((name) => `${path} includes ${name}`),
    ),
    [],
  );
});

test("includes point down: base < sched < sync < host < libc < runtime", () => {
  assert.deepEqual(
    sources.flatMap((path) =>
      includesOf(path)
        .filter((name) => floorOf(name) > floorOf(path))
        .map((name) => `${path} includes ${name}`),
    ),
    [],
  );
});

test("no header includes itself by way of others", () => {
  const done = new Set();
  /** @param {string} path @param {string[]} trail */
  const circle = (path, trail) => {
    if (trail.includes(path)) {
      return [...trail.slice(trail.indexOf(path)), path];
    }
    if (done.has(path) || !sources.includes(path)) return null;
    for (const next of includesOf(path)) {
      const found = circle(next, [...trail, path]);
      if (found !== null) return found;
    }
    done.add(path);
    return null;
  };
  for (const path of sources) {
    assert.equal(circle(path, [])?.join(" > "), undefined);
  }
});

test("a source file's header has its name", () => {
  const headerless = sources
    .filter((path) => path.endsWith(".c"))
    .filter((path) => sources.includes(path.replace(/c$/, "h")))
    .filter((path) => !includesOf(path).includes(path.replace(/c$/, "h")));
  assert.deepEqual(headerless, []);
});
