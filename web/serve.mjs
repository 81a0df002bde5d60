/* The demo server: static files of the project and what the demos read and
 * write under /api/ (web/serve-api.mjs), on Node and the package ws. For
 * development and tests, on this machine only. `node web/serve.mjs` listens on
 * PORT (default 8080, 0 means any free one). */
import { createReadStream } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import http from "node:http";
import { extname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { HEADERS, HttpError, SOCKETS, answerApi } from "./serve-api.mjs";
import { serveWebSockets } from "./ws-server.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** Longest prefix first; the folder of each is all that can be read. */
const MOUNTS = [
  { prefix: "/dist/", folder: join(ROOT, "build/dist") },
  { prefix: "/apps/", folder: join(ROOT, "build/apps") },
  { prefix: "/js/", folder: join(ROOT, "js") },
  { prefix: "/xterm/", folder: join(ROOT, "node_modules/@xterm/xterm") },
  {
    prefix: "/xterm-fit/",
    folder: join(ROOT, "node_modules/@xterm/addon-fit"),
  },
  { prefix: "/hash-wasm/", folder: join(ROOT, "node_modules/hash-wasm/dist") },
  { prefix: "/", folder: join(ROOT, "web") },
];

/** @type {Record<string, string>} */
const MIME = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".map": "application/json",
  ".mjs": "text/javascript; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".ts": "text/plain; charset=utf-8",
  ".c": "text/plain; charset=utf-8",
  ".txt": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
};

/**
 * @typedef {object} Options
 * @property {{ prefix: string, folder: string }[]} [mounts] replaces ours
 */

/**
 * The file a path names, or an error that does not tell a forbidden file from
 * a missing one. Symbolic links may not lead out of the folder either.
 * @param {string} pathname
 * @param {{ prefix: string, folder: string }[]} mounts
 */
async function findFile(pathname, mounts) {
  const missing = new HttpError(404, `not found: ${pathname}`);
  let path;
  try {
    path = decodeURIComponent(pathname);
  } catch {
    throw new HttpError(400, "malformed percent-encoding");
  }
  const mount = mounts.find(({ prefix }) => path.startsWith(prefix));
  const hidden = path.split(/[/\\]/).some((part) => part.startsWith("."));
  if (mount === undefined || hidden || path.includes("\0")) throw missing;
  const name = path.slice(mount.prefix.length);
  try {
    const folder = await realpath(mount.folder);
    const file = await realpath(
      join(
        folder,
        name === "" || name.endsWith("/") ? `${name}index.html` : name,
      ),
    );
    const info = await stat(file);
    if (!file.startsWith(folder + sep) || !info.isFile()) throw missing;
    return { file, info };
  } catch {
    throw missing;
  }
}

/**
 * @param {http.IncomingMessage} request
 * @param {http.ServerResponse} response
 * @param {string} pathname
 * @param {{ prefix: string, folder: string }[]} mounts
 */
async function sendFile(request, response, pathname, mounts) {
  const { file, info } = await findFile(pathname, mounts);
  const etag = `"${info.size.toString(36)}-${info.mtimeMs.toString(36)}"`;
  const headers = { ...HEADERS, ETag: etag };
  if (request.headers["if-none-match"] === etag) {
    response.writeHead(304, headers).end();
    return;
  }
  response.writeHead(200, {
    ...headers,
    "Content-Type": MIME[extname(file)] ?? "application/octet-stream",
    "Content-Length": info.size,
  });
  if (request.method === "HEAD" || info.size === 0) {
    response.end();
    return;
  }
  // The length is promised: a file that grows meanwhile is cut at it.
  const body = createReadStream(file, { end: info.size - 1 });
  body.on("error", () => response.destroy());
  response.on("close", () => body.destroy());
  body.pipe(response);
}

/**
 * @param {http.IncomingMessage} request
 * @param {http.ServerResponse} response
 * @param {{ prefix: string, folder: string }[]} mounts
 */
async function answer(request, response, mounts) {
  // Parsed by hand: the URL class would resolve ".." before we could see it.
  const [pathname = "/", query = ""] = (request.url ?? "/").split("?", 2);
  if (pathname.startsWith("/api/")) {
    const params = new URLSearchParams(query);
    await answerApi({ request, response, pathname, params });
    return;
  }
  if (request.method !== "GET" && request.method !== "HEAD") {
    throw new HttpError(405, `${request.method} is not answered here`, {
      Allow: "GET, HEAD",
    });
  }
  await sendFile(request, response, pathname, mounts);
}

/** @param {Options} options */
function createServers(options) {
  const { mounts = MOUNTS } = options;
  const server = http.createServer((request, response) => {
    answer(request, response, mounts).catch((error) => {
      if (response.headersSent) {
        response.destroy();
        return;
      }
      const known = error instanceof HttpError;
      response.writeHead(known ? error.status : 500, {
        ...HEADERS,
        ...(known ? error.headers : {}),
        "Content-Type": "text/plain; charset=utf-8",
      });
      response.end(`${known ? error.message : "internal error"}\n`);
      if (!known) process.stderr.write(`${error.stack}\n`);
    });
  });
  return { server, sockets: serveWebSockets(server, SOCKETS) };
}

/**
 * @param {Options} [options]
 * @returns {http.Server}
 */
export function createServer(options = {}) {
  return createServers(options).server;
}

/**
 * Starts a server; resolves when it listens.
 * @param {Options & { port?: number, host?: string }} [options]
 */
export function serve(options = {}) {
  const { port = 8080, host = "127.0.0.1", ...rest } = options;
  const { server, sockets } = createServers(rest);
  /** @type {Promise<{ url: string, port: number, server: http.Server, close: () => Promise<void> }>} */
  const listening = new Promise((resolve, reject) => {
    server.once("error", (error) => {
      const { code } = /** @type {NodeJS.ErrnoException} */ (error);
      const why =
        code === "EADDRINUSE"
          ? "is taken: set PORT to another one, or to 0 for any free one"
          : `cannot be used: ${error.message}`;
      reject(new Error(`port ${port} ${why}`, { cause: error }));
    });
    server.listen(port, host, () => {
      const address = /** @type {import("node:net").AddressInfo} */ (
        server.address()
      );
      resolve({
        url: `http://localhost:${address.port}/`,
        port: address.port,
        server,
        close: () => {
          sockets.close();
          return closeServer(server);
        },
      });
    });
  });
  return listening;
}

/**
 * Ends the streams too: a feed would keep the server open for ever.
 * @param {http.Server} server
 * @returns {Promise<void>}
 */
function closeServer(server) {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

/** @param {string | undefined} text */
export function portFromEnv(text) {
  if (text === undefined || text === "") return 8080;
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) {
    throw new Error(`PORT is "${text}": it must be a number, 0 to 65535`);
  }
  return port;
}

async function main() {
  try {
    const { url, close } = await serve({ port: portFromEnv(process.env.PORT) });
    process.stdout.write(`Gossamer demos: ${url}\n`);
    for (const signal of ["SIGINT", "SIGTERM"]) {
      process.once(signal, () => void close());
    }
  } catch (error) {
    process.stderr.write(`error: ${/** @type {Error} */ (error).message}\n`);
    process.exitCode = 1;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
