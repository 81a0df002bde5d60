/* HTTP requests on fetch, for C programs and for pages alike: what a policy
 * allows, with errors told apart, redirects looked at where the host lets us,
 * bodies that stream both ways. It knows nothing of wasm. */
import { GossamerError, messageOf } from "../errors.js";
import { parseAddress, refusal } from "./policy.js";
import { UploadBody, canStream } from "./upload.js";

/**
 * @typedef {import("./policy.js").Policy} Policy
 *
 * @typedef {object} HttpRequest
 * @property {string} url relative to the policy's base address
 * @property {string} [method] "GET", or "POST" with a body
 * @property {[name: string, value: string][]} [headers]
 * @property {Uint8Array | "sent" | null} [body] bytes, which are not changed
 *   until there is a response; "sent": by send()
 * @property {"auto" | "stream" | "buffer"} [upload] what becomes of a body that
 *   is sent: see gs_http_upload in src/include/gossamer/http.h
 * @property {number} [uploadLimitBytes] 64 MiB
 * @property {RequestRedirect} [redirect]
 * @property {number} [maxRedirects] 20
 * @property {RequestCredentials} [credentials]
 * @property {RequestCache} [cache]
 * @property {RequestMode} [mode]
 * @property {RequestPriority} [priority]
 * @property {ReferrerPolicy} [referrerPolicy]
 * @property {string} [referrer] "": none
 * @property {string} [integrity]
 * @property {number} [integrityLimitBytes] 64 MiB
 * @property {boolean} [keepalive]
 *
 * @typedef {object} Head
 * @property {number} status
 * @property {string} url
 * @property {Headers} headers
 * @property {number} lengthBytes of the body, unpacked; -1: not known
 * @property {boolean} redirected
 * @property {boolean} opaque
 * @property {boolean} opaqueRedirect
 * @property {boolean} streamedUp
 *
 * What a read of the body answers; the last has no bytes.
 * @typedef {ReadableStreamReadResult<Uint8Array>} Piece
 */

const LIMIT_BYTES = 64 * 2 ** 20;

/**
 * How many bytes a body will have, unpacked; -1: not known.
 * @param {Response} response
 */
function lengthOf({ headers, type }) {
  const text = headers.get("Content-Length") ?? "";
  // A page is not told that a foreign answer is packed.
  const plain =
    (headers.get("Content-Encoding") ?? "identity") === "identity" &&
    type === "basic";
  return plain && /^\d+$/.test(text) ? Number(text) : -1;
}

/** One request, its response, and what streams between. */
export class Exchange {
  #controller = new AbortController();
  #policy;
  #request;
  /** @type {Response | null} */
  #response = null;
  /** @type {ReadableStreamDefaultReader<Uint8Array> | null} */
  #reader = null;
  #receivedBytes = 0;
  #over = false;
  /** What send() feeds; null: the body is whole, or there is none. */
  /** @type {UploadBody | null} */
  upload = null;
  #streamedUp = false;
  /** @type {Promise<Head>} */
  head;
  /** @type {Head | null} */
  #head = null;

  /**
   * Made by HttpClient.open().
   * @param {Policy} policy
   * @param {HttpRequest} request
   */
  constructor(policy, request) {
    this.#policy = policy;
    this.#request = request;
    if (request.body === "sent") {
      this.upload = new UploadBody(request.uploadLimitBytes ?? LIMIT_BYTES);
    }
    this.head = this.#send();
    // Whoever aborts it may not wait for it any more.
    this.head.catch(() => {});
  }

