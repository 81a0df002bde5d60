/* The services of the module "gossamer" that need no server: program, canvas,
 * calls. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ERRNO, GossamerError, ProcExit } from "../../js/errors.js";
import { KIND } from "../../js/host/signature.js";
import { createOutput } from "../../js/output.js";
import { fakeHost } from "../helpers/host.js";

/** Node has no ImageData; this one holds on to its pixels, as browsers' do. */
class FakeImageData {
  constructor(data, width, height) {
    if (width > 10_000) throw new RangeError("too wide");
    Object.assign(this, { data, width, height });
  }
}

function withCanvas(t, context) {
  const before = globalThis.ImageData;
  globalThis.ImageData = FakeImageData;
  t.after(() => {
    globalThis.ImageData = before;
  });
  const drawn = [];
  const sizes = [];
  const canvas = {
    opened: 0,
    get width() {
      return sizes.findLast(([side]) => side === "width")?.[1] ?? 300;
    },
    set width(value) {
      sizes.push(["width", value]);
    },
    get height() {
      return sizes.findLast(([side]) => side === "height")?.[1] ?? 150;
    },
    set height(value) {
      sizes.push(["height", value]);
    },
    getContext(kind) {
      assert.equal(kind, "2d");
      canvas.opened += 1;
      return context === null
        ? null
        : { putImageData: (image, x, y) => drawn.push([image, x, y]) };
    },
  };
  return { ...fakeHost({ canvas }), canvas, drawn, sizes };
}

test("pixels are shown straight from memory", (t) => {
  const { imports, drawn, sizes, wasm } = withCanvas(t);
  assert.equal(imports.canvas_present(64, 4, 2), 0);
  const [[image, x, y]] = drawn;
  assert.deepEqual([x, y, image.width, image.height], [0, 0, 4, 2]);
  assert.equal(image.data.buffer, wasm.buffer, "a view, not a copy");
  assert.deepEqual([image.data.byteOffset, image.data.length], [64, 32]);
  assert.deepEqual(sizes, [
    ["width", 4],
    ["height", 2],
  ]);
});

test("the same framebuffer is shown again without a new view", (t) => {
  const { imports, drawn, sizes, canvas } = withCanvas(t);
  imports.canvas_present(64, 4, 2);
  imports.canvas_present(64, 4, 2);
  assert.equal(drawn[0][0], drawn[1][0]);
  assert.equal(sizes.length, 2, "setting a size would clear the canvas");
  assert.equal(canvas.opened, 1);
  imports.canvas_present(128, 4, 2);
  assert.equal(drawn[2][0].data.byteOffset, 128);
  imports.canvas_present(128, 2, 4);
  assert.equal(drawn[3][0].width, 2);
});

test("after memory has grown the view is made anew", (t) => {
  const { imports, drawn, wasm } = withCanvas(t);
  imports.canvas_present(64, 4, 2);
  wasm.grow(1);
  imports.canvas_present(64, 4, 2);
  assert.equal(drawn[1][0].data.buffer, wasm.buffer);
});

test("pictures that cannot be are EINVAL", (t) => {
  const { imports, drawn, size } = withCanvas(t);
  for (const args of [
    [0, 4, 2],
    [64, 0, 2],
    [64, 4, 0],
    [size, 1, 1],
    [size - 31, 4, 2],
    [64, -1, -1],
    [-4, 1, 1],
    [64, 10_001, 1],
  ]) {
    assert.equal(imports.canvas_present(...args), -ERRNO.EINVAL, String(args));
  }
  assert.deepEqual(drawn, []);
});

test("the canvas's size is read where memory allows it", (t) => {
  const { imports, host, size } = withCanvas(t);
  assert.equal(imports.canvas_size(16), 300);
  assert.equal(host.memory.view.getUint32(16, true), 150);
  assert.equal(imports.canvas_size(size), -ERRNO.EFAULT);
});

test("without a canvas, or without its context, it is ENODEV", (t) => {
  const { imports } = fakeHost();
  assert.equal(imports.canvas_present(64, 1, 1), -ERRNO.ENODEV);
  assert.equal(imports.canvas_size(16), -ERRNO.ENODEV);
  const broken = withCanvas(t, null);
  assert.equal(broken.imports.canvas_present(64, 1, 1), -ERRNO.ENODEV);
  assert.equal(broken.imports.canvas_present(64, 1, 1), -ERRNO.ENODEV);
  assert.deepEqual(broken.stderr, ["the canvas has no 2D context to draw in"]);
});

test("a canvas that was transferred to a worker is ENODEV", (t) => {
  const { imports, canvas, stderr } = withCanvas(t);
  canvas.getContext = () => {
    throw new DOMException("transferred", "InvalidStateError");
  };
  assert.equal(imports.canvas_present(64, 1, 1), -ERRNO.ENODEV);
  assert.deepEqual(stderr, ["the canvas has no 2D context to draw in"]);
});

