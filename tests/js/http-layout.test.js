/* A request as C lays it out: every member, every option, every pointer. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ERRNO, PENDING } from "../../js/errors.js";
import { readStart } from "../../js/host/http-layout.js";
import { Memory } from "../../js/memory.js";
import { fails } from "../helpers/fails.js";
import { fakeHost } from "../helpers/host.js";
import { policyOf } from "../helpers/http-client.js";
import { handleOf, putStart, readHead } from "../helpers/http-start.js";
import { startNet } from "../helpers/net-server.js";

const START = 2048;
const HEAD = 2560;
const TEXTS = 4096;
const PAGE_BYTES = 65_536;

/** Memory with texts in it, one after the other, each with a NUL behind it. */
function memoryWith(...texts) {
  const wasm = new WebAssembly.Memory({ initial: 1 });
  const memory = new Memory();
  memory.attach(wasm);
  let at = TEXTS;
  const places = texts.map((text) => {
    const bytes = new TextEncoder().encode(`${text}\0`);
    new Uint8Array(wasm.buffer).set(bytes, at);
    at += bytes.length;
    return [at - bytes.length, bytes.length - 1];
  });
  return { wasm, memory, places };
}

/** What is read of a request of these fields. */
function read(fields, wasm, memory) {
  putStart(wasm, START, { url: TEXTS, urlBytes: 1, head: HEAD, ...fields });
  return readStart(memory, START);
}

test("every member of a request is read", () => {
  const { wasm, memory, places } = memoryWith(
    "/url",
    "PATCH",
    "/page",
    "sha256-x",
    "body",
    "Name",
    "välue",
  );
  const [url, method, referrer, integrity, body, name, value] = places;
  const view = new DataView(wasm.buffer);
  view.setUint32(1024, name[0], true);
  view.setUint32(1028, value[0], true);
  const { head, request } = read(
    {
      url: url[0],
      urlBytes: url[1],
      method: method[0],
      methodBytes: method[1],
      headers: 1024,
      headerCount: 1,
      body: body[0],
      bodyBytes: body[1],
      referrer: referrer[0],
      referrerBytes: referrer[1],
      integrity: integrity[0],
      integrityBytes: integrity[1],
      maxRedirects: 7,
      uploadLimit: 8,
      integrityLimit: 9,
      options: (1 << 16) | (1 << 15),
    },
    wasm,
    memory,
  );
  assert.equal(head, HEAD);
  assert.deepEqual(request, {
    url: "/url",
    method: "PATCH",
    // A character a byte, as fetch has it.
    headers: [["Name", "v\xc3\xa4lue"]],
    body: new TextEncoder().encode("body"),
    referrer: "/page",
    integrity: "sha256-x",
    maxRedirects: 7,
    uploadLimitBytes: 8,
    integrityLimitBytes: 9,
    keepalive: true,
    redirect: "follow",
    credentials: "same-origin",
    cache: "default",
    mode: "cors",
    priority: "auto",
    referrerPolicy: "",
    upload: "auto",
  });
});

test("a body is copied, and is none, some bytes, or sent", () => {
  const { wasm, memory } = memoryWith("x");
  const of = (options) =>
    read({ options, body: TEXTS, bodyBytes: 1 }, wasm, memory).request.body;
  assert.equal(of(0), null);
  assert.equal(of(2 << 16), "sent");
  const bytes = of(1 << 16);
  new Uint8Array(wasm.buffer)[TEXTS] = 0;
  assert.deepEqual(bytes, new Uint8Array([120]));
});

test("a referrer that is empty is none, and a NULL one the page", () => {
  const { wasm, memory } = memoryWith("x");
  assert.equal(read({ referrer: TEXTS }, wasm, memory).request.referrer, "");
  assert.equal(read({}, wasm, memory).request.referrer, undefined);
});

/** Where each option's bits are, and what its numbers are called. */
const OPTIONS = {
  redirect: [0, ["follow", "error", "manual"], 2],
  credentials: [2, ["same-origin", "omit", "include"], 2],
  cache: [
    4,
    [
      "default",
      "no-store",
      "reload",
      "no-cache",
      "force-cache",
      "only-if-cached",
    ],
    3,
  ],
  mode: [7, ["cors", "same-origin", "no-cors"], 2],
  priority: [9, ["auto", "high", "low"], 2],
  referrerPolicy: [
    11,
    [
      "",
      "no-referrer",
      "no-referrer-when-downgrade",
      "origin",
      "origin-when-cross-origin",
      "same-origin",
      "strict-origin",
      "strict-origin-when-cross-origin",
      "unsafe-url",
    ],
    4,
  ],
  upload: [18, ["auto", "stream", "buffer"], 2],
};

