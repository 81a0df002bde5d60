/* The fixture program "keys" in Node, and what its tests say of answers. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import * as hashWasm from "hash-wasm";
import { webcrypto } from "../../js/crypto.js";
import { load } from "../../js/index.js";
import { toHex } from "./crypto-names.js";
import { cryptoProgram } from "./crypto-program.js";
import { programPath } from "./programs.js";

export const TEXT = Buffer.from(
  "Zwölf Boxkämpfer jagen Viktor quer über den Sylter Deich.",
);

/** @param {import("node:test").TestContext} t */
export async function startKeys(t, { build = "wasm", ...options } = {}) {
  const app = await load(await readFile(programPath("keys", build)), {
    parts: [webcrypto({ hashes: hashWasm, ...options })],
  });
  t.after(() => app.stop().catch(() => {}));
  return cryptoProgram(app);
}

/** @param {ArrayBuffer | Uint8Array} a @param {ArrayBuffer | Uint8Array} b */
export function same(a, b, what = "") {
  assert.equal(toHex(new Uint8Array(a)), toHex(new Uint8Array(b)), what);
}

/** @param {string} name @param {() => Promise<unknown>} call */
export async function refused(name, call, what = name) {
  await assert.rejects(call, { message: name }, what);
}

/** Random ones. @param {number} size */
export const bytes = (size) => new Uint8Array(randomBytes(size));
