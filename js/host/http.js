/* HTTP on fetch: streaming GET. A response is a handle; its body is read on
 * demand, so nothing is pulled ahead of what was asked for. Only sources that
 * were allowed are fetched. fetch follows redirects by itself and shows only
 * where it arrived: a redirect to elsewhere is refused after the fact. */
import { ERRNO, PENDING, messageOf } from "../errors.js";
import { Handles } from "../handles.js";
import { u32 } from "../memory.js";
import { Inlet } from "./inlet.js";

/**
 * @typedef {import("./index.js").Host} Host
 *
 * @typedef {object} HttpSettings
 * @property {(url: URL) => boolean} allows
 * @property {string | null} baseUrl what relative addresses are relative to
 * @property {(source: string) => string} advice how to allow a source
 */

/** Refused origins that are told about; the list must not grow for ever. */
const MAX_TOLD = 100;

/** One request and its response. */
class Exchange {
  #controller = new AbortController();
  /** @type {Response | null} */
  #response = null;
  /** @type {string[] | null} */
  #headerLines = null;
  /** @type {Inlet | null} */
  #inlet = null;
  #givenUp = false;
  /** @type {Host} */
  #host;
  /** @type {URL} */
  #url;

  /**
   * @param {Host} host
   * @param {URL} url
   */
  constructor(host, url) {
    this.#host = host;
    this.#url = url;
  }

  /** Async, so that a fetch which a page replaced cannot throw into wasm. */
  async send() {
    return fetch(this.#url, { signal: this.#controller.signal });
  }

  /** Whether nobody waits for the response any more. */
  get givenUp() {
    return this.#givenUp;
  }

  get asked() {
    return this.#url.href;
  }

  get url() {
    return this.#response?.url || this.asked;
  }

  /** @param {Response} response */
  arrived(response) {
    this.#response = response;
  }

  get status() {
    return this.#response?.status ?? 0;
  }

  /** @param {string} name */
  header(name) {
    return this.#response?.headers.get(name) ?? null;
  }

  /** @param {number} index */
  headerLine(index) {
    this.#headerLines ??= [...(this.#response?.headers ?? [])].map(
      ([name, value]) => `${name}: ${value}`,
    );
    return this.#headerLines[index] ?? null;
  }

  /** The body, from the first read on. */
  get inlet() {
    this.#inlet ??= this.#open();
    return this.#inlet;
  }

  #open() {
    const { memory, ops } = this.#host;
    const reader = this.#response?.body?.getReader();
    const pull = reader
      ? () => reader.read()
      : () => Promise.resolve({ done: true });
    // The reader of the body learns of a failure by the result of its read.
    return new Inlet(memory, ops, pull, () => {});
  }

  /** Nobody wants the response, or the rest of it, any more. */
  giveUp() {
    this.#givenUp = true;
    this.#controller.abort();
  }

  close() {
    const ended = this.#inlet?.ended === true;
    this.#inlet?.close();
    if (!ended) this.giveUp();
  }
}

/**
 * @param {Host} host
 * @param {HttpSettings} settings
 */
