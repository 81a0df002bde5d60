/* The callers by themselves: a guest that calls one function, and functions
 * that wait as the tests like. Where the engine has no JSPI, its tests are
 * skipped aloud here; browser/wasi.test.js has them too. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ERRNO, ProcExit } from "../../js/errors.js";
import { CALLERS } from "../../js/wasi/callers/caller.js";
import { hasJspi } from "../../js/wasi/callers/jspi.js";
import { asyncified, wat } from "../helpers/wat.js";

/** Reads at several depths of its stack and adds up what it was answered. */
const GUEST = `(module
  (import "wasi_snapshot_preview1" "fd_read"
    (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_seek"
    (func $seek (param i32 i64 i32 i32) (result i32)))
  (memory (export "memory") 2)
  (data (i32.const 131056) "the memory's end")
  (func $deep (param $depth i32) (param $keep f64) (result i32)
    (local $sum i32)
    (if (i32.eqz (local.get $depth))
      (then (return (call $read
        (i32.const 1) (i32.const 2) (i32.const 3) (i32.const 4)))))
    (local.set $sum (call $deep
      (i32.sub (local.get $depth) (i32.const 1))
      (f64.add (local.get $keep) (f64.const 1))))
    (i32.add (local.get $sum) (i32.trunc_f64_s (local.get $keep))))
  (func (export "deep") (param $depth i32) (result i32)
    (call $deep (local.get $depth) (f64.const 1)))
  (func (export "twice") (result i32)
    (i32.add
      (i32.mul (i32.const 100)
        (call $read (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))
      (call $read (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))))
  (func (export "all") (result i32)
    (call $open (i32.const -1) (i32.const 2) (i32.const 3) (i32.const 4)
      (i32.const 5) (i64.const -6) (i64.const 7) (i32.const 8) (i32.const 9)))
  (func (export "seek") (result i32)
    (call $seek (i32.const 1) (i64.const 2) (i32.const 3) (i32.const 4)))
  (func (export "trap") (result i32)
    (drop (call $read
      (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))
    (unreachable)))`;

const END = 131_072 - 16;

/**
 * @param {string} name of a caller
 * @param {Record<string, Function>} functions
 * @param {object} [more]
 */
async function load(name, functions, more = {}) {
  const bytes = name === "asyncify" ? await asyncified(GUEST) : wat(GUEST);
  const calls = {
    ended: false,
    waits: { last: { cancel() {} } },
    report() {},
    settled: (/** @type {Promise<number>} */ promise) => promise,
    unwindBytes: undefined,
    ...more,
  };
  const caller = CALLERS[name](calls);
  const all = { fd_read: () => 0, path_open: () => 0, fd_seek: () => 0 };
  const { instance } = await WebAssembly.instantiate(bytes, {
    wasi_snapshot_preview1: caller.imports({ ...all, ...functions }),
  });
  caller.attach(instance.exports);
  const { memory } = instance.exports;
  const enter = (/** @type {string} */ own) =>
    caller.enter(instance.exports[own]);
  return { calls, memory, enter };
}

const later = (/** @type {number} */ answer) =>
  new Promise((resolve) => {
    setImmediate(() => resolve(answer));
  });

const jspi = (await hasJspi()) ? false : "this engine has no JSPI";
/** @type {[name: string, skip: string | false][]} */
const WAITERS = [
  ["jspi", jspi],
  ["asyncify", false],
];

for (const [name, skip] of [...WAITERS, ["sync", false]]) {
  test(`${name}: a call that need not wait answers`, { skip }, async () => {
    const { enter } = await load(name, { fd_read: () => 5 });
    assert.equal(await enter("deep")(3), 5 + 1 + 2 + 3);
  });

  test(`${name}: arguments arrive as they are`, { skip }, async () => {
    /** @type {unknown[]} */
    const seen = [];
    const { enter } = await load(name, {
      path_open: (/** @type {unknown[]} */ ...args) => seen.push(args),
      fd_seek: (/** @type {unknown[]} */ ...args) => seen.push(args),
    });
    assert.equal(await enter("all")(), 1);
    assert.equal(await enter("seek")(), 2);
    assert.deepEqual(seen, [
      [-1, 2, 3, 4, 5, -6n, 7n, 8, 9],
      [1, 2n, 3, 4],
    ]);
  });

  test(
    `${name}: a program that was ended in a call is left`,
    { skip },
    async () => {
      const guest = await load(name, {
        fd_read() {
          guest.calls.ended = true;
          return 0;
        },
      });
      await assert.rejects(async () => guest.enter("deep")(2), ProcExit);
    },
  );
}

