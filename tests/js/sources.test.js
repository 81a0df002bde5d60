/* Which addresses a list of sources allows. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { GossamerError } from "../../js/errors.js";
import { parseSources } from "../../js/http/sources.js";

const PAGE = "https://page.example";

const allows = (source, url, origin = PAGE) =>
  parseSources([source], origin)(new URL(url));

/** source, what it allows, what it does not */
const TABLE = [
  [
    "'self'",
    ["https://page.example/a", "https://page.example:443/"],
    [
      "http://page.example/",
      "https://page.example:444/",
      "https://api.page.example/",
      "https://page.example.evil.test/",
      "data:text/plain,x",
    ],
  ],
  ["'none'", [], ["https://page.example/", "data:,"]],
  [
    "*",
    ["https://a.test/", "http://b.test:81/x"],
    ["data:,x", "blob:https://page.example/1", "file:///etc/passwd"],
  ],
  ["https:", ["https://any.test/"], ["http://any.test/"]],
  ["data:", ["data:,x"], ["https://any.test/"]],
  [
    "https://api.test",
    ["https://api.test/", "https://API.test:443/x?y#z"],
    [
      "http://api.test/",
      "https://api.test:8443/",
      "https://x.api.test/",
      "https://api.test.evil.test/",
      "https://evil.test/api.test",
      "https://api.test@evil.test/",
    ],
  ],
  ["HTTPS://Api.Test", ["https://api.test/"], ["https://other.test/"]],
  [
    "http://localhost:8080",
    ["http://localhost:8080/x"],
    ["http://localhost/", "http://localhost:8081/"],
  ],
  [
    "http://127.0.0.1:*",
    ["http://127.0.0.1/", "http://127.0.0.1:9/"],
    ["http://127.0.0.2/", "https://127.0.0.1/"],
  ],
  ["http://[::1]:81", ["http://[::1]:81/"], ["http://[::2]:81/"]],
  [
    "https://*.cdn.test",
    ["https://a.cdn.test/", "https://a.b.CDN.test/"],
    ["https://cdn.test/", "https://evilcdn.test/", "https://a.cdn.test.evil/"],
  ],
  ["https://*.Bücher.test", ["https://a.xn--bcher-kva.test/"], []],
  ["https://*", ["https://any.test/"], ["http://any.test/"]],
  [
    "https://api.test/v1/",
    [
      "https://api.test/v1/",
      "https://api.test/v1/a/b?c",
      "https://api.test/v1/a..;b/100%25",
    ],
    [
      "https://api.test/v1",
      "https://api.test/v2/",
      "https://api.test/v1/../v2/",
      "https://api.test/v1/%2e%2e/v2/",
      "https://api.test/v1/..%2fv2",
      "https://api.test/v1/x%5c..%5c..%5cv2",
      "https://api.test/v1/%2e%2E%2Fv2",
      "https://api.test/v1/%252e%252e%252fv2",
      "https://api.test/v1/..;/v2",
      "https://api.test/v1/..%3Bx/v2",
    ],
  ],
  [
    "https://api.test/one",
    ["https://api.test/one", "https://api.test/one?query"],
    ["https://api.test/one/two", "https://api.test/ones"],
  ],
  ["https://bücher.test", ["https://xn--bcher-kva.test/"], []],
];

for (const [source, allowed, refused] of TABLE) {
  test(`source ${source}`, () => {
    for (const url of allowed) assert.ok(allows(source, url), `allow ${url}`);
    for (const url of refused) assert.ok(!allows(source, url), `refuse ${url}`);
  });
}

test("'self' is not the blobs that the page made", () => {
  const blob = new URL(`blob:${new URL(PAGE).origin}/0-1`);
  assert.equal(parseSources(["'self'"], new URL(PAGE).origin)(blob), false);
});

test("an empty list allows nothing", () => {
  const rule = parseSources([], PAGE);
  assert.equal(rule(new URL(PAGE)), false);
  assert.equal(rule(new URL("data:,x")), false);
});

test("any source of a list will do", () => {
  const rule = parseSources(["'self'", "https://a.test"], PAGE);
  assert.ok(rule(new URL(PAGE)) && rule(new URL("https://a.test/")));
});

for (const [source, why] of [
  ["self", /single quotes: 'self'/],
  ["api.test", /https:\/\/api\.example\.com/],
  ["//api.test", /expected/],
  ["https://a b", /expected/],
  ["https://user:pw@api.test", /expected/],
  ["https://a.*.test", /expected/],
  ["https://api.test/?query", /expected/],
  ["https://api.test:99999", /not an address/],
  ["ftp://api.test", /expected/],
  ["https://", /expected/],
  ["", /expected/],
]) {
  test(`the source "${source}" is refused with a reason`, () => {
    assert.throws(
      () => parseSources([source], PAGE),
      (error) =>
        error instanceof GossamerError &&
        error.code === "EINVAL" &&
        error.message.includes(`"${source}"`) &&
        why.test(error.message),
    );
  });
}

test("'self' without a page is refused", () => {
  assert.throws(() => parseSources(["'self'"], null), /no page/);
});
