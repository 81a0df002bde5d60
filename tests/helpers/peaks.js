/* How much memory the processes below this one have had at most, as Linux tells
 * it: a browser and its tabs. */
import { existsSync, readFileSync, readdirSync } from "node:fs";

/** Why that cannot be told here, or false. */
export function whyNoPeaks() {
  return existsSync("/proc/self/status") ? false : "no /proc on this system";
}

/** @param {number} pid @returns {Record<string, string>} */
function statusOf(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/status`, "utf8");
    return Object.fromEntries(
      text.split("\n").map((line) => line.split(":\t", 2)),
    );
  } catch {
    // It has ended meanwhile.
    return {};
  }
}

/**
 * Starts anew: what was before does not count.
 * @returns {() => number} the largest of all processes' growth since then, in
 *   bytes
 */
export function watchPeaks() {
  const before = peaks();
  return () => {
    const grown = [...peaks()].map(
      ([pid, bytes]) => bytes - (before.get(pid) ?? 0),
    );
    return Math.max(0, ...grown);
  };
}

/** @returns {Map<number, number>} bytes of each process below this one */
function peaks() {
  const all = readdirSync("/proc").map(Number).filter(Number.isInteger);
  const parents = new Map(all.map((pid) => [pid, Number(statusOf(pid).PPid)]));
  /** @param {number | undefined} pid @returns {boolean} */
  const isBelow = (pid) =>
    pid !== undefined &&
    pid > 1 &&
    (pid === process.pid || isBelow(parents.get(pid)));
  const below = all.filter((pid) => pid !== process.pid && isBelow(pid));
  return new Map(
    below.map((pid) => [
      pid,
      Number.parseInt(statusOf(pid).VmHWM ?? "0") * 1024,
    ]),
  );
}