for (const [name, skip] of WAITERS) {
  test(
    `${name}: a call that waits keeps the stack, others go on`,
    { skip },
    async () => {
      let waits = 0;
      /** @type {(answer: number) => void} */
      let open = () => {};
      const { enter, memory } = await load(name, {
        fd_read() {
          waits++;
          return new Promise((resolve) => {
            open = resolve;
          });
        },
      });
      const result = enter("deep")(50);
      await later(0);
      open(7);
      assert.equal(await result, 7 + (50 * 51) / 2);
      assert.equal(waits, 1);
      const text = new TextDecoder().decode(
        new Uint8Array(memory.buffer, END, 16),
      );
      assert.equal(text, "the memory's end");
    },
  );

  test(
    `${name}: it waits again and again, and not every time`,
    { skip },
    async () => {
      let next = 0;
      const { enter } = await load(name, {
        fd_read: () => (++next % 2 === 0 ? next : later(next)),
      });
      const twice = enter("twice");
      assert.equal(await twice(), 102);
      assert.equal(await twice(), 304);
    },
  );

  test(`${name}: a trap after a wait arrives`, { skip }, async () => {
    const { enter } = await load(name, { fd_read: () => later(0) });
    await assert.rejects(enter("trap")(), WebAssembly.RuntimeError);
  });
}

test("asyncify: nothing of the frames is left in the program's memory", async () => {
  /** @type {Uint8Array[]} */
  const seen = [];
  const look = () => new Uint8Array(guest.memory.buffer).slice();
  const guest = await load("asyncify", {
    fd_read() {
      seen.push(look());
      return later(0).then(() => {
        seen.push(look());
        return 1;
      });
    },
  });
  await guest.enter("deep")(100);
  seen.push(look());
  const [before, ...others] = seen;
  assert.equal(others.length, 2);
  for (const bytes of others) assert.deepEqual(bytes, before);
});

test("asyncify: what a host writes while it waits stays, in the borrowed memory too", async () => {
  const guest = await load("asyncify", {
    fd_read: () =>
      later(0).then(() => {
        new Uint8Array(guest.memory.buffer).fill(0xee);
        return 1;
      }),
  });
  assert.equal(await guest.enter("deep")(3), 7);
  const bytes = new Uint8Array(guest.memory.buffer);
  assert.ok(bytes.every((byte) => byte === 0xee));
});

test("asyncify: a stack without room is an error that says what to do", async () => {
  const functions = { fd_read: () => later(0) };
  const guest = await load("asyncify", functions, { unwindBytes: 1024 });
  await assert.rejects(guest.enter("deep")(100), {
    code: "ENOMEM",
    message: /does not fit the 1024 bytes .* unwindBytes/,
  });
  const roomy = await load("asyncify", functions, { unwindBytes: 8192 });
  assert.equal(await roomy.enter("deep")(100), 5050);
});

test("asyncify: a program that takes over its own unwinding is told so", async () => {
  const taken = wat(`(module
    (import "wasi_snapshot_preview1" "fd_read"
      (func $read (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "asyncify_start_unwind") (param i32))
    (func (export "asyncify_stop_unwind"))
    (func (export "asyncify_start_rewind") (param i32))
    (func (export "asyncify_stop_rewind"))
    (func (export "asyncify_get_state") (result i32) (i32.const 0))
    (func (export "read") (result i32) (call $read
      (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))))`);
  const caller = CALLERS.asyncify({
    ...{ ended: false, report() {}, unwindBytes: undefined },
    waits: /** @type {any} */ ({ last: null }),
    settled: (promise) => promise,
  });
  const { instance } = await WebAssembly.instantiate(taken, {
    wasi_snapshot_preview1: caller.imports({ fd_read: () => later(0) }),
  });
  caller.attach(instance.exports);
  const read = caller.enter(instance.exports.read);
  await assert.rejects(read(), {
    code: "ENOTSUP",
    message: /it uses Asyncify itself/,
  });
});

test("sync: a call that would wait is given up, answers EAGAIN and says so once", async () => {
  const told = [];
  let cancelled = 0;
  const { enter } = await load(
    "sync",
    { fd_read: () => later(0) },
    {
      waits: { last: { cancel: () => cancelled++ } },
      report: (/** @type {string} */ text) => told.push(text),
    },
  );
  assert.equal(enter("twice")(), 101 * ERRNO.EAGAIN);
  assert.equal(cancelled, 2);
  assert.equal(told.length, 1);
  assert.match(told[0], /^fd_read would have to wait, .* `gossamer asyncify`/);
});
