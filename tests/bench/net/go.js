/* Go's js/wasm port: http.Get and the hashes and random bytes of its library.
 * It takes the times itself. */
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

/** What the program puts there. */
const globals = /** @type {any} */ (globalThis);

const go = new globals.Go();
const { instance } = await WebAssembly.instantiateStreaming(
  fetch("go-net.wasm"),
  go.importObject,
);
void go.run(instance);
const { goDownload, goFirstChunk, goInFlight, goHashBlocks, goDraw } = globals;

takePart({
  "net-download": async () => {
    const url = addressOf(DOWNLOAD_BYTES);
    const ms = await least(DOWNLOADS, () => goDownload(url, DOWNLOAD_BYTES));
    return { rate: rate(DOWNLOAD_BYTES, ms) };
  },
  "net-first": async () => {
    const url = addressOf(CHUNKED_BYTES);
    return { median: await usual(CHUNKED_REQUESTS, () => goFirstChunk(url)) };
  },
  "net-small": async () => {
    const url = addressOf(SMALL_BYTES);
    const one = () => goDownload(url, SMALL_BYTES);
    return { median: await usual(SMALL_REQUESTS, one) };
  },
  "net-flight": async () => {
    const url = addressOf(TINY_BYTES);
    const all = () => goInFlight(url, TINY_BYTES, TINY_REQUESTS, IN_FLIGHT);
    return { all: await least(ROUNDS, all) };
  },
  "net-sha256": async () => {
    const ms = await least(REPEATS, () => goHashBlocks(HASH_MIB));
    return { rate: rate(HASH_MIB * MIB, ms) };
  },
  "net-random": async () => {
    const ms = await least(REPEATS, () => goDraw(RANDOM_CALLS));
    return { rate: rate(RANDOM_CALLS * RANDOM_BYTES, ms) };
  },
});
