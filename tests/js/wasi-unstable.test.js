/* The older module "wasi_unstable": what differs is translated, in both
 * directions, and no byte beside it is touched. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ERRNO } from "../../js/errors.js";
import { memory } from "../../js/fs/memory.js";
import { EVENTTYPE } from "../../js/wasi/abi.js";
import { WASI } from "../../js/wasi/index.js";
import { unstableFunctions } from "../../js/wasi/unstable.js";
import { RESULT, wasiRig } from "../helpers/wasi.js";
import { wat } from "../helpers/wat.js";

const STAT = 512;

async function setUp(replaced = {}) {
  const rig = await wasiRig({ "/": memory() });
  const functions = { ...rig.wasi, ...replaced };
  const old = unstableFunctions(functions, rig.context.memory);
  const fill = () => new Uint8Array(rig.wasm.buffer).fill(0xaa, 256, 1024);
  const path = (/** @type {string} */ value, at = 2048) => {
    new Uint8Array(rig.wasm.buffer).set(new TextEncoder().encode(value), at);
    return [at, value.length];
  };
  return { ...rig, old, fill, path };
}

test("it has preview1's functions but for sock_accept, which is newer", async () => {
  const { old, wasi } = await setUp();
  const names = Object.keys(wasi).filter((name) => name !== "sock_accept");
  assert.deepEqual(Object.keys(old).sort(), names.sort());
});

test("stat is shorter, and the bytes behind it are the program's", async () => {
  const { open, put, old, view, fill, path } = await setUp();
  assert.equal(await put("file", "x".repeat(300)), "ok");
  const fd = await open("file");
  for (const ask of [
    () => old.fd_filestat_get(fd, STAT),
    () => old.path_filestat_get(3, 0, ...path("file"), STAT),
  ]) {
    fill();
    assert.equal(await ask(), 0);
    assert.equal(view().getUint8(STAT + 16), 4, "a file");
    assert.equal(view().getUint32(STAT + 20, true), 1, "one link");
    assert.equal(view().getBigUint64(STAT + 24, true), 300n);
    const times = [32, 40, 48].map((at) =>
      view().getBigUint64(STAT + at, true),
    );
    const year2020 = 1_577_836_800_000_000_000n;
    assert.ok(times.every((time) => time > year2020 && time < 2n * year2020));
    assert.equal(view().getUint32(STAT - 4, true), 0xaaaaaaaa);
    assert.equal(view().getBigUint64(STAT + 56, true), 0xaaaaaaaaaaaaaaaan);
  }
});

test("stat at the very end of memory, and beyond", async () => {
  const { open, old, view, size } = await setUp();
  const fd = await open("file", { oflags: 1 });
  new Uint8Array(view().buffer).fill(0xaa, size - 128);
  assert.equal(await old.fd_filestat_get(fd, size - 56), 0);
  assert.equal(view().getUint8(size - 56 + 16), 4);
  assert.equal(view().getBigUint64(size - 64, true), 0xaaaaaaaaaaaaaaaan);
  for (const bad of [size - 55, size, -1]) {
    assert.equal(await old.fd_filestat_get(fd, bad), ERRNO.EFAULT);
  }
});

test("a stat that fails, now or later, writes nothing", async () => {
  const { old, view, fill, path } = await setUp({
    fd_filestat_get: async (
      /** @type {number} */ _fd,
      /** @type {number} */ at,
    ) => {
      view().setUint32(at, 0);
      return ERRNO.EIO;
    },
  });
  fill();
  const missing = old.path_filestat_get(3, 0, ...path("missing"), STAT);
  assert.equal(await missing, ERRNO.ENOENT);
  assert.equal(await old.fd_filestat_get(3, STAT), ERRNO.EIO);
  const bytes = new Uint8Array(view().buffer, 256, 768);
  assert.ok(bytes.every((byte) => byte === 0xaa));
});

test("a seek begins where the old number says", async () => {
  const { open, put, old, view } = await setUp();
  await put("file", "x".repeat(100));
  const fd = await open("file");
  const [CUR, END, SET] = [0, 1, 2];
  for (const [offset, whence, position] of /** @type {const} */ ([
    [10n, SET, 10n],
    [5n, CUR, 15n],
    [-1n, END, 99n],
  ])) {
    assert.equal(old.fd_seek(fd, offset, whence, RESULT), 0);
    assert.equal(view().getBigUint64(RESULT, true), position);
  }
  assert.equal(old.fd_seek(fd, 0n, 3, RESULT), ERRNO.EINVAL);
  assert.equal(old.fd_seek(fd, 0n, -1, RESULT), ERRNO.EINVAL);
});

