/* Bodies that stream, in Chromium and Firefox (SEEDS B1, C2): up as far as the
 * browser can, else whole, with the right bytes in every case; a gibibyte down in
 * memory that does not grow; and requests that are given up at any stage, whose
 * connection is then closed at the server. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { ENGINES } from "../helpers/browser.js";
import { whyNoTls } from "../helpers/certificate.js";
import { assertHas, openNet } from "../helpers/net-page.js";
import { patternOf } from "../helpers/net-routes.js";
import { startGate } from "../helpers/net-server.js";
import { watchPeaks, whyNoPeaks } from "../helpers/peaks.js";

const LIMIT = { timeout: 60_000 };
const MIB = 2 ** 20;
const FIREFOX_KEEPS = "the driver of Firefox keeps all that is received";
const PIECE = { pieces: 40, pieceBytes: 50_000 };
const TOTAL_BYTES = PIECE.pieces * PIECE.pieceBytes;
const SHA256 = createHash("sha256")
  .update(patternOf(TOTAL_BYTES))
  .digest("hex");

for (const { engine, skip } of ENGINES) {
  const tls = { ...LIMIT, skip: skip || whyNoTls() };
  const streams = engine === "chromium";

  test(`pieces go up with the right bytes, ${engine}`, tls, async (t) => {
    const { ask, net } = await openNet(t, ["h2", "tls", "plain"], {
      engine,
      complaints: { chromium: [/ERR_ALPN_NEGOTIATION_FAILED/] },
    });
    const whole = { bytes: TOTAL_BYTES, sha256: SHA256, type: null };
    for (const [url, upload, more] of [
      ["/upload", "auto", { streamedUp: streams, version: "2.0" }],
      ["/upload", "buffer", { streamedUp: false, version: "2.0" }],
      [net.tls.url("/cors/preflight/upload"), "auto", { version: "1.1" }],
      [net.plain.url("/cors/preflight/upload"), "auto", { version: "1.1" }],
    ]) {
      const { version, streamedUp = false } = more;
      const found = await ask("*", { url, method: "POST", upload, ...PIECE });
      assertHas(found, { status: 200, streamedUp }, url);
      const { length, ...seen } = JSON.parse(found.text);
      assertHas(seen, { ...whole, version }, url);
      assert.equal(length === null, streamedUp, "streams have no length");
    }
    // What cannot be streamed and must be is an error, not other bytes.
    const must = { url: "/upload", method: "POST", upload: "stream", ...PIECE };
    const found = await ask("*", must);
    if (streams) assertHas(JSON.parse(found.text), { sha256: SHA256 });
    else assertHas(found, { error: "ENOTSUP" });
    const old = net.tls.url("/cors/preflight/upload");
    const error = streams ? "EIO" : "ENOTSUP";
    assertHas(await ask("*", { ...must, url: old }), { error });
    const received = net.tls.visits.filter(({ method }) => method === "POST");
    assert.equal(received.length, 1, "nothing else arrived there");
    const large = { ...must, upload: "buffer", uploadLimitBytes: 100_000 };
    assertHas(await ask("*", large), { error: "EFBIG" });
  });

  test(`a C program's body goes up whole, ${engine}`, tls, async (t) => {
    const { run, net } = await openNet(t, ["h2", "tls"], {
      engine,
      programs: ["http-upload"],
      complaints: { chromium: [/ERR_ALPN_NEGOTIATION_FAILED/] },
      // A body that fails while it is waited for; else the request is aborted.
      allowErrors: streams ? [/ERR_FAILED/] : [],
    });
    const rules = { fetch: "*" };
    for (const [command, at, bytes, streamed] of [
      ["reader", net.h2, TOTAL_BYTES, streams],
      ["reader", net.tls, TOTAL_BYTES, false],
      ["slow", net.h2, 10_000, streams],
      ["reader", net.h2, 0, streams],
    ]) {
      const url = at.url("/cors/preflight/upload");
      const args = [command, url, String(bytes)];
      const { lines } = await run("http-upload", args, rules);
      const [status, json = "", given, told] = lines;
      assert.equal(status, `status 200, streamed ${streamed ? "yes" : "no"}`);
      const hash = createHash("sha256").update(patternOf(bytes)).digest("hex");
      assertHas(JSON.parse(json), { method: "PUT", bytes, sha256: hash });
      assert.equal(given, `given ${bytes}, last calls 1, goroutines 1`);
      assert.equal(told, `told yes, up ${bytes} of ${bytes}`);
    }
    const url = net.h2.url("/upload");
    const failed = await run("http-upload", ["fails", url, "5000"], rules);
    assert.match(failed.lines[0] ?? "", /^open ENOSPC: /);
    const large = ["buffer", url, "1000001"];
    const refused = await run("http-upload", large, rules);
    assert.match(refused.lines[0] ?? "", /^open EFBIG: /);
  });

  test(
    `a stream goes up piece by piece, and waits for the server, ${engine}`,
    { ...tls, skip: tls.skip || (streams ? false : "it streams nothing up") },
    async (t) => {
      const { begin, page, net } = await openNet(t, ["h2"], { engine });
      const { h2 } = net;
      // Each piece is sent only when the one before has arrived.
      await page.evaluate(() => {
        window.exchange = window.net
          .createClient("'self'")
          .open({ url: "/upload?steps", method: "POST", body: "sent" });
      });
      const step = () =>
        page.evaluate(() => window.exchange.send(new Uint8Array(1000)));
      await step();
      const visit = await h2.visit("/upload?steps");
      for (let count = 1; count <= 5; count += 1) {
        await visit.received(count * 1000);
        assert.equal(visit.receivedBytes, count * 1000);
        assert.equal(visit.complete, false);
        await step();
      }
      await page.evaluate(() => window.exchange.sendEnd());
      assertHas(await visit.closed, { whole: true, receivedBytes: 6000 });

      // 96 MiB for a server that reads nothing: what is taken has an end.
      const pieces = { pieces: 96, pieceBytes: MIB };
      const request = { url: "/upload?deaf", method: "POST", ...pieces };
      const begun = await begin("'self'", request);
      const deaf = await h2.visit("/upload?deaf");
      let sent = -1;
      for (let now = await begun.sent(); now > sent; now = await begun.sent()) {
        sent = now;
        await page.evaluate(
          () => new Promise((resolve) => setTimeout(resolve, 300)),
        );
      }
      t.diagnostic(`${sent} MiB taken`);
      assert.ok(sent < 16, `${sent} MiB were taken`);
      deaf.receive();
      assertHas(await begun.outcome(), { status: 200, streamedUp: true });
      assert.equal(deaf.receivedBytes, 96 * MIB);
    },
  );

  test(
    `C2: an upload that is given up never looks whole, ${engine}`,
    { ...tls, skip: tls.skip || (streams ? false : "it streams nothing up") },
    async (t) => {
      const { ask, page, net } = await openNet(t, ["h2"], {
        engine,
        complaints: { chromium: [/ERR_FAILED/] },
      });
      const { h2 } = net;
      const begin = (url, count) =>
        page.evaluate(
          ([where, many]) => {
            const client = window.net.createClient("'self'");
            window.all = Array.from({ length: many }, () =>
              client.open({ url: where, method: "POST", body: "sent" }),
            );
          },
          [url, count],
        );
      /** One after the other; then how their requests ended. */
      const end = (code) =>
        page.evaluate(async (failure) => {
          for (const [at, exchange] of window.all.entries()) {
            if (failure) exchange.sendFail(window.net.errorOf(failure));
            else exchange.close();
            await new Promise((resolve) => setTimeout(resolve, at % 4));
          }
          const heads = window.all.map(({ head }) => head);
          const ended = await Promise.allSettled(heads);
          return [...new Set(ended.map(({ reason }) => reason?.code))];
        }, code);
      const whole = async () => {
        const closed = await Promise.all(
          h2.visits.map((visit) => visit.closed),
        );
        return closed.filter((one) => one.whole).length;
      };

      for (const code of ["ECANCELED", "ENOSPC"]) {
        const failure = code === "ECANCELED" ? "" : code;
        // It waits for the next piece.
        h2.visits = [];
        await begin("/upload?waits", 40);
        await page.evaluate(() => {
          for (const exchange of window.all) exchange.send(new Uint8Array(1e4));
        });
        await h2.visit("/upload?waits", 39);
        await Promise.all(h2.visits.map((visit) => visit.received(1e4)));
        assert.deepEqual(await end(failure), [code]);
        assert.equal(await whole(), 0, `${code} while it waits`);

        // It waits for the server, which reads from then on, or never.
        h2.visits = [];
        await begin("/upload?deaf", 5);
        await page.evaluate(async () => {
          const full = window.all.map(async (exchange) => {
            for (;;) {
              const sent = exchange.send(new Uint8Array(1 << 20));
              sent.catch(() => {});
              const late = new Promise((resolve) => {
                setTimeout(resolve, 300, "late");
              });
              if ((await Promise.race([sent, late])) === "late") return;
            }
          });
          await Promise.all(full);
        });
        const ended = end(failure);
        for (const visit of h2.visits.slice(2)) visit.receive();
        assert.deepEqual(await ended, [code]);
        assert.equal(await whole(), 0, `${code} while it is held up`);

        // It may have begun, or not.
        h2.visits = [];
        await begin("/upload?begins", 40);
        assert.deepEqual(await end(failure), [code]);
        assert.equal((await ask("'self'", { url: "/bytes/1" })).bytes, 1);
        h2.visits = h2.visits.filter(({ method }) => method === "POST");
        assert.equal(await whole(), 0, `${code} as it begins`);
      }
    },
  );

  test(
    `requests that are given up close the connection, ${engine}`,
    tls,
    async (t) => {
      const { ask, begin, net } = await openNet(t, ["h2", "tls"], {
        engine,
        complaints: { chromium: [/ERR_ALPN_NEGOTIATION_FAILED/] },
      });
      // Before there is a connection: the browser may go on to have it for
      // others, but this request is never made.
      const gate = await startGate(t, net.tls);
      const url = (path) => `${gate.origin}/cors/yes${path}`;
      const connecting = await begin("*", { url: url("/bytes/1") });
      await gate.connected;
      await connecting.close();
      assertHas(await connecting.outcome(), { error: "ECANCELED" });
      gate.open();
      assertHas(await ask("*", { url: url("/bytes/2") }), { bytes: 2 });
      assert.deepEqual(net.tls.log, ["GET /cors/yes/bytes/2"]);

      const body = { method: "POST", ...PIECE };
      for (const at of [net.h2, net.tls]) {
        for (const [path, more, ready] of [
          ["/never", {}, () => {}],
          ["/never", body, (visit) => visit.received(TOTAL_BYTES)],
          ["/headers", {}, () => {}],
          ["/stalls/100000", {}, (_visit, begun) => begun.has(100_000)],
          ["/endless", {}, (_visit, begun) => begun.has(3 * MIB)],
        ]) {
          at.visits = [];
          const route = `/cors/preflight${path}`;
          const begun = await begin("*", { url: at.url(route), ...more });
          const visit = await at.visit(route);
          await ready(visit, begun);
          await begun.close();
          assertHas(await visit.closed, { whole: false }, route);
          assertHas(await begun.outcome(), { error: "ECANCELED" }, route);
        }
      }

      // While it goes up: the server reads nothing.
      const much = { method: "POST", pieces: 50, pieceBytes: MIB };
      const deaf = "/upload?deaf";
      const begun = await begin("*", { url: deaf, ...much });
      const visit = await net.h2.visit(deaf);
      await begun.close();
      const { whole, receivedBytes } = await visit.closed;
      assert.deepEqual([whole, receivedBytes], [false, 0]);
      assertHas(await begun.outcome(), { error: "ECANCELED" });
    },
  );

  test(
    `nothing is written to the buffer of a read that was ended, ${engine}`,
    tls,
    async (t) => {
      const { start, net } = await openNet(t, ["h2", "tls"], {
        engine,
        programs: ["http-cancel"],
        complaints: {
          chromium: [/ERR_ALPN_NEGOTIATION_FAILED/, /ERR_FAILED/],
        },
      });
      const untouched = "buffer untouched";
      for (const at of [net.h2, net.tls]) {
        for (const [stage, how, path, first, more] of [
          ["open", "context", "/never", "ECANCELED after a wait", [untouched]],
          [
            "open",
            "timeout",
            "/never",
            "ETIMEDOUT after its time",
            [untouched],
          ],
          ["wait", "context", "/upload", "ECANCELED after a wait", [untouched]],
          [
            "read",
            "context",
            "/stalls/1000",
            "ECANCELED after a wait",
            [untouched, "body OK", "then more"],
          ],
          [
            "read",
            "timeout",
            "/slow?ms=10",
            "ETIMEDOUT after its time",
            [untouched, "body ETIMEDOUT", "then ETIMEDOUT"],
          ],
        ]) {
          at.visits = [];
          const version = at === net.h2 ? "HTTP/2" : "HTTP/1.1";
          const what = `${stage} ${how} ${version}`;
          const route = `/cors/preflight${path}`;
          const rules = { fetch: "*" };
          const args = [stage, how, at.url(route)];
          const program = await start("http-cancel", args, rules);
          await program.says(1);
          const visit = at.visits.find(({ method }) => method !== "OPTIONS");
          if (more[1] === "body OK") visit?.response.write("late");
          else if (visit !== undefined) {
            assertHas(await visit.closed, { whole: false }, what);
          }
          await program.write("go on\n");
          const { lines } = await program.result();
          assert.deepEqual(lines.slice(0, -1), [first, ...more], what);
          const readers = stage === "wait" ? 1 : 0;
          const last = `last calls ${readers}, `;
          assert.ok(lines.at(-1)?.startsWith(last), lines.at(-1));
          assert.ok(lines.at(-1)?.endsWith("goroutines 1"), lines.at(-1));
        }
      }
    },
  );

  test(
    `C2: a gibibyte streams down in memory that does not grow, ${engine}`,
    { ...LIMIT, skip: skip || (streams ? whyNoPeaks() : FIREFOX_KEEPS) },
    async (t) => {
      const { run, net } = await openNet(t, ["plain"], {
        engine,
        programs: ["fetch"],
      });
      const rules = { fetch: "'self'" };
      await run("fetch", [`/bytes/${16 * MIB}`], rules);
      const grown = watchPeaks();
      const { lines } = await run("fetch", [`/bytes/${1024 * MIB}`], rules);
      assert.match(lines[1] ?? "", /^1073741824 bytes, .* then the end$/);
      assertHas(await net.plain.visits[1].closed, { whole: true });
      const mib = Math.round(grown() / MIB);
      t.diagnostic(`${mib} MiB more`);
      assert.ok(mib < 300, `a process grew by ${mib} MiB`);
    },
  );
}
