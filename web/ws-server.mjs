/* WebSockets beside the requests of an HTTP server, by the package ws: a handler
 * for each path, and one that sends back what comes. */
import { WebSocketServer } from "ws";

/**
 * @typedef {import("ws").WebSocket} Client
 *
 * What serves a path.
 * @typedef {(client: Client, request: import("node:http").IncomingMessage) => void} Handler
 *
 * @typedef {object} Settings
 * @property {string[]} [protocols] subprotocols that are known; of those that
 *   the client asks for, its best is taken
 * @property {number} [limitBytes] the longest message, 64 MiB
 */

const LIMIT_BYTES = 64 * 2 ** 20;
const NOT_FOUND =
  "HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
/** What may wait to be sent back before no more is read. */
const ECHO_BYTES = 2 ** 20;

/**
 * They end with what this answers: an HTTP server that closes leaves them alone.
 * @param {import("node:http").Server} server
 * @param {Record<string, Handler>} routes by path, without the query
 * @param {Settings} [settings]
 * @returns {{ close: () => void }} close: breaks those that there are
 */
export function serveWebSockets(server, routes, settings = {}) {
  const { protocols = [], limitBytes = LIMIT_BYTES } = settings;
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: limitBytes,
    handleProtocols: (asked) =>
      [...asked].find((name) => protocols.includes(name)) ?? false,
  });
  server.on("upgrade", (request, socket, head) => {
    const [path = "/"] = (request.url ?? "/").split("?");
    const handler = Object.hasOwn(routes, path) ? routes[path] : undefined;
    socket.on("error", () => {});
    if (handler === undefined) {
      socket.end(NOT_FOUND);
      return;
    }
    sockets.handleUpgrade(request, socket, head, (client) => {
      // A client that breaks the rules is closed, and nobody else's business.
      client.on("error", () => {});
      handler(client, request);
    });
  });
  return {
    close() {
      for (const client of sockets.clients) client.terminate();
    },
  };
}

/**
 * Sends back what comes, and reads no more than the client takes.
 * @type {Handler}
 */
export function echo(client) {
  client.on("message", (data, isBinary) => {
    if (client.bufferedAmount > ECHO_BYTES) client.pause();
    client.send(data, { binary: isBinary }, () => {
      if (client.isPaused) client.resume();
    });
  });
}
