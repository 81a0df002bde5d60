/* The http volume in Chromium, where the page's server and foreign ones differ
 * in what they are asked and in what a page may see of their answers. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "../helpers/browser.js";
import { startFiles } from "../helpers/files-server.js";
import { startDemos } from "../helpers/server.js";
import { pattern } from "../helpers/volume.js";
import { CAT_FILE } from "../helpers/wasi-guests.js";
import { asyncified, wat } from "../helpers/wat.js";

const LIMIT = { timeout: 60_000 };
const SIZE_BYTES = 3_000_000;
const CONTENT = pattern(SIZE_BYTES, 3);

/** Bytes as a text that tells them from others. @param {Uint8Array} bytes */
function sum(bytes) {
  let total = 0;
  for (const byte of bytes) total = (total * 31 + byte) % 2 ** 45;
  return `${bytes.length} bytes, ${total}`;
}

/** In the page: http(), and how a test reads with it. */
const SETUP = `
  import { http } from "/dist/http.mjs";
  import { WASI } from "/dist/wasi.mjs";
  async function find(volume, path) {
    let node = volume.root;
    const names = path.split("/");
    for (const [at, name] of names.entries()) {
      node = await volume.lookup(node, name, at < names.length - 1);
      if (typeof node === "number") throw new Error("lookup: " + node);
    }
    return node;
  }
  async function read(volume, file, position, size) {
    const bytes = new Uint8Array(size);
    let done = 0;
    while (done < size) {
      const got = volume.read(file, position + done, bytes, done, size - done);
      if (typeof got !== "number") await got;
      else if (got < 0) return got;
      else if (got === 0) break;
      else done += got;
    }
    return sum(bytes.subarray(0, done));
  }
  ${sum}
  window.cat = async (url, program, caller) => {
    const bytes = new Uint8Array(${SIZE_BYTES});
    let at = 0;
    const stdout = new WritableStream({
      write(chunk) {
        bytes.set(chunk, at);
        at += chunk.length;
      },
    });
    const wasi = new WASI({ mounts: { "/": http(url) }, stdout });
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    const code = await wasi.start(program, { caller });
    clearInterval(timer);
    return [code, wasi.caller, sum(bytes.subarray(0, at)), ticks > 0];
  };
  window.run = async (url, path, spans, options) => {
    const told = [];
    const volume = http(url, { report: (text) => told.push(text), ...options });
    try {
      const opened = await volume.open();
      if (opened < 0) throw new Error("open: " + opened);
      const node = await find(volume, path);
      const stat = {};
      const stated = await volume.stat(node, stat);
      if (stated < 0) throw new Error("stat: " + stated);
      const file = await volume.openNode(node, { read: true, write: false });
      if (typeof file === "number") throw new Error("open: " + file);
      const parts = [];
      for (const [at, size] of spans) {
        parts.push(await read(volume, file, at, size));
      }
      volume.closeFile(file);
      const mtimeS = Number(stat.mtimeNs / 1_000_000_000n);
      return { sizeBytes: stat.sizeBytes, mtimeS, parts, told };
    } catch (error) {
      return { error: error.message, told };
    }
  };`;

/**
 * @param {import("node:test").TestContext} t
 * @param {object} [options] openPage()'s
 */
async function open(t, options) {
  const base = await startDemos(t, {
    files: {
      "/page/index.html": `<!doctype html><title>http</title>
        <script type="module" src="/setup.js"></script>`,
      "/setup.js": SETUP,
      "/page/data/d/f": CONTENT,
      "/cat.wasm": wat(CAT_FILE),
      "/cat-asyncify.wasm": await asyncified(CAT_FILE),
    },
  });
  const opened = await openPage(t, `${base}page/index.html`, options);
  const { page } = opened;
  await page.waitForFunction(() => window.run);
  /** @param {...unknown} args */
  const run = (...args) => page.evaluate((all) => window.run(...all), args);
  return { ...opened, run };
}

/** What the browser keeps itself is not asked for again. */
const FOREIGN = {
  "Access-Control-Allow-Origin": "*",
  "Cache-Control": "no-store",
};

const SPANS = [
  [0, 1000],
  [2_500_000, 1000],
  [0, SIZE_BYTES + 1],
];
const PARTS = SPANS.map(([at, size]) => sum(CONTENT.slice(at, at + size)));
const MODIFIED_S = Date.UTC(2024, 0, 2, 3, 4, 5) / 1000;

