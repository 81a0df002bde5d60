/* Operations of crypto_run in memory as C lays them out: struct gs__crypto_op
 * of src/host/host.h, written down a second time, and a host that runs them. */
import assert from "node:assert/strict";
import { webcrypto } from "../../js/crypto.js";
import { PENDING, errnoName } from "../../js/errors.js";
import { CURVES, FORMATS, HASHES, KINDS } from "./crypto-names.js";
import { fakeHost } from "./host.js";

export const OP_BYTES = 88;
export const CODES = {
  generate: 1,
  import: 2,
  export: 3,
  wrap: 4,
  unwrap: 5,
  sign: 6,
  verify: 7,
  encrypt: 8,
  decrypt: 9,
  derive: 10,
  deriveKey: 11,
  store: 12,
  load: 13,
  delete: 14,
};
/** Where a test's operation and its buffers lie. */
export const AT = {
  op: 1024,
  data: 4096,
  out: 20_480,
  iv: 36_864,
  extra: 40_960,
  info: 512,
};
const POISON = 0xa5;

/**
 * @typedef {object} OpSpec
 * @property {keyof typeof KINDS | number} kind
 * @property {keyof typeof HASHES | number} [hash]
 * @property {keyof typeof CURVES | number} [curve]
 * @property {number} [bits]
 * @property {number} [uses]
 * @property {boolean} [extractable]
 *
 * @typedef {object} OpFields
 * @property {keyof typeof CODES | number} code
 * @property {number} [key]
 * @property {number} [other]
 * @property {keyof typeof FORMATS | number} [format]
 * @property {Uint8Array} [data]
 * @property {number} [outBytes]
 * @property {Uint8Array} [iv]
 * @property {Uint8Array} [extra]
 * @property {number} [number]
 * @property {keyof typeof HASHES | number} [hash]
 * @property {OpSpec} [spec]
 */

/**
 * @param {Record<string, number>} table
 * @param {string | number | undefined} name
 */
function numberOf(table, name) {
  if (typeof name === "number") return name;
  if (name === undefined) return 0;
  assert.ok(Object.hasOwn(table, name), name);
  return table[name] ?? 0;
}

/** @param {import("../../js/crypto.js").CryptoOptions} [options] */
export function cryptoHost(options = {}) {
  const fake = fakeHost({ parts: [webcrypto(options)] });
  const { imports, wasm, completed } = fake;
  const all = /** @type {Record<string, Function>} */ (imports);
  let lastToken = 0;

  const memory = () => new Uint8Array(wasm.buffer);
  /** @param {number} at */
  const word = (at) => new DataView(wasm.buffer).getUint32(at, true);
  const words = () => {
    const size = all.crypto_error?.(AT.info, 400);
    return fake.peek(AT.info, Math.min(size, 400));
  };

  /**
   * Puts an operation and its bytes into memory, and poison where it answers.
   * @param {OpFields} fields
   */
  function put(fields) {
    const { data, iv, extra, spec, outBytes = 8192 } = fields;
    /** @param {number} at @param {Uint8Array | undefined} bytes */
    const span = (at, bytes) => {
      memory().set(bytes ?? [], at);
      return [bytes === undefined ? 0 : at, bytes?.length ?? 0];
    };
    memory().fill(POISON, AT.out, AT.out + outBytes + 64);
    const list = [
      numberOf(CODES, fields.code),
      fields.key ?? 0,
      fields.other ?? 0,
      numberOf(FORMATS, fields.format),
      ...span(AT.data, data),
      AT.out,
      outBytes,
      ...span(AT.iv, iv),
      ...span(AT.extra, extra),
      fields.number ?? 0,
      numberOf(HASHES, fields.hash),
      numberOf(KINDS, spec?.kind),
      numberOf(HASHES, spec?.hash),
      numberOf(CURVES, spec?.curve),
      spec?.bits ?? 0,
      spec?.uses ?? 0,
      spec?.extractable ? 1 : 0,
      0xa5a5a5a5,
      0xa5a5a5a5,
    ];
    new Uint32Array(wasm.buffer, AT.op, list.length).set(list);
  }

  /** Starts what put() has put. @returns {[token: number, answer: number]} */
  function start() {
    const token = ++lastToken;
    return [token, all.crypto_run?.(token, AT.op)];
  }

  /** @param {number} token @returns {Promise<number>} */
  async function resultOf(token) {
    for (;;) {
      const found = completed.find(([own]) => own === token);
      if (found !== undefined) return found[1];
      await fake.completion();
    }
  }

  /** @param {OpFields} fields @returns {Promise<number>} the result */
  async function run(fields) {
    put(fields);
    const [token, answer] = start();
    return answer === PENDING ? resultOf(token) : answer;
  }

  /** Whether nothing was written. */
  const untouched = () =>
    memory()
      .subarray(AT.out, AT.out + word(AT.op + 28) + 64)
      .every((byte) => byte === POISON) && word(AT.op + 84) === 0xa5a5a5a5;

  return {
    ...fake,
    all,
    memory,
    word,
    words,
    put,
    start,
    run,
    resultOf,
    untouched,
    /** The bytes that come out. @param {OpFields} fields */
    async bytes(fields) {
      const count = await run(fields);
      assert.ok(count >= 0, `${errnoName(count)}: ${words()}`);
      const end = AT.out + count;
      assert.equal(memory()[end], POISON, "nothing behind the result");
      return memory().slice(AT.out, end);
    },
    /** The handles that come out. @param {OpFields} fields */
    async keys(fields) {
      const result = await run(fields);
      assert.equal(result, 0, `${errnoName(result)}: ${words()}`);
      return [word(AT.op + 80), word(AT.op + 84)];
    },
    /** The handle that comes out. @param {OpFields} fields */
    async key(fields) {
      return (await this.keys(fields))[0] ?? 0;
    },
    /**
     * An operation that must fail and write nothing.
     * @param {import("../../js/errors.js").ErrnoName} name
     * @param {OpFields} fields
     * @param {RegExp} [text] of the words
     */
    async fails(name, fields, text = /./) {
      const result = await run(fields);
      assert.equal(errnoName(result), name, `${result}: ${words()}`);
      assert.ok(result < 0);
      assert.match(words(), text);
      assert.ok(untouched(), "something was written");
      if (name !== "EMSGSIZE") {
        assert.equal(word(AT.op + 80), 0xa5a5a5a5, "result was written");
      }
    },
    /** @param {number} handle */
    info(handle) {
      const result = all.crypto_key_info?.(handle, AT.info);
      if (result !== 0) return errnoName(result);
      const list = new Uint32Array(wasm.buffer, AT.info, 6);
      const [kind, hash, curve, bits, uses, extractable] = list;
      return { kind, hash, curve, bits, uses, extractable };
    },
  };
}