test("after the end the last picture does not keep memory", (t) => {
  const fake = withCanvas(t);
  fake.imports.canvas_present(64, 4, 2);
  fake.close({ code: 0 });
  fake.host.memory.attach(fake.wasm);
  fake.imports.canvas_present(64, 4, 2);
  assert.notEqual(fake.drawn[0][0], fake.drawn[1][0]);
});

test("the clock starts at the program's start; seeds differ", () => {
  const { imports, advance } = fakeHost();
  assert.equal(imports.now(), 0);
  advance(12.5);
  assert.equal(imports.now(), 12.5);
  const seeds = new Set(Array.from({ length: 8 }, () => imports.seed()));
  assert.ok(seeds.size > 1);
});

test("a report is a line of its own on stderr", () => {
  const { imports, put, stderr, host, size } = fakeHost();
  host.stderr.write(new TextEncoder().encode("unfinished"));
  imports.report(16, put(16, "fatal: it is over"));
  assert.deepEqual(stderr, ["unfinished", "fatal: it is over"]);
  imports.report(size, 10);
  assert.deepEqual(stderr.slice(2), ["a report out of bounds"]);
});

test("exit ends the program and leaves wasm", () => {
  const { imports, outcomes } = fakeHost();
  assert.throws(() => imports.exit(4), ProcExit);
  assert.deepEqual(outcomes, [{ code: 4 }]);
});

test("a program stopped by its own output's callback leaves wasm", () => {
  const output = createOutput(() => fake.host.events.end({ code: 1 }));
  const fake = fakeHost({ stderr: output });
  let returned = false;
  fake.entries.gs_pump = () => {
    fake.imports.report(16, fake.put(16, "stop me"));
    returned = true;
    return -1;
  };
  fake.host.events.attach(fake.entries);
  fake.host.events.wake();
  fake.runMicrotasks();
  assert.equal(returned, false, "the import returned to wasm");
  assert.deepEqual(fake.outcomes, [{ code: 1 }]);
});

/* ---- calls ---- */

const BLOCK = 1024;
const DECLARED = [
  "gs.call int add(int a, int b)",
  "gs.call const char * greet(const char * who)",
  "gs.call unsigned sum(const void * data, size_t size)",
  "gs.call _Bool negate(_Bool value)",
  "gs.call void reset()",
  "gs.call void pair(const char * a, const void * b)",
  "gs.call uint64_t big(uint64_t a)",
  "memory",
];

/** A host whose exports stand for a program with functions to call. */
function callable(settings) {
  const fake = fakeHost(settings);
  const started = [];
  fake.calls.declare(DECLARED);
  Object.assign(fake.host.exports, {
    gs_call_new: (size) => {
      new Uint8Array(fake.wasm.buffer).fill(0, BLOCK, BLOCK + size);
      started.push(size);
      return BLOCK;
    },
  });
  for (const name of DECLARED) fake.host.exports[name] = () => 0;
  const view = () => new DataView(fake.wasm.buffer);
  return {
    ...fake,
    started,
    view,
    /** C's part: writes a result and reports it. */
    finish(kind, write) {
      view().setUint32(BLOCK + 8, kind, true);
      write?.(view());
      fake.imports.call_done(BLOCK);
    },
  };
}

test("a call fills its block as C declares it and asks for a pump", async () => {
  const { calls, view, started, finish, microtasks } = callable();
  const promise = calls.call("add", [2, -3]);
  assert.ok(started[0] >= 152);
  const v = view();
  assert.equal(v.getFloat64(BLOCK + 16, true), 2);
  assert.equal(v.getUint32(BLOCK + 24, true), KIND.DOUBLE);
  assert.equal(v.getFloat64(BLOCK + 32, true), -3);
  assert.equal(v.getUint32(BLOCK + 148, true), 2, "the count");
  assert.notEqual(v.getUint32(BLOCK + 144, true), 0, "the token");
  assert.equal(microtasks.length, 1);
  finish(KIND.DOUBLE, () => v.setFloat64(BLOCK, -1, true));
  assert.equal(await promise, -1);
});

test("text and bytes lie behind the block, text with a NUL", async () => {
  const { calls, view, peek, started, finish, put } = callable();
  const greeting = calls.call("greet", ["wörld"]);
  let at = view().getUint32(BLOCK + 16, true);
  assert.ok(at >= BLOCK + 152 && at + 7 <= BLOCK + started[0]);
  assert.equal(view().getUint32(BLOCK + 28, true), 6);
  assert.equal(peek(at, 7), "wörld\0");
  const size = put(8192, "hello, wörld");
  finish(KIND.TEXT, (v) => {
    v.setUint32(BLOCK, 8192, true);
    v.setUint32(BLOCK + 12, size, true);
  });
  assert.equal(await greeting, "hello, wörld");
  const sum = calls.call("sum", [Uint8Array.of(65, 66).subarray(1), 1]);
  at = view().getUint32(BLOCK + 16, true);
  assert.equal(at % 16, 0);
  assert.equal(peek(at, 1), "B");
  finish(KIND.DOUBLE, (v) => v.setFloat64(BLOCK, 66, true));
  assert.equal(await sum, 66);
});

