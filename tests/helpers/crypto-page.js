/* In a page, as `window.gs`: the programs "keys" and "vectors", and what tests
 * want to know of their memory and of who takes keys out of WebCrypto. It is
 * bundled for the page. */
import * as hashes from "hash-wasm";
import { webcrypto } from "../../js/crypto.js";
import { load } from "../../js/index.js";
import { hex as fromHex, toHex } from "./crypto-names.js";
import { cryptoProgram } from "./crypto-program.js";

/** Of every module that was started. @type {Set<WebAssembly.Memory>} */
const memories = new Set();

const wasm = /** @type {any} */ (WebAssembly);
const instantiate = wasm.instantiate.bind(WebAssembly);
wasm.instantiate = async (/** @type {any[]} */ ...args) => {
  const made = await instantiate(...args);
  for (const value of Object.values((made.instance ?? made).exports)) {
    if (value instanceof WebAssembly.Memory) memories.add(value);
  }
  return made;
};

const exported = { count: 0 };
/** Pages that are not secure have none. */
const subtle = /** @type {any} */ (globalThis.SubtleCrypto)?.prototype ?? {};
for (const name of ["exportKey", "wrapKey"]) {
  const own = subtle[name];
  subtle[name] = function counted(/** @type {any[]} */ ...args) {
    exported.count++;
    return own.apply(this, args);
  };
}

/**
 * How often bytes stand somewhere in the memory of programs.
 * @param {Uint8Array} bytes
 */
function occurrences(bytes) {
  const [first = 0] = bytes;
  let count = 0;
  for (const memory of memories) {
    const all = new Uint8Array(memory.buffer);
    for (let at = all.indexOf(first); at >= 0;) {
      if (bytes.every((byte, i) => all[at + i] === byte)) count++;
      at = all.indexOf(first, at + 1);
    }
  }
  return count;
}

/**
 * A program "keys" as an object.
 * @param {import("../../js/crypto.js").CryptoOptions} [options]
 */
async function keys(options = {}) {
  const parts = [webcrypto({ hashes, ...options })];
  return cryptoProgram(await load("/keys.wasm", { parts }));
}

/** Runs "vectors" to its end. */
async function vectors() {
  /** @type {string[]} */
  const lines = [];
  const app = await load("/vectors.wasm", {
    stdout: (line) => void lines.push(line),
    parts: [webcrypto({ hashes })],
  });
  return { code: await app.exited, lines };
}

/**
 * How often a secret, a half of it, or its text is in a program's memory, and
 * how much of it there is.
 * @param {string} secretHex
 */
function found(secretHex) {
  const secret = fromHex(secretHex);
  const half = secret.length / 2;
  const forms = [
    secret,
    secret.subarray(0, half),
    secret.subarray(half),
    secret.slice().reverse(),
    new TextEncoder().encode(secretHex),
  ];
  const sizes = [...memories].map(({ buffer }) => buffer.byteLength);
  return {
    count: forms.reduce((sum, form) => sum + occurrences(form), 0),
    searched: sizes.reduce((sum, size) => sum + size, 0),
  };
}

Object.assign(window, {
  gs: { fromHex, toHex, exported, keys, vectors, found },
});
