/* The http volume: what it asks a server for, what it allows, and what it
 * keeps. Servers that lack something or lie are in http-servers.test.js. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { http } from "../../js/fs/http.js";
import { BlockCache, Gatherer } from "../../js/fs/http-cache.js";
import { TYPE } from "../../js/fs/volume.js";
import { startFiles } from "../helpers/files-server.js";
import {
  BLOCK,
  READ,
  errno,
  nodeAt,
  openAt,
  readOnce,
  setUp,
  size,
} from "../helpers/http-volume.js";
import { diesMidBody, gatedBody, sends } from "../helpers/server.js";

test("options that are wrong are EINVAL", () => {
  const bad = [
    ["no address"],
    ["file:///etc/"],
    ["http://user:word@host/"],
    ["http://host/", { cache: "disk" }],
    ["http://host/", { cacheBytes: -1 }],
    ["http://host/", { limitBytes: NaN }],
    ["http://host/", { sources: ["self"] }],
    ["http://host/", { manifest: { "../a": 1 } }],
    ["http://host/", { manifest: { "a/./b": 1 } }],
    ["http://host/", { manifest: { "/a": 1 } }],
    ["http://host/", { manifest: { "a//b": 1 } }],
    ["http://host/", { manifest: { a: -1 } }],
    ["http://host/", { manifest: { a: 1.5 } }],
    ["http://host/", { manifest: { a: { size: "1" } } }],
    ["http://host/", { manifest: { a: { mtime: "soon" } } }],
    ["http://host/", { manifest: { a: 1, "a/b": 1 } }],
    ["http://host/", { manifest: ["a", "a"] }],
    ["http://host/", { manifest: [5] }],
    ["http://host/", { manifest: 5 }],
    ["http://host/", { manifest: null }],
  ];
  for (const [url, options] of bad) {
    assert.throws(
      () => http(url, options),
      { name: "GossamerError", code: "EINVAL" },
      `${url} ${JSON.stringify(options)}`,
    );
  }
});

test("a file is fetched from the base address and its path, each name encoded", async (t) => {
  const names = ["a b", "ü€", "%41", "q?x=1", "h#h", "s;s", "b\\c", "a&b=c"];
  const files = Object.fromEntries(
    names.map((name) => [`data/d/${name}`, name]),
  );
  const { fs, volume } = await setUp(t, files, {}, {}, "data");
  for (const name of names) {
    assert.equal(await fs.text(await nodeAt(fs, `d/${name}`)), name);
  }
  const half = await volume.lookup(volume.root, "\ud800");
  assert.equal(await errno(half), "ENOENT");
});

test("the query of the base address is kept if asked for; headers are sent", async (t) => {
  for (const keepQuery of [false, true]) {
    const options = { keepQuery, headers: { "X-Token": "secret" } };
    const { fs, server } = await setUp(
      t,
      {},
      options,
      {
        routes: { f: (request, response) => response.end(request.url) },
      },
      "?key=1",
    );
    const text = await fs.text(await nodeAt(fs, "f"));
    assert.equal(text, keepQuery ? "/f?key=1" : "/f");
    assert.ok(server.headers.every((one) => one["x-token"] === "secret"));
  }
});

test("D8: what is not in the sources is not asked for", async (t) => {
  const files = { "data/f": "text", "data/%2e%2e/g": "outside", g: "outside" };
  const { volume, root, told, asked } = await setUp(t, files, {}, {}, "data/");
  assert.equal(await errno(volume.lookup(root, "%2e%2e")), "EACCES");
  assert.deepEqual(asked(), []);
  assert.match(told.join(), /is not in `sources`/);

  const elsewhere = http("http://127.0.0.1:9/", {
    sources: ["https://example.com"],
    report: () => {},
  });
  assert.equal(await errno(elsewhere.lookup(elsewhere.root, "f")), "EACCES");
});

test("D8: a redirect is followed inside of the sources only", async (t) => {
  const to = (location) => (_request, response) => {
    response.writeHead(302, { Location: location }).end();
  };
  const files = { "data/f": "inside", secret: "outside" };
  const routes = { "data/in": to("/data/f"), "data/out": to("/secret") };
  const { fs, volume, root, told, asked } = await setUp(
    t,
    files,
    {},
    { routes },
    "data/",
  );
  assert.equal(await fs.text(await nodeAt(fs, "in")), "inside");
  assert.equal(await errno(volume.lookup(root, "out")), "EACCES");
  assert.match(told.join(), /redirected elsewhere/);
  assert.doesNotMatch(told.join(), /secret/);
  assert.doesNotMatch(asked().join(), /secret/);
});

test("D8: a file that is redirected outside once it is read is not read", async (t) => {
  const routes = {};
  const files = { "data/f": "text", secret: "hide" };
  const { fs, volume } = await setUp(t, files, {}, { routes }, "data/");
  const file = await openAt(fs, "f");
  routes["data/f"] = (_request, response) => {
    response.writeHead(302, { Location: "/secret" }).end();
  };
  assert.equal(await readOnce(volume, file, 0, 10), "EACCES");
});

test("without a list, a name is asked for when it is looked up", async (t) => {
  const { fs, volume, root, asked } = await setUp(t, {
    "d/e/f": "text",
    g: "",
  });
  assert.equal(await errno(volume.lookup(root, "none")), "ENOENT");
  assert.equal(
    await errno(volume.lookup(root, "d")),
    "ENOENT",
    "not known yet",
  );
  assert.deepEqual(asked(), ["HEAD none", "HEAD d"]);
  // A directory is one because something below it is looked up.
  const d = await volume.lookup(root, "d", true);
  const e = await volume.lookup(d, "e", true);
  assert.deepEqual(asked(), []);
  assert.equal(d.type, TYPE.DIRECTORY);
  assert.equal((await volume.lookup(e, "f")).type, TYPE.FILE);
  assert.deepEqual(asked(), ["HEAD d/e/f"]);
  for (const path of ["d", "d/e"]) {
    assert.equal((await nodeAt(fs, path)).type, TYPE.DIRECTORY, path);
  }
  assert.deepEqual(asked(), []);
  assert.equal(await errno(volume.list(root)), "ENOTSUP");
});

test("what the server sends on to the name with a slash is a directory", async (t) => {
  const routes = {
    "d/": (_request, response) => response.writeHead(403).end(),
  };
  const behaviour = { directories: true, routes };
  const { volume, root, told } = await setUp(t, { "d/f": "" }, {}, behaviour);
  assert.equal((await volume.lookup(root, "d")).type, TYPE.DIRECTORY);
  assert.deepEqual(told, []);
});

test("a file is streamed: one request, and a chunk can be read when it is there", async (t) => {
  const body = gatedBody();
  const { volume, root, asked } = await setUp(
    t,
    {},
    { manifest: { f: 6 } },
    {
      routes: { f: body.handler },
    },
  );
  const node = await volume.lookup(root, "f");
  const file = await volume.openNode(node, READ);
  assert.deepEqual(asked(), [], "the list says enough");
  void body.send("abc");
  assert.deepEqual(
    await readOnce(volume, file, 0, 100),
    Uint8Array.from(Buffer.from("abc")),
  );
  const bytes = new Uint8Array(10);
  const waits = volume.read(file, 3, bytes, 0, 10);
  assert.ok(waits instanceof Promise);
  await body.send("def");
  await waits;
  assert.deepEqual(bytes, new Uint8Array(10), "a Promise has done nothing yet");
  assert.equal(volume.read(file, 3, bytes, 0, 2), 2);
  assert.equal(volume.read(file, 5, bytes, 2, 2), 1);
  assert.equal(volume.read(file, 6, bytes, 3, 2), 0);
  assert.equal(new TextDecoder().decode(bytes.subarray(0, 3)), "def");
  assert.deepEqual(asked(), ["GET f"]);
  volume.closeFile(file);
});

test("a read that was given up loses nothing", async (t) => {
  const { volume, fs, asked } = await setUp(
    t,
    { f: "abcdef" },
    { cache: "none" },
  );
  const file = await openAt(fs, "f");
  const bytes = new Uint8Array(6);
  asked();
  void volume.read(file, 0, bytes, 0, 6);
  await volume.read(file, 0, bytes, 0, 6);
  void volume.read(file, 0, bytes, 0, 6);
  await volume.read(file, 0, bytes, 0, 6);
  assert.deepEqual(asked(), ["GET f"]);
  assert.equal(volume.read(file, 0, bytes, 0, 3), 3);
  assert.equal(volume.read(file, 3, bytes, 3, 3), 3);
  assert.equal(new TextDecoder().decode(bytes), "abcdef");
});

test("who asks again while a chunk is on its way does not lose it", async (t) => {
  const body = gatedBody();
  const { fs, volume } = await setUp(
    t,
    {},
    { manifest: { f: 6 }, cache: "none" },
    { routes: { f: body.handler } },
  );
  const file = await openAt(fs, "f");
  const bytes = new Uint8Array(6);
  await volume.read(file, 0, bytes, 0, 6);
  const first = volume.read(file, 0, bytes, 0, 6);
  const second = volume.read(file, 0, bytes, 0, 6);
  await body.send("abc");
  await first;
  await body.send("def");
  await second;
  for (const position of [0, 3]) {
    const got = await readOnce(volume, file, position, 3);
    bytes.set(got, position);
  }
  assert.equal(new TextDecoder().decode(bytes), "abcdef");
  await fs.close(file);
});

test("nothing is pulled that the program does not read", async (t) => {
  const total = 64 * 2 ** 20;
  let sent = 0;
  const chunk = Buffer.alloc(BLOCK);
  const routes = {
    f: (_request, response) => {
      response.writeHead(200, { "Content-Length": total });
      const more = () => {
        while (sent < total) {
          sent += chunk.length;
          if (!response.write(chunk)) {
            response.once("drain", more);
            return;
          }
        }
        response.end();
      };
      more();
    },
  };
  const { volume, root } = await setUp(
    t,
    {},
    { manifest: { f: total } },
    { routes },
  );
  const file = await volume.openNode(await volume.lookup(root, "f"), READ);
  const first = await readOnce(volume, file, 0, 10);
  assert.equal(first.length, 10);
  // However long one waits: the sockets' buffers are full by now.
  let before = -1;
  while (before !== sent) {
    before = sent;
    for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
  }
  assert.ok(sent < total / 2, `${sent} of ${total} bytes were sent`);
  volume.closeFile(file);
});

test("a seek asks for a part; reading on, for ever larger ones", async (t) => {
  const content = size(60 * BLOCK);
  const { volume, fs, asked, server } = await setUp(
    t,
    { f: content },
    { cache: "none" },
  );
  const file = await openAt(fs, "f");
  asked();
  const at = 1_000_000;
  assert.deepEqual(
    await readOnce(volume, file, at, 10),
    content.slice(at, at + 10),
  );
  assert.deepEqual(asked(), [`GET f bytes=${at}-${at + BLOCK - 1}`]);
  assert.match(server.headers.at(-1)?.["if-range"] ?? "", /^"[0-9a-f]+"$/);
  // Not far ahead: it is on its way already.
  const near = at + 5000;
  assert.deepEqual(
    await readOnce(volume, file, near, 10),
    content.slice(near, near + 10),
  );
  assert.deepEqual(asked(), []);
  const rest = await fs.read(file, at, content.length - at);
  assert.deepEqual(rest, content.slice(at));
  const parts = asked().map((one) => {
    const [, from, last] = /bytes=(\d+)-(\d*)/.exec(one) ?? [];
    return last === "" ? "rest" : (Number(last) + 1 - Number(from)) / BLOCK;
  });
  assert.deepEqual(parts, [1, 2, 4, 8, 16, "rest"]);
});

test("reading all over a file reads what is in it", async (t) => {
  const content = size(700_001);
  for (const cache of ["none", "memory"]) {
    for (const parts of [true, false]) {
      const { fs } = await setUp(
        t,
        { f: content },
        { cache, cacheBytes: 3 * BLOCK },
        { parts },
      );
      const file = await openAt(fs, "f");
      let state = 12345;
      for (let round = 0; round < 30; round++) {
        state = (state * 1103515245 + 12345) % 2 ** 31;
        const at = state % 710_000;
        const count = [1, 100, 70_000, 200_000][round % 4] ?? 1;
        const got = await fs.read(file, at, count);
        assert.deepEqual(
          got,
          content.slice(at, at + count),
          `${count} at ${at}`,
        );
      }
      await fs.close(file);
    }
  }
});

test("what was read is kept, as long as the server says it is the same", async (t) => {
  const content = size(3 * BLOCK + 5);
  const { fs, volume, server, asked } = await setUp(t, { f: content });
  const read = async () => fs.content(await nodeAt(fs, "f"));
  assert.deepEqual(await read(), content);
  assert.deepEqual(asked(), ["HEAD f", "GET f"]);
  assert.equal(volume.cachedBytes, content.length);
  assert.deepEqual(await read(), content);
  assert.deepEqual(asked(), ["HEAD f"]);
  const changed = size(3 * BLOCK + 5).reverse();
  server.files.f = changed;
  assert.deepEqual(await read(), changed);
  assert.deepEqual(asked(), ["HEAD f", "GET f"]);
  assert.equal(volume.cachedBytes, content.length);
});

test("no more is kept than the limit, and what was read longest ago goes", async (t) => {
  const files = { a: size(2 * BLOCK), b: size(2 * BLOCK), c: size(BLOCK) };
  const cacheBytes = 4 * BLOCK;
  const { fs, volume, asked } = await setUp(t, files, { cacheBytes });
  const read = async (path) => {
    assert.deepEqual(await fs.content(await nodeAt(fs, path)), files[path]);
    return asked().filter((one) => one.startsWith("GET"));
  };
  await read("a");
  await read("b");
  assert.equal(volume.cachedBytes, cacheBytes);
  assert.deepEqual(await read("a"), []);
  assert.deepEqual(await read("c"), ["GET c"]);
  assert.ok(volume.cachedBytes <= cacheBytes);
  assert.deepEqual(await read("a"), [], "b was read longest ago");
  assert.equal((await read("b")).length > 0, true);
});

test("without a tag or a time nothing is kept when the file is closed", async (t) => {
  const routes = {
    f: (_request, response) =>
      response.writeHead(200, { "Content-Length": 5 }).end("12345"),
  };
  const { fs, volume } = await setUp(t, {}, {}, { routes });
  const file = await openAt(fs, "f");
  assert.equal((await readOnce(volume, file, 0, 5)).length, 5);
  assert.equal(volume.cachedBytes, 5);
  await fs.close(file);
  assert.equal(volume.cachedBytes, 0);
});

test("a cache of none keeps nothing", async (t) => {
  const { fs, volume, asked } = await setUp(
    t,
    { f: "text" },
    { cache: "none" },
  );
  const file = await openAt(fs, "f");
  for (let twice = 0; twice < 2; twice++) {
    asked();
    assert.equal((await readOnce(volume, file, 0, 4)).length, 4);
    assert.deepEqual(asked(), ["GET f"]);
  }
  assert.equal(volume.cachedBytes, 0);
});

test("close ends what is on its way", async (t) => {
  const body = gatedBody();
  const { fs, volume } = await setUp(
    t,
    {},
    { manifest: { f: 100 } },
    {
      routes: { f: body.handler },
    },
  );
  const node = await nodeAt(fs, "f");
  const bytes = new Uint8Array(10);
  const asking = await fs.openToRead(node);
  const answer = volume.read(asking, 0, bytes, 0, 10);
  assert.equal(volume.closeFile(asking), 0);
  await answer;
  assert.equal(volume.read(asking, 0, bytes, 0, 10), -8, "EBADF");

  const file = await fs.openToRead(node);
  const pulling = volume.read(file, 0, bytes, 0, 10);
  await body.requested;
  assert.equal(volume.closeFile(file), 0);
  await pulling;
  await body.closed;
});

test("an opened file that is streaming lets go of the connection when closed", async (t) => {
  const body = gatedBody();
  const { fs, volume, told } = await setUp(
    t,
    {},
    { manifest: { f: 100 } },
    {
      routes: { f: body.handler },
    },
  );
  const file = await openAt(fs, "f");
  void body.send("abc");
  assert.equal((await readOnce(volume, file, 0, 3)).length, 3);
  const waits = volume.read(file, 3, new Uint8Array(5), 0, 5);
  assert.equal(volume.closeFile(file), 0);
  await waits;
  await body.closed;
  assert.deepEqual(told, []);
});

test("a list may be fetched; it has to be one", async (t) => {
  const list = {
    "d/f": { size: 4, mtime: "2024-01-02T03:04:05Z" },
    "e/": null,
    g: null,
  };
  const files = {
    "data/list.json": JSON.stringify(list),
    "data/d/f": "text",
    "data/g": "more",
    "data/bad.json": "{",
    "data/wrong.json": '{"../x": 1}',
    "outside.json": "{}",
  };
  const { volume, fs, asked } = await setUp(
    t,
    files,
    { manifest: "list.json" },
    {},
    "data/",
  );
  assert.equal(await volume.open(), 0);
  assert.deepEqual(asked(), ["GET data/list.json"]);
  assert.deepEqual(await fs.names(volume.root), ["d", "e", "g"]);
  const node = await nodeAt(fs, "d/f");
  assert.equal((await fs.stat(node)).mtimeNs, 1_704_164_645_000_000_000n);
  assert.equal(await errno(volume.lookup(volume.root, "list.json")), "ENOENT");
  assert.deepEqual(asked(), []);
  assert.equal(await fs.text(await nodeAt(fs, "g")), "more");
  // Without a size it is asked for once, and the answer is read.
  assert.deepEqual(asked(), ["GET data/g bytes=0-"]);

  const server = await startFiles(t, files);
  for (const [manifest, code] of [
    ["none.json", "ENOENT"],
    ["bad.json", "EINVAL"],
    ["wrong.json", "EINVAL"],
    ["../outside.json", "EACCES"],
  ]) {
    const other = http(`${server.url}data/`, { manifest, report: () => {} });
    assert.equal(await errno(other.open()), code, manifest);
    assert.throws(() => other.root, TypeError);
  }
});

test("a list that could not be fetched is fetched by the next open()", async (t) => {
  const { server } = await setUp(t, {});
  const volume = http(server.url, { manifest: "list.json", report: () => {} });
  assert.equal(await errno(volume.open()), "ENOENT");
  server.files["list.json"] = '["f"]';
  assert.equal(await volume.open(), 0);
  assert.equal(volume.open(), 0);
  assert.equal(volume.lookup(volume.root, "f").type, TYPE.FILE);
});

test("a list that breaks off is EIO", async (t) => {
  const { server } = await setUp(
    t,
    {},
    {},
    {
      routes: { "list.json": diesMidBody('{"f": 1') },
    },
  );
  const volume = http(server.url, { manifest: "list.json", report: () => {} });
  assert.equal(await errno(volume.open()), "EIO");
});

test("a volume that is closed gives up what it asks for", async (t) => {
  const body = gatedBody();
  const { volume, root, told } = await setUp(
    t,
    {},
    {},
    {
      routes: { f: body.handler, page: sends("text", "text/plain") },
    },
  );
  const looking = volume.lookup(root, "f");
  volume.close();
  assert.equal(await errno(looking), "ECANCELED");
  assert.deepEqual(told, []);
});

test("two that read the same file do not make up a block of half of each", async (t) => {
  const content = size(BLOCK);
  const gates = [gatedBody(), gatedBody()];
  let requests = 0;
  const { fs, volume } = await setUp(
    t,
    {},
    { manifest: { f: BLOCK } },
    { routes: { f: (...both) => gates[requests++]?.handler(...both) } },
  );
  const one = await openAt(fs, "f");
  const two = await openAt(fs, "f");
  /** Reads all that one of them is sent. */
  const arrive = async (file, gate, from, end) => {
    void gate?.send(content.subarray(from, end));
    assert.deepEqual(
      await fs.read(file, from, end - from),
      content.slice(from, end),
    );
  };
  await arrive(one, gates[0], 0, 40_000);
  await arrive(two, gates[1], 0, 100);
  await arrive(one, gates[0], 40_000, BLOCK);
  await arrive(two, gates[1], 100, BLOCK);
  assert.equal(volume.cachedBytes, BLOCK);
  for (const file of [one, two]) {
    assert.deepEqual(await readOnce(volume, file, 0, BLOCK), content);
    await fs.close(file);
  }
});

test("a file of which nothing is kept is not remembered", () => {
  const cache = new BlockCache(2 * BLOCK);
  const enter = (path) => cache.enter(path, "tag", BLOCK, false);
  const a = enter("a");
  assert.equal(enter("a"), a);
  cache.leave(a);
  const gatherer = new Gatherer();
  gatherer.gather(a, 0, size(100));
  gatherer.gather(a, 200, size(BLOCK - 200));
  assert.equal(cache.takenBytes, 0, "no block with a gap");
  new Gatherer().gather(a, 0, size(BLOCK));
  cache.leave(a);
  assert.equal(enter("a"), a, "a block is kept");
  cache.leave(a);
  const b = cache.enter("b", "tag", 2 * BLOCK, false);
  new Gatherer().gather(b, 0, size(2 * BLOCK));
  assert.notEqual(enter("a"), a, "its block went");
  assert.equal(cache.takenBytes, 2 * BLOCK);
});
