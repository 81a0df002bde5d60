/* WebSockets for C: the imports over js/ws/socket.js. A message that came waits
 * in a queue until it is received; a send waits while too much is unsent. */
import { ERRNO, GossamerError, PENDING, messageOf } from "../errors.js";
import { Handles } from "../handles.js";
import { parseAddress, refusal } from "../http/policy.js";
import { u32 } from "../memory.js";
import { MessageSocket } from "../ws/socket.js";

/**
 * @typedef {import("./index.js").Host} Host
 * @typedef {import("../http/policy.js").Policy} Policy
 *
 * A message that waits to be sent, or a flush: limit 0, without a kind.
 * @typedef {object} Sending
 * @property {number} token
 * @property {number} kind
 * @property {number} pointer
 * @property {number} size
 * @property {number} limitBytes
 */

/** enum gs_ws_kind of src/include/gossamer/ws.h */
const KIND = Object.freeze({ NONE: 0, TEXT: 1, BINARY: 2 });

/** struct gs__ws_message of src/host/host.h */
const MESSAGE = Object.freeze({ KIND: 0, SIZE: 4, BYTES: 8 });

const STATE = Object.freeze({ CLOSE_CODE: 0, BUFFERED: 1, SILENT_MS: 2 });
const TEXT = Object.freeze({ REASON: 0, PROTOCOL: 1, ERROR: 2 });
const MAX_I32 = 2 ** 31 - 1;
/** Refusals that are told about; the list must not grow for ever. */
const MAX_TOLD = 100;

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** By scheme, what a WebSocket's is. */
const SCHEMES = new Map([
  ["ws:", "ws:"],
  ["wss:", "wss:"],
  ["http:", "ws:"],
  ["https:", "wss:"],
]);

/** A socket as C knows it. */
class Channel {
  socket;
  #host;
  /** @type {Sending[]} */
  #sending = [];
  /** @type {Sending[]} */
  #flushing = [];
  /** The receive that waits: its token, 0: none; where things go. */
  #receiving = 0;
  #address = 0;
  #size = 0;
  #messageAt = 0;

  /**
   * @param {Host} host
   * @param {MessageSocket} socket
   */
  constructor(host, socket) {
    this.#host = host;
    this.socket = socket;
    socket.onArrival = this.#onArrival;
    socket.onLook = this.#onLook;
  }

