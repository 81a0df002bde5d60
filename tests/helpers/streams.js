/* What tests of streams share: text in, text out, and turns of the loop. */
import { ERRNO, errnoName } from "../../js/errors.js";
import { SIDE } from "../../js/io/stream.js";

/** @typedef {import("../../js/io/stream.js").Stream} Stream */

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** @param {string} text */
export const utf8 = (text) => encoder.encode(text);

/** Until all that has been settled has had its say. */
export const turn = () => new Promise((resolve) => setImmediate(resolve));

/**
 * What a read answers: text, or the name of its error; "" at the end.
 * @param {Stream} stream
 * @param {number} [size]
 * @param {boolean} [peek]
 */
export function readText(stream, size = 64, peek = false) {
  const bytes = new Uint8Array(size + 2).fill(0xee);
  const count = stream.read(bytes, 1, size, peek);
  if (bytes[0] !== 0xee || bytes[Math.max(count, 0) + 1] !== 0xee) {
    throw new Error("a read wrote outside of its buffer");
  }
  return count < 0
    ? errnoName(count)
    : decoder.decode(bytes.slice(1, count + 1));
}

/**
 * What a write answers: the count, or the name of its error.
 * @param {Stream} stream
 * @param {string | Uint8Array} data
 */
export function writeText(stream, data) {
  const bytes = typeof data === "string" ? utf8(data) : data;
  const framed = new Uint8Array(bytes.length + 2);
  framed.set(bytes, 1);
  const count = stream.write(framed, 1, bytes.length);
  framed.fill(0); // whoever keeps a view is found out
  return count < 0 ? errnoName(count) : count;
}

/**
 * What ready() answers, with the names of errors.
 * @param {Stream} stream
 * @param {number} [side]
 */
export function readyText(stream, side = SIDE.READ) {
  const ready = stream.ready(side);
  return ready < 0 ? errnoName(ready) : ready;
}

/**
 * Reads to the end, waiting where it must.
 * @param {Stream} stream
 * @param {number} [size] of each read
 */
export async function readAll(stream, size = 4) {
  const parts = [];
  for (;;) {
    const bytes = new Uint8Array(size);
    const count = stream.read(bytes, 0, size);
    if (count === 0) return decoder.decode(Buffer.concat(parts));
    if (count > 0) {
      parts.push(bytes.slice(0, count));
    } else if (count === -ERRNO.EAGAIN) {
      await new Promise((resolve) => {
        stream.watch(SIDE.READ, () => resolve(undefined));
      });
    } else {
      throw new Error(errnoName(count));
    }
  }
}

/**
 * A watch that counts.
 * @param {Stream} stream
 * @param {number} [side]
 */
export function watched(stream, side = SIDE.READ) {
  const watch = { count: 0, end: () => {} };
  watch.end = stream.watch(side, () => {
    watch.count += 1;
  });
  return watch;
}
