/* Timers of a program, of any length. Browsers delay a timer by 4 ms when it is
 * set by another one, as a program does that sleeps again and again: a short
 * one is set by a task of its own there. */

/** Timers take no longer delays. */
const MAX_DELAY_MS = 2 ** 31 - 1;
/** What browsers make of shorter delays. */
const CLAMP_MS = 4;

/**
 * @typedef {object} Timer
 * @property {() => void} callback
 * @property {number} dueMs
 * @property {any} handle
 */

export class Timers {
  #platform;
  /** @type {import("../host/platform.js").Tasks | null} */
  #tasks = null;
  /** Those that the next task sets. */
  /** @type {Set<Timer>} */
  #short = new Set();

  /** @param {import("../host/platform.js").Platform} platform */
  constructor(platform) {
    this.#platform = platform;
  }

  /**
   * @param {() => void} callback
   * @param {number} delayMs
   * @returns {() => void} what prevents it
   */
  after(callback, delayMs) {
    const { clampsTimers, now } = this.#platform;
    /** @type {Timer} */
    const timer = { callback, dueMs: now() + delayMs, handle: null };
    if (clampsTimers && delayMs < CLAMP_MS) {
      this.#tasks ??= this.#platform.tasks(this.#setShort);
      if (this.#short.size === 0) this.#tasks.post();
      this.#short.add(timer);
    } else {
      this.#set(timer);
    }
    return () => {
      this.#short.delete(timer);
      if (timer.handle !== null) this.#platform.clearTimer(timer.handle);
    };
  }

  /** Nothing is called back any more that has to wait for a task. */
  close() {
    this.#short.clear();
    this.#tasks?.close();
    this.#tasks = null;
  }

  #setShort = () => {
    for (const timer of this.#short) this.#set(timer);
    this.#short.clear();
  };

  /** @param {Timer} timer */
  #set(timer) {
    const leftMs = timer.dueMs - this.#platform.now();
    const stepMs = Math.min(Math.max(leftMs, 0), MAX_DELAY_MS);
    timer.handle = this.#platform.setTimer(() => {
      if (stepMs < leftMs) this.#set(timer);
      else timer.callback();
    }, stepMs);
  }
}