  /**
   * @param {Sending} sending token 0: it does not wait
   * @returns {number} 0, PENDING or a negative errno
   */
  send(sending) {
    const { kind, pointer, size } = sending;
    if (kind > KIND.BINARY) return -ERRNO.EINVAL;
    if (!this.#host.memory.contains(pointer, size)) return -ERRNO.EFAULT;
    const list = kind === KIND.NONE ? this.#flushing : this.#sending;
    const answer =
      list.length > 0 && this.socket.canSend
        ? -ERRNO.EAGAIN
        : this.#trySend(sending);
    if (answer !== -ERRNO.EAGAIN || sending.token === 0) return answer;
    if (kind === KIND.TEXT && this.#decode(pointer, size) === null) {
      return -ERRNO.EILSEQ;
    }
    list.push(sending);
    this.#host.ops.start(sending.token, this);
    this.socket.lookAgain();
    return PENDING;
  }

  /**
   * @param {number} token 0: it does not wait
   * @param {number} pointer
   * @param {number} size
   * @param {number} messageAt
   * @returns {number} 0, PENDING or a negative errno
   */
  receive(token, pointer, size, messageAt) {
    const { memory, ops } = this.#host;
    const fits =
      memory.contains(pointer, size) &&
      memory.contains(messageAt, MESSAGE.BYTES);
    if (!fits) return -ERRNO.EFAULT;
    if (this.#receiving !== 0) return -ERRNO.EBUSY;
    const answer = this.#take(pointer, size, messageAt);
    if (answer !== -ERRNO.EAGAIN || token === 0) return answer;
    this.#receiving = token;
    this.#address = pointer;
    this.#size = size;
    this.#messageAt = messageAt;
    ops.start(token, this);
    return PENDING;
  }

  /**
   * Gives up a send or the receive; called by Ops.
   * @param {number} token
   */
  cancelOp(token) {
    if (token === this.#receiving) {
      this.#receiving = 0;
      return;
    }
    const others = (/** @type {Sending} */ one) => one.token !== token;
    this.#sending = this.#sending.filter(others);
    this.#flushing = this.#flushing.filter(others);
  }

  close() {
    const { ops } = this.#host;
    for (const { token } of [...this.#sending, ...this.#flushing]) {
      ops.drop(token);
    }
    if (this.#receiving !== 0) ops.drop(this.#receiving);
    this.#sending = [];
    this.#flushing = [];
    this.#receiving = 0;
    this.socket.close();
  }

  /**
   * @param {number} pointer
   * @param {number} size
   */
  #decode(pointer, size) {
    try {
      return decoder.decode(
        this.#host.memory.slice(pointer, size) ?? undefined,
      );
    } catch {
      return null;
    }
  }

  /**
   * @param {Sending} sending
   * @returns {number} 0, -EAGAIN or another negative errno
   */
  #trySend({ kind, pointer, size, limitBytes }) {
    const { socket } = this;
    const { bufferedBytes } = socket;
    if (kind === KIND.NONE && bufferedBytes === 0) return 0;
    if (socket.end !== null) {
      return socket.end === "ECONNRESET" ? -ERRNO.ECONNRESET : -ERRNO.EPIPE;
    }
    if (kind !== KIND.NONE && !socket.canSend) return -ERRNO.EPIPE;
    if (bufferedBytes > limitBytes || kind === KIND.NONE) return -ERRNO.EAGAIN;
    // Copied: not every host has done so when send() returns.
    const data =
      kind === KIND.TEXT
        ? this.#decode(pointer, size)
        : (this.#host.memory.slice(pointer, size)?.slice() ?? null);
    if (data === null) return -ERRNO.EILSEQ;
    socket.send(data);
    return 0;
  }

  /**
   * @param {number} pointer
   * @param {number} size
   * @param {number} messageAt
   * @returns {number} 0, -EAGAIN or another negative errno
   */
  #take(pointer, size, messageAt) {
    const { memory } = this.#host;
    const { message, end } = this.socket;
    if (message === undefined) {
      if (end === null) return -ERRNO.EAGAIN;
      if (end !== "") return -ERRNO[end];
      memory.view.setUint32(messageAt + MESSAGE.KIND, KIND.NONE, true);
      memory.view.setUint32(messageAt + MESSAGE.SIZE, 0, true);
      return 0;
    }
    const { bytes, isText } = message;
    const kind = isText ? KIND.TEXT : KIND.BINARY;
    memory.view.setUint32(messageAt + MESSAGE.KIND, kind, true);
    memory.view.setUint32(messageAt + MESSAGE.SIZE, bytes.length, true);
    if (bytes.length <= size) {
      memory.bytes.set(bytes, pointer);
      this.socket.take();
    }
    return 0;
  }

  #onArrival = () => {
    const token = this.#receiving;
    if (token === 0) return;
    const answer = this.#take(this.#address, this.#size, this.#messageAt);
    if (answer === -ERRNO.EAGAIN) return;
    this.#receiving = 0;
    this.#host.ops.complete(token, answer);
  };

  /** Sends what may be sent, in the order of the calls. */
  #onLook = () => {
    for (const list of [this.#sending, this.#flushing]) {
      for (let next = list[0]; next !== undefined; next = list[0]) {
        const answer = this.#trySend(next);
        if (answer === -ERRNO.EAGAIN) break;
        list.shift();
        this.socket.stopLooking();
        this.#host.ops.complete(next.token, answer);
      }
    }
    if (this.#sending.length + this.#flushing.length > 0) {
      this.socket.lookAgain();
    }
  };
}

/**
 * @param {Host} host
 * @param {Policy} policy
 * @param {import("../websocket.js").WebSocketOptions} options
 * @returns {import("../parts.js").Service}
 */
export function createWebSockets(host, policy, options) {
  const { memory, ops } = host;
  const WebSocket =
    /** @type {import("../ws/socket.js").SocketClass | undefined} */ (
      options.WebSocket ?? globalThis.WebSocket
    );
  /** @type {Handles<Channel>} */
  const channels = new Handles();
  /** Those that are being opened. @type {Set<MessageSocket>} */
  const opening = new Set();
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

  /** @param {unknown} error @returns {number} negative */
  function failWith(error) {
    const code = error instanceof GossamerError ? error.code : "EIO";
    const errno = ERRNO[/** @type {keyof typeof ERRNO} */ (code)] ?? ERRNO.EIO;
    const text = messageOf(error);
    const advice = text.slice(text.indexOf(" refused: ") + 1);
    if (errno === ERRNO.EACCES && !told.has(advice) && told.size < MAX_TOLD) {
      told.add(advice);
      host.report(text);
    }
    return fail(errno, text);
  }

  /**
   * @param {string} text
   * @throws {GossamerError} EINVAL, EACCES
   */
  function addressOf(text) {
    const url = parseAddress(text, policy);
    const scheme = SCHEMES.get(url.protocol);
    if (scheme === undefined) {
      throw new GossamerError("EINVAL", `not a WebSocket's URL: "${text}"`);
    }
    url.protocol = scheme;
    url.hash = "";
    if (!policy.allows(url, "GET")) {
      throw refusal(policy, url, "GET", url.href);
    }
    return url.href;
  }

  /**
   * @param {number} token
   * @param {MessageSocket} socket
   * @param {string} url
   */
  function start(token, socket, url) {
    opening.add(socket);
    ops.start(token, {
      cancelOp() {
        opening.delete(socket);
        socket.close();
        fail(ERRNO.ETIMEDOUT, `WebSocket to ${url} was given up: no answer`);
      },
    });
    socket.opened.then(
      () => {
        if (!opening.delete(socket)) return;
        const handle = channels.add(new Channel(host, socket));
        if (handle === 0) {
          socket.close();
          ops.complete(token, fail(ERRNO.EMFILE, "too many sockets are open"));
        } else {
          ops.complete(token, handle);
        }
      },
      (error) => {
        if (opening.delete(socket)) ops.complete(token, failWith(error));
      },
    );
  }

  /** @param {number} ws */
  const find = (ws) => channels.get(u32(ws));

  return {
    imports: {
      /**
       * @param {number} token
       * @param {number} url
       * @param {number} urlSize
       * @param {number} names
       * @param {number} namesSize
       * @param {number} receiveLimitBytes
       */
      ws_open(token, url, urlSize, names, namesSize, receiveLimitBytes) {
        const text = memory.text(url, urlSize);
        const joined = memory.text(names, namesSize);
        if (text === null || joined === null) return -ERRNO.EFAULT;
        try {
          const address = addressOf(text);
          if (WebSocket === undefined) {
            throw new GossamerError(
              "ENOTSUP",
              "this host has no WebSocket, as Node before 22: pass the class " +
                "of the package ws, websocket({ WebSocket })",
            );
          }
          // A NUL is behind each.
          const protocols = joined.split("\0").slice(0, -1);
          const socket = new MessageSocket(address, protocols, {
            WebSocket,
            receiveLimitBytes: u32(receiveLimitBytes),
          });
          start(u32(token), socket, address);
          return PENDING;
        } catch (error) {
          return failWith(error);
        }
      },

      /**
       * @param {number} token
       * @param {number} ws
       * @param {number} kind
       * @param {number} pointer
       * @param {number} size
       * @param {number} limitBytes
       */
      ws_send(token, ws, kind, pointer, size, limitBytes) {
        return (
          find(ws)?.send({
            token: u32(token),
            kind: u32(kind),
            pointer: u32(pointer),
            size: u32(size),
            limitBytes: u32(limitBytes),
          }) ?? -ERRNO.EBADF
        );
      },

      /**
       * @param {number} token
       * @param {number} ws
       * @param {number} buf
       * @param {number} size
       * @param {number} messageAt
       */
      ws_receive: (token, ws, buf, size, messageAt) =>
        find(ws)?.receive(u32(token), u32(buf), u32(size), u32(messageAt)) ??
        -ERRNO.EBADF,

      /**
       * @param {number} ws
       * @param {number} code
       * @param {number} reason
       * @param {number} reasonSize
       */
      ws_shutdown(ws, code, reason, reasonSize) {
        const channel = find(ws);
        if (channel === undefined) return -ERRNO.EBADF;
        const bytes = memory.slice(reason, reasonSize);
        if (bytes === null) return -ERRNO.EFAULT;
        try {
          channel.socket.shutdown(u32(code), decoder.decode(bytes));
          return 0;
        } catch {
          return -ERRNO.EINVAL;
        }
      },

      /**
       * @param {number} ws
       * @param {number} what
       */
      ws_state(ws, what) {
        const socket = find(ws)?.socket;
        if (socket === undefined) return -ERRNO.EBADF;
        if (what === STATE.CLOSE_CODE) return socket.closeCode;
        const number =
          what === STATE.BUFFERED ? socket.bufferedBytes : socket.silentMs;
        return Math.min(Math.floor(number), MAX_I32);
      },

      /**
       * @param {number} ws
       * @param {number} what
       * @param {number} buf
       * @param {number} size
       */
      ws_text(ws, what, buf, size) {
        const socket = find(ws)?.socket;
        if (what !== TEXT.ERROR && socket === undefined) return -ERRNO.EBADF;
        const text =
          what === TEXT.REASON
            ? socket?.closeReason
            : what === TEXT.PROTOCOL
              ? socket?.protocol
              : lastError;
        const length = memory.putText(buf, size, text ?? "");
        return length < 0 ? -ERRNO.EFAULT : length;
      },

      /** @param {number} ws */
      ws_close: (ws) => channels.remove(u32(ws))?.close(),
    },

    close() {
      // Those that are being opened end with their operations.
      opening.clear();
      for (const channel of channels.clear()) channel.close();
    },
  };
}
