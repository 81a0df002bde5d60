/* Every pointer and length of every function: out of range, wrapping past
 * 2^32, above 2 GiB, unaligned, zero, overlapping and negative. The answer is
 * an errno, never an exception, and nothing is written but where the call may
 * write; a call that fails has changed nothing. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ProcExit, errnoName } from "../../js/errors.js";
import { MemoryVolume } from "../../js/fs/memory.js";
import { Namespace } from "../../js/fs/namespace.js";
import { Listener } from "../../js/io/listener.js";
import { socketPair } from "../../js/io/pipe.js";
import { Memory } from "../../js/memory.js";
import { FDFLAGS, FUNCTIONS } from "../../js/wasi/abi.js";
import { Context } from "../../js/wasi/context.js";
import { StreamDescriptor } from "../../js/wasi/descriptors.js";
import { wasiFunctions } from "../../js/wasi/functions.js";
import { openMounts } from "../../js/wasi/preopens.js";
import { SIGNATURES } from "../helpers/signatures.js";

const PAGE_BYTES = 65_536;
const SMALL = 2 * PAGE_BYTES;
/** 3 GiB, of which the system gives only what is touched. */
const LARGE_PAGES = 49_152;
const HIGH = 0x9000_0000;
/** Parameters lie apart, with a pattern around them. */
const SPACING = 1024;
const BUFFERS = 512;

const small = new WebAssembly.Memory({ initial: 2 });

/** Addresses at which nothing of any size from 2 bytes on lies inside. */
const OUTSIDE = [
  SMALL,
  SMALL - 1,
  -1,
  -2,
  0x7fff_ffff,
  -0x8000_0000,
  SMALL * 9,
];
const LENGTHS = [-1, -2, 0x7fff_ffff, -0x8000_0000, SMALL + 1, 0x2000_0000];
const BIGS = [-1n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n, -(2n ** 53n)];
const NUMBERS = [-1, 0x7fff_ffff, -0x8000_0000, 0xff, 0x100, 0xffff, 0x1_0000];

/** What is written is an address, a time, or made by chance. */
const VARYING = /^(args_get|environ_get|clock_|random_|(fd|path)_filestat_get)/;

const named = (error) => (error === 0 ? "ok" : errnoName(error));

/** A program's surroundings, all anew, with one of everything opened. */
async function setUp(wasm = small) {
  const memory = new Memory();
  memory.attach(wasm);
  const volume = new MemoryVolume();
  const context = new Context({
    memory,
    namespace: new Namespace(),
    args: ["app", "x"],
    env: { A: "1" },
    now: () => 5,
    after: () => () => {},
    exit(code) {
      throw new ProcExit(code);
    },
    report() {},
    checkEnded() {},
    block: null,
  });
  const { descriptors, waits } = context;
  await openMounts(context, { "/": volume });
  const { root } = volume;
  volume.makeDirectory(root, "empty");
  volume.symlink(root, "link", "file");
  const file = volume.openNode(volume.create(root, "file"), {
    read: true,
    write: true,
  });
  volume.write(file, -1, new TextEncoder().encode("content"), 0, 7);
  const wasi = wasiFunctions(context);
  const bytes = new Uint8Array(wasm.buffer, 0, SMALL);
  bytes.set(new TextEncoder().encode("file"), 0);
  assert.equal(wasi.path_open(0, 0, 0, 4, 0, 0x0fff_ffffn, 0n, 0, 8), 0);
  const [own, peer] = socketPair();
  peer.write(new TextEncoder().encode("content"), 0, 7);
  const listener = new Listener();
  listener.connect();
  const nonblocking = FDFLAGS.NONBLOCK;
  const names = {
    directory: 0,
    file: new DataView(wasm.buffer).getUint32(8, true),
    socket: descriptors.add(new StreamDescriptor(own, own.type, nonblocking)),
    listener: descriptors.add(
      new StreamDescriptor(listener, listener.type, nonblocking),
    ),
  };

  /** What a call that fails must not have changed. */
  const state = () => {
    const opened = Array.from({ length: 16 }, (_, fd) => {
      const descriptor = descriptors.get(fd);
      return descriptor && `${descriptor.kind} ${descriptor.position}`;
    });
    const entries = volume.list(root).map(({ name }) => name);
    const size = volume.size(file);
    const ready = [own, peer, listener].map((stream) => stream.ready(0));
    return JSON.stringify([opened, entries.sort(), size, ready]);
  };
  return { wasm, wasi, waits, names, state };
}

/**
 * Lays the parameters of a call out in memory, from `base` on.
 * @returns the arguments, and the regions that the call may write
 */
