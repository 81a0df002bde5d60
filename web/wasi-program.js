/* A program that was chosen on the page: from a file to a compiled module, with
 * words for what it is, and for everything that it might be instead. */

/** Where engines end, by the standard's list of limits. */
const MAX_BYTES = 2 ** 30;
const MAGIC = "0061736d";
/** What stands for the version in a component. */
const COMPONENT = "0d000100";
const WASI_MODULES = ["wasi_snapshot_preview1", "wasi_unstable"];
const BYTES = new Intl.NumberFormat("en");

/**
 * @typedef {object} Program
 * @property {string} name its file's
 * @property {WebAssembly.Module} module
 * @property {string} about what it is, in a sentence
 * @property {string} hint what is to be known before it is run; "" when nothing
 */

/** Whether the browser can suspend any module's calls. */
export const hasJspi = () => "Suspending" in WebAssembly;

/** @param {Uint8Array} bytes */
const hex = (bytes) =>
  [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");

/**
 * What a file that is no module is, in words; null when it looks like one.
 * @param {Blob} file
 */
async function mistakenFor(file) {
  if (file.size === 0) return "is empty";
  if (file.size > MAX_BYTES) {
    const gib = (file.size / MAX_BYTES).toFixed(1);
    return `is too large: ${gib} GiB, and engines take at most 1 GiB`;
  }
  const start = new Uint8Array(await file.slice(0, 64).arrayBuffer());
  if (hex(start.subarray(0, 4)) === MAGIC) {
    return hex(start.subarray(4, 8)) === COMPONENT
      ? "is a component, for WASI preview2: build it as a core module for " +
          "preview1 (wasm32-wasip1)"
      : null;
  }
  const text = new TextDecoder().decode(start).trimStart();
  if (/^(\(module|;;|\(;)/.test(text)) {
    return "is WebAssembly’s text format: wat2wasm makes a module of it";
  }
  if (/^<(!doctype|html|\?xml)/i.test(text)) return "is a web page";
  const begins = hex(start.subarray(0, 4)).replace(/..(?=.)/g, "$& ");
  return `is not WebAssembly: it begins with the bytes ${begins}`;
}

/**
 * What a module was built for, when that is not WASI.
 * @param {WebAssembly.ModuleImportDescriptor[]} foreign
 */
function foreignHint(foreign) {
  if (foreign.length === 0) return "";
  const modules = new Set(foreign.map((wanted) => wanted.module));
  const names = foreign.map((wanted) => `${wanted.module}.${wanted.name}`);
  const some = names.slice(0, 3).join(", ");
  const list = names.length > 3 ? `${some} and ${names.length - 3} more` : some;
  const advice =
    modules.has("gojs") || modules.has("go")
      ? " It is Go’s for JavaScript: build with GOOS=wasip1 GOARCH=wasm."
      : [...modules].some((name) => /wbg|wbindgen/.test(name))
        ? " It is wasm-bindgen’s for JavaScript: build for wasm32-wasip1."
        : modules.has("env") && /emscripten|invoke_|__syscall/.test(`${names}`)
          ? " It is Emscripten’s for JavaScript: link with -sSTANDALONE_WASM."
          : "";
  return `It wants what is not WASI’s: ${list}.${advice}`;
}

/**
 * @param {WebAssembly.Module} module
 * @param {string} name
 * @param {number} sizeBytes
 */
function describe(module, name, sizeBytes) {
  const imports = WebAssembly.Module.imports(module);
  const exports = new Set(
    WebAssembly.Module.exports(module).map((entry) => entry.name),
  );
  const parks = [...exports].some((entry) => /^gossamer_abi_\d/.test(entry));
  const unwinds = exports.has("asyncify_start_unwind");
  const wasi = imports.filter((entry) => WASI_MODULES.includes(entry.module));
  const kind = parks
    ? "a Gossamer program"
    : exports.has("_start")
      ? "a WASI program"
      : exports.has("_initialize")
        ? "a library (reactor)"
        : "no program";
  const carries = unwinds ? ", and carries Asyncify" : "";
  const about =
    `${name}, ${BYTES.format(sizeBytes)} bytes: ${kind} that imports ` +
    `${wasi.length} function${wasi.length === 1 ? "" : "s"} of WASI${carries}.`;
  if (parks) return { about, hint: "" };
  if (!exports.has("_start")) {
    return { about, hint: "It has no _start: there is nothing to run." };
  }
  const foreign = foreignHint(
    imports.filter((entry) => !WASI_MODULES.includes(entry.module)),
  );
  if (foreign !== "" || unwinds || hasJspi()) return { about, hint: foreign };
  const hint =
    "This browser has no JSPI and the module carries no Asyncify, so calls " +
    "that would have to wait fail with EAGAIN. Prepare it once: npx gossamer " +
    `asyncify ${name} -o ready.wasm`;
  return { about, hint };
}

/**
 * @param {Blob} file
 * @param {string} name
 * @returns {Promise<Program>}
 * @throws {Error} that says what is wrong with it
 */
export async function openProgram(file, name) {
  let module;
  let mistake;
  try {
    mistake = await mistakenFor(file);
    if (mistake === null) {
      module = await WebAssembly.compile(await file.arrayBuffer());
    }
  } catch (error) {
    mistake =
      error instanceof WebAssembly.CompileError
        ? `is not a valid module; it may be truncated or damaged: ${error.message}`
        : `cannot be read: ${error instanceof Error ? error.message : error}`;
  }
  if (module === undefined) throw new Error(`${name} ${mistake}.`);
  return { name, module, ...describe(module, name, file.size) };
}
