/* The http volume on servers that lack something, fail, change their files or
 * lie. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { http } from "../../js/fs/http.js";
import { createStat } from "../../js/fs/volume.js";
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
import { gatedBody, refusedUrl } from "../helpers/server.js";
import { bytesOf } from "../helpers/volume.js";

test("errors of the server and the network have a number, and are told once", async (t) => {
  const says = (status) => (_request, response) => {
    response.writeHead(status).end("no");
  };
  const statuses = {
    404: "ENOENT",
    410: "ENOENT",
    401: "EACCES",
    403: "EACCES",
    500: "EIO",
    503: "EIO",
    204: "EIO",
  };
  const routes = Object.fromEntries(
    Object.keys(statuses).map((status) => [status, says(Number(status))]),
  );
  const { volume, root, told } = await setUp(t, {}, {}, { routes });
  for (const [status, code] of Object.entries(statuses)) {
    for (let twice = 0; twice < 2; twice++) {
      assert.equal(await errno(volume.lookup(root, status)), code, status);
    }
  }
  assert.equal(told.filter((text) => text.includes("answered 503")).length, 1);
  assert.equal(told.filter((text) => text.includes("answered 404")).length, 0);

  /** @type {string[]} */
  const refused = [];
  const none = http(await refusedUrl(), {
    report: (text) => refused.push(text),
  });
  assert.equal(await errno(none.lookup(none.root, "f")), "EIO");
  assert.equal(await errno(none.lookup(none.root, "f")), "EIO");
  assert.equal(refused.length, 1);
  assert.match(refused[0] ?? "", /ECONNREFUSED/);
});

test("size and time are those the server tells", async (t) => {
  const modified = BigInt(Date.UTC(2024, 0, 2, 3, 4, 5)) * 1_000_000n;
  for (const behaviour of [
    {},
    { gzip: true },
    { head: false },
    { lengths: false, parts: false },
    { gzip: true, parts: false },
  ]) {
    const files = { f: size(100_000), empty: "" };
    const { fs } = await setUp(t, files, {}, behaviour);
    for (const [path, sizeBytes] of [
      ["f", 100_000],
      ["empty", 0],
    ]) {
      const node = await nodeAt(fs, path);
      const stat = await fs.stat(node);
      const words = `${path} ${JSON.stringify(behaviour)}`;
      assert.equal(stat.sizeBytes, sizeBytes, words);
      assert.equal(stat.mtimeNs, modified, words);
      assert.equal(stat.links, 1);
      assert.deepEqual(await fs.content(node), bytesOf(files[path]), words);
    }
  }
});

test("a file that changes between two parts is ESTALE, and never mixed", async (t) => {
  for (const behaviour of [{}, { tags: false }]) {
    const { fs, volume, server, told } = await setUp(
      t,
      { f: size(5 * BLOCK) },
      {},
      behaviour,
    );
    const file = await openAt(fs, "f");
    assert.equal((await readOnce(volume, file, 0, 100)).length, 100);
    const changed = size(
      5 * BLOCK + (behaviour.tags === false ? 1 : 0),
    ).reverse();
    server.files.f = changed;
    assert.equal(await readOnce(volume, file, 4 * BLOCK, 100), "ESTALE");
    assert.match(told.join(), /has changed/);
    await fs.close(file);
    const again = await openAt(fs, "f");
    assert.deepEqual(await fs.read(again, 0, 6 * BLOCK), changed);
    await fs.close(again);
  }
});

test("a changed file is noticed also when the server ignores If-Range", async (t) => {
  const content = size(5 * BLOCK);
  let tag = '"one"';
  const routes = {
    f: (request, response) => {
      const match = /=(\d+)-(\d*)/.exec(request.headers.range ?? "");
      const from = Number(match?.[1] ?? 0);
      const last = Number(match?.[2] || content.length - 1);
      const ranged = request.headers.range !== undefined;
      response.writeHead(ranged ? 206 : 200, {
        ETag: tag,
        "Content-Length": last + 1 - from,
        ...(ranged
          ? { "Content-Range": `bytes ${from}-${last}/${content.length}` }
          : {}),
      });
      response.end(content.subarray(from, last + 1));
    },
  };
  const { fs, volume } = await setUp(t, {}, {}, { routes });
  const file = await openAt(fs, "f");
  assert.equal((await readOnce(volume, file, BLOCK, 100)).length, 100);
  tag = '"two"';
  assert.equal(await readOnce(volume, file, 4 * BLOCK, 100), "ESTALE");
});

test("a file that changed before anything was read of it is read as it is now", async (t) => {
  const manifest = { f: 5 };
  const { fs, volume, server } = await setUp(t, { f: "first" }, { manifest });
  const node = await nodeAt(fs, "f");
  assert.equal(await fs.text(node), "first");
  server.files.f = "other";
  const file = await fs.openToRead(node);
  // What is kept is of the list's one version, until the server says more.
  assert.equal(
    Buffer.from(await readOnce(volume, file, 0, 5)).toString(),
    "first",
  );
  server.files.f = "longer than it";
  const none = http(server.url, { manifest, cache: "none", report: () => {} });
  const late = await none.openNode(await none.lookup(none.root, "f"), READ);
  assert.equal(await readOnce(none, late, 0, 5), "ESTALE");
});

