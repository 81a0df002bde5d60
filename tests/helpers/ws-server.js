/* WebSocket servers for tests, each on a free port and closed with its test,
 * over the demos' own: routes that echo, close, flood, stay silent or cut. */
import http from "node:http";
import { WebSocket } from "ws";
import { echo, serveWebSockets } from "../../web/ws-server.mjs";
import { defer } from "./defer.js";
import { listen } from "./server.js";

/**
 * @typedef {import("../../web/ws-server.mjs").Client} Client
 * @typedef {import("../../web/ws-server.mjs").Handler} Handler
 *
 * A client, and what it closed with: 1005 for no code, 1006 when the connection
 * broke.
 * @typedef {object} Accepted
 * @property {Promise<{ code: number, reason: string }>} closed
 */

/** Of a message of the flood. */
const FLOOD_BYTES = 64 * 1024;
const NO_CODE = 1005;

/** @type {Handler} sends as fast as the client takes it, for ever */
async function flood(client) {
  const bytes = new Uint8Array(FLOOD_BYTES);
  while (client.readyState === WebSocket.OPEN) {
    await new Promise((resolve) => {
      client.send(bytes, resolve);
    });
  }
}

/** @param {http.IncomingMessage} request */
const queryOf = (request) =>
  new URL(request.url ?? "", "http://host").searchParams;

/** @type {Record<string, Handler>} */
const ROUTES = {
  "/echo": echo,
  /** The query says the code and the reason. */
  "/close": (client, request) => {
    const query = queryOf(request);
    const code = Number(query.get("code") ?? 1000);
    client.send("goodbye");
    if (code === NO_CODE) client.close();
    else client.close(code, query.get("reason") ?? "");
  },
  /** Says something, and then the connection breaks. */
  "/cut": (client) => {
    client.send("half");
    setImmediate(() => client.terminate());
  },
  /** The next message from the client breaks it. */
  "/cut-later": (client) => {
    client.on("message", () => client.terminate());
  },
  "/flood": flood,
  "/silent": () => {},
  /** Never reads. */
  "/deaf": (client) => client.pause(),
  /** Answers "ping" by "pong", and nothing else. */
  "/pong": (client) => {
    client.on("message", (data) => {
      if (String(data) === "ping") client.send("pong");
    });
  },
  /** Numbered messages, as many as the query says. */
  "/count": (client, request) => {
    const count = Number(queryOf(request).get("n") ?? 10);
    for (let i = 0; i < count; i++) client.send(`message ${i}`);
  },
  /** One message in frames of three bytes, with a ping among them. */
  "/pieces": (client) => {
    const bytes = Buffer.from("grüße aus stücken 😀");
    for (let at = 0; at < bytes.length; at += 3) {
      const fin = at + 3 >= bytes.length;
      client.send(bytes.subarray(at, at + 3), { binary: false, fin });
      if (at === 3) client.ping("here?");
    }
    client.close(1000);
  },
};

/**
 * @param {import("node:test").TestContext} t
 * @param {object} [options]
 * @param {Record<string, Handler>} [options.routes] beside those above
 * @param {import("../../web/ws-server.mjs").Settings} [options.settings]
 */
export async function startWebSockets(t, { routes = {}, settings = {} } = {}) {
  /** @type {{ path: string, headers: http.IncomingHttpHeaders }[]} */
  const log = [];
  /** @type {Accepted[]} */
  const accepted = [];
  /** @type {((client: Client & Accepted) => void)[]} */
  const waiting = [];
  const server = http.createServer();
  const noted = Object.fromEntries(
    Object.entries({ ...ROUTES, ...routes }).map(([path, handler]) => [
      path,
      /** @type {Handler} */
      (client, request) => {
        /** @type {Accepted["closed"]} */
        const closed = new Promise((resolve) => {
          client.on("close", (code, reason) => {
            resolve({ code, reason: reason.toString() });
          });
        });
        const one = Object.assign(client, { closed });
        accepted.push(one);
        handler(client, request);
        for (const tell of waiting.splice(0)) tell(one);
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
    /** The next client. @returns {Promise<Client & Accepted>} */
    connection: () =>
      new Promise((resolve) => {
        waiting.push(resolve);
      }),
  };
}
