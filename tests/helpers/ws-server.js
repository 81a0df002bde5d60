/* WebSocket servers for tests, each on a free port and closed with its test,
 * over the demos' own: routes that echo, close, flood, stay silent or cut. */
import http from "node:http";
import { echo, serveWebSockets } from "../../web/ws-server.mjs";
import { defer } from "./defer.js";
import { listen } from "./server.js";

/**
 * @typedef {import("../../web/ws-server.mjs").Connection} Connection
 * @typedef {import("../../web/ws-server.mjs").Handler} Handler
 */

/** Of a message of the flood. */
const FLOOD_BYTES = 64 * 1024;

/** @type {Handler} sends as fast as the client takes it, for ever */
async function flood(connection) {
  const bytes = new Uint8Array(FLOOD_BYTES);
  while (!connection.ended) {
    connection.send(bytes);
    await connection.drained();
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}

/** @type {Record<string, Handler>} */
const ROUTES = {
  "/echo": echo,
  /** The query says the code and the reason. */
  "/close": (connection, request) => {
    const { searchParams } = new URL(request.url ?? "", "http://host");
    const code = Number(searchParams.get("code") ?? 1000);
    connection.send("goodbye");
    connection.close(code, searchParams.get("reason") ?? "");
  },
  /** Says something, and then the connection breaks. */
  "/cut": (connection) => {
    connection.send("half");
    setImmediate(() => connection.cut());
  },
  /** The next message from the client breaks it. */
  "/cut-later": (connection) => {
    connection.onMessage = () => connection.cut();
  },
  "/flood": flood,
  "/silent": () => {},
  /** Never reads. */
  "/deaf": (connection) => connection.pause(),
  /** Answers "ping" by "pong", and nothing else. */
  "/pong": (connection) => {
    connection.onMessage = (data) => {
      if (data === "ping") connection.send("pong");
    };
  },
  /** Numbered messages, as many as the query says. */
  "/count": (connection, request) => {
    const { searchParams } = new URL(request.url ?? "", "http://host");
    const count = Number(searchParams.get("n") ?? 10);
    for (let i = 0; i < count; i++) connection.send(`message ${i}`);
  },
  /** One message in frames of three bytes, with a ping among them. */
  "/pieces": (connection) => {
    connection.ping("here?");
    connection.sendInPieces("grüße aus stücken 😀", 3);
    connection.close();
  },
};

/**
 * @param {import("node:test").TestContext} t
 * @param {object} [options]
 * @param {Record<string, Handler>} [options.routes] beside those above
 * @param {import("../../web/ws-server.mjs").Settings} [options.settings]
 * @param {http.RequestListener} [options.requests] what is no WebSocket
 */
export async function startWebSockets(
  t,
  { routes = {}, settings = {}, requests } = {},
) {
  /** @type {{ path: string, headers: http.IncomingHttpHeaders }[]} */
  const log = [];
  /** @type {Connection[]} */
  const accepted = [];
  /** @type {((connection: Connection) => void)[]} */
  const waiting = [];
  const server = http.createServer(requests);
  const noted = Object.fromEntries(
    Object.entries({ ...ROUTES, ...routes }).map(([path, handler]) => [
      path,
      /** @type {Handler} */
      (connection, request) => {
        accepted.push(connection);
        handler(connection, request);
        for (const tell of waiting.splice(0)) tell(connection);
      },
    ]),
  );
  server.on("upgrade", ({ url = "", headers }) => {
    log.push({ path: url, headers });
  });
  const served = serveWebSockets(server, noted, {
    protocols: ["chat.v2", "chat.v1"],
    ...settings,
  });
  const address = await listen(t, server);
  // Before the server itself, which would wait for them.
  defer(t, () => served.close());
  return {
    /** http://127.0.0.1:PORT, and the same of ws: */
    origin: address.slice(0, -1),
    url: address.slice(0, -1).replace("http", "ws"),
    log,
    accepted,
    connections: served.connections,
    /** The next connection. @returns {Promise<Connection>} */
    connection: () =>
      new Promise((resolve) => {
        waiting.push(resolve);
      }),
  };
}
