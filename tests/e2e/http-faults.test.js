/* What servers do to a program's requests, in Node (SEEDS B1, D2): every kind of
 * body and status, bodies that break, servers that say nothing, TLS, redirects
 * to where nothing may be fetched, and requests that are given up: by the C
 * program fetch, and by the client that pages have. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { createClient } from "../../js/http/client.js";
import { certificate, whyNoTls } from "../helpers/certificate.js";
import { startGate, startNet } from "../helpers/net-server.js";
import { patternOf } from "../helpers/net-routes.js";
import { programPath, runProgram } from "../helpers/programs.js";

const LIMIT = { timeout: 30_000 };
const BUILD = "wasm";
const CLI = fileURLToPath(new URL("../../js/cli.js", import.meta.url));

/** The sum that the program prints. @param {Uint8Array} bytes */
function sumOf(bytes) {
  return bytes.reduce((sum, byte) => (Math.imul(sum, 31) + byte) >>> 0, 0);
}

/** What the program prints of a body. @param {number} sizeBytes */
function printed(sizeBytes, end = "the end") {
  const sum = sumOf(patternOf(sizeBytes));
  return `${sizeBytes} bytes, sum ${sum}, then ${end}`;
}

/** @param {import("../helpers/net-server.js").Origin} at */
async function fetchFrom(at, args) {
  const all = args.map((one) => (one.startsWith("/") ? at.url(one) : one));
  const { lines } = await runProgram("fetch", BUILD, {
    args: all,
    fetch: at.origin,
  });
  assert.equal(lines.pop(), "ticked");
  return lines;
}

test("answers of every kind", LIMIT, async (t) => {
  const { plain } = await startNet(t, ["plain"]);
  for (const [path, status, body] of [
    ["/bytes/100000", 200, printed(100_000)],
    ["/bytes/0", 200, printed(0)],
    ["/chunked/200000", 200, printed(200_000)],
    ["/gzip/600", 200, printed(600)],
    ["/br/600", 200, printed(600)],
    ["/long/10", 200, printed(10)],
    ["/status/204", 204, printed(0)],
    ["/status/304", 304, printed(0)],
    ["/status/404", 404, /^3 bytes/],
    ["/early-hints", 200, /^15 bytes/],
    ["/long-headers/12000", 200, /^4 bytes/],
    ["/duplicate-headers", 200, /^5 bytes/],
    ["/slow?bytes=3&ms=1", 200, /^3 bytes/],
    ["/redirect/301?to=/bytes/10", 200, printed(10)],
  ]) {
    const [first, second = ""] = await fetchFrom(plain, [path]);
    assert.match(first ?? "", new RegExp(`^status ${status}, `), path);
    if (typeof body === "string") assert.equal(second, body, path);
    else assert.match(second, body, path);
  }
});

test("headers that are too long for the host are EIO", LIMIT, async (t) => {
  const { plain } = await startNet(t, ["plain"]);
  const lines = await fetchFrom(plain, ["/long-headers/100000"]);
  assert.match(lines[0] ?? "", /^error EIO: /);
});

test("HEAD has a length and no body", LIMIT, async (t) => {
  const { plain } = await startNet(t, ["plain"]);
  const client = createClient(plain.origin);
  for (const path of ["/bytes/700", "/gzip/600"]) {
    const one = client.open({ url: plain.url(path), method: "HEAD" });
    const { status, headers, lengthBytes } = await one.head;
    assert.deepEqual([status, lengthBytes], [200, 0]);
    assert.ok(Number(headers.get("Content-Length")) > 0);
    assert.equal((await one.bytes()).length, 0);
  }
});

test(
  "a body that breaks is ECONNRESET, after all that came of it",
  LIMIT,
  async (t) => {
    const { plain } = await startNet(t, ["plain"]);
    for (const path of ["/cut/5000", "/cut/5000?chunked", "/short/5000"]) {
      const lines = await fetchFrom(plain, [path]);
      assert.equal(lines[1], printed(5000, "ECONNRESET"), path);
    }
    const [line] = await fetchFrom(plain, ["/flaky/once?times=9"]);
    assert.match(line ?? "", /^error EIO: /, "no answer at all");
  },
);

test(
  "a server that says nothing is left when the time is over",
  LIMIT,
  async (t) => {
    const { plain } = await startNet(t, ["plain"]);
    for (const [path, ...wanted] of [
      ["/never", /^error ETIMEDOUT/],
      ["/headers", /^status 200/, /^0 bytes, .* then ETIMEDOUT$/],
      ["/stalls/3000", /^status 200/, /^3000 bytes, .* then ETIMEDOUT$/],
    ]) {
      const lines = await fetchFrom(plain, ["-150", path]);
      for (const [at, pattern] of wanted.entries()) {
        assert.match(lines[at] ?? "", pattern, path);
      }
      const { whole } = await (await plain.visit(path)).closed;
      assert.equal(whole, false, path);
    }
  },
);