test("each piece of data has room of its own, with a byte to spare", async () => {
  const { calls, view, peek, started, finish } = callable();
  const text = "sixteen letters!";
  const call = calls.call("pair", [text, new TextEncoder().encode(text)]);
  const first = view().getUint32(BLOCK + 16, true);
  const second = view().getUint32(BLOCK + 32, true);
  assert.equal(peek(first, 17), `${text}\0`);
  assert.equal(peek(second, 16), text);
  assert.ok(first + 17 <= second && second + 17 <= BLOCK + started[0]);
  finish(KIND.NONE);
  await call;
});

test("results: nothing, NULL, booleans, unsigned 64 bits", async () => {
  const { calls, finish } = callable();
  const reset = calls.call("reset", []);
  finish(KIND.NONE);
  assert.equal(await reset, undefined);
  const greet = calls.call("greet", [null]);
  finish(KIND.NONE);
  assert.equal(await greet, null);
  const negate = calls.call("negate", [false]);
  finish(KIND.DOUBLE, (v) => v.setFloat64(BLOCK, 1, true));
  assert.equal(await negate, true);
  const big = calls.call("big", [2n ** 64n - 1n]);
  finish(KIND.UINT64, (v) => {
    assert.equal(v.getBigUint64(BLOCK + 16, true), 2n ** 64n - 1n);
    v.setBigUint64(BLOCK, 2n ** 63n, true);
  });
  assert.equal(await big, 2n ** 63n);
});

test("an unknown function is an error that lists those there are", async () => {
  const { calls } = callable();
  await assert.rejects(calls.call("subtract", []), {
    code: "ENOENT",
    message:
      'the program exports no function "subtract"; there are: ' +
      "add, greet, sum, negate, reset, pair, big",
  });
  const none = fakeHost();
  await assert.rejects(none.calls.call("f", []), /it exports none/);
});

test("wrong arguments never reach wasm", async () => {
  const { calls, started } = callable();
  await assert.rejects(calls.call("add", [1]), /takes 2 arguments, got 1/);
  await assert.rejects(calls.call("add", [1, "2"]), /int add\(int a, int b\)/);
  assert.deepEqual(started, []);
});

test("no memory for a call, or no goroutine, rejects it alone", async () => {
  const { calls, host } = callable();
  host.exports["gs.call int add(int a, int b)"] = () => -ERRNO.EINVAL;
  await assert.rejects(calls.call("add", [1, 2]), { code: "EINVAL" });
  host.exports.gs_call_new = () => 0;
  await assert.rejects(calls.call("reset", []), { code: "ENOMEM" });
  assert.equal(host.events.ended, false);
});

test("an argument of 4 GiB is refused before its size wraps", async () => {
  const { calls, host } = callable();
  const bytes = new Uint8Array(0);
  Object.defineProperty(bytes, "length", { value: 2 ** 32 });
  await assert.rejects(calls.call("pair", ["", bytes]), { code: "ENOMEM" });
  assert.equal(host.events.ended, false);
});

test("a transferred buffer does not fit a call", async () => {
  const { calls } = callable();
  const { buffer } = new Uint8Array(8);
  structuredClone(buffer, { transfer: [buffer] });
  await assert.rejects(calls.call("sum", [buffer, 8]), { code: "EINVAL" });
});

test("calls are rejected when the program ends, and after it", async () => {
  const fake = callable();
  const pending = fake.calls.call("add", [1, 2]);
  fake.host.events.end({ code: 3 });
  fake.close({ code: 3 });
  await assert.rejects(pending, {
    code: "ECANCELED",
    message: "add(): the program has ended with exit code 3",
  });
  await assert.rejects(fake.calls.call("reset", []), /exit code 3/);
});

test("calls are rejected with the crash that ended the program", async () => {
  const fake = callable();
  const pending = fake.calls.call("add", [1, 2]);
  const error = new GossamerError("ETRAP", "goroutine 2: unreachable");
  fake.host.events.end({ error });
  fake.close({ error });
  await assert.rejects(pending, (reason) => {
    assert.match(reason.message, /has crashed: goroutine 2: unreachable/);
    assert.equal(reason.cause, error);
    return true;
  });
});

test("a call from within wasm waits until wasm is left", async () => {
  const fake = callable();
  const bytes = Uint8Array.of(1, 2);
  let call;
  fake.entries.gs_pump = () => {
    if (call === undefined) {
      call = fake.calls.call("sum", [bytes, 2]);
      bytes.fill(9);
      assert.deepEqual(fake.started, []);
    }
    return -1;
  };
  fake.host.events.attach(fake.entries);
  fake.host.events.wake();
  fake.runMicrotasks();
  assert.equal(fake.started.length, 1);
  const at = fake.view().getUint32(BLOCK + 16, true);
  assert.equal(
    fake.peek(at, 2),
    "\u0001\u0002",
    "as it was when it was called",
  );
  fake.finish(KIND.DOUBLE);
  assert.equal(await call, 0);
});

test("a block that is out of bounds or not ours is ignored", () => {
  const { imports, size } = callable();
  imports.call_done(size - 8);
  imports.call_done(-1);
  imports.call_done(2048);
});