test("a server without parts: the file is fetched once, up to a limit", async (t) => {
  const content = size(300_000);
  for (const lengths of [true, false]) {
    const behaviour = { parts: false, lengths };
    const some = await setUp(
      t,
      { f: content },
      { limitBytes: 300_000 },
      behaviour,
    );
    const file = await openAt(some.fs, "f");
    some.asked();
    for (const at of [200_000, 100_000, 0, 299_999]) {
      const got = await readOnce(some.volume, file, at, 10);
      assert.deepEqual(got, content.slice(at, at + 10));
    }
    assert.ok(some.asked().length <= 1);
    await some.fs.close(file);

    const less = await setUp(
      t,
      { f: content },
      { limitBytes: 299_999 },
      behaviour,
    );
    if (lengths) {
      const large = await openAt(less.fs, "f");
      assert.equal(await readOnce(less.volume, large, 200_000, 10), "EFBIG");
      // From the beginning on it can be read all the same.
      assert.deepEqual(await less.fs.read(large, 0, 300_000), content);
    } else {
      const node = await nodeAt(less.fs, "f");
      assert.equal(await errno(less.volume.openNode(node, READ)), "EFBIG");
      assert.equal(await errno(less.volume.stat(node, createStat())), "EFBIG");
    }
    assert.match(less.told.join(), /limitBytes/);
  }
});

test("a part that is not the one asked for is EIO", async (t) => {
  const total = 5 * BLOCK;
  const ranges = {
    earlier: `bytes ${BLOCK}-${4 * BLOCK - 1}/${total}`,
    another: `bytes 0-${BLOCK - 1}/${total}`,
    none: null,
    short: `bytes ${2 * BLOCK}-${2 * BLOCK + 5}/${total}`,
    nonsense: "bytes all",
    unit: "lines 1-2/3",
  };
  for (const [name, range] of Object.entries(ranges)) {
    const routes = {
      f: (request, response) => {
        if (request.headers.range === undefined) {
          response.writeHead(200, { "Content-Length": total }).end();
          return;
        }
        const headers = range === null ? {} : { "Content-Range": range };
        response.writeHead(206, headers).end(Buffer.alloc(BLOCK));
      },
    };
    const { fs, volume, told } = await setUp(t, {}, {}, { routes });
    const file = await openAt(fs, "f");
    assert.equal(
      await readOnce(volume, file, 2 * BLOCK + 100, 10),
      "EIO",
      name,
    );
    assert.match(told.join(), /another part/);
    await fs.close(file);
  }
});

test("a part of a file of another size is ESTALE, so is one that is not there any more", async (t) => {
  const { fs, volume, server } = await setUp(
    t,
    { f: size(5 * BLOCK) },
    {},
    { tags: false },
  );
  const file = await openAt(fs, "f");
  server.files.f = size(6 * BLOCK);
  assert.equal(await readOnce(volume, file, 2 * BLOCK, 10), "ESTALE");
  server.files.f = size(BLOCK);
  assert.equal(await readOnce(volume, file, 2 * BLOCK, 10), "ESTALE");
  delete server.files.f;
  assert.equal(await readOnce(volume, file, 2 * BLOCK, 10), "ENOENT");
});

test("a connection that breaks is EIO, and the next read goes on", async (t) => {
  const content = size(3 * BLOCK);
  const routes = {};
  const { fs, volume, told } = await setUp(
    t,
    { f: content },
    { cache: "none" },
    { routes },
  );
  const file = await openAt(fs, "f");
  routes.f = (request, response) => {
    response.writeHead(200, { "Content-Length": content.length });
    response.write(content.subarray(0, 1000), () => response.socket?.end());
  };
  assert.deepEqual(
    await readOnce(volume, file, 0, 5000),
    content.slice(0, 1000),
  );
  assert.equal(await readOnce(volume, file, 1000, 5000), "EIO");
  assert.equal(told.length, 1);
  delete routes.f;
  assert.deepEqual(await fs.read(file, 1000, 3 * BLOCK), content.slice(1000));
});

test("a body that is shorter or longer than the file is no end of file", async (t) => {
  const says = (text) => (_request, response) => {
    response.flushHeaders();
    response.end(text);
  };
  const routes = { short: says("1234"), long: says("123456789") };
  const manifest = { short: 6, long: 6 };
  const { fs, volume, told } = await setUp(t, {}, { manifest }, { routes });
  const short = await openAt(fs, "short");
  assert.equal((await readOnce(volume, short, 0, 4)).length, 4);
  assert.equal(await readOnce(volume, short, 4, 4), "EIO");
  assert.match(told.join(), /ended after 4 of 6/);
  const long = await openAt(fs, "long");
  assert.equal(await readOnce(volume, long, 0, 6), "ESTALE");
});

