/* From whatever load() is given to a compiled module: an address (a path too,
 * in Node), a Response, bytes, or a module. Compiles while it downloads where
 * the server calls the file application/wasm. Every way that this can go wrong
 * is an error that names the address and says what is there instead. */
import { ERRNO, GossamerError, messageOf } from "./errors.js";
import { asBytes } from "./io/bytes.js";

/**
 * @typedef {string | URL | Response | ArrayBuffer | ArrayBufferView
 *   | WebAssembly.Module} ModuleSource
 *
 * @typedef {object} Opened
 * @property {WebAssembly.Module} module
 * @property {string | null} url where it came from, if anywhere
 * @property {string} [program] its own name; default: its file's
 */

const WASM_MIME = "application/wasm";
const MAGIC = [0x00, 0x61, 0x73, 0x6d];

/**
 * @param {string} what
 * @param {unknown} [cause]
 */
function notExecutable(what, cause) {
  return new GossamerError("ENOEXEC", what, { cause });
}

/**
 * What bytes that are no module are, in words; null when they look like one.
 * @param {Uint8Array} bytes
 */
function mistakenFor(bytes) {
  if (bytes.length === 0) return "is empty";
  if (MAGIC.every((byte, index) => bytes[index] === byte)) return null;
  const start = new TextDecoder().decode(bytes.subarray(0, 64)).trimStart();
  if (/^<(!doctype html|html|head|body|!--|\?xml)/i.test(start)) {
    return "is a web page, not WebAssembly: is the path right?";
  }
  if (bytes.length < MAGIC.length) {
    return "is truncated: too short for a module";
  }
  const hex = [...bytes.subarray(0, 4)]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join(" ");
  return `is not WebAssembly: it begins with the bytes ${hex}`;
}

/**
 * @param {unknown} error
 * @param {string} name
 */
function compileError(error, name) {
  const why = messageOf(error);
  if (/content security policy|\bCSP\b/i.test(why)) {
    const text =
      `${name} may not be compiled: the page's Content-Security-Policy needs ` +
      `script-src 'wasm-unsafe-eval': ${why}`;
    return new GossamerError("EACCES", text, { cause: error });
  }
  return notExecutable(
    `${name} is not a valid WebAssembly module; it may be truncated or ` +
      `damaged: ${why}`,
    error,
  );
}

/**
 * @param {Uint8Array} bytes
 * @param {string} name
 */
async function compileBytes(bytes, name) {
  const mistake = mistakenFor(bytes);
  if (mistake !== null) throw notExecutable(`${name} ${mistake}`);
  try {
    const source = /** @type {Uint8Array<ArrayBuffer>} */ (bytes);
    return await WebAssembly.compile(source);
  } catch (error) {
    throw compileError(error, name);
  }
}

/**
 * @param {string} name
 * @param {AbortSignal | undefined} signal
 * @param {unknown} error
 */
function transferError(name, signal, error) {
  if (signal?.aborted) return abortError(name, signal);
  const text = `${name} could not be loaded: ${messageOf(error)}`;
  return new GossamerError("EIO", text, { cause: error });
}

/**
 * @param {string} name
 * @param {AbortSignal} signal
 */
export function abortError(name, signal) {
  return new GossamerError("ECANCELED", `loading ${name} was aborted`, {
    cause: signal.reason,
  });
}

/**
 * @param {Response} response
 * @param {string} name
 * @param {AbortSignal | undefined} signal
 */
async function compileWhole(response, name, signal) {
  let bytes;
  try {
    bytes = new Uint8Array(await response.arrayBuffer());
  } catch (error) {
    throw transferError(name, signal, error);
  }
  return compileBytes(bytes, name);
}

/**
 * @param {Response} response
 * @param {string} name
 * @param {AbortSignal | undefined} signal
 */
async function compileResponse(response, name, signal) {
  if (!response.ok) {
    // Not read: let the connection go.
    await response.body?.cancel();
    throw new GossamerError(
      response.status === 404 ? "ENOENT" : "EIO",
      `${name} could not be loaded: the server answered ` +
        `${response.status} ${response.statusText}`.trim(),
    );
  }
  const type = response.headers.get("content-type")?.trim() ?? "";
  if (type.toLowerCase() !== WASM_MIME) {
    const module = await compileWhole(response, name, signal);
    console.warn(
      `gossamer: ${name} has the content type "${type}"; it starts faster as ` +
        `${WASM_MIME}`,
    );
    return module;
  }
  if (typeof WebAssembly.compileStreaming !== "function") {
    return compileWhole(response, name, signal);
  }
  try {
    return await WebAssembly.compileStreaming(response);
  } catch (error) {
    if (!(error instanceof WebAssembly.CompileError)) {
      throw transferError(name, signal, error);
    }
    throw compileError(error, name);
  }
}

