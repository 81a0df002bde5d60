/* Ours: a program in C, with gs_http_open(), gs_http_read(), gs_hash() and
 * gs_random(). It takes the times itself. */
import { load } from "../../../js/index.js";
import { webcrypto } from "../../../js/crypto.js";
import { takePart } from "../files/common.js";
import {
  CHUNKED_BYTES,
  CHUNKED_REQUESTS,
  DOWNLOADS,
  DOWNLOAD_BYTES,
  HASH_MIB,
  IN_FLIGHT,
  RANDOM_BYTES,
  RANDOM_CALLS,
  REPEATS,
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

const MIB = 1 << 20;

const app = await load("net.wasm", { fetch: "'self'", parts: [webcrypto()] });

/**
 * @param {string} name
 * @param {...(string | number)} args
 * @returns {Promise<number>} milliseconds
 */
const call = (name, ...args) => app.call(name, ...args);

takePart({
  "net-download": async () => {
    const url = addressOf(DOWNLOAD_BYTES);
    const ms = await least(DOWNLOADS, () =>
      call("download", url, DOWNLOAD_BYTES),
    );
    return { rate: rate(DOWNLOAD_BYTES, ms) };
  },
  "net-first": async () => {
    const url = addressOf(CHUNKED_BYTES);
    const ms = await usual(CHUNKED_REQUESTS, () => call("first_chunk", url));
    return { median: ms };
  },
  "net-small": async () => {
    const url = addressOf(SMALL_BYTES);
    const ms = await usual(SMALL_REQUESTS, () =>
      call("download", url, SMALL_BYTES),
    );
    return { median: ms };
  },
  "net-flight": async () => {
    const url = addressOf(TINY_BYTES);
    const ms = await least(ROUNDS, () =>
      call("in_flight", url, TINY_BYTES, TINY_REQUESTS, IN_FLIGHT),
    );
    return { all: ms };
  },
  "net-sha256": async () => {
    const ms = await least(REPEATS, () => call("hash_blocks", HASH_MIB));
    return { rate: rate(HASH_MIB * MIB, ms) };
  },
  "net-random": async () => {
    const ms = await least(REPEATS, () => call("draw", RANDOM_CALLS));
    return { rate: rate(RANDOM_CALLS * RANDOM_BYTES, ms) };
  },
});