test("a compressed answer is of the same version as one that is not", async (t) => {
  const content = size(5 * BLOCK);
  const options = { cache: "none" };
  const { fs, told } = await setUp(t, { f: content }, options, { gzip: true });
  const file = await openAt(fs, "f");
  for (const at of [3 * BLOCK, 0, 2 * BLOCK, 0]) {
    assert.deepEqual(await fs.read(file, at, 10), content.slice(at, at + 10));
  }
  assert.deepEqual(told, []);
});

test("what was kept of another version is given up with the first that tells", async (t) => {
  const manifest = { f: 3 * BLOCK };
  const old = size(3 * BLOCK);
  const { fs, volume, server } = await setUp(t, { f: old }, { manifest });
  const first = await openAt(fs, "f");
  assert.equal((await readOnce(volume, first, 2 * BLOCK, 10)).length, 10);
  await fs.close(first);
  const now = size(3 * BLOCK).reverse();
  server.files.f = now;
  const file = await openAt(fs, "f");
  assert.deepEqual(await fs.read(file, 0, 10), now.slice(0, 10));
  const last = 2 * BLOCK;
  assert.deepEqual(await fs.read(file, last, 10), now.slice(last, last + 10));
});

test("one that reads on in the old version leaves nothing of it to others", async (t) => {
  const old = size(BLOCK);
  const now = size(BLOCK).reverse();
  const gates = [gatedBody(), gatedBody()];
  let requests = 0;
  const routes = {
    f: (request, response) => {
      response.setHeader("ETag", `"${requests}"`);
      gates[requests++]?.handler(request, response);
    },
  };
  const { fs } = await setUp(t, {}, { manifest: { f: BLOCK } }, { routes });
  const one = await openAt(fs, "f");
  const two = await openAt(fs, "f");
  void gates[0]?.send(old.subarray(0, 100));
  assert.deepEqual(await fs.read(one, 0, 100), old.slice(0, 100));
  void gates[1]?.send(now.subarray(0, 100));
  assert.deepEqual(await fs.read(two, 0, 100), now.slice(0, 100));
  void gates[0]?.send(old.subarray(100));
  assert.deepEqual(await fs.read(one, 100, BLOCK), old.slice(100));
  void gates[1]?.send(now.subarray(100));
  assert.deepEqual(await fs.read(two, 100, BLOCK), now.slice(100));
  assert.deepEqual(await fs.read(two, 0, BLOCK), now);
  assert.deepEqual(await fs.read(one, 0, BLOCK), old);
  const three = await openAt(fs, "f");
  assert.deepEqual(await fs.read(three, 0, BLOCK), now);
});

test("two that open a file at once, between which it changes, do not mix", async (t) => {
  const versions = [size(2 * BLOCK), size(2 * BLOCK).reverse()];
  let requests = 0;
  const routes = {
    f: (_request, response) => {
      response.setHeader("ETag", `"${requests}"`);
      response.setHeader("Content-Length", 2 * BLOCK);
      response.end(versions[requests++]);
    },
  };
  const { fs } = await setUp(t, {}, { manifest: ["f"] }, { routes });
  const node = await nodeAt(fs, "f");
  const files = [fs.openToRead(node), fs.openToRead(node)];
  const [one, two] = await Promise.all(files);
  const first = await fs.read(one, 0, BLOCK);
  const whole = await fs.read(two, 0, 2 * BLOCK);
  const [mine, other] =
    first[0] === versions[0]?.[0] ? versions : versions.toReversed();
  assert.deepEqual(first, mine?.slice(0, BLOCK));
  assert.deepEqual(whole, other);
});

test("asking for a size does not fetch the file", async (t) => {
  /** @type {(value?: unknown) => void} */
  let left = () => {};
  const closed = new Promise((resolve) => {
    left = resolve;
  });
  const routes = {
    f: (_request, response) => {
      response.on("close", left);
      response.writeHead(200, { "Content-Length": 1000 }).flushHeaders();
    },
  };
  const { fs } = await setUp(t, {}, { manifest: ["f"] }, { routes });
  assert.equal((await fs.stat(await nodeAt(fs, "f"))).sizeBytes, 1000);
  await closed;
});

test("what is above the limit by its length is not fetched", async (t) => {
  const routes = {
    f: (request, response) => {
      response.setHeader("Content-Length", 1_000_000);
      if (request.method === "HEAD") response.end();
      else response.flushHeaders();
    },
  };
  const options = { limitBytes: 999_999 };
  const { fs, volume } = await setUp(t, {}, options, { routes });
  const file = await openAt(fs, "f");
  assert.equal(await readOnce(volume, file, 500_000, 10), "EFBIG");
});
