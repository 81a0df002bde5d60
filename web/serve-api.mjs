/* What the demo server answers under /api/. Bytes are i % 251 at offset i.
 *
 *   GET  /api/feed?hz=200      endless NDJSON: {"seq","time","value"} a line
 *   GET  /api/download?mb=200  that many MiB
 *   GET  /api/parts?mb=64&drop=7  the same by ranges; breaks after 7 MiB
 *   PUT  /api/upload           answers {"bytes","sha256"} of what came
 *   GET  /api/events?hz=20&each=25  events; ends after 25, goes on by their ids
 *   WS   /api/echo             each message comes back */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { echo } from "./ws-server.mjs";

/** @typedef {import("node:http").IncomingMessage} IncomingMessage */
/** @typedef {import("node:http").ServerResponse} ServerResponse */

export const HEADERS = {
  "Content-Security-Policy": "script-src 'self' 'wasm-unsafe-eval'",
  "X-Content-Type-Options": "nosniff",
  "Cache-Control": "no-cache",
};

const MIB = 1024 * 1024;
const CHUNK_BYTES = 64 * 1024;
const PATTERN_PERIOD = 251;
const MAX_MIB = 4096;
const MAX_UPLOAD_BYTES = 1024 * MIB;

/** Bytes 0, 1, ... 250, 0, ...: one chunk starting at every possible phase. */
const PATTERN = Buffer.from(
  Uint8Array.from(
    { length: CHUNK_BYTES + PATTERN_PERIOD },
    (_, index) => index % PATTERN_PERIOD,
  ),
);

/** A request that is answered with an error status. */
export class HttpError extends Error {
  /**
   * @param {number} status
   * @param {string} message
   * @param {Record<string, string>} [headers]
   */
  constructor(status, message, headers = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

/**
 * A number from the query, or the default when it is not there.
 * @param {URLSearchParams} params
 * @param {string} name
 * @param {{ fallback: number, max: number }} range from 1 to max
 */
function numberParam(params, name, { fallback, max }) {
  const text = params.get(name);
  if (text === null) return fallback;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || value > max) {
    throw new HttpError(400, `${name} must be a whole number, 1 to ${max}`);
  }
  return value;
}

/** @param {number} seq */
function feedLine(seq) {
  const value = Number(Math.sin(seq / 50).toFixed(6));
  return `${JSON.stringify({ seq, time: Date.now(), value })}\n`;
}

/**
 * Lines at a steady rate until the client leaves. What a slow client does not
 * take is never written, so seq has no gaps: it just advances later.
 * @param {ServerResponse} response
 * @param {number} hz
 */
function sendFeed(response, hz) {
  response.writeHead(200, {
    ...HEADERS,
    "Content-Type": "application/x-ndjson",
    "Cache-Control": "no-store",
  });
  let seq = 0;
  let started = performance.now();
  const tick = () => {
    if (response.writableNeedDrain) return;
    const due = Math.floor(((performance.now() - started) * hz) / 1000) + 1;
    let lines = "";
    for (; seq < due; seq += 1) lines += feedLine(seq);
    if (lines !== "") response.write(lines);
  };
  const timer = setInterval(tick, Math.max(4, Math.floor(1000 / hz)));
  response.on("drain", () => {
    started = performance.now() - (seq * 1000) / hz;
  });
  response.on("close", () => clearInterval(timer));
  tick();
}

/**
 * @param {ServerResponse} response whose head was sent
 * @param {number} from
 * @param {number} to
 * @param {number} [breakAt] where the connection breaks
 */
function sendPattern(response, from, to, breakAt = to) {
  let offset = from;
  const pump = () => {
    while (offset < breakAt && !response.destroyed) {
      const phase = offset % PATTERN_PERIOD;
      const length = Math.min(CHUNK_BYTES, breakAt - offset);
      offset += length;
      const bytes = PATTERN.subarray(phase, phase + length);
      const isLast = offset === breakAt && breakAt < to;
      // What was written before a break is to arrive.
      const onSent = isLast ? () => response.socket?.end() : undefined;
      if (!response.write(bytes, onSent)) return;
    }
    if (offset === to) response.end();
  };
  response.on("drain", pump);
  pump();
}

/**
 * @param {ServerResponse} response
 * @param {number} sizeBytes
 */
function sendDownload(response, sizeBytes) {
  response.writeHead(200, {
    ...HEADERS,
    "Content-Type": "application/octet-stream",
    "Content-Length": sizeBytes,
    "Cache-Control": "no-store",
  });
  sendPattern(response, 0, sizeBytes);
}

/**
 * RFC 9110, 14: one range from somewhere to the end, for who has that much of
 * this very content.
 * @param {IncomingMessage} request
 * @param {ServerResponse} response
 * @param {number} sizeBytes
 * @param {number} dropBytes how much a connection carries
 */
function sendParts(request, response, sizeBytes, dropBytes) {
  const etag = `"pattern-${sizeBytes}"`;
  const { range = "", "if-range": ifRange = etag } = request.headers;
  const [, from] = /^bytes=(\d+)-$/.exec(range) ?? [];
  const begin = from === undefined || ifRange !== etag ? 0 : Number(from);
  if (begin >= sizeBytes) {
    throw new HttpError(416, "there is nothing from there on", {
      "Content-Range": `bytes */${sizeBytes}`,
    });
  }
  const part = `bytes ${begin}-${sizeBytes - 1}/${sizeBytes}`;
  response.writeHead(begin > 0 ? 206 : 200, {
    ...HEADERS,
    "Accept-Ranges": "bytes",
    "Cache-Control": "no-store",
    "Content-Length": sizeBytes - begin,
    "Content-Type": "application/octet-stream",
    ETag: etag,
    ...(begin > 0 ? { "Content-Range": part } : {}),
  });
  const breakAt = Math.min(begin + dropBytes, sizeBytes);
  sendPattern(response, begin, sizeBytes, breakAt);
}

/**
 * @param {IncomingMessage} request
 * @param {ServerResponse} response
 */
async function takeUpload(request, response) {
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > MAX_UPLOAD_BYTES) throw new HttpError(413, "too much");
    hash.update(chunk);
  }
  response.writeHead(200, {
    ...HEADERS,
    "Content-Type": "application/json",
    "Cache-Control": "no-store",
  });
  response.end(JSON.stringify({ bytes, sha256: hash.digest("hex") }));
}

