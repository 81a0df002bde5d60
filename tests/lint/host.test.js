/* The border between C and JavaScript has two lists of the same names: what
 * src/host/host.h imports and what js/host/ answers. The built demo apps are
 * the third witness. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { createHost } from "../../js/host/index.js";
import { thisPlatform } from "../../js/host/platform.js";
import { webcrypto } from "../../js/crypto.js";
import { websocket } from "../../js/websocket.js";
import { ROOT, filesUnder, read } from "../helpers/tree.js";

const MODULE = "gossamer";

/** The names host.h imports, by its macro or by the attribute. */
function declaredNames() {
  const calls = /\b(?:GS__IMPORT|import_name)\s*\(\s*"([^"]+)"/g;
  return [...read("src/host/host.h").matchAll(calls)].map(([, name]) => name);
}

/** The names the glue answers: those of a host that is made for no program. */
function answeredNames() {
  const output = { write() {}, flush() {}, close() {} };
  const settings = {
    args: [],
    env: {},
    budgetMs: 8,
    stdout: output,
    stderr: output,
    http: {},
    parts: [webcrypto(), websocket()],
  };
  const host = createHost(settings, thisPlatform(), () => {});
  host.close();
  return Object.keys(host.imports).sort();
}

test("host.h imports exactly the names that js/host answers", () => {
  const declared = declaredNames().sort();
  assert.notEqual(declared.length, 0, "host.h declares imports");
  assert.deepEqual(answeredNames(), declared);
});

test("no name is imported twice", () => {
  const names = declaredNames();
  assert.deepEqual(
    names.filter((name, index) => names.indexOf(name) !== index),
    [],
  );
});

test("no C file but host.h has a door to JavaScript", () => {
  const doors = [
    /\bEM_(ASYNC_)?JS\b|\bEM_ASM\w*\b|\bMAIN_THREAD_\w*EM_ASM\w*\b/,
    new RegExp(`import_module\\s*\\(\\s*"${MODULE}"`),
    /\bGS__IMPORT\b/,
  ];
  const other = filesUnder("src")
    .filter((path) => /\.[ch]$/.test(path) && path !== "src/host/host.h")
    .filter((path) => doors.some((door) => door.test(read(path))));
  assert.deepEqual(other, []);
});

test("the built apps import nothing that the glue does not answer", async (t) => {
  const apps = filesUnder("build/apps").filter((path) =>
    path.endsWith(".wasm"),
  );
  assert.notEqual(apps.length, 0, "there are built apps in build/apps");
  const answered = new Set(answeredNames());
  for (const app of apps) {
    await t.test(app, async () => {
      const module = await WebAssembly.compile(readFileSync(join(ROOT, app)));
      const unknown = WebAssembly.Module.imports(module)
        .filter(({ module: from }) => from === MODULE)
        .filter(({ name }) => !answered.has(name));
      assert.deepEqual(unknown, []);
      const asyncify = WebAssembly.Module.imports(module).filter(
        ({ module: from }) => from === "asyncify",
      );
      assert.deepEqual(asyncify, [], "the switch stays inside wasm");
    });
  }
});
