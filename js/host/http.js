/* HTTP for C: the imports over the client of js/http. A request is a handle from
 * its start on; its body is read on demand, at most one piece ahead. What is
 * refused is told on stderr, once for each source. */
import {
  ERRNO,
  GossamerError,
  PENDING,
  errnoName,
  messageOf,
} from "../errors.js";
import { HttpClient } from "../http/client.js";
import { Handles } from "../handles.js";
import { u32 } from "../memory.js";
import {
  fromHeader,
  readStart,
  writeHandle,
  writeHead,
} from "./http-layout.js";
import { Inlet } from "./inlet.js";

/**
 * @typedef {import("./index.js").Host} Host
 * @typedef {import("../http/exchange.js").Exchange} Exchange
 * @typedef {import("../http/exchange.js").Head} Head
 * @typedef {import("../http/policy.js").Policy} Policy
 */

/** Refusals that are told about; the list must not grow for ever. */
const MAX_TOLD = 100;

/** @param {unknown} error @returns {number} positive */
function errnoOfError(error) {
  const code = error instanceof GossamerError ? error.code : "EIO";
  return ERRNO[/** @type {keyof typeof ERRNO} */ (code)] ?? ERRNO.EIO;
}

/** A request as C knows it. */
class Transfer {
  /** @type {Exchange} */
  exchange;
  /** @type {Head | null} */
  head = null;
  /** @type {string[] | null} */
  #headerLines = null;
  /** @type {Inlet | null} */
  #inlet = null;
  /** Whether nobody waits for the response any more. */
  givenUp = false;
  #host;
  #fail;
  /** The piece that waits to be sent: its token, 0: none; where it lies. */
  #sending = 0;
  #sendAt = 0;
  #sendSize = 0;

  /**
   * @param {Host} host
   * @param {Exchange} exchange
   * @param {(error: GossamerError) => number} fail notes what went wrong;
   *   answers a negative errno
   */
  constructor(host, exchange, fail) {
    this.#host = host;
    this.#fail = fail;
    this.exchange = exchange;
    if (exchange.upload !== null) exchange.upload.onReady = this.#onReady;
  }

  /**
   * @param {number} token
   * @param {number} pointer
   * @param {number} size
   * @returns {number} size, PENDING or a negative errno
   */
  send(token, pointer, size) {
    const { upload } = this.exchange;
    if (upload === null) return -ERRNO.EPIPE;
    if (this.#sending !== 0) return -ERRNO.EBUSY;
    if (upload.error !== null) return -errnoOfError(upload.error);
    if (u32(pointer) === 0) {
      if (size === 0) {
        upload.end();
      } else {
        const error = new GossamerError(errnoName(size), "the body failed");
        this.exchange.sendFail(error);
      }
      return 0;
    }
    const bytes = this.#host.memory.slice(pointer, size);
    if (bytes === null) return -ERRNO.EFAULT;
    if (upload.ready) return this.#push(upload, bytes);
    this.#sending = u32(token);
    this.#sendAt = u32(pointer);
    this.#sendSize = u32(size);
    this.#host.ops.start(this.#sending, this);
    return PENDING;
  }

  /** Gives up the piece that waits; called by Ops. */
  cancelOp() {
    this.#sending = 0;
  }

  #onReady = () => {
    const { upload } = this.exchange;
    const token = this.#sending;
    if (token === 0 || upload === null) return;
    this.#sending = 0;
    const bytes = this.#host.memory.slice(this.#sendAt, this.#sendSize);
    this.#host.ops.complete(token, this.#push(upload, bytes));
  };

  /**
   * @param {import("../http/upload.js").UploadBody} upload
   * @param {Uint8Array | null} bytes
   */
  #push(upload, bytes) {
    if (upload.error === null) upload.push(new Uint8Array(bytes ?? []));
    return upload.error === null
      ? (bytes?.length ?? 0)
      : -errnoOfError(upload.error);
  }

  /** @param {number} index */
  headerLine(index) {
    this.#headerLines ??= [...(this.head?.headers ?? [])].map(
      ([name, value]) => `${name}: ${fromHeader(value)}`,
    );
    return this.#headerLines[index] ?? null;
  }

  /** The body. */
  get inlet() {
    this.#inlet ??= this.#openBody();
    return this.#inlet;
  }

  #openBody() {
    const { memory, ops } = this.#host;
    const { exchange } = this;
    return new Inlet(memory, ops, () => exchange.pull(), {
      ahead: true,
      // The reader of the body learns of a failure by the result of its read.
      failed: (error, count) => this.#fail(exchange.failed(error, count)),
      ended: (count) => {
        const error = exchange.ended(count);
        return error === null ? 0 : this.#fail(error);
      },
    });
  }

  close() {
    this.givenUp = true;
    if (this.#sending !== 0) this.#host.ops.drop(this.#sending);
    this.#sending = 0;
    this.#inlet?.close();
    this.exchange.close();
  }
}

/**
 * @param {Host} host
 * @param {Policy} policy
 */
