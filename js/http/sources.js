/* What a program may fetch: a list of sources as in a content security policy.
 * 'self', `https:` (a scheme), `https://host`, `https://*.host`, with a port
 * (`:*` for any) and a path: one that ends in / allows all below it, another
 * only itself. `*` is everything over HTTP and WebSocket. `GET,HEAD=` before
 * a source: these methods alone. Nothing listed: nothing allowed. A list that
 * cannot be understood is refused, not guessed at. */
import { GossamerError } from "../errors.js";

/**
 * Whether a request may be made. Opening a WebSocket is a GET.
 * @typedef {(url: URL, method?: string) => boolean} Rule
 */

const HOST_SOURCE =
  /^(https?|wss?):\/\/(\*|(?:\*\.)?[^*/:?#@\\\s]+|\[[0-9a-f:.]+\])(?::(\d+|\*))?(\/[^?#]*)?$/i;
const NETWORK = /^(https?|wss?):$/;
/** Takes the place of a * that the URL parser would refuse. */
const STAND_IN = "any";
const METHODS = /^([A-Za-z]+(?:,[A-Za-z]+)*)=(.*)$/;
const SCHEME_SOURCE = /^[a-z][a-z0-9+.-]*:$/i;

/**
 * @param {string} source
 * @param {string} why
 */
function bad(source, why) {
  return new GossamerError("EINVAL", `fetch source "${source}": ${why}`);
}

/**
 * Whether a path climbs out of itself once a server has decoded it: some do so
 * twice, and some drop what follows a semicolon.
 * @param {string} path
 */
function climbs(path) {
  return path
    .replace(/%(25)+/g, "%")
    .replace(/%2f|%5c|%3b|;/gi, "/")
    .replace(/%2e/gi, ".")
    .split("/")
    .includes("..");
}

/**
 * @param {string | undefined} path
 * @returns {(pathname: string) => boolean}
 */
function pathRule(path) {
  if (path === undefined || path === "/") return () => true;
  if (!path.endsWith("/")) return (pathname) => pathname === path;
  return (pathname) => pathname.startsWith(path) && !climbs(pathname);
}

/**
 * @param {string} source
 * @param {RegExpExecArray} match
 * @returns {Rule}
 */
function hostRule(source, match) {
  const [, scheme = "", host = "", port = "", path] = match;
  const protocol = `${scheme.toLowerCase()}:`;
  const wild = host.startsWith("*");
  // The URL parser knows how hosts, default ports and paths are written.
  const plainHost = wild ? `${STAND_IN}${host.slice(1)}` : host;
  const plainPort = port === "" || port === "*" ? "" : `:${port}`;
  let plain;
  try {
    plain = new URL(`${protocol}//${plainHost}${plainPort}${path ?? "/"}`);
  } catch {
    throw bad(source, "not an address");
  }
  const pathMatches = pathRule(path === undefined ? path : plain.pathname);
  const suffix = plain.hostname.slice(STAND_IN.length);
  const hostMatches = wild
    ? (/** @type {string} */ name) => name.endsWith(suffix)
    : (/** @type {string} */ name) => name === plain.hostname;
  return (url) =>
    url.protocol === protocol &&
    hostMatches(url.hostname) &&
    (port === "*" || url.port === plain.port) &&
    pathMatches(url.pathname);
}

/**
 * @param {string} source
 * @param {string | null} selfOrigin
 * @returns {Rule}
 */
function parseSource(source, selfOrigin) {
  const limited = METHODS.exec(source);
  if (limited !== null) {
    const [, names = "", plain = ""] = limited;
    const methods = names.toUpperCase().split(",");
    const rule = parseSource(plain, selfOrigin);
    return (url, method = "GET") => methods.includes(method) && rule(url);
  }
  if (source === "*") return (url) => NETWORK.test(url.protocol);
  if (source === "'self'") {
    if (selfOrigin === null) {
      throw bad(source, "there is no page with an origin");
    }
    // A blob: address has the origin of the page which made it. A WebSocket's
    // scheme is the page's own, by another name.
    return (url) =>
      url.origin === selfOrigin
        ? url.protocol !== "blob:"
        : url.protocol.startsWith("ws") &&
          url.origin.replace("ws", "http") === selfOrigin;
  }
  if (source === "'none'") return () => false;
  if (SCHEME_SOURCE.test(source)) {
    return (url) => url.protocol === source.toLowerCase();
  }
  const match = HOST_SOURCE.exec(source);
  if (match !== null) return hostRule(source, match);
  if (source === "self" || source === "none") {
    throw bad(source, `write it in single quotes: '${source}'`);
  }
  throw bad(
    source,
    "expected 'self', *, a scheme such as https:, or an address such as " +
      "https://api.example.com, https://*.example.com or https://host/path/",
  );
}

/**
 * @param {readonly string[]} sources
 * @param {string | null} selfOrigin what 'self' means; null: it has no meaning
 * @returns {Rule}
 */
export function parseSources(sources, selfOrigin) {
  const rules = sources.map((source) => parseSource(source, selfOrigin));
  return (url, method = "GET") => rules.some((rule) => rule(url, method));
}