test(
  "TLS: a server that nobody vouches for is EIO, another is read",
  { ...LIMIT, skip: whyNoTls() },
  async (t) => {
    const { tls, h2 } = await startNet(t, ["tls", "h2"]);
    const args = ["run", "--fetch", "https:", programPath("fetch", BUILD)];
    for (const { origin, log } of [tls, h2]) {
      for (const [trusted, wanted] of [
        ["", /^error EIO: /],
        [certificate().path, /^status 200, .*\n9 bytes/],
      ]) {
        const env = { ...process.env, NODE_EXTRA_CA_CERTS: trusted };
        const child = spawn(
          process.execPath,
          [CLI, ...args, `${origin}/bytes/9`],
          { env },
        );
        let output = "";
        child.stdout.on("data", (text) => {
          output += text;
        });
        await once(child, "close");
        assert.match(output, wanted);
        if (trusted === "") assert.deepEqual(log, []);
      }
    }
  },
);

test(
  "D2: no redirect leads to where nothing may be fetched",
  LIMIT,
  async (t) => {
    const { plain, foreign } = await startNet(t, ["plain", "foreign"]);
    const client = createClient([
      plain.origin,
      `GET=${foreign.origin}/echo`,
      `POST=${foreign.origin}/upload`,
    ]);
    const body = patternOf(1000);
    const headers = /** @type {[string, string][]} */ ([
      ["Authorization", "Basic c2VjcmV0"],
      ["X-Key", "secret"],
    ]);
    for (const code of [301, 302, 303, 307, 308]) {
      for (const method of ["GET", "POST", "PUT"]) {
        foreign.visits = [];
        const to = encodeURIComponent(foreign.url("/bytes/1"));
        const url = plain.url(`/redirect/${code}?to=${to}`);
        const more = method === "GET" ? {} : { body };
        const one = client.open({ url, method, headers, ...more });
        await assert.rejects(one.head, (error) => {
          assert.equal(error.code, "EACCES");
          return error.message.includes(`redirected to ${foreign.origin}`);
        });
        assert.deepEqual(foreign.log, [], `${method} ${code}`);
      }
      // By way of an allowed place to a forbidden one.
      const to = encodeURIComponent(foreign.url("/bytes/1"));
      const via = encodeURIComponent(plain.url(`/redirect/${code}?to=${to}`));
      const url = plain.url(`/redirect/302?to=${via}`);
      await assert.rejects(client.open({ url }).head, { code: "EACCES" });
      assert.deepEqual(foreign.log, []);
    }
    // What is allowed there gets no more than it should.
    const to = encodeURIComponent(foreign.url("/echo"));
    const url = plain.url(`/redirect/302?to=${to}`);
    const seen = JSON.parse(await client.open({ url, headers }).text());
    assert.equal(seen.authorization, undefined);
    assert.equal(seen["x-key"], "secret");
    const up = encodeURIComponent(foreign.url("/upload"));
    const kept = plain.url(`/redirect/307?to=${up}`);
    const sent = client.open({ url: kept, method: "POST", body });
    assert.equal(JSON.parse(await sent.text()).bytes, 1000);
  },
);

test(
  "a request that is given up closes the connection at the server",
  LIMIT,
  async (t) => {
    const { plain } = await startNet(t, ["plain"]);
    const client = createClient("*");
    const gate = await startGate(t, plain);
    const early = client.open({ url: `${gate.origin}/bytes/1` });
    await gate.connected;
    early.close();
    await assert.rejects(early.head, { code: "ECANCELED" });
    gate.open();

    const never = client.open({ url: plain.url("/never") });
    const visit = await plain.visit("/never");
    never.close();
    assert.equal((await visit.closed).whole, false);
    await assert.rejects(never.head, { code: "ECANCELED" });
    assert.deepEqual(plain.log, ["GET /never"], "and that one never came");

    const endless = client.open({ url: plain.url("/endless") });
    await endless.head;
    const piece = await endless.read();
    assert.deepEqual(piece.value?.subarray(0, 1000), patternOf(1000));
    endless.close();
    assert.equal((await (await plain.visit("/endless")).closed).whole, false);
    await assert.rejects(endless.read(), { code: "ECANCELED" });

    const upload = client.open({
      url: plain.url("/upload"),
      method: "POST",
      body: "sent",
    });
    await upload.send(patternOf(1000));
    const up = await plain.visit("/upload");
    await up.received(1000);
    upload.close();
    const { whole, receivedBytes } = await up.closed;
    assert.deepEqual([whole, receivedBytes], [false, 1000]);
    await assert.rejects(upload.send(patternOf(1)), { code: "EPIPE" });
    await assert.rejects(upload.head, { code: "ECANCELED" });
  },
);

test("a server that answers early ends the upload", LIMIT, async (t) => {
  const { plain } = await startNet(t, ["plain"]);
  const one = createClient("*").open({
    url: plain.url("/early/1000"),
    method: "POST",
    body: "sent",
  });
  await one.send(patternOf(1000));
  assert.equal((await one.head).status, 200);
  assert.equal(await one.text(), "enough");
  one.close();
  assert.equal((await (await plain.visit("/early")).closed).whole, false);
});
