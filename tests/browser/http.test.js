/* Answers as Chromium and Firefox give them to the HTTP client (SEEDS B1): every
 * kind of body and status, what a page may see of a foreign server, bodies that
 * are not what was said, cookies and credentials as the browser has them. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { ENGINES } from "../helpers/browser.js";
import { whyNoTls } from "../helpers/certificate.js";
import { assertHas, openNet } from "../helpers/net-page.js";
import { patternOf } from "../helpers/net-routes.js";

const LIMIT = { timeout: 60_000 };

const WHOLE = { status: 200, isPattern: true, error: undefined };

for (const { engine, skip } of ENGINES) {
  const limits = { ...LIMIT, skip };
  const tls = { ...LIMIT, skip: skip || whyNoTls() };

  test(
    `bodies and statuses of the own server, ${engine}`,
    limits,
    async (t) => {
      const { ask } = await openNet(t, ["plain"], {
        engine,
        complaints: { chromium: [/404/, /503/] },
      });
      for (const [path, wanted, more = {}] of [
        ["/bytes/100000", { ...WHOLE, bytes: 100_000, lengthBytes: 100_000 }],
        ["/bytes/0", { ...WHOLE, bytes: 0, lengthBytes: 0 }],
        ["/chunked/200000", { ...WHOLE, bytes: 200_000, lengthBytes: -1 }],
        ["/gzip/600", { ...WHOLE, bytes: 600, lengthBytes: -1 }],
        ["/long/10", { ...WHOLE, bytes: 10, lengthBytes: 10 }],
        ["/slow?bytes=3&ms=1", { status: 200, text: "xxx", lengthBytes: -1 }],
        ["/status/204", { status: 204, bytes: 0, error: undefined }],
        ["/status/304", { status: 304, bytes: 0, error: undefined }],
        ["/status/404", { status: 404, text: "404", lengthBytes: 3 }],
        ["/status/503", { status: 503, text: "503", lengthBytes: 3 }],
        ["/early-hints", { status: 200, text: "after the hints" }],
        ["/bytes/700", { ...WHOLE, bytes: 0, lengthBytes: 0 }, "HEAD"],
        ["/gzip/600", { ...WHOLE, bytes: 0, lengthBytes: 0 }, "HEAD"],
      ]) {
        const method = typeof more === "string" ? { method: more } : {};
        const found = await ask("'self'", { url: path, ...method });
        assertHas(found, wanted, path);
      }
    },
  );

  test(`headers of the own server, ${engine}`, limits, async (t) => {
    const { ask, net } = await openNet(t, ["plain"], { engine });
    const twice = await ask("'self'", { url: "/duplicate-headers" });
    assert.equal(twice.headers["x-twice"], "one, two, three");
    assert.equal(twice.headers["set-cookie"], undefined);
    const long = await ask("'self'", { url: "/long-headers/100000" });
    assert.equal(long.headers["x-long"], "x".repeat(100_000));
    const hinted = await ask("'self'", { url: "/early-hints" });
    assert.equal(hinted.headers["x-final"], "yes");
    assert.equal(hinted.headers["x-hint"], undefined);
    // What a page may not set is left out, and the rest arrives.
    const headers = [
      ["X-Own", "1"],
      ["Cookie", "forged=1"],
      ["Host", "forged.test"],
      ["Referer", "https://forged.test/"],
    ];
    const { text } = await ask("'self'", { url: "/echo", headers });
    const seen = JSON.parse(text);
    assert.equal(seen["x-own"], "1");
    assert.equal(seen.host, new URL(net.plain.origin).host);
    assert.doesNotMatch(text, /forged/);
  });

  test(`br, over TLS and HTTP/2, ${engine}`, tls, async (t) => {
    const { ask, net } = await openNet(t, ["h2", "tls"], { engine });
    const own = await ask("'self'", { url: "/br/600" });
    assertHas(own, { ...WHOLE, bytes: 600, lengthBytes: -1 });
    assert.equal((await net.h2.visit("/br")).version, "2.0");
    const url = net.tls.url("/cors/yes/br/600");
    const foreign = await ask(net.tls.origin, { url });
    assertHas(foreign, { ...WHOLE, bytes: 600, lengthBytes: -1 });
    assert.equal((await net.tls.visit("/cors/yes/br")).version, "1.1");
  });

  test(
    `bodies that are cut short are ECONNRESET, after all that came, ${engine}`,
    tls,
    async (t) => {
      const { ask, net } = await openNet(t, ["h2", "tls", "foreign"], {
        engine,
        complaints: { chromium: [/ERR_CONTENT_LENGTH_MISMATCH/, /ERR_/] },
      });
      for (const url of [
        "/cut/100000",
        "/cut/100000?chunked",
        net.tls.url("/cors/yes/cut/100000"),
        net.tls.url("/cors/yes/cut/100000?chunked"),
        net.tls.url("/cors/yes/short/100000"),
        net.foreign.url("/cors/yes/cut/100000"),
        net.foreign.url("/cors/yes/short/100000"),
      ]) {
        const found = await ask("*", { url });
        assertHas(found, { error: "ECONNRESET", isPattern: true }, url);
        assert.match(found.words, /ended after \d+ bytes/);
        assert.ok(found.bytes <= 100_000, `${url}: ${found.bytes}`);
      }
    },
  );

  test(
    `CORS: what a foreign server allows is seen, the rest is EIO, ${engine}`,
    limits,
    async (t) => {
      const { ask, net } = await openNet(t, ["plain", "foreign"], {
        engine,
        complaints: {
          chromium: [/CORS policy/, /ERR_FAILED/],
          firefox: [/Cross-Origin Request Blocked/],
        },
      });
      const { foreign } = net;
      const get = (path, more) =>
        ask(["GET,HEAD,PUT,POST=*"], { url: foreign.url(path), ...more });
      const yes = await get("/cors/yes/early-hints");
      assertHas(yes, { status: 200, text: "after the hints" });
      assert.equal(yes.headers["x-final"], undefined);
      const all = await get("/cors/expose/early-hints");
      assert.equal(all.headers["x-final"], "yes");
      const packed = await get("/cors/yes/gzip/600");
      assertHas(packed, { ...WHOLE, bytes: 600, lengthBytes: -1 });

      const no = await get("/cors/no/bytes/10");
      assertHas(no, { error: "EIO" });
      assert.match(no.words, /CORS/, "the words say that it may be CORS");
      // It was asked: only the answer is kept from the page.
      assert.ok(foreign.log.includes("GET /cors/no/bytes/10"));

      foreign.visits = [];
      const put = { method: "PUT", text: "abc" };
      assertHas(await get("/cors/yes/upload", put), { error: "EIO" });
      assert.deepEqual(foreign.log, ["OPTIONS /cors/yes/upload"]);
      const headers = [["X-Key", "secret"]];
      assertHas(await get("/cors/yes/echo", { headers }), { error: "EIO" });
      assert.deepEqual(foreign.log.slice(1), ["OPTIONS /cors/yes/echo"]);
      const allowed = await get("/cors/preflight/upload", put);
      assertHas(JSON.parse(allowed.text), { method: "PUT", bytes: 3 });
      const keyed = await get("/cors/preflight/echo", { headers });
      assert.equal(JSON.parse(keyed.text)["x-key"], "secret");
    },
  );

  test(`opaque answers show nothing, ${engine}`, limits, async (t) => {
    const { ask, net } = await openNet(t, ["plain", "foreign"], {
      engine,
      complaints: {
        chromium: [/404/, /Request mode is "same-origin"/],
        firefox: [/may not load data from/],
      },
    });
    const { origin } = net.foreign;
    const found = await ask(origin, {
      url: `${origin}/status/404`,
      mode: "no-cors",
    });
    assertHas(found, { status: 0, opaque: true, bytes: 0, lengthBytes: -1 });
    assert.deepEqual(found.headers, {});
    assert.deepEqual(net.foreign.log, ["GET /status/404"]);
    const stays = await ask(origin, {
      url: `${origin}/cors/yes/bytes/1`,
      mode: "same-origin",
    });
    assertHas(stays, { error: "EIO" });
    assert.equal(net.foreign.log.length, 1, "nothing was sent");
  });

  test(`cookies go where credentials say, ${engine}`, limits, async (t) => {
    const { ask, net } = await openNet(t, ["plain", "sibling", "foreign"], {
      engine,
      complaints: {
        chromium: [/CORS policy/, /ERR_FAILED/],
        firefox: [/Cross-Origin Request Blocked/, /“third” has been rejected/],
      },
    });
    const cookieAt = async (url, more) => {
      const { text, error, words } = await ask("*", { url, ...more });
      return error === undefined ? JSON.parse(text).cookie : [error, words];
    };
    // Not kept without credentials.
    const omit = { credentials: "omit" };
    const include = { credentials: "include" };
    await ask("*", { url: "/set-cookie?none=1", ...omit });
    await ask("*", { url: "/set-cookie?own=1&same=Lax" });
    assert.equal(await cookieAt("/echo"), "own=1");
    assert.equal(await cookieAt("/echo", omit), undefined);
    assert.equal(await cookieAt("/echo", include), "own=1");
    // Another origin of the same site: cookies know no ports.
    const sibling = net.sibling.url("/cors/credentials/echo");
    assert.equal(await cookieAt(sibling), undefined);
    assert.equal(await cookieAt(sibling, include), "own=1");
    const anyone = net.sibling.url("/cors/yes/echo");
    const [error] = await cookieAt(anyone, include);
    assert.equal(error, "EIO", "* is not enough with credentials");
    // Another site: its cookies are a third party's.
    const path = "/cors/credentials/set-cookie?third=1&same=Lax";
    await ask("*", { url: net.foreign.url(path), ...include });
    const foreign = net.foreign.url("/cors/credentials/echo");
    assert.equal(await cookieAt(foreign, include), undefined);
  });

  test(`integrity: other bytes are EBADMSG, ${engine}`, limits, async (t) => {
    const { ask, net } = await openNet(t, ["plain", "foreign"], { engine });
    const hash = (name, bytes) =>
      `${name}-${createHash(name).update(bytes).digest("base64")}`;
    const right = patternOf(100_000);
    const wrong = patternOf(99_999);
    const url = "/chunked/100000";
    const get = (integrity, more) => ask("*", { url, integrity, ...more });
    const whole = { ...WHOLE, bytes: 100_000 };
    assertHas(await get(hash("sha256", right)), whole);
    assertHas(
      await get(`${hash("sha256", wrong)} ${hash("sha512", right)}`),
      whole,
      "the strongest counts",
    );
    const foreign = { url: net.foreign.url("/cors/yes/gzip/100000") };
    assertHas(await get(hash("sha384", right), foreign), whole);
    const error = "EBADMSG";
    assertHas(await get(hash("sha256", wrong)), { error });
    assertHas(await get(hash("sha384", wrong), foreign), { error });
    assertHas(await get(`${hash("sha256", right)} ${hash("sha512", wrong)}`), {
      error,
    });
    const large = { integrityLimitBytes: 99_999 };
    assertHas(await get(hash("sha256", right), large), { error: "EFBIG" });
    const opaque = { url: foreign.url, mode: "no-cors" };
    assertHas(await get(hash("sha256", right), opaque), { error: "EINVAL" });
  });

  test(`keepalive outlives the page, ${engine}`, limits, async (t) => {
    const { page, net } = await openNet(t, ["plain"], { engine });
    await page.evaluate(() => {
      const { createClient } = window.net;
      for (const keepalive of [true, false]) {
        const body = new Uint8Array(1000);
        const url = `/never?${keepalive}`;
        const request = { url, method: "POST", body, keepalive };
        createClient("'self'")
          .open(request)
          .head.catch(() => {});
      }
    });
    const [kept, other] = await Promise.all([
      net.plain.visit("/never?true"),
      net.plain.visit("/never?false"),
    ]);
    await Promise.all([kept.received(1000), other.received(1000)]);
    await page.goto("about:blank");
    assertHas(await other.closed, { whole: false });
    assert.equal(kept.response.closed, false);
  });
}
