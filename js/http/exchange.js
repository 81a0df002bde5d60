/* One HTTP request on fetch, its response, and what streams between: under a
 * policy, with failures told apart, by way of redirects as far as the host lets
 * us look at them. It knows nothing of wasm, and nothing of pages' comforts:
 * those are in client.js. */
import { GossamerError, messageOf } from "../errors.js";
import { canVerify, parseIntegrity, verify } from "./integrity.js";
import { methodOf, refusal } from "./policy.js";
import { followByHand, isPage, planRedirects, stopped } from "./redirect.js";
import { UploadBody } from "./upload.js";

/**
 * @typedef {import("./client.js").HttpClient} HttpClient
 * @typedef {import("./redirect.js").Arrival} Arrival
 * @typedef {import("./redirect.js").Plan} Plan
 *
 * @typedef {object} HttpRequest
 * @property {string | URL} url relative to the policy's base address
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
/** What fetch takes of a body that outlives its page. */
const KEEPALIVE_BYTES = 65_536;
const NO_BODY = new Set([204, 205, 304]);
/**
 * A number written in digits; -1: it is none.
 * @param {string} text
 */
function sizeOf(text) {
  const size = Number(text);
  if (String(size) === text && size >= 0) return size;
  return /^\d+$/.test(text) ? size : -1;
}

/**
 * How many bytes the body will have, unpacked, -1: not known; and how few would
 * not be all of them.
 * @param {Response} response
 * @param {string} method
 */
function lengthOf({ headers, status, type }, method) {
  if (method === "HEAD" || NO_BODY.has(status)) {
    return { lengthBytes: 0, leastBytes: 0 };
  }
  const encoding = headers.get("Content-Encoding") ?? "identity";
  const said =
    encoding === "identity" ? sizeOf(headers.get("Content-Length") ?? "") : -1;
  // A page is not told that a foreign answer is packed, which makes it longer,
  // but never by more than packing can add to what cannot be packed.
  return type === "basic"
    ? { lengthBytes: said, leastBytes: said }
    : { lengthBytes: -1, leastBytes: (said - 64) / 1.001 };
}

export class Exchange {
  #controller = new AbortController();
  #client;
  #request;
  /** The origin whose slot it has; "": none. */
  #slot = "";
  /** Of the response's body; null: there is none for the program. */
  /** @type {ReadableStreamDefaultReader<Uint8Array> | null} */
  #reader = null;
  /** The first piece, until it is asked for. */
  /** @type {Promise<Piece> | null} */
  #first = null;
  #receivedBytes = 0;
  #leastBytes = -1;
  #over = false;
  #closed = false;
  /** What send() feeds; null: the body is whole, or there is none. */
  /** @type {UploadBody | null} */
  upload = null;
  #streamedUp = false;
  /** @type {Promise<Head>} */
  head;
  #address = "";

  /**
   * Made by HttpClient.open().
   * @param {HttpClient} client
   * @param {HttpRequest} request
   * @param {URL | null} url its address, when that was asked of the policy
   */
  constructor(client, request, url) {
    this.#client = client;
    this.#request = request;
    if (request.body === "sent") {
      const limit = request.uploadLimitBytes ?? LIMIT_BYTES;
      this.upload = new UploadBody(
        request.keepalive ? Math.min(limit, KEEPALIVE_BYTES) : limit,
      );
    }
    this.head = this.#send(url);
    // Whoever aborts it may not wait for it any more.
    this.head.catch(() => {});
  }

  /**
   * @param {URL | null} known
   * @returns {Promise<Head>}
   */
  async #send(known) {
    const request = this.#request;
    const { signal } = this.#controller;
    const client = this.#client;
    const url = known ?? client.addressOf(request);
    const method = methodOf(request);
    this.#address = url.href;
    try {
      const integrity = this.#checkRequest();
      const plan = planRedirects(client.policy, url, method, request);
      const init = this.#initOf(method, plan);
      const wait = client.slots.take(url.origin, signal);
      if (wait !== null) await wait;
      this.#slot = url.origin;
      let arrival;
      try {
        arrival =
          this.upload === null
            ? await this.#fetch(url, init, plan)
            : await this.#fetchUp(this.upload, url, init, plan);
      } catch (error) {
        const failure = this.#failure(error, url, init);
        // What fetch has rejected is not under way any more.
        if (!(error instanceof GossamerError)) this.#end();
        throw failure;
      }
      this.#read(arrival.response);
      const head = this.#arrived(arrival, method);
      if (integrity !== null) await this.#verify(integrity);
      if (this.#reader === null) this.#end();
      return head;
    } catch (error) {
      this.close();
      throw this.upload?.cause ?? error;
    }
  }

