/* The caller for modules that Binaryen's Asyncify has processed: a call that
 * waits has the program unwind its stack into memory and return to the host,
 * and wind it up again when the answer is there. The memory for that is
 * borrowed from the program, at its upper end: nothing of the program runs
 * while its own bytes are not in place, so no room needs to be reserved. */
import { GossamerError, ProcExit } from "../../errors.js";
import { WAITING } from "../abi.js";

/**
 * @typedef {import("./caller.js").Caller} Caller
 * @typedef {import("./caller.js").Calls} Calls
 */

const EXPORTS = Object.freeze([
  "asyncify_get_state",
  "asyncify_start_unwind",
  "asyncify_stop_unwind",
  "asyncify_start_rewind",
  "asyncify_stop_rewind",
]);

const STATE = Object.freeze({ NORMAL: 0, UNWINDING: 1, REWINDING: 2 });

/** Where the frames end, and where they may: two addresses before them. */
const HEAD_BYTES = 8;
const MAX_UNWIND_BYTES = 1 << 18;

/** @param {ReadonlySet<string>} names of a module's exports */
export function hasAsyncify(names) {
  return EXPORTS.every((name) => names.has(name));
}

/**
 * @param {Calls} calls
 * @returns {Caller}
 */
export function asyncifyCaller(calls) {
  /** @type {Record<string, any>} */
  let exports = {};
  /** @type {Promise<number> | null} what the program waits for */
  let waiting = null;
  /** What the call that waited answers, once the stack is back. */
  let result = 0;
  let rewinding = false;
  /** Where the borrowed memory begins, and the program's bytes there. */
  let at = 0;
  let own = new Uint8Array(0);
  let frames = new Uint8Array(0);
  let used = 0;

  const bytes = () => new Uint8Array(exports.memory.buffer);
  const view = () => new DataView(exports.memory.buffer, at, HEAD_BYTES);

  function unwind() {
    const memory = bytes();
    const room =
      calls.unwindBytes ?? Math.min(MAX_UNWIND_BYTES, memory.length / 4);
    const size = Math.min(Math.ceil(room / 16) * 16, memory.length);
    at = memory.length - size;
    if (own.length !== size) {
      own = new Uint8Array(size);
      frames = new Uint8Array(size);
    }
    own.set(memory.subarray(at));
    view().setUint32(0, at + HEAD_BYTES, true);
    view().setUint32(4, memory.length, true);
    exports.asyncify_start_unwind(at);
  }

  function unwound() {
    used = view().getUint32(0, true) - at;
    const memory = bytes();
    frames.set(memory.subarray(at, at + used));
    exports.asyncify_stop_unwind();
    memory.set(own.subarray(0, used), at);
  }

  function rewind() {
    const memory = bytes();
    own.set(memory.subarray(at, at + used));
    memory.set(frames.subarray(0, used), at);
    rewinding = true;
    exports.asyncify_start_rewind(at);
  }

  function rewound() {
    rewinding = false;
    exports.asyncify_stop_rewind();
    bytes().set(own.subarray(0, used), at);
    return result;
  }

  /** @param {unknown} answer */
  function answered(answer) {
    if (calls.ended) throw new ProcExit(0);
    if (typeof answer === "number") return answer;
    waiting = /** @type {Promise<number>} */ (answer);
    unwind();
    return 0;
  }

  /** @param {unknown} [cause] */
  function overflow(cause) {
    const text =
      `the stack does not fit the ${own.length} bytes it is unwound into: ` +
      "set the option unwindBytes to more";
    return new GossamerError("ENOMEM", text, { cause });
  }

  /**
   * @param {Function} call
   * @param {any[]} args
   */
  function run(call, args) {
    try {
      return call(...args);
    } catch (error) {
      // The frames ran against the end of memory.
      const unwinding = exports.asyncify_get_state() === STATE.UNWINDING;
      throw unwinding ? overflow(error) : error;
    }
  }

  /**
   * Nine parameters are the most there are; engines pass on what is there.
   * @param {Function} call
   */
  // prettier-ignore
  const answering = (call) => (
    /** @type {any} */ a, /** @type {any} */ b, /** @type {any} */ c,
    /** @type {any} */ d, /** @type {any} */ e, /** @type {any} */ f,
    /** @type {any} */ g, /** @type {any} */ h, /** @type {any} */ i,
  ) => rewinding ? rewound() : answered(call(a, b, c, d, e, f, g, h, i));

  return {
    imports(functions) {
      const all = Object.entries(functions).map(([name, call]) => [
        name,
        Object.hasOwn(WAITING, name) ? answering(call) : call,
      ]);
      return Object.fromEntries(all);
    },

    attach(instance) {
      exports = instance;
    },

    enter:
      (call) =>
      async (...args) => {
        let value = run(call, args);
        while (waiting !== null) {
          const promise = waiting;
          waiting = null;
          if (exports.asyncify_get_state() !== STATE.UNWINDING) {
            const text =
              "the program took over its own unwinding: it uses Asyncify itself";
            throw new GossamerError("ENOTSUP", text);
          }
          unwound();
          result = await calls.settled(promise);
          rewind();
          value = run(call, args);
        }
        return value;
      },
  };
}
