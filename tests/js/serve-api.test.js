/* What the demo server answers under /api/ for the stream demo, over real
 * sockets: ranges and broken connections, uploads, events, WebSockets. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import http from "node:http";
import { test } from "node:test";
import { WebSocket } from "ws";
import { serve } from "../../web/serve.mjs";

const MIB = 1024 * 1024;

async function start(t) {
  const served = await serve({ port: 0 });
  t.after(() => served.close());
  return served;
}

/** The bytes that come until the connection ends, and whether it broke. */
async function bytesOf(response) {
  const parts = [];
  try {
    for await (const part of response.body) parts.push(part);
    return { bytes: Buffer.concat(parts), broke: false };
  } catch {
    return { bytes: Buffer.concat(parts), broke: true };
  }
}

function assertPattern(bytes, offset) {
  const wrong = bytes.findIndex((byte, at) => byte !== (offset + at) % 251);
  assert.equal(wrong, -1, `byte ${offset + wrong}`);
}

test("parts: the connection breaks, and the rest comes by Range", async (t) => {
  const { url } = await start(t);
  const address = `${url}api/parts?mb=3&drop=2`;
  const first = await fetch(address);
  assert.equal(first.status, 200);
  assert.equal(first.headers.get("content-length"), String(3 * MIB));
  assert.equal(first.headers.get("accept-ranges"), "bytes");
  const etag = first.headers.get("etag");
  const { bytes, broke } = await bytesOf(first);
  assert.ok(broke, "the first connection breaks");
  assert.equal(bytes.length, 2 * MIB);
  assertPattern(bytes, 0);

  const rest = await fetch(address, {
    headers: { Range: `bytes=${bytes.length}-`, "If-Range": etag },
  });
  assert.equal(rest.status, 206);
  assert.equal(
    rest.headers.get("content-range"),
    `bytes ${2 * MIB}-${3 * MIB - 1}/${3 * MIB}`,
  );
  assert.equal(rest.headers.get("content-length"), String(MIB));
  const end = await bytesOf(rest);
  assert.ok(!end.broke);
  assert.equal(end.bytes.length, MIB);
  assertPattern(end.bytes, 2 * MIB);
});

test("parts: for other content all of it comes, past the end nothing", async (t) => {
  const { url } = await start(t);
  const address = `${url}api/parts?mb=1`;
  const other = await fetch(address, {
    headers: { Range: "bytes=100-", "If-Range": '"another"' },
  });
  assert.equal(other.status, 200);
  assert.equal((await bytesOf(other)).bytes.length, MIB);
  const past = await fetch(address, { headers: { Range: `bytes=${MIB}-` } });
  assert.equal(past.status, 416);
  assert.equal(past.headers.get("content-range"), `bytes */${MIB}`);
  await past.arrayBuffer();
});

test("an upload is counted and hashed; other methods are refused", async (t) => {
  const { url } = await start(t);
  const body = Buffer.alloc(300_000, "upload");
  const answer = await fetch(`${url}api/upload`, { method: "PUT", body });
  assert.deepEqual(await answer.json(), {
    bytes: body.length,
    sha256: createHash("sha256").update(body).digest("hex"),
  });
  const wrong = await fetch(`${url}api/upload`);
  assert.equal(wrong.status, 405);
  assert.equal(wrong.headers.get("allow"), "PUT, POST");
  await wrong.arrayBuffer();
});

test("an upload that breaks leaves the server in order", async (t) => {
  const { url, port, server } = await start(t);
  const request = http.request({
    port,
    path: "/api/upload",
    method: "PUT",
    headers: { "Content-Length": 1000 },
  });
  request.on("error", () => {});
  const arrived = once(server, "request");
  request.write("half");
  const [theirs] = await arrived;
  const gone = new Promise((resolve) => theirs.on("close", resolve));
  request.destroy();
  await gone;
  const next = await fetch(`${url}api/upload`, { method: "PUT", body: "all" });
  assert.equal((await next.json()).bytes, 3);
});

test("events end after as many as were asked, and go on by their ids", async (t) => {
  const { url } = await start(t);
  const address = `${url}api/events?hz=500&each=3`;
  const first = await fetch(address);
  assert.equal(first.headers.get("content-type"), "text/event-stream");
  const text = await first.text();
  assert.deepEqual(
    [...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => id),
    ["1", "2", "3"],
  );
  const next = await fetch(address, { headers: { "Last-Event-ID": "3" } });
  assert.deepEqual(
    [...(await next.text()).matchAll(/^id: (\d+)$/gm)].map(([, id]) => id),
    ["4", "5", "6"],
  );
  const bad = await fetch(address, { headers: { "Last-Event-ID": "x" } });
  assert.equal(bad.status, 400);
  await bad.arrayBuffer();
});

test("the echo sends messages back, and closing the server ends it", async (t) => {
  const { url, close } = await start(t);
  const socket = new WebSocket(`${url.replace("http", "ws")}api/echo`);
  await once(socket, "open");
  for (const message of ["text", Buffer.from([1, 2, 3])]) {
    socket.send(message);
    const [data, isBinary] = await once(socket, "message");
    assert.equal(isBinary, message !== "text");
    assert.deepEqual(data, Buffer.from(message));
  }
  const closed = once(socket, "close");
  await close();
  await closed;
});
