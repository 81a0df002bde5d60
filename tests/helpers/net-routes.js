/* What the servers of net-server.js answer. The byte at offset i of a body is
 * i % 251. A prefix says what a foreign page may see, then the route follows:
 * /cors/yes (any page, simple requests), /cors/no, /cors/preflight (any method
 * and header), /cors/credentials (with cookies), /cors/expose (all headers):
 * /cors/yes/bytes/1000. */
import { brotliCompressSync, gzipSync } from "node:zlib";
import { sendBody, sendRange } from "./net-bodies.js";

/**
 * @typedef {import("./net-server.js").Visit} Visit
 * @typedef {(visit: Visit, rest: string) => void} Route `rest`: what follows
 *   the route's name in the path
 */

/**
 * A number of the query.
 * @param {Visit} visit
 * @param {string} name
 * @param {number} fallback
 */
function number({ url }, name, fallback) {
  return Number(url.searchParams.get(name) ?? fallback);
}

/** @param {Visit} visit @param {unknown} value */
function sendJson({ response }, value) {
  response.setHeader("Content-Type", "application/json");
  response.end(JSON.stringify(value));
}

/** @param {number} sizeBytes */
export function patternOf(sizeBytes) {
  return Uint8Array.from({ length: sizeBytes }, (_, index) => index % 251);
}

/**
 * @param {(bytes: Uint8Array) => Uint8Array} pack
 * @param {string} name
 * @returns {Route}
 */
function packed(pack, name) {
  return ({ request, response }, rest) => {
    const body = pack(patternOf(Number(rest)));
    response.setHeader("Content-Encoding", name);
    response.setHeader("Content-Length", body.length);
    response.end(request.method === "HEAD" ? undefined : body);
  };
}

/**
 * Sends the headers of a body that does not come to its end.
 * @param {Visit} visit
 * @param {object} body
 * @param {number} body.saysBytes Content-Length; -1: none
 * @param {number} body.sendsBytes
 * @param {() => void} [then] once that has left
 */
function sendStart({ response }, { saysBytes, sendsBytes }, then) {
  if (saysBytes >= 0) response.setHeader("Content-Length", saysBytes);
  response.writeHead(200);
  response.flushHeaders();
  if (sendsBytes > 0) response.write(patternOf(sendsBytes), then);
  else then?.();
}

