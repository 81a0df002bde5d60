/* Servers for tests, each on a free port and closed with its test: the demo
 * server with pages of the test's own beside it, and servers that misbehave
 * when told to. */
import http from "node:http";
import { createServer } from "../../web/serve.mjs";
import { defer } from "./defer.js";

/**
 * @typedef {import("node:test").TestContext} TestContext
 * @typedef {http.RequestListener} Handler
 */

/**
 * @param {TestContext} t
 * @param {http.Server} server
 * @returns {Promise<string>} its address, with a slash at the end
 */
export function listen(t, server) {
  defer(t, () => {
    server.close();
    server.closeAllConnections();
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = /** @type {import("node:net").AddressInfo} */ (
        server.address()
      );
      resolve(`http://127.0.0.1:${port}/`);
    });
  });
}

/**
 * A server that answers with the handler of the path, and 404 otherwise. All
 * origins may read it, so that it can stand in for a foreign one.
 * @param {TestContext} t
 * @param {Record<string, Handler>} routes by path, without the query
 */
export function startServer(t, routes) {
  const server = http.createServer((request, response) => {
    const [path = "/"] = (request.url ?? "/").split("?");
    response.setHeader("Access-Control-Allow-Origin", "*");
    const handler = routes[path];
    if (handler !== undefined) handler(request, response);
    else response.writeHead(404).end(`no route: ${path}`);
  });
  return listen(t, server);
}

/**
 * The demo server. What `files` names (path to content) and `routes` answers
 * comes first; both get the demo server's security policy.
 * @param {TestContext} t
 * @param {object} [options]
 * @param {Record<string, string | Uint8Array>} [options.files]
 * @param {Record<string, Handler>} [options.routes]
 */
export function startDemos(t, { files = {}, routes = {} } = {}) {
  const demos = createServer();
  const own = {
    ...routes,
    ...Object.fromEntries(
      Object.entries(files).map(([path, content]) => [
        path,
        sends(content, mimeOf(path)),
      ]),
    ),
  };
  const server = http.createServer((request, response) => {
    const [path = "/"] = (request.url ?? "/").split("?");
    const handler = own[path];
    if (handler === undefined) {
      demos.emit("request", request, response);
      return;
    }
    response.setHeader(
      "Content-Security-Policy",
      "script-src 'self' 'wasm-unsafe-eval'",
    );
    handler(request, response);
  });
  server.on("upgrade", (...call) => demos.emit("upgrade", ...call));
  return listen(t, server);
}

/** @param {string} path */
function mimeOf(path) {
  if (path.endsWith(".html")) return "text/html; charset=utf-8";
  if (/\.m?js$/.test(path)) return "text/javascript; charset=utf-8";
  if (path.endsWith(".wasm")) return "application/wasm";
  return "text/plain; charset=utf-8";
}

/**
 * A handler that answers with a body, of any type: the wrong one, too.
 * @param {string | Uint8Array} body
 * @param {string} type
 * @param {number} [status]
 * @returns {Handler}
 */
export function sends(body, type, status = 200) {
  return (_request, response) => {
    response.writeHead(status, {
      "Content-Type": type,
      "Content-Length": Buffer.byteLength(body),
    });
    response.end(body);
  };
}

/**
 * A handler that promises more bytes than it sends, then cuts the connection.
 * @param {string | Uint8Array} start what arrives before that
 * @returns {Handler}
 */
export function diesMidBody(start) {
  return (_request, response) => {
    response.writeHead(200, {
      "Content-Type": "text/plain; charset=utf-8",
      "Content-Length": Buffer.byteLength(start) + 1000,
    });
    // Cut only when the start has left, else the client may get nothing.
    response.write(start, () => response.socket?.end());
  };
}

/**
 * A body under the test's control: a slow server without a clock.
 * @param {string} [type]
 */
export function gatedBody(type = "text/plain; charset=utf-8") {
  /** @type {(response: http.ServerResponse) => void} */
  let arrived;
  /** @type {Promise<http.ServerResponse>} */
  const response = new Promise((resolve) => {
    arrived = resolve;
  });
  /** @type {() => void} */
  let left;
  /** @type {Promise<void>} */
  const closed = new Promise((resolve) => {
    left = resolve;
  });
  return {
    /** @type {Handler} */
    handler: (_request, theirs) => {
      theirs.on("close", left);
      theirs.writeHead(200, { "Content-Type": type });
      theirs.flushHeaders();
      arrived(theirs);
    },
    /** The request has arrived and its headers are answered. */
    requested: response.then(() => undefined),
    /** The response is over, by either side. */
    closed,
    /** @param {string | Uint8Array} bytes */
    send: async (bytes) => {
      (await response).write(bytes);
    },
    end: async () => {
      (await response).end();
    },
    die: async () => {
      (await response).destroy();
    },
  };
}

/** An address that refuses connections: its port was free a moment ago. */
export function refusedUrl() {
  /** @type {Promise<string>} */
  const url = new Promise((resolve, reject) => {
    const server = http.createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = /** @type {import("node:net").AddressInfo} */ (
        server.address()
      );
      server.close(() => resolve(`http://127.0.0.1:${port}/`));
    });
  });
  return url;
}