test(
  "files beside the page are read; the address may be relative",
  LIMIT,
  async (t) => {
    const { run } = await open(t);
    const found = await run("data", "d/f", SPANS);
    assert.equal(found.error, undefined);
    assert.equal(found.sizeBytes, SIZE_BYTES);
    assert.deepEqual(found.parts, PARTS);
  },
);

test(
  "D3: a program reads a file of the server, and the page goes on",
  LIMIT,
  async (t) => {
    const { page } = await open(t);
    for (const [program, caller] of [
      ["/cat.wasm", "jspi"],
      ["/cat-asyncify.wasm", "asyncify"],
    ]) {
      const cat = (args) => window.cat(...args);
      const found = await page.evaluate(cat, ["data", program, caller]);
      assert.deepEqual(found, [0, caller, sum(CONTENT), true]);
    }
  },
);

test(
  "a foreign server that allows the page, and hides what it can",
  LIMIT,
  async (t) => {
    const { run } = await open(t);
    for (const gzip of [false, true]) {
      const headers = { "Access-Control-Allow-Origin": "*" };
      const server = await startFiles(t, { "d/f": CONTENT }, { headers, gzip });
      for (const cache of ["none", "memory"]) {
        const found = await run(server.url, "d/f", SPANS, { cache });
        const { error, told, sizeBytes, mtimeS, parts } = found;
        assert.deepEqual({ error, told }, { error: undefined, told: [] });
        assert.equal(sizeBytes, SIZE_BYTES);
        assert.equal(mtimeS, MODIFIED_S);
        assert.deepEqual(parts, PARTS);
      }
      const methods = server.asked.map((one) => one.split(" ")[0]);
      assert.ok(!methods.includes("OPTIONS"), "nothing has to be asked before");
      assert.ok(server.asked.some((one) => /bytes=[1-9]/.test(one)));
    }
  },
);

test(
  "a foreign server's tags are seen if it shows them: a change is ESTALE",
  LIMIT,
  async (t) => {
    const { run } = await open(t);
    const headers = {
      ...FOREIGN,
      "Access-Control-Expose-Headers": "ETag, Content-Range, Content-Encoding",
    };
    const files = { f: CONTENT };
    const server = await startFiles(t, files, { headers });
    // It changes when the second part is asked for.
    const routes = {
      f: (request, response) => {
        const part = /bytes=([1-9]\d*)-/.test(request.headers.range ?? "");
        const content = part ? pattern(SIZE_BYTES, 4) : CONTENT;
        const [, from = "0"] =
          /bytes=(\d+)-/.exec(request.headers.range ?? "") ?? [];
        response.writeHead(request.headers.range === undefined ? 200 : 206, {
          ETag: part ? '"new"' : '"old"',
          "Content-Length": SIZE_BYTES - Number(from),
          "Content-Range": `bytes ${from}-${SIZE_BYTES - 1}/${SIZE_BYTES}`,
        });
        response.end(content.subarray(Number(from)));
      },
    };
    server.behaviour.routes = routes;
    const found = await run(server.url, "f", [
      [0, 100],
      [2_900_000, 100],
    ]);
    assert.deepEqual(found.parts, [sum(CONTENT.slice(0, 100)), -72]);
    assert.match(found.told.join(), /has changed/);
  },
);

test(
  "a foreign server that does not allow the page is EIO, and told",
  LIMIT,
  async (t) => {
    const { run } = await open(t, {
      expectErrors: [/CORS policy/, /ERR_FAILED/],
    });
    const { url, asked } = await startFiles(t, { f: CONTENT });
    const found = await run(url, "f", SPANS);
    assert.equal(found.error, "lookup: -29");
    assert.equal(found.told.length, 1);
    assert.match(found.told[0], /Failed to fetch/);
    assert.equal(asked.length, 1);
  },
);

test(
  "D8: a foreign server that is not in the sources is not asked",
  LIMIT,
  async (t) => {
    const { run } = await open(t);
    const { url, asked } = await startFiles(
      t,
      { f: CONTENT },
      { headers: FOREIGN },
    );
    const found = await run(url, "f", SPANS, { sources: ["'self'"] });
    assert.equal(found.error, "lookup: -2");
    assert.deepEqual(asked, []);
  },
);
