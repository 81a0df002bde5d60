/* How a request and a body fail, each by an errno of its own. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fails } from "../helpers/fails.js";
import {
  PAGE,
  clientOf,
  fakePage,
  readAll,
  shownResponse,
} from "../helpers/http-client.js";
import { startNet } from "../helpers/net-server.js";
import { refusedUrl } from "../helpers/server.js";

const bodyOf = (bytes) => new Uint8Array(bytes);

for (const [what, request, why] of [
  ["no URL", { url: "http://a b/" }, /not a URL/],
  ["a password", { url: "http://a:b@c.test/" }, /password/],
  ["a method that fetch refuses", { method: "TRACE" }, /TRACE/],
  ["a method that is none", { method: "A B" }, /A B/],
  ["a header's name that is none", { headers: [["a b", "c"]] }, /a b/],
  ["a header's value that is none", { headers: [["a", "b\nc"]] }, /failed/],
  ["a GET with a body", { method: "GET", body: bodyOf(1) }, /body/],
  ["a cache mode that needs another mode", { cache: "only-if-cached" }, /only/],
  ["a referrer that is no URL", { referrer: "http://a b/" }, /failed/],
  [
    "integrity of what is hidden",
    { integrity: "sha256-x", mode: "no-cors" },
    /opaque/,
  ],
  ["integrity without a hash", { integrity: "md5-x sha256" }, /no known hash/],
]) {
  test(`${what} is EINVAL, and nothing is sent`, async (t) => {
    const { plain } = await startNet(t, ["plain"]);
    const { head } = clientOf(["*"]).open({ url: plain.url("/x"), ...request });
    await assert.rejects(head, fails("EINVAL", why));
    assert.deepEqual(plain.log, []);
  });
}

test("a server that is not there is EIO, with the host's words", async () => {
  const { head } = clientOf(["*"]).open({ url: await refusedUrl() });
  await assert.rejects(head, fails("EIO", /ECONNREFUSED/));
});

test("a connection that breaks before the headers is EIO", async (t) => {
  const { plain } = await startNet(t, ["plain"]);
  const { head } = clientOf(["*"]).open({ url: plain.url("/flaky/1") });
  await assert.rejects(head, fails("EIO", /failed: fetch failed: /));
});

for (const [request, causes] of [
  [
    { url: "https://a.test/" },
    /the network, CORS, .*, or more than 20 redirects:/,
  ],
  [
    { url: "https://a.test/", redirect: "error" },
    /policy, or a redirect: browsers/,
  ],
  [{ url: "https://a.test/", body: bodyOf(1) }, /the network.*more than 20/],
]) {
  test(`a browser that says nothing: the words say what it may be: ${causes}`, async (t) => {
    fakePage(t, () => Promise.reject(new TypeError("Failed to fetch")));
    const { head } = clientOf(["*"], PAGE).open(request);
    await assert.rejects(head, fails("EIO", causes));
  });
}

test("at the border of the page's own origin the words say so", async (t) => {
  fakePage(t, () => Promise.reject(new TypeError("Failed to fetch")));
  const { head } = clientOf("'self'", PAGE).open({ url: "x" });
  await assert.rejects(
    head,
    fails("EIO", /or a redirect to another origin: browsers/),
  );
});

test("a request that is closed is ECANCELED, and its connection ends", async (t) => {
  const { plain } = await startNet(t, ["plain"]);
  const exchange = clientOf(["*"]).open({ url: plain.url("/never") });
  const visit = await plain.visit("/never");
  exchange.close();
  await assert.rejects(exchange.head, fails("ECANCELED", /aborted/));
  assert.equal((await visit.closed).whole, false);
});

test("a read of a body that is closed is ECANCELED, and its connection ends", async (t) => {
  const { plain } = await startNet(t, ["plain"]);
  const exchange = clientOf(["*"]).open({ url: plain.url("/headers") });
  await exchange.head;
  const read = exchange.read();
  exchange.close();
  await assert.rejects(read, fails("ECANCELED", /aborted/));
  assert.equal((await (await plain.visit("/headers")).closed).whole, false);
});

for (const [path, bytes] of [
  ["/cut/100", 100],
  ["/cut/100?chunked", 100],
  ["/short/100", 100],
]) {
  test(`a body that is cut short is ECONNRESET after what came: ${path}`, async (t) => {
    const { plain } = await startNet(t, ["plain"]);
    const exchange = clientOf(["*"]).open({ url: plain.url(path) });
    await exchange.head;
    assert.equal((await exchange.read()).value?.length, bytes);
    await assert.rejects(
      exchange.read(),
      fails(
        "ECONNRESET",
        new RegExp(`${path.split("?")[0]}.* after ${bytes} `),
      ),
    );
  });
}

/** type, headers, bytes that come, length, whether that is all */
const LENGTHS = [
  ["basic", { "Content-Length": "10" }, 10, 10, true],
  ["basic", { "Content-Length": "10" }, 9, 10, false],
  ["basic", {}, 9, -1, true],
  [
    "basic",
    { "Content-Length": "10", "Content-Encoding": "gzip" },
    5,
    -1,
    true,
  ],
  ["basic", { "Content-Length": "10, 10" }, 5, -1, true],
  ["cors", { "Content-Length": "600" }, 600, -1, true],
  ["cors", { "Content-Length": "600" }, 540, -1, true],
  ["cors", { "Content-Length": "600" }, 500, -1, false],
  ["cors", { "Content-Length": "32" }, 600, -1, true],
  ["cors", { "Content-Length": "600", "Content-Encoding": "br" }, 5, -1, true],
];