for (const [option, [shift, names, bits]] of Object.entries(OPTIONS)) {
  test(`the option ${option}: ${names.length} numbers, and no other`, () => {
    const { wasm, memory } = memoryWith("x");
    for (let number = 0; number < 1 << bits; number += 1) {
      const answer = () => read({ options: number << shift }, wasm, memory);
      if (number < names.length) {
        assert.equal(answer().request[option], names[number]);
      } else {
        assert.throws(answer, fails("EINVAL", /unknown option/));
      }
    }
  });
}

test("an option that means nothing is EINVAL, and nothing is sent", async (t) => {
  const fake = fakeHost();
  t.after(() => fake.close({ code: 0 }));
  for (const options of [
    3,
    3 << 2,
    6 << 4,
    3 << 7,
    9 << 11,
    3 << 16,
    3 << 18,
  ]) {
    const urlBytes = fake.put(0, "http://127.0.0.1:1/");
    putStart(fake.wasm, START, { url: 0, urlBytes, head: HEAD, options });
    assert.equal(fake.imports.http_open(1, START), -ERRNO.EINVAL);
    assert.equal(handleOf(fake.wasm, START), 0);
  }
});

test("what lies outside of memory is EFAULT, whichever member", (t) => {
  const fake = fakeHost();
  t.after(() => fake.close({ code: 0 }));
  const urlBytes = fake.put(0, "http://127.0.0.1:1/");
  const view = new DataView(fake.wasm.buffer);
  view.setUint32(1024, PAGE_BYTES, true);
  view.setUint32(1028, 0, true);
  view.setUint32(1032, 0, true);
  view.setUint32(1036, PAGE_BYTES - 1, true);
  fake.put(PAGE_BYTES - 1, "x");
  for (const fields of [
    { url: PAGE_BYTES },
    { urlBytes: PAGE_BYTES + 1 },
    { url: 0xffff_ffff, urlBytes: 0xffff_ffff },
    { method: PAGE_BYTES, methodBytes: 1 },
    { headers: PAGE_BYTES - 4, headerCount: 1 },
    { headers: 0, headerCount: 0x2000_0000 },
    { headers: 1024, headerCount: 1 },
    { headers: 1032, headerCount: 1 },
    { body: PAGE_BYTES, bodyBytes: 1, options: 1 << 16 },
    { body: 1, bodyBytes: 0xffff_ffff, options: 1 << 16 },
    { referrer: PAGE_BYTES, referrerBytes: 1 },
    { integrity: PAGE_BYTES, integrityBytes: 1 },
    { head: PAGE_BYTES - 8 },
  ]) {
    const request = { url: 0, urlBytes, head: HEAD, ...fields };
    putStart(fake.wasm, START, request);
    const what = JSON.stringify(fields);
    assert.equal(fake.imports.http_open(1, START), -ERRNO.EFAULT, what);
    assert.equal(handleOf(fake.wasm, START), 0, what);
  }
  assert.equal(fake.imports.http_open(1, PAGE_BYTES - 71), -ERRNO.EFAULT);
  assert.equal(fake.host.ops.size, 0);
});

/** A host and a server; requests are made by path. */
async function serve(t, perOrigin) {
  const { plain, foreign } = await startNet(t, ["plain", "foreign"], {
    "/mirror": (request, response) => {
      response.setHeader("X-Mirror", request.headers["x-own"]);
      response.end();
    },
  });
  const fake = fakeHost({ http: policyOf({ allow: "*", perOrigin }) });
  t.after(() => fake.close({ code: 0 }));
  const open = (token, path, fields = {}) => {
    const url = path.startsWith("/") ? plain.url(path) : path;
    const urlBytes = fake.put(0, url);
    putStart(fake.wasm, START, { url: 0, urlBytes, head: HEAD, ...fields });
    assert.equal(fake.imports.http_open(token, START), PENDING);
    return handleOf(fake.wasm, START);
  };
  const result = async (token) => {
    for (;;) {
      const found = fake.completed.find(([of]) => of === token);
      if (found !== undefined) return found[1];
      await fake.completion();
    }
  };
  return { plain, foreign, fake, open, result };
}

