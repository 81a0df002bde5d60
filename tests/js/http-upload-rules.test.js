/* What becomes of a body that is sent where streams do not work: it is never
 * sent twice, never something else, and never more than its limit. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { GossamerError } from "../../js/errors.js";
import { createClient } from "../../js/http/client.js";
import { UploadBody, canStream } from "../../js/http/upload.js";
import { fails } from "../helpers/fails.js";
import { fakePage } from "../helpers/http-client.js";
import { startNet } from "../helpers/net-server.js";

const URL_A = "https://a.test/up";
const piece = (text) => new TextEncoder().encode(text);
const failure = () => Promise.reject(new TypeError("Failed to fetch"));

/**
 * A page whose fetch reads so many pieces of a stream and then fails, and takes
 * bytes; what each call was given.
 */
function pageWithoutStreams(t, pulls, buffered = () => new Response("got it")) {
  const bodies = [];
  const calls = fakePage(t, async (_url, { body }) => {
    if (!(body instanceof ReadableStream)) {
      bodies.push(await body.text());
      return buffered();
    }
    bodies.push("stream");
    const reader = body.getReader();
    for (let i = 0; i < pulls; i += 1) await reader.read();
    return failure();
  });
  return { bodies, calls };
}

/** Sends two pieces, and what came of it. */
async function send(client, more = {}) {
  const exchange = client.open({ url: URL_A, body: "sent", ...more });
  try {
    await exchange.send(piece("one "));
    await exchange.send(piece("two"));
    exchange.sendEnd();
  } catch {
    // The head says why.
  }
  return exchange;
}

test("B1: refused before anything was asked for: all of it is sent, once, and the origin known", async (t) => {
  const { bodies } = pageWithoutStreams(t, 0);
  const client = createClient("*");
  const first = await send(client);
  assert.equal((await first.head).streamedUp, false);
  assert.deepEqual(bodies.splice(0), ["stream", "one two"]);
  await (
    await send(client)
  ).head;
  assert.deepEqual(bodies.splice(0), ["one two"]);
  await (
    await send(client, { url: "https://b.test/" })
  ).head;
  assert.deepEqual(bodies, ["stream", "one two"]);
});

test("B1: refused after something was asked for: EIO, and nothing is sent again", async (t) => {
  const { bodies } = pageWithoutStreams(t, 1);
  const exchange = await send(createClient("*"));
  await assert.rejects(exchange.head, fails("EIO", /Failed to fetch/));
  assert.deepEqual(bodies, ["stream"]);
});

test("a server that is not there is asked twice, and not taken for one without streams", async (t) => {
  const { bodies } = pageWithoutStreams(t, 0, failure);
  const client = createClient("*");
  for (let i = 0; i < 2; i += 1) {
    const exchange = await send(client);
    await assert.rejects(exchange.head, fails("EIO", /Failed to fetch/));
    assert.deepEqual(bodies.splice(0), ["stream", "one two"]);
  }
});

test("B1: who wants a stream alone gets EIO, and nothing is sent again", async (t) => {
  const { bodies } = pageWithoutStreams(t, 0);
  const exchange = await send(createClient("*"), { upload: "stream" });
  await assert.rejects(exchange.head, fails("EIO", /Failed to fetch/));
  assert.deepEqual(bodies, ["stream"]);
});

test("a body above the limit is EFBIG, and fetch does not see it", async (t) => {
  const { bodies } = pageWithoutStreams(t, 0);
  const exchange = await send(createClient("*"), { uploadLimitBytes: 6 });
  await assert.rejects(exchange.head, fails("EFBIG", /larger than 6 bytes/));
  assert.deepEqual(bodies, ["stream"]);
  const fits = await send(createClient("*"), { uploadLimitBytes: 7 });
  assert.equal((await fits.head).status, 200);
});

test("a request that is closed while its body is collected is not made", async (t) => {
  const { bodies } = pageWithoutStreams(t, 0);
  const client = createClient("*");
  const exchange = client.open({ url: URL_A, body: "sent", upload: "buffer" });
  await exchange.send(piece("one"));
  exchange.close();
  await assert.rejects(exchange.send(piece("two")), fails("EPIPE", /over/));
  exchange.sendEnd();
  await assert.rejects(exchange.head, fails("ECANCELED", /aborted/));
  assert.deepEqual(bodies, []);
});

