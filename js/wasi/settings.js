/* The options of WASI and of its runs: what they may be, and what becomes of
 * them. A mistake is refused with words that name the option. */
import {
  checkNames,
  invalid,
  isCString,
  readArgs,
  readEnv,
  readMounts,
  readOutput,
  readSignal,
} from "../options.js";

/**
 * @typedef {object} WasiOptions
 * @property {readonly string[]} [args] the program's arguments, after its name
 * @property {Readonly<Record<string, string>>} [env] environment variables
 * @property {Readonly<Record<string, import("../fs/namespace.js").MountOption>>}
 *   [mounts] volumes by absolute path, each a directory that is open from the
 *   start, from descriptor 3 on; default: no files
 * @property {import("../output.js").OutputOption} [stdout] called with each line,
 *   or a writer of bytes; default: console.log
 * @property {import("../output.js").OutputOption} [stderr] default: console.error
 * @property {string} [name] the program's own name, args[0] in C; default: its
 *   file's
 * @property {AbortSignal} [signal] stops loading, or the program
 *
 * @typedef {object} RunOptions
 * @property {import("./callers/caller.js").CallerName} [caller] how calls wait;
 *   default: the best there is
 * @property {boolean} [blocking] the caller "sync" may stop the thread; not in
 *   a page
 * @property {number} [unwindBytes] the caller "asyncify": the room for a stack
 *   that is unwound; default: 256 KiB, or a quarter of memory if that is less
 *
 * @typedef {ReturnType<typeof readSettings>} Settings
 * @typedef {ReturnType<typeof readRun>} RunSettings
 */

const KNOWN = Object.freeze([
  "args",
  "env",
  "mounts",
  "stdout",
  "stderr",
  "name",
  "signal",
]);

const KNOWN_OF_RUN = Object.freeze(["caller", "blocking", "unwindBytes"]);

/** Less is not enough for one frame. */
const MIN_UNWIND_BYTES = 64;

/** @param {unknown} name */
function readName(name) {
  if (name === undefined) return null;
  if (!isCString(name)) {
    throw invalid("option name: expected a string without NUL");
  }
  return String(name);
}

/** @param {unknown} blocking */
function readBlocking(blocking = false) {
  if (typeof blocking !== "boolean") {
    throw invalid("option blocking: expected true or false");
  }
  return blocking;
}

/** @param {unknown} bytes */
function readUnwindBytes(bytes) {
  if (bytes === undefined) return undefined;
  if (!Number.isInteger(bytes) || Number(bytes) < MIN_UNWIND_BYTES) {
    throw invalid(
      `option unwindBytes: expected a whole number of bytes from ` +
        `${MIN_UNWIND_BYTES} on`,
    );
  }
  return Number(bytes);
}

/** @param {unknown} given */
export function readSettings(given) {
  checkNames(given, KNOWN);
  const options = /** @type {WasiOptions} */ (given);
  const { stdout, stderr } = options;
  return {
    given: options,
    args: readArgs(options.args),
    env: readEnv(options.env),
    mounts: readMounts(options.mounts),
    name: readName(options.name),
    stdout: () => readOutput(stdout, "stdout", (line) => console.log(line)),
    stderr: () => readOutput(stderr, "stderr", (line) => console.error(line)),
    signal: readSignal(options.signal),
  };
}

/** @param {unknown} given */
export function readRun(given) {
  checkNames(given, KNOWN_OF_RUN);
  const options = /** @type {RunOptions} */ (given);
  return {
    caller: options.caller,
    blocking: readBlocking(options.blocking),
    unwindBytes: readUnwindBytes(options.unwindBytes),
  };
}
