/* What a page says of fetching, made a policy: methods, prefixes, WebSockets,
 * keywords, the form of an object; and how a refusal says what allows it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  createPolicy,
  methodOf,
  parseAddress,
  refusal,
} from "../../js/http/policy.js";
import { fails } from "../helpers/fails.js";
import { PAGE, policyOf } from "../helpers/http-client.js";

/** list; requests that are allowed; and that are not: [url, method] */
const TABLE = [
  ["", [], [[`${PAGE}/`], ["data:,x"], ["wss://page.test/"]]],
  [null, [], [[`${PAGE}/`]]],
  [
    "GET,HEAD=https://api.test/v1/",
    [["https://api.test/v1/a"], ["https://api.test/v1/a", "HEAD"]],
    [
      ["https://api.test/v1/a", "POST"],
      ["https://api.test/v1/a", "get"],
      ["https://api.test/v2/"],
      ["https://api.test/v1/%2e%2e/v2/"],
      ["https://api.test/v1/..%2fv2"],
    ],
  ],
  [
    "put='self' https://api.test",
    [
      [`${PAGE}/x`, "PUT"],
      ["https://api.test/", "DELETE"],
    ],
    [[`${PAGE}/x`], [`${PAGE}/x`, "POST"]],
  ],
  [
    "PROPFIND=https://dav.test",
    [["https://dav.test/", "PROPFIND"]],
    [["https://dav.test/", "propfind"], ["https://dav.test/"]],
  ],
  [
    "'self'",
    [[`${PAGE}/`], ["wss://page.test/socket"], [`${PAGE}/x`, "DELETE"]],
    [["ws://page.test/"], ["wss://other.test/"], [`blob:${PAGE}/1`]],
  ],
  [
    "wss://chat.test/rooms/",
    [["wss://chat.test/rooms/1"]],
    [
      ["wss://chat.test/"],
      ["ws://chat.test/rooms/1"],
      ["https://chat.test/rooms/1"],
    ],
  ],
  ["wss:", [["wss://any.test/"]], [["ws://any.test/"], ["https://any.test/"]]],
  ["*", [["https://a.test/"], ["ws://a.test/"]], [["data:,x"], ["file:///x"]]],
  ["POST=*", [["https://a.test/", "POST"]], [["https://a.test/"]]],
  ["'none'", [], [[`${PAGE}/`]]],
  ["'refuse-redirects' 'self'", [[`${PAGE}/`]], [["https://a.test/"]]],
];

for (const [list, allowed, refused] of TABLE) {
  test(`D1: the list ${list} allows what it says and nothing else`, () => {
    for (const form of [list, { allow: list ?? "" }]) {
      const policy = policyOf(form, PAGE);
      const allows = ([url, method]) => policy.allows(new URL(url), method);
      for (const one of allowed) assert.ok(allows(one), `allow ${one}`);
      for (const one of refused) assert.ok(!allows(one), `refuse ${one}`);
    }
  });
}

/** list, confined, universal */
const SCOPES = [
  ["'self'", true, false],
  ["'self' 'none' data: wss://a.test ws:", true, false],
  [PAGE, true, false],
  ["GET='self'", true, false],
  [`${PAGE}/path/`, false, false],
  ["'self' https://a.test", false, false],
  ["'self' GET=https://a.test", false, false],
  ["'self' HTTPS://a.test", false, false],
  ["'self' https:", false, false],
  ["https: http:", false, true],
  ["*", false, true],
  ["GET=*", false, false],
  ["https: GET=http:", false, false],
];

for (const [list, confined, universal] of SCOPES) {
  test(`the scope of ${list}`, () => {
    const policy = policyOf(list, PAGE);
    assert.deepEqual(
      [policy.confined, policy.universal],
      [confined, universal],
    );
  });
}

test("how many requests to an origin, and what of redirects", () => {
  const policy = policyOf({
    allow: ["*", "'refuse-redirects'"],
    perOrigin: 2.9,
  });
  assert.equal(policy.perOrigin, 2);
  assert.equal(policy.refuseRedirects, true);
  const plain = policyOf("*");
  assert.equal(plain.perOrigin, Infinity);
  assert.equal(plain.refuseRedirects, false);
});

for (const [option, why] of [
  [7, /expected a string or array/],
  [["*", 7], /expected a string or array/],
  [{ allow: 7 }, /expected a string or array/],
  [{ allow: "*", perOrigin: 0 }, /perOrigin: expected a number from 1/],
  [{ allow: "*", perOrigin: "2" }, /perOrigin/],
  [{ allow: "*", perOrigin: NaN }, /perOrigin/],
  ["GET,=https://a.test", /expected/],
  ["GET=self", /single quotes/],
  ["'refuse-redirect'", /expected/],
]) {
  test(`the option ${JSON.stringify(option)} is refused with words`, () => {
    assert.throws(() => policyOf(option, PAGE), fails("EINVAL", why));
  });
}

test("methods are written as fetch sends them", () => {
  for (const [request, method] of [
    [{}, "GET"],
    [{ body: null }, "GET"],
    [{ body: "sent" }, "POST"],
    [{ method: "", body: "sent" }, "POST"],
    [{ method: "delete" }, "DELETE"],
    [{ method: "patch" }, "patch"],
  ]) {
    assert.equal(methodOf(request), method);
  }
});

test("an address may be relative, and has no password", () => {
  const policy = policyOf("*", PAGE);
  assert.equal(parseAddress("../a", policy).href, `${PAGE}/a`);
  assert.throws(() => parseAddress("a", policyOf("*")), fails("EINVAL", /"a"/));
  const secret = "https://me@a.test/";
  assert.throws(
    () => parseAddress(secret, policy),
    fails("EINVAL", /password/),
  );
});

test("D1: a refusal says which source allows it", () => {
  const policy = policyOf("GET=https://a.test", PAGE);
  const words = (url, method) =>
    refusal(policy, new URL(url), method, url).message;
  assert.equal(
    words("https://b.test/x", "GET"),
    "fetch of https://b.test/x refused: allow it with https://b.test",
  );
  assert.match(words("data:,x", "GET"), /allow it with data:$/);
  assert.match(words(`${PAGE}/x`, "GET"), /allow it with 'self'$/);
  assert.match(
    words("https://a.test/x", "PUT"),
    /, for PUT too: PUT=https:\/\/a\.test$/,
  );
});

test("'self' has no meaning where there is no page", () => {
  const place = { selfOrigin: null, baseUrl: null, advice: String };
  assert.throws(
    () => createPolicy("'self'", place),
    fails("EINVAL", /no page/),
  );
});
