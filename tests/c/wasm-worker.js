/* Runs the C tests of one .wasm, each in an instance of its own, and tells the
 * parent of each start and end. In a worker, so that a test that never ends
 * can be ended. */
import { parentPort, workerData } from "node:worker_threads";

const EXIT_FATAL = 2;

const { module, first, only } = workerData;

/** Ends an instance: WASI's proc_exit does not return. */
class Exit extends Error {
  /** @param {number} code */
  constructor(code) {
    super(`exit code ${code}`);
    this.code = code;
  }
}

/** One instance with what it printed. */
function instantiate() {
  const decoder = new TextDecoder();
  let output = "";
  /** @type {WebAssembly.Exports} */
  let exports = {};
  const view = () => new DataView(exports.memory.buffer);
  /** A C string's bytes. @param {number} pointer */
  const bytesAt = (pointer) => {
    const bytes = new Uint8Array(exports.memory.buffer, pointer >>> 0);
    return bytes.subarray(0, bytes.indexOf(0));
  };

  /** No arguments, or no environment. */
  const none = (count, size) => {
    view().setUint32(count >>> 0, 0, true);
    view().setUint32(size >>> 0, 0, true);
    return 0;
  };
  const wasi = {
    proc_exit(code) {
      throw new Exit(code);
    },
    clock_time_get(_id, _precision, out) {
      const now = BigInt(Math.round(performance.now() * 1e6));
      view().setBigUint64(out >>> 0, now, true);
      return 0;
    },
    fd_write(_fd, iovecs, count, written) {
      let total = 0;
      for (let i = 0; i < count; i++) {
        const at = view().getUint32((iovecs >>> 0) + i * 8, true);
        const length = view().getUint32((iovecs >>> 0) + i * 8 + 4, true);
        const bytes = new Uint8Array(exports.memory.buffer, at, length);
        output += decoder.decode(bytes, { stream: true });
        total += length;
      }
      view().setUint32(written >>> 0, total, true);
      return 0;
    },
    args_sizes_get: none,
    args_get: () => 0,
    environ_sizes_get: none,
    environ_get: () => 0,
    fd_close: () => 0,
    fd_seek: () => 70,
    fd_read: () => 52,
    fd_filestat_get: () => 52,
  };
  const env = {
    emscripten_notify_memory_growth() {},
  };
  const instance = new WebAssembly.Instance(module, {
    wasi_snapshot_preview1: wasi,
    env,
  });
  exports = instance.exports;
  exports._initialize();
  return {
    exports,
    output: () => output,
    /** @param {number} pointer */
    text(pointer) {
      return pointer === 0 ? null : decoder.decode(bytesAt(pointer));
    },
  };
}

/** @param {number} index */
function deathTexts(index) {
  const { exports, text } = instantiate();
  const texts = [];
  for (let n = 0; ; n++) {
    const wanted = text(exports.harness_dies_with(index, n));
    if (wanted === null) return texts;
    texts.push(wanted);
  }
}

/**
 * @param {number} code
 * @param {string} said
 * @param {string[]} texts
 */
function verdict(code, said, texts) {
  const missing = texts.filter((wanted) => !said.includes(wanted));
  if (code === EXIT_FATAL && missing.length === 0) return null;
  return `${said}exit ${code}, without saying: ${missing.join(" | ")}`;
}

/**
 * What was wrong with one test; null: nothing.
 * @param {number} index
 */
function run(index) {
  const { exports, output, text } = instantiate();
  const texts = deathTexts(index);
  let code = 0;
  try {
    exports.harness_run(index);
  } catch (error) {
    if (error instanceof Exit) {
      code = error.code;
    } else if (texts.length > 0 && error instanceof WebAssembly.RuntimeError) {
      // A crash: the glue names the goroutine.
      return verdict(EXIT_FATAL, `crash in ${text(exports.gs_fault())}`, texts);
    } else {
      return `${output()}${error.stack}`;
    }
  }
  if (texts.length === 0) return code === 0 ? null : `${output()}exit ${code}`;
  return verdict(code, output(), texts);
}

const { exports, text } = instantiate();
const count = exports.harness_count();
const names = Array.from({ length: count }, (_, i) =>
  text(exports.harness_name(i)),
);
parentPort.postMessage({ names });
for (let index = first; index < count; index++) {
  if (only && !names[index].includes(only)) continue;
  parentPort.postMessage({ start: index });
  parentPort.postMessage({ end: index, problem: run(index) });
}
