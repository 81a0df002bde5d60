/* How src/host/host.h lays out a request in memory, and what its numbers mean:
 * from struct gs__http_start to a request, from a head to struct gs__http_head. */
import { GossamerError } from "../errors.js";
import { encodeText, u32 } from "../memory.js";

/**
 * @typedef {import("../memory.js").Memory} Memory
 * @typedef {import("../http/exchange.js").Head} Head
 * @typedef {import("../http/exchange.js").HttpRequest} HttpRequest
 */

const START = Object.freeze({
  URL: 0,
  METHOD: 8,
  HEADERS: 16,
  HEADER_COUNT: 20,
  BODY: 24,
  OPTIONS: 32,
  REFERRER: 36,
  INTEGRITY: 44,
  MAX_REDIRECTS: 52,
  UPLOAD_LIMIT: 56,
  INTEGRITY_LIMIT: 60,
  HEAD: 64,
  HANDLE: 68,
  BYTES: 72,
});
const HEAD_BYTES = 16;
const HEADER_BYTES = 8;

/** Bits of `options`: where each begins, and what its numbers are. */
const REDIRECTS = /** @type {const} */ (["follow", "error", "manual"]);
const CREDENTIALS = /** @type {const} */ (["same-origin", "omit", "include"]);
const CACHES = /** @type {const} */ ([
  "default",
  "no-store",
  "reload",
  "no-cache",
  "force-cache",
  "only-if-cached",
]);
const MODES = /** @type {const} */ (["cors", "same-origin", "no-cors"]);
const PRIORITIES = /** @type {const} */ (["auto", "high", "low"]);
const REFERRER_POLICIES = /** @type {const} */ ([
  "",
  "no-referrer",
  "no-referrer-when-downgrade",
  "origin",
  "origin-when-cross-origin",
  "same-origin",
  "strict-origin",
  "strict-origin-when-cross-origin",
  "unsafe-url",
]);
const UPLOADS = /** @type {const} */ (["auto", "stream", "buffer"]);
const KEEPALIVE = 1 << 15;
const BODIES = /** @type {const} */ ([null, "bytes", "sent"]);

/** struct gs__http_head's flags: GS_HTTP_REDIRECTED and so on. */
const FLAG = Object.freeze({
  REDIRECTED: 1,
  OPAQUE: 2,
  OPAQUE_REDIRECT: 4,
  STREAMED_UP: 8,
});

/**
 * @template T
 * @param {readonly T[]} names
 * @param {number} options
 * @param {number} shift
 * @param {number} bits
 * @returns {T}
 */
function choice(names, options, shift, bits) {
  const name = names[(options >>> shift) & ((1 << bits) - 1)];
  if (name === undefined) throw new GossamerError("EINVAL", "unknown option");
  return name;
}

/**
 * @param {Memory} memory
 * @param {number} pointer to struct gs__http_start
 * @returns {{ request: HttpRequest, head: number } | null} null: something lies
 *   outside of memory
 * @throws {GossamerError} EINVAL: a number that means nothing
 */
export function readStart(memory, pointer) {
  const at = u32(pointer);
  if (!memory.contains(at, START.BYTES)) return null;
  const { view } = memory;
  const word = (/** @type {number} */ offset) =>
    view.getUint32(at + offset, true);
  const text = (/** @type {number} */ offset) => {
    const size = word(offset + 4);
    return size === 0 ? "" : memory.text(word(offset), size);
  };
  const url = text(START.URL);
  const method = text(START.METHOD);
  const referrer = text(START.REFERRER);
  const integrity = text(START.INTEGRITY);
  const headers = readHeaders(
    memory,
    word(START.HEADERS),
    word(START.HEADER_COUNT),
  );
  const bytes = memory.slice(word(START.BODY), word(START.BODY + 4));
  const head = word(START.HEAD);
  if (
    url === null ||
    method === null ||
    referrer === null ||
    integrity === null ||
    headers === null ||
    bytes === null ||
    !memory.contains(head, HEAD_BYTES)
  ) {
    return null;
  }
  const options = word(START.OPTIONS);
  const body = choice(BODIES, options, 16, 2);
  return {
    head,
    request: {
      url,
      method,
      headers: headers.length > 0 ? headers : undefined,
      body: body === "bytes" ? bytes.slice() : body,
      upload: choice(UPLOADS, options, 18, 2),
      uploadLimitBytes: word(START.UPLOAD_LIMIT),
      redirect: choice(REDIRECTS, options, 0, 2),
      maxRedirects: word(START.MAX_REDIRECTS),
      credentials: choice(CREDENTIALS, options, 2, 2),
      cache: choice(CACHES, options, 4, 3),
      mode: choice(MODES, options, 7, 2),
      priority: choice(PRIORITIES, options, 9, 2),
      referrer: word(START.REFERRER) === 0 ? undefined : referrer,
      referrerPolicy: choice(REFERRER_POLICIES, options, 11, 4),
      integrity,
      integrityLimitBytes: word(START.INTEGRITY_LIMIT),
      keepalive: (options & KEEPALIVE) !== 0,
    },
  };
}

/**
 * A header's value as fetch wants it, a character a byte, so that what is not
 * ASCII goes out as UTF-8.
 * @param {string} text
 */
function byteString(text) {
  const bytes = encodeText(text);
  return bytes.length === text.length
    ? text
    : Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}

/**
 * @param {Memory} memory
 * @param {number} pointer to an array of struct gs_http_field
 * @param {number} count
 * @returns {[string, string][] | null}
 */
function readHeaders(memory, pointer, count) {
  if (!memory.contains(pointer, count * HEADER_BYTES)) return null;
  /** @type {[string, string][]} */
  const headers = [];
  for (let i = 0; i < count; i++) {
    const at = pointer + i * HEADER_BYTES;
    const name = memory.cString(memory.view.getUint32(at, true));
    const value = memory.cString(memory.view.getUint32(at + 4, true));
    if (name === null || value === null) return null;
    headers.push([name, byteString(value)]);
  }
  return headers;
}

/**
 * @param {Memory} memory
 * @param {number} pointer to struct gs__http_start, read before
 * @param {number} handle
 */
export function writeHandle(memory, pointer, handle) {
  memory.putU32(u32(pointer) + START.HANDLE, handle);
}

/**
 * @param {Memory} memory
 * @param {number} at where struct gs__http_head is
 * @param {Head} head
 */
export function writeHead(memory, at, head) {
  const { view } = memory;
  view.setUint32(at, head.status, true);
  view.setUint32(
    at + 4,
    (head.redirected ? FLAG.REDIRECTED : 0) |
      (head.opaque ? FLAG.OPAQUE : 0) |
      (head.opaqueRedirect ? FLAG.OPAQUE_REDIRECT : 0) |
      (head.streamedUp ? FLAG.STREAMED_UP : 0),
    true,
  );
  view.setFloat64(at + 8, head.lengthBytes, true);
}
