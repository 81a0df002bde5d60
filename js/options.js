/* The options of load(): what they may be, and what they become. A mistake is
 * refused with words that name the option. */
import { GossamerError, messageOf } from "./errors.js";
import { isVolume } from "./fs/volume.js";
import { createPolicy } from "./http/policy.js";
import { createUnlimited, isSinkOption } from "./io/sink.js";
import { isSourceOption } from "./io/source.js";
import { readParts } from "./parts.js";

/**
 * @typedef {object} LoadOptions
 * @property {readonly string[]} [args] the program's arguments, after its name
 * @property {Readonly<Record<string, string>>} [env] environment variables
 * @property {string | import("./host/canvas.js").Canvas} [canvas] an element, an
 *   OffscreenCanvas or a CSS selector
 * @property {import("./http/policy.js").FetchOption} [fetch] what the program
 *   may fetch: sources as in a content security policy; default: nothing
 * @property {readonly import("./parts.js").Part[]} [parts] services beyond the
 *   core: websocket(), webcrypto(); a script tag finds those whose scripts are
 *   loaded
 * @property {import("./io/source.js").SourceOption} [stdin] default: empty
 * @property {import("./io/sink.js").SinkOption} [stdout] called with each line, or
 *   a writer of bytes, or a WritableStream; default: console.log
 * @property {import("./io/sink.js").SinkOption} [stderr] default: console.error
 * @property {Readonly<Record<string,
 *   import("./fs/namespace.js").MountOption>>} [mounts] what the program sees
 *   of files: volumes by absolute path, each alone or as { volume, readOnly };
 *   default: nothing
 * @property {string} [cwd] the working directory, absolute; default: "/"
 * @property {number} [budget] how many milliseconds goroutines may run before
 *   the page has a turn; default: 8
 * @property {AbortSignal} [signal] stops loading, or the program
 *
 * What a loader adds to the options: where the program came from, and how its
 * user allows a source in the words of the door it was started by.
 * @typedef {object} Origin
 * @property {string | null} url
 * @property {string | undefined} program its name; default: its file's
 * @property {(source: string) => string} advice
 */

const KNOWN = [
  "args",
  "env",
  "canvas",
  "fetch",
  "parts",
  "stdin",
  "stdout",
  "stderr",
  "mounts",
  "cwd",
  "budget",
  "signal",
];
const DEFAULT_BUDGET_MS = 8;

/** @param {string} text */
export const invalid = (text) => new GossamerError("EINVAL", text);

/** @param {unknown} value */
export function isCString(value) {
  return typeof value === "string" && !value.includes("\0");
}

/** @param {unknown} args */
export function readArgs(args = []) {
  if (!Array.isArray(args) || !args.every(isCString)) {
    throw invalid("option args: expected an array of strings without NUL");
  }
  return /** @type {string[]} */ (args);
}

/** @param {unknown} env */
export function readEnv(env = {}) {
  const entries =
    typeof env === "object" && env !== null && !Array.isArray(env)
      ? Object.entries(env)
      : null;
  const fits = entries?.every(
    ([name, value]) =>
      isCString(value) && isCString(name) && /^[^=]+$/.test(name),
  );
  if (!fits) {
    throw invalid(
      "option env: expected an object of strings without NUL, " +
        "with names without =",
    );
  }
  return /** @type {Record<string, string>} */ (env);
}

/** @param {unknown} canvas */
function readCanvas(canvas) {
  let found = canvas;
  if (canvas == null) return undefined;
  if (typeof canvas === "string") {
    if (typeof document === "undefined") {
      throw invalid(`option canvas: there is no document to find ${canvas} in`);
    }
    try {
      found = document.querySelector(canvas);
    } catch {
      throw invalid(`option canvas: "${canvas}" is not a CSS selector`);
    }
    if (found === null) {
      const text = `option canvas: no element matches "${canvas}"`;
      throw new GossamerError("ENOENT", text);
    }
  }
  const candidate = /** @type {{ getContext?: unknown }} */ (found);
  if (typeof candidate.getContext !== "function") {
    const what = typeof canvas === "string" ? `"${canvas}"` : "the value";
    throw invalid(`option canvas: ${what} is not a canvas`);
  }
  return /** @type {import("./host/canvas.js").Canvas} */ (found);
}

/**
 * The page's address and origin; in Node, the server's the program came from.
 * @param {string | null} url
 */
function readPlace(url) {
  const http = url !== null && /^https?:/i.test(url);
  const href =
    typeof document === "undefined"
      ? globalThis.location?.href
      : document.baseURI;
  // A frame made by srcdoc has its parent's origin, and its location none.
  const origins = globalThis.location
    ? [globalThis.origin, globalThis.location.origin]
    : [http ? new URL(url).origin : "null"];
  return {
    baseUrl: href ?? (http ? url : null),
    selfOrigin: origins.find((origin) => /:\/\/./.test(origin)) ?? null,
  };
}

