/* Redirects: by hand in Node, where each address is asked of the policy before
 * it is fetched; and what a request may do in a browser, which hides them. */
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

const BODY = new TextEncoder().encode("the body");

/** What becomes of a method, by status. */
const BECOMES = {
  GET: { 301: "GET", 302: "GET", 303: "GET", 307: "GET", 308: "GET" },
  HEAD: { 301: "HEAD", 302: "HEAD", 303: "HEAD", 307: "HEAD", 308: "HEAD" },
  POST: { 301: "GET", 302: "GET", 303: "GET", 307: "POST", 308: "POST" },
  PUT: { 301: "PUT", 302: "PUT", 303: "GET", 307: "PUT", 308: "PUT" },
};

for (const [method, statuses] of Object.entries(BECOMES)) {
  for (const [status, becomes] of Object.entries(statuses)) {
    for (const elsewhere of [false, true]) {
      const where = elsewhere ? "another origin" : "the same origin";
      const request = (there, from) => ({
        url: from.url(
          `/redirect/${status}?to=${encodeURIComponent(there.url("/upload"))}`,
        ),
        method,
        body: method === "POST" || method === "PUT" ? BODY : null,
      });

      test(`D1: ${method}, ${status} to ${where}: ${becomes}, when allowed`, async (t) => {
        const { plain, foreign } = await startNet(t, ["plain", "foreign"]);
        const there = elsewhere ? foreign : plain;
        const client = clientOf([plain.origin, foreign.origin]);
        const exchange = client.open(request(there, plain));
        const head = await exchange.head;
        assert.equal(head.redirected, true);
        assert.equal(head.url, there.url("/upload"));
        assert.equal(there.log.at(-1), `${becomes} /upload`);
        if (becomes === "HEAD") return;
        const { bytes, type } = JSON.parse(String(await readAll(exchange)));
        assert.equal(bytes, becomes === "GET" ? 0 : BODY.length);
        assert.equal(type, null);
      });

      test(`D1: ${method}, ${status} to ${where}: nothing arrives, when refused`, async (t) => {
        const { plain, foreign } = await startNet(t, ["plain", "foreign"]);
        const there = elsewhere ? foreign : plain;
        const client = clientOf([`${plain.origin}/redirect/${status}`]);
        await assert.rejects(
          client.open(request(there, plain)).head,
          fails("EACCES", /, redirected to \S+, refused: allow it with/),
        );
        assert.equal(plain.log.length, 1);
        assert.deepEqual(foreign.log, []);
      });
    }
  }
}

test("D1: a method that is not allowed where a redirect leads is refused", async (t) => {
  const { plain, foreign } = await startNet(t, ["plain", "foreign"]);
  const client = clientOf([plain.origin, `GET=${foreign.origin}`]);
  const url = plain.url(`/redirect/307?to=${foreign.url("/upload")}`);
  await assert.rejects(
    client.open({ url, method: "POST", body: BODY }).head,
    fails("EACCES", /for POST too: POST=http:\/\/localhost/),
  );
  assert.deepEqual(foreign.log, []);
  const seen = client.open({ url: url.replace("307", "303"), body: BODY });
  assert.equal((await seen.head).status, 200);
  assert.deepEqual(foreign.log, ["GET /upload"]);
});

test("D1: the words do not say where on a foreign server a redirect leads", async (t) => {
  const { foreign } = await startNet(t, ["foreign"]);
  const { plain } = await startNet(t, ["plain"], {
    "/go": (_request, response) => {
      const Location = foreign.url("/secret?key=1");
      response.writeHead(302, { Location }).end();
    },
  });
  const { head } = clientOf([plain.origin]).open({ url: plain.url("/go") });
  const error = await head.catch((reason) => reason);
  assert.ok(error.message.includes(foreign.origin), error.message);
  assert.ok(!error.message.includes("secret"), error.message);
});

