/* The server behind an http volume: what is asked of it, what it may be asked,
 * and what its answers say of a file. Errors are told by number; what the
 * program cannot see of them is reported, once. */
import { ERRNO, GossamerError, messageOf } from "../errors.js";
import { createPolicy, refusal } from "../http/policy.js";
import { MAX_REDIRECTS, followByHand, isPage } from "../http/redirect.js";

/**
 * What an answer says of the file.
 * @typedef {object} Facts
 * @property {number} sizeBytes of the whole file, -1: not said
 * @property {bigint} mtimeNs 0: not said
 * @property {string} validator the same while the file is; "": not said
 *
 * @typedef {object} Answer
 * @property {Response} response its status is 200, or 206 if a part was asked
 * @property {Facts} facts
 * @property {boolean} directory whether it was sent on to the name with a slash
 *
 * @typedef {object} Asking
 * @property {"GET" | "HEAD"} [method]
 * @property {number} [from] the first byte that is wanted; without: everything
 * @property {number} [end] the one after the last; Infinity: all
 * @property {string} [validator] of the file that is meant
 * @property {boolean} [orDirectory] whether it will do to be sent on to the
 *   name with a slash, whatever is there
 * @property {AbortSignal} signal
 *
 * @typedef {object} SourceOptions
 * @property {readonly string[]} [sources] what may be fetched, as for `fetch`
 *   of load(); by itself the base address's own directory
 * @property {HeadersInit} [headers] sent with every request
 * @property {RequestCredentials} [credentials] fetch's
 * @property {RequestCache} [fetchCache] fetch's `cache`
 * @property {boolean} [keepQuery] the base address's query is that of every
 *   file's address, too
 * @property {(text: string) => void} [report] told, once each, why a file could
 *   not be had
 */

/** What is told about; the list must not grow for ever. */
const MAX_TOLD = 100;
/** Statuses of servers that know GET only; some of them say 403. */
const NO_HEAD = new Set([400, 403, 405, 501]);
/** The names servers add to a validator for what they compressed. */
const ENCODING_SUFFIX = /[-;:]+(?:gzip|br|zstd|deflate|df)$/;
const CONTENT_RANGE = /^bytes (\d+)-(\d+)\/(\d+|\*)$/;
const NS_PER_MS = 1_000_000n;

/** @param {number} status */
function errnoOfStatus(status) {
  if (status === 404 || status === 410) return ERRNO.ENOENT;
  if (status === 401 || status === 403 || status === 407) return ERRNO.EACCES;
  return status === 416 ? ERRNO.ESTALE : ERRNO.EIO;
}

/** Nobody wants the body. @param {Response} response */
export function drop(response) {
  response.body?.cancel().catch(() => {});
}

/**
 * The part of a file that an answer has.
 * @param {Response} response of status 206
 * @returns {{ from: number, end: number, sizeBytes: number } | null} sizeBytes
 *   -1: not said; null: no part is named, or the page may not see which
 */
export function partOf(response) {
  const match = CONTENT_RANGE.exec(response.headers.get("Content-Range") ?? "");
  if (match === null) return null;
  const [, first = "", last = "", total = ""] = match;
  const sizeBytes = total === "*" ? -1 : Number(total);
  return { from: Number(first), end: Number(last) + 1, sizeBytes };
}

/** @param {Response} response */
export function lengthOf(response) {
  const text = response.headers.get("Content-Length") ?? "";
  const encoding = response.headers.get("Content-Encoding") ?? "identity";
  // What is unpacked on its way is longer than the length says.
  return /^\d+$/.test(text) && encoding === "identity" ? Number(text) : -1;
}

/**
 * @param {Response} response
 * @param {number | undefined} from
 * @returns {Facts}
 */
