/* A WebSocket as a queue of messages, for who asks for them one by one. A
 * browser cannot hold a server back, so what is not asked for is kept, up to a
 * limit. It knows nothing of wasm. Source: the WebSockets standard. */
import { GossamerError, messageOf } from "../errors.js";
import { encodeText } from "../memory.js";

/**
 * What is used of a WebSocket; that of the package ws is one too.
 * @typedef {object} Socket
 * @property {number} readyState
 * @property {number} bufferedAmount
 * @property {string} binaryType
 * @property {string} protocol
 * @property {(data: any) => void} send
 * @property {(code?: number, reason?: string) => void} close
 * @property {(type: any, listener: (event: any) => void) => void} addEventListener
 * @property {(type: any, listener: (event: any) => void) => void} removeEventListener
 *
 * @typedef {new (url: string, protocols: string[]) => Socket} SocketClass
 *
 * @typedef {{ isText: boolean, bytes: Uint8Array }} Message
 *
 * Why nothing more comes: "" after a closing handshake.
 * @typedef {"" | "ECONNRESET" | "ENOBUFS"} End
 */

const NORMAL = 1000;
const BROKEN = 1006;
/** Ours, of those that applications may use: it sent more than was read. */
const FLOODED = 4009;
const OPEN = 1;
const MAX_REASON_BYTES = 123;
/** Nothing tells when a WebSocket has sent what it keeps: it is looked at again
 * after 0, 1, 2, 4 and so on milliseconds, up to this. */
const MAX_LOOK_MS = 16;
const QUEUE_SHRINKS_FROM = 64;
/** What a message that waits takes, however short it is. */
const MIN_MESSAGE_BYTES = 256;

/** @param {Message} message what it is worth of the limit */
const worthOf = ({ bytes }) => Math.max(bytes.length, MIN_MESSAGE_BYTES);

/** @param {unknown} data @returns {Message | null} */
function messageFrom(data) {
  if (typeof data === "string") {
    return { isText: true, bytes: encodeText(data) };
  }
  if (data instanceof ArrayBuffer) {
    return { isText: false, bytes: new Uint8Array(data) };
  }
  return null;
}

/**
 * @param {SocketClass} WebSocket
 * @param {string} url
 * @param {string[]} protocols
 */
function connect(WebSocket, url, protocols) {
  try {
    return new WebSocket(url, protocols);
  } catch (error) {
    const isSyntax = error instanceof Error && error.name === "SyntaxError";
    const text = `WebSocket to ${url} failed: ${messageOf(error)}`;
    throw new GossamerError(isSyntax ? "EINVAL" : "EIO", text);
  }
}

export class MessageSocket {
  #socket;
  #url;
  #receiveLimitBytes;
  /** @type {(Message | undefined)[]} */
  #queue = [];
  #first = 0;
  #queuedBytes = 0;
  /** @type {End | null} null: it is open, or closing */
  #end = null;
  #opened = false;
  #isShut = false;
  /** Whether it is closed and nobody may be told of anything. */
  #isDropped = false;
  #lastArrivalMs = 0;
  #lookMs = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** What the other side closed with; 0: it has not. */
  closeCode = 0;
  closeReason = "";
  /** A message has come, or the end. */
  onArrival = () => {};
  /** Told after lookAgain(), once or more: less may be buffered. */
  onLook = () => {};
  /** Rejected by a GossamerError EIO. @type {Promise<void>} */
  opened;
  /** @type {() => void} */
  #resolve = () => {};
  /** @type {(error: GossamerError) => void} */
  #reject = () => {};

  /**
   * @param {string} url
   * @param {string[]} protocols
   * @param {{ WebSocket: SocketClass, receiveLimitBytes: number }} settings
   * @throws {GossamerError} EINVAL, EIO
   */
  constructor(url, protocols, { WebSocket, receiveLimitBytes }) {
    this.#url = url;
    this.#receiveLimitBytes = receiveLimitBytes;
    this.#socket = connect(WebSocket, url, protocols);
    this.opened = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#socket.binaryType = "arraybuffer";
    this.#socket.addEventListener("open", this.#onOpen);
    this.#socket.addEventListener("message", this.#onMessage);
    this.#socket.addEventListener("error", this.#onError);
    this.#socket.addEventListener("close", this.#onClose);
  }

  /** The subprotocol that the server chose, "" when none. */
  get protocol() {
    return this.#socket.protocol;
  }

  /** What was sent and is not handed to the network. */
  get bufferedBytes() {
    return this.#socket.bufferedAmount;
  }

  /** Why nothing more comes; null: something may. */
  get end() {
    return this.#end;
  }

  /** Whether messages may be sent. */
  get canSend() {
    return (
      this.#end === null && !this.#isShut && this.#socket.readyState === OPEN
    );
  }

