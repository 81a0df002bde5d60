/* The only way into wasm after boot. Completions ask for a pump in a
 * microtask, so that those of one task share it; what is left when the time
 * budget is spent follows in a task of its own, after the page had its chance
 * to paint; one timer serves the runtime's next deadline; a frame runs
 * goroutines inside its callback. An exit or a trap ends it all: the instance
 * is never entered again and everything asked of the platform is dropped. */
import { GossamerError, ProcExit } from "../errors.js";

/**
 * @typedef {import("./platform.js").Platform} Platform
 *
 * The exports that run goroutines or make them ready.
 * @typedef {object} Entries
 * @property {() => number} gs_pump
 * @property {(timestampMs: number) => number} gs_frame_event
 * @property {(token: number, result: number) => void} gs_complete
 *
 * How a program ended.
 * @typedef {{ code: number } | { error: unknown }} Outcome
 */

/** What gs_pump answers besides a delay in milliseconds. */
const PUMP_AGAIN = 0;
const PUMP_IDLE = -1;

/** The longest delay that setTimeout takes; longer ones are cut in pieces. */
const MAX_DELAY_MS = 2 ** 31 - 1;
/** Below this a browser may stretch a delay set by a timer's own callback. */
const CLAMPED_MS = 5;
/** Pumps by microtask before a task is put between, whatever they took. */
const MAX_MICRO_PUMPS = 64;

/** @type {Entries} */
const NO_ENTRIES = {
  gs_pump: () => PUMP_IDLE,
  gs_frame_event: () => PUMP_IDLE,
  gs_complete: () => {},
};

export class Events {
  #platform;
  #budgetMs;
  #onEnd;
  #entries = NO_ENTRIES;
  #frameEvent = NO_ENTRIES.gs_frame_event;
  /** @type {import("./platform.js").Tasks | null} */
  #tasks = null;

  /** @type {Outcome | null} */
  #outcome = null;
  #closed = false;
  /** Whether wasm is on the stack. */
  #inside = false;
  /** A pump was asked for while wasm was on the stack. */
  #again = false;

  #microQueued = false;
  #taskQueued = false;
  /** Whether the queued task is to pump; else it only sets the timer. */
  #taskPumps = false;
  #taskDelayMs = 0;
  #taskStarts = false;
  #microPumps = 0;
  #microSpentMs = 0;

  /** @type {unknown} */
  #timer = null;
  #timerDueMs = 0;
  #inTimer = false;

  #frameQueued = false;
  /** @type {unknown} */
  #frame = null;

  /**
   * @param {Platform} platform
   * @param {number} budgetMs
   * @param {(outcome: Outcome) => void} onEnd called once, outside wasm
   */
  constructor(platform, budgetMs, onEnd) {
    this.#platform = platform;
    this.#budgetMs = budgetMs;
    this.#onEnd = onEnd;
  }

  /** @param {Entries} entries */
  attach(entries) {
    // Not before: an open port of a module that failed to load would stay.
    this.#tasks ??= this.#platform.tasks(this.#onTask);
    this.#entries = entries;
    this.#frameEvent = entries.gs_frame_event;
  }

  /** Whether wasm is on the stack and must not be entered. */
  get inside() {
    return this.#inside;
  }

  /** Whether the program has ended, or will when wasm is off the stack. */
  get ended() {
    return this.#outcome !== null;
  }

