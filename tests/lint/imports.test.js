/* Modules of Node are imported by what runs in Node alone: the commands and the
 * volume on a host directory. Nothing that a page loads leads to them. */
import assert from "node:assert/strict";
import { posix } from "node:path";
import { test } from "node:test";
import { filesUnder, read } from "../helpers/tree.js";

const NODE_ONLY = /^js\/(?:cli(?:\/[^/]+)?|fs\/node[^/]*)\.js$/;
const CONFIG = /\.config\.js$/;

/** What pages load; whatever is not Node's alone may become one. */
const sources = filesUnder("js").filter(
  (path) => path.endsWith(".js") && !CONFIG.test(path),
);

/**
 * The modules a file names in import and export statements and in import();
 * types in comments are not loaded.
 * @param {string} path
 */
function importsOf(path) {
  const code = read(path)
    .replace(/\/\*[^]*?\*\//g, "")
    .replace(/^\s*\/\/.*$/gm, "");
  const names = code.matchAll(
    /\b(?:from\s*|import\s*\(\s*|import\s+)(["'`])([^"'`\s]+)\1/g,
  );
  return [...names].map(([, , name = ""]) =>
    name.startsWith(".") ? posix.join(posix.dirname(path), name) : name,
  );
}

test("js/ imports its own files and, for Node alone, Node's modules", () => {
  const foreign = sources.flatMap((path) =>
    importsOf(path)
      .filter((name) => !sources.includes(name))
      .filter((name) => !(NODE_ONLY.test(path) && name.startsWith("node:")))
      .map((name) => `${path} imports ${name}`),
  );
  assert.deepEqual(foreign, []);
});

test("nothing that a page may load imports what is for Node alone", () => {
  const wrong = sources
    .filter((path) => !NODE_ONLY.test(path))
    .flatMap((path) =>
      importsOf(path)
        .filter((name) => NODE_ONLY.test(name))
        .map((name) => `${path} imports ${name}`),
    );
  assert.deepEqual(wrong, []);
});

test("the check sees every way to import", () => {
  assert.ok(importsOf("js/fs/node.js").includes("node:fs"));
  assert.ok(importsOf("js/fs/node.js").includes("js/fs/node-host.js"));
});

test("what the package says it has can be imported, by its name", async () => {
  const { exports } = JSON.parse(read("package.json"));
  const sourced = Object.entries(exports).filter(
    ([, target]) => typeof target === "object",
  );
  const names = Object.fromEntries(
    await Promise.all(
      sourced.map(async ([path]) => {
        const module = await import(posix.join("gossamer", path));
        return [path, Object.keys(module)];
      }),
    ),
  );
  assert.ok(names["."].includes("load"));
  assert.ok(names["./wasi"].includes("WASI"));
  assert.deepEqual(names["./http"], ["http"]);
  assert.deepEqual(names["./node"], ["node"]);
  assert.deepEqual(names["./websocket"], ["websocket"]);
  assert.deepEqual(names["./crypto"], ["webcrypto"]);
  assert.ok(names["./fetch"].includes("HttpClient"));
});