export function createHttp(host, settings) {
  const { memory, ops } = host;
  /** @type {Handles<Exchange>} */
  const exchanges = new Handles();
  /** @type {Set<string>} */
  const told = new Set();
  let lastError = "";

  /**
   * @param {number} code
   * @param {string} text
   */
  function fail(code, text) {
    lastError = text;
    return -code;
  }

  /**
   * What is behind a redirect's origin is not the program's to know.
   * @param {URL} url what is not allowed
   * @param {string} what the program asked for, in words
   */
  function refuse(url, what) {
    const source = url.origin === "null" ? url.protocol : url.origin;
    const text = `fetch of ${what} refused: ${settings.advice(source)}`;
    if (!told.has(source) && told.size < MAX_TOLD) {
      told.add(source);
      host.report(text);
    }
    return fail(ERRNO.EACCES, text);
  }

  /**
   * @param {Exchange} exchange
   * @param {Response} response
   * @returns {number} its handle or a negative errno
   */
  function accept(exchange, response) {
    exchange.arrived(response);
    const url = new URL(exchange.url);
    let result = settings.allows(url)
      ? exchanges.add(exchange)
      : refuse(url, `${exchange.asked}, redirected to ${url.origin},`);
    if (result === 0) {
      result = fail(ERRNO.EMFILE, "too many responses are open");
    }
    if (result < 0) exchange.close();
    return result;
  }

  /**
   * @param {number} token
   * @param {URL} url
   */
  function start(token, url) {
    const exchange = new Exchange(host, url);
    ops.start(token, {
      cancelOp() {
        exchange.giveUp();
        const text = `fetch of ${url.href} was given up: no response in time`;
        fail(ERRNO.ETIMEDOUT, text);
      },
    });
    exchange.send().then(
      (response) => {
        if (exchange.givenUp) return;
        ops.complete(token, accept(exchange, response));
      },
      (error) => {
        if (exchange.givenUp) return;
        const text = `fetch of ${url.href} failed: ${messageOf(error)}`;
        ops.complete(token, fail(ERRNO.EIO, text));
      },
    );
    return PENDING;
  }

  /**
   * @param {number} buf
   * @param {number} size
   * @param {string | null} text
   */
  function answerText(buf, size, text) {
    if (text === null) return -ERRNO.ENOENT;
    const length = memory.putText(buf, size, text);
    return length < 0 ? -ERRNO.EFAULT : length;
  }

  const imports = {
    /**
     * @param {number} token
     * @param {number} urlPointer
     * @param {number} urlSize
     */
    http_get(token, urlPointer, urlSize) {
      const text = memory.text(urlPointer, urlSize);
      if (text === null) return -ERRNO.EFAULT;
      let url;
      try {
        url = new URL(text, settings.baseUrl ?? undefined);
      } catch {
        return fail(ERRNO.EINVAL, `not a URL: "${text}"`);
      }
      if (url.username !== "" || url.password !== "") {
        return fail(ERRNO.EINVAL, `a URL with a password: "${text}"`);
      }
      if (!settings.allows(url)) return refuse(url, url.href);
      return start(u32(token), url);
    },

    /** @param {number} handle */
    http_status: (handle) => exchanges.get(u32(handle))?.status ?? -ERRNO.EBADF,

    /**
     * @param {number} handle
     * @param {number} namePointer
     * @param {number} nameSize
     * @param {number} buf
     * @param {number} size
     */
    http_header(handle, namePointer, nameSize, buf, size) {
      const exchange = exchanges.get(u32(handle));
      if (exchange === undefined) return -ERRNO.EBADF;
      const name = memory.text(namePointer, nameSize);
      if (name === null) return -ERRNO.EFAULT;
      try {
        return answerText(buf, size, exchange.header(name));
      } catch {
        return -ERRNO.EINVAL;
      }
    },

    /**
     * @param {number} handle
     * @param {number} index
     * @param {number} buf
     * @param {number} size
     */
    http_header_at(handle, index, buf, size) {
      const exchange = exchanges.get(u32(handle));
      if (exchange === undefined) return -ERRNO.EBADF;
      return answerText(buf, size, exchange.headerLine(u32(index)));
    },

    /**
     * @param {number} handle
     * @param {number} buf
     * @param {number} size
     */
    http_url(handle, buf, size) {
      const exchange = exchanges.get(u32(handle));
      if (exchange === undefined) return -ERRNO.EBADF;
      return answerText(buf, size, exchange.url);
    },

    /**
     * @param {number} token
     * @param {number} handle
     * @param {number} buf
     * @param {number} size
     */
    http_read(token, handle, buf, size) {
      const exchange = exchanges.get(u32(handle));
      if (exchange === undefined) return -ERRNO.EBADF;
      return exchange.inlet.read(token, buf, size);
    },

    /**
     * @param {number} token
     * @param {number} handle
     * @param {number} since
     */
    http_poll(token, handle, since) {
      const exchange = exchanges.get(u32(handle));
      if (exchange === undefined) return -ERRNO.EBADF;
      return exchange.inlet.poll(token, since);
    },

    /** @param {number} handle */
    http_close(handle) {
      exchanges.remove(u32(handle))?.close();
    },

    /**
     * @param {number} buf
     * @param {number} size
     */
    http_error: (buf, size) => answerText(buf, size, lastError),
  };

  return {
    imports,
    close() {
      for (const exchange of exchanges.clear()) exchange.close();
    },
  };
}
