/* The demo server over real sockets: what it gives, what it refuses, and that
 * its endless streams end with their client. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import http from "node:http";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { portFromEnv, serve } from "../../web/serve.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** A server on a free port over a small tree of its own. */
async function start(t) {
  const base = await mkdtemp(join(tmpdir(), "gossamer-serve-"));
  const web = join(base, "web");
  const dist = join(base, "dist");
  await mkdir(join(web, "sub"), { recursive: true });
  await mkdir(dist);
  await writeFile(join(web, "index.html"), "<p>home</p>");
  await writeFile(join(web, "sub/index.html"), "<p>sub</p>");
  await writeFile(join(web, "page.js"), "export {};");
  await writeFile(join(web, "empty.txt"), "");
  await writeFile(join(web, ".secret"), "hidden");
  await writeFile(join(dist, "app.wasm"), "\0asm");
  await writeFile(join(base, "outside.txt"), "outside");
  await symlink(join(base, "outside.txt"), join(web, "link.txt"));
  const served = await serve({
    port: 0,
    mounts: [
      { prefix: "/dist/", folder: dist },
      { prefix: "/", folder: web },
    ],
  });
  t.after(async () => {
    await served.close();
    await rm(base, { recursive: true });
  });
  return served;
}

/** Sends the path as it is: fetch would resolve ".." before sending it. */
async function raw(port, path, options = {}) {
  const request = http.request({ port, path, host: "127.0.0.1", ...options });
  request.end();
  const [response] = await once(request, "response");
  let body = "";
  for await (const chunk of response.setEncoding("utf8")) body += chunk;
  return { status: response.statusCode, headers: response.headers, body };
}

const timers = () =>
  process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;

