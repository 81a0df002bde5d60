/* What stat tells, and times, in WASI's layout. */
import { u32 } from "../memory.js";
import { FSTFLAGS, FSTFLAGS_ALL } from "./abi.js";

/**
 * The time of day, for times "now".
 * @returns {bigint} nanoseconds since 1970
 */
export function dayNs() {
  return BigInt(Date.now()) * 1_000_000n;
}

/**
 * @param {import("../memory.js").Memory} memory
 * @param {number} at an address with room for a `filestat`
 * @param {bigint} device
 * @param {import("../fs/volume.js").Stat} stat
 */
export function writeStat(memory, at, device, stat) {
  const { view } = memory;
  view.setBigUint64(at, device, true);
  view.setBigUint64(at + 8, stat.ino, true);
  view.setUint32(at + 16, stat.type, true);
  view.setUint32(at + 20, 0, true);
  view.setUint32(at + 24, stat.links, true);
  view.setUint32(at + 28, 0, true);
  view.setUint32(at + 32, stat.sizeBytes % 2 ** 32, true);
  view.setUint32(at + 36, Math.floor(stat.sizeBytes / 2 ** 32), true);
  view.setBigUint64(at + 40, stat.atimeNs, true);
  view.setBigUint64(at + 48, stat.mtimeNs, true);
  view.setBigUint64(at + 56, stat.ctimeNs, true);
  return 0;
}

/**
 * The times that a call sets; null: left as they are.
 * @param {bigint} atimeNs as it comes from wasm
 * @param {bigint} mtimeNs
 * @param {number} flags FSTFLAGS
 * @returns {{ atimeNs: bigint | null, mtimeNs: bigint | null } | null} null when
 *   the flags contradict each other
 */
export function readTimes(atimeNs, mtimeNs, flags) {
  const wanted = u32(flags);
  if ((wanted & ~FSTFLAGS_ALL) !== 0) return null;
  /** @param {number} set @param {number} now @param {bigint} given */
  const time = (set, now, given) => {
    if ((wanted & now) !== 0) return (wanted & set) === 0 ? dayNs() : undefined;
    return (wanted & set) === 0 ? null : BigInt.asUintN(64, given);
  };
  const atime = time(FSTFLAGS.ATIM, FSTFLAGS.ATIM_NOW, atimeNs);
  const mtime = time(FSTFLAGS.MTIM, FSTFLAGS.MTIM_NOW, mtimeNs);
  if (atime === undefined || mtime === undefined) return null;
  return { atimeNs: atime, mtimeNs: mtime };
}
