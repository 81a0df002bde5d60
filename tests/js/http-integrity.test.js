/* Integrity: the body is read and compared before there is a response. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { parseIntegrity } from "../../js/http/integrity.js";
import { fails } from "../helpers/fails.js";
import { clientOf, readAll } from "../helpers/http-client.js";
import { patternOf } from "../helpers/net-routes.js";
import { startNet } from "../helpers/net-server.js";

const BYTES = 300_000;
const hash = (name, bytes = patternOf(BYTES)) =>
  `${name}-${createHash(name).update(bytes).digest("base64")}`;
const WRONG = hash("sha512", new Uint8Array(1));

/** A request for BYTES bytes with that integrity. */
async function ask(t, integrity, path = `/bytes/${BYTES}`, more = {}) {
  const { plain } = await startNet(t, ["plain"]);
  const client = clientOf([plain.origin]);
  const exchange = client.open({ url: plain.url(path), integrity, ...more });
  return { exchange, plain };
}

for (const name of ["sha256", "sha384", "sha512"]) {
  test(`a body of the right ${name} is given on whole`, async (t) => {
    const { exchange } = await ask(t, hash(name));
    assert.equal((await exchange.head).lengthBytes, BYTES);
    assert.deepEqual(new Uint8Array(await readAll(exchange)), patternOf(BYTES));
  });

  test(`a body of the wrong ${name} is EBADMSG`, async (t) => {
    const { exchange } = await ask(t, hash(name, new Uint8Array(1)));
    await assert.rejects(exchange.head, fails("EBADMSG", /\/bytes\/300000 is/));
  });
}

test("the strongest algorithm counts, and any of its hashes will do", async (t) => {
  const right = hash("sha512");
  const { exchange } = await ask(t, `${hash("sha256")} ${WRONG}`);
  await assert.rejects(exchange.head, fails("EBADMSG", /integrity/));
  const weak = hash("sha256", new Uint8Array(1));
  const second = await ask(t, ` ${weak}  ${WRONG} ${right}?opt md5-x`);
  assert.equal((await second.exchange.head).status, 200);
});

test("what an integrity text names", () => {
  assert.deepEqual(parseIntegrity("sha256-ab+/cd=="), {
    algorithm: "SHA-256",
    hashes: ["ab+/cd=="],
  });
  assert.deepEqual(parseIntegrity("sha384-a-_b sha256-x sha384-y"), {
    algorithm: "SHA-384",
    hashes: ["a+/b", "y"],
  });
  for (const text of ["sha1-x", "SHA256-x", "sha256-", "sha256-?x", "x"]) {
    assert.throws(() => parseIntegrity(text), fails("EINVAL", /no known hash/));
  }
});

test("a body above the limit is EFBIG, and its connection ends", async (t) => {
  const { exchange, plain } = await ask(t, WRONG, "/endless", {
    integrityLimitBytes: 1000,
  });
  await assert.rejects(exchange.head, fails("EFBIG", /1000 bytes, its limit/));
  assert.equal((await (await plain.visit("/endless")).closed).whole, false);
});

test("a body of just the limit is compared, and an empty one", async (t) => {
  const { exchange } = await ask(t, hash("sha256"), undefined, {
    integrityLimitBytes: BYTES,
  });
  assert.equal((await exchange.head).status, 200);
  const empty = hash("sha256", new Uint8Array(0));
  const second = await ask(t, empty, "/bytes/0");
  assert.equal((await readAll(second.exchange)).length, 0);
});

test("a body that is cut short is that, and not a mismatch", async (t) => {
  const { exchange } = await ask(t, WRONG, "/cut/10");
  await assert.rejects(exchange.head, fails("ECONNRESET", /after 10 bytes/));
});

test("closing while the body is compared is ECANCELED", async (t) => {
  const { exchange, plain } = await ask(t, WRONG, "/headers");
  const visit = await plain.visit("/headers");
  exchange.close();
  await assert.rejects(exchange.head, fails("ECANCELED", /aborted/));
  assert.equal((await visit.closed).whole, false);
});

test("without WebCrypto it is fetch that compares: EIO", async (t) => {
  const own = Object.getOwnPropertyDescriptor(globalThis, "crypto");
  Object.defineProperty(globalThis, "crypto", {
    value: {},
    configurable: true,
  });
  t.after(() => Object.defineProperty(globalThis, "crypto", own));
  const { exchange } = await ask(t, WRONG);
  await assert.rejects(exchange.head, fails("EIO", /integrity/));
  const second = await ask(t, hash("sha256"));
  assert.equal((await readAll(second.exchange)).length, BYTES);
});
