/* The WASI functions: what libc needs, what is refused, and that no pointer
 * can make them throw. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ERRNO, ProcExit } from "../../js/errors.js";
import { FUNCTIONS } from "../../js/wasi/abi.js";
import { fakeHost } from "../helpers/host.js";

function setUp(settings = {}) {
  const fake = fakeHost(settings);
  const wasi = fake.preview1;
  const view = () => new DataView(fake.wasm.buffer);
  /** Writes iovecs at `at`. */
  const iovecs = (at, ...spans) => {
    spans.flat().forEach((number, index) => {
      view().setUint32(at + 4 * index, number, true);
    });
    return [at, spans.length];
  };
  const u32 = (at) => view().getUint32(at, true);
  const u64 = (at) => view().getBigUint64(at, true);
  return { ...fake, wasi, view, iovecs, u32, u64 };
}

test("all 46 functions of preview1 are there", () => {
  assert.equal(new Set(FUNCTIONS).size, 46);
  assert.deepEqual(Object.keys(setUp().wasi).sort(), [...FUNCTIONS].sort());
});

test("arguments and environment", () => {
  const { wasi, u32, peek } = setUp({
    args: ["app.wasm", "ü", ""],
    env: { A: "1", EMPTY: "" },
  });
  assert.equal(wasi.args_sizes_get(0, 4), 0);
  assert.deepEqual([u32(0), u32(4)], [3, 13]);
  assert.equal(wasi.args_get(16, 64), 0);
  assert.deepEqual([u32(16), u32(20), u32(24)], [64, 73, 76]);
  assert.equal(peek(64, 13), "app.wasm\0ü\0\0");
  assert.equal(wasi.environ_sizes_get(0, 4), 0);
  assert.deepEqual([u32(0), u32(4)], [2, 11]);
  assert.equal(wasi.environ_get(16, 64), 0);
  assert.equal(peek(64, 11), "A=1\0EMPTY=\0");
});

test("the monotonic clock starts with the program", () => {
  const { wasi, u64, advance } = setUp();
  assert.equal(wasi.clock_time_get(1, 0n, 8), 0);
  assert.equal(u64(8), 0n);
  advance(1234.5678);
  wasi.clock_time_get(1, 0n, 8);
  assert.ok(u64(8) >= 1_234_567_799n && u64(8) <= 1_234_567_800n, `${u64(8)}`);
});

test("a time is right to the nanosecond, however late it is", () => {
  for (const ms of [0.5, 4294.967295, 4294.967297, 2 ** 20, 2 ** 32 - 0.25]) {
    for (const laterMs of [0, 2 ** 20, 2 ** 40, 1_763_740_800_000]) {
      const { wasi, u64, advance } = setUp();
      advance(ms + laterMs);
      wasi.clock_time_get(1, 0n, 8);
      const whole = Math.floor(ms + laterMs);
      const rest = Math.floor((ms + laterMs - whole) * 1e6);
      const expected = BigInt(whole) * 1_000_000n + BigInt(rest);
      assert.equal(u64(8), expected, `${ms + laterMs} ms`);
    }
  }
});

test("the time of day is the host's", () => {
  const { wasi, u64 } = setUp();
  const before = BigInt(Date.now()) * 1_000_000n;
  assert.equal(wasi.clock_time_get(0, 0n, 8), 0);
  const after = BigInt(Date.now()) * 1_000_000n;
  const slack = 50_000_000n; // the two clocks of a host may differ a little
  assert.ok(u64(8) > before - slack && u64(8) < after + slack, `${u64(8)}`);
});

test("the time of day is right after the machine has slept", (t) => {
  const { wasi, u64 } = setUp();
  const woken = Date.now() + 3_600_000;
  t.mock.method(Date, "now", () => woken);
  assert.equal(wasi.clock_time_get(0, 0n, 8), 0);
  const ms = Number(u64(8) / 1_000_000n);
  assert.ok(Math.abs(ms - woken) <= 50, `${ms - woken} ms off`);
});

test("what the program used of the processor is how long it has run", () => {
  const { wasi, u64, advance } = setUp();
  advance(1500);
  for (const id of [2, 3]) {
    assert.equal(wasi.clock_time_get(id, 0n, 8), 0);
    assert.equal(u64(8), 1_500_000_000n);
  }
});

