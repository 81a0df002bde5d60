/* How src/host/host.h lays out a request in memory, and what its numbers mean:
 * from struct gs__http_start to a request, from a head to struct gs__http_head. */
import { GossamerError } from "../errors.js";
import { encodeText, u32 } from "../memory.js";

/**
 * @typedef {import("../memory.js").Memory} Memory
 * @typedef {import("../http/exchange.js").Head} Head
 * @typedef {import("../http/exchange.js").HttpRequest} HttpRequest
 */

/* Where the members of struct gs__http_start are, and its size. */
const AT_URL = 0;
const AT_METHOD = 8;
const AT_HEADERS = 16;
const AT_HEADER_COUNT = 20;
const AT_BODY = 24;
const AT_OPTIONS = 32;
const AT_REFERRER = 36;
const AT_INTEGRITY = 44;
const AT_MAX_REDIRECTS = 52;
const AT_UPLOAD_LIMIT = 56;
const AT_INTEGRITY_LIMIT = 60;
const AT_HEAD = 64;
const AT_HANDLE = 68;
const START_BYTES = 72;
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

/* struct gs__http_head's flags: GS_HTTP_REDIRECTED and so on. */
const REDIRECTED = 1;
const OPAQUE = 2;
const OPAQUE_REDIRECT = 4;
const STREAMED_UP = 8;

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
  if (!memory.contains(at, START_BYTES)) return null;
  const { view } = memory;
  const word = (/** @type {number} */ offset) =>
    view.getUint32(at + offset, true);
  const text = (/** @type {number} */ offset) => {
    const size = word(offset + 4);
    return size === 0 ? "" : memory.text(word(offset), size);
  };
  const url = text(AT_URL);
  const method = text(AT_METHOD);
  const referrer = text(AT_REFERRER);
  const integrity = text(AT_INTEGRITY);
  const headers = readHeaders(memory, word(AT_HEADERS), word(AT_HEADER_COUNT));
  const bytes = memory.slice(word(AT_BODY), word(AT_BODY + 4));
  const head = word(AT_HEAD);
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
  const options = word(AT_OPTIONS);
  const body = choice(BODIES, options, 16, 2);
  return {
    head,
    request: {
      url,
      method,
      headers: headers.length > 0 ? headers : undefined,
      body: body === "bytes" ? bytes.slice() : body,
      upload: choice(UPLOADS, options, 18, 2),
      uploadLimitBytes: word(AT_UPLOAD_LIMIT),
      redirect: choice(REDIRECTS, options, 0, 2),
      maxRedirects: word(AT_MAX_REDIRECTS),
      credentials: choice(CREDENTIALS, options, 2, 2),
      cache: choice(CACHES, options, 4, 3),
      mode: choice(MODES, options, 7, 2),
      priority: choice(PRIORITIES, options, 9, 2),
      referrer: word(AT_REFERRER) === 0 ? undefined : referrer,
      referrerPolicy: choice(REFERRER_POLICIES, options, 11, 4),
      integrity,
      integrityLimitBytes: word(AT_INTEGRITY_LIMIT),
      keepalive: (options & KEEPALIVE) !== 0,
    },
  };
}

// Headers are bytes, and to fetch each is a character; C has text in UTF-8.
const FOREIGN = /[^\0-\x7f]/;

/** @param {string} text */
const toHeader = (text) =>
  FOREIGN.test(text)
    ? Array.from(encodeText(text), (byte) => String.fromCharCode(byte)).join("")
    : text;

/** @param {string} value */
export const fromHeader = (value) =>
  FOREIGN.test(value)
    ? new TextDecoder().decode(
        Uint8Array.from(value, (character) => character.charCodeAt(0)),
      )
    : value;

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
    headers.push([name, toHeader(value)]);
  }
  return headers;
}

/**
 * @param {Memory} memory
 * @param {number} pointer to struct gs__http_start, read before
 * @param {number} handle
 */
export function writeHandle(memory, pointer, handle) {
  memory.putU32(u32(pointer) + AT_HANDLE, handle);
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
    (head.redirected ? REDIRECTED : 0) |
      (head.opaque ? OPAQUE : 0) |
      (head.opaqueRedirect ? OPAQUE_REDIRECT : 0) |
      (head.streamedUp ? STREAMED_UP : 0),
    true,
  );
  view.setFloat64(at + 8, head.lengthBytes, true);
}
