/* The programs that take part, by the names that the suites, the programs and
 * the report have for them: ours first; the key in a JSON row's peers. */
export const OURS = "gossamer";
export const FIBERS = "emscripten-fibers";
export const GO_WASM = "go-js-wasm";
export const GO_NATIVE = "go-native";
export const NATIVE = "gossamer-native";
export const PLAIN_EXPORT = "plain-export";
/** The kernels without the runtime, and with more of it. */
export const PLAIN = "plain-emcc";
export const CHECKPOINTS = "gossamer-checkpoints";
export const PREEMPTED = "gossamer-preempt";
/** WASI hosts: Node's own, which is native, and the two best shims. */
export const NODE_WASI = "node:wasi";
export const BROWSER_SHIM = "browser-wasi-shim";
export const RUNNO = "runno-wasi";
/** Fetch and WebCrypto from a page's own script, and of Emscripten. */
export const PLAIN_JS = "plain-js";
export const PLAIN_COPY = "plain-js-copy";
export const EMSCRIPTEN_FETCH = "emscripten-fetch";
/** Files on IndexedDB, and IndexedDB without files. */
export const IDBFS = "emscripten-idbfs";
export const ZENFS = "zenfs";
export const RAW_INDEXEDDB = "raw-indexeddb";
