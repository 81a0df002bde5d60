/* Redirects under a policy. Where a host shows them (Node) they are followed by
 * hand, and each address is asked of the policy before it is fetched. Browsers
 * hide them: what a request may do there is decided before it is made, so that
 * nothing which matters goes where no rule has allowed it to. */
import { GossamerError } from "../errors.js";
import { refusal } from "./policy.js";

/**
 * @typedef {import("./policy.js").Policy} Policy
 *
 * What fetch is told.
 * @typedef {object} Plan
 * @property {RequestRedirect} redirect
 * @property {RequestMode} mode
 * @property {number} [byHand] followByHand(), at most that many
 *
 * @typedef {object} Arrival
 * @property {Response} response
 * @property {URL} url where it came from
 * @property {boolean} redirected
 */

const REDIRECTS = new Set([301, 302, 303, 307, 308]);
export const MAX_REDIRECTS = 20;
const FOREIGN = "another origin, with mode same-origin";
/** Headers that foreign servers may be sent by anyone; the Fetch standard drops
 * Authorization itself. */
const COMMON =
  /^(?:accept|accept-language|content-language|content-type|range|authorization)$/i;
/** What is one origin's alone. */
const SECRET = /^(?:authorization|cookie|proxy-authorization)$/;

/** A page or a worker of one: they alone have an origin that fetch knows. */
// `"document" in globalThis` takes Chromium 15 us: windows have names of frames.
export const isPage = () =>
  typeof document !== "undefined" || "WorkerGlobalScope" in globalThis;

/**
 * @param {Policy} policy
 * @param {URL} url that it allows for the method
 * @param {string} method
 * @param {import("./exchange.js").HttpRequest} request
 * @returns {Plan}
 * @throws {GossamerError} EACCES, EIO: what cannot be done at all
 */
export function planRedirects(policy, url, method, request) {
  const { redirect = "follow", mode = "cors", maxRedirects } = request;
  const own = url.origin === policy.selfOrigin;
  if (!isPage()) {
    if (redirect === "manual") return { redirect, mode };
    if (mode === "same-origin" && !own) throw broken(url, FOREIGN);
    const byHand = redirect === "error" ? 0 : (maxRedirects ?? MAX_REDIRECTS);
    return { redirect: "manual", mode, byHand };
  }
  if (redirect !== "follow") return { redirect, mode };
  if (!policy.refuseRedirects) {
    if (policy.universal) return { redirect, mode };
    const allowed = method === "GET" || policy.allows(url, "GET");
    if (policy.confined && own && allowed) {
      return { redirect, mode: "same-origin" };
    }
    const harmless =
      (method === "GET" || method === "HEAD") &&
      (request.headers ?? []).every(([name]) => COMMON.test(name));
    if (harmless) return { redirect, mode };
  }
  if (mode !== "no-cors" || own) return { redirect: "manual", mode };
  // Fetch has no way to stop such a request at a redirect.
  throw hidden(policy, url, "could be redirected unseen (mode no-cors)");
}

/**
 * @param {Policy} policy
 * @param {URL} url
 * @param {string} what
 */
function hidden(policy, url, what) {
  const text =
    `fetch of ${url.href} refused: it ${what}, and a browser hides where to; ` +
    `when all addresses are allowed it is followed: ${policy.advice("*")}`;
  return new GossamerError("EACCES", text);
}

/**
 * A redirect that a browser has stopped at.
 * @param {Policy} policy
 * @param {URL} url
 */
export const stopped = (policy, url) => hidden(policy, url, "was redirected");

/**
 * A response by way of redirects that the host shows, by the rules of fetch.
 * @param {Policy} policy
 * @param {URL} first
 * @param {RequestInit} firstInit with redirect "manual"
 * @param {number} most how many redirects there may be
 * @returns {Promise<Arrival>}
 * @throws {GossamerError} ELOOP, EACCES, EIO; and what fetch throws
 */
export async function followByHand(policy, first, firstInit, most) {
  let url = first;
  let init = firstInit;
  for (let count = 0; ; count++) {
    const response = await fetch(url, init);
    const { status, headers } = response;
    const location = REDIRECTS.has(status) ? headers.get("Location") : null;
    if (location === null) return { response, url, redirected: count > 0 };
    response.body?.cancel().catch(() => {});
    if (count === most) {
      const words = `fetch of ${first.href} failed: more than ${most} redirects`;
      throw new GossamerError("ELOOP", words);
    }
    const next = nextAddress(first, url, location);
    init = nextInit(first, init, status, next.origin === url.origin);
    if (!policy.allows(next, init.method)) {
      const what = `${first.href}, redirected to ${next.origin},`;
      throw refusal(policy, next, init.method ?? "GET", what);
    }
    if (init.mode === "same-origin" && next.origin !== first.origin) {
      throw broken(first, FOREIGN);
    }
    url = next;
  }
}

/**
 * @param {URL} first
 * @param {string} why
 */
function broken(first, why) {
  const text = `fetch of ${first.href} failed: ${why}`;
  return new GossamerError("EIO", text);
}

/**
 * @param {URL} first
 * @param {URL} url
 * @param {string} location
 */
function nextAddress(first, url, location) {
  let next;
  try {
    next = new URL(location, url);
  } catch {
    throw broken(first, "redirected to no URL");
  }
  if (!/^https?:$/.test(next.protocol)) {
    throw broken(first, `redirected to ${next.protocol}`);
  }
  if (next.username !== "" || next.password !== "") {
    throw broken(first, "redirected to a URL with a password");
  }
  if (next.hash === "") next.hash = url.hash;
  return next;
}

/**
 * What is sent on (https://fetch.spec.whatwg.org/#http-redirect-fetch).
 * @param {URL} first
 * @param {RequestInit} init
 * @param {number} status
 * @param {boolean} sameOrigin
 * @returns {RequestInit}
 */
function nextInit(first, init, status, sameOrigin) {
  const { method = "GET", body } = init;
  if (status !== 303 && body instanceof ReadableStream) {
    throw broken(first, "redirected, and the body cannot be sent again");
  }
  const asGet =
    status === 303
      ? method !== "GET" && method !== "HEAD"
      : status < 303 && method === "POST";
  const headers = [...new Headers(init.headers)].filter(
    ([name]) =>
      !(asGet && name.startsWith("content-")) &&
      (sameOrigin || !SECRET.test(name)),
  );
  return asGet
    ? { ...init, method: "GET", body: null, headers }
    : { ...init, headers };
}