  /** What fetch would not tell apart, or not refuse at all. */
  #checkRequest() {
    const { integrity = "", mode, keepalive, body } = this.#request;
    const bytes = body instanceof Uint8Array ? body.length : 0;
    if (keepalive && bytes > KEEPALIVE_BYTES) {
      const text = `with keepalive a body has at most ${KEEPALIVE_BYTES} bytes`;
      throw new GossamerError("EFBIG", text);
    }
    if (integrity === "") return null;
    if (mode === "no-cors") {
      throw new GossamerError("EINVAL", "integrity of an opaque answer");
    }
    const parsed = parseIntegrity(integrity);
    return canVerify() ? parsed : null;
  }

  /**
   * @param {string} method
   * @param {Plan} plan
   */
  #initOf(method, { redirect, mode }) {
    const request = this.#request;
    const { body, integrity } = request;
    // One by one: objects that are spread are slow to make.
    return /** @type {RequestInit} */ ({
      method,
      redirect,
      mode,
      headers: request.headers,
      body: body === "sent" ? null : body,
      credentials: request.credentials,
      cache: request.cache,
      priority: request.priority,
      referrer: request.referrer,
      referrerPolicy: request.referrerPolicy,
      keepalive: request.keepalive,
      integrity: integrity && canVerify() ? "" : integrity,
      signal: this.#controller.signal,
    });
  }

  /**
   * With a body that is sent.
   * @param {UploadBody} upload
   * @param {URL} url
   * @param {RequestInit} init
   * @param {Plan} plan
   * @returns {Promise<Arrival>}
   */
  async #fetchUp(upload, url, init, plan) {
    const { upload: how = "auto", keepalive, mode } = this.#request;
    // Chromium refuses streams for both.
    const able = !keepalive && mode !== "no-cors";
    const streams = able && this.#client.canStream;
    if (how === "stream" && !streams) {
      const text = "this host streams no such body upwards";
      throw new GossamerError("ENOTSUP", text);
    }
    const tried =
      streams &&
      (how === "stream" ||
        (how === "auto" && this.#client.streamsTo(url.origin)));
    if (tried) {
      try {
        this.#streamedUp = true;
        const streamed = { ...init, body: upload.stream(), duplex: "half" };
        return await this.#fetch(url, streamed, plan);
      } catch (error) {
        // Chromium over HTTP/1.1: it ends before it has asked for anything.
        const again = how === "auto" && !upload.begun && upload.error === null;
        const own = error instanceof GossamerError;
        if (!again || own) throw error;
        this.#streamedUp = false;
      }
    }
    const body = await upload.collect();
    const arrival = await this.#fetch(url, { ...init, body }, plan);
    if (tried) this.#client.noteNoStreams(url.origin);
    return arrival;
  }

  /**
   * @param {URL} url
   * @param {RequestInit} init
   * @param {Plan} plan
   * @returns {Promise<Arrival>}
   */
  async #fetch(url, init, { byHand }) {
    const { policy } = this.#client;
    if (byHand !== undefined) return followByHand(policy, url, init, byHand);
    const response = await fetch(url, init);
    return { response, url, redirected: response.redirected };
  }

  /**
   * @param {Arrival} arrival
   * @param {string} method
   * @returns {Head}
   */
  #arrived({ response, url, redirected }, method) {
    const { policy } = this.#client;
    const { mode, redirect } = this.#request;
    const opaqueRedirect = response.type === "opaqueredirect";
    if (opaqueRedirect && redirect !== "manual") throw stopped(policy, url);
    let address = url.href;
    if (response.url !== "" && response.url !== address) {
      address = response.url;
      const there = new URL(address);
      if (!policy.allows(there, method)) {
        const what = `${url.href}, redirected to ${there.origin},`;
        throw refusal(policy, there, method, what);
      }
    }
    this.#address = address;
    const opaque =
      response.type === "opaque" || (mode === "no-cors" && !isPage());
    if (opaque) {
      // Where nothing is hidden: as a page has it.
      this.#reader?.cancel().catch(() => {});
      this.#reader = null;
    }
    const { lengthBytes, leastBytes } = lengthOf(response, method);
    this.#leastBytes = leastBytes;
    return {
      status: opaque ? 0 : response.status,
      url: address,
      headers: opaque ? new Headers() : response.headers,
      lengthBytes: opaque ? -1 : lengthBytes,
      redirected,
      opaque,
      opaqueRedirect,
      streamedUp: this.#streamedUp,
    };
  }

  /**
   * Reads the body, and gives it on when it is what is wanted.
   * @param {import("./integrity.js").Integrity} integrity
   */
  async #verify(integrity) {
    const { integrityLimitBytes: limit = LIMIT_BYTES } = this.#request;
    const pieces = [];
    for (;;) {
      const { done, value } = await this.read();
      if (done) break;
      if (this.#receivedBytes > limit) {
        const text = `the body of ${this.#address} is larger than ${limit} bytes`;
        throw new GossamerError("EFBIG", `${text}, its limit with integrity`);
      }
      pieces.push(/** @type {Uint8Array<ArrayBuffer>} */ (value));
    }
    const all = new Blob(pieces);
    if (!(await verify(integrity, await all.arrayBuffer()))) {
      const text = `the body of ${this.#address} is not what integrity wants`;
      throw new GossamerError("EBADMSG", text);
    }
    this.#receivedBytes = 0;
    this.#read(new Response(all));
  }

  /**
   * Why there is no response.
   * @param {unknown} error
   * @param {URL} url
   * @param {RequestInit} init
   */
  #failure(error, url, init) {
    if (this.#closed) return new GossamerError("ECANCELED", "aborted");
    if (error instanceof GossamerError) return error;
    const what = `fetch of ${url.href} failed: ${messageOf(error)}`;
    return isRequest(url, init)
      ? new GossamerError("EIO", `${what}${this.#doubt(init)}`, {
          cause: error,
        })
      : new GossamerError("EINVAL", what, { cause: error });
  }

  /**
   * What else it may have been, where the host does not say.
   * @param {RequestInit} init
   */
  #doubt({ redirect, mode, integrity }) {
    if (!isPage()) return "";
    let text = "more than 20 redirects";
    if (redirect === "error") text = "a redirect";
    if (mode === "same-origin") text = "a redirect to another origin";
    if (integrity) text += ", or integrity";
    return ` (the network, CORS, a content security policy, or ${text}: browsers do not tell which)`;
  }

  /**
   * Takes the body over. Its first piece is asked for at once: each moment
   * later there is more of it, which takes longer to copy.
   * @param {Response} response
   */
  #read({ body }) {
    this.#reader = body?.getReader() ?? null;
    this.#first = this.#reader?.read() ?? null;
    this.#first?.catch(() => {});
  }

  /**
   * The next piece of the body, for who reports to ended() and failed()
   * himself. One at a time.
   * @returns {Promise<Piece>}
   */
  pull() {
    const piece = this.#first ?? this.#reader?.read();
    this.#first = null;
    return piece ?? Promise.resolve({ done: true, value: undefined });
  }

  /**
   * The next piece of the body. One at a time.
   * @returns {Promise<Piece>}
   * @throws {GossamerError} ECONNRESET: it is cut short; ECANCELED: closed
   */
  async read() {
    if (this.#reader === null) return { done: true, value: undefined };
    const piece = await this.pull().catch((error) => {
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
    this.#end();
    return receivedBytes < this.#leastBytes
      ? this.#cutShort(receivedBytes, "the server said there would be more")
      : null;
  }

  /**
   * A read of the body has failed.
   * @param {unknown} error
   * @param {number} receivedBytes
   * @returns {GossamerError} what that is
   */
  failed(error, receivedBytes) {
    this.#end();
    if (this.#closed) return new GossamerError("ECANCELED", "aborted");
    const cause = this.upload?.cause;
    return cause ?? this.#cutShort(receivedBytes, messageOf(error));
  }

  /**
   * @param {number} receivedBytes
   * @param {string} why
   */
  #cutShort(receivedBytes, why) {
    const text =
      `the body of ${this.#address} ended after ${receivedBytes} ` +
      `bytes: ${why}`;
    return new GossamerError("ECONNRESET", text);
  }

  /** Nothing of it is under way any more. */
  #end() {
    this.#over = true;
    if (this.#slot !== "") this.#client.slots.give(this.#slot);
    this.#slot = "";
  }

  /**
   * The body that is sent cannot be had: the request fails by it.
   * @param {GossamerError} error
   */
  sendFail(error) {
    const fails = this.upload?.fail(error) ?? false;
    if (!fails && !this.#over) this.#abort();
  }

  /** Aborts what is under way. A body that was read to its end stays. */
  close() {
    this.#closed = true;
    // Chromium sends the end of a body that is aborted while it waits for the
    // next piece, as if it were whole. A body that fails ends as a failure.
    const fails = this.upload?.stop() ?? false;
    if (!fails && !this.#over) this.#abort();
    this.#end();
  }

  #abort() {
    if (this.upload?.streams) disregard(this.upload.error);
    this.#controller.abort();
  }
}

/** Errors of streams, which Chromium reports as caught by nobody. */
/** @type {WeakSet<object>} */
const disregarded = new WeakSet();
let listens = false;

/** @param {GossamerError | null} error of a stream that is aborted, too */
function disregard(error) {
  if (error === null || !isPage()) return;
  disregarded.add(error);
  if (listens) return;
  listens = true;
  addEventListener("unhandledrejection", (event) => {
    if (disregarded.has(event.reason)) event.preventDefault();
  });
}

/**
 * Whether it is one: fetch says no by the TypeError that failures are, too.
 * @param {URL} url
 * @param {RequestInit} init
 */
function isRequest(url, init) {
  try {
    return new Request(url, { ...init, signal: null }) instanceof Request;
  } catch {
    return false;
  }
}
