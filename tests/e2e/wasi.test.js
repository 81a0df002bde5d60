/* The WASI host as its users meet it, in Node: what runs, how it ends, and
 * what is refused with which words. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Terminal, WASI, createPipe } from "../../js/wasi/index.js";
import { programPath } from "../helpers/programs.js";
import {
  ECHO_ARGS,
  HELLO,
  MEMORY,
  REACTOR,
  START,
  guest,
} from "../helpers/wasi-guests.js";
import { asyncified, wat } from "../helpers/wat.js";

const CALLERS = /** @type {const} */ (["asyncify", "sync"]);

/** @param {string} text @param {string} caller */
const build = async (text, caller) =>
  caller === "asyncify" ? asyncified(text) : wat(text);

function setUp(options = {}) {
  /** @type {string[]} */
  const lines = [];
  /** @type {string[]} */
  const errors = [];
  const wasi = new WASI({
    stdout: (line) => lines.push(line),
    stderr: (line) => errors.push(line),
    ...options,
  });
  return { wasi, lines, errors };
}

for (const caller of CALLERS) {
  test(`${caller}: a command's output and exit code`, async () => {
    const { wasi, lines, errors } = setUp();
    assert.equal(wasi.caller, null);
    const module = await build(HELLO, caller);
    assert.equal(await wasi.start(module, { caller }), 3);
    assert.equal(wasi.caller, caller);
    assert.deepEqual([lines, errors], [["hello", "world"], []]);
    assert.equal(await wasi.start(module, { caller }), 3);
    assert.equal(lines.length, 4, "the same object runs another one");
  });

  test(`${caller}: a command that returns has the exit code 0`, async () => {
    const { wasi } = setUp();
    const module = await build(`(module ${START} ${MEMORY})`, caller);
    assert.equal(await wasi.start(module, { caller }), 0);
  });

  test(`${caller}: a trap rejects with the stack`, async () => {
    const { wasi } = setUp();
    const text = `(module ${MEMORY} (func (export "_start") (unreachable)))`;
    const module = await build(text, caller);
    await assert.rejects(wasi.start(module, { caller }), (error) => {
      assert.equal(error.code, "ETRAP");
      assert.match(error.stack, /wasm:\/\//);
      assert.ok(error.cause instanceof WebAssembly.RuntimeError);
      return true;
    });
  });

  test(`${caller}: a reactor is initialized and called`, async () => {
    const { wasi } = setUp();
    const module = await build(REACTOR, caller);
    const exports = await wasi.initialize(module, { caller });
    assert.deepEqual(
      [await exports.count(), await exports.count(), exports.answer.value],
      [101, 102, 42],
    );
    const names = ["answer", "count", "exit", "memory", "trap"];
    assert.deepEqual(Object.keys(exports).sort(), names);
    await assert.rejects(wasi.start(module), { code: "EBUSY" });
    await assert.rejects(async () => exports.trap(), { code: "ETRAP" });
    await assert.rejects(async () => exports.count(), {
      code: "ECANCELED",
      message: /has crashed/,
    });
  });

  test(`${caller}: a reactor that exits, and one that is stopped`, async () => {
    const { wasi } = setUp();
    const module = await build(REACTOR, caller);
    const first = await wasi.initialize(module, { caller });
    await assert.rejects(async () => first.exit(9), {
      code: "ECANCELED",
      message: /exit code 9/,
    });
    await wasi.stop();
    const second = await wasi.initialize(module, { caller });
    await wasi.stop(4);
    await assert.rejects(async () => second.count(), {
      code: "ECANCELED",
      message: /exit code 4/,
    });
  });

  test(`${caller}: what a line's reader stops runs no further`, async () => {
    const { wasi, lines } = setUp({
      stdout(/** @type {string} */ line) {
        lines.push(line);
        void wasi.stop(7);
      },
    });
    const module = await build(HELLO, caller);
    assert.equal(await wasi.start(module, { caller }), 7);
  });
}

test("without JSPI, Asyncify is taken where it is, else sync", async () => {
  const { wasi } = setUp();
  const engine = /** @type {{ Suspending?: unknown }} */ (WebAssembly);
  if ("Suspending" in engine) delete engine.Suspending;
  await wasi.start(await asyncified(HELLO));
  assert.equal(wasi.caller, "asyncify");
  await wasi.start(wat(HELLO));
  assert.equal(wasi.caller, "sync");
});

test("a Gossamer program is run as load() runs it", async () => {
  const { wasi, lines, errors } = setUp({ args: ["a"], env: { GREETED: "e" } });
  assert.equal(await wasi.start(programPath("hello")), 2);
  assert.equal(wasi.caller, "park");
  assert.deepEqual(lines, ["arg 0: hello.wasm", "arg 1: a", "hello, e"]);
  assert.deepEqual(errors, ["to stderr"]);
});

test("a Gossamer program has the name, the files and the terminal it is given", async () => {
  let shown = "";
  const terminal = new Terminal({
    output(bytes) {
      shown += new TextDecoder().decode(bytes);
    },
  });
  const wasi = new WASI({ name: "own", terminal });
  assert.equal(await wasi.start(programPath("hello")), 1);
  assert.match(shown, /^arg 0: own\r\n/);
  const { wasi: other } = setUp({ sockets: [createPipe().reader] });
  await assert.rejects(other.start(programPath("hello")), {
    code: "EINVAL",
    message: /option sockets/,
  });
  await assert.rejects(setUp().wasi.start(programPath("calls")), {
    code: "ENOEXEC",
    message: /calls\.wasm has no main\(\) to run/,
  });
});

test("a module whose start function exits, and one whose traps", async () => {
  const exits = guest(
    `(import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
     ${MEMORY} ${START} (func $go (call $exit (i32.const 5))) (start $go)`,
  );
  const traps = guest(
    `${MEMORY} ${START} (func $go (unreachable)) (start $go)`,
  );
  const { wasi } = setUp();
  assert.equal(await wasi.start(exits), 5);
  await assert.rejects(wasi.start(traps), (error) => {
    assert.equal(error.code, "ETRAP");
    assert.match(error.stack, /wasm:\/\//);
    return true;
  });
});

test("a module that cannot start does not wait for its output", async () => {
  const hangs = new WritableStream({ close: () => new Promise(() => {}) });
  const { wasi } = setUp({ stdout: hangs });
  const wants = guest(`(import "env" "f" (func)) ${MEMORY} ${START}`);
  await assert.rejects(wasi.start(wants), { code: "ENOEXEC" });
});

test("arguments come after the name, which the option sets", async () => {
  const options = { args: ["one", "", "ünï"] };
  const plain = setUp(options);
  await plain.wasi.start(wat(ECHO_ARGS));
  assert.deepEqual(plain.lines, ["app.wasm", "one", "", "ünï"]);
  const named = setUp({ ...options, name: "prog" });
  await named.wasi.start(wat(ECHO_ARGS));
  assert.deepEqual(named.lines, ["prog", "one", "", "ünï"]);
});

test("one module at a time: a second start is EBUSY", async () => {
  const { wasi } = setUp();
  const first = wasi.start(wat(HELLO));
  await assert.rejects(wasi.start(wat(HELLO)), { code: "EBUSY" });
  assert.equal(await first, 3);
});

test("an aborted signal: before, and while it loads", async () => {
  const before = setUp({ signal: AbortSignal.abort() });
  await assert.rejects(before.wasi.start(wat(HELLO)), { code: "ECANCELED" });
  const controller = new AbortController();
  const { wasi, lines } = setUp({ signal: controller.signal });
  const started = wasi.start(wat(HELLO));
  controller.abort();
  await assert.rejects(started, { code: "ECANCELED" });
  assert.deepEqual(lines, []);
});

test("stop() while it loads ends it before it begins", async () => {
  const { wasi, lines } = setUp();
  const started = wasi.start(wat(HELLO));
  void wasi.stop(11);
  assert.equal(await started, 11);
  assert.deepEqual(lines, []);
  await wasi.stop(12);
  assert.equal(await wasi.start(wat(HELLO)), 3, "stopping nothing is nothing");
});

const OPEN = `(import "wasi_snapshot_preview1" "path_openat" (func))`;

for (const [what, module, entry, message] of [
  [
    "a module without entries",
    guest(MEMORY),
    "start",
    /exports neither _start nor _initialize/,
  ],
  ["a reactor", wat(REACTOR), "start", /is a reactor.*initialize\(\)/],
  ["a command", wat(HELLO), "initialize", /is a command.*start\(\)/],
  ["no memory", guest(START), "start", /does not export its memory/],
  [
    "imports that are not there",
    guest(`${OPEN} (import "env" "g" (func)) ${MEMORY} ${START}`),
    "start",
    /imports .*: wasi_snapshot_preview1\.path_openat .*, env\.g \(function\)/,
  ],
  [
    "an import of another type",
    guest(
      `(import "wasi_snapshot_preview1" "fd_close" (global i32))
       ${MEMORY} ${START}`,
    ),
    "start",
    /fd_close \(global\)/,
  ],
]) {
  test(`${what}: ${entry}() is ENOEXEC`, async () => {
    const { wasi } = setUp();
    const run = /** @type {"start" | "initialize"} */ (entry);
    await assert.rejects(wasi[run](module), { code: "ENOEXEC", message });
    assert.equal(await wasi.start(wat(HELLO)), 3, "another one runs");
  });
}

for (const [options, message] of /** @type {[any, RegExp][]} */ ([
  [null, /options must be an object/],
  [{ preopens: {} }, /unknown option "preopens"; there are: args, env/],
  [{ args: "a" }, /option args/],
  [{ env: { "A=": "1" } }, /option env/],
  [{ name: 5 }, /option name/],
  [{ name: "a\0" }, /option name/],
  [{ mounts: [] }, /option mounts/],
  [{ mounts: { data: {} } }, /"data" is not an absolute path/],
  [{ mounts: { "/a/": {} } }, /"\/a\/" is not an absolute path/],
  [{ mounts: { "/a/../b": {} } }, /is not an absolute path/],
  [{ mounts: { "/": {} } }, /expected a volume .* at "\/"/],
  [{ mounts: { "/": null } }, /expected a volume .* at "\/"/],
  [{ signal: true }, /option signal/],
])) {
  test(`new WASI(${JSON.stringify(options)}) is EINVAL`, () => {
    assert.throws(() => new WASI(options), { code: "EINVAL", message });
  });
}

for (const [options, code, message] of /** @type {[any, string, RegExp][]} */ ([
  [{ caller: "async" }, "EINVAL", /option caller: expected one of park, jspi/],
  [{ caller: "park" }, "ENOTSUP", /was not built with Gossamer/],
  [{ caller: "asyncify" }, "ENOTSUP", /`gossamer asyncify` adds it/],
  [{ blocking: 1 }, "EINVAL", /option blocking/],
  [{ unwindBytes: 0.5 }, "EINVAL", /option unwindBytes/],
  [{ fast: true }, "EINVAL", /unknown option "fast"/],
])) {
  test(`start(module, ${JSON.stringify(options)}) is ${code}`, async () => {
    const { wasi } = setUp();
    const started = wasi.start(wat(HELLO), options);
    await assert.rejects(started, { code, message });
  });
}

test("stop() takes an integer", async () => {
  await assert.rejects(setUp().wasi.stop(1.5), { code: "EINVAL" });
});
