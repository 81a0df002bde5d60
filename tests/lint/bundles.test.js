/* What a page does not import it does not carry. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { build } from "esbuild";
import { ROOT, read } from "../helpers/tree.js";

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

test("gossamer/indexeddb is a volume alone, and nobody else carries it", async () => {
  const entry = "./js/fs/indexeddb.js";
  const files = await bundled(
    `import { indexeddb } from "${entry}"; globalThis.volume = indexeddb("a");`,
  );
  assert.ok(files.includes("js/fs/indexeddb.js"), files.join(", "));
  assert.deepEqual(
    files.filter((file) => !/^<stdin>$|^js\/(fs\/|errors|memory)/.test(file)),
    [],
  );
  assert.deepEqual(
    files.filter((file) => /^js\/fs\/(access|copy|tar|transfer)/.test(file)),
    [],
  );
  for (const other of ["./js/index.js", "./js/wasi/index.js"]) {
    const all = await bundled(
      `import * as all from "${other}"; globalThis.all = all;`,
    );
    assert.ok(all.includes("js/fs/memory.js"), all.join(", "));
    assert.deepEqual(
      all.filter((file) => file.includes("indexeddb")),
      [],
    );
  }
});

test("a page that only loads programs carries neither sockets nor keys", async () => {
  for (const entry of ["./js/index.js", "./js/wasi/index.js"]) {
    const files = await bundled(
      `import * as all from "${entry}"; globalThis.all = all;`,
    );
    assert.ok(files.includes("js/http/client.js"), files.join(", "));
    assert.deepEqual(
      files.filter((file) =>
        /^js\/(ws\/|crypto|websocket|host\/(crypto|websocket))/.test(file),
      ),
      [],
    );
  }
});

test("what package.json exports is built, with types", async () => {
  const { exports } = JSON.parse(read("package.json"));
  assert.ok(Object.keys(exports).includes("./indexeddb"));
  for (const [name, target] of Object.entries(exports)) {
    const files = typeof target === "string" ? [target] : Object.values(target);
    for (const file of files) {
      assert.ok(existsSync(join(ROOT, file)), `${name}: ${file}`);
    }
  }
});
