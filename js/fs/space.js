/* How much room there is where a volume stores, from what it says of itself and
 * of what it shares its storage with. */
import { ERRNO } from "../errors.js";
import { MAX_SIZE_BYTES } from "./volume.js";

/**
 * @template T
 * @typedef {import("./volume.js").Answer<T>} Answer
 */

/**
 * @typedef {import("./volume.js").Estimate} Estimate
 * @typedef {import("./volume.js").Usage} Usage
 * @typedef {import("./volume.js").Volume} Volume
 *
 * @typedef {object} Space
 * @property {number} totalBytes what is taken and what is free
 * @property {number} freeBytes at most MAX_SIZE_BYTES, where nothing is known
 *   that would end it
 * @property {number} nodes files, directories and links that there are
 */

/**
 * @param {Usage} usage
 * @param {Estimate | number} estimate
 * @returns {Space | number}
 */
function joined({ usedBytes, limitBytes, nodes }, estimate) {
  let freeBytes = limitBytes - usedBytes;
  if (typeof estimate !== "number") {
    const { quotaBytes, usageBytes } = estimate;
    freeBytes = Math.min(freeBytes, quotaBytes - usageBytes);
  } else if (estimate !== -ERRNO.ENOTSUP) {
    return estimate;
  }
  freeBytes = Math.max(0, Math.min(freeBytes, MAX_SIZE_BYTES - usedBytes));
  return { totalBytes: usedBytes + freeBytes, freeBytes, nodes };
}

/**
 * @param {Volume} volume
 * @param {Usage | number} usage
 * @returns {Answer<Space>}
 */
function withEstimate(volume, usage) {
  if (typeof usage === "number") return usage;
  const estimate = volume.estimate();
  return estimate instanceof Promise
    ? estimate.then((answer) => joined(usage, answer))
    : joined(usage, estimate);
}

/**
 * @param {Volume} volume that is open
 * @returns {Answer<Space>} ENOTSUP for a volume that does not know, and what it
 *   answers itself
 */
export function spaceOf(volume) {
  const usage = volume.usage();
  return usage instanceof Promise
    ? usage.then((answer) => withEstimate(volume, answer))
    : withEstimate(volume, usage);
}
