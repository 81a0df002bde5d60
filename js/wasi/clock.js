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
    if (id === CLOCK.REALTIME) return nanoseconds(this.#dayMs());
    return id <= CLOCK.THREAD_CPUTIME ? nanoseconds(this.#programMs()) : null;
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
      const ns = clocks.nowNs(u32(id));
      if (ns === null) return ERRNO.EINVAL;
      return memory.putU64(time, ns) ? 0 : ERRNO.EFAULT;
    },
  };
}
