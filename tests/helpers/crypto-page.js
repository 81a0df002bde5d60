/* In a page: the programs "keys" and "vectors" from the built package, and what
 * tests want to know of their memory and of who takes keys out of WebCrypto. */
import { load } from "/dist/gossamer.mjs";
import { webcrypto } from "/dist/crypto.mjs";
import { cryptoProgram, fromHex, toHex } from "/crypto-program.js";
import * as hashes from "/hash-wasm.js";

/** Of every program that was started. @type {Set<WebAssembly.Memory>} */
const memories = new Set();

const instantiate = WebAssembly.instantiate.bind(WebAssembly);
WebAssembly.instantiate = async (...args) => {
  const made = await instantiate(...args);
  for (const value of Object.values((made.instance ?? made).exports)) {
    if (value instanceof WebAssembly.Memory) memories.add(value);
  }
  return made;
};

const exported = { count: 0 };
if (globalThis.SubtleCrypto !== undefined) {
  for (const name of ["exportKey", "wrapKey"]) {
    const own = SubtleCrypto.prototype[name];
    SubtleCrypto.prototype[name] = function counted(...args) {
      exported.count++;
      return own.apply(this, args);
    };
  }
}

/**
 * How often bytes stand somewhere in the memory of programs.
 * @param {Uint8Array} bytes
 */
function occurrences(bytes) {
  let count = 0;
  for (const memory of memories) {
    const all = new Uint8Array(memory.buffer);
    for (let at = all.indexOf(bytes[0]); at >= 0;) {
      if (bytes.every((byte, i) => all[at + i] === byte)) count++;
      at = all.indexOf(bytes[0], at + 1);
    }
  }
  return count;
}

window.gs = {
  fromHex,
  toHex,
  exported,

  /** A program "keys" as an object. */
  async keys(options = {}) {
    const parts = [webcrypto({ hashes, ...options })];
    return cryptoProgram(await load("/keys.wasm", { parts }));
  },

  /** Runs "vectors" to its end. */
  async vectors() {
    const lines = [];
    const app = await load("/vectors.wasm", {
      stdout: (line) => lines.push(line),
      parts: [webcrypto({ hashes })],
    });
    return { code: await app.exited, lines };
  },

  /** Whether a secret, a half of it, or its text is in a program's memory. */
  found(secretHex) {
    const secret = fromHex(secretHex);
    const half = secret.length / 2;
    const forms = [
      secret,
      secret.subarray(0, half),
      secret.subarray(half),
      secret.toReversed(),
      new TextEncoder().encode(secretHex),
    ];
    const bytes = [...memories].map((one) => one.buffer.byteLength);
    return {
      count: forms.reduce((sum, form) => sum + occurrences(form), 0),
      searched: bytes.reduce((sum, size) => sum + size, 0),
    };
  },
};
