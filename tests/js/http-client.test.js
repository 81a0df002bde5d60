/* gossamer/fetch: the client without a program. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { GossamerError } from "../../js/errors.js";
import { createClient } from "../../js/http/client.js";
import { fails } from "../helpers/fails.js";
import { patternOf } from "../helpers/net-routes.js";
import { startNet } from "../helpers/net-server.js";

async function start(t) {
  const { plain } = await startNet(t, ["plain"]);
  return { plain, client: createClient(plain.origin) };
}

test("a client allows what its list says, and says how to allow more", async (t) => {
  const { plain, client } = await start(t);
  const { head } = client.open({ url: plain.url("/status/404") });
  assert.equal((await head).status, 404);
  await assert.rejects(
    client.open({ url: "https://other.test/x" }).head,
    fails(
      "EACCES",
      /allow it with createClient\(\["https:\/\/other\.test"\]\)$/,
    ),
  );
  await assert.rejects(
    createClient().open({ url: plain.url("/") }).head,
    fails("EACCES", /refused/),
  );
  assert.throws(() => createClient("'self'"), fails("EINVAL", /no page/));
});

test("a body is a loop, and all of it bytes or text", async (t) => {
  const { plain, client } = await start(t);
  const url = plain.url("/bytes/200000");
  const pieces = [];
  for await (const bytes of client.open({ url })) pieces.push(bytes);
  assert.deepEqual(new Uint8Array(Buffer.concat(pieces)), patternOf(200_000));
  assert.deepEqual(await client.open({ url }).bytes(), patternOf(200_000));
  const early = client.open({ url: plain.url("/early-hints") });
  assert.equal(await early.text(), "after the hints");
  assert.equal(await client.open({ url: plain.url("/status/204") }).text(), "");
});

test("a loop that is left ends the connection", async (t) => {
  const { plain, client } = await start(t);
  for await (const bytes of client.open({ url: plain.url("/endless") })) {
    assert.ok(bytes.length > 0);
    break;
  }
  assert.equal((await (await plain.visit("/endless")).closed).whole, false);
});

test("a loop over what fails throws its error", async (t) => {
  const { plain, client } = await start(t);
  await assert.rejects(
    client.open({ url: plain.url("/cut/10") }).bytes(),
    fails("ECONNRESET", /after 10 bytes/),
  );
  await assert.rejects(
    client.open({ url: "x" }).text(),
    fails("EINVAL", /"x"/),
  );
});

test("a body that is sent goes up piece by piece", async (t) => {
  const { plain, client } = await start(t);
  const url = plain.url("/upload");
  for (const upload of ["auto", "stream", "buffer"]) {
    const exchange = client.open({ url, body: "sent", upload });
    const piece = new Uint8Array(1000).fill(1);
    for (let i = 0; i < 5; i += 1) await exchange.send(piece);
    exchange.sendEnd();
    const { method, bytes, length } = JSON.parse(await exchange.text());
    assert.deepEqual([method, bytes], ["POST", 5000]);
    assert.equal(length, upload === "buffer" ? "5000" : null);
  }
});

test("what is sent may be changed afterwards", async (t) => {
  const { plain, client } = await start(t);
  const url = plain.url("/upload");
  const digests = [];
  for (const change of [0, 9]) {
    const exchange = client.open({ url, body: "sent", upload: "buffer" });
    const piece = new Uint8Array(100);
    await exchange.send(piece);
    piece.fill(change);
    exchange.sendEnd();
    digests.push(JSON.parse(await exchange.text()).sha256);
  }
  assert.equal(digests[0], digests[1]);
});

test("a body that fails fails its request, and one that nobody wants is EPIPE", async (t) => {
  const { plain, client } = await start(t);
  const url = plain.url("/upload");
  const exchange = client.open({ url, body: "sent" });
  await exchange.send(new Uint8Array(1));
  exchange.sendFail(new GossamerError("ENOSPC", "no room"));
  await assert.rejects(exchange.head, fails("ENOSPC", /no room/));
  await assert.rejects(
    exchange.send(new Uint8Array(1)),
    fails("ENOSPC", /room/),
  );
  const plainOne = client.open({ url });
  const none = fails("EPIPE", /no body is sent/);
  await assert.rejects(plainOne.send(new Uint8Array(1)), none);
  const closed = client.open({ url: plain.url("/never"), body: "sent" });
  const send = closed.send(new Uint8Array(1));
  closed.close();
  await Promise.allSettled([send]);
  const over = fails("EPIPE", /the request is over/);
  await assert.rejects(closed.send(new Uint8Array(1)), over);
});

test("a server that answers early ends the upload of who closes", async (t) => {
  const { plain, client } = await start(t);
  const url = plain.url("/early/1000");
  const exchange = client.open({ url, body: "sent" });
  await exchange.send(new Uint8Array(1000));
  assert.equal(await exchange.text(), "enough");
  await assert.rejects(
    exchange.send(new Uint8Array(1)),
    fails("EPIPE", /the request is over/),
  );
  const { closed } = await plain.visit("/early");
  assert.equal((await closed).whole, false);
});