  /** How long nothing has come, in milliseconds. */
  get silentMs() {
    return performance.now() - this.#lastArrivalMs;
  }

  /** The oldest message that was not taken. */
  get message() {
    return this.#queue[this.#first];
  }

  /** Drops that message. */
  take() {
    const message = this.#queue[this.#first];
    if (message === undefined) return;
    this.#queuedBytes -= worthOf(message);
    this.#queue[this.#first++] = undefined;
    if (this.#first === this.#queue.length) {
      this.#queue.length = 0;
      this.#first = 0;
    } else if (
      this.#first >= QUEUE_SHRINKS_FROM &&
      this.#first * 2 > this.#queue.length
    ) {
      this.#queue.splice(0, this.#first);
      this.#first = 0;
    }
  }

  /**
   * Sends a message. Only while canSend.
   * @param {string | Uint8Array} data bytes are the socket's from now on
   */
  send(data) {
    this.#socket.send(data);
  }

  /** Has onLook() called once, a little later. */
  lookAgain() {
    if (this.#timer !== undefined || this.#isDropped) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#lookMs = Math.min(this.#lookMs * 2 || 1, MAX_LOOK_MS);
      this.onLook();
    }, this.#lookMs);
  }

  /** Nobody waits for it any more. */
  stopLooking() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#lookMs = 0;
  }

  /**
   * Starts the closing handshake; does nothing when it is closing.
   * @param {number} [code] 1000 or 3000 to 4999
   * @param {string} [reason]
   * @throws {GossamerError} EINVAL: the code or the reason may not be
   */
  shutdown(code = NORMAL, reason = "") {
    if (this.#end !== null || this.#isShut) return;
    const isCode = code === NORMAL || (code >= 3000 && code <= 4999);
    if (!isCode || encodeText(reason).length > MAX_REASON_BYTES) {
      throw new GossamerError(
        "EINVAL",
        "a WebSocket is closed with code 1000 or 3000 to 4999, and a reason " +
          `of at most ${MAX_REASON_BYTES} bytes`,
      );
    }
    this.#isShut = true;
    this.#socket.close(code, reason);
  }

  /** Closes it, unless it is, and forgets everything. */
  close() {
    if (this.#isDropped) return;
    this.#isDropped = true;
    this.stopLooking();
    this.#queue.length = 0;
    this.#socket.removeEventListener("open", this.#onOpen);
    this.#socket.removeEventListener("message", this.#onMessage);
    this.#socket.removeEventListener("close", this.#onClose);
    // The listener for errors stays: where nobody listens Node would throw.
    if (this.#end === null && !this.#isShut) this.#socket.close(NORMAL);
    this.#end ??= "ECONNRESET";
  }

  #onOpen = () => {
    this.#opened = true;
    this.#lastArrivalMs = performance.now();
    this.#resolve();
  };

  /** Browsers say nothing; the package ws has words. */
  #words = "the network failed, or the server refused: browsers do not say";

  /** @param {{ message?: string, error?: unknown }} event */
  #onError = ({ message, error }) => {
    const words = error === undefined ? message : messageOf(error);
    if (words) this.#words = words;
  };

  /** @param {{ data: unknown }} event */
  #onMessage = ({ data }) => {
    this.#lastArrivalMs = performance.now();
    // The standard drops what comes after close(); some hosts do not.
    if (this.#end !== null || this.#isShut) return;
    const message = messageFrom(data);
    if (message === null) return;
    const bytes =
      this.message === undefined
        ? message.bytes.length
        : this.#queuedBytes + worthOf(message);
    if (bytes > this.#receiveLimitBytes) {
      this.#socket.close(FLOODED, "more came than was read");
      this.#isShut = true;
      this.#finish("ENOBUFS", FLOODED, "");
      return;
    }
    this.#queuedBytes += worthOf(message);
    this.#queue.push(message);
    this.onArrival();
    // The other side has read something, perhaps; a hidden page's timer is late.
    if (this.#timer !== undefined) this.onLook();
  };

  /** @param {{ code?: number, reason?: string, wasClean?: boolean }} event */
  #onClose = ({ code = BROKEN, reason = "", wasClean = false }) => {
    if (!this.#opened) {
      const text = `WebSocket to ${this.#url} failed: ${this.#words}`;
      this.#reject(new GossamerError("EIO", text));
    }
    this.#finish(wasClean ? "" : "ECONNRESET", code, reason);
  };

  /**
   * @param {End} end
   * @param {number} code
   * @param {string} reason
   */
  #finish(end, code, reason) {
    if (this.#end !== null) return;
    this.#end = end;
    this.closeCode = code;
    this.closeReason = reason;
    this.onArrival();
    this.onLook();
  }
}
