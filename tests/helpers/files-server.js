/* A web server for files that a test changes as it goes, with or without what
 * servers may lack: parts, HEAD, lengths, tags. It keeps a list of what it was
 * asked. */
import { createHash } from "node:crypto";
import http from "node:http";
import { gzipSync } from "node:zlib";
import { listen } from "./server.js";

/**
 * @typedef {object} Behaviour
 * @property {boolean} [parts] whether it knows Range
 * @property {boolean} [head]
 * @property {boolean} [lengths]
 * @property {boolean} [tags]
 * @property {boolean} [gzip] for those who take it
 * @property {boolean} [directories] whether it redirects to the name with a slash
 * @property {Record<string, string>} [headers] of every answer
 * @property {Record<string, http.RequestListener>} [routes] that come first
 */

/**
 * @param {import("node:test").TestContext} t
 * @param {Record<string, string | Uint8Array>} files by path without a slash at
 *   the beginning, decoded
 * @param {Behaviour} [behaviour] may be changed later
 */
export async function startFiles(t, files, behaviour = {}) {
  /** @type {string[]} "GET path range" */
  const asked = [];
  /** @type {http.IncomingHttpHeaders[]} */
  const headers = [];
  const server = http.createServer((request, response) => {
    const [encoded = ""] = (request.url ?? "/").slice(1).split("?");
    const path = decodeURIComponent(encoded);
    const { range = "" } = request.headers;
    asked.push(`${request.method} ${path} ${range}`.trim());
    headers.push(request.headers);
    for (const [name, value] of Object.entries(behaviour.headers ?? {})) {
      response.setHeader(name, value);
    }
    const route = behaviour.routes?.[path];
    if (route !== undefined) route(request, response);
    else answer(request, response, path);
  });

  /**
   * @param {http.IncomingMessage} request
   * @param {http.ServerResponse} response
   * @param {string} path
   */
  function answer(request, response, path) {
    const { parts = true, head = true, lengths = true } = behaviour;
    const { tags = true, gzip = false, directories = false } = behaviour;
    const file = Object.hasOwn(files, path) ? files[path] : undefined;
    const isHead = request.method === "HEAD";
    if (isHead && !head) {
      response.writeHead(405).end();
      return;
    }
    if (file === undefined) {
      const below = Object.keys(files).some((one) =>
        one.startsWith(`${path}/`),
      );
      if (directories && below) {
        response.writeHead(301, { Location: `/${encodeURI(path)}/` }).end();
      } else {
        response.writeHead(404).end("nothing here");
      }
      return;
    }
    let body = Buffer.from(file);
    const tag = tagOf(body);
    const takes = String(request.headers["accept-encoding"]);
    const condition = String(request.headers["if-range"] ?? tag);
    if (tags) response.setHeader("ETag", tag);
    response.setHeader("Last-Modified", "Tue, 02 Jan 2024 03:04:05 GMT");
    const match = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "");
    if (parts && match && condition === tag) {
      const from = Number(match[1]);
      const last = match[2] ? Number(match[2]) : Infinity;
      const end = Math.min(last + 1, body.length);
      if (from >= end) {
        response.setHeader("Content-Range", `bytes */${body.length}`);
        response.writeHead(416).end();
        return;
      }
      const total = `${from}-${end - 1}/${body.length}`;
      response.setHeader("Content-Range", `bytes ${total}`);
      response.statusCode = 206;
      body = body.subarray(from, end);
    } else if (gzip && takes.includes("gzip")) {
      body = gzipSync(body);
      response.setHeader("Content-Encoding", "gzip");
      const other = `${tag.slice(0, -1)}-gzip"`;
      if (tags) response.setHeader("ETag", other);
    }
    if (lengths) response.setHeader("Content-Length", body.length);
    if (isHead) response.end();
    else if (lengths) response.end(body);
    else response.write(body, () => response.end());
  }

  const url = await listen(t, server);
  return { url, files, behaviour, asked, headers };
}

/** @param {Uint8Array} file */
function tagOf(file) {
  return `"${createHash("sha1").update(file).digest("hex")}"`;
}
