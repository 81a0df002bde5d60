/* The options of WASI and of its runs: what they may be, and what becomes of
 * them. A mistake is refused with words that name the option. */
import { isStream } from "../io/stream.js";
import {
  checkNames,
  invalid,
  isCString,
  readArgs,
  readEnv,
  readMounts,
  readSignal,
  readSink,
  readStdin,
} from "../options.js";

/**
 * @typedef {import("../io/terminal.js").Terminal} Terminal
 *
 * @typedef {object} WasiOptions
 * @property {readonly string[]} [args] the program's arguments, after its name
 * @property {Readonly<Record<string, string>>} [env] environment variables
 * @property {Readonly<Record<string, import("../fs/namespace.js").MountOption>>}
 *   [mounts] volumes by absolute path, each a directory that is open from the
 *   start, from descriptor 3 on; default: no files
 * @property {import("../io/source.js").SourceOption | null} [stdin] default:
 *   empty
 * @property {import("../io/sink.js").SinkOption} [stdout] called with each line, or
 *   a writer of bytes, or a WritableStream; default: console.log
 * @property {import("../io/sink.js").SinkOption} [stderr] default: console.error;
 *   may be the same as stdout
 * @property {Terminal} [terminal] in place of those of the three that are not
 *   given
 * @property {readonly import("../io/stream.js").Stream[]} [sockets] further streams, on the descriptors
 *   after the mounts'; the program closes them. One object, one run
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
 * @property {boolean} [nonblocking] whether the standard streams say that they
 *   are non-blocking, for a program that then polls them and goes on with other
 *   things; default: for programs in Go, where polling can wait
 *
 * @typedef {ReturnType<typeof readSettings>} Settings
 * @typedef {ReturnType<typeof readRun>} RunSettings
 */

const KNOWN = Object.freeze([
  "args",
  "env",
  "mounts",
  "stdin",
  "stdout",
  "stderr",
  "terminal",
  "sockets",
  "name",
  "signal",
]);

const KNOWN_OF_RUN = Object.freeze([
  "caller",
  "blocking",
  "unwindBytes",
  "nonblocking",
]);

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

/** @param {unknown} terminal */
function readTerminal(terminal) {
  if (terminal == null) return undefined;
  const { open, input } = /** @type {Record<string, unknown>} */ (terminal);
  if (typeof open !== "function" || typeof input !== "function") {
    throw invalid("option terminal: expected a Terminal");
  }
  return /** @type {Terminal} */ (terminal);
}

/** @param {unknown} sockets */
function readSockets(sockets = []) {
  if (!Array.isArray(sockets) || !sockets.every(isStream)) {
    throw invalid("option sockets: expected an array of streams");
  }
  return /** @type {readonly import("../io/stream.js").Stream[]} */ (sockets);
}

/**
 * @param {unknown} value
 * @param {string} name
 */
function readFlag(value, name) {
  if (value !== undefined && typeof value !== "boolean") {
    throw invalid(`option ${name}: expected true or false`);
  }
  return value;
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
  return {
    given: options,
    args: readArgs(options.args),
    env: readEnv(options.env),
    mounts: readMounts(options.mounts),
    name: readName(options.name),
    stdio: {
      stdin: readStdin(options.stdin),
      stdout: readSink(options.stdout, "stdout"),
      stderr: readSink(options.stderr, "stderr"),
      terminal: readTerminal(options.terminal),
    },
    sockets: readSockets(options.sockets),
    signal: readSignal(options.signal),
  };
}

/** @param {unknown} given */
export function readRun(given) {
  checkNames(given, KNOWN_OF_RUN);
  const options = /** @type {RunOptions} */ (given);
  return {
    caller: options.caller,
    blocking: readFlag(options.blocking, "blocking") ?? false,
    nonblocking: readFlag(options.nonblocking, "nonblocking"),
    unwindBytes: readUnwindBytes(options.unwindBytes),
  };
}
