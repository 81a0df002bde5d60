/* The limit: fetch and WebCrypto as a page's own script has them. One reader
 * only counts the bytes; the other copies each chunk to one buffer, as any
 * program must that is to see them, and takes small bodies whole. */
import { expectSame, takePart, timed } from "../files/common.js";
import {
  CHUNKED_BYTES,
  CHUNKED_REQUESTS,
  DOWNLOADS,
  DOWNLOAD_BYTES,
  HASH_MIB,
  RANDOM_BYTES,
  RANDOM_CALLS,
  READ_BYTES,
  REPEATS,
  ROUNDS,
  SMALL_BYTES,
  SMALL_REQUESTS,
  TINY_BYTES,
  addressOf,
  inFlight,
  least,
  rate,
  usual,
} from "./common.js";

const MIB = 1 << 20;

/** @param {number} sizeBytes */
async function open(sizeBytes) {
  const response = await fetch(addressOf(sizeBytes));
  if (!response.ok || response.body === null) {
    throw new Error(`status ${response.status}`);
  }
  return response.body.getReader();
}

/**
 * A body whose chunks are counted.
 * @param {number} sizeBytes
 */
async function count(sizeBytes) {
  const reader = await open(sizeBytes);
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.length;
  }
  expectSame(size, sizeBytes, "size");
}

const buffer = new Uint8Array(READ_BYTES);

/** @param {Uint8Array} bytes however many, to the buffer */
function copy(bytes) {
  for (let at = 0; at < bytes.length; at += READ_BYTES) {
    buffer.set(bytes.subarray(at, at + READ_BYTES));
  }
}

/**
 * A body whose chunks are copied.
 * @param {number} sizeBytes
 */
async function copyAll(sizeBytes) {
  const reader = await open(sizeBytes);
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    copy(value);
    size += value.length;
  }
  expectSame(size, sizeBytes, "size");
}

/** @param {number} sizeBytes */
async function takeWhole(sizeBytes) {
  const response = await fetch(addressOf(sizeBytes));
  const bytes = new Uint8Array(await response.arrayBuffer());
  copy(bytes);
  expectSame(bytes.length, sizeBytes, "size");
}

/** Milliseconds from the request to the first chunk; the rest is read, too. */
async function firstChunk() {
  const beginMs = performance.now();
  const reader = await open(CHUNKED_BYTES);
  await reader.read();
  const ms = performance.now() - beginMs;
  for (;;) if ((await reader.read()).done) return ms;
}

async function hash() {
  const block = new Uint8Array(MIB);
  const ms = await least(REPEATS, () =>
    timed(async () => {
      for (let left = HASH_MIB; left > 0; left--) {
        const digest = await crypto.subtle.digest("SHA-256", block);
        block.set(new Uint8Array(digest));
      }
    }),
  );
  return { rate: rate(HASH_MIB * MIB, ms) };
}

async function random() {
  const block = new Uint8Array(RANDOM_BYTES);
  const ms = await least(REPEATS, () =>
    timed(() => {
      for (let left = RANDOM_CALLS; left > 0; left--) {
        crypto.getRandomValues(block);
      }
    }),
  );
  return { rate: rate(RANDOM_CALLS * RANDOM_BYTES, ms) };
}

/** @param {(sizeBytes: number) => Promise<void>} large */
const download = (large) => async () => {
  const ms = await least(DOWNLOADS, () => timed(() => large(DOWNLOAD_BYTES)));
  return { rate: rate(DOWNLOAD_BYTES, ms) };
};

/** @param {(sizeBytes: number) => Promise<void>} whole */
const small = (whole) => async () => {
  const ms = await usual(SMALL_REQUESTS, () => timed(() => whole(SMALL_BYTES)));
  return { median: ms };
};

/** @param {(sizeBytes: number) => Promise<void>} whole */
const flight = (whole) => async () => ({
  all: await least(ROUNDS, () => inFlight(() => whole(TINY_BYTES))),
});

const copies = new URL(location.href).pathname.endsWith("-copy");

takePart({
  "net-download": download(copies ? copyAll : count),
  "net-first": async () => ({
    median: await usual(CHUNKED_REQUESTS, firstChunk),
  }),
  "net-small": small(copies ? takeWhole : count),
  "net-flight": flight(copies ? takeWhole : count),
  "net-sha256": hash,
  "net-random": random,
});
