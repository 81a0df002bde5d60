/* HTTP requests that a policy allows: for the C host, and as `gossamer/fetch`
 * for pages without a program, where a list of sources makes the client. What
 * the requests of one client share is here. */
import { GossamerError } from "../errors.js";
import { Exchange } from "./exchange.js";
import { createPolicy, methodOf, parseAddress, refusal } from "./policy.js";
import { Slots } from "./slots.js";
import { canStream, speaksHttp1 } from "./upload.js";

/**
 * @typedef {import("./exchange.js").HttpRequest} HttpRequest
 * @typedef {import("./exchange.js").Head} Head
 * @typedef {import("./exchange.js").Piece} Piece
 * @typedef {import("./policy.js").FetchOption} FetchOption
 * @typedef {import("./policy.js").Policy} Policy
 */

export { Exchange, GossamerError };

/** Makes requests that a policy allows. */
export class HttpClient {
  /** @type {boolean | undefined} */
  #streams;
  /** Origins whose connection takes no stream. */
  /** @type {Set<string>} */
  #noStreams = new Set();

  /** @param {Policy} policy */
  constructor(policy) {
    this.policy = policy;
    this.slots = new Slots(policy.perOrigin);
  }

  /** Whether the host sends streams at all. */
  get canStream() {
    this.#streams ??= canStream();
    return this.#streams;
  }

  /** @param {string} origin */
  streamsTo(origin) {
    return !this.#noStreams.has(origin) && !speaksHttp1(origin);
  }

  /** @param {string} origin that took bytes where it took no stream */
  noteNoStreams(origin) {
    this.#noStreams.add(origin);
  }

  /**
   * Where a request goes, if it may be made.
   * @param {HttpRequest} request
   * @returns {URL}
   * @throws {GossamerError} EINVAL, EACCES
   */
  addressOf(request) {
    const url = parseAddress(request.url, this.policy);
    const method = methodOf(request);
    if (this.policy.allows(url, method)) return url;
    throw refusal(this.policy, url, method, url.href);
  }

  /**
   * Sends a request. Nothing is thrown: `head` of the answer is rejected with
   * a GossamerError when there is no response.
   * @param {HttpRequest} request
   * @param {URL | null} [url] what addressOf() answered
   */
  open(request, url = null) {
    return new Exchange(this, request, url);
  }
}

/** What pages have beyond the engine: the body as a loop, bytes or text. */
class PageExchange extends Exchange {
  /**
   * The next bytes of a body that is "sent"; resolved when there is room for
   * more. One at a time.
   * @param {Uint8Array} bytes copied
   * @throws {GossamerError} EPIPE: the request is over, or has no such body;
   *   EFBIG
   */
  async send(bytes) {
    const { upload } = this;
    if (upload === null) throw new GossamerError("EPIPE", "no body is sent");
    while (!upload.ready && upload.error === null) {
      await new Promise((resolve) => {
        upload.onReady = () => resolve(undefined);
      });
    }
    if (upload.error === null) upload.push(new Uint8Array(bytes));
    if (upload.error !== null) throw upload.error;
  }

  /** The body is whole. */
  sendEnd() {
    this.upload?.end();
  }

  /** The body, piece by piece. A loop that is left aborts the request. */
  async *[Symbol.asyncIterator]() {
    await this.head;
    try {
      for (;;) {
        const { done, value } = await this.read();
        if (done) return;
        yield value;
      }
    } finally {
      this.close();
    }
  }

  /** What is left of the body. */
  async bytes() {
    /** @type {Uint8Array<ArrayBuffer>[]} */
    const pieces = [];
    for await (const piece of this) {
      pieces.push(/** @type {Uint8Array<ArrayBuffer>} */ (piece));
    }
    return new Uint8Array(await new Blob(pieces).arrayBuffer());
  }

  /** What is left of the body, which is UTF-8. */
  async text() {
    return new TextDecoder().decode(await this.bytes());
  }
}

/** A client whose exchanges are loops, too. */
class PageClient extends HttpClient {
  /**
   * @override
   * @param {HttpRequest} request
   */
  open(request) {
    return new PageExchange(this, request, null);
  }
}

/**
 * A client for a page, or for Node, where 'self' means nothing.
 *
 *     const client = createClient("https://api.example.com/v1/");
 *     for await (const bytes of client.open({ url })) use(bytes);
 *
 * @param {FetchOption} sources what may be fetched; by itself nothing
 * @returns {PageClient}
 * @throws {GossamerError} EINVAL: a list that cannot be understood
 */
export function createClient(sources) {
  const { location, document } = globalThis;
  const own = location?.origin ?? "null";
  const policy = createPolicy(sources, {
    selfOrigin: own === "null" ? null : own,
    baseUrl: document?.baseURI ?? location?.href ?? null,
    advice: (source) =>
      `allow it with createClient([${JSON.stringify(source)}])`,
  });
  return new PageClient(policy);
}