/**
 * @param {unknown} option
 * @param {string} name
 */
export function readSink(option, name) {
  if (option == null) return undefined;
  if (!isSinkOption(option)) {
    throw invalid(
      `option ${name}: expected a function of a line, { write(bytes) } or a ` +
        "WritableStream",
    );
  }
  return option;
}

/**
 * @param {unknown} option
 * @param {string} name
 * @param {import("./output.js").LineCallback} fallback
 */
function readOutput(option, name, fallback) {
  return createUnlimited(readSink(option, name) ?? fallback, (error) => {
    console.error(`${name} failed: ${messageOf(error)}`);
  });
}

/** @param {unknown} stdin */
export function readStdin(stdin) {
  if (stdin == null) return undefined;
  if (!isSourceOption(stdin)) {
    throw invalid(
      "option stdin: expected a string, bytes, a Blob, a ReadableStream, an " +
        "async iterable or a function that answers the next piece",
    );
  }
  return stdin;
}

/** @param {unknown} budget */
function readBudget(budget = DEFAULT_BUDGET_MS) {
  if (typeof budget !== "number" || !(budget > 0 && budget < Infinity)) {
    throw invalid("option budget: expected a number of milliseconds above 0");
  }
  return budget;
}

/** @param {string} path */
function isAbsolute(path) {
  return /^\/(?!\/)/.test(path) && isCString(path);
}

/** Without "." and ".." and superfluous slashes. @param {string} path */
function canonical(path) {
  /** @type {string[]} */
  const parts = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}

/** @param {unknown} cwd */
function readCwd(cwd = "/") {
  if (typeof cwd !== "string" || !isAbsolute(cwd)) {
    throw invalid("option cwd: expected an absolute path");
  }
  return canonical(cwd);
}

/** @param {unknown} signal */
export function readSignal(signal) {
  if (signal == null) return undefined;
  if (typeof AbortSignal === "undefined" || !(signal instanceof AbortSignal)) {
    throw invalid("option signal: expected an AbortSignal");
  }
  return signal;
}

/** @param {string | null} url */
export function programName(url) {
  const path = url?.split(/[?#]/)[0] ?? "";
  return path.slice(path.lastIndexOf("/") + 1) || "app.wasm";
}

/** @param {string} path */
function isMountPoint(path) {
  return path === "/" || /^(\/(?!\.{1,2}(\/|$))[^/\0]+)+$/.test(path);
}

/** @param {unknown} mounts */
export function readMounts(mounts = {}) {
  if (typeof mounts !== "object" || mounts === null || Array.isArray(mounts)) {
    throw invalid("option mounts: expected an object of volumes by path");
  }
  for (const [path, option] of Object.entries(mounts)) {
    if (!isMountPoint(path)) {
      throw invalid(
        `option mounts: "${path}" is not an absolute path, such as "/data"`,
      );
    }
    const { volume, readOnly = false } =
      isVolume(option) || option == null ? { volume: option } : option;
    if (!isVolume(volume) || typeof readOnly !== "boolean") {
      throw invalid(
        `option mounts: expected a volume or { volume, readOnly } at "${path}"`,
      );
    }
  }
  return /** @type {Record<string, import("./fs/namespace.js").MountOption>} */ (
    mounts
  );
}

/**
 * Refuses what is no object, or has properties that are no options.
 * @param {unknown} options
 * @param {readonly string[]} known
 */
export function checkNames(options, known) {
  if (typeof options !== "object" || options === null) {
    throw invalid("the options must be an object");
  }
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    const text = `unknown option "${unknown}"; there are: ${known.join(", ")}`;
    throw invalid(text);
  }
}

/**
 * What can be checked before anything is loaded.
 * @param {unknown} options
 * @returns {{ signal: AbortSignal | undefined }}
 */
export function checkOptions(options) {
  checkNames(options, KNOWN);
  return { signal: readSignal(/** @type {LoadOptions} */ (options).signal) };
}

/**
 * @param {LoadOptions} options
 * @param {Origin} origin
 */
export function readOptions(options, { url, program, advice }) {
  const { signal } = checkOptions(options);
  const { baseUrl, selfOrigin } = readPlace(url);
  return {
    args: [program ?? programName(url), ...readArgs(options.args)],
    env: readEnv(options.env),
    canvas: readCanvas(options.canvas),
    http: createPolicy(options.fetch, { baseUrl, selfOrigin, advice }),
    parts: readParts(options.parts),
    stdin: readStdin(options.stdin),
    stdout: readOutput(options.stdout, "stdout", (line) => console.log(line)),
    stderr: readOutput(options.stderr, "stderr", (line) => console.error(line)),
    mounts: readMounts(options.mounts),
    cwd: readCwd(options.cwd),
    budgetMs: readBudget(options.budget),
    signal,
  };
}

/** @typedef {ReturnType<typeof readOptions>} Settings */