/** A clock and a descriptor to read, as the old version lays them out. */
function putSubscriptions(
  /** @type {DataView} */ view,
  /** @type {number} */ at,
) {
  view.setBigUint64(at, 11n, true);
  view.setUint8(at + 8, EVENTTYPE.CLOCK);
  view.setBigUint64(at + 16, 99n, true); // the clock's name, for nobody
  view.setUint32(at + 24, 1, true);
  view.setBigUint64(at + 32, 5_000n, true);
  view.setBigUint64(at + 40, 7n, true);
  view.setUint16(at + 48, 1, true);
  view.setBigUint64(at + 56, 22n, true);
  view.setUint8(at + 64, EVENTTYPE.FD_READ);
  view.setUint32(at + 72, 6, true);
}

const waysToAnswer = {
  now: (/** @type {number} */ errno) => errno,
  later: (/** @type {number} */ errno) => Promise.resolve(errno),
};

for (const [when, answer] of Object.entries(waysToAnswer)) {
  test(`what is polled for is handed on; answered ${when}`, async () => {
    /** @type {unknown[]} */
    const seen = [];
    const { old, view } = await setUp({
      poll_oneoff(
        /** @type {number} */ input,
        /** @type {number} */ output,
        /** @type {number} */ count,
        /** @type {number} */ stored,
      ) {
        const at = (/** @type {number} */ offset) => input + offset;
        seen.push(
          view().getBigUint64(at(0), true),
          view().getUint8(at(8)),
          view().getUint32(at(16), true),
          view().getBigUint64(at(24), true),
          view().getBigUint64(at(32), true),
          view().getUint16(at(40), true),
          view().getBigUint64(at(48), true),
          view().getUint8(at(56)),
          view().getUint32(at(64), true),
          count,
        );
        view().setBigUint64(output, 22n, true);
        view().setUint32(stored, 1, true);
        return answer(0);
      },
    });
    for (const output of [1024, STAT, STAT + 8]) {
      putSubscriptions(view(), STAT);
      const before = new Uint8Array(view().buffer).slice(STAT, STAT + 112);
      seen.length = 0;
      assert.equal(await old.poll_oneoff(STAT, output, 2, RESULT), 0);
      assert.deepEqual(seen, [11n, 0, 1, 5_000n, 7n, 1, 22n, 1, 6, 2]);
      assert.equal(view().getBigUint64(output, true), 22n);
      assert.equal(view().getUint32(RESULT, true), 1);
      const after = new Uint8Array(view().buffer).slice(STAT, STAT + 112);
      if (output === 1024) assert.deepEqual(after, before, "put back");
    }
  });
}

test("a poll that fails leaves the subscriptions as they were", async () => {
  const { old, view, size } = await setUp({ poll_oneoff: () => ERRNO.EINVAL });
  putSubscriptions(view(), STAT);
  const before = new Uint8Array(view().buffer).slice(STAT, STAT + 112);
  assert.equal(old.poll_oneoff(STAT, 1024, 2, RESULT), ERRNO.EINVAL);
  assert.deepEqual(
    new Uint8Array(view().buffer).slice(STAT, STAT + 112),
    before,
  );
  for (const [at, count] of [
    [size - 111, 2],
    [0, 2 ** 31],
    [0, -1],
    [-56, 1],
  ]) {
    assert.equal(old.poll_oneoff(at, 1024, count, RESULT), ERRNO.EFAULT);
  }
});

test("a module of that version runs", async () => {
  const module = wat(`(module
    (import "wasi_unstable" "fd_write"
      (func $write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_unstable" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "\\08\\00\\00\\00\\04\\00\\00\\00old\\n")
    (func (export "_start")
      (call $exit (call $write
        (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 64)))))`);
  /** @type {string[]} */
  const lines = [];
  const wasi = new WASI({ stdout: (line) => void lines.push(line) });
  assert.equal(await wasi.start(module), 0);
  assert.deepEqual(lines, ["old"]);
});