function layOut({ wasm, names }, parameters, base, shift = 0) {
  const bytes = new Uint8Array(wasm.buffer);
  const view = new DataView(wasm.buffer);
  const regions = [];
  const args = parameters.map((parameter, index) => {
    const at = base + index * SPACING + shift;
    switch (parameter.role) {
      case "fd":
        return names[parameter.name];
      case "pointer":
        if (parameter.text) bytes.set(parameter.text, at);
        if (parameter.writes) regions.push([at, at + parameter.bytes]);
        return at;
      case "iovecs":
        parameter.sizes.forEach((size, part) => {
          const where = at + BUFFERS + part * 64;
          view.setUint32(at + 8 * part, where, true);
          view.setUint32(at + 8 * part + 4, size, true);
          if (parameter.writes) regions.push([where, where + size]);
        });
        return at;
      default:
        return parameter.value;
    }
  });
  return { args, regions };
}

/** Memory as it is, to see afterwards what was written. */
function pattern(wasm, from, to) {
  const bytes = new Uint8Array(wasm.buffer, from, to - from);
  for (let at = 0; at < bytes.length; at++) bytes[at] = (at * 31 + 7) & 0xff;
}

/** Where memory differs from `before` outside of the regions: nowhere. */
function checkWrites(wasm, from, before, regions, what) {
  const after = Buffer.from(new Uint8Array(wasm.buffer, from, before.length));
  for (const [start, end] of regions) {
    before.copy(after, start - from, start - from, end - from);
  }
  if (after.equals(before)) return;
  const at = after.findIndex((byte, index) => byte !== before[index]);
  assert.fail(`${what} wrote at ${from + at}`);
}

/** Calls a function, which must not throw, and gives up what waits. */
async function call({ wasi, waits }, name, args, what) {
  try {
    const result = wasi[name](...args);
    if (!(result instanceof Promise)) {
      assert.equal(typeof result, "number", `${what} answers ${result}`);
      assert.ok(result >= 0 && result <= 76, `${what} answers ${result}`);
      return named(result);
    }
    waits.last?.cancel();
    return "waits";
  } catch (error) {
    if (error instanceof ProcExit) return `exit ${error.exitCode}`;
    if (error instanceof assert.AssertionError) throw error;
    return assert.fail(`${what} throws ${error}`);
  }
}

/**
 * One call in fresh surroundings, with some arguments replaced.
 * @param {string} name
 * @param {(args: any[], rig: any) => string} change answers words for it
 */
async function tryCall(name, change, { shift = 0 } = {}) {
  pattern(small, 0, SMALL);
  const rig = await setUp();
  const { args, regions } = layOut(rig, SIGNATURES[name], 4096, shift);
  const what = `${name}: ${change(args, rig)}`;
  const before = Buffer.from(new Uint8Array(small.buffer, 0, SMALL));
  const state = rig.state();
  const answer = await call(rig, name, args, what);
  const done = answer === "ok" || answer.startsWith("exit");
  checkWrites(small, 0, before, done ? regions : [], what);
  if (!done) assert.equal(rig.state(), state, `${what} changed something`);
  return { answer, what };
}

const pointersOf = (name) =>
  SIGNATURES[name].flatMap((parameter, index) =>
    parameter.role === "pointer" || parameter.role === "iovecs" ? [index] : [],
  );

test("the list has all 46 functions", () => {
  assert.deepEqual(Object.keys(SIGNATURES).sort(), [...FUNCTIONS].sort());
});

for (const name of FUNCTIONS) {
  const parameters = SIGNATURES[name];
  const pointers = pointersOf(name);

  test(`${name}: the good call writes where it may, at any address`, async () => {
    const expected = name === "proc_exit" ? "exit 0" : "ok";
    for (const shift of [0, 1, 2, 3, 5]) {
      const { answer } = await tryCall(name, () => "good", { shift });
      assert.equal(answer, expected, `${name} at an odd address`);
    }
  });

  test(`${name}: pointers out of range are EFAULT and change nothing`, async () => {
    for (const index of pointers) {
      for (const bad of OUTSIDE) {
        // The last address is a good one for a single byte.
        if (parameters[index].bytes === 1 && bad === SMALL - 1) continue;
        const { answer, what } = await tryCall(name, (args) => {
          args[index] = bad;
          return `argument ${index} is ${bad}`;
        });
        assert.equal(answer, "EFAULT", what);
      }
      const { bytes = 16 } = parameters[index];
      const { answer, what } = await tryCall(name, (args) => {
        args[index] = SMALL - bytes + 1;
        return `argument ${index} is a byte too far`;
      });
      assert.equal(answer, "EFAULT", what);
    }
  });

  test(`${name}: every other argument at its worst is answered`, async () => {
    for (const [index, { role }] of parameters.entries()) {
      const values = {
        length: LENGTHS,
        number: NUMBERS,
        big: BIGS,
        fd: NUMBERS,
      };
      for (const bad of values[role] ?? []) {
        const { answer, what } = await tryCall(name, (args) => {
          args[index] = bad;
          return `argument ${index} is ${bad}`;
        });
        if (role === "fd") assert.equal(answer, "EBADF", what);
        if (role === "length") {
          assert.match(answer, /EFAULT|EINVAL|ENAMETOOLONG/, what);
        }
      }
      if (role !== "length") continue;
      await tryCall(name, (args) => {
        args[index] = 0;
        return `argument ${index} is 0`;
      });
    }
  });

  if (pointers.length === 0) continue;

  test(`${name}: pointers that are 0, the same or overlap are answered`, async () => {
    for (const index of pointers) {
      const zero = (args) => {
        args[index] = 0;
        return `argument ${index} is 0`;
      };
      // It may write there now, so only its answer is looked at.
      pattern(small, 0, SMALL);
      const rig = await setUp();
      const { args } = layOut(rig, parameters, 4096);
      const what = zero(args);
      await call(rig, name, args, what);
    }
    for (const apart of [0, 1, 4, 8]) {
      pattern(small, 0, SMALL);
      const rig = await setUp();
      const { args } = layOut(rig, parameters, 4096);
      pointers.forEach((index, order) => {
        args[index] = args[pointers[0]] + apart * order;
      });
      const at = args[pointers[0]];
      const before = Buffer.from(new Uint8Array(small.buffer, 0, SMALL));
      await call(rig, name, args, `${name}: pointers ${apart} apart`);
      const reach = [[at, at + SPACING]];
      checkWrites(small, 0, before, reach, `${name}: pointers ${apart} apart`);
    }
  });
}

