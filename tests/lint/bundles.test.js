/* What a page does not import it does not carry. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { build } from "esbuild";
import { ROOT } from "../helpers/tree.js";

/**
 * The files that a page's bundle takes something from.
 * @param {string} contents of the page's module
 */
async function bundled(contents) {
  const { metafile } = await build({
    stdin: { contents, resolveDir: ROOT },
    absWorkingDir: ROOT,
    bundle: true,
    write: false,
    metafile: true,
    format: "esm",
    platform: "neutral",
    external: ["node:*"],
    logLevel: "silent",
  });
  return Object.values(metafile.outputs).flatMap(({ inputs }) =>
    Object.entries(inputs)
      .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
      .map(([file]) => file),
  );
}

const FILES =
  /^js\/fs\/(access|answers|blocks|copy|file-writer|indexeddb|memory|tar|transfer|tree)/;

test("a page that only loads programs carries no files of its own", async () => {
  for (const contents of [
    'import { load } from "./js/index.js"; load("app.wasm");',
    'import "./js/script.js";',
  ]) {
    const files = await bundled(contents);
    assert.ok(files.includes("js/loader.js"), files.join(", "));
    assert.deepEqual(
      files.filter((file) => FILES.test(file)),
      [],
    );
  }
});

test("a page that mounts memory carries neither tar nor trees", async () => {
  const files = await bundled(
    'import { memory } from "./js/index.js"; globalThis.volume = memory();',
  );
  assert.ok(files.includes("js/fs/memory.js"), files.join(", "));
  assert.deepEqual(
    files.filter((file) =>
      /^js\/(fs\/(access|copy|file-writer|tar|transfer)|loader)/.test(file),
    ),
    [],
  );
});
