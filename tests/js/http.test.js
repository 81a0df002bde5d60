/* The HTTP client against servers of its own on this machine. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
import { ERRNO, PENDING } from "../../js/errors.js";
import { parseSources } from "../../js/http/sources.js";
import { fakeHost } from "../helpers/host.js";
import { handleOf, putStart, readHead } from "../helpers/http-start.js";

const URL_AT = 0;
const BUF = 4096;
const START = 2048;
const HEAD = 2560;

/** A server for one test; it is gone when the test ends. */
async function serve(t, handler) {
  const server = createServer(handler);
  await new Promise((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { server, origin: `http://127.0.0.1:${server.address().port}` };
}

/** A host that may fetch what `sources` allow; its end is the test's. */
function client(t, sources, baseUrl = null) {
  const fake = fakeHost({
    http: {
      allows: parseSources(sources, null),
      baseUrl,
      advice: (source) => `allow it with ${source}`,
    },
  });
  t.after(() => fake.close({ code: 0 }));
  let token = 0;
  /** Waits for the result of an import that may answer PENDING. */
  async function result(start) {
    token += 1;
    const answer = start(token);
    if (answer !== PENDING) return answer;
    while (!fake.completed.some(([of]) => of === token)) {
      await fake.completion();
    }
    return fake.completed.find(([of]) => of === token)[1];
  }
  const text = (name, ...args) => {
    const length = fake.imports[name](...args, BUF, 1000);
    return length < 0 ? length : fake.peek(BUF, length);
  };
  return {
    ...fake,
    start(own, url) {
      const urlBytes = fake.put(URL_AT, url);
      const at = { url: URL_AT, urlBytes, head: HEAD };
      putStart(fake.wasm, START, at);
      return fake.imports.http_open(own, START);
    },
    async get(url) {
      const answer = await result((own) => this.start(own, url));
      return answer === 0 ? handleOf(fake.wasm, START) : answer;
    },
    head: () => readHead(fake.wasm, HEAD),
    read: (handle, size = 1000) =>
      result((own) => fake.imports.http_read(own, handle, BUF, size)),
    async readAll(handle) {
      let all = "";
      for (;;) {
        const count = await this.read(handle);
        if (count <= 0) return { all, count };
        all += fake.peek(BUF, count);
      }
    },
    header: (handle, name) =>
      text("http_header", handle, URL_AT, fake.put(URL_AT, name)),
    headerAt: (handle, index) => text("http_header_at", handle, index),
    url: (handle) => text("http_url", handle),
    error: () => text("http_error"),
  };
}

test("a page's own fetch that throws is an error, not a crash", async (t) => {
  const http = client(t, ["https://api.test"]);
  t.mock.method(globalThis, "fetch", () => {
    throw new Error("not today");
  });
  assert.equal(await http.get("https://api.test/"), -ERRNO.EIO);
  assert.match(http.error(), /failed: not today/);
});

test("a response: status, headers, address, body", async (t) => {
  const { origin } = await serve(t, (request, response) => {
    response.writeHead(203, { "X-One": "é1", "Content-Type": "text/plain" });
    response.end(`you asked for ${request.url}`);
  });
  const http = client(t, [origin]);
  const handle = await http.get(`${origin}/path?query`);
  assert.ok(handle > 0, http.error());
  assert.equal(http.head().status, 203);
  assert.equal(http.header(handle, "content-TYPE"), "text/plain");
  assert.equal(http.header(handle, "x-none"), -ERRNO.ENOENT);
  assert.equal(http.header(handle, "not a name"), -ERRNO.EINVAL);
  const lines = [];
  for (let index = 0; ; index += 1) {
    const line = http.headerAt(handle, index);
    if (typeof line === "number") break;
    lines.push(line);
  }
  assert.ok(lines.includes("content-type: text/plain"), lines.join("; "));
  assert.equal(http.url(handle), `${origin}/path?query`);
  assert.deepEqual(await http.readAll(handle), {
    all: "you asked for /path?query",
    count: 0,
  });
  http.imports.http_close(handle);
  assert.equal(http.url(handle), -ERRNO.EBADF);
  assert.equal(await http.read(handle), -ERRNO.EBADF);
  assert.equal(http.header(handle, "x-one"), -ERRNO.EBADF);
  assert.equal(http.headerAt(handle, 0), -ERRNO.EBADF);
  assert.equal(http.url(handle), -ERRNO.EBADF);
  http.imports.http_close(handle);
});

test("a response without a body ends at once", async (t) => {
  const { origin } = await serve(t, (_request, response) => {
    response.writeHead(204).end();
  });
  const http = client(t, [origin]);
  assert.equal(await http.read(await http.get(origin)), 0);
});

test("an address is relative to the page's", async (t) => {
  const { origin } = await serve(t, (request, response) => {
    response.end(request.url);
  });
  const http = client(t, [origin], `${origin}/folder/page.html`);
  const { all } = await http.readAll(await http.get("data.txt"));
  assert.equal(all, "/folder/data.txt");
  const nowhere = client(t, [origin]);
  assert.equal(await nowhere.get("data.txt"), -ERRNO.EINVAL);
  assert.match(nowhere.error(), /not a URL: "data.txt"/);
});

test("what no source allows is refused, with advice, told once", async (t) => {
  let requests = 0;
  const { origin } = await serve(t, (_request, response) => {
    requests += 1;
    response.end();
  });
  const http = client(t, []);
  assert.equal(await http.get(`${origin}/a`), -ERRNO.EACCES);
  assert.equal(await http.get(`${origin}/b`), -ERRNO.EACCES);
  assert.equal(requests, 0);
  assert.deepEqual(http.stderr, [
    `fetch of ${origin}/a refused: allow it with ${origin}`,
  ]);
  assert.match(http.error(), /\/b refused: allow it with/);
  assert.equal(await http.get("data:text/plain,x"), -ERRNO.EACCES);
  assert.match(http.stderr[1], /allow it with data:$/);
});

test("a password in the address is refused", async (t) => {
  const http = client(t, ["*"]);
  assert.equal(await http.get("http://me:pw@host.test/"), -ERRNO.EINVAL);
  assert.match(http.error(), /password/);
});

test("a redirect to what is not allowed is refused", async (t) => {
  const secret = await serve(t, (_request, response) => response.end("secret"));
  const { origin } = await serve(t, (request, response) => {
    const elsewhere = request.url === "/out" ? secret.origin : "";
    response.writeHead(302, { Location: `${elsewhere}/in` });
    if (request.url === "/in") response.writeHead(200);
    response.end();
  });
  const http = client(t, [origin]);
  assert.equal(await http.get(`${origin}/out`), -ERRNO.EACCES);
  const what = `${origin}/out, redirected to ${secret.origin}, refused: allow`;
  assert.ok(http.stderr[0].includes(what), http.stderr[0]);
  assert.ok(!http.error().includes("/in"), "where to is not the program's");
});

test("a redirect within what is allowed is followed", async (t) => {
  const { origin } = await serve(t, (request, response) => {
    if (request.url === "/old") {
      response.writeHead(301, { Location: "/new" }).end();
    } else {
      response.end("moved here");
    }
  });
  const http = client(t, [origin]);
  const handle = await http.get(`${origin}/old`);
  assert.equal(http.url(handle), `${origin}/new`);
  assert.equal((await http.readAll(handle)).all, "moved here");
});

test("a refused connection is EIO, and the words say why", async (t) => {
  const { server, origin } = await serve(t, () => {});
  await new Promise((resolve) => {
    server.close(resolve);
  });
  const http = client(t, [origin]);
  assert.equal(await http.get(`${origin}/x`), -ERRNO.EIO);
  assert.match(http.error(), new RegExp(`${origin}/x failed: .*ECONNREFUSED`));
});

test("a port that fetch forbids is EIO", async (t) => {
  const http = client(t, ["*"]);
  assert.equal(await http.get("http://127.0.0.1:1/"), -ERRNO.EIO);
  assert.match(http.error(), /bad port/);
});

test("a server that dies mid-body: what came is read, then ECONNRESET", async (t) => {
  const { origin } = await serve(t, (_request, response) => {
    response.writeHead(200, { "Content-Length": "1000" });
    response.write("first part", () => {
      setImmediate(() => response.socket.destroy());
    });
  });
  const http = client(t, [origin]);
  const handle = await http.get(origin);
  assert.deepEqual(await http.readAll(handle), {
    all: "first part",
    count: -ERRNO.ECONNRESET,
  });
  assert.equal(await http.read(handle), -ERRNO.ECONNRESET);
});

test("cancelling a request aborts it", async (t) => {
  let arrived;
  const request = new Promise((resolve) => {
    arrived = resolve;
  });
  const { origin } = await serve(t, (incoming) => arrived(incoming));
  const http = client(t, [origin]);
  assert.equal(http.start(77, origin), PENDING);
  const incoming = await request;
  const closed = new Promise((resolve) => {
    incoming.on("close", resolve);
  });
  http.imports.op_cancel(77);
  const words = `fetch of ${origin}/ was given up: no response in time`;
  assert.equal(http.error(), words);
  await closed;
  assert.equal(http.error(), words, "that it was aborted says nothing more");
  assert.deepEqual(http.completed, []);
  assert.equal(http.host.ops.size, 0);
});

test("a read that was cancelled leaves the response readable", async (t) => {
  let send;
  const { origin } = await serve(t, (_request, response) => {
    response.flushHeaders();
    send = () => response.end("at last");
  });
  const http = client(t, [origin]);
  const handle = await http.get(origin);
  assert.equal(http.imports.http_read(88, handle, BUF, 100), PENDING);
  http.imports.op_cancel(88);
  send();
  assert.deepEqual(await http.readAll(handle), { all: "at last", count: 0 });
  assert.ok(!http.completed.some(([token]) => token === 88));
});

test("closing a response ends it at the server", async (t) => {
  let ended;
  const closed = new Promise((resolve) => {
    ended = resolve;
  });
  const { origin } = await serve(t, (_request, response) => {
    response.on("close", ended);
    response.write("endless");
  });
  const http = client(t, [origin]);
  const handle = await http.get(origin);
  await http.read(handle);
  assert.equal(http.imports.http_read(99, handle, BUF, 100), PENDING);
  http.imports.op_cancel(99);
  http.imports.http_close(handle);
  await closed;
  assert.equal(http.host.ops.size, 0);
});

test("the program's end aborts what is under way", async (t) => {
  const open = [];
  let bothOpen;
  const both = new Promise((resolve) => {
    bothOpen = resolve;
  });
  const { origin } = await serve(t, (request, response) => {
    open.push(
      new Promise((resolve) => {
        response.on("close", resolve);
      }),
    );
    if (request.url === "/body") response.write("endless");
    if (open.length === 2) bothOpen();
  });
  const http = client(t, [origin]);
  await http.get(`${origin}/body`);
  http.start(5, `${origin}/headers`);
  await both;
  http.close({ code: 0 });
  await Promise.all(open);
});

test("nothing is pulled ahead of what was asked for", async (t) => {
  const chunk = Buffer.alloc(65_536, "x");
  let sent = 0;
  const { origin } = await serve(t, (_request, response) => {
    const pump = () => {
      while (response.write(chunk)) sent += chunk.length;
      sent += chunk.length;
      response.once("drain", pump);
    };
    pump();
  });
  const http = client(t, [origin]);
  const handle = await http.get(origin);
  await http.read(handle, 10);
  let before;
  do {
    before = sent;
    await new Promise((resolve) => {
      setTimeout(resolve, 100);
    });
  } while (sent !== before);
  assert.ok(sent < 16 * 1024 * 1024, `the server could send ${sent} bytes`);
});

test("pointers out of bounds are EFAULT, whatever the import", async (t) => {
  const { origin } = await serve(t, (_request, response) => response.end("x"));
  const http = client(t, [origin]);
  const handle = await http.get(origin);
  const { imports, size } = http;
  for (const [name, ...args] of [
    ["http_open", 1, size - 4],
    ["http_open", 1, -1],
    ["http_header", handle, size, 1, 0, 1],
    ["http_header_at", handle, 0, size, 1],
    ["http_url", handle, -1, 4],
    ["http_read", 1, handle, size, 1],
    ["http_error", size, 1],
  ]) {
    assert.equal(imports[name](...args), -ERRNO.EFAULT, name);
  }
  const named = http.put(URL_AT, "content-length");
  assert.equal(
    imports.http_header(handle, URL_AT, named, size, 1),
    -ERRNO.EFAULT,
  );
});

test("text results are cut to the buffer and answer their length", async (t) => {
  const { origin } = await serve(t, (_request, response) => response.end());
  const http = client(t, [origin]);
  const handle = await http.get(`${origin}/long`);
  const length = http.imports.http_url(handle, BUF, 4);
  assert.equal(length, `${origin}/long`.length);
  assert.equal(http.peek(BUF, 5), "http\0");
});