test("B1: http_limit holds requests back, in their order, and lets them go", async (t) => {
  const { plain, foreign, fake, open, result } = await serve(t);
  assert.equal(fake.imports.http_limit(1), 0);
  const first = open(1, "/headers");
  assert.equal(await result(1), 0);
  open(2, "/bytes/2");
  open(3, "/bytes/3");
  // What another origin answers shows that these two were not let go.
  open(5, foreign.url("/bytes/5"));
  assert.equal(await result(5), 0);
  assert.deepEqual(plain.log, ["GET /headers"]);
  fake.imports.op_cancel(2);
  fake.imports.http_close(first);
  assert.equal(await result(3), 0);
  assert.deepEqual(plain.log, ["GET /headers", "GET /bytes/3"]);
  open(4, "/bytes/4");
  fake.imports.http_limit(0);
  assert.equal(await result(4), 0);
});

test("redirects are counted, and integrity compared, as C says", async (t) => {
  const { fake, open, result } = await serve(t);
  open(1, "/loop/0", { maxRedirects: 2 });
  assert.equal(await result(1), -ERRNO.ELOOP);
  const integrityBytes = fake.put(512, "sha256-AAAA");
  const compared = { integrity: 512, integrityBytes };
  open(2, "/bytes/10", compared);
  assert.equal(await result(2), -ERRNO.EBADMSG);
  open(3, "/bytes/10", { ...compared, integrityLimit: 9 });
  assert.equal(await result(3), -ERRNO.EFBIG);
  open(4, "/redirect/302?to=/bytes/4", { options: 1 });
  assert.equal(await result(4), -ERRNO.ELOOP);
  assert.deepEqual(readHead(fake.wasm, HEAD).status, 0);
  open(5, "/redirect/302?to=/bytes/4", { options: 2 });
  assert.equal(await result(5), 0);
  assert.equal(readHead(fake.wasm, HEAD).status, 302);
  open(6, "/redirect/302?to=/bytes/4");
  assert.equal(await result(6), 0);
  assert.deepEqual(readHead(fake.wasm, HEAD), {
    status: 200,
    flags: 1,
    lengthBytes: 4,
  });
});

test("headers that are not ASCII are UTF-8 in C, both ways", async (t) => {
  const { fake, open, result } = await serve(t);
  fake.put(512, "X-Own\0");
  fake.put(520, "bücher €\0");
  const view = new DataView(fake.wasm.buffer);
  view.setUint32(1024, 512, true);
  view.setUint32(1028, 520, true);
  const handle = open(1, "/mirror", { headers: 1024, headerCount: 1 });
  assert.equal(await result(1), 0);
  const nameBytes = fake.put(600, "x-mirror");
  const size = fake.imports.http_header(handle, 600, nameBytes, TEXTS, 100);
  assert.equal(fake.peek(TEXTS, size), "bücher €");
  const lines = [];
  for (let index = 0; ; index += 1) {
    const length = fake.imports.http_header_at(handle, index, TEXTS, 200);
    if (length < 0) break;
    lines.push(fake.peek(TEXTS, length));
  }
  assert.ok(lines.includes("x-mirror: bücher €"), lines.join());
});

test("the policy is asked without a request, and says how to allow", (t) => {
  const fake = fakeHost({ http: policyOf("GET=https://a.test") });
  t.after(() => fake.close({ code: 0 }));
  const ask = (url, method) => {
    const urlBytes = fake.put(0, url);
    const methodBytes = fake.put(512, method);
    return fake.imports.http_allows(0, urlBytes, 512, methodBytes);
  };
  assert.equal(ask("https://a.test/x", ""), 0);
  assert.equal(ask("https://a.test/x", "get"), 0);
  assert.equal(ask("https://a.test/x", "POST"), -ERRNO.EACCES);
  const length = fake.imports.http_error(TEXTS, 1000);
  assert.match(
    fake.peek(TEXTS, length),
    /for POST too: POST=https:\/\/a\.test$/,
  );
  assert.equal(ask("a b", ""), -ERRNO.EINVAL);
  assert.equal(fake.imports.http_allows(PAGE_BYTES, 1, 0, 0), -ERRNO.EFAULT);
  assert.equal(fake.imports.http_allows(0, 1, PAGE_BYTES, 1), -ERRNO.EFAULT);
  assert.deepEqual(fake.stderr, []);
});