test("secrets stay with their origin, and what tells of a body goes with it", async (t) => {
  const { plain, foreign } = await startNet(t, ["plain", "foreign"]);
  const client = clientOf([plain.origin, foreign.origin]);
  const headers = [
    ["Authorization", "secret"],
    ["Cookie", "a=1"],
    ["Proxy-Authorization", "secret"],
    ["Content-Type", "text/x-own"],
    ["X-Mine", "kept"],
  ];
  const names = ["authorization", "cookie", "proxy-authorization"];
  const echo = async (status, there, method) => {
    const url = plain.url(`/redirect/${status}?to=${there.url("/echo")}`);
    const body = method === "POST" ? BODY : null;
    const exchange = client.open({ url, method, headers, body });
    return JSON.parse(String(await readAll(exchange)));
  };
  const near = await echo(307, plain, "POST");
  assert.deepEqual(
    names.map((name) => near[name]),
    ["secret", "a=1", "secret"],
  );
  assert.equal(near["content-type"], "text/x-own");
  const far = await echo(307, foreign, "POST");
  assert.deepEqual(
    names.map((name) => far[name]),
    [undefined, undefined, undefined],
  );
  assert.equal(far["content-type"], "text/x-own");
  const got = await echo(302, plain, "POST");
  assert.equal(got["content-type"], undefined);
  assert.equal(got["content-length"], undefined);
  assert.equal(got["x-mine"], "kept");
});

test("more redirects than allowed are ELOOP, after as many requests", async (t) => {
  const { plain } = await startNet(t, ["plain"]);
  const client = clientOf([plain.origin]);
  for (const [maxRedirects, most] of [
    [3, 3],
    [undefined, 20],
  ]) {
    const url = plain.url("/loop/0");
    await assert.rejects(
      client.open({ url, maxRedirects }).head,
      fails("ELOOP", new RegExp(`more than ${most} redirects`)),
    );
    assert.equal(plain.visits.splice(0).length, most + 1);
  }
});

test("redirect error is ELOOP at the first, redirect manual is a response", async (t) => {
  const { plain } = await startNet(t, ["plain"]);
  const client = clientOf([plain.origin]);
  const url = plain.url("/redirect/302?to=/bytes/1");
  await assert.rejects(
    client.open({ url, redirect: "error" }).head,
    fails("ELOOP", /more than 0 redirects/),
  );
  const exchange = client.open({ url, redirect: "manual" });
  const { status, headers, redirected } = await exchange.head;
  assert.deepEqual(
    [status, headers.get("Location"), redirected],
    [302, "/bytes/1", false],
  );
  assert.equal(String(await readAll(exchange)), "redirected");
  assert.equal(plain.log.length, 2);
});

for (const [to, why] of [
  ["http://a b/", /no URL/],
  ["data:text/plain,x", /redirected to data:/],
  ["ftp://host/x", /redirected to ftp:/],
  ["http://me:pw@127.0.0.1/", /password/],
]) {
  test(`a redirect to ${to} is EIO`, async (t) => {
    const { plain } = await startNet(t, ["plain"]);
    const url = plain.url(`/redirect/302?to=${encodeURIComponent(to)}`);
    await assert.rejects(
      clientOf(["*", "data:"]).open({ url }).head,
      fails("EIO", why),
    );
  });
}

test("a status that redirects, without saying where, is a response", async (t) => {
  const { plain } = await startNet(t, ["plain"]);
  const exchange = clientOf([plain.origin]).open({
    url: plain.url("/status/302"),
  });
  assert.equal((await exchange.head).status, 302);
});

test("a body that was streamed is not sent again: EIO", async (t) => {
  const { plain } = await startNet(t, ["plain"]);
  const exchange = clientOf([plain.origin]).open({
    url: plain.url("/redirect/307?to=/upload"),
    body: "sent",
  });
  const { upload } = exchange;
  upload.onReady = () => {
    upload.onReady = () => {};
    upload.push(BODY);
    upload.end();
  };
  await assert.rejects(exchange.head, fails("EIO", /cannot be sent again/));
  assert.deepEqual(plain.log, ["POST /redirect/307?to=/upload"]);
});

test("in Node, mode same-origin is held to, and no-cors hides the answer", async (t) => {
  const { plain, foreign } = await startNet(t, ["plain", "foreign"]);
  const client = clientOf(["*"], plain.origin);
  const mode = "same-origin";
  for (const url of [
    foreign.url("/bytes/1"),
    plain.url(`/redirect/302?to=${foreign.url("/bytes/1")}`),
  ]) {
    const { head } = client.open({ url, mode });
    await assert.rejects(head, fails("EIO", /another origin/));
  }
  assert.deepEqual(foreign.log, []);
  const own = client.open({ url: plain.url("/bytes/1"), mode });
  assert.equal((await own.head).status, 200);
  const hidden = client.open({ url: foreign.url("/bytes/1"), mode: "no-cors" });
  const { status, headers, opaque, lengthBytes } = await hidden.head;
  assert.deepEqual(
    [status, [...headers].length, opaque, lengthBytes],
    [0, 0, true, -1],
  );
  assert.equal((await hidden.read()).done, true);
});

