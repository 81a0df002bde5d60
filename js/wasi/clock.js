/* Clocks: the time of day and the program's monotonic clock. Nothing tells how
 * much of the processor a program uses; its clocks for that show how long it
 * has run, so that C's clock() does not stand still. */
import { ERRNO } from "../errors.js";
import { u32 } from "../memory.js";
import { CLOCK } from "./abi.js";

const NS_PER_MS = 1_000_000;
/** The two clocks of the page may differ by this much before one is set. */
const MAX_DRIFT_MS = 20;
/** The steps to which browsers round their clock, the coarsest first: Safari
 * and Firefox, Chromium, both again for pages that are isolated. */
const STEPS_MS = Object.freeze([1, 0.1, 0.02, 0.005]);
/** How far a double may be off the step it stands for. */
const STEP_ERROR = 1e-4;
const SAMPLES = 8;
/** A time of day in milliseconds is a double with steps of a quarter of it. */
const FINEST_NS = 1_000n;

/** @param {number} ms */
function nanoseconds(ms) {
  // In two parts: a time of day in nanoseconds is beyond a double's digits.
  const whole = Math.floor(ms);
  const rest = Math.floor((ms - whole) * NS_PER_MS);
  return BigInt(whole) * BigInt(NS_PER_MS) + BigInt(rest);
}

/**
 * Writes a time as nanoseconds in 64 bits, by numbers alone: a program may ask
 * for it in a loop, and big integers cost it more than the clock does.
 * @param {import("../memory.js").Memory} memory
 * @param {number} at
 * @param {number} ms
 * @returns {boolean} false when out of bounds
 */
function putTime(memory, at, ms) {
  if (!memory.contains(at, 8)) return false;
  const whole = Math.floor(ms);
  const rest = Math.floor((ms - whole) * NS_PER_MS);
  // No product here is beyond a double's 53 digits.
  const upper = Math.floor(whole / 2 ** 20) * NS_PER_MS;
  const lower = (whole % 2 ** 20) * NS_PER_MS + rest;
  const low = (upper % 2 ** 12) * 2 ** 20 + lower;
  const high = Math.floor(upper / 2 ** 12) + Math.floor(low / 2 ** 32);
  const { view } = memory;
  // What is above 32 bits is left out by it.
  view.setUint32(at, low, true);
  view.setUint32(at + 4, high, true);
  return true;
}

/** What the clock's times are multiples of, without waiting for it to tick. */
function stepNs() {
  const times = Array.from({ length: SAMPLES }, () => performance.now());
  const step = STEPS_MS.find((ms) =>
    times.every((time) => {
      const steps = time / ms;
      return Math.abs(steps - Math.round(steps)) < STEP_ERROR;
    }),
  );
  return step === undefined ? FINEST_NS : BigInt(step * NS_PER_MS);
}

/** The clocks of a program. */
export class Clocks {
  #programMs;
  #originMs = performance.timeOrigin;

  /** @param {() => number} programMs since the program's start */
  constructor(programMs) {
    this.#programMs = programMs;
  }

  /**
   * @param {number} id one of CLOCK
   * @returns {bigint | null} nanoseconds; null for a clock that there is not
   */
  nowNs(id) {
    const ms = this.nowMs(id);
    return ms < 0 ? null : nanoseconds(ms);
  }

  /**
   * @param {number} id one of CLOCK
   * @returns {number} milliseconds; -1 for a clock that there is not
   */
  nowMs(id) {
    if (id === CLOCK.REALTIME) return this.#dayMs();
    return id <= CLOCK.THREAD_CPUTIME ? this.#programMs() : -1;
  }

  /** The time of day, with the fine steps of the monotonic clock. */
  #dayMs() {
    const now = performance.now();
    const date = Date.now();
    // That clock stands still while the machine sleeps, and nobody sets it.
    if (Math.abs(this.#originMs + now - date) > MAX_DRIFT_MS) {
      this.#originMs = date - now;
    }
    return this.#originMs + now;
  }
}

/** @param {import("./context.js").Context} context */
export function clockImports({ memory, now }) {
  const clocks = new Clocks(now);

  return {
    /**
     * @param {number} id
     * @param {number} resolution
     */
    clock_res_get(id, resolution) {
      if (clocks.nowNs(u32(id)) === null) return ERRNO.EINVAL;
      return memory.putU64(resolution, stepNs()) ? 0 : ERRNO.EFAULT;
    },

    /**
     * @param {number} id
     * @param {bigint} _precision
     * @param {number} time
     */
    clock_time_get(id, _precision, time) {
      const ms = clocks.nowMs(u32(id));
      if (ms < 0) return ERRNO.EINVAL;
      return putTime(memory, u32(time), ms) ? 0 : ERRNO.EFAULT;
    },
  };
}
