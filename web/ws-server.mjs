/* A small WebSocket server on Node's http (RFC 6455), for the demos and the
 * tests: messages whole or in frames, pings, the closing handshake, and every
 * rule that a client may break. It compresses nothing. */
import { Buffer, isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";

/**
 * @typedef {import("node:http").Server} Server
 * @typedef {import("node:http").IncomingMessage} Request
 * @typedef {import("node:stream").Duplex} Duplex
 *
 * What serves a path; it may refuse by calling refuse() before it answers.
 * @typedef {(connection: Connection, request: Request) => void} Handler
 *
 * @typedef {object} Settings
 * @property {string[]} [protocols] subprotocols that are known; of those that
 *   the client asks for, its best is taken
 * @property {number} [limitBytes] the longest message, 64 MiB
 */

/** RFC 6455, 1.3: what a key is answered with is made of it. */
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const VERSION = "13";
const LIMIT_BYTES = 64 * 2 ** 20;
/** How long the other side may take to answer a close. */
const CLOSE_LIMIT_MS = 2000;

const OP = Object.freeze({
  MORE: 0,
  TEXT: 1,
  BINARY: 2,
  CLOSE: 8,
  PING: 9,
  PONG: 10,
});
const FINAL = 0x80;
const MASKED = 0x80;
const RESERVED = 0x70;
const IS_CONTROL = 0x08;
const MAX_CONTROL_BYTES = 125;
const SIZE_16 = 126;
const SIZE_64 = 127;
const HEAD_BYTES = 2;
const MASK_BYTES = 4;
const NO_BYTES = Buffer.alloc(0);

const NORMAL = 1000;
const PROTOCOL_ERROR = 1002;
const NO_CODE = 1005;
const BROKEN = 1006;
const BAD_TEXT = 1007;
const TOO_BIG = 1009;

/** @param {string} key */
export function acceptKey(key) {
  return createHash("sha1").update(`${key}${GUID}`).digest("base64");
}

/**
 * A frame as a server sends it.
 * @param {number} opcode
 * @param {Uint8Array} bytes
 * @param {boolean} [final]
 */
export function frame(opcode, bytes, final = true) {
  const size = bytes.length;
  const more = size < SIZE_16 ? 0 : size < 65_536 ? 2 : 8;
  const head = Buffer.alloc(HEAD_BYTES + more);
  head[0] = opcode | (final ? FINAL : 0);
  head[1] = more === 0 ? size : more === 2 ? SIZE_16 : SIZE_64;
  if (more === 2) head.writeUInt16BE(size, 2);
  if (more === 8) head.writeBigUInt64BE(BigInt(size), 2);
  return Buffer.concat([head, bytes]);
}

/** @param {number} code whether it may stand in a frame */
function mayBeSent(code) {
  if (code < NORMAL || code > 4999) return false;
  return (
    code >= 3000 || (code <= 1014 && ![1004, NO_CODE, BROKEN].includes(code))
  );
}

/** A client. */
export class Connection {
  #socket;
  #limitBytes;
  #pending = NO_BYTES;
  /** What came behind it, and how many bytes a look at both is worth. */
  /** @type {Buffer[]} */
  #arrived = [];
  #arrivedBytes = 0;
  #wantedBytes = HEAD_BYTES;
  /** The frames so far of a message that is not complete. */
  /** @type {Buffer[]} */
  #parts = [];
  #partsOpcode = 0;
  #partsBytes = 0;
  #sentClose = false;
  #gotClose = false;
  #ended = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  protocol;
  /** @type {(data: string | Buffer) => void} */
  onMessage = () => {};
  /** Told once: what the client closed with, 1005 for no code, 1006 when the
   * connection broke. */
  /** @type {(code: number, reason: string) => void} */
  onClose = () => {};
  /** @type {() => void} */
  onPong = () => {};
  /** When the connection is gone. @type {Promise<{code: number, reason: string}>} */
  closed;
  /** @type {(end: { code: number, reason: string }) => void} */
  #settle = () => {};
  #end = { code: BROKEN, reason: "" };

  /**
   * @param {Duplex} socket
   * @param {{ protocol: string, limitBytes: number }} settings
   */
  constructor(socket, { protocol, limitBytes }) {
    this.#socket = socket;
    this.#limitBytes = limitBytes;
    this.protocol = protocol;
    this.closed = new Promise((resolve) => {
      this.#settle = resolve;
    });
    socket.on("data", (bytes) => this.#read(bytes));
    socket.on("error", () => {});
    socket.on("close", () => this.#gone());
    socket.on("end", () => socket.end());
  }

  /** Whether the connection is gone. */
  get ended() {
    return this.#ended;
  }

  /** Bytes that are not handed to the system yet. */
  get bufferedBytes() {
    return this.#socket.writableLength;
  }

  /**
   * Sends a message; text for a string.
   * @param {string | Uint8Array} data
   * @returns {boolean} false: wait for drained() before the next
   */
  send(data) {
    return typeof data === "string"
      ? this.#write(OP.TEXT, Buffer.from(data))
      : this.#write(OP.BINARY, data);
  }

  /**
   * Sends one message in frames of at most `size` bytes.
   * @param {string | Uint8Array} data
   * @param {number} size
   */
  sendInPieces(data, size) {
    const bytes = Buffer.from(/** @type {string} */ (data));
    /** @type {number} */
    let opcode = typeof data === "string" ? OP.TEXT : OP.BINARY;
    for (let at = 0; at === 0 || at < bytes.length; at += size) {
      const final = at + size >= bytes.length;
      this.#write(opcode, bytes.subarray(at, at + size), final);
      opcode = OP.MORE;
    }
  }

  /** When what was sent is handed to the system. @returns {Promise<void>} */
  drained() {
    if (!this.#socket.writableNeedDrain || this.#ended) {
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      const done = () => {
        this.#socket.off("drain", done);
        this.#socket.off("close", done);
        resolve();
      };
      this.#socket.on("drain", done);
      this.#socket.on("close", done);
    });
  }

  /** @param {string} [text] */
  ping(text = "") {
    this.#write(OP.PING, Buffer.from(text));
  }

  /** Reads nothing more of the connection until resume(). */
  pause() {
    this.#socket.pause();
  }

  resume() {
    this.#socket.resume();
  }

  /**
   * Starts the closing handshake, or answers it.
   * @param {number} [code] 1005: a close without a code
   * @param {string} [reason]
   */
  close(code = NORMAL, reason = "") {
    if (this.#sentClose || this.#ended) return;
    const text = Buffer.from(reason);
    const head = Buffer.alloc(2);
    head.writeUInt16BE(code);
    const body = code === NO_CODE ? NO_BYTES : Buffer.concat([head, text]);
    this.#write(OP.CLOSE, body);
    this.#sentClose = true;
    if (this.#gotClose) this.#socket.end();
    else this.#timer = setTimeout(() => this.cut(), CLOSE_LIMIT_MS);
  }

  /** Breaks the connection, with no word to the client. */
  cut() {
    this.#socket.destroy();
  }

  /** @param {Uint8Array} bytes sent as they are, for tests of clients */
  raw(bytes) {
    this.#socket.write(bytes);
  }

  /**
   * @param {number} opcode
   * @param {Uint8Array} bytes
   * @param {boolean} [final]
   */
  #write(opcode, bytes, final) {
    if (this.#ended || this.#sentClose) return true;
    return this.#socket.write(frame(opcode, bytes, final));
  }

  #gone() {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#settle(this.#end);
    this.onClose(this.#end.code, this.#end.reason);
  }

  /**
   * The client broke a rule.
   * @param {number} code
   * @param {string} why
   */
  #fail(code, why) {
    this.close(code, why);
    this.#pending = NO_BYTES;
    this.#gotClose = true;
    this.#socket.end();
  }

  /** @param {Buffer} bytes */
  #read(bytes) {
    if (this.#gotClose) return;
    this.#arrived.push(bytes);
    this.#arrivedBytes += bytes.length;
    const bytesThere = this.#pending.length + this.#arrivedBytes;
    if (bytesThere < this.#wantedBytes) return;
    this.#pending = Buffer.concat([this.#pending, ...this.#arrived]);
    this.#arrived = [];
    this.#arrivedBytes = 0;
    while (!this.#gotClose && this.#readFrame()) continue;
  }

  /** Whether there was a whole one. */
  #readFrame() {
    const bytes = this.#pending;
    this.#wantedBytes = HEAD_BYTES;
    if (bytes.length < HEAD_BYTES) return false;
    const first = bytes.readUInt8(0);
    const second = bytes.readUInt8(1);
    const opcode = first & 0x0f;
    const isControl = (opcode & IS_CONTROL) !== 0;
    const final = (first & FINAL) !== 0;
    let size = second & ~MASKED;
    const more = size === SIZE_16 ? 2 : size === SIZE_64 ? 8 : 0;
    const wrong = this.#wrongHead(first, second, isControl, final, size);
    if (wrong !== "") {
      this.#fail(PROTOCOL_ERROR, wrong);
      return false;
    }
    const start = HEAD_BYTES + more + MASK_BYTES;
    this.#wantedBytes = start;
    if (bytes.length < start) return false;
    if (more === 2) size = bytes.readUInt16BE(2);
    if (more === 8) size = Number(bytes.readBigUInt64BE(2));
    if (size + (isControl ? 0 : this.#partsBytes) > this.#limitBytes) {
      this.#fail(TOO_BIG, "the message is too long");
      return false;
    }
    this.#wantedBytes = start + size;
    if (bytes.length < start + size) return false;
    const mask = bytes.subarray(start - MASK_BYTES, start);
    const body = Buffer.from(bytes.subarray(start, start + size));
    for (let i = 0; i < size; i++) {
      body[i] =
        /** @type {number} */ (body[i]) ^ /** @type {number} */ (mask[i & 3]);
    }
    this.#pending = bytes.subarray(start + size);
    if (isControl) this.#control(opcode, body);
    else this.#data(opcode, body, final);
    return true;
  }

  /**
   * @param {number} first
   * @param {number} second
   * @param {boolean} isControl
   * @param {boolean} final
   * @param {number} size
   * @returns {string} "" when nothing is wrong
   */
  #wrongHead(first, second, isControl, final, size) {
    const opcode = first & 0x0f;
    if ((first & RESERVED) !== 0) return "a reserved bit is set";
    if (opcode > OP.PONG || (opcode > OP.BINARY && !isControl)) {
      return "an unknown kind of frame";
    }
    if ((second & MASKED) === 0) return "a frame without a mask";
    if (isControl && (!final || size > MAX_CONTROL_BYTES)) {
      return "a control frame that is too long or in pieces";
    }
    if (!isControl && (opcode === OP.MORE) !== (this.#partsOpcode !== 0)) {
      return "a message in the middle of another, or of none";
    }
    return "";
  }

  /**
   * @param {number} opcode
   * @param {Buffer} body
   */
  #control(opcode, body) {
    if (opcode === OP.PING) {
      this.#write(OP.PONG, body);
    } else if (opcode === OP.PONG) {
      this.onPong();
    } else {
      this.#closing(body);
    }
  }

  /** @param {Buffer} body of a close */
  #closing(body) {
    const code = body.length >= 2 ? body.readUInt16BE(0) : NO_CODE;
    const text = body.subarray(2);
    if (body.length === 1 || (body.length >= 2 && !mayBeSent(code))) {
      this.#fail(PROTOCOL_ERROR, "a bad close code");
    } else if (!isUtf8(text)) {
      this.#fail(BAD_TEXT, "a reason that is not UTF-8");
    } else {
      this.#gotClose = true;
      this.#end = { code, reason: text.toString() };
      if (this.#sentClose) this.#socket.end();
      else this.close(code);
    }
  }

  /**
   * @param {number} opcode
   * @param {Buffer} body
   * @param {boolean} final
   */
  #data(opcode, body, final) {
    if (opcode !== OP.MORE) this.#partsOpcode = opcode;
    this.#parts.push(body);
    this.#partsBytes += body.length;
    if (!final) return;
    const whole = Buffer.concat(this.#parts);
    const isText = this.#partsOpcode === OP.TEXT;
    this.#parts = [];
    this.#partsBytes = 0;
    this.#partsOpcode = 0;
    if (isText && !isUtf8(whole)) {
      this.#fail(BAD_TEXT, "text that is not UTF-8");
    } else this.onMessage(isText ? whole.toString() : whole);
  }
}

/**
 * @param {Duplex} socket
 * @param {string} status
 * @param {string[]} [headers]
 */
function refuse(socket, status, headers = []) {
  const lines = [`HTTP/1.1 ${status}`, "Connection: close", ...headers];
  socket.end(`${lines.join("\r\n")}\r\nContent-Length: 0\r\n\r\n`);
}

/**
 * Answers the handshake (RFC 6455, 4.2).
 * @param {Request} request
 * @param {Duplex} socket
 * @param {Buffer} head what the client sent behind it
 * @param {Settings} [settings]
 * @returns {Connection | null} null: it was refused
 */
export function acceptWebSocket(request, socket, head, settings = {}) {
  const { headers, method } = request;
  const key = headers["sec-websocket-key"] ?? "";
  if (headers["sec-websocket-version"] !== VERSION) {
    refuse(socket, "426 Upgrade Required", [
      `Sec-WebSocket-Version: ${VERSION}`,
    ]);
    return null;
  }
  const isWanted =
    method === "GET" &&
    headers.upgrade?.toLowerCase() === "websocket" &&
    Buffer.from(key, "base64").length === 16;
  if (!isWanted) {
    refuse(socket, "400 Bad Request");
    return null;
  }
  const { protocols = [], limitBytes = LIMIT_BYTES } = settings;
  const asked = (headers["sec-websocket-protocol"] ?? "").split(/\s*,\s*/);
  const protocol = asked.find((name) => protocols.includes(name)) ?? "";
  const lines = [
    "HTTP/1.1 101 Switching Protocols",
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Accept: ${acceptKey(key)}`,
  ];
  if (protocol !== "") lines.push(`Sec-WebSocket-Protocol: ${protocol}`);
  socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  const connection = new Connection(socket, { protocol, limitBytes });
  if (head.length > 0) socket.unshift(head);
  return connection;
}

/**
 * Serves WebSockets on an HTTP server beside its requests. They end with it: an
 * HTTP server that closes leaves them alone.
 * @param {Server} server
 * @param {Record<string, Handler>} routes by path, without the query
 * @param {Settings} [settings]
 * @returns {{ connections: Set<Connection>, close: () => void }} close: breaks
 *   those that there are
 */
export function serveWebSockets(server, routes, settings = {}) {
  /** @type {Set<Connection>} */
  const connections = new Set();
  server.on("upgrade", (request, socket, head) => {
    const [path = "/"] = (request.url ?? "/").split("?");
    const handler = Object.hasOwn(routes, path) ? routes[path] : undefined;
    socket.on("error", () => {});
    if (handler === undefined) {
      refuse(socket, "404 Not Found");
      return;
    }
    const connection = acceptWebSocket(request, socket, head, settings);
    if (connection === null) return;
    connections.add(connection);
    connection.closed.then(() => connections.delete(connection));
    handler(connection, request);
  });
  return {
    connections,
    close() {
      for (const connection of connections) connection.cut();
    },
  };
}

/**
 * Sends back what comes, and reads no more than the client takes.
 * @type {Handler}
 */
export function echo(connection) {
  connection.onMessage = (data) => {
    if (connection.send(data)) return;
    connection.pause();
    connection.drained().then(() => connection.resume());
  };
}
