/* The WASI functions over streams and a memory volume, in a time that the test
 * moves: nothing sleeps. What is left of watches and timers can be counted. */
import assert from "node:assert/strict";
import { errnoName } from "../../js/errors.js";
import { MemoryVolume } from "../../js/fs/memory.js";
import { Namespace } from "../../js/fs/namespace.js";
import { Memory } from "../../js/memory.js";
import { EVENT_BYTES, SUBSCRIPTION_BYTES } from "../../js/wasi/abi.js";
import { Context } from "../../js/wasi/context.js";
import { StreamDescriptor } from "../../js/wasi/descriptors.js";
import { wasiFunctions } from "../../js/wasi/functions.js";
import { openMounts } from "../../js/wasi/preopens.js";
import { Counted } from "./counted.js";
import { turn } from "./streams.js";

/** Where calls in tests have what they take and answer. */
export const AT = Object.freeze({
  RESULT: 16,
  FLAGS: 32,
  IOVECS: 64,
  TEXT: 1024,
  SUBSCRIPTIONS: 4096,
  EVENTS: 16_384,
  BUFFER: 32_768,
});

/**
 * @typedef {{ clock: number, ns: bigint, absolute?: boolean, flags?: number }
 *   | { read: number } | { write: number } | { type: number }} Wanted
 */

/** @param {number} error */
export const named = (error) => (error === 0 ? "ok" : errnoName(error));

/**
 * @param {{ block?: boolean }} [options] whether to wait stops the thread
 */