  async #send() {
    const { url: address, method = "GET", headers, body } = this.#request;
    const url = parseAddress(address, this.#policy);
    if (!this.#policy.allows(url, method)) {
      throw refusal(this.#policy, url, method, url.href);
    }
    const { signal } = this.#controller;
    /** @type {RequestInit} */
    const init = { method, signal };
    if (headers !== undefined) init.headers = headers;
    if (body instanceof Uint8Array) {
      init.body = /** @type {BodyInit} */ (body);
    }
    let response;
    try {
      response = await this.#fetch(url, init);
    } catch (error) {
      if (error instanceof GossamerError) throw error;
      if (signal.aborted) throw new GossamerError("ECANCELED", "aborted");
      const own = this.upload?.error;
      if (own) throw own;
      const text = `fetch of ${url.href} failed: ${messageOf(error)}`;
      throw new GossamerError("EIO", text, { cause: error });
    }
    this.#response = response;
    const arrived = new URL(response.url || url.href);
    if (!this.#policy.allows(arrived, method)) {
      const what = `${url.href}, redirected to ${arrived.origin},`;
      this.close();
      throw refusal(this.#policy, arrived, method, what);
    }
    this.#head = {
      status: response.status,
      url: arrived.href,
      headers: response.headers,
      lengthBytes: lengthOf(response),
      redirected: response.redirected,
      opaque: response.type === "opaque",
      opaqueRedirect: response.type === "opaqueredirect",
      streamedUp: this.#streamedUp,
    };
    return this.#head;
  }

  /**
   * @param {URL} url
   * @param {RequestInit} init
   */
  async #fetch(url, init) {
    const { upload } = this;
    const how = this.#request.upload ?? "auto";
    if (upload === null) return fetch(url, init);
    if (how !== "buffer" && canStream()) {
      try {
        this.#streamedUp = true;
        const streamed = { ...init, body: upload.stream(), duplex: "half" };
        return await fetch(url, /** @type {RequestInit} */ (streamed));
      } catch (error) {
        // Chromium over HTTP/1.1: it ends before it has asked for anything.
        const again = how === "auto" && !upload.begun && upload.error === null;
        if (!again || this.#controller.signal.aborted) throw error;
        this.#streamedUp = false;
      }
    } else if (how === "stream") {
      throw new GossamerError("ENOTSUP", "this host streams no body upwards");
    }
    return fetch(url, { ...init, body: await upload.collect() });
  }

  /**
   * The body, for who reads it without read() and reports to ended() and
   * failed() himself; null: there is none.
   */
  get reader() {
    this.#reader ??= this.#response?.body?.getReader() ?? null;
    return this.#reader;
  }

  /**
   * The next piece of the body. One at a time.
   * @returns {Promise<Piece>}
   * @throws {GossamerError} ECONNRESET: it is cut short; ECANCELED: closed
   */
  async read() {
    const { reader } = this;
    if (reader === null) return { done: true, value: undefined };
    const piece = await reader.read().catch((error) => {
      throw this.failed(error, this.#receivedBytes);
    });
    if (piece.done) {
      const error = this.ended(this.#receivedBytes);
      if (error !== null) throw error;
    } else {
      this.#receivedBytes += piece.value.length;
    }
    return piece;
  }

  /**
   * The body has ended.
   * @param {number} receivedBytes
   * @returns {GossamerError | null} why that cannot be
   */
  ended(receivedBytes) {
    this.#over = true;
    const { lengthBytes = -1 } = this.#head ?? {};
    return receivedBytes < lengthBytes
      ? this.#cutShort(receivedBytes, `${lengthBytes} were to come`)
      : null;
  }

  /**
   * A read of the body has failed.
   * @param {unknown} error
   * @param {number} receivedBytes
   * @returns {GossamerError} what that is
   */
  failed(error, receivedBytes) {
    return this.#controller.signal.aborted
      ? new GossamerError("ECANCELED", "aborted")
      : this.#cutShort(receivedBytes, messageOf(error));
  }

  /**
   * @param {number} receivedBytes
   * @param {string} why
   */
  #cutShort(receivedBytes, why) {
    const text =
      `the body of ${this.#head?.url} ended after ${receivedBytes} ` +
      `bytes: ${why}`;
    return new GossamerError("ECONNRESET", text);
  }

  /** Aborts what is under way. A body that was read to its end stays. */
  close() {
    if (!this.#over) this.#controller.abort();
    this.#over = true;
    this.upload?.fail(new GossamerError("EPIPE", "the request is over"));
  }
}

/** Makes requests that a policy allows. */
export class HttpClient {
  #policy;

  /** @param {Policy} policy */
  constructor(policy) {
    this.#policy = policy;
  }

  /**
   * Sends a request. Nothing is thrown: `head` of the answer is rejected with
   * a GossamerError when there is no response.
   * @param {HttpRequest} request
   */
  open(request) {
    return new Exchange(this.#policy, request);
  }
}