for (const [stepMs, expected] of [
  [1, 1_000_000n],
  [0.1, 100_000n],
  [0.02, 20_000n],
  [0.005, 5_000n],
  [0.000001, 1_000n],
]) {
  test(`a clock with steps of ${stepMs} ms says so`, (t) => {
    const { wasi, u64 } = setUp();
    let steps = Math.round(123_456.789123 / stepMs);
    t.mock.method(performance, "now", () => (steps += 7) * stepMs);
    for (const id of [0, 1, 2, 3]) {
      assert.equal(wasi.clock_res_get(id, 8), 0);
      assert.equal(u64(8), expected);
    }
  });
}

test("a clock that there is not is EINVAL", () => {
  const { wasi } = setUp();
  for (const id of [4, -1, 2 ** 31]) {
    assert.equal(wasi.clock_res_get(id, 8), ERRNO.EINVAL);
    assert.equal(wasi.clock_time_get(id, 0n, 8), ERRNO.EINVAL);
  }
});

test("a signal that ends programs ends this one, as a shell reports it", () => {
  for (let signal = 1; signal <= 30; signal++) {
    if ([16, 17, 18, 19, 20, 21, 22, 27].includes(signal)) continue;
    const { wasi, outcomes } = setUp();
    assert.throws(() => wasi.proc_raise(signal), ProcExit);
    assert.deepEqual(outcomes, [{ code: 128 + signal }]);
  }
});

test("other signals do nothing, stop nothing, or are none", () => {
  const { wasi, outcomes } = setUp();
  for (const signal of [0, 16, 17, 22, 27]) {
    assert.equal(wasi.proc_raise(signal), 0, `signal ${signal}`);
  }
  for (const signal of [18, 19, 20, 21]) {
    assert.equal(wasi.proc_raise(signal), ERRNO.ENOTSUP, `signal ${signal}`);
  }
  for (const signal of [31, 256, -1]) {
    assert.equal(wasi.proc_raise(signal), ERRNO.EINVAL, `signal ${signal}`);
  }
  assert.deepEqual(outcomes, []);
});

test("fd_write gathers its parts and splits them into lines", () => {
  const { wasi, put, iovecs, u32, stdout, stderr } = setUp();
  put(100, "hello, ");
  put(200, "world\nnext");
  const list = iovecs(0, [100, 7], [300, 0], [200, 10]);
  assert.equal(wasi.fd_write(1, ...list, 64), 0);
  assert.equal(u32(64), 17);
  assert.deepEqual(stdout, ["hello, world"]);
  assert.equal(wasi.fd_write(2, ...iovecs(0, [200, 6]), 64), 0);
  assert.deepEqual(stderr, ["world"]);
});

test("fd_write with a bad part writes nothing at all", () => {
  const { wasi, put, iovecs, size, stdout, host } = setUp();
  put(100, "text\n");
  const bad = iovecs(0, [100, 5], [size - 1, 2]);
  assert.equal(wasi.fd_write(1, ...bad, 64), ERRNO.EFAULT);
  assert.equal(wasi.fd_write(1, size - 4, 1, 64), ERRNO.EFAULT);
  assert.equal(wasi.fd_write(1, ...iovecs(0, [100, 5]), -1), ERRNO.EFAULT);
  assert.equal(wasi.fd_write(1, 0, 1025, 64), ERRNO.EINVAL);
  assert.equal(wasi.fd_write(1, 0, -1, 64), ERRNO.EINVAL);
  host.stdout.flush();
  assert.deepEqual(stdout, []);
});

test("fd_write leaves wasm when its reader has stopped the program", () => {
  const { wasi, put, iovecs, entries, host, stdout, ...fake } = setUp();
  const list = iovecs(0, [100, put(100, "line\n")]);
  let returned = false;
  stdout.push = () => host.events.end({ code: 6 });
  entries.gs_pump = () => {
    wasi.fd_write(1, ...list, 64);
    returned = true;
    return -1;
  };
  host.events.attach(entries);
  host.events.wake();
  fake.runMicrotasks();
  assert.equal(returned, false, "the function returned to wasm");
  assert.deepEqual(fake.outcomes, [{ code: 6 }]);
});