for (const [type, headers, bytes, length, whole] of LENGTHS) {
  const said = JSON.stringify(headers);
  test(`${bytes} bytes, type ${type}, with ${said}: ${whole ? "all" : "cut short"}`, async (t) => {
    fakePage(t, () => shownResponse({ type }, bodyOf(bytes), headers));
    const exchange = clientOf(["*"], PAGE).open({ url: "x" });
    assert.equal((await exchange.head).lengthBytes, length);
    const all = readAll(exchange);
    if (whole) assert.equal((await all).length, bytes);
    else await assert.rejects(all, fails("ECONNRESET", /there would be more/));
  });
}

test("HEAD, 204 and 304 have no body, whatever they say of its length", async (t) => {
  const { plain } = await startNet(t, ["plain"]);
  const client = clientOf(["*"]);
  for (const [path, method] of [
    ["/bytes/100", "HEAD"],
    ["/gzip/100", "HEAD"],
    ["/status/204", "GET"],
    ["/status/304", "GET"],
  ]) {
    const exchange = client.open({ url: plain.url(path), method });
    assert.equal((await exchange.head).lengthBytes, 0, path);
    assert.equal((await readAll(exchange)).length, 0, path);
  }
});

test("a body that is packed is unpacked, and its length not known", async (t) => {
  const { plain } = await startNet(t, ["plain"]);
  for (const path of ["/gzip/1000", "/br/1000"]) {
    const exchange = clientOf(["*"]).open({ url: plain.url(path) });
    assert.equal((await exchange.head).lengthBytes, -1);
    assert.equal((await readAll(exchange)).length, 1000);
  }
});

test("keepalive with more than 64 KiB is EFBIG, and nothing is sent", async (t) => {
  const { plain } = await startNet(t, ["plain"]);
  const url = plain.url("/upload");
  const open = (bytes) =>
    clientOf(["*"]).open({ url, body: bodyOf(bytes), keepalive: true });
  await assert.rejects(open(65_537).head, fails("EFBIG", /65536 bytes/));
  assert.deepEqual(plain.log, []);
  assert.equal((await open(65_536).head).status, 200);
});

test("all that a request may say is what fetch is told", async (t) => {
  const calls = fakePage(t, () => new Response("x"));
  const said = {
    method: "PUT",
    headers: [["A", "b"]],
    credentials: "include",
    cache: "no-store",
    priority: "high",
    referrer: "",
    referrerPolicy: "origin",
    keepalive: true,
  };
  await clientOf(["*"], PAGE).open({ url: "x", body: bodyOf(2), ...said }).head;
  const [{ url, init }] = calls;
  assert.equal(url, `${PAGE}/folder/x`);
  for (const [name, value] of Object.entries(said)) {
    assert.deepEqual(init[name], value, name);
  }
  assert.deepEqual(init.body, bodyOf(2));
});
