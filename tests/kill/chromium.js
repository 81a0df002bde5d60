/* A Chromium on a profile of its own on disk, to be killed with all its
 * processes, and started again on what it left. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CHROMIUM_ARGUMENTS, executable } from "../helpers/browsers.js";
import { defer } from "../helpers/defer.js";

/** @typedef {import("node:test").TestContext} TestContext */

const ALL_ARGUMENTS = [
  ...CHROMIUM_ARGUMENTS,
  "--headless",
  "--disable-breakpad",
  "--disable-component-update",
  "--disable-default-apps",
  "--disable-extensions",
  "--mute-audio",
  "--no-default-browser-check",
  "--no-startup-window-restore",
  "--password-store=basic",
];

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

/** A running browser, which leads a process group. */
export class Chromium {
  /** Settles when its first process has ended. @type {Promise<void>} */
  ended;
  #child;
  #isKilled = false;

  /**
   * @param {TestContext} t which ends it
   * @param {string} profile
   * @param {string[]} more arguments; a page's address at last
   */
  constructor(t, profile, more) {
    this.#child = spawn(
      executable("chromium"),
      [...ALL_ARGUMENTS, `--user-data-dir=${profile}`, ...more],
      { detached: true, stdio: "ignore" },
    );
    this.ended = new Promise((resolve) => {
      this.#child.once("error", () => resolve());
      this.#child.once("exit", () => resolve());
    });
    defer(t, () => this.kill());
  }

  /** Ends all its processes at once, as a crash of it would. */
  async kill() {
    const { pid } = this.#child;
    // Later the number may be somebody else's.
    if (pid === undefined || this.#isKilled) return;
    this.#isKilled = true;
    try {
      process.kill(-pid, "SIGKILL");
    } catch {
      // All of them have ended.
    }
    await this.ended;
  }
}