export function createHttp(host, policy) {
  const { memory, ops } = host;
  const client = new HttpClient(policy);
  /** @type {Handles<Transfer>} */
  const transfers = new Handles();
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

  /** @param {unknown} error a GossamerError @returns {number} negative */
  function failWith(error) {
    const errno = errnoOfError(error);
    const text = messageOf(error);
    const advice = text.slice(text.indexOf(" refused: ") + 1);
    if (errno === ERRNO.EACCES && !told.has(advice) && told.size < MAX_TOLD) {
      told.add(advice);
      host.report(text);
    }
    return fail(errno, text);
  }

  /**
   * @param {number} token
   * @param {Transfer} transfer
   * @param {string} url
   * @param {number} headAt
   */
  function start(token, transfer, url, headAt) {
    ops.start(token, {
      cancelOp() {
        transfer.close();
        const text = `fetch of ${url} was given up: no response in time`;
        fail(ERRNO.ETIMEDOUT, text);
      },
    });
    transfer.exchange.head.then(
      (head) => {
        if (transfer.givenUp) return;
        transfer.head = head;
        transfer.inlet.begin();
        writeHead(memory, headAt, head);
        ops.complete(token, 0);
      },
      (error) => {
        if (!transfer.givenUp) ops.complete(token, failWith(error));
      },
    );
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
     * @param {number} pointer to struct gs__http_start
     */
    http_open(token, pointer) {
      try {
        const read = readStart(memory, pointer);
        if (read === null) return -ERRNO.EFAULT;
        const { request, head } = read;
        const url = client.addressOf(request);
        const exchange = client.open(request, url);
        const transfer = new Transfer(host, exchange, failWith);
        const handle = transfers.add(transfer);
        if (handle === 0) {
          transfer.close();
          return fail(ERRNO.EMFILE, "too many responses are open");
        }
        writeHandle(memory, pointer, handle);
        start(u32(token), transfer, url.href, head);
        return PENDING;
      } catch (error) {
        return failWith(error);
      }
    },

    /**
     * @param {number} token
     * @param {number} handle
     * @param {number} buf
     * @param {number} size
     */
    http_send(token, handle, buf, size) {
      const transfer = transfers.get(u32(handle));
      if (transfer === undefined) return -ERRNO.EBADF;
      return transfer.send(token, buf, size);
    },

    /**
     * @param {number} handle
     * @param {number} namePointer
     * @param {number} nameSize
     * @param {number} buf
     * @param {number} size
     */
    http_header(handle, namePointer, nameSize, buf, size) {
      const transfer = transfers.get(u32(handle));
      if (transfer === undefined) return -ERRNO.EBADF;
      const name = memory.text(namePointer, nameSize);
      if (name === null) return -ERRNO.EFAULT;
      try {
        const value = transfer.head?.headers.get(name) ?? null;
        return answerText(buf, size, value && fromHeader(value));
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
      const transfer = transfers.get(u32(handle));
      if (transfer === undefined) return -ERRNO.EBADF;
      return answerText(buf, size, transfer.headerLine(u32(index)));
    },

    /**
     * @param {number} handle
     * @param {number} buf
     * @param {number} size
     */
    http_url(handle, buf, size) {
      const transfer = transfers.get(u32(handle));
      if (transfer === undefined) return -ERRNO.EBADF;
      return answerText(buf, size, transfer.head?.url ?? "");
    },

    /**
     * @param {number} token
     * @param {number} handle
     * @param {number} buf
     * @param {number} size
     */
    http_read(token, handle, buf, size) {
      const transfer = transfers.get(u32(handle));
      if (transfer === undefined) return -ERRNO.EBADF;
      return transfer.inlet.read(token, buf, size);
    },

    /**
     * @param {number} token
     * @param {number} handle
     * @param {number} since
     */
    http_poll(token, handle, since) {
      const transfer = transfers.get(u32(handle));
      if (transfer === undefined) return -ERRNO.EBADF;
      return transfer.inlet.poll(token, since);
    },

    /** @param {number} handle */
    http_close(handle) {
      transfers.remove(u32(handle))?.close();
    },

    /**
     * @param {number} buf
     * @param {number} size
     */
    http_error: (buf, size) => answerText(buf, size, lastError),

    /**
     * @param {number} url
     * @param {number} urlSize
     * @param {number} method
     * @param {number} methodSize
     */
    http_allows(url, urlSize, method, methodSize) {
      const text = memory.text(url, urlSize);
      const name = memory.text(method, methodSize);
      if (text === null || name === null) return -ERRNO.EFAULT;
      try {
        client.addressOf({ url: text, method: name });
        return 0;
      } catch (error) {
        return fail(errnoOfError(error), messageOf(error));
      }
    },

    /** @param {number} perOrigin */
    http_limit(perOrigin) {
      client.slots.setLimit(u32(perOrigin));
      return 0;
    },
  };

  return {
    imports,
    close() {
      for (const transfer of transfers.clear()) transfer.close();
    },
  };
}
