/* What a page lets a program fetch (SEEDS D1: nothing by itself, D2: what the
 * list says), in Chromium and Firefox, where redirects cannot be looked at: what
 * is refused is missing in the log of the server that would have got it, but
 * where the contract says that it is not. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ENGINES } from "../helpers/browser.js";
import { assertHas, openNet } from "../helpers/net-page.js";

const LIMIT = { timeout: 60_000 };
/** @param {number | string} code @param {string} to */
const redirect = (code, to) => `/redirect/${code}?to=${encodeURIComponent(to)}`;
const POST = { method: "POST", text: "abc" };
const KEYED = { headers: [["X-Key", "secret"]] };

for (const { engine, skip } of ENGINES) {
  const limits = { ...LIMIT, skip };
  const where = { engine };

  test(
    `D1: a program may fetch nothing by itself, and is told how, ${engine}`,
    limits,
    async (t) => {
      const { run, net } = await openNet(t, ["plain", "foreign"], {
        engine,
        programs: ["fetch"],
      });
      const { plain, foreign } = net;
      const urls = [plain.url("/bytes/10"), foreign.url("/cors/yes/bytes/10")];
      const refused = await run("fetch", urls);
      assert.equal(refused.code, 2);
      const [own = "", other = ""] = refused.lines;
      assert.match(own, /^error EACCES: fetch of .* refused: .*'self'/);
      const { origin } = foreign;
      assert.ok(/^error EACCES: /.test(other) && other.includes(origin), other);
      // The words are on the console of the page, too.
      assert.match(refused.errors.join("\n"), /refused/);
      const half = await run("fetch", urls, { fetch: "'self'" });
      assert.equal(half.code, 1);
      assert.match(half.lines.join("\n"), /10 bytes, .*error EACCES/s);
      assert.deepEqual(foreign.log, []);
      assert.deepEqual(plain.log, ["GET /bytes/10"]);
      const both = await run("fetch", urls, { fetch: ["'self'", origin] });
      assert.equal(both.code, 0, both.lines.join("\n"));
      assert.deepEqual(foreign.log, ["GET /cors/yes/bytes/10"]);
    },
  );

  test(
    `D2: origin, path and method are asked before a request, ${engine}`,
    limits,
    async (t) => {
      const { ask, net } = await openNet(t, ["plain", "foreign"], where);
      const { origin } = net.foreign;
      const rules = [
        `GET,HEAD=${origin}/cors/preflight/`,
        `POST=${origin}/cors/preflight/upload`,
      ];
      for (const [path, more, error] of [
        ["/cors/preflight/bytes/1", {}, undefined],
        ["/cors/preflight/bytes/1", { method: "HEAD" }, undefined],
        ["/cors/preflight/upload", POST, undefined],
        ["/cors/preflight/bytes/1", POST, "EACCES"],
        ["/cors/preflight/upload", { ...POST, method: "PUT" }, "EACCES"],
        ["/cors/yes/bytes/1", {}, "EACCES"],
        ["/cors/preflight/../yes/bytes/1", {}, "EACCES"],
        ["/cors/preflight/%2e%2e/yes/bytes/1", {}, "EACCES"],
        ["/cors/preflight/..%2fyes/bytes/1", {}, "EACCES"],
      ]) {
        net.foreign.visits = [];
        const found = await ask(rules, { url: origin + path, ...more });
        assertHas(found, { error }, path);
        const asked = net.foreign.log.length;
        assert.equal(asked > 0, error === undefined, net.foreign.log.join());
      }
      assertHas(await ask(rules, { url: "/bytes/1" }), { error: "EACCES" });
      assert.deepEqual(net.plain.log, []);
    },
  );

  test(
    `redirects that are allowed are followed, ${engine}`,
    limits,
    async (t) => {
      const { ask, net } = await openNet(t, ["plain", "foreign"], where);
      const { plain, foreign } = net;
      for (const code of [301, 302, 303, 307, 308]) {
        const url = redirect(code, "/bytes/10");
        const found = await ask("'self'", { url });
        const end = plain.url("/bytes/10");
        assertHas(found, {
          status: 200,
          redirected: true,
          url: end,
          bytes: 10,
        });
        // All is allowed: what has a body may be redirected, too.
        const to = foreign.url("/cors/preflight/upload");
        const sent = await ask("*", { url: redirect(code, to), ...POST });
        const kept = code >= 307;
        assertHas(sent, { status: 200, redirected: true, url: to });
        assertHas(JSON.parse(sent.text), {
          method: kept ? "POST" : "GET",
          bytes: kept ? 3 : 0,
        });
      }
      // The browser itself takes away what is the first server's alone.
      const headers = [["Authorization", "Basic c2VjcmV0"]];
      const to = foreign.url("/cors/preflight/echo");
      const rules = ["'self'", foreign.origin];
      const found = await ask(rules, { url: redirect(302, to), headers });
      assertHas(found, { status: 200, redirected: true });
      assert.equal(JSON.parse(found.text).authorization, undefined);
      assert.equal(
        (await plain.visit("/redirect", 10)).headers.authorization,
        "Basic c2VjcmV0",
      );
    },
  );

  test(
    `D2: where only the own origin is allowed, no redirect leaves it, ${engine}`,
    limits,
    async (t) => {
      const { ask, net } = await openNet(t, ["plain", "foreign"], {
        engine,
        complaints: {
          chromium: [/Unsafe attempt to load URL/],
          firefox: [/may not load data from/],
        },
      });
      const to = net.foreign.url("/cors/preflight/upload");
      for (const code of [301, 302, 303, 307, 308]) {
        for (const more of [{}, POST, KEYED]) {
          const url = redirect(code, to);
          const found = await ask("'self'", { url, ...more });
          assertHas(found, { error: "EIO" }, url);
          assert.match(found.words, /redirect to another origin/);
          const refused = ["'self'", "'refuse-redirects'"];
          assertHas(await ask(refused, { url, ...more }), { error: "EACCES" });
        }
      }
      assert.deepEqual(net.foreign.log, []);
    },
  );

  test(
    `D2: what carries something is not redirected unseen, ${engine}`,
    limits,
    async (t) => {
      const { ask, net } = await openNet(t, ["plain", "foreign"], where);
      const { foreign } = net;
      const rules = ["'self'", `${foreign.origin}/cors/preflight/echo`];
      const allowed = foreign.url("/cors/preflight/echo");
      const forbidden = foreign.url("/cors/preflight/upload");
      for (const to of [allowed, forbidden]) {
        for (const code of [301, 302, 303, 307, 308]) {
          for (const more of [POST, KEYED]) {
            const found = await ask(rules, {
              url: redirect(code, to),
              ...more,
            });
            assertHas(found, { error: "EACCES" });
            assert.match(found.words, /hides where to/);
          }
        }
      }
      const refused = [...rules, "'refuse-redirects'"];
      const hidden = await ask(refused, { url: redirect(302, forbidden) });
      assertHas(hidden, { error: "EACCES" });
      assert.deepEqual(foreign.log, []);

      // The one exception that is documented: a bare GET is followed, and
      // refused where it arrives. Nothing of the answer is seen.
      const bare = await ask(rules, { url: redirect(302, forbidden) });
      assertHas(bare, { error: "EACCES", status: undefined, text: undefined });
      assert.ok(bare.words.includes(`redirected to ${foreign.origin}`));
      assert.deepEqual(foreign.log, ["GET /cors/preflight/upload"]);
      await foreign.visits[0].closed;
      const fine = await ask(rules, { url: redirect(302, allowed) });
      assertHas(fine, { status: 200, redirected: true, url: allowed });
    },
  );

  test(
    `redirects that end nowhere, or are not to be followed, ${engine}`,
    limits,
    async (t) => {
      const { ask, net } = await openNet(t, ["plain"], {
        engine,
        complaints: { chromium: [/ERR_TOO_MANY_REDIRECTS/, /ERR_FAILED/] },
      });
      const loop = await ask("*", { url: "/loop/0" });
      assertHas(loop, { error: "EIO" });
      assert.match(loop.words, /20 redirects/, "it may be that");
      assert.equal(net.plain.log.length, 21);
      const url = redirect(302, "/bytes/1");
      const never = await ask("'self'", { url, redirect: "error" });
      assertHas(never, { error: "EIO" });
      const manual = await ask("'self'", { url, redirect: "manual" });
      assertHas(manual, { status: 0, opaqueRedirect: true, bytes: 0 });
      assert.deepEqual(manual.headers, {});
      assert.ok(!net.plain.log.includes("GET /bytes/1"));
    },
  );
}