  /**
   * Runs `call`, which calls exports other than the pump's. The program may
   * end in it: then the answer is undefined.
   * @template T
   * @param {() => T} call
   * @returns {T | undefined}
   */
  enter(call) {
    if (this.#inside) throw new Error("entered wasm from within wasm");
    if (this.ended) return undefined;
    let result;
    this.#inside = true;
    try {
      result = call();
    } catch (error) {
      this.#caught(error);
      return undefined;
    }
    this.#left();
    return this.ended ? undefined : result;
  }

  /**
   * Reports the end of an operation to its goroutine.
   * @param {number} token
   * @param {number} result
   */
  complete(token, result) {
    if (this.ended) return;
    this.#inside = true;
    try {
      this.#entries.gs_complete(token, result);
    } catch (error) {
      this.#caught(error);
      return;
    }
    this.#left();
    this.wake();
  }

  /** Asks for a pump soon, shared with all who ask before it. */
  wake() {
    if (this.ended) return;
    if (this.#inside) {
      this.#again = true;
    } else if (this.#taskQueued) {
      this.#taskPumps = true;
    } else if (
      this.#microPumps >= MAX_MICRO_PUMPS ||
      this.#microSpentMs > this.#budgetMs
    ) {
      // Microtasks that bring forth microtasks would keep the page waiting.
      this.wakeLater();
    } else if (!this.#microQueued) {
      this.#microQueued = true;
      this.#platform.microtask(this.#onMicrotask);
    }
  }

  /**
   * The caller is the first that a task does: what microtasks before it have
   * spent was another's.
   */
  taskBegan() {
    this.#newTask();
  }

  /** Pumps before it returns; the caller is a task, not wasm. */
  pumpNow() {
    this.#newTask();
    this.#pump();
  }

  /** Asks for a pump in a task of its own. */
  wakeLater() {
    if (this.ended) return;
    this.#taskPumps = true;
    this.#postTask();
  }

  /**
   * Asks for the first pump, in a task of its own. It goes the way of a frame,
   * which nobody waits for yet: so the first real one finds its code compiled.
   */
  start() {
    this.#taskStarts = true;
    this.#postTask();
  }

  /** Asks for one call of gs_frame_event. */
  requestFrame() {
    if (this.#frameQueued || this.ended) return;
    this.#frameQueued = true;
    this.#frame = this.#platform.requestFrame(this.#onFrame);
  }

  cancelFrame() {
    if (!this.#frameQueued) return;
    this.#frameQueued = false;
    this.#platform.cancelFrame(this.#frame);
    this.#frame = null;
  }

  /**
   * Ends the program; the first outcome counts. Under wasm the end comes when
   * wasm is left, which the caller hastens by throwing ProcExit.
   * @param {Outcome} outcome
   */
  end(outcome) {
    this.#outcome ??= outcome;
    if (!this.#inside) this.#close();
  }

  // The hot path: no closure, no Promise, nothing allocated.
  /** @param {number} timestampMs */
  #onFrame = (timestampMs) => {
    if (!this.#frameQueued) return;
    this.#frameQueued = false;
    this.#newTask();
    this.#deliverFrame(timestampMs);
  };

  /** @param {number} timestampMs */
  #deliverFrame(timestampMs) {
    this.#inside = true;
    let next;
    try {
      next = this.#frameEvent(timestampMs);
    } catch (error) {
      this.#caught(error);
      return;
    }
    this.#pumped(next);
  }

  #onMicrotask = () => {
    this.#microQueued = false;
    const startMs = this.#platform.now();
    this.#pump();
    this.#microPumps += 1;
    this.#microSpentMs += this.#platform.now() - startMs;
  };

  #onTask = () => {
    this.#taskQueued = false;
    if (this.ended) return;
    this.#newTask();
    if (this.#taskStarts) {
      this.#taskStarts = false;
      this.#taskPumps = false;
      this.#deliverFrame(this.#platform.now());
    } else if (this.#taskPumps) {
      this.#taskPumps = false;
      this.#taskDelayMs = 0;
      this.#pump();
    } else if (this.#taskDelayMs > 0) {
      const delayMs = this.#taskDelayMs;
      this.#taskDelayMs = 0;
      this.#setTimer(delayMs);
    }
  };

  #onTimer = () => {
    this.#timer = null;
    this.#newTask();
    this.#inTimer = this.#platform.clampsTimers;
    this.#pump();
    this.#inTimer = false;
  };

  #newTask() {
    this.#microPumps = 0;
    this.#microSpentMs = 0;
  }

  #postTask() {
    if (this.#taskQueued) return;
    this.#taskQueued = true;
    this.#tasks?.post();
  }

  #pump() {
    if (this.ended) return;
    this.#inside = true;
    let next;
    try {
      next = this.#entries.gs_pump();
    } catch (error) {
      this.#caught(error);
      return;
    }
    this.#pumped(next);
  }

  /**
   * After a pump: arranges the next.
   * @param {number} next
   */
  #pumped(next) {
    this.#left();
    if (this.#outcome !== null) return;
    if (next === PUMP_IDLE) {
      this.#taskDelayMs = 0;
      if (this.#timer !== null) this.#clearTimer();
    } else if (next > 0) {
      this.#setTimer(next);
    } else if (next === PUMP_AGAIN) {
      this.wakeLater();
    } else {
      const text = `the runtime answered ${next} to its pump`;
      this.end({ error: new GossamerError("ENOTRECOVERABLE", text) });
      return;
    }
    if (this.#again) {
      this.#again = false;
      this.wake();
    }
  }

  #left() {
    this.#inside = false;
    if (this.#outcome !== null) this.#close();
  }

  /** @param {unknown} error what came out of wasm */
  #caught(error) {
    this.#outcome ??=
      error instanceof ProcExit ? { code: error.exitCode } : { error };
    this.#left();
  }

  /** @param {number} delayMs */
  #setTimer(delayMs) {
    const dueMs = this.#platform.now() + delayMs;
    if (this.#timer !== null) {
      // A timer that is early finds nothing to do and learns the new delay.
      if (this.#timerDueMs <= dueMs) return;
      this.#clearTimer();
    }
    if (this.#inTimer && delayMs < CLAMPED_MS) {
      this.#taskDelayMs = delayMs;
      this.#postTask();
      return;
    }
    this.#timerDueMs = dueMs;
    this.#timer = this.#platform.setTimer(
      this.#onTimer,
      Math.min(Math.ceil(delayMs), MAX_DELAY_MS),
    );
  }

  #clearTimer() {
    this.#platform.clearTimer(this.#timer);
    this.#timer = null;
  }

  #close() {
    if (this.#closed) return;
    this.#closed = true;
    this.#entries = NO_ENTRIES;
    this.#frameEvent = NO_ENTRIES.gs_frame_event;
    if (this.#timer !== null) this.#clearTimer();
    this.cancelFrame();
    this.#tasks?.close();
    this.#onEnd(/** @type {Outcome} */ (this.#outcome));
  }
}