/** sources, request, what fetch is told: redirect, mode; null: refused before */
const BROWSER = [
  [["'self'"], { url: "x" }, "follow", "same-origin"],
  [
    ["'self'"],
    { url: "x", method: "POST", body: BODY },
    "follow",
    "same-origin",
  ],
  [["'self'", "wss://a.test", "data:"], { url: "x" }, "follow", "same-origin"],
  [[PAGE], { url: "x", method: "DELETE" }, "follow", "same-origin"],
  [["POST='self'"], { url: "x", body: BODY }, "manual", "cors"],
  [["GET,POST='self'"], { url: "x", body: BODY }, "follow", "same-origin"],
  [["'self'"], { url: "x", mode: "no-cors" }, "follow", "same-origin"],
  [[`${PAGE}/folder/`], { url: "x", body: BODY }, "manual", "cors"],
  [[`${PAGE}/folder/`], { url: "x" }, "follow", "cors"],
  [["'self'", "https://a.test"], { url: "x" }, "follow", "cors"],
  [["'self'", "https://a.test"], { url: "x", body: BODY }, "manual", "cors"],
  [
    ["https://a.test"],
    { url: "https://a.test/", body: BODY },
    "manual",
    "cors",
  ],
  [["https:"], { url: "https://a.test/", body: BODY }, "manual", "cors"],
  [
    ["https:", "http:"],
    { url: "https://a.test/", body: BODY },
    "follow",
    "cors",
  ],
  [["*"], { url: "https://a.test/", body: BODY }, "follow", "cors"],
  [["*", "'refuse-redirects'"], { url: "https://a.test/" }, "manual", "cors"],
  [["'self'", "'refuse-redirects'"], { url: "x" }, "manual", "cors"],
  [
    ["https://a.test"],
    { url: "https://a.test/", headers: [["X-Api-Key", "1"]] },
    "manual",
    "cors",
  ],
  [
    ["https://a.test"],
    {
      url: "https://a.test/",
      headers: [
        ["Authorization", "1"],
        ["accept", "a/b"],
        ["Range", "bytes=1-2"],
      ],
    },
    "follow",
    "cors",
  ],
  [["*"], { url: "x", redirect: "error" }, "error", "cors"],
  [["'self'"], { url: "x", redirect: "manual" }, "manual", "cors"],
  [
    ["https://a.test"],
    { url: "https://a.test/", mode: "no-cors", body: BODY },
    null,
    null,
  ],
  [
    ["https://a.test"],
    { url: "https://a.test/", mode: "no-cors" },
    "follow",
    "no-cors",
  ],
];

for (const [sources, request, redirect, mode] of BROWSER) {
  const { url, ...rest } = request;
  const what = JSON.stringify({ ...rest, body: "body" in rest });
  test(`D1: in a browser with ${sources.join(" ")}: ${url} ${what}`, async (t) => {
    const calls = fakePage(t, () => new Response("x"));
    const { head } = clientOf(sources, PAGE).open(request);
    if (redirect === null) {
      await assert.rejects(head, fails("EACCES", /a browser hides where to/));
      assert.deepEqual(calls, []);
    } else {
      await head;
      assert.deepEqual(
        calls.map(({ init }) => [init.redirect, init.mode]),
        [[redirect, mode]],
      );
    }
  });
}

test("D1: a redirect that a browser stopped at is EACCES, and asked for a response", async (t) => {
  fakePage(t, () => shownResponse({ type: "opaqueredirect", status: 0 }));
  const client = clientOf(["https://a.test"], PAGE);
  const url = "https://a.test/";
  await assert.rejects(
    client.open({ url, body: BODY }).head,
    fails("EACCES", /was redirected.*allow it with \*/),
  );
  const head = await client.open({ url, redirect: "manual" }).head;
  assert.deepEqual([head.status, head.opaqueRedirect], [0, true]);
});

test("D1: what a browser has followed to where nothing is allowed is refused and aborted", async (t) => {
  const calls = fakePage(t, () =>
    shownResponse({ url: "https://b.test/secret", redirected: true }, "secret"),
  );
  const exchange = clientOf(["https://a.test"], PAGE).open({
    url: "https://a.test/x",
  });
  await assert.rejects(
    exchange.head,
    fails("EACCES", /a\.test\/x, redirected to https:\/\/b\.test, refused/),
  );
  assert.equal(calls[0].init.signal.aborted, true);
});
