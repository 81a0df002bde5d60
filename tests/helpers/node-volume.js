/* What the tests of the node volume share: a directory that it is, another
 * beside it that it must not reach, and answers as values or by errno. */
import assert from "node:assert/strict";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { errnoName } from "../../js/errors.js";
import { node } from "../../js/fs/node.js";
import { createStat } from "../../js/fs/volume.js";
import { defer } from "./defer.js";

export const LINUX = process.platform === "linux";
export const READ = { read: true, write: false };
export const WRITE = { read: false, write: true };
export const BOTH = { read: true, write: true };

/**
 * A directory with `in/`, which the volume is, and `out/secret` beside it.
 * @param {import("node:test").TestContext} t
 * @param {object} [options] the volume's
 */
export function setUp(t, options = {}) {
  const base = mkdtempSync(join(tmpdir(), "gossamer-node-"));
  defer(t, () => rmSync(base, { recursive: true, force: true }));
  const inside = join(base, "in");
  const outside = join(base, "out");
  mkdirSync(inside);
  mkdirSync(outside);
  writeFileSync(join(outside, "secret"), "secret");
  const volume = node(inside, options);
  assert.equal(volume.open(), 0);
  defer(t, () => volume.close());
  return { inside, outside, volume, root: volume.root };
}

/**
 * @param {string} name
 * @param {(t: import("node:test").TestContext, options: object) => void | Promise<void>} body
 */
export function bothWays(name, body) {
  if (LINUX) test(`${name} (held)`, (t) => body(t, {}));
  test(`${name} (by path)`, (t) => body(t, { byPath: true }));
}

/** @param {unknown} answer an object */
export function done(answer) {
  if (typeof answer === "number") assert.fail(errnoName(answer));
  return /** @type {any} */ (answer);
}

/**
 * @param {unknown} answer
 * @param {string} name of the errno
 */
export function refused(answer, name) {
  assert.equal(typeof answer, "number");
  assert.equal(errnoName(Number(answer)), name);
  assert.ok(Number(answer) < 0);
}

/** @param {string} text */
export const utf8 = (text) => new TextEncoder().encode(text);

/**
 * What is in a file from a position on.
 * @param {any} volume
 * @param {any} file
 * @param {number} [position]
 */
export function readText(volume, file, position = 0) {
  const bytes = new Uint8Array(100);
  const got = volume.read(file, position, bytes, 0, bytes.length);
  assert.ok(got >= 0, errnoName(got));
  return new TextDecoder().decode(bytes.subarray(0, got));
}

/**
 * What stat() fills in.
 * @param {any} volume
 * @param {any} found
 */
export function statOf(volume, found) {
  const stat = createStat();
  assert.equal(volume.stat(found, stat), 0);
  return stat;
}

export function hostDescriptors() {
  return readdirSync("/proc/self/fd").length;
}

/** Whether a directory here has a link for each directory in it. */
export function countsDirectories() {
  const path = mkdtempSync(join(tmpdir(), "gossamer-node-"));
  mkdirSync(join(path, "d"));
  const { nlink } = statSync(path);
  rmSync(path, { recursive: true });
  return nlink === 3;
}
