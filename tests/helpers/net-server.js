/* Servers for what travels: HTTP/1.1 plain and over TLS, HTTP/2 by ALPN, a
 * foreign one, each an origin of its own, with the routes of net-routes.js
 * before the demo server's files. Each writes down what it is asked, and when
 * and how the connection of each request ended. */
import { createHash } from "node:crypto";
import http from "node:http";
import http2 from "node:http2";
import https from "node:https";
import net from "node:net";
import { createServer as createDemos } from "../../web/serve.mjs";
import { certificate } from "./certificate.js";
import { defer } from "./defer.js";
import { findRoute } from "./net-routes.js";

/**
 * @typedef {import("node:test").TestContext} TestContext
 * @typedef {http.IncomingMessage} Request or Http2ServerRequest, which is alike
 * @typedef {http.ServerResponse & {
 *   stream?: import("node:http2").ServerHttp2Stream,
 * }} Response
 *
 * What a server tells of one request.
 * @typedef {object} Ended
 * @property {boolean} whole both sides said all they had to say; false: it was
 *   cut, and over HTTP/1.1 the connection is closed, over HTTP/2 its stream
 * @property {number} receivedBytes of the request's body
 * @property {number} sentBytes by this connection so far, to the system
 */

/** One request, from the server's side. */
export class Visit {
  #hash = createHash("sha256");
  /** @type {Set<() => void>} */
  #watchers = new Set();
  receivedBytes = 0;
  pieces = 0;
  /** All of the request's body has arrived. */
  complete = false;

  /**
   * @param {Request} request
   * @param {Response} response
   * @param {Map<string, number>} counts of the server, for the routes to use
   */
  constructor(request, response, counts) {
    this.request = request;
    this.response = response;
    this.counts = counts;
    this.method = request.method ?? "GET";
    this.url = new URL(request.url ?? "/", "http://host");
    this.version = request.httpVersion;
    this.headers = request.headers;
    /** @type {Promise<Ended>} */
    this.closed = this.#close();
  }

  /** As the log has it. */
  get line() {
    return `${this.method} ${this.url.pathname}${this.url.search}`;
  }

  /** @returns {Promise<Ended>} */
  async #close() {
    const { request, response } = this;
    const { socket } = request;
    const over = new Promise((resolve) => {
      response.once("close", () => resolve(undefined));
    });
    await over;
    const { stream } = response;
    const whole =
      stream === undefined
        ? response.writableFinished && request.complete
        : stream.rstCode === http2.constants.NGHTTP2_NO_ERROR;
    // What is cut takes the connection with it, but over HTTP/2.
    if (!whole && stream === undefined && !socket.destroyed) {
      await new Promise((resolve) => {
        socket.once("close", () => resolve(undefined));
      });
    }
    for (const watcher of this.#watchers) watcher();
    const { receivedBytes } = this;
    const sentBytes = socket.bytesWritten;
    return { whole, receivedBytes, sentBytes };
  }

  /** Reads the request's body as it comes. */
  receive() {
    this.request.on("data", (bytes) => {
      this.#hash.update(bytes);
      this.receivedBytes += bytes.length;
      this.pieces += 1;
      for (const watcher of this.#watchers) watcher();
    });
    this.request.on("end", () => {
      this.complete = true;
      for (const watcher of this.#watchers) watcher();
    });
    // A client that leaves: `closed` tells.
    this.request.on("error", () => {});
  }

  /**
   * When that much of the request's body has arrived, or all of it, or the
   * connection is closed.
   * @param {number} bytes
   * @returns {Promise<void>}
   */
  received(bytes) {
    return new Promise((resolve) => {
      const look = () => {
        const { receivedBytes, complete, response } = this;
        if (receivedBytes < bytes && !complete && !response.closed) return;
        this.#watchers.delete(look);
        resolve();
      };
      this.#watchers.add(look);
      look();
    });
  }

  /** The SHA-256 of the request's body, in hexadecimal. */
  digest() {
    return this.#hash.copy().digest("hex");
  }

  /** Ends the connection, or over HTTP/2 the stream, without a good-bye. */
  cut() {
    const { stream, socket } = this.response;
    if (stream === undefined) socket?.destroy();
    else stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR);
  }
}

/** One server. */
export class Origin {
  /** @type {Visit[]} */
  visits = [];
  /** @type {Map<string, number>} */
  #counts = new Map();
  /** @type {Set<(visit: Visit) => void>} */
  #waiting = new Set();
  #demos = createDemos();
  /** @type {net.Server | null} */
  server = null;
  /** Its address without a slash at the end, once it listens. */
  origin = "";

  /** @param {Record<string, http.RequestListener>} routes that come first */
  constructor(routes) {
    this.routes = routes;
  }

  /** What was asked of it, but for files: "GET /path?query". */
  get log() {
    return this.visits.map(({ line }) => line);
  }

  /** @param {string} path beginning with a slash */
  url(path) {
    return `${this.origin}${path}`;
  }

