/* WASI programs that wait: how they are ended meanwhile, what is closed then,
 * and what a program that waits does not hold up. e2e/wasi-programs.test.js
 * runs this file in a Node with JSPI, too. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryVolume } from "../../js/fs/memory.js";
import { hasJspi } from "../../js/wasi/callers/jspi.js";
import { Terminal, WASI, createPipe, socketPair } from "../../js/wasi/index.js";
import { readText, writeText } from "../helpers/streams.js";
import {
  CAT,
  FLAGS,
  HELLO,
  MAKER,
  MAKE_FILE,
  READER,
  SLEEP,
} from "../helpers/wasi-guests.js";
import { asyncified, wat } from "../helpers/wat.js";

const LIMIT = { timeout: 60_000 };

/** @type {("jspi" | "asyncify")[]} */
const WAITERS = (await hasJspi()) ? ["jspi", "asyncify"] : ["asyncify"];

/** @param {string} text @param {string} caller */
const build = async (text, caller) =>
  caller === "asyncify" ? asyncified(text) : wat(text);

const turn = () =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

/** @param {() => boolean} condition */
async function until(condition) {
  while (!condition()) await turn();
}

for (const caller of WAITERS) {
  test(
    `${caller}: A3 a read waits for the page, which goes on`,
    LIMIT,
    async () => {
      const keyboard = createPipe();
      let shown = "";
      const wasi = new WASI({
        stdin: keyboard.reader,
        stdout: {
          write(bytes) {
            shown += new TextDecoder().decode(bytes);
          },
        },
      });
      const exit = wasi.start(await build(CAT, caller), { caller });
      for (const text of ["one", "two"]) {
        await turn();
        shown = "";
        writeText(keyboard.writer, text);
        await until(() => shown === text);
      }
      keyboard.writer.close();
      assert.equal(await exit, 0);
    },
  );

  test(`${caller}: A4 sleeping holds nothing up`, LIMIT, async () => {
    let turns = 0;
    let over = false;
    const count = () => {
      turns++;
      if (!over) setImmediate(count);
    };
    count();
    const wasi = new WASI();
    assert.equal(await wasi.start(await build(SLEEP, caller), { caller }), 0);
    over = true;
    assert.ok(turns > 5, `${turns} turns`);
  });

  test(
    `${caller}: what is answered to a program that was stopped is dropped`,
    LIMIT,
    async () => {
      /** @type {(() => void)[]} */
      const answers = [];
      class Slow extends MemoryVolume {
        /** @param {any} directory @param {string} name @override */
        create(directory, name) {
          return /** @type {any} */ (
            new Promise((resolve) => {
              answers.push(() => resolve(super.create(directory, name)));
            })
          );
        }
      }
      const wasi = new WASI({ mounts: { "/": new Slow() } });
      const module = await build(MAKER, caller);
      const exports = await wasi.initialize(module, { caller });
      const view = new DataView(exports.memory.buffer);
      const made = exports.make();
      await until(() => answers.length === 1);
      answers[0]?.();
      assert.deepEqual([await made, view.getInt32(512, true)], [0, 1]);
      await wasi.stop();
      const other = new WASI({ mounts: { "/": new Slow() } });
      const again = await other.initialize(module, { caller });
      const call = again.make();
      await until(() => answers.length === 2);
      await other.stop(3);
      await assert.rejects(call, { code: "ECANCELED" });
      answers[1]?.();
      await turn();
      const memory = new DataView(again.memory.buffer);
      assert.equal(memory.getInt32(512, true), 0, "nothing of it ran");
    },
  );

  test(`${caller}: a sleep that was ended leaves no timer`, LIMIT, async () => {
    const long = SLEEP.replace("20000000", "3600000000000");
    const timers = () =>
      process.getActiveResourcesInfo().filter((name) => name === "Timeout");
    const before = timers().length;
    const wasi = new WASI();
    const exit = wasi.start(await build(long, caller), { caller });
    await until(() => timers().length > before);
    await wasi.stop(4);
    assert.equal(await exit, 4);
    assert.equal(timers().length, before);
  });

  for (const [how, end] of /** @type {const} */ ([
    ["stop()", (wasi) => wasi.stop(9)],
    ["its signal", (_wasi, controller) => controller.abort()],
  ])) {
    test(
      `${caller}: ${how} ends a program that waits, and closes all`,
      LIMIT,
      async () => {
        const keyboard = createPipe();
        /** @type {string[]} */
        const log = [];
        class Logged extends MemoryVolume {
          /** @param {any} file @override */
          closeFile(file) {
            log.push("file closed");
            return super.closeFile(file);
          }
        }
        const controller = new AbortController();
        const wasi = new WASI({
          stdin: keyboard.reader,
          stdout: (line) => log.push(line),
          mounts: { "/": new Logged() },
          signal: controller.signal,
        });
        const exit = wasi.start(await build(CAT, caller), { caller });
        await until(() => keyboard.writer.ready(1) > 0 && wasi.caller !== null);
        writeText(keyboard.writer, "begun\nre");
        await until(() => log.length > 0);
        await turn();
        end(wasi, controller);
        assert.equal(await exit, how === "stop()" ? 9 : 0);
        assert.deepEqual(log, ["begun", "re", "file closed"]);
        assert.equal(writeText(keyboard.writer, "more"), "EPIPE");
        await turn();
        assert.equal(log.length, 3, "nothing of it runs afterwards");
      },
    );
  }

  test(
    `${caller}: it has ended when its output has been taken`,
    LIMIT,
    async () => {
      /** @type {string[]} */
      const log = [];
      const slow = new WritableStream({
        async write(chunk) {
          await turn();
          await turn();
          log.push(new TextDecoder().decode(chunk));
        },
        close: () => void log.push("closed"),
      });
      const wasi = new WASI({ stdout: slow });
      assert.equal(await wasi.start(await build(HELLO, caller), { caller }), 3);
      assert.deepEqual(log, ["hello\nworld\n", "closed"]);
    },
  );

  test(
    `${caller}: who stops it does not wait for a reader that hangs`,
    LIMIT,
    async () => {
      let given = 0;
      const hangs = {
        write: () => {
          given++;
          return new Promise(() => {});
        },
      };
      const stdin = createPipe();
      writeText(stdin.writer, "text");
      const wasi = new WASI({ stdin: stdin.reader, stdout: hangs });
      const module = await build(CAT, caller);
      const exit = wasi.start(module, { caller });
      await until(() => given === 1);
      await wasi.stop(2);
      assert.equal(await exit, 2);
      const ended = new WASI({ stdin: "text", stdout: hangs });
      const code = ended.start(module, { caller });
      await until(() => given === 2);
      await turn();
      await ended.stop(2);
      assert.equal(await code, 0, "it had ended by itself");
    },
  );

  test(`${caller}: exports wait for each other`, LIMIT, async () => {
    const keyboard = createPipe();
    const wasi = new WASI({ stdin: keyboard.reader });
    const module = await build(READER, caller);
    const exports = await wasi.initialize(module, { caller });
    const calls = [exports.byte(), exports.byte(), exports.byte()];
    await turn();
    writeText(keyboard.writer, "ab");
    await turn();
    writeText(keyboard.writer, "c");
    assert.deepEqual(await Promise.all(calls), [97, 98, 99]);
    const exit = exports.exit();
    const late = exports.byte();
    writeText(keyboard.writer, "d");
    await assert.rejects(exit, { code: "ECANCELED", message: /exit code 100/ });
    await assert.rejects(late, { code: "ECANCELED" });
    await wasi.stop();
    const again = await wasi.initialize(module, { caller });
    await assert.rejects(again.trap(), { code: "ETRAP" });
  });

  test(
    `${caller}: a call that waits is rejected when the program is stopped`,
    LIMIT,
    async () => {
      const wasi = new WASI({ stdin: createPipe().reader });
      const module = await build(READER, caller);
      const exports = await wasi.initialize(module, { caller });
      const call = exports.byte();
      const next = exports.byte();
      await turn();
      void wasi.stop(1);
      const gone = { code: "ECANCELED", message: /exit code 1/ };
      await assert.rejects(call, gone);
      await assert.rejects(next, gone);
    },
  );

  test(
    `${caller}: a terminal is standard input and output`,
    LIMIT,
    async () => {
      let shown = "";
      const terminal = new Terminal({
        output(bytes) {
          shown += new TextDecoder().decode(bytes);
        },
      });
      const wasi = new WASI({ terminal });
      const exit = wasi.start(await build(CAT, caller), { caller });
      await turn();
      terminal.input("typed\r");
      await until(() => shown.endsWith("typed\r\ntyped\r\n"));
      terminal.input("\x04");
      assert.equal(await exit, 0);
    },
  );

  test(
    `${caller}: sockets are on the descriptors after the mounts'`,
    LIMIT,
    async () => {
      const [own, theirs] = socketPair();
      const text = CAT.replace(
        "(i32.const 0) (i32.const 0) (i32.const 1) (i32.const 4)",
        "(i32.const 4) (i32.const 0) (i32.const 1) (i32.const 4)",
      ).replace(
        "(i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)",
        "(i32.const 4) (i32.const 0) (i32.const 1) (i32.const 8)",
      );
      const wasi = new WASI({
        mounts: { "/": new MemoryVolume() },
        sockets: [theirs],
      });
      const exit = wasi.start(await build(text, caller), { caller });
      await turn();
      writeText(own, "ping");
      await until(() => own.ready(0) > 0);
      assert.equal(readText(own), "ping");
      own.shutdown(false, true);
      assert.equal(await exit, 0);
    },
  );

  test(
    `${caller}: Go's standard streams say that they do not block`,
    LIMIT,
    async () => {
      const NONBLOCK = 4;
      const start = async (
        /** @type {number} */ fd,
        /** @type {boolean} */ go,
        how = {},
      ) => {
        const module = await build(`(module ${FLAGS(fd)})`, caller);
        const section = [0, 13, 10, ...Buffer.from("go:buildid"), 1, 2];
        const bytes = go ? Uint8Array.from([...module, ...section]) : module;
        return (await new WASI().start(bytes, { caller, ...how })) - 1;
      };
      for (const fd of [0, 1, 2]) {
        assert.equal(await start(fd, true), NONBLOCK);
        assert.equal(await start(fd, false), 0);
      }
      assert.equal(await start(0, true, { nonblocking: false }), 0);
      assert.equal(await start(0, false, { nonblocking: true }), NONBLOCK);
      assert.equal(await start(0, true, { caller: "sync" }), 0);
    },
  );
}

