/* The WebSocket server of the demos and tests: what it refuses, the limit of a
 * message, and that its echo reads no more than a client takes. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { WebSocket } from "ws";
import { startWebSockets } from "../helpers/ws-server.js";

const LIMIT = { timeout: 20_000 };
const MIB = 2 ** 20;

/** A client that is broken with its test. */
function connect(t, url) {
  const client = new WebSocket(url);
  client.on("error", () => {});
  t.after(() => client.terminate());
  return client;
}

test("a path that nobody serves is refused by 404", LIMIT, async (t) => {
  const { url, accepted } = await startWebSockets(t);
  for (const path of ["/other", "/toString"]) {
    const client = connect(t, `${url}${path}`);
    const [, response] = await once(client, "unexpected-response");
    assert.equal(response.statusCode, 404);
  }
  assert.equal(accepted.length, 0);
});

test(
  "what comes is sent back, as text or bytes as it came",
  LIMIT,
  async (t) => {
    const { url } = await startWebSockets(t);
    const client = connect(t, `${url}/echo?x=1`);
    await once(client, "open");
    client.send("grüße");
    const [text, textIsBinary] = await once(client, "message");
    assert.deepEqual([text.toString(), textIsBinary], ["grüße", false]);
    client.send(Uint8Array.of(0, 255));
    const [bytes, bytesAreBinary] = await once(client, "message");
    assert.deepEqual([[...bytes], bytesAreBinary], [[0, 255], true]);
  },
);

test("a message above the limit closes by 1009", LIMIT, async (t) => {
  const settings = { limitBytes: 100 };
  const { url } = await startWebSockets(t, { settings });
  const client = connect(t, `${url}/echo`);
  await once(client, "open");
  client.send("x".repeat(100));
  await once(client, "message");
  client.send("x".repeat(101));
  const [code] = await once(client, "close");
  assert.equal(code, 1009);
});

test("the echo reads no more than the client takes", LIMIT, async (t) => {
  const { url, connection } = await startWebSockets(t);
  const client = connect(t, `${url}/echo`);
  const server = await connection();
  await once(client, "open");
  client.pause();
  const message = new Uint8Array(MIB);
  let most = 0;
  const paused = new Promise((resolve) => {
    server.on("message", () => {
      most = Math.max(most, server.bufferedAmount);
      if (server.isPaused) resolve();
    });
  });
  for (let i = 0; i < 64; i++) client.send(message);
  await paused;
  let received = 0;
  client.on("message", () => {
    received += 1;
    if (received === 64) client.close();
  });
  client.resume();
  await once(client, "close");
  assert.equal(received, 64);
  assert.ok(most < 8 * MIB, `${most} bytes waited`);
});