/** @type {Record<string, Route>} */
const ROUTES = {
  /** /bytes/N: N bytes, with their number. */
  bytes(visit, rest) {
    visit.response.setHeader("Content-Length", Number(rest));
    sendBody(visit, Number(rest));
  },

  /** /chunked/N: N bytes, without it. */
  chunked(visit, rest) {
    visit.response.writeHead(200);
    visit.response.flushHeaders();
    sendBody(visit, Number(rest));
  },

  gzip: packed(gzipSync, "gzip"),
  br: packed(brotliCompressSync, "br"),

  /** /status/N: with the status as its body, where it may have one. */
  status({ request, response }, rest) {
    response.setHeader("X-Status", rest);
    response.statusCode = Number(rest);
    const bare = ["204", "205", "304"].includes(rest);
    response.end(bare || request.method === "HEAD" ? undefined : rest);
  },

  /** 103 comes before the answer, twice. */
  "early-hints"({ response }) {
    const link = "</style.css>; rel=preload; as=style";
    response.writeEarlyHints({ link });
    response.writeEarlyHints({ link, "x-hint": "1" });
    response.setHeader("X-Final", "yes");
    response.end("after the hints");
  },

  /** /long-headers/N: one of N bytes. */
  "long-headers"({ response }, rest) {
    response.setHeader("X-Long", "x".repeat(Number(rest)));
    response.end("long");
  },

  "duplicate-headers"({ response }) {
    response.setHeader("X-Twice", ["one", "two, three"]);
    response.setHeader("Set-Cookie", ["a=1", "b=2"]);
    response.end("twice");
  },

  /** /redirect/CODE?to=URL */
  redirect(visit, rest) {
    visit.receive();
    const { response, url } = visit;
    response.setHeader("Location", url.searchParams.get("to") ?? "/bytes/10");
    // Who streams a body up is told when all of it is here.
    visit.received(Infinity).then(() => {
      if (response.closed) return;
      response.writeHead(Number(rest)).end("redirected");
    });
  },

  /** /loop/N: redirects to /loop/N+1, for ever. */
  loop({ response }, rest) {
    response.setHeader("Location", `/loop/${Number(rest) + 1}`);
    response.writeHead(302).end();
  },

  /** /slow?ms=&bytes=: a byte, and a wait, and a byte. */
  slow(visit) {
    const { response } = visit;
    let left = number(visit, "bytes", Infinity);
    response.writeHead(200);
    response.flushHeaders();
    const timer = setInterval(
      () => {
        if (response.closed || left <= 0) clearInterval(timer);
        if (left > 0) response.write("x");
        else response.end();
        left -= 1;
      },
      number(visit, "ms", 20),
    );
    response.on("close", () => clearInterval(timer));
  },

  /** The request is read and never answered. */
  never: (visit) => visit.receive(),

  /** Headers, and then nothing. */
  headers: (visit) => sendStart(visit, { saysBytes: 1000, sendsBytes: 0 }),

  /** /stalls/N: N bytes of twice as many, and then nothing. */
  stalls(visit, rest) {
    const sendsBytes = Number(rest);
    sendStart(visit, { saysBytes: 2 * sendsBytes, sendsBytes });
  },

  /** /cut/N: N bytes of twice as many, then the connection breaks. */
  cut(visit, rest) {
    const sendsBytes = Number(rest);
    const chunked = visit.url.searchParams.has("chunked");
    const saysBytes = chunked ? -1 : 2 * sendsBytes;
    sendStart(visit, { saysBytes, sendsBytes }, () => visit.cut());
  },

  /** /short/N: N bytes of one more, then a good-bye. */
  short(visit, rest) {
    const sendsBytes = Number(rest);
    sendStart(visit, { saysBytes: sendsBytes + 1, sendsBytes }, () => {
      visit.response.socket?.end();
    });
  },

  /** /long/N: more than the N bytes it says. */
  long(visit, rest) {
    const saysBytes = Number(rest);
    visit.response.socket?.write(
      `HTTP/1.1 200 OK\r\nContent-Length: ${saysBytes}\r\n\r\n`,
    );
    visit.response.socket?.end(patternOf(saysBytes + 10));
  },

  /** Bytes until the client leaves. */
  endless(visit) {
    visit.response.writeHead(200);
    sendBody(visit, Infinity);
  },

  /** What came up. ?deaf: it is not read until somebody calls receive(). */
  upload(visit) {
    if (!visit.url.searchParams.has("deaf")) visit.receive();
    visit.received(Infinity).then(() => {
      if (visit.response.closed) return;
      sendJson(visit, {
        method: visit.method,
        bytes: visit.receivedBytes,
        sha256: visit.digest(),
        version: visit.version,
        type: visit.headers["content-type"] ?? null,
        length: visit.headers["content-length"] ?? null,
      });
    });
  },

  /** /early/N: answers as soon as N bytes of the body are there. */
  early(visit, rest) {
    visit.receive();
    visit.received(Number(rest)).then(() => visit.response.end("enough"));
  },

  /** The request's headers. */
  echo(visit) {
    visit.receive();
    sendJson(visit, visit.headers);
  },

  /** /flaky/KEY?times=&status=&after=: fails so often, then is well; without a
   * status the connection breaks. */
  flaky(visit, rest) {
    visit.receive();
    const { counts, response, url } = visit;
    const times = (counts.get(rest) ?? 0) + 1;
    counts.set(rest, times);
    const after = url.searchParams.get("after");
    if (times > number(visit, "times", 1)) {
      response.end(`attempt ${times}`);
    } else if (url.searchParams.has("status")) {
      if (after !== null) response.setHeader("Retry-After", after);
      response.writeHead(number(visit, "status", 503)).end("not now");
    } else {
      visit.cut();
    }
  },

  /** /range/N?drop=D: N bytes with an ETag; each answer breaks after D. */
  range(visit, rest) {
    const sizeBytes = Number(rest);
    sendRange(visit, sizeBytes, number(visit, "drop", Infinity));
  },

  /** Server-sent events with ids from that of Last-Event-ID on: ?count= in all,
   * ?drop= in one answer; 204 when none is left. */
  events(visit) {
    const { headers, response } = visit;
    const from = Number(headers["last-event-id"] ?? 0) + 1;
    const count = number(visit, "count", 3);
    if (from > count) {
      response.writeHead(204).end();
      return;
    }
    response.setHeader("Content-Type", "text/event-stream");
    response.write("retry: 1\n\n");
    const last = Math.min(count, from + number(visit, "drop", Infinity) - 1);
    for (let id = from; id <= last; id += 1) {
      response.write(`id: ${id}\ndata: event ${id}\n\n`);
    }
    response.end();
  },

  /** /lines/N: N lines of JSON. */
  lines({ response }, rest) {
    response.setHeader("Content-Type", "application/x-ndjson");
    for (let at = 0; at < Number(rest); at += 1) {
      response.write(`${JSON.stringify({ at })}\n`);
    }
    response.end();
  },

  /** /set-cookie?name=value; ?same=Lax, Strict or None says for whom. */
  "set-cookie"({ response, url }) {
    const same = url.searchParams.get("same");
    url.searchParams.delete("same");
    const rules = same === null ? "" : `; SameSite=${same}`;
    response.setHeader(
      "Set-Cookie",
      [...url.searchParams].map(([key, value]) => `${key}=${value}${rules}`),
    );
    response.end("set");
  },
};

/** @type {Record<string, (visit: Visit) => Record<string, string>>} */
const CORS = {
  yes: () => ({ "Access-Control-Allow-Origin": "*" }),
  no: () => ({}),
  preflight: () => ({
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "*",
    "Access-Control-Allow-Headers": "*, Authorization",
  }),
  credentials: ({ headers }) => ({
    "Access-Control-Allow-Origin": headers.origin ?? "*",
    "Access-Control-Allow-Credentials": "true",
  }),
  expose: () => ({
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "*",
  }),
};

/**
 * @param {string} path without the query
 * @returns {((visit: Visit) => void) | null} null: a file's
 */
export function findRoute(path) {
  const [, kind, after] = /^\/cors\/(\w+)(\/.*)$/.exec(path) ?? [];
  const cors = kind === undefined ? CORS.no : CORS[kind];
  const [, name = "", rest = ""] =
    /^\/([^/]+)(?:\/(.*))?$/.exec(after ?? path) ?? [];
  const route = Object.hasOwn(ROUTES, name) ? ROUTES[name] : undefined;
  if (route === undefined || cors === undefined) return null;
  return (visit) => {
    const { request, response } = visit;
    const headers = {
      "Cache-Control": "no-store",
      // Browsers hold back what they have to guess the type of.
      "Content-Type": "application/octet-stream",
      ...cors(visit),
    };
    for (const [header, value] of Object.entries(headers)) {
      response.setHeader(header, value);
    }
    if (request.method === "OPTIONS") response.writeHead(204).end();
    else route(visit, rest);
  };
}
