/* What the peers of the suite `files` share in their pages: how much is
 * written and read, noise to write, medians, and how the runner calls them. */

export const KIB = 1024;
export const MIB = 1024 * KIB;
export const PAGE_BYTES = 4 * KIB;
export const PIECE_BYTES = 64 * KIB;

export const SEQUENTIAL_MIB = 64;
export const STREAM_MIB = 1024;
export const RANDOM_MIB = 32;
export const RANDOM_WRITES = 512;
export const SMALL_FILES = 1000;
export const SMALL_BYTES = KIB;
export const COLD_FILES = 200;
/** So far apart that none lies with another. */
export const COLD_STEP = 10;
export const MOUNT_FILES = 10_000;
export const FILES_A_DIRECTORY = 100;
/** How often what takes a few milliseconds, or much longer, is done. */
export const SAMPLES = 50;
export const FEW_SAMPLES = 8;

/**
 * One run of a workload: values by row key.
 * @typedef {() => Promise<Record<string, number>>} Run
 */

/** @param {Record<string, Run>} runs by workload */
export function takePart(runs) {
  /** @param {string} workload */
  const bench = (workload) => {
    const run = runs[workload];
    if (run === undefined) throw new RangeError(`no workload ${workload}`);
    return run();
  };
  Object.assign(globalThis, { bench });
}

/** @param {number[]} values at least one; is sorted */
export function median(values) {
  values.sort((a, b) => a - b);
  return values[values.length >> 1] ?? NaN;
}

/** @param {number} mib @param {number} ms @returns {number} MB/s */
export function megabytesPerSecond(mib, ms) {
  return (mib * MIB) / 1e6 / (ms / 1e3);
}

/** @param {() => unknown} act @returns {Promise<number>} milliseconds */
export async function timed(act) {
  const beginMs = performance.now();
  await act();
  return performance.now() - beginMs;
}

/**
 * The median of what one of several takes.
 * @param {number} count
 * @param {(index: number) => unknown} act
 * @returns {Promise<number>} milliseconds
 */
export async function timedEach(count, act) {
  const samples = [];
  for (let index = 0; index < count; index++) {
    samples.push(await timed(() => act(index)));
  }
  return median(samples);
}

/** Bytes that nothing can compress. @param {number} sizeBytes */
export function noise(sizeBytes) {
  const MOST_AT_ONCE = 65_536;
  const bytes = new Uint8Array(sizeBytes);
  for (let at = 0; at < sizeBytes; at += MOST_AT_ONCE) {
    crypto.getRandomValues(bytes.subarray(at, at + MOST_AT_ONCE));
  }
  return bytes;
}

/**
 * Offsets of pages here and there in a file, the same in every run.
 * @param {number} count
 * @param {number} mib the file's size
 */
export function randomOffsets(count, mib) {
  let state = 2463534242;
  return Array.from({ length: count }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return ((state >>> 0) % ((mib * MIB) / PAGE_BYTES)) * PAGE_BYTES;
  });
}

/** @param {number} index of a file @returns {string} its directory */
export function directoryOf(index) {
  return String(Math.floor(index / FILES_A_DIRECTORY));
}

/**
 * @param {number} got
 * @param {number} expected
 * @param {string} what
 */
export function expectSame(got, expected, what) {
  if (got !== expected) throw new Error(`${what}: ${got}, not ${expected}`);
}