test(
  "sync: what would wait answers EAGAIN; the reason is told on stderr",
  LIMIT,
  async () => {
    const pipe = createPipe();
    /** @type {string[]} */
    const errors = [];
    const wasi = new WASI({
      stdin: pipe.reader,
      stderr: (line) => errors.push(line),
    });
    const exports = await wasi.initialize(wat(READER), { caller: "sync" });
    assert.deepEqual([exports.byte(), exports.byte()], [-6, -6]);
    writeText(pipe.writer, "a");
    assert.equal(exports.byte(), 97);
    pipe.writer.close();
    assert.equal(exports.byte(), 0);
    assert.equal(errors.length, 1);
    assert.match(errors[0], /^fd_read would have to wait/);
    await wasi.stop();
  },
);

test(
  "sync: sleeping stops the thread where it was asked for",
  LIMIT,
  async () => {
    const refused = await new WASI({ stderr: () => {} }).start(wat(SLEEP), {
      caller: "sync",
    });
    assert.equal(refused, 6, "EAGAIN");
    let turns = 0;
    const counting = setInterval(() => turns++);
    const wasi = new WASI();
    const how = /** @type {const} */ ({ caller: "sync", blocking: true });
    const started = wasi.start(new WebAssembly.Module(wat(SLEEP)), how);
    assert.equal(await started, 0);
    clearInterval(counting);
    assert.equal(turns, 0, "nothing else ran");
  },
);

