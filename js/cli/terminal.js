/* What commands share: the process's own output and input, and exit codes. */
import { writeSync } from "node:fs";
import { messageOf } from "../errors.js";

export const EXIT = Object.freeze({
  FAILED: 1,
  USAGE: 2,
  /** What shells report for a program that SIGABRT and SIGPIPE ended. */
  CRASHED: 134,
  BROKEN_PIPE: 141,
});

export const STDIN = 0;
export const STDOUT = 1;
export const STDERR = 2;

const RETRY_MS = 2;
const cell = new Int32Array(new SharedArrayBuffer(4));

/** Stops the thread for a moment: somebody has made a pipe non-blocking. */
export function pause() {
  Atomics.wait(cell, 0, 0, RETRY_MS);
}

/** @param {unknown} error */
export function codeOf(error) {
  const { code = "" } = /** @type {NodeJS.ErrnoException} */ (error);
  return code;
}

/**
 * Writes all of it before it returns: nothing is lost when the process ends,
 * and a slow reader slows the program down instead of filling memory.
 * @param {number} fd
 * @param {Uint8Array} bytes
 */
export function writeAll(fd, bytes) {
  let at = 0;
  while (at < bytes.length) {
    try {
      at += writeSync(fd, bytes, at);
    } catch (error) {
      if (codeOf(error) !== "EAGAIN") throw error;
      pause();
    }
  }
}

/** @param {string} text */
export function complain(text) {
  try {
    writeAll(STDERR, Buffer.from(`gossamer: ${text}\n`));
  } catch {
    // Nobody reads it: the exit code has to do.
  }
}

/**
 * Prints what the user asked for.
 * @param {string} text
 * @returns {number} the exit code
 */
export function answer(text) {
  try {
    writeAll(STDOUT, Buffer.from(text));
    return 0;
  } catch (error) {
    if (codeOf(error) === "EPIPE") return EXIT.BROKEN_PIPE;
    complain(`cannot write: ${messageOf(error)}`);
    return EXIT.FAILED;
  }
}

/** Opens standard input when the program first reads it, not before. */
export function standardInput() {
  let opened = false;
  return {
    [Symbol.asyncIterator]() {
      opened = true;
      return process.stdin[Symbol.asyncIterator]();
    },
    destroy() {
      if (opened) process.stdin.destroy();
    },
  };
}