  /**
   * The next request for a path that begins so, or one that was already there;
   * what CORS asks before does not count.
   * @param {string} path
   * @param {number} [nth] from 0
   * @returns {Promise<Visit>}
   */
  visit(path, nth = 0) {
    /** @param {Visit} visit */
    const fits = ({ method, url }) =>
      method !== "OPTIONS" && `${url.pathname}${url.search}`.startsWith(path);
    return new Promise((resolve) => {
      const look = () => {
        const found = this.visits.filter(fits)[nth];
        if (found === undefined) return;
        this.#waiting.delete(look);
        resolve(found);
      };
      this.#waiting.add(look);
      look();
    });
  }

  /** @param {Request} request @param {Response} response */
  answer = (request, response) => {
    const [path = "/"] = (request.url ?? "/").split("?");
    const own = this.routes[path];
    if (own !== undefined) {
      own(request, response);
      return;
    }
    const route = findRoute(path);
    if (route === null) {
      this.#demos.emit("request", request, response);
      return;
    }
    const visit = new Visit(request, response, this.#counts);
    this.visits.push(visit);
    // A client that leaves is no error of the server's.
    response.on("error", () => {});
    for (const look of this.#waiting) look(visit);
    route(visit);
  };
}

/**
 * @param {TestContext} t
 * @param {net.Server} server
 * @param {string} scheme
 * @param {string} host what the address has; it listens on 127.0.0.1 alone
 * @returns {Promise<string>} its origin
 */
function listen(t, server, scheme, host) {
  /** @type {Set<net.Socket>} */
  const sockets = new Set();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => sockets.delete(socket));
  });
  defer(t, () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = /** @type {net.AddressInfo} */ (server.address());
      resolve(`${scheme}://${host}:${port}`);
    });
  });
}

/** How each kind listens. */
const KINDS = {
  /** @param {Origin["answer"]} answer */
  plain: (answer) => ({
    server: http.createServer(answer),
    scheme: "http",
    host: "127.0.0.1",
  }),
  /** Another origin than `plain`, and the same site: it has its cookies. */
  /** @param {Origin["answer"]} answer */
  sibling: (answer) => KINDS.plain(answer),
  /** Another site than all others, in the eyes of a browser. */
  /** @param {Origin["answer"]} answer */
  foreign: (answer) => ({
    server: http.createServer(answer),
    scheme: "http",
    host: "localhost",
  }),
  /** @param {Origin["answer"]} answer */
  tls: (answer) => ({
    server: https.createServer(certificate(), answer),
    scheme: "https",
    host: "127.0.0.1",
  }),
  /** HTTP/2 for who asks for it by ALPN, else HTTP/1.1. */
  /** @param {Origin["answer"]} answer */
  h2: (answer) => ({
    server: http2.createSecureServer(
      { ...certificate(), allowHTTP1: true },
      /** @type {any} */ (answer),
    ),
    scheme: "https",
    host: "127.0.0.1",
  }),
};

/** @typedef {keyof typeof KINDS} Kind */

/**
 * Servers of these kinds, closed with their test.
 * @template {Kind} K
 * @param {TestContext} t
 * @param {readonly K[]} kinds "tls" and "h2" want openssl: see whyNoTls()
 * @param {Record<string, http.RequestListener>} [routes] of all of them, that
 *   come before all others, by path
 * @returns {Promise<Record<K, Origin>>}
 */
export async function startNet(t, kinds, routes = {}) {
  /** @type {[K, Origin][]} */
  const started = [];
  for (const kind of kinds) {
    const one = new Origin(routes);
    const { server, scheme, host } = KINDS[kind](one.answer);
    one.server = server;
    one.origin = await listen(t, server, scheme, host);
    started.push([kind, one]);
  }
  return /** @type {Record<K, Origin>} */ (Object.fromEntries(started));
}

/**
 * A gate before a server: it takes connections, and not a byte passes before it
 * is opened. A client that comes by https stays in the handshake.
 * @param {TestContext} t
 * @param {Origin} behind
 */
export async function startGate(t, behind) {
  const { protocol, port } = new URL(behind.origin);
  /** @type {net.Socket[]} */
  const waiting = [];
  /** @type {(socket: net.Socket) => void} */
  let pass = (socket) => void waiting.push(socket);
  let came = () => {};
  /** @type {Promise<void>} */
  const connected = new Promise((resolve) => {
    came = resolve;
  });
  const server = net.createServer((socket) => {
    came();
    pass(socket);
  });
  const origin = await listen(
    t,
    server,
    protocol.replace(":", ""),
    "127.0.0.1",
  );
  return {
    origin,
    /** When the first client is there. */
    connected,
    open: () => {
      pass = (socket) => {
        const other = net.connect(Number(port), "127.0.0.1");
        other.on("error", () => socket.destroy());
        socket.on("close", () => other.destroy());
        socket.pipe(other).pipe(socket);
      };
      for (const socket of waiting) pass(socket);
    },
  };
}
