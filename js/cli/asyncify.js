/* `gossamer asyncify`: adds Asyncify to a WASI module, so that its calls can
 * wait where the engine has no JSPI. Binaryen does the work; it is installed
 * beside Gossamer by those who need it and loaded only here. */
import { readFile, writeFile } from "node:fs/promises";
import { GossamerError, messageOf } from "../errors.js";
import { WAITING } from "../wasi/abi.js";

export const ASYNCIFY = /** @type {const} */ ({
  form: "gossamer asyncify IN.wasm -o OUT.wasm",
  options: {
    output: { type: "string", short: "o" },
    names: { type: "boolean" },
    optimize: { type: "string", short: "O" },
    "ignore-indirect": { type: "boolean" },
    only: { type: "string", multiple: true },
    remove: { type: "string", multiple: true },
  },
});

/**
 * @typedef {typeof import("binaryen")["default"]} Binaryen
 *
 * @typedef {object} AsyncifyOptions
 * @property {boolean} [names] keep the names of functions, for stack traces
 * @property {boolean} [ignoreIndirect] calls through pointers never wait: much
 *   smaller, and wrong if one does
 * @property {string[]} [remove] functions that never wait, though it seems so
 * @property {string[]} [only] the only functions that may wait
 * @property {number} [optimize] how much is done about the size, 0 to 4
 */

const MODULES = ["wasi_snapshot_preview1", "wasi_unstable"];

/** @returns {Promise<Binaryen>} */
async function loadBinaryen() {
  const name = "binaryen";
  try {
    const { default: binaryen } = await import(name);
    return binaryen;
  } catch (error) {
    const text = "Binaryen is missing; install it: npm install --save-dev";
    throw new GossamerError("ENOENT", `${text} binaryen`, { cause: error });
  }
}

/**
 * What compilers use of WebAssembly. Not all there is, for what is allowed may
 * be brought in.
 * @param {Binaryen["Features"]} features
 */
export function usualFeatures(features) {
  return (
    features.MutableGlobals |
    features.NontrappingFPToInt |
    features.SIMD128 |
    features.BulkMemory |
    features.BulkMemoryOpt |
    features.SignExt |
    features.ExceptionHandling |
    features.TailCall |
    features.ReferenceTypes |
    features.CallIndirectOverlong |
    features.Multivalue |
    features.RelaxedSIMD |
    features.ExtendedConst
  );
}

/**
 * @param {Uint8Array} bytes of a module
 * @param {AsyncifyOptions} [options]
 * @returns {Promise<Uint8Array>}
 * @throws {GossamerError} "ENOENT" without Binaryen, "ENOEXEC" for what is no
 *   module that it can read, or has Asyncify already
 */
export async function addAsyncify(bytes, options = {}) {
  const binaryen = await loadBinaryen();
  const { names = false, ignoreIndirect, remove, only, optimize = 2 } = options;
  const waiting = MODULES.flatMap((module) =>
    Object.keys(WAITING).map((name) => `${module}.${name}`),
  );
  /** @type {[name: string, value: string | undefined][]} */
  const passArguments = [
    ["asyncify-imports", waiting.join(",")],
    ["asyncify-ignore-indirect", ignoreIndirect ? "1" : undefined],
    ["asyncify-removelist", remove?.join(",")],
    ["asyncify-onlylist", only?.join(",")],
  ];
  let module;
  try {
    module = binaryen.readBinary(bytes);
  } catch (error) {
    const text = `Binaryen cannot read the module: ${messageOf(error)}`;
    throw new GossamerError("ENOEXEC", text, { cause: error });
  }
  try {
    if (module.getExport("asyncify_start_unwind") !== 0) {
      throw new GossamerError("ENOEXEC", "the module has Asyncify already");
    }
    // Not every compiler writes down which ones it used.
    const usual = usualFeatures(binaryen.Features);
    module.setFeatures(module.getFeatures() | usual);
    binaryen.setDebugInfo(names);
    binaryen.setOptimizeLevel(optimize);
    binaryen.setShrinkLevel(0);
    for (const [name, value] of passArguments) {
      if (value !== undefined) binaryen.setPassArgument(name, value);
    }
    module.runPasses(["asyncify"]);
    if (optimize > 0) module.optimize();
    return module.emitBinary();
  } finally {
    binaryen.clearPassArguments();
    module.dispose();
  }
}

/** @param {string} text */
function parseLevel(text) {
  if (/^[0-4]$/.test(text)) return Number(text);
  const expected = "expected a level from 0 to 4";
  throw new GossamerError("EINVAL", `--optimize ${text}: ${expected}`);
}

/**
 * @param {string} input
 * @param {{
 *   output?: string,
 *   names?: boolean,
 *   optimize?: string,
 *   "ignore-indirect"?: boolean,
 *   only?: string[],
 *   remove?: string[],
 * }} values
 * @returns {Promise<number>} the exit code
 */
export async function asyncify(input, values) {
  const { output, names, only, remove, optimize = "2" } = values;
  const ignoreIndirect = values["ignore-indirect"];
  const options = { names, only, remove, ignoreIndirect };
  if (output === undefined) {
    throw new GossamerError("EINVAL", `expected: ${ASYNCIFY.form}`);
  }
  const level = parseLevel(optimize);
  let bytes;
  try {
    bytes = await readFile(input);
  } catch (error) {
    const text = `${input} could not be read: ${messageOf(error)}`;
    throw new GossamerError("ENOENT", text, { cause: error });
  }
  if (!WebAssembly.validate(bytes)) {
    throw new GossamerError("ENOEXEC", `${input} is not WebAssembly`);
  }
  const made = await addAsyncify(bytes, { ...options, optimize: level });
  await writeFile(output, made);
  return 0;
}
