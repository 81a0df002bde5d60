/* The contract between a module and this glue, checked before the module is
 * given anything: its ABI version, which is part of an export's name, and that
 * every import it wants is there. Then it is instantiated. */
import { GossamerError, ProcExit, crashOf, messageOf } from "./errors.js";
import { partAdvice } from "./parts.js";

/** The version this glue speaks: the export gossamer_abi_1. */
export const ABI_VERSION = 1;

/** gs_call_new is there only in a program that exports functions. */
const NEEDED = ["memory", "gs_boot", "gs_pump", "gs_frame_event"].concat([
  "gs_complete",
  "gs_fault",
  "gs_budget",
  "gs_dump_text",
]);

/** @param {WebAssembly.Module} module */
export function exportNames(module) {
  return new Set(WebAssembly.Module.exports(module).map((entry) => entry.name));
}

/** @param {Iterable<string>} names of a module's exports */
function abiVersion(names) {
  return [...names]
    .map((entry) => /^gossamer_abi_(\d+)$/.exec(entry)?.[1])
    .find((version) => version !== undefined);
}

/**
 * Whether it was built with Gossamer, of whatever version.
 * @param {WebAssembly.Module} module
 */
export function isGossamer(module) {
  return abiVersion(exportNames(module)) !== undefined;
}

/**
 * @param {WebAssembly.Module} module
 * @param {string} name the module's, for messages
 */
export function checkExports(module, name) {
  const names = exportNames(module);
  const version = abiVersion(names);
  if (version === undefined) {
    throw new GossamerError(
      "ENOEXEC",
      `${name} is WebAssembly, but not a Gossamer program: it lacks the export ` +
        `gossamer_abi_${ABI_VERSION}; build it with gossamer_add_app()`,
    );
  }
  if (Number(version) !== ABI_VERSION) {
    throw new GossamerError(
      "ENOEXEC",
      `${name} was built for version ${version} of Gossamer's interface, this ` +
        `glue speaks version ${ABI_VERSION}: use the glue and the C library of ` +
        "the same release",
    );
  }
  const missing = NEEDED.filter((needed) => !names.has(needed));
  if (missing.length > 0) {
    throw new GossamerError(
      "ENOEXEC",
      `${name} lacks the exports ${missing.join(", ")}: ` +
        "build it with gossamer_add_app()",
    );
  }
  return [...names];
}

/** @param {unknown} value */
function kindOf(value) {
  return typeof value === "function" ? "function" : "memory";
}

/**
 * @typedef {Record<string, Record<string, Function | WebAssembly.Memory>>}
 *   Imports
 */

/**
 * @param {WebAssembly.Module} module
 * @param {string} name
 * @param {Imports} imports what there is
 */
export function checkImports(module, name, imports) {
  const unknown = WebAssembly.Module.imports(module).filter(
    (wanted) =>
      !Object.hasOwn(imports, wanted.module) ||
      !Object.hasOwn(imports[wanted.module] ?? {}, wanted.name) ||
      kindOf(imports[wanted.module]?.[wanted.name]) !== wanted.kind,
  );
  if (unknown.length === 0) return;
  const list = unknown.map(
    (entry) => `${entry.module}.${entry.name} (${entry.kind})`,
  );
  throw new GossamerError(
    "ENOEXEC",
    `${name} imports what this glue does not have: ${list.join(", ")}` +
      partAdvice(unknown.map((entry) => entry.name)),
  );
}

/**
 * @param {WebAssembly.Module} module
 * @param {string} name
 * @param {Imports} imports
 * @returns {Promise<Record<string, any>>} the exports
 */
export async function instantiate(module, name, imports) {
  try {
    const given = /** @type {WebAssembly.Imports} */ (imports);
    return (await WebAssembly.instantiate(module, given)).exports;
  } catch (error) {
    if (error instanceof ProcExit) throw error;
    // Its start function ran, and trapped.
    if (error instanceof WebAssembly.RuntimeError) throw crashOf(error);
    const code = error instanceof RangeError ? "ENOMEM" : "ENOEXEC";
    const text = `${name} could not be instantiated: ${messageOf(error)}`;
    throw new GossamerError(code, text, { cause: error });
  }
}
