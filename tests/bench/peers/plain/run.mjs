/* Runs a plain program, one that emcc linked to a .wasm of its own: standard
 * output and the clock are all it gets. */
import { readFileSync, writeSync } from "node:fs";

const [, , file = ""] = process.argv;
const module = await WebAssembly.compile(readFileSync(file));
/** @type {Record<string, any>} */
let exports = {};
const view = () => new DataView(exports.memory.buffer);

const wasi = {
  /** @param {number} code */
  proc_exit: (code) => process.exit(code),
  /** @param {number} _id @param {bigint} _precision @param {number} out */
  clock_time_get(_id, _precision, out) {
    const now_ns = BigInt(Math.round(performance.now() * 1e6));
    view().setBigUint64(out, now_ns, true);
    return 0;
  },
  /**
   * @param {number} fd
   * @param {number} vectors
   * @param {number} count
   * @param {number} written
   */
  fd_write(fd, vectors, count, written) {
    let total = 0;
    for (let i = 0; i < count; i++) {
      const at = view().getUint32(vectors + i * 8, true);
      const length = view().getUint32(vectors + i * 8 + 4, true);
      writeSync(fd, new Uint8Array(exports.memory.buffer, at, length));
      total += length;
    }
    view().setUint32(written, total, true);
    return 0;
  },
  fd_close: () => 0,
  fd_seek: () => 0,
};
const env = { emscripten_notify_memory_growth() {} };
const imports = { wasi_snapshot_preview1: wasi, env };
({ exports } = await WebAssembly.instantiate(module, imports));
exports._start();