test("only the three standard descriptors are there", () => {
  const { wasi, iovecs } = setUp();
  const list = iovecs(0, [100, 1]);
  assert.equal(wasi.fd_write(0, ...list, 64), ERRNO.ENOTCAPABLE);
  assert.equal(wasi.fd_write(3, ...list, 64), ERRNO.EBADF);
  assert.equal(wasi.fd_write(-1, ...list, 64), ERRNO.EBADF);
  assert.equal(wasi.fd_read(1, ...list, 64), ERRNO.ENOTCAPABLE);
  assert.equal(wasi.fd_close(3), ERRNO.EBADF);
  assert.equal(wasi.fd_fdstat_get(7, 0), ERRNO.EBADF);
  assert.equal(wasi.fd_seek(5, 0n, 0, 0), ERRNO.EBADF);
  assert.equal(wasi.fd_prestat_get(3, 0), ERRNO.EBADF);
});

test("a closed descriptor is one no more", () => {
  const { wasi, iovecs } = setUp();
  assert.equal(wasi.fd_close(1), 0);
  assert.equal(wasi.fd_close(1), ERRNO.EBADF);
  assert.equal(wasi.fd_write(1, ...iovecs(0, [0, 1]), 64), ERRNO.EBADF);
});

test("the standard descriptors look like a terminal: no seeking", () => {
  const { wasi, view } = setUp();
  for (const fd of [0, 1, 2]) {
    assert.equal(wasi.fd_fdstat_get(fd, 8), 0);
    assert.equal(view().getUint8(8), 2, "a character device");
    assert.equal(wasi.fd_seek(fd, 0n, 0, 0), ERRNO.ESPIPE);
    assert.equal(wasi.fd_tell(fd, 0), ERRNO.ESPIPE);
  }
});

test("fd_read takes what is there", () => {
  const { wasi, iovecs, u32, peek } = setUp({ stdin: "input" });
  assert.equal(wasi.fd_read(0, ...iovecs(0, [300, 1]), 64), 0);
  const list = iovecs(0, [100, 0], [200, 3]);
  assert.equal(wasi.fd_read(0, ...list, 64), 0);
  assert.equal(u32(64), 3);
  assert.equal(peek(200, 3), "npu");
});

test("random_get fills any size and no more", () => {
  const { wasi, wasm } = setUp();
  wasm.grow(3);
  const size = 200_000;
  assert.equal(wasi.random_get(1, size), 0);
  const bytes = new Uint8Array(wasm.buffer);
  for (const at of [1, 65_537, 131_073, size - 63]) {
    assert.notDeepEqual(bytes.slice(at, at + 64), new Uint8Array(64));
  }
  assert.equal(bytes[0], 0);
  assert.deepEqual(bytes.slice(size + 1, size + 65), new Uint8Array(64));
  assert.equal(wasi.random_get(0, 0), 0);
});

test("proc_exit ends the program and leaves wasm", () => {
  const { wasi, outcomes } = setUp();
  assert.throws(() => wasi.proc_exit(5), ProcExit);
  assert.deepEqual(outcomes, [{ code: 5 }]);
});

test("pointers out of bounds are EFAULT, never an exception", () => {
  const { wasi, size } = setUp({ env: { A: "1" } });
  for (const bad of [size, size - 1, -1, -4, 0x7fffffff]) {
    for (const [name, ...args] of [
      ["args_sizes_get", bad, 0],
      ["args_sizes_get", 0, bad],
      ["args_get", bad, 0],
      ["args_get", 0, bad],
      ["environ_sizes_get", bad, 0],
      ["environ_get", bad, 0],
      ["environ_get", 0, bad],
      ["clock_res_get", 0, bad],
      ["clock_time_get", 1, 0n, bad],
      ["fd_write", 1, bad, 1, 0],
      ["fd_read", 0, bad, 1, 0],
      ["fd_read", 0, 0, 0, bad],
      ["fd_fdstat_get", 1, bad],
      ["random_get", bad, 2],
      ["random_get", 0, -1],
    ]) {
      assert.equal(wasi[name](...args), ERRNO.EFAULT, `${name} ${args}`);
    }
  }
});