/**
 * A stream that did not compile is gone: look at the file once more, to say
 * what it is instead.
 * @param {string} url
 * @param {AbortSignal | undefined} signal
 */
async function compileUrl(url, signal) {
  const init = { signal, credentials: /** @type {const} */ ("same-origin") };
  let response;
  try {
    response = await fetch(url, init);
  } catch (error) {
    throw transferError(url, signal, error);
  }
  try {
    return await compileResponse(response, url, signal);
  } catch (error) {
    const { cause } = /** @type {GossamerError} */ (error);
    if (!(cause instanceof WebAssembly.CompileError)) throw error;
    const again = await fetch(url, init).catch(() => null);
    const bytes = await again?.arrayBuffer().catch(() => null);
    const mistake = bytes && mistakenFor(new Uint8Array(bytes));
    throw mistake ? notExecutable(`${url} ${mistake}`, cause) : error;
  }
}

/** Whether paths and file: addresses can be read here. */
function hasFiles() {
  const { process } = globalThis;
  return typeof process === "object" && Boolean(process.versions?.node);
}

/**
 * @param {string | URL} path
 * @param {AbortSignal | undefined} signal
 * @returns {Promise<Opened>}
 */
async function openFile(path, signal) {
  // Through variables, so that bundlers for the browser leave them alone.
  const [fsName, urlName] = ["node:fs/promises", "node:url"];
  const { readFile } = await import(
    /* webpackIgnore: true */ /* @vite-ignore */ fsName
  );
  const { pathToFileURL } = await import(
    /* webpackIgnore: true */ /* @vite-ignore */ urlName
  );
  const url = typeof path === "string" ? pathToFileURL(path).href : path.href;
  const name = typeof path === "string" ? path : url;
  let bytes;
  try {
    bytes = await readFile(path, { signal });
  } catch (error) {
    if (signal?.aborted) throw abortError(name, signal);
    const { code = "" } = /** @type {{ code?: string }} */ (error);
    const text = `${name} could not be read: ${messageOf(error)}`;
    // Node has codes of its own for paths that cannot be.
    const known = Object.hasOwn(ERRNO, code) ? code : "EINVAL";
    throw new GossamerError(known, text, { cause: error });
  }
  return { module: await compileBytes(bytes, name), url };
}

/**
 * @param {string | URL} address
 * @param {AbortSignal | undefined} signal
 * @returns {Promise<Opened>}
 */
async function openAddress(address, signal) {
  const base =
    typeof document === "undefined"
      ? globalThis.location?.href
      : document.baseURI;
  const text = String(address);
  if (hasFiles() && base === undefined) {
    const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(text)?.[1]?.toLowerCase();
    if (scheme === undefined) return openFile(text, signal);
    if (scheme === "file") return openFile(new URL(text), signal);
  }
  let url;
  try {
    url = new URL(text, base).href;
  } catch {
    throw new GossamerError("EINVAL", `not a URL: "${text}"`);
  }
  return { module: await compileUrl(url, signal), url };
}

/**
 * @param {ModuleSource | PromiseLike<ModuleSource>} given
 * @param {AbortSignal} [signal]
 * @returns {Promise<Opened>}
 */
export async function openModule(given, signal) {
  const source = await given;
  if (signal?.aborted) throw abortError("the program", signal);
  if (typeof source === "string" || source instanceof URL) {
    return openAddress(source, signal);
  }
  if (source instanceof WebAssembly.Module) {
    return { module: source, url: null };
  }
  if (typeof Response !== "undefined" && source instanceof Response) {
    const name = source.url || "the response";
    if (source.bodyUsed) {
      throw new GossamerError("EINVAL", `${name} has been read already`);
    }
    const module = await compileResponse(source, name, signal);
    return { module, url: source.url || null };
  }
  const bytes = asBytes(source);
  if (bytes === null) {
    throw new GossamerError(
      "EINVAL",
      "load() takes a URL, a Response, bytes or a WebAssembly.Module",
    );
  }
  return { module: await compileBytes(bytes, "the data given"), url: null };
}
