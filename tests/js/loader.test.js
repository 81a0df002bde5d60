/* load(): what it takes, what it refuses and in which words, and how programs
 * end. The programs are assembled by hand. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { GossamerError, load } from "../../js/index.js";
import { assemble, assembleProgram, op } from "../helpers/wasm.js";

const EXIT = {
  module: "gossamer",
  name: "exit",
  params: ["i32"],
};

/** A program whose first pump ends it with a code. */
const exits = (code) =>
  assembleProgram({
    imports: [EXIT],
    funcs: [
      {
        name: "gs_frame_event",
        params: ["f64"],
        results: ["f64"],
        body: [...op.i32(code), ...op.call(0), ...op.unreachable],
      },
    ],
  });

const TRAP = {
  name: "gs_frame_event",
  params: ["f64"],
  results: ["f64"],
  body: op.unreachable,
};

/** The GossamerError that a promise is rejected with. */
async function failure(promise) {
  const error = await promise.then(
    () => assert.fail("it went through"),
    (reason) => reason,
  );
  assert.ok(error instanceof GossamerError, String(error.stack));
  return error;
}

/** A server that answers by path: { status, type, body }. */
async function serve(t, answers) {
  const server = createServer((request, response) => {
    const answer = answers[request.url];
    if (typeof answer === "function") {
      answer(response);
      return;
    }
    const { status = 200, type = "application/wasm", body = "" } = answer;
    response.writeHead(status, type === null ? {} : { "Content-Type": type });
    response.end(body);
  });
  await new Promise((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const close = () =>
    new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
  t.after(close);
  const { port } = server.address();
  return { origin: `http://127.0.0.1:${port}`, close };
}

/** Collects console.warn during a test. */
function warnings(t) {
  const lines = [];
  t.mock.method(console, "warn", (line) => lines.push(line));
  return lines;
}

test("bytes, views, modules and promises of them are programs", async () => {
  const bytes = exits(3);
  const padded = new Uint8Array(bytes.length + 20);
  padded.set(bytes, 10);
  for (const source of [
    bytes,
    bytes.buffer,
    padded.subarray(10, 10 + bytes.length),
    new DataView(padded.buffer, 10, bytes.length),
    new WebAssembly.Module(bytes),
    Promise.resolve(bytes),
    new Response(bytes, { headers: { "Content-Type": "application/wasm" } }),
  ]) {
    const app = await load(source);
    assert.equal(await app.exited, 3, source.constructor.name);
    assert.ok(app.module instanceof WebAssembly.Module);
  }
});

test("the module of an app can be loaded again", async () => {
  const app = await load(exits(4));
  const again = await load(app.module);
  assert.notEqual(app, again);
  assert.equal(await again.exited, 4);
});

test("a path and a file: address are read in Node", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "gossamer-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "app ü.wasm");
  writeFileSync(file, exits(5));
  for (const source of [file, pathToFileURL(file), pathToFileURL(file).href]) {
    assert.equal(await (await load(source)).exited, 5);
  }
  const missing = join(folder, "missing.wasm");
  const error = await failure(load(missing));
  assert.equal(error.code, "ENOENT");
  assert.ok(error.message.includes(missing), error.message);
  writeFileSync(file, "");
  assert.match((await failure(load(file))).message, /app ü\.wasm is empty/);
});

test("an address is compiled while it downloads, without a warning", async (t) => {
  const lines = warnings(t);
  const streaming = t.mock.method(WebAssembly, "compileStreaming");
  const { origin } = await serve(t, { "/app.wasm": { body: exits(6) } });
  for (const source of [`${origin}/app.wasm`, new URL(`${origin}/app.wasm`)]) {
    assert.equal(await (await load(source)).exited, 6);
  }
  assert.equal(streaming.mock.callCount(), 2);
  assert.deepEqual(lines, []);
});

test("a wrong content type is a warning, and the program runs", async (t) => {
  const lines = warnings(t);
  const { origin } = await serve(t, {
    "/a.wasm": { body: exits(7), type: "application/octet-stream" },
    "/b.wasm": { body: exits(7), type: null },
  });
  assert.equal(await (await load(`${origin}/a.wasm`)).exited, 7);
  assert.equal(await (await load(`${origin}/b.wasm`)).exited, 7);
  assert.equal(lines.length, 2);
  assert.ok(lines[0].includes(`${origin}/a.wasm`), lines[0]);
  assert.match(lines[0], /"application\/octet-stream".*application\/wasm/);
});

test("without streaming compilation the program runs as well", async (t) => {
  const { compileStreaming } = WebAssembly;
  delete WebAssembly.compileStreaming;
  t.after(() => {
    WebAssembly.compileStreaming = compileStreaming;
  });
  const lines = warnings(t);
  const { origin } = await serve(t, { "/app.wasm": { body: exits(8) } });
  assert.equal(await (await load(`${origin}/app.wasm`)).exited, 8);
  assert.deepEqual(lines, []);
});

const PAGE = "<!DOCTYPE html><title>Not found</title>";
for (const [what, answer, code, message] of [
  ["404", { status: 404, body: PAGE, type: "text/html" }, "ENOENT", /404 Not/],
  ["500", { status: 500 }, "EIO", /answered 500 Internal/],
  ["a page", { body: PAGE, type: "text/html" }, "ENOEXEC", /is a web page/],
  ["a page as wasm", { body: `\n${PAGE}` }, "ENOEXEC", /is a web page/],
  ["nothing", { body: "" }, "ENOEXEC", /is empty/],
  ["nothing untyped", { body: "", type: null }, "ENOEXEC", /is empty/],
  ["text", { body: "hello there" }, "ENOEXEC", /bytes 68 65 6c 6c/],
  ["a start", { body: exits(0).slice(0, 3) }, "ENOEXEC", /is truncated/],
  ["a half", { body: exits(0).slice(0, 90) }, "ENOEXEC", /may be truncated/],
  [
    "a half untyped",
    { body: exits(0).slice(0, 90), type: "text/plain" },
    "ENOEXEC",
    /may be truncated/,
  ],
]) {
  test(`a server that answers ${what} is an error that says so`, async (t) => {
    const { origin } = await serve(t, { "/app.wasm": answer });
    const error = await failure(load(`${origin}/app.wasm`));
    assert.match(error.message, message);
    assert.ok(error.message.includes(`${origin}/app.wasm`), error.message);
    assert.equal(error.code, code);
  });
}

test("a server that dies in the middle is an error", async (t) => {
  const dies = (response) => {
    response.writeHead(200, {
      "Content-Type": "application/wasm",
      "Content-Length": 1000,
    });
    response.write(exits(0).slice(0, 50), () => {
      setImmediate(() => response.socket.destroy());
    });
  };
  const { origin } = await serve(t, { "/app.wasm": dies });
  const error = await failure(load(`${origin}/app.wasm`));
  assert.equal(error.code, "EIO");
  assert.match(error.message, /app\.wasm could not be loaded/);
});

test("a server that is not there is an error with the reason", async (t) => {
  const { origin, close } = await serve(t, {});
  await close();
  const error = await failure(load(`${origin}/app.wasm`));
  assert.equal(error.code, "EIO");
  assert.match(error.message, /app\.wasm could not be loaded: .*ECONNREFUSED/);
});

test("what is no program at all is refused", async () => {
  for (const source of [undefined, null, 42, {}, []]) {
    const error = await failure(load(source));
    assert.equal(error.code, "EINVAL");
    assert.match(error.message, /takes a URL, a Response, bytes/);
  }
  assert.match((await failure(load("http://"))).message, /not a URL/);
  const used = new Response("x");
  await used.text();
  assert.match((await failure(load(used))).message, /has been read already/);
});

test("another module than a Gossamer program is refused", async () => {
  const error = await failure(load(assemble({})));
  assert.equal(error.code, "ENOEXEC");
  assert.match(error.message, /not a Gossamer program: it lacks .*_abi_1/);
});

test("another ABI version is refused with both versions", async () => {
  const error = await failure(load(assembleProgram({ abi: 2 })));
  assert.equal(error.code, "ENOEXEC");
  assert.match(error.message, /version 2 .* this glue speaks version 1/);
});

test("missing exports are named", async () => {
  const error = await failure(
    load(assembleProgram({ without: ["gs_pump", "gs_fault"] })),
  );
  assert.match(error.message, /lacks the exports gs_pump, gs_fault/);
});

test("unknown imports are named before anything is instantiated", async () => {
  const error = await failure(
    load(
      assembleProgram({
        imports: [
          EXIT,
          { module: "gossamer", name: "teleport" },
          { module: "env", name: "system", results: ["i32"] },
          { module: "gossamer", name: "toString" },
        ],
      }),
    ),
  );
  assert.equal(error.code, "ENOEXEC");
  assert.match(
    error.message,
    /gossamer\.teleport \(function\), env\.system .*gossamer\.toString/,
  );
  assert.doesNotMatch(error.message, /gossamer\.exit/);
});

test("the first goroutine runs after the caller of load had its turn", async () => {
  let ended = false;
  const app = await load(exits(0));
  void app.exited.then(() => {
    ended = true;
  });
  await Promise.resolve();
  assert.equal(ended, false);
  await app.exited;
});

test("an exit while it boots is an exit", async () => {
  const body = [...op.i32(9), ...op.call(0)];
  const program = assembleProgram({
    imports: [EXIT],
    funcs: [{ name: "_initialize", body }],
  });
  assert.equal(await (await load(program)).exited, 9);
});

test("a crash while it boots rejects load", async () => {
  const program = assembleProgram({
    funcs: [{ name: "_initialize", body: op.unreachable }],
  });
  const error = await failure(load(program));
  assert.equal(error.code, "ETRAP");
});

test("a runtime that cannot boot rejects load", async () => {
  const program = assembleProgram({
    funcs: [{ name: "gs_boot", results: ["i32"], body: op.i32(-48) }],
  });
  const error = await failure(load(program));
  assert.equal(error.code, "ENOMEM");
  assert.match(error.message, /could not start: ENOMEM/);
});

test("a program without main says so and runs until it is stopped", async () => {
  const program = assembleProgram({
    funcs: [{ name: "gs_boot", results: ["i32"], body: op.i32(1) }],
  });
  const app = await load(program);
  assert.equal(app.hasMain, false);
  assert.equal(await app.stop(), 0);
});

test("a trap rejects exited, with the goroutine and the wasm stack", async () => {
  const app = await load(assembleProgram({ funcs: [TRAP] }));
  const error = await failure(app.exited);
  assert.equal(error.code, "ETRAP");
  assert.equal(error.message, "goroutine 7 (worker): unreachable");
  assert.ok(error.cause instanceof WebAssembly.RuntimeError);
  assert.match(error.stack, /^GossamerError: goroutine 7 \(worker\)/);
  assert.match(error.stack, /wasm-function/);
});

test("a stack without the message above it loses no frame", async (t) => {
  const app = await load(assembleProgram({ funcs: [TRAP] }));
  const { prepareStackTrace } = Error;
  t.after(() => {
    Error.prepareStackTrace = prepareStackTrace;
  });
  Error.prepareStackTrace = (_error, sites) =>
    sites.map((site, index) => `frame ${index} ${site}`).join("\n");
  const { stack } = await failure(app.exited);
  assert.match(stack, /^GossamerError: .*\nframe 0 .*wasm/);
});

test("a trap is reported when even gs_fault crashes", async () => {
  const fault = { name: "gs_fault", results: ["i32"], body: op.unreachable };
  const app = await load(assembleProgram({ funcs: [TRAP, fault] }));
  assert.equal((await failure(app.exited)).message, "unreachable");
});

test("stop ends the program with its code; later ones change nothing", async () => {
  const app = await load(assembleProgram());
  assert.equal(await app.stop(12), 12);
  assert.equal(await app.stop(13), 12);
  assert.equal(await app.exited, 12);
});

test("dump is the program's text, and after the end how it ended", async () => {
  const app = await load(assembleProgram());
  assert.equal(app.dump(), "goroutine 7 (worker)");
  await app.stop(3);
  assert.equal(app.dump(), "the program has ended with exit code 3");
  const crashing = await load(assembleProgram({ funcs: [TRAP] }));
  await failure(crashing.exited);
  const end = "the program has crashed: goroutine 7 (worker): unreachable";
  assert.equal(crashing.dump(), end);
});

test("a dump that the program has no memory for is ENOMEM", async () => {
  const func = { name: "gs_dump_text", results: ["i32"], body: op.i32(0) };
  const app = await load(assembleProgram({ funcs: [func] }));
  assert.throws(() => app.dump(), { name: "GossamerError", code: "ENOMEM" });
  await app.stop();
});

test("a dump that crashes is the program's end", async () => {
  const func = {
    name: "gs_dump_text",
    results: ["i32"],
    body: op.unreachable,
  };
  const app = await load(assembleProgram({ funcs: [func] }));
  assert.match(app.dump(), /^the program has crashed: .*unreachable$/);
  assert.equal((await failure(app.exited)).code, "ETRAP");
});

test("stop refuses a code that is no integer", async () => {
  const app = await load(assembleProgram());
  assert.match((await failure(app.stop("1"))).message, /must be an integer/);
  await app.stop();
});

test("a signal stops the program, or its loading", async () => {
  const controller = new AbortController();
  const { signal } = controller;
  const app = await load(assembleProgram(), { signal });
  controller.abort();
  assert.equal(await app.exited, 0);
  const error = await failure(load(assembleProgram(), { signal }));
  assert.equal(error.code, "ECANCELED");
});

test("a signal while the module is made ready rejects load", async (t) => {
  const controller = new AbortController();
  const { compile } = WebAssembly;
  t.mock.method(WebAssembly, "compile", async (bytes) => {
    const module = await compile(bytes);
    controller.abort();
    return module;
  });
  const { signal } = controller;
  const error = await failure(load(assembleProgram(), { signal }));
  assert.equal(error.code, "ECANCELED");
});

test("what a page's policy forbids to compile says what to allow", async (t) => {
  t.mock.method(WebAssembly, "compile", async () => {
    throw new WebAssembly.CompileError("violates the Content Security policy");
  });
  const error = await failure(load(assembleProgram()));
  assert.equal(error.code, "EACCES");
  assert.match(error.message, /needs script-src 'wasm-unsafe-eval'/);
});

test("a path that cannot be is EINVAL, a transferred buffer too", async () => {
  assert.equal((await failure(load("a\0b.wasm"))).code, "EINVAL");
  const { buffer } = new Uint8Array(8);
  structuredClone(buffer, { transfer: [buffer] });
  assert.equal((await failure(load(buffer))).code, "EINVAL");
});

test("a signal during the download rejects load", async (t) => {
  const controller = new AbortController();
  const { origin } = await serve(t, {
    "/app.wasm": (response) => {
      response.writeHead(200, { "Content-Type": "application/wasm" });
      response.flushHeaders();
      controller.abort();
    },
  });
  const { signal } = controller;
  const error = await failure(load(`${origin}/app.wasm`, { signal }));
  assert.equal(error.code, "ECANCELED");
  assert.match(error.message, /app\.wasm was aborted/);
});

for (const [what, options, message] of [
  ["no object", 5, /options must be an object/],
  ["null", null, /options must be an object/],
  ["an unknown name", { argz: [] }, /unknown option "argz"; there are: args,/],
  ["args as text", { args: "a b" }, /option args: expected an array/],
  ["args of numbers", { args: [1] }, /option args/],
  ["args with NUL", { args: ["a\0b"] }, /option args: .*NUL/],
  ["env as array", { env: ["A=1"] }, /option env/],
  ["env of numbers", { env: { A: 1 } }, /option env/],
  ["env names with =", { env: { "A=B": "1" } }, /option env: .*without =/],
  ["a selector in Node", { canvas: "#view" }, /option canvas: .* no document/],
  ["a canvas that is none", { canvas: {} }, /option canvas: .* not a canvas/],
  ["fetch as number", { fetch: 1 }, /option fetch: expected/],
  ["fetch of numbers", { fetch: { allow: [1] } }, /option fetch: expected/],
  ["a bad source", { fetch: ["api.test"] }, /fetch source "api\.test"/],
  ["'self' in Node", { fetch: "'self'" }, /'self'.*no page/],
  ["stdin as number", { stdin: 5 }, /option stdin: expected/],
  ["stdout as text", { stdout: "log" }, /option stdout: expected/],
  ["stderr as object", { stderr: {} }, /option stderr: expected/],
  ["budget 0", { budget: 0 }, /option budget: .* above 0/],
  ["budget as text", { budget: "8" }, /option budget/],
  ["endless budget", { budget: Infinity }, /option budget/],
  ["signal", { signal: {} }, /option signal: expected an AbortSignal/],
]) {
  test(`the options are checked: ${what}`, async () => {
    const error = await failure(load(assembleProgram(), options));
    assert.equal(error.code, "EINVAL");
    assert.match(error.message, message);
  });
}

test("options that are unset or undefined are the defaults", async () => {
  const app = await load(exits(1), {
    args: undefined,
    env: undefined,
    canvas: null,
    fetch: undefined,
    stdin: null,
    budget: undefined,
    signal: null,
  });
  assert.equal(await app.exited, 1);
});

test("'self' is the server that the program came from, in Node", async (t) => {
  const { origin } = await serve(t, { "/app.wasm": { body: exits(2) } });
  const app = await load(`${origin}/app.wasm`, { fetch: "'self'" });
  assert.equal(await app.exited, 2);
});
