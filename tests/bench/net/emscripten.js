/* emscripten_fetch(): the page hands the program its addresses, and is called
 * back when all of them were fetched. */
import { takePart } from "../files/common.js";
import {
  DOWNLOADS,
  DOWNLOAD_BYTES,
  IN_FLIGHT,
  ROUNDS,
  SMALL_BYTES,
  SMALL_REQUESTS,
  TINY_BYTES,
  TINY_REQUESTS,
  addressOf,
  least,
  rate,
  usual,
} from "./common.js";

/** What Emscripten makes of the program. @typedef {any} Module */

/** @type {(ms: number) => void} */
let told = () => {};

const { createFetcher } = /** @type {any} */ (globalThis);
/** @type {Module} */
const program = await createFetcher({
  told: (/** @type {number} */ ms) => told(ms),
});

/**
 * @param {number} sizeBytes
 * @param {number} count
 * @param {number} width
 * @returns {Promise<number>} milliseconds
 */
function fetchMany(sizeBytes, count, width) {
  return new Promise((resolve, reject) => {
    told = (ms) => {
      if (Number.isNaN(ms)) reject(new Error("a request failed"));
      else resolve(ms);
    };
    const args = [addressOf(sizeBytes), sizeBytes, count, width];
    const types = ["string", "number", "number", "number"];
    program.ccall("fetch_many", null, types, args);
  });
}

takePart({
  "net-download": async () => {
    const one = () => fetchMany(DOWNLOAD_BYTES, 1, 1);
    return { rate: rate(DOWNLOAD_BYTES, await least(DOWNLOADS, one)) };
  },
  "net-small": async () => ({
    median: await usual(SMALL_REQUESTS, () => fetchMany(SMALL_BYTES, 1, 1)),
  }),
  "net-flight": async () => ({
    all: await least(ROUNDS, () =>
      fetchMany(TINY_BYTES, TINY_REQUESTS, IN_FLIGHT),
    ),
  }),
});
