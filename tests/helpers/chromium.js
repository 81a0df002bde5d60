/* A Chromium on a profile of its own on disk, with nobody at its wires: what it
 * does is what its page does. */
import { spawn } from "node:child_process";
import { CHROMIUM_ARGUMENTS, executable } from "./browsers.js";

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

/** A running browser, which leads a process group. */
export class Chromium {
  /** Settles when its first process has ended. @type {Promise<void>} */
  ended;
  #child;
  #isKilled = false;

  /**
   * @param {string} profile a folder
   * @param {string[]} more arguments; a page's address at last
   */
  constructor(profile, more) {
    this.#child = spawn(
      executable("chromium"),
      [...ALL_ARGUMENTS, `--user-data-dir=${profile}`, ...more],
      { detached: true, stdio: "ignore" },
    );
    this.ended = new Promise((resolve) => {
      this.#child.once("error", () => resolve());
      this.#child.once("exit", () => resolve());
    });
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
