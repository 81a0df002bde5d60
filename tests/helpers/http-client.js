/* HttpClient for tests, with the rules of a page that is made up, and what a
 * browser's fetch would answer. */
import { HttpClient } from "../../js/http/client.js";
import { createPolicy } from "../../js/http/policy.js";

export const PAGE = "https://page.test";

/**
 * @param {import("../../js/http/policy.js").FetchOption} sources
 * @param {string | null} [selfOrigin]
 */
export function policyOf(sources, selfOrigin = null) {
  return createPolicy(sources, {
    selfOrigin,
    baseUrl: selfOrigin === null ? null : `${selfOrigin}/folder/page.html`,
    advice: (source) => `allow it with ${source}`,
  });
}

/**
 * @param {import("../../js/http/policy.js").FetchOption} sources
 * @param {string | null} [selfOrigin]
 */
export const clientOf = (sources, selfOrigin = null) =>
  new HttpClient(policyOf(sources, selfOrigin));

/**
 * All of a body.
 * @param {import("../../js/http/exchange.js").Exchange} exchange
 */
export async function readAll(exchange) {
  await exchange.head;
  const pieces = [];
  for (;;) {
    const { done, value } = await exchange.read();
    if (done) return Buffer.concat(pieces);
    pieces.push(value);
  }
}

/**
 * Until the test is over this realm is a page's, and fetch answers what the
 * test says.
 * @param {import("node:test").TestContext} t
 * @param {(url: URL, init: RequestInit) => Response | Promise<Response>} answer
 * @returns {{ url: string, init: RequestInit }[]} the calls
 */
export function fakePage(t, answer) {
  /** @type {{ url: string, init: RequestInit }[]} */
  const calls = [];
  Object.assign(globalThis, { document: {} });
  t.after(() => Reflect.deleteProperty(globalThis, "document"));
  t.mock.method(
    globalThis,
    "fetch",
    async (/** @type {URL} */ url, /** @type {RequestInit} */ init) => {
      calls.push({ url: String(url), init });
      return answer(url, init);
    },
  );
  return calls;
}

/**
 * A response as a browser shows it.
 * @param {Partial<Record<"url" | "type" | "status" | "redirected", unknown>>} shown
 * @param {BodyInit | null} [body]
 * @param {HeadersInit} [headers]
 */
export function shownResponse(shown, body = null, headers = {}) {
  const response = new Response(body, { headers });
  for (const [name, value] of Object.entries(shown)) {
    Object.defineProperty(response, name, { value });
  }
  return response;
}
