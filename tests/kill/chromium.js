/* A Chromium that is gone with its test: to be killed with all its processes,
 * and started again on what it left. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Chromium } from "../helpers/chromium.js";
import { defer } from "../helpers/defer.js";

/** @typedef {import("node:test").TestContext} TestContext */

/**
 * A folder that is gone with the test.
 * @param {TestContext} t
 */
export function newProfile(t) {
  const folder = mkdtempSync(join(tmpdir(), "gossamer-profile-"));
  defer(t, () =>
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 }),
  );
  return folder;
}

/**
 * @param {TestContext} t
 * @param {string} profile
 * @param {string[]} more arguments; a page's address at last
 */
export function startChromium(t, profile, more) {
  const chromium = new Chromium(profile, more);
  defer(t, () => chromium.kill());
  return chromium;
}
