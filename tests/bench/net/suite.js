/* The suite `net`: its rows and bars. How much is fetched, hashed and drawn
 * stands in common.js. */
import {
  EMSCRIPTEN_FETCH,
  GO_WASM,
  OURS,
  PLAIN_COPY,
  PLAIN_JS,
} from "../names.js";
import {
  CHUNKED_BYTES,
  DOWNLOAD_MIB,
  IN_FLIGHT,
  TINY_REQUESTS,
} from "./common.js";

/**
 * @typedef {import("../suites.js").Suite} Suite
 * @typedef {import("../suites.js").Bar} Bar
 */

const EVERYBODY = [OURS, PLAIN_JS, PLAIN_COPY, GO_WASM, EMSCRIPTEN_FETCH];
/* The other two have no first chunk of their own. */
const BY_CHUNKS = [OURS, PLAIN_JS, GO_WASM];
const WITHOUT_NETWORK = [OURS, PLAIN_JS, GO_WASM];

/** @param {number} share @returns {Bar} */
const ofPlain = (share) => ({ peer: PLAIN_JS, share });

/** @param {number} within @returns {Bar} */
const likePlain = (within) => ({ peer: PLAIN_JS, within });

/** @type {Suite} */
export const NET = {
  name: "net",
  about:
    "Chromium, a page of its own for each figure of each peer, a server of " +
    "HTTP/1.1 on the loopback. gossamer: C, reads of 256 KiB into one buffer, " +
    "whole hashes and random bytes by the host. plain-js: fetch and a reader " +
    "that only counts, bare WebCrypto. plain-js-copy: the reader's chunks are " +
    "copied to one buffer of 256 KiB, small bodies taken by arrayBuffer(). " +
    "go-js-wasm: http.Get and reads of 256 KiB; SHA-256 is Go's own in wasm. " +
    "emscripten-fetch: whole bodies to memory. Downloads, the thousand " +
    "requests, hashes and random bytes: the best of several in a page; else " +
    "the median of many",
  browser: "net",
  apart: true,
  workloads: [
    {
      name: "net-download",
      peers: EVERYBODY,
      rows: [
        {
          key: "rate",
          name: `${DOWNLOAD_MIB} MiB downloaded`,
          unit: "MB/s",
          bars: [ofPlain(0.93), { peer: PLAIN_COPY, share: 0.98 }],
        },
      ],
    },
    {
      name: "net-first",
      peers: BY_CHUNKS,
      rows: [
        {
          key: "median",
          name: `first chunk of ${CHUNKED_BYTES / 1024 / 1024} MiB`,
          unit: "ms",
          bars: [likePlain(1.03)],
        },
      ],
    },
    {
      name: "net-small",
      peers: EVERYBODY,
      rows: [
        {
          key: "median",
          name: "request of 4 KiB",
          unit: "ms",
          bars: [likePlain(1.05)],
        },
      ],
    },
    {
      name: "net-flight",
      peers: EVERYBODY,
      rows: [
        {
          key: "all",
          name: `${TINY_REQUESTS} requests of 1 KiB, ${IN_FLIGHT} in flight`,
          unit: "ms",
          bars: [likePlain(1.1)],
        },
      ],
    },
    {
      name: "net-sha256",
      peers: WITHOUT_NETWORK,
      rows: [
        {
          key: "rate",
          name: "SHA-256 of 1 MiB blocks",
          unit: "MB/s",
          bars: [ofPlain(0.95)],
        },
      ],
    },
    {
      name: "net-random",
      peers: WITHOUT_NETWORK,
      rows: [
        {
          key: "rate",
          name: "64 KiB of random bytes",
          unit: "MB/s",
          bars: [ofPlain(0.9)],
        },
      ],
    },
  ],
};
