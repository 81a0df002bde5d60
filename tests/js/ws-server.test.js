/* The WebSocket server of the demos and tests, by raw bytes: the handshake of
 * RFC 6455, its example, and what a client may not send. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { test } from "node:test";
import { acceptKey, frame } from "../../web/ws-server.mjs";
import { startWebSockets } from "../helpers/ws-server.js";

const LIMIT = { timeout: 20_000 };
const KEY = "dGhlIHNhbXBsZSBub25jZQ==";
const HEADERS = {
  Upgrade: "websocket",
  Connection: "Upgrade",
  "Sec-WebSocket-Version": "13",
  "Sec-WebSocket-Key": KEY,
};
const MASK = [1, 2, 3, 4];

/** Asks for an upgrade, and collects all that the server sends. */
async function ask(t, path, headers = {}, settings = {}) {
  const { url, accepted } = await startWebSockets(t, { settings });
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  socket.setNoDelay();
  t.after(() => socket.destroy());
  let got = Buffer.alloc(0);
  socket.on("data", (bytes) => {
    got = Buffer.concat([got, bytes]);
  });
  socket.on("error", () => {});
  const lines = Object.entries({ Host: "x", ...HEADERS, ...headers })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`GET ${path} HTTP/1.1\r\n${lines.join("")}\r\n`);
  return {
    socket,
    accepted,
    closed: once(socket, "close"),
    text: () => got.toString("latin1"),
    /** What came behind the handshake. */
    frames: () => got.subarray(got.indexOf("\r\n\r\n") + 4),
  };
}

/** A frame of a client. */
function masked(first, body, { mask = MASK } = {}) {
  const bytes = Buffer.from(body);
  assert.ok(bytes.length < 126);
  const hidden = bytes.map((byte, i) => byte ^ mask[i % 4]);
  return Buffer.from([first, 0x80 | bytes.length, ...mask, ...hidden]);
}

test("the key of the standard's example is answered as there", () => {
  assert.equal(acceptKey(KEY), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
});

test("frames are as in the standard's examples", () => {
  const hello = Buffer.from("Hello");
  assert.equal(frame(1, hello).toString("hex"), "810548656c6c6f");
  assert.equal(frame(1, hello, false).toString("hex"), "010548656c6c6f");
  const head = (size, bytes) =>
    frame(2, Buffer.alloc(size)).subarray(0, bytes).toString("hex");
  assert.equal(head(125, 2), "827d");
  assert.equal(head(256, 4), "827e0100");
  assert.equal(head(65_536, 10), "827f0000000000010000");
});

for (const { why, path = "/echo", headers, status } of [
  { why: "no such path", path: "/other", status: 404 },
  {
    why: "another version",
    headers: { "Sec-WebSocket-Version": 8 },
    status: 426,
  },
  { why: "no key", headers: { "Sec-WebSocket-Key": undefined }, status: 400 },
  { why: "a short key", headers: { "Sec-WebSocket-Key": "YQ==" }, status: 400 },
  { why: "another protocol", headers: { Upgrade: "tea" }, status: 400 },
]) {
  test(`a handshake is refused: ${why}`, LIMIT, async (t) => {
    const { text, closed, accepted } = await ask(t, path, headers);
    await closed;
    assert.match(text(), new RegExp(`^HTTP/1.1 ${status} `));
    assert.equal(accepted.length, 0);
  });
}

test("messages are echoed, however the bytes are cut", LIMIT, async (t) => {
  const limits = { limitBytes: 6 };
  const { socket, frames, closed } = await ask(t, "/echo", {}, limits);
  await once(socket, "data");
  const bytes = Buffer.concat([
    masked(0x01, "He"),
    masked(0x89, "ping"),
    masked(0x80, "llo"),
    masked(0x82, [1, 2, 3]),
    masked(0x88, [0x0b, 0xb8]),
  ]);
  for (const byte of bytes) {
    socket.write(Buffer.of(byte));
    await new Promise((resolve) => {
      setTimeout(resolve, 1);
    });
  }
  await closed;
  const expected = [
    frame(10, Buffer.from("ping")),
    frame(1, Buffer.from("Hello")),
    frame(2, Buffer.of(1, 2, 3)),
    frame(8, Buffer.of(0x0b, 0xb8)),
  ];
  assert.deepEqual(frames(), Buffer.concat(expected));
});

for (const { why, bytes, code } of [
  { why: "no mask", bytes: [0x81, 0x01, 0x61], code: 1002 },
  { why: "a reserved bit", bytes: masked(0xc1, "a"), code: 1002 },
  { why: "an unknown kind", bytes: masked(0x83, "a"), code: 1002 },
  { why: "an unknown control", bytes: masked(0x8b, "a"), code: 1002 },
  { why: "a ping in pieces", bytes: masked(0x09, "a"), code: 1002 },
  { why: "a long ping", bytes: [0x89, 0xfe, 0, 126, ...MASK], code: 1002 },
  { why: "more of nothing", bytes: masked(0x80, "a"), code: 1002 },
  {
    why: "a message in another",
    bytes: Buffer.concat([masked(0x01, "a"), masked(0x81, "b")]),
    code: 1002,
  },
  {
    why: "text that is not UTF-8",
    bytes: masked(0x81, [0xc3, 0x28]),
    code: 1007,
  },
  { why: "a close of one byte", bytes: masked(0x88, [3]), code: 1002 },
  { why: "a close of 1005", bytes: masked(0x88, [0x03, 0xed]), code: 1002 },
  { why: "a bad reason", bytes: masked(0x88, [0x03, 0xe8, 0xff]), code: 1007 },
  {
    why: "too long",
    bytes: [0x82, 0xff, 0, 0, 0, 1, 0, 0, 0, 0, ...MASK],
    code: 1009,
  },
  {
    why: "too long in pieces",
    bytes: Buffer.concat([
      masked(0x02, "x".repeat(90)),
      masked(0x80, "y".repeat(20)),
    ]),
    code: 1009,
  },
]) {
  test(`a client that breaks the rules is closed: ${why}`, LIMIT, async (t) => {
    const { socket, frames, closed } = await ask(
      t,
      "/echo",
      {},
      { limitBytes: 100 },
    );
    await once(socket, "data");
    socket.write(Buffer.from(bytes));
    await closed;
    const answer = frames();
    assert.equal(answer[0], 0x88);
    assert.equal(answer.readUInt16BE(2), code);
    assert.equal(answer.length, answer[1] + 2, "and nothing else");
  });
}
