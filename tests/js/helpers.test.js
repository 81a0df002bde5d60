/* The misbehaving servers misbehave as told. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  diesMidBody,
  gatedBody,
  refusedUrl,
  sends,
  startDemos,
  startServer,
} from "../helpers/server.js";

test("a server can answer with any type and status", async (t) => {
  const url = await startServer(t, {
    "/a.wasm": sends("no wasm", "text/html", 203),
  });
  const response = await fetch(`${url}a.wasm?x=1`);
  assert.equal(response.status, 203);
  assert.equal(response.headers.get("content-type"), "text/html");
  assert.equal(response.headers.get("access-control-allow-origin"), "*");
  assert.equal(await response.text(), "no wasm");
  assert.equal((await fetch(`${url}other`)).status, 404);
});

test("a server can die in the middle of a body", async (t) => {
  const url = await startServer(t, { "/": diesMidBody("half a line") });
  const reader = (await fetch(url)).body.getReader();
  const { value } = await reader.read();
  assert.equal(new TextDecoder().decode(value), "half a line");
  await assert.rejects(reader.read(), TypeError);
});

test("a gated body comes when the test says so", async (t) => {
  const gate = gatedBody();
  const url = await startServer(t, { "/": gate.handler });
  const response = await fetch(url);
  await gate.requested;
  const reader = response.body.getReader();
  let arrived = false;
  const first = reader.read().then(({ value }) => {
    arrived = true;
    return new TextDecoder().decode(value);
  });
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(arrived, false);
  await gate.send("one");
  assert.equal(await first, "one");
  await gate.end();
  assert.equal((await reader.read()).done, true);
  await gate.closed;
});

test("a gated body can break off and sees its client leave", async (t) => {
  const dying = gatedBody();
  const left = gatedBody();
  const url = await startServer(t, {
    "/dying": dying.handler,
    "/left": left.handler,
  });
  const broken = await fetch(`${url}dying`);
  await dying.die();
  await assert.rejects(broken.text(), TypeError);
  const controller = new AbortController();
  await fetch(`${url}left`, { signal: controller.signal });
  controller.abort();
  await left.closed;
});

test("a refused address refuses", async () => {
  const error = await fetch(await refusedUrl()).catch((reason) => reason);
  assert.equal(error.cause.code, "ECONNREFUSED");
});

test("a test's own pages stand beside the demos", async (t) => {
  const url = await startDemos(t, { files: { "/own.html": "<p>own</p>" } });
  const own = await fetch(`${url}own.html`);
  assert.equal(await own.text(), "<p>own</p>");
  assert.match(own.headers.get("content-type"), /^text\/html/);
  assert.equal(
    own.headers.get("content-security-policy"),
    "script-src 'self' 'wasm-unsafe-eval'",
  );
  const demo = await fetch(`${url}serve.mjs`);
  assert.equal(demo.status, 200);
  await demo.text();
});
