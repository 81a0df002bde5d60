/* What the compiler makes of comparing and zeroing secrets: the code itself is
 * read, because no result tells how long a comparison took, nor that a store
 * was left out whose value nobody reads again. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ROOT } from "../helpers/tree.js";

const LIMIT = { timeout: 60_000 };

/** The caller is compiled together with what it calls: nothing is hidden. */
const SOURCE = `
#include "${join(ROOT, "src/host/crypto.c")}"
#include <string.h>
void use(void *memory);
void leave_by_zero(void);
void leave_by_memset(void);
bool compare(const void *a, const void *b);
void leave_by_zero(void) {
  char secret[40];
  use(secret);
  gs_crypto_zero(secret, sizeof secret);
}
void leave_by_memset(void) {
  char secret[40];
  use(secret);
  memset(secret, 0, sizeof secret);
}
bool compare(const void *a, const void *b) {
  return gs_crypto_equal(a, b, 1000);
}
`;

/** @type {Map<string, Map<string, string>>} */
const kept = new Map();

/**
 * The functions as text, by name.
 * @param {string} level of optimisation
 */
function compiled(level) {
  const functions = kept.get(level) ?? compile(level);
  kept.set(level, functions);
  return functions;
}

/** @param {string} level */
function compile(level) {
  const folder = mkdtempSync(join(tmpdir(), "gossamer-"));
  try {
    const source = join(folder, "secrets.c");
    writeFileSync(source, SOURCE);
    const include = `-I${join(ROOT, "src/include")}`;
    const args = [level, "-std=c11", include, "-S", source, "-o", "-"];
    const text = execFileSync("emcc", args, { encoding: "utf8" });
    const bodies = text.matchAll(/^(\w+):\s*#[^\n]*\n([^]*?)^\tend_function/gm);
    return new Map([...bodies].map(([, name, body]) => [name, body]));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** @param {string} text @param {string} word */
const after = (text, word) => text.slice(text.indexOf(word));

for (const level of ["-O1", "-O2", "-O3", "-Os"]) {
  test(
    `${level}: zeroing is done though nobody reads the memory again`,
    LIMIT,
    () => {
      const functions = compiled(level);
      const stores = /\bi(?:32|64)\.store|memory\.fill|call\s+memset/;
      const zero = functions.get("gs_crypto_zero") ?? "";
      assert.match(zero, /\bi32\.store8/);
      const left = after(functions.get("leave_by_zero") ?? "", "call\tuse");
      assert.match(left, /\bi32\.store8|call\s+gs_crypto_zero/);
      // And the check would see what is left out.
      const lost = after(functions.get("leave_by_memset") ?? "", "call\tuse");
      assert.match(lost, /call\tuse/);
      assert.doesNotMatch(lost, stores);
    },
  );

  test(
    `${level}: comparing reads all bytes, wherever the difference is`,
    LIMIT,
    () => {
      const functions = compiled(level);
      const inlined = functions.get("compare") ?? "";
      const body = inlined.includes("gs_crypto_equal")
        ? functions.get("gs_crypto_equal")
        : inlined;
      const [, loop = ""] =
        /\bloop\b([^]*?)\bend_loop\b/.exec(body ?? "") ?? [];
      assert.ok((loop.match(/\bi32\.load8_u\b/g) ?? []).length >= 2, body);
      // One way round, by the count: no other way out, and no call.
      const ways =
        loop.match(/\b(?:br|br_if|br_table|return|call|if)\b/g) ?? [];
      assert.deepEqual(ways, ["br_if"], body);
      assert.match(loop, /\bi32\.xor\b[^]*\bi32\.or\b/);
    },
  );
}