for (const name of FUNCTIONS) {
  const index = SIGNATURES[name].findIndex(({ role }) => role === "iovecs");
  if (index < 0) continue;

  test(`${name}: bad buffers in a vector are EFAULT, before any is touched`, async () => {
    const view = new DataView(small.buffer);
    for (const [address, size] of [
      [SMALL, 1],
      [SMALL - 1, 2],
      [0xffff_ffff, 1],
      [0xffff_fff0, 0x20],
      [0x8000_0000, 4],
      [16, 0xffff_ffff],
      [16, SMALL],
    ]) {
      for (const part of [0, 1]) {
        const { answer, what } = await tryCall(name, (args) => {
          view.setUint32(args[index] + 8 * part, address, true);
          view.setUint32(args[index] + 8 * part + 4, size, true);
          return `buffer ${part} is ${size} bytes at ${address}`;
        });
        assert.equal(answer, "EFAULT", what);
      }
    }
  });

  test(`${name}: a vector that lies in its own buffers is answered`, async () => {
    pattern(small, 0, SMALL);
    const rig = await setUp();
    const { args, regions } = layOut(rig, SIGNATURES[name], 4096);
    const view = new DataView(small.buffer);
    view.setUint32(args[index], args[index], true);
    view.setUint32(args[index] + 4, 16, true);
    const before = Buffer.from(new Uint8Array(small.buffer, 0, SMALL));
    const own = [args[index], args[index] + 16];
    await call(rig, name, args, `${name} over its vector`);
    const what = `${name} over its vector`;
    checkWrites(small, 0, before, [...regions, own], what);
  });
}

test("above 2 GiB every function does what it does below", async () => {
  const large = new WebAssembly.Memory({ initial: LARGE_PAGES });
  const windowBytes = 16_384;
  for (const name of FUNCTIONS) {
    const answers = [];
    const written = [];
    for (const [wasm, base] of [
      [small, 4096],
      [large, HIGH],
    ]) {
      const rig = await setUp(wasm);
      const from = base - 1024;
      pattern(wasm, from, from + windowBytes);
      const { args, regions } = layOut(rig, SIGNATURES[name], base);
      const before = Buffer.from(
        new Uint8Array(wasm.buffer.slice(from, from + windowBytes)),
      );
      // As they come from wasm: signed.
      const signed = args.map((arg) =>
        typeof arg === "number" ? arg | 0 : arg,
      );
      answers.push(await call(rig, name, signed, `${name} at ${base}`));
      checkWrites(wasm, from, before, regions, `${name} at ${base}`);
      written.push(
        regions.map(([start, end]) => [
          ...new Uint8Array(wasm.buffer.slice(start, end)),
        ]),
      );
    }
    assert.equal(answers[1], answers[0], name);
    assert.match(answers[1], /^(ok|exit 0)$/, name);
    if (!VARYING.test(name)) assert.deepEqual(written[1], written[0], name);
  }
});

test("above 2 GiB, what reaches over the end is EFAULT", async () => {
  const large = new WebAssembly.Memory({ initial: LARGE_PAGES });
  const end = LARGE_PAGES * PAGE_BYTES;
  for (const name of FUNCTIONS) {
    for (const index of pointersOf(name)) {
      const rig = await setUp(large);
      const { args } = layOut(rig, SIGNATURES[name], HIGH);
      const { bytes = 16 } = SIGNATURES[name][index];
      args[index] = (end - bytes + 1) | 0;
      const what = `${name}: argument ${index} reaches over the end`;
      assert.equal(await call(rig, name, args, what), "EFAULT", what);
    }
  }
});
