/* What a program may fetch, for all that fetches: requests, events, WebSockets,
 * volumes on a web server. Made of the option `fetch`, the attribute data-fetch
 * or a list of one's own, which is read by sources.js; asked before a request
 * is made, and of where a redirect leads. */
import { GossamerError } from "../errors.js";
import { parseSources } from "./sources.js";

/**
 * What a page says.
 * @typedef {string | readonly string[] | {
 *   allow: string | readonly string[],
 *   perOrigin?: number,
 * }} FetchOption sources as in a content security policy, and the keyword
 *   'refuse-redirects'; perOrigin: how many requests to one origin may be under
 *   way, by itself any number
 *
 * Where the program runs.
 * @typedef {object} Place
 * @property {string | null} selfOrigin what 'self' means; null: nothing
 * @property {string | null} baseUrl what relative addresses are relative to
 * @property {(source: string) => string} advice how to allow a source, in words
 *
 * @typedef {object} Policy
 * @property {import("./sources.js").Rule} allows
 * @property {string | null} baseUrl
 * @property {(source: string) => string} advice
 * @property {boolean} [refuseRedirects] those that cannot be looked at before
 *   they are followed
 * @property {boolean} [confined] whether of HTTP nothing but the page's own
 *   origin is allowed, at whatever path
 * @property {boolean} [universal] whether all of HTTP is allowed
 * @property {string | null} [selfOrigin]
 * @property {number} [perOrigin]
 */

/** Sources of HTTP, with or without methods before them. */
const OVER_HTTP = /^(?:[a-z,]+=)?(?:\*$|https?:)/i;
/** What means the same whatever it might be relative to. */
const ABSOLUTE = /^(?:https?|wss?):\/\//;
/** Methods that fetch writes in upper case. */
const KNOWN_METHOD = /^(?:delete|get|head|options|post|put)$/i;

const REFUSE_REDIRECTS = "'refuse-redirects'";

/** @param {string} text */
const invalid = (text) => new GossamerError("EINVAL", `option fetch: ${text}`);

/** @param {unknown} list */
function readList(list) {
  const words = typeof list === "string" ? list.split(/\s+/) : list;
  if (!Array.isArray(words) || !words.every((one) => typeof one === "string")) {
    throw invalid("expected a string or array of sources, or { allow: [...] }");
  }
  return /** @type {string[]} */ (words.filter(Boolean));
}

/** @param {unknown} count */
function readPerOrigin(count) {
  if (count === undefined) return Infinity;
  if (typeof count === "number" && count >= 1) return Math.floor(count);
  throw invalid("perOrigin: expected a number from 1");
}

/**
 * @param {unknown} option FetchOption; null, undefined: nothing is allowed
 * @param {Place} place
 * @returns {Policy}
 * @throws {GossamerError} EINVAL: it cannot be understood
 */
export function createPolicy(option, { selfOrigin, baseUrl, advice }) {
  const given = option ?? [];
  const { allow, perOrigin } =
    typeof given === "object" && "allow" in given
      ? /** @type {{ allow: unknown, perOrigin?: unknown }} */ (given)
      : { allow: given, perOrigin: undefined };
  const list = readList(allow);
  const sources = list.filter((source) => source !== REFUSE_REDIRECTS);
  const has = (/** @type {string} */ source) => sources.includes(source);
  return {
    allows: parseSources(sources, selfOrigin),
    baseUrl,
    selfOrigin,
    advice: (source) => advice(source === selfOrigin ? "'self'" : source),
    refuseRedirects: sources.length < list.length,
    confined: !sources.some(
      (source) => OVER_HTTP.test(source) && source !== selfOrigin,
    ),
    universal: has("*") || (has("https:") && has("http:")),
    perOrigin: readPerOrigin(perOrigin),
  };
}

/**
 * A method as fetch sends it: some names it writes in upper case.
 * @param {{ method?: string, body?: unknown }} request
 */
export function methodOf({ method, body }) {
  if (!method) return body == null ? "GET" : "POST";
  return KNOWN_METHOD.test(method) ? method.toUpperCase() : method;
}

/**
 * An address as a request may have it.
 * @param {string | URL} text
 * @param {Pick<Policy, "baseUrl">} policy
 * @returns {URL}
 * @throws {GossamerError} EINVAL
 */
export function parseAddress(text, { baseUrl }) {
  let url;
  try {
    // Engines parse the base anew each time.
    url =
      baseUrl === null || (typeof text === "string" && ABSOLUTE.test(text))
        ? new URL(text)
        : new URL(text, baseUrl);
  } catch {
    throw new GossamerError("EINVAL", `not a URL: "${text}"`);
  }
  if (url.username !== "" || url.password !== "") {
    throw new GossamerError("EINVAL", `a URL with a password: "${text}"`);
  }
  return url;
}

/**
 * Why a request is refused, and how the page allows it.
 * @param {Policy} policy
 * @param {URL} url what is not allowed
 * @param {string} method
 * @param {string} what was asked for, in words: behind a redirect only the
 *   origin is the program's to know
 * @returns {GossamerError} EACCES
 */
export function refusal(policy, url, method, what) {
  const source = url.origin === "null" ? url.protocol : url.origin;
  const other = method !== "GET" && policy.allows(url, "GET");
  const advice = policy.advice(source);
  const text = other
    ? `${advice}, for ${method} too: ${method}=${source}`
    : advice;
  return new GossamerError("EACCES", `fetch of ${what} refused: ${text}`);
}