test("asyncify: unwindBytes is room for the stack", LIMIT, async () => {
  const deep = CAT.replace(
    '(func (export "_start")',
    `(data (i32.const 0) "\\00\\10\\00\\00\\10\\00\\00\\00")
    (func $down (param $left i32) (result i32)
      (if (result i32) (local.get $left)
        (then (i32.add (local.get $left)
          (call $down (i32.sub (local.get $left) (i32.const 1)))))
        (else (call $read
          (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 4)))))
    (func (export "_start") (drop (call $down (i32.const 1000)))
      (call $again))
    (func $again`,
  );
  const module = await asyncified(deep);
  const start = async (/** @type {number | undefined} */ unwindBytes) => {
    const stdin = new Blob(["text"]);
    const wasi = new WASI({ stdin, stdout: () => {} });
    return wasi.start(module, { caller: "asyncify", unwindBytes });
  };
  assert.equal(await start(undefined), 0);
  assert.equal(await start(100_000), 0);
  await assert.rejects(start(4096), { code: "ENOMEM", message: /4096 bytes/ });
});

test(
  "a volume that cannot be opened is told, and what was open is closed",
  LIMIT,
  async () => {
    class Broken extends MemoryVolume {
      /** @override */
      open() {
        return -29;
      }
    }
    const pipe = createPipe();
    const wasi = new WASI({
      stdin: pipe.reader,
      mounts: { "/": new MemoryVolume(), "/broken": new Broken() },
    });
    await assert.rejects(wasi.start(wat(MAKE_FILE)), {
      code: "EIO",
      message: /broken/,
    });
    assert.equal(writeText(pipe.writer, "x"), "EPIPE");
  },
);