for (const [protocols, streamed] of [
  [["http/1.1"], false],
  [["h2"], true],
  [["http/1.1", "h2", ""], true],
  [["h2", "http/1.1"], false],
  [[""], true],
]) {
  test(`a browser that last spoke ${protocols.join()} with a server: ${streamed ? "a stream" : "no stream"}`, async (t) => {
    const { bodies } = pageWithoutStreams(t, 0);
    t.mock.method(performance, "getEntriesByType", (type) =>
      type === "resource"
        ? [
            ...protocols.map((nextHopProtocol) => ({
              name: "https://a.test/x",
              nextHopProtocol,
            })),
            { name: "https://a.test.evil/x", nextHopProtocol: "http/1.1" },
          ]
        : [],
    );
    await (
      await send(createClient("*"))
    ).head;
    assert.deepEqual(bodies, streamed ? ["stream", "one two"] : ["one two"]);
  });
}

test("with keepalive a body is collected, up to 64 KiB", async (t) => {
  const { bodies } = pageWithoutStreams(t, 0);
  const client = createClient("*");
  await (
    await send(client, { keepalive: true })
  ).head;
  assert.deepEqual(bodies, ["one two"]);
  const alone = await send(client, { keepalive: true, upload: "stream" });
  await assert.rejects(alone.head, fails("ENOTSUP", /streams no such body/));
  const large = client.open({ url: URL_A, body: "sent", keepalive: true });
  await assert.rejects(
    large.send(new Uint8Array(65_537)),
    fails("EFBIG", /65536/),
  );
});

/** A Request as hosts make it that have no streams: a body is text to them. */
function withoutStreams(t) {
  const real = globalThis.Request;
  t.mock.method(
    globalThis,
    "Request",
    class extends real {
      constructor(url, { method }) {
        super(url, { method, body: "[object ReadableStream]" });
      }
    },
  );
}

test("B1: a host without streams gets bytes, never the name of a stream", async (t) => {
  assert.equal(canStream(), true);
  withoutStreams(t);
  assert.equal(canStream(), false);
  const { plain } = await startNet(t, ["plain"]);
  const client = createClient(plain.origin);
  const url = plain.url("/upload");
  const exchange = await send(client, { url });
  const { bytes, length, type } = JSON.parse(await exchange.text());
  assert.deepEqual([bytes, length, type], [7, "7", null]);
  const alone = await send(client, { url, upload: "stream" });
  await assert.rejects(alone.head, fails("ENOTSUP", /this host/));
  assert.equal(plain.log.length, 1);
});

test("a Request that throws streams nothing", (t) => {
  t.mock.method(
    globalThis,
    "Request",
    class {
      constructor() {
        throw new TypeError("no");
      }
    },
  );
  assert.equal(canStream(), false);
});

test("a host that asks how and makes a text of it all the same", (t) => {
  const real = globalThis.Request;
  t.mock.method(
    globalThis,
    "Request",
    class extends real {
      constructor(url, { method, duplex }) {
        super(url, { method, body: `[object ${duplex}]` });
      }
    },
  );
  assert.equal(canStream(), false);
});

test("a piece of no bytes does not reach the host", async () => {
  const body = new UploadBody(100);
  const reader = body.stream().getReader();
  const read = reader.read();
  await new Promise((resolve) => {
    body.onReady = () => resolve(undefined);
  });
  body.push(piece(""));
  assert.equal(body.ready, true);
  body.push(piece("x"));
  assert.deepEqual((await read).value, piece("x"));
});

test("a piece of no bytes is not the end", async (t) => {
  const { plain } = await startNet(t, ["plain"]);
  for (const upload of ["stream", "buffer"]) {
    const exchange = createClient(plain.origin).open({
      url: plain.url("/upload"),
      body: "sent",
      upload,
    });
    await exchange.send(piece("one "));
    await exchange.send(piece(""));
    await exchange.send(piece("two"));
    exchange.sendEnd();
    assert.equal(JSON.parse(await exchange.text()).bytes, 7);
  }
});

test("a body whose end is told before its request may be made", async (t) => {
  const { plain } = await startNet(t, ["plain"]);
  const client = createClient({ allow: plain.origin, perOrigin: 1 });
  const first = client.open({ url: plain.url("/headers") });
  await first.head;
  const open = () =>
    client.open({ url: plain.url("/upload"), body: "sent", upload: "stream" });
  const empty = open();
  const failed = open();
  empty.sendEnd();
  failed.sendFail(new GossamerError("ENOSPC", "no room"));
  first.close();
  assert.equal(JSON.parse(await empty.text()).bytes, 0);
  await assert.rejects(failed.head, fails("ENOSPC", /no room/));
});