/** Waits for a condition, one turn of the event loop at a time. */
async function until(condition) {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

test("files come with their MIME type and the security policy", async (t) => {
  const { port } = await start(t);
  const types = {
    "/": "text/html; charset=utf-8",
    "/sub/": "text/html; charset=utf-8",
    "/page.js": "text/javascript; charset=utf-8",
    "/empty.txt": "text/plain; charset=utf-8",
    "/dist/app.wasm": "application/wasm",
  };
  for (const [path, type] of Object.entries(types)) {
    const { status, headers } = await raw(port, path);
    assert.equal(status, 200, path);
    assert.equal(headers["content-type"], type, path);
    assert.equal(
      headers["content-security-policy"],
      "script-src 'self' 'wasm-unsafe-eval'",
    );
    assert.equal(headers["x-content-type-options"], "nosniff");
  }
});

test("the query does not take part in finding the file", async (t) => {
  const { port } = await start(t);
  const { status, body } = await raw(port, "/?x=/../a");
  assert.equal(status, 200);
  assert.equal(body, "<p>home</p>");
});

test("HEAD answers the headers alone", async (t) => {
  const { port } = await start(t);
  const { status, headers, body } = await raw(port, "/", { method: "HEAD" });
  assert.equal(status, 200);
  assert.equal(headers["content-length"], "11");
  assert.equal(body, "");
});

test("an unchanged file is answered 304, a changed one in full", async (t) => {
  const { port } = await start(t);
  const first = await raw(port, "/");
  const again = await raw(port, "/", {
    headers: { "If-None-Match": first.headers.etag },
  });
  assert.equal(again.status, 304);
  assert.equal(again.body, "");
  const other = await raw(port, "/", { headers: { "If-None-Match": '"old"' } });
  assert.equal(other.status, 200);
});

test("no path leads out of the served folders", async (t) => {
  const { port } = await start(t);
  for (const path of [
    "/../outside.txt",
    "/sub/../../outside.txt",
    "/%2e%2e/outside.txt",
    "/..%2foutside.txt",
    "/..%5coutside.txt",
    "/dist/../../outside.txt",
    "/dist/%2e%2e/web/index.html",
    "//etc/passwd",
    "/link.txt",
    "/.secret",
    "/page.js%00.html",
    "/sub",
    "/nothing.html",
  ]) {
    const { status, body } = await raw(port, path);
    assert.equal(status, 404, path);
    assert.match(body, /^not found: /, path);
  }
  assert.equal((await raw(port, "/%zz")).status, 400);
});

test("methods other than GET and HEAD are refused", async (t) => {
  const { port } = await start(t);
  const posted = await raw(port, "/", { method: "POST" });
  assert.equal(posted.status, 405);
  assert.equal(posted.headers.allow, "GET, HEAD");
  assert.equal((await raw(port, "/api/feed", { method: "HEAD" })).status, 405);
});

test("the feed is NDJSON without gaps", async (t) => {
  const { url } = await start(t);
  const response = await fetch(`${url}api/feed?hz=2000`);
  assert.equal(response.headers.get("content-type"), "application/x-ndjson");
  let text = "";
  for await (const chunk of response.body.pipeThrough(
    new TextDecoderStream(),
  )) {
    text += chunk;
    if (text.split("\n").length > 50) break;
  }
  const lines = text.split("\n").slice(0, 50);
  for (const [index, line] of lines.entries()) {
    const { seq, time, value } = JSON.parse(line);
    assert.equal(seq, index);
    assert.ok(Math.abs(time - Date.now()) < 60_000);
    assert.ok(value >= -1 && value <= 1);
  }
});

test("the feed stops when its client leaves", async (t) => {
  const { url, server } = await start(t);
  const before = timers();
  const controller = new AbortController();
  const response = await fetch(`${url}api/feed?hz=1`, {
    signal: controller.signal,
  });
  await response.body.getReader().read();
  assert.ok(timers() > before, "its timer runs while it is read");
  const gone = new Promise((resolve) => {
    server.getConnections((_error, count) => resolve(count));
  });
  assert.equal(await gone, 1);
  controller.abort();
  await until(() => timers() <= before);
});

test("the feed waits for a client that does not read", async (t) => {
  const { port, server } = await start(t);
  let response;
  server.once("request", (_request, theirs) => {
    response = theirs;
  });
  const socket = net.connect(port, "127.0.0.1");
  t.after(() => socket.destroy());
  socket.pause();
  socket.write("GET /api/feed?hz=100000 HTTP/1.1\r\nHost: x\r\n\r\n");
  await until(() => response?.writableNeedDrain);
  const held = response.writableLength;
  // Its timer ticks every 4 ms: a slower one of ours sees it tick as often.
  for (let turn = 0; turn < 20; turn += 1) await setTimeout(5);
  assert.equal(response.writableLength, held, "nothing is queued behind it");
});

test("the download has exactly the bytes its formula gives", async (t) => {
  const { url } = await start(t);
  const response = await fetch(`${url}api/download?mb=3`);
  assert.equal(response.headers.get("content-length"), String(3 << 20));
  const bytes = new Uint8Array(await response.arrayBuffer());
  assert.equal(bytes.length, 3 << 20);
  const wrong = bytes.findIndex((byte, offset) => byte !== offset % 251);
  assert.equal(wrong, -1, `byte ${wrong} is ${bytes[wrong]}`);
});

test("numbers in the query that make no sense are refused", async (t) => {
  const { port } = await start(t);
  for (const path of [
    "/api/feed?hz=0",
    "/api/feed?hz=-1",
    "/api/feed?hz=x",
    "/api/feed?hz=",
    "/api/download?mb=1e9",
    "/api/download?mb=4097",
  ]) {
    const { status, body } = await raw(port, path);
    assert.equal(status, 400, path);
    assert.match(body, /must be a whole number, 1 to/, path);
  }
  assert.equal((await raw(port, "/api/nothing")).status, 404);
});

test("closing ends the streams and frees the port", async (t) => {
  const { url, port, close } = await start(t);
  const response = await fetch(`${url}api/feed`);
  const reader = response.body.getReader();
  await reader.read();
  await close();
  await assert.rejects(async () => {
    while (!(await reader.read()).done);
  });
  const again = await serve({ port });
  await again.close();
});

test("a taken port is an error that says what to do", async (t) => {
  const { port } = await start(t);
  await assert.rejects(
    serve({ port }),
    new RegExp(`port ${port} is taken: set PORT`),
  );
});

test("PORT is a number from 0 to 65535, 8080 when unset", () => {
  assert.equal(portFromEnv(undefined), 8080);
  assert.equal(portFromEnv(""), 8080);
  assert.equal(portFromEnv("0"), 0);
  assert.equal(portFromEnv("65535"), 65_535);
  for (const bad of ["65536", "-1", "http", "80.5", " "]) {
    assert.throws(() => portFromEnv(bad), /must be a number, 0 to 65535/);
  }
});

test("the command prints one line with its address", async (t) => {
  const child = spawn(process.execPath, [join(ROOT, "web/serve.mjs")], {
    env: { ...process.env, PORT: "0" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => child.kill("SIGKILL"));
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (chunk) => {
    output += chunk;
  });
  await once(child.stdout, "data");
  const [, url] = /(http:\S+)\n$/.exec(output);
  assert.equal((await fetch(`${url}api/nothing`)).status, 404);
  child.kill("SIGTERM");
  const [code] = await once(child, "exit");
  assert.equal(code, 0);
  assert.equal(output.split("\n").length, 2, output);
});

test("the command ends with an error when its port is taken", async (t) => {
  const { port } = await start(t);
  const child = spawn(process.execPath, [join(ROOT, "web/serve.mjs")], {
    env: { ...process.env, PORT: String(port) },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let message = "";
  child.stderr.setEncoding("utf8").on("data", (chunk) => {
    message += chunk;
  });
  const [code] = await once(child, "close");
  assert.equal(code, 1);
  assert.match(message, new RegExp(`^error: port ${port} is taken`));
});
