/* Clocks: the time of day and the program's monotonic clock. How much time a
 * process or thread used is not known here. */
import { ERRNO } from "../errors.js";
import { CLOCK } from "./abi.js";

const NS_PER_MS = 1_000_000;
/** The two clocks of the page may differ by this much before one is set. */
const MAX_DRIFT_MS = 20;
/** Browsers round their clocks to steps of 5 us at best. */
const RESOLUTION_NS = 5_000n;

/** @param {number} ms */
function nanoseconds(ms) {
  // In two parts: a time of day in nanoseconds is beyond a double's digits.
  const whole = Math.floor(ms);
  const rest = Math.floor((ms - whole) * NS_PER_MS);
  return BigInt(whole) * BigInt(NS_PER_MS) + BigInt(rest);
}

/** @param {import("./context.js").Context} context */
export function clockImports({ memory, now: programMs }) {
  let originMs = performance.timeOrigin;

  /** The time of day, with the fine steps of the monotonic clock. */
  function dayMs() {
    const now = performance.now();
    const date = Date.now();
    // That clock stands still while the machine sleeps, and nobody sets it.
    if (Math.abs(originMs + now - date) > MAX_DRIFT_MS) originMs = date - now;
    return originMs + now;
  }

  /** @param {number} id */
  function readMs(id) {
    if (id === CLOCK.REALTIME) return dayMs();
    return id === CLOCK.MONOTONIC ? programMs() : null;
  }

  /** @param {number} id */
  function unknown(id) {
    return id === CLOCK.PROCESS_CPUTIME || id === CLOCK.THREAD_CPUTIME
      ? ERRNO.ENOTSUP
      : ERRNO.EINVAL;
  }

  return {
    /**
     * @param {number} id
     * @param {number} resolution
     */
    clock_res_get(id, resolution) {
      if (readMs(id) === null) return unknown(id);
      return memory.putU64(resolution, RESOLUTION_NS) ? 0 : ERRNO.EFAULT;
    },

    /**
     * @param {number} id
     * @param {bigint} _precision
     * @param {number} time
     */
    clock_time_get(id, _precision, time) {
      const ms = readMs(id);
      if (ms === null) return unknown(id);
      return memory.putU64(time, nanoseconds(ms)) ? 0 : ERRNO.EFAULT;
    },
  };
}
