/* What is where, how long it may be, and what may not be in it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { allFiles, filesUnder, read, topLevel } from "../helpers/tree.js";

const TOP_LEVEL = [
  "CMakeLists.txt",
  "CMakePresets.json",
  "LICENSE",
  "README.md",
  "js",
  "package-lock.json",
  "package.json",
  "src",
  "tests",
  "web",
];

const HARD_LIMIT_LINES = 700;
const HEAD_LIMIT_LINES = 8;

/** Files that are text of ours: no lock file, no pictures. */
const texts = allFiles().filter(
  (path) =>
    path !== "package-lock.json" && !/\.(png|ico|wasm|woff2?)$/.test(path),
);
const code = texts.filter((path) => /\.(c|h|cc|cpp|js|mjs)$/.test(path));

/** Lines of `path` that match, as "path:line: text". */
function matches(path, pattern) {
  return read(path)
    .split("\n")
    .flatMap((line, index) =>
      pattern.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : [],
    );
}

test("the top level holds only what belongs there", () => {
  const extra = topLevel().filter(
    (name) => !name.startsWith(".") && !TOP_LEVEL.includes(name),
  );
  assert.deepEqual(extra, []);
});

test("every file keeps to the hard limit of lines", () => {
  const long = code
    .map((path) => ({ path, lines: read(path).split("\n").length - 1 }))
    .filter(({ lines }) => lines > HARD_LIMIT_LINES);
  assert.deepEqual(long, []);
});

test("every source file says at its head what it is, in few lines", () => {
  // Public headers are the manual: theirs may take the room they need.
  const inside = code.filter((path) => !path.startsWith("src/include/"));
  const wrong = inside.flatMap((path) => {
    const text = read(path).replace(/^#!.*\n/, "");
    const end = text.startsWith("/*") ? text.indexOf("*/") : -1;
    if (end < 0) return [`${path}: no comment at the head`];
    const lines = text.slice(0, end).split("\n").length;
    return lines > HEAD_LIMIT_LINES ? [`${path}: ${lines} lines of head`] : [];
  });
  assert.deepEqual(wrong, []);
});

test("nothing is left for later in the sources", () => {
  const marks = new RegExp(
    `\\b(${["TO" + "DO", "FIX" + "ME", "XX" + "X"].join("|")})\\b`,
  );
  assert.deepEqual(
    texts.flatMap((path) => matches(path, marks)),
    [],
  );
});

test("no path of the machine it was written on is in a file", () => {
  const machine = /(^|["'\s(=])\/(work|home|root|tmp|Users)\/[\w.]/;
  assert.deepEqual(
    texts.flatMap((path) => matches(path, machine)),
    [],
  );
});

test("no package registry is named", () => {
  const registry = /registry\.|"resolved"|npmmirror|_authToken/;
  const checked = [...texts, "package-lock.json"].filter(
    (path) => path !== ".npmrc" && path !== "tests/lint/layout.test.js",
  );
  assert.deepEqual(
    checked.flatMap((path) => matches(path, registry)),
    [],
  );
});

test("dependencies are exact versions and for development only", () => {
  const { dependencies, devDependencies } = JSON.parse(read("package.json"));
  assert.equal(dependencies, undefined);
  for (const [name, version] of Object.entries(devDependencies)) {
    assert.match(version, /^\d+\.\d+\.\d+$/, name);
  }
});

test("shipped JavaScript neither evaluates text nor imports a package", () => {
  const shipped = filesUnder("js").filter(
    (path) => !path.endsWith(".config.js"),
  );
  const evaluates = /\beval\s*\(|\bnew Function\b/;
  const imports =
    /^(?!\s*(?:\/?\*|\/\/)).*(?:from|import)\s*\(?\s*"(?!\.{1,2}\/|node:)/;
  assert.deepEqual(
    shipped.flatMap((path) => [
      ...matches(path, evaluates),
      ...(path.endsWith(".js") ? matches(path, imports) : []),
    ]),
    [],
  );
});

test("pages hold no inline script and load nothing from elsewhere", () => {
  const pages = filesUnder("web").filter((path) => path.endsWith(".html"));
  const inline =
    /<script(?![^>]*\bsrc=)[^>]*>|\son[a-z]+\s*=\s*["']|javascript:/i;
  const foreign = /\b(?:src|href)\s*=\s*["']?(?:https?:)?\/\//i;
  assert.deepEqual(
    pages.flatMap((path) => [
      ...matches(path, inline),
      ...matches(path, foreign).filter((line) => !/<a\b/.test(line)),
    ]),
    [],
  );
});