/**
 * Events numbered from 1 on; after some of them the connection ends, and who
 * comes again with the last number that it has gets the next ones.
 * @param {IncomingMessage} request
 * @param {ServerResponse} response
 * @param {number} hz
 * @param {number} each
 */
function sendEvents(request, response, hz, each) {
  const last = String(request.headers["last-event-id"] ?? "0");
  if (!/^\d{1,15}$/.test(last)) throw new HttpError(400, "no such event");
  response.writeHead(200, {
    ...HEADERS,
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-store",
  });
  response.write("retry: 100\n\n");
  const first = Number(last) + 1;
  let id = first;
  const timer = setInterval(() => {
    const data = JSON.stringify({ number: id, time: Date.now() });
    response.write(`event: tick\nid: ${id}\ndata: ${data}\n\n`);
    id += 1;
    if (id === first + each) response.end();
  }, 1000 / hz);
  response.on("close", () => clearInterval(timer));
}

/**
 * @param {{ request: IncomingMessage, response: ServerResponse,
 *   pathname: string, params: URLSearchParams }} call
 */
export async function answerApi({ request, response, pathname, params }) {
  const { method = "" } = request;
  const methods = pathname === "/api/upload" ? ["PUT", "POST"] : ["GET"];
  if (!methods.includes(method)) {
    throw new HttpError(405, `${method} is not answered here`, {
      Allow: methods.join(", "),
    });
  }
  /**
   * @param {string} name
   * @param {number} fallback
   * @param {number} max
   */
  const number = (name, fallback, max) =>
    numberParam(params, name, { fallback, max });
  switch (pathname) {
    case "/api/feed":
      return sendFeed(response, number("hz", 200, 100_000));
    case "/api/download":
      return sendDownload(response, number("mb", 200, MAX_MIB) * MIB);
    case "/api/parts": {
      const sizeBytes = number("mb", 64, MAX_MIB) * MIB;
      const dropBytes = number("drop", MAX_MIB, MAX_MIB) * MIB;
      return sendParts(request, response, sizeBytes, dropBytes);
    }
    case "/api/upload":
      return takeUpload(request, response);
    case "/api/events":
      return sendEvents(
        request,
        response,
        number("hz", 20, 1000),
        number("each", 25, 1e9),
      );
    default:
      throw new HttpError(404, `not found: ${pathname}`);
  }
}

/** What is a WebSocket, by path. */
export const SOCKETS = { "/api/echo": echo };
