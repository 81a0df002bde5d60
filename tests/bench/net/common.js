/* What the peers of the suite `net` share: how much is fetched, hashed and
 * drawn, and from where. The programs in C and Go get these numbers from the
 * page. */
import { KIB, MIB, median, timed } from "../files/common.js";

export const DOWNLOAD_MIB = 100;
export const DOWNLOAD_BYTES = DOWNLOAD_MIB * MIB;
/** What one read asks for, where a peer can ask. */
export const READ_BYTES = 256 * KIB;
/** Downloads that are measured after one that is not; the fastest counts. */
export const DOWNLOADS = 4;

/** Of which the first chunk is waited for. */
export const CHUNKED_BYTES = MIB;
export const CHUNKED_REQUESTS = 60;
export const SMALL_BYTES = 4 * KIB;
export const SMALL_REQUESTS = 300;
export const TINY_BYTES = KIB;
export const TINY_REQUESTS = 1000;
export const IN_FLIGHT = 32;
/** How often the thousand are fetched; the fastest counts. */
export const ROUNDS = 3;

export const HASH_MIB = 96;
export const RANDOM_BYTES = 64 * KIB;
export const RANDOM_CALLS = 1500;
/** How often what needs no server is measured; the fastest counts. */
export const REPEATS = 5;
/** Requests and calls that are made before, and not measured. */
export const WARM_UP = 50;

/** @param {number} sizeBytes of a body that the server sends */
export function addressOf(sizeBytes) {
  return new URL(`/bytes/${sizeBytes}`, location.href).href;
}

/**
 * The least time of several, after one that does not count.
 * @param {number} count
 * @param {() => Promise<number>} measure milliseconds
 */
export async function least(count, measure) {
  await measure();
  let best = Infinity;
  for (let left = count; left > 0; left--) {
    best = Math.min(best, await measure());
  }
  return best;
}

/**
 * The median of what one of several takes, after some that do not count.
 * @param {number} count
 * @param {() => Promise<number>} measure milliseconds
 */
export async function usual(count, measure) {
  for (let left = WARM_UP; left > 0; left--) await measure();
  const samples = [];
  for (let left = count; left > 0; left--) samples.push(await measure());
  return median(samples);
}

/** @param {number} bytes @param {number} ms @returns {number} MB/s */
export function rate(bytes, ms) {
  return bytes / 1e6 / (ms / 1e3);
}

/**
 * Many requests, some of them at a time.
 * @param {() => Promise<unknown>} request
 * @returns {Promise<number>} milliseconds for all
 */
export function inFlight(request) {
  let left = TINY_REQUESTS;
  const worker = async () => {
    while (left > 0) {
      left -= 1;
      await request();
    }
  };
  return timed(() => Promise.all(Array.from({ length: IN_FLIGHT }, worker)));
}