export async function streamRig({ block = false } = {}) {
  const wasm = new WebAssembly.Memory({ initial: 2 });
  const memory = new Memory();
  memory.attach(wasm);
  const watches = { count: 0 };
  /** @type {Set<{ dueMs: number, callback: () => void }>} */
  const timers = new Set();
  /** @type {number[]} */
  const delays = [];
  let nowMs = 0;
  const context = new Context({
    memory,
    namespace: new Namespace(),
    args: [],
    env: {},
    now: () => nowMs,
    after(callback, delayMs) {
      delays.push(delayMs);
      const timer = { dueMs: nowMs + delayMs, callback };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    exit(code) {
      throw new Error(`exit ${code}`);
    },
    report() {},
    checkEnded() {},
    block: block
      ? (ms) => {
          delays.push(ms);
          nowMs += ms;
        }
      : null,
  });
  const { descriptors } = context;
  await openMounts(context, { "/": new MemoryVolume() });
  const wasi = wasiFunctions(context);
  const view = () => new DataView(wasm.buffer);
  const bytes = () => new Uint8Array(wasm.buffer);

  /**
   * @param {number} at
   * @param {Wanted} wanted
   * @param {bigint} userdata
   */
  function putSubscription(at, wanted, userdata) {
    const data = view();
    bytes().fill(0xaa, at, at + SUBSCRIPTION_BYTES);
    data.setBigUint64(at, userdata, true);
    if ("clock" in wanted) {
      const flags = wanted.flags ?? (wanted.absolute ? 1 : 0);
      data.setUint8(at + 8, 0);
      data.setUint32(at + 16, wanted.clock, true);
      data.setBigUint64(at + 24, wanted.ns, true);
      data.setBigUint64(at + 32, 0n, true);
      data.setUint16(at + 40, flags, true);
    } else if ("type" in wanted) {
      data.setUint8(at + 8, wanted.type);
    } else {
      const read = "read" in wanted;
      data.setUint8(at + 8, read ? 1 : 2);
      data.setUint32(at + 16, read ? wanted.read : wanted.write, true);
    }
  }

  /**
   * Moves the time on; what is due by then is called in its order.
   * @param {number} ms
   */
  async function advance(ms) {
    const endMs = nowMs + ms;
    for (;;) {
      const due = [...timers].filter(({ dueMs }) => dueMs <= endMs);
      const next = due.sort((a, b) => a.dueMs - b.dueMs)[0];
      if (next === undefined) break;
      timers.delete(next);
      nowMs = Math.max(nowMs, next.dueMs);
      next.callback();
      await turn();
    }
    nowMs = endMs;
    await turn();
  }

  return {
    context,
    descriptors,
    wasi,
    wasm,
    view,
    bytes,
    timers,
    /** The delays that were asked for, in their order. */
    delays,
    advance,
    /** Moves the clock alone: timers do not notice. */
    drift: (/** @type {number} */ ms) => void (nowMs += ms),
    /** How many watches and timers there are. */
    get left() {
      return watches.count + timers.size;
    },

    /**
     * @param {import("../../js/io/stream.js").Stream} stream
     * @param {number} [flags]
     * @returns {number} its descriptor
     */
    add(stream, flags = 0) {
      const counted = new Counted(stream, watches);
      return descriptors.add(new StreamDescriptor(counted, stream.type, flags));
    },

    /** @param {Wanted[]} list @param {number} [events] where they are put */
    poll(list, events = AT.EVENTS) {
      list.forEach((wanted, index) => {
        const at = AT.SUBSCRIPTIONS + index * SUBSCRIPTION_BYTES;
        putSubscription(at, wanted, 0xf00d_0000_0000_0001n + BigInt(index));
      });
      view().setUint32(AT.RESULT, 0xeeee, true);
      return wasi.poll_oneoff(AT.SUBSCRIPTIONS, events, list.length, AT.RESULT);
    },

    /** The events of the last poll, as texts. */
    events(at = AT.EVENTS) {
      const data = view();
      const count = data.getUint32(AT.RESULT, true);
      return Array.from({ length: count }, (_, index) => {
        const event = at + index * EVENT_BYTES;
        const which = data.getBigUint64(event, true) - 0xf00d_0000_0000_0001n;
        const error = named(data.getUint16(event + 8, true));
        const type = ["clock", "read", "write"][data.getUint8(event + 10)];
        const size = data.getBigUint64(event + 16, true);
        const flags = data.getUint16(event + 24, true);
        return `${which} ${type} ${error} ${size} ${flags}`;
      });
    },

    /**
     * A call that takes spans, each of them text for its size.
     * @param {string} name
     * @param {number} fd
     * @param {(string | number)[]} spans texts to send, sizes to receive
     * @param {number[]} rest
     */
    transfer(name, fd, spans, ...rest) {
      let at = AT.BUFFER;
      spans.forEach((span, index) => {
        const data = typeof span === "string" ? Buffer.from(span) : null;
        const size = data === null ? Number(span) : data.length;
        bytes().fill(0, at, at + size);
        if (data !== null) bytes().set(data, at);
        view().setUint32(AT.IOVECS + 8 * index, at, true);
        view().setUint32(AT.IOVECS + 8 * index + 4, size, true);
        at += size + 1; // apart, so that what overflows is seen
        bytes()[at - 1] = 0x7e;
      });
      view().setUint32(AT.RESULT, 0xeeee, true);
      return wasi[name](fd, AT.IOVECS, spans.length, ...rest);
    },

    /** What the last transfer moved. */
    get moved() {
      return view().getUint32(AT.RESULT, true);
    },

    /** What lies in the buffers of the last transfer. */
    text: (/** @type {number} */ size) =>
      Buffer.from(bytes().subarray(AT.BUFFER, AT.BUFFER + size)).toString(),
  };
}

/**
 * The answer of a call that must not wait.
 * @param {number | Promise<number>} result
 */
export function now(result) {
  assert.equal(typeof result, "number", "the call waits");
  return named(/** @type {number} */ (result));
}

/**
 * Notes whether a call that waits has come back.
 * @param {number | Promise<number>} result
 */
export function waiting(result) {
  const early = typeof result === "number" ? named(result) : "";
  assert.equal(early, "", "it does not wait");
  const call = { done: false, error: "" };
  void Promise.resolve(result).then((error) => {
    call.done = true;
    call.error = named(error);
  });
  return call;
}
