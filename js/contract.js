/* The contract between a module and this glue, checked before the module is
 * given anything: its ABI version, which is part of an export's name, and that
 * every import it wants is there. */
import { GossamerError } from "./errors.js";

/** The version this glue speaks: the export gossamer_abi_1. */
export const ABI_VERSION = 1;

/** gs_call_new is there only in a program that exports functions. */
const NEEDED = ["memory", "gs_boot", "gs_pump", "gs_frame_event"].concat([
  "gs_complete",
  "gs_fault",
  "gs_budget",
  "gs_dump_text",
]);

/**
 * @param {WebAssembly.Module} module
 * @param {string} name the module's, for messages
 */
export function checkExports(module, name) {
  const names = new Set(
    WebAssembly.Module.exports(module).map((entry) => entry.name),
  );
  const versions = [...names]
    .map((entry) => /^gossamer_abi_(\d+)$/.exec(entry)?.[1])
    .filter((version) => version !== undefined);
  const [version] = versions;
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

/**
 * @param {WebAssembly.Module} module
 * @param {string} name
 * @param {Record<string, Record<string, Function>>} imports what there is
 */
export function checkImports(module, name, imports) {
  const unknown = WebAssembly.Module.imports(module).filter(
    (wanted) =>
      wanted.kind !== "function" ||
      !Object.hasOwn(imports, wanted.module) ||
      !Object.hasOwn(imports[wanted.module] ?? {}, wanted.name),
  );
  if (unknown.length === 0) return;
  const list = unknown.map(
    (entry) => `${entry.module}.${entry.name} (${entry.kind})`,
  );
  throw new GossamerError(
    "ENOEXEC",
    `${name} imports what this glue does not have: ${list.join(", ")}`,
  );
}
