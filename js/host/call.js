/* Calls from JavaScript: `app.call(name, ...args)` starts a goroutine that
 * runs an exported C function and answers a Promise of its result. Arguments
 * travel in a block in wasm memory, struct gs__call in gossamer/export.h,
 * which C frees when the function has returned. */
import { ERRNO, GossamerError, errnoName, messageOf } from "../errors.js";
import { u32 } from "../memory.js";
import { KIND, convertArguments, parseSignature } from "./signature.js";

/**
 * @typedef {import("./signature.js").Signature} Signature
 * @typedef {import("./signature.js").Value} Value
 *
 * @typedef {object} Pending
 * @property {Signature} signature
 * @property {(result: unknown) => void} resolve
 * @property {(error: GossamerError) => void} reject
 */

/** The layout of struct gs__call and struct gs__value on wasm32. */
const VALUE_BYTES = 16;
const KIND_OFFSET = 8;
const SIZE_OFFSET = 12;
const ARGS_OFFSET = VALUE_BYTES;
const TOKEN_OFFSET = 144;
const COUNT_OFFSET = 148;
const CALL_BYTES = 152;
/** Text and bytes behind the block are aligned for any C type. */
const DATA_ALIGN = 16;

/** @param {number} size */
const aligned = (size) => Math.ceil(size / DATA_ALIGN) * DATA_ALIGN;

/** @param {import("./index.js").Host} host */
export function createCalls(host) {
  const { events, memory } = host;
  /** @type {Map<string, { signature: Signature, exportName: string }>} */
  const functions = new Map();
  /** @type {Map<number, Pending>} */
  const pending = new Map();
  let lastToken = 0;
  /** @type {import("./events.js").Outcome | null} */
  let end = null;

  /** @param {Value[]} values */
  function blockBytes(values) {
    // One byte more than the data, so that text ends with a NUL.
    return values.reduce(
      (size, { bytes }) => size + (bytes ? aligned(bytes.length + 1) : 0),
      aligned(CALL_BYTES),
    );
  }

  /**
   * @param {number} block a zeroed block of blockBytes()
   * @param {number} token
   * @param {Value[]} values
   */
  function fill(block, token, values) {
    const { bytes: all, view } = memory;
    let data = block + aligned(CALL_BYTES);
    values.forEach(({ kind, number, bytes }, index) => {
      const at = block + ARGS_OFFSET + index * VALUE_BYTES;
      view.setUint32(at + KIND_OFFSET, kind, true);
      if (typeof number === "bigint") {
        view.setBigUint64(at, BigInt.asUintN(64, number), true);
      } else if (kind === KIND.DOUBLE) {
        view.setFloat64(at, number, true);
      } else if (bytes !== null) {
        view.setUint32(at, data, true);
        view.setUint32(at + SIZE_OFFSET, bytes.length, true);
        all.set(bytes, data);
        data += aligned(bytes.length + 1);
      }
    });
    view.setUint32(block + TOKEN_OFFSET, token, true);
    view.setUint32(block + COUNT_OFFSET, values.length, true);
  }

  /**
   * @param {number} block
   * @param {Signature} signature
   */
  function readResult(block, signature) {
    const { view } = memory;
    switch (view.getUint32(block + KIND_OFFSET, true)) {
      case KIND.DOUBLE: {
        const number = view.getFloat64(block, true);
        return signature.answersBool ? number !== 0 : number;
      }
      case KIND.INT64:
        return view.getBigInt64(block, true);
      case KIND.UINT64:
        return view.getBigUint64(block, true);
      case KIND.TEXT:
        return memory.text(
          view.getUint32(block, true),
          view.getUint32(block + SIZE_OFFSET, true),
        );
      default:
        return signature.answersText ? null : undefined;
    }
  }

  /**
   * @param {string} exportName
   * @param {Pending} call
   * @param {Value[]} values
   */
  function begin(exportName, call, values) {
    if (events.ended) {
      call.reject(endedError(call.signature));
      return;
    }
    lastToken = u32(lastToken + 1);
    const token = lastToken;
    pending.set(token, call);
    const result = events.enter(() => {
      const size = blockBytes(values);
      const fits = size === u32(size);
      const block = fits ? u32(host.exports.gs_call_new(size)) : 0;
      if (block === 0) return -ERRNO.ENOMEM;
      fill(block, token, values);
      return host.exports[exportName](block);
    });
    if (result === undefined) return; // ended: close() has rejected the call
    if (result < 0) {
      pending.delete(token);
      const name = errnoName(result);
      const text = `${call.signature.name}() could not start: ${name}`;
      call.reject(new GossamerError(name, text));
      return;
    }
    events.wake();
  }

  /** @param {Signature} signature */
  function endedError({ name }) {
    const how =
      end !== null && "error" in end
        ? `crashed: ${messageOf(end.error)}`
        : `ended with exit code ${end?.code}`;
    const text = `${name}(): the program has ${how}`;
    const cause = end !== null && "error" in end ? end.error : undefined;
    return new GossamerError("ECANCELED", text, { cause });
  }

  /** @param {string} name */
  function find(name) {
    const found = functions.get(name);
    if (found !== undefined) return found;
    const names = [...functions.keys()].join(", ");
    throw new GossamerError(
      "ENOENT",
      `the program exports no function "${name}"; ` +
        (names === "" ? "it exports none" : `there are: ${names}`),
    );
  }

  return {
    imports: {
      /** @param {number} block */
      call_done(block) {
        const address = u32(block);
        if (!memory.contains(address, CALL_BYTES)) return;
        const token = memory.view.getUint32(address + TOKEN_OFFSET, true);
        const call = pending.get(token);
        if (call === undefined) return;
        pending.delete(token);
        call.resolve(readResult(address, call.signature));
      },
    },

    /** @param {string[]} exportNames */
    declare(exportNames) {
      for (const exportName of exportNames) {
        const signature = parseSignature(exportName);
        if (signature) functions.set(signature.name, { signature, exportName });
      }
    },

    /** Names of the functions, as declared. */
    get names() {
      return [...functions.keys()];
    },

    /**
     * @param {string} name
     * @param {unknown[]} given
     * @returns {Promise<unknown>}
     */
    call(name, given) {
      return new Promise((resolve, reject) => {
        const { signature, exportName } = find(name);
        const values = convertArguments(signature, given);
        const call = { signature, resolve, reject };
        if (!events.inside) {
          begin(exportName, call, values);
          return;
        }
        // Called by the program's own output: wasm must be left first, and by
        // then the caller may have changed its bytes.
        for (const value of values) value.bytes = value.bytes?.slice() ?? null;
        host.platform.microtask(() => begin(exportName, call, values));
      });
    },

    /** @param {import("./events.js").Outcome} outcome */
    close(outcome) {
      end = outcome;
      const calls = [...pending.values()];
      pending.clear();
      for (const { reject, signature } of calls) reject(endedError(signature));
    },
  };
}
