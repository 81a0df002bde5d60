/* Bodies that go up piece by piece, by the import http_send. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
import { ERRNO, PENDING } from "../../js/errors.js";
import { parseSources } from "../../js/http/sources.js";
import { defer } from "../helpers/defer.js";
import { fakeHost } from "../helpers/host.js";
import { handleOf, putStart, readHead } from "../helpers/http-start.js";

const START = 2048;
const HEAD = 2560;
const PIECE = 8192;
const BODY_SENT = 2 << 16;
const UPLOAD = { auto: 0, stream: 1 << 18, buffer: 2 << 18 };

/** A server that answers what it has received, and how. */
async function echo(t) {
  const server = createServer((request, response) => {
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      const how = request.headers["transfer-encoding"] ?? "length";
      response.end(`${how}:${Buffer.concat(chunks).toString()}`);
    });
  });
  await new Promise((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  defer(t, () => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${server.address().port}`;
}

/** An upload that was started, and what may be done with it. */
function upload(t, origin, how, uploadLimit = 1000) {
  const fake = fakeHost({
    http: {
      allows: parseSources([origin], null),
      baseUrl: null,
      advice: String,
    },
  });
  t.after(() => fake.close({ code: 0 }));
  const result = async (token, answer) => {
    if (answer !== PENDING) return answer;
    while (!fake.completed.some(([of]) => of === token)) {
      await fake.completion();
    }
    return fake.completed.find(([of]) => of === token)[1];
  };
  const options = BODY_SENT | UPLOAD[how];
  const urlBytes = fake.put(0, origin);
  putStart(fake.wasm, START, {
    url: 0,
    urlBytes,
    head: HEAD,
    options,
    uploadLimit,
  });
  const opened = fake.imports.http_open(1, START);
  const handle = handleOf(fake.wasm, START);
  let token = 1;
  const send = (pointer, size) => {
    token += 1;
    return result(token, fake.imports.http_send(token, handle, pointer, size));
  };
  return {
    ...fake,
    handle,
    head: () => result(1, opened),
    send: (text) => send(PIECE, fake.put(PIECE, text)),
    end: (errno = 0) => send(0, errno),
    async body() {
      token += 1;
      const read = fake.imports.http_read(token, handle, PIECE, 1000);
      return fake.peek(PIECE, await result(token, read));
    },
    flags: () => readHead(fake.wasm, HEAD).flags,
  };
}

for (const { how, arrives, flags } of [
  { how: "auto", arrives: "chunked:one two", flags: 8 },
  { how: "stream", arrives: "chunked:one two", flags: 8 },
  { how: "buffer", arrives: "length:one two", flags: 0 },
]) {
  test(`B1: a body that is sent arrives whole: ${how}`, async (t) => {
    const up = upload(t, await echo(t), how);
    assert.equal(await up.send("one "), 4);
    assert.equal(await up.send("two"), 3);
    assert.equal(await up.end(), 0);
    assert.equal(await up.head(), 0);
    assert.equal(await up.body(), arrives);
    assert.equal(up.flags(), flags);
  });
}

test("a body above the limit that cannot be streamed is EFBIG", async (t) => {
  const up = upload(t, await echo(t), "buffer", 5);
  assert.equal(await up.send("12345"), 5);
  assert.equal(await up.send("6"), -ERRNO.EFBIG);
  assert.equal(await up.head(), -ERRNO.EFBIG);
});

for (const how of ["stream", "buffer"]) {
  test(`a body that fails ends the request with its error: ${how}`, async (t) => {
    const up = upload(t, await echo(t), how);
    assert.equal(await up.send("one"), 3);
    assert.equal(await up.end(ERRNO.ENOSPC), 0);
    assert.equal(await up.head(), -ERRNO.ENOSPC);
    assert.equal(await up.send("more"), -ERRNO.ENOSPC);
  });
}

test("a host without streams has the body collected", async (t) => {
  const real = globalThis.Request;
  t.mock.method(
    globalThis,
    "Request",
    class extends real {
      constructor(url, { method }) {
        super(url, { method, body: "[object ReadableStream]" });
      }
    },
  );
  const up = upload(t, await echo(t), "auto");
  assert.equal(await up.send("all"), 3);
  await up.end();
  assert.equal(await up.head(), 0);
  assert.equal(await up.body(), "length:all");
});

test("a request that ends before it began is made again, once", async (t) => {
  const origin = await echo(t);
  const real = globalThis.fetch;
  const made = t.mock.method(globalThis, "fetch", (url, init) =>
    init.body instanceof ReadableStream
      ? Promise.reject(new TypeError("not over HTTP/1.1"))
      : real(url, init),
  );
  const up = upload(t, origin, "auto");
  assert.equal(await up.send("again"), 5);
  await up.end();
  assert.equal(await up.head(), 0);
  assert.equal(await up.body(), "length:again");
  assert.equal(made.mock.callCount(), 2);
});

test("a piece that was cancelled is not sent, and closing ends the rest", async (t) => {
  const up = upload(t, await echo(t), "stream");
  up.put(PIECE, "late");
  // The stream has not asked yet: it is made in a later microtask.
  assert.equal(up.imports.http_send(50, up.handle, PIECE, 4), PENDING);
  assert.equal(up.imports.http_send(51, up.handle, PIECE, 4), -ERRNO.EBUSY);
  up.imports.op_cancel(50);
  assert.equal(await up.send("now"), 3);
  await up.end();
  await up.head();
  assert.equal(await up.body(), "chunked:now");
  up.imports.http_close(up.handle);
  assert.equal(up.imports.http_send(52, up.handle, PIECE, 4), -ERRNO.EBADF);
  assert.equal(up.host.ops.size, 0);
});