function factsOf(response, from) {
  const { headers, status } = response;
  const tag = (headers.get("ETag") ?? "").replace(/^W\//, "");
  const modified = headers.get("Last-Modified") ?? "";
  const modifiedMs = Date.parse(modified);
  const plainTag = tag.replace(/^"|"$/g, "").replace(ENCODING_SUFFIX, "");
  let sizeBytes = -1;
  if (status === 206) {
    const part = partOf(response);
    if (part !== null) ({ sizeBytes } = part);
    // To all that follows 0 there is as much as there is of the file.
    else if (from === 0) sizeBytes = lengthOf(response);
  } else if (from !== undefined || response.type !== "cors") {
    // A page is not told that a foreign answer is compressed. One to a request
    // for a part is not: fetch asks for that.
    sizeBytes = lengthOf(response);
  }
  return {
    sizeBytes,
    mtimeNs: modifiedMs > 0 ? BigInt(modifiedMs) * NS_PER_MS : 0n,
    validator: plainTag !== "" ? `tag ${plainTag}` : modified,
  };
}

/**
 * @param {string | URL} address
 * @returns {URL} that of the directory
 */
function parseBase(address) {
  const page = globalThis.document?.baseURI ?? globalThis.location?.href;
  let url;
  try {
    url = new URL(address, page);
  } catch {
    throw new GossamerError("EINVAL", `not a URL: "${address}"`);
  }
  if (!/^https?:$/.test(url.protocol)) {
    throw new GossamerError("EINVAL", `no web server: "${address}"`);
  }
  if (url.username !== "" || url.password !== "") {
    throw new GossamerError(
      "EINVAL",
      "a URL with a password: say it by `headers` or `credentials`",
    );
  }
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url;
}

export class Source {
  #base;
  #options;
  #policy;
  #origin = globalThis.location?.origin ?? null;
  /** @type {Set<string>} */
  #told = new Set();
  #report;

  /**
   * @param {string | URL} baseUrl
   * @param {SourceOptions} options
   */
  constructor(baseUrl, options) {
    this.#base = parseBase(baseUrl);
    const { sources, report = (text) => console.warn(text) } = options;
    const own = `${this.#base.origin}${this.#base.pathname}`;
    this.#policy = createPolicy(sources ?? [own], {
      selfOrigin: this.#origin,
      baseUrl: null,
      advice: (source) => `${source} is not in \`sources\``,
    });
    this.#options = options;
    this.#report = report;
  }

  /** The base address, which ends in a slash. */
  get href() {
    return `${this.#base.origin}${this.#base.pathname}`;
  }

  /**
   * @param {string} text that says what is wrong
   * @param {number} errno
   * @returns {number} -errno
   */
  fail(text, errno) {
    if (!this.#told.has(text) && this.#told.size < MAX_TOLD) {
      this.#told.add(text);
      this.#report(text);
    }
    return -errno;
  }

  /**
   * @param {string} path names with slashes between them
   * @returns {URL | null} null when no address can say it
   */
  urlOf(path) {
    try {
      const encoded = path.split("/").map(encodeURIComponent).join("/");
      const url = new URL(this.href + encoded);
      if (this.#options.keepQuery === true) url.search = this.#base.search;
      return url;
    } catch {
      return null; // half a surrogate pair
    }
  }

  /**
   * @param {URL} url
   * @param {Asking} asking
   * @returns {Promise<Answer | number>} a negative errno, ENOTSUP for a HEAD
   *   that the server does not answer; never rejected
   */
  async ask(url, asking) {
    const { method = "GET", from, end = Infinity, validator, signal } = asking;
    if (!this.#policy.allows(url, method)) {
      const text = refusal(this.#policy, url, method, url.href).message;
      return this.fail(text, ERRNO.EACCES);
    }
    const { headers: given, credentials, fetchCache } = this.#options;
    let response;
    try {
      const headers = new Headers(given);
      if (from !== undefined) {
        const last = end === Infinity ? "" : String(end - 1);
        headers.set("Range", `bytes=${from}-${last}`);
        // Foreign servers would be asked first whether they allow it.
        const condition = this.#conditionOf(url, validator);
        if (condition !== null) headers.set("If-Range", condition);
      }
      response = await this.#fetch(url, {
        method,
        headers,
        signal,
        ...(credentials === undefined ? {} : { credentials }),
        ...(fetchCache === undefined ? {} : { cache: fetchCache }),
      });
    } catch (error) {
      if (signal.aborted) return -ERRNO.ECANCELED;
      if (error instanceof GossamerError && error.code === "EACCES") {
        return this.#refuseElsewhere(url);
      }
      const text = `fetch of ${url.href} failed: ${messageOf(error)}`;
      return this.fail(text, ERRNO.EIO);
    }
    return this.#accept(url, response, asking);
  }

  /**
   * Where the host shows redirects, each address is asked for first.
   * @param {URL} url
   * @param {RequestInit} init
   * @returns {Promise<Response>}
   */
  async #fetch(url, init) {
    const policy = this.#policy;
    if (isPage()) {
      const redirect = policy.refuseRedirects ? "error" : "follow";
      return fetch(url, { ...init, redirect });
    }
    const manual = /** @type {RequestInit} */ ({ ...init, redirect: "manual" });
    const arrival = await followByHand(policy, url, manual, MAX_REDIRECTS);
    return arrival.response;
  }

  /**
   * @param {URL} url
   * @param {Response} response
   * @param {Asking} asking
   */
  #accept(url, response, { method, from, orDirectory = false }) {
    const arrived = new URL(response.url || url.href);
    if (!this.#policy.allows(arrived, method)) {
      drop(response);
      return this.#refuseElsewhere(url);
    }
    const directory = arrived.pathname === `${url.pathname}/`;
    const { status } = response;
    const good = status === 200 || (status === 206 && from !== undefined);
    const head = method === "HEAD";
    if (good || (orDirectory && directory)) {
      return { response, facts: factsOf(response, from), directory };
    }
    drop(response);
    if (head && NO_HEAD.has(status)) return -ERRNO.ENOTSUP;
    if (status === 416 && from === 0) {
      // Nothing follows the beginning of an empty file.
      const empty = response.headers.get("Content-Range") === "bytes */0";
      const { mtimeNs, validator } = factsOf(response, from);
      const facts = { sizeBytes: 0, mtimeNs, validator };
      if (empty) return { response, facts, directory };
    }
    const errno = errnoOfStatus(status);
    if (errno === ERRNO.ENOENT) return -errno;
    const words = `${status} ${response.statusText}`.trim();
    return this.fail(`${url.href}: the server answered ${words}`, errno);
  }

  /**
   * Where a redirect leads is not the program's to know.
   * @param {URL} url that was asked for
   */
  #refuseElsewhere(url) {
    const what = `${url.href}, redirected elsewhere, refused`;
    const text = `fetch of ${what}: where to is not in \`sources\``;
    return this.fail(text, ERRNO.EACCES);
  }

  /**
   * @param {URL} url
   * @param {string | undefined} validator
   */
  #conditionOf(url, validator) {
    if (!validator?.startsWith("tag ")) return null;
    if (this.#origin !== null && url.origin !== this.#origin) return null;
    return `"${validator.slice(4)}"`;
  }
}
