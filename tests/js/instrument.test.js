/* The reader of modules behind src/cmake/instrument.mjs, and the stack check it
 * puts in, on small modules. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { addStackChecks } from "../../src/cmake/stack_check.mjs";
import { Reader, Writer } from "../../src/cmake/wasm/bytes.mjs";
import { readInstruction } from "../../src/cmake/wasm/instructions.mjs";
import { Module } from "../../src/cmake/wasm/module.mjs";
import { assemble, op, sleb, uleb } from "../helpers/wasm.js";

// ---- numbers

test("LEB128 numbers are read as they are written", () => {
  for (const number of [0, 1, 63, 64, 127, 128, 16_383, 2 ** 31, 2 ** 32 - 1]) {
    const writer = new Writer();
    writer.uleb(number);
    assert.deepEqual([...writer.bytes()], uleb(number));
    assert.equal(new Reader(writer.bytes()).uleb(), number);
  }
  for (const number of [0, 63, 64, -1, -64, -65, 2 ** 31 - 1, -(2 ** 31)]) {
    const writer = new Writer();
    writer.sleb(number);
    assert.deepEqual([...writer.bytes()], sleb(number));
    assert.equal(new Reader(writer.bytes()).sleb(), number);
  }
});

test("what is cut short or endless is an error", () => {
  assert.throws(() => new Reader(Uint8Array.of(128)).uleb(), /cut short/);
  const endless = new Uint8Array(20).fill(255);
  assert.throws(() => new Reader(endless).uleb(), /too long/);
  assert.throws(() => new Reader(endless).sleb(), /too long/);
  assert.throws(() => new Module(Uint8Array.of(1, 2)), /not a WebAssembly/);
  const whole = assemble({ funcs: [{ name: "f" }] });
  assert.throws(() => new Module(whole.subarray(0, -1)), /cut short/);
});

// ---- instructions

/** Encodings of every form, with what belongs to each. */
const FORMS = {
  "block of a type": [0x02, 0x7f],
  "block of an indexed type": [0x02, 0x85, 0x01],
  br_table: [0x0e, 0x02, 0x00, 0x81, 0x01, 0x02],
  call_indirect: [0x11, 0x03, 0x00],
  return_call: [0x12, 0x83, 0x01],
  "select of a type": [0x1c, 0x01, 0x7b],
  try_table: [0x1f, 0x40, 0x02, 0x00, 0x01, 0x02, 0x02, 0x00],
  load: [0x28, 0x02, 0x80, 0x80, 0x04],
  "load of another memory": [0x28, 0x42, 0x01, 0x00],
  "i64.const": [0x42, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f],
  "f32.const": [0x43, 1, 2, 3, 4],
  "f64.const": [0x44, 1, 2, 3, 4, 5, 6, 7, 8],
  "sign extension": [0xc4],
  "ref.null": [0xd0, 0x70],
  "saturating conversion": [0xfc, 0x07],
  "memory.init": [0xfc, 0x08, 0x81, 0x01, 0x00],
  "memory.copy": [0xfc, 0x0a, 0x00, 0x00],
  "memory.fill": [0xfc, 0x0b, 0x00],
  "v128.load": [0xfd, 0x00, 0x04, 0x10],
  "v128.const": [0xfd, 0x0c, ...Array(16).fill(0x0b)],
  lane: [0xfd, 0x15, 0x0f],
  "load of a lane": [0xfd, 0x54, 0x00, 0x10, 0x0f],
  "arithmetic of vectors": [0xfd, 0xae, 0x01],
  "atomic addition": [0xfe, 0x1e, 0x02, 0x10],
  "atomic fence": [0xfe, 0x03, 0x00],
  delegate: [0x18, 0x01],
};

for (const [name, bytes] of Object.entries(FORMS)) {
  test(`an instruction ends where it ends: ${name}`, () => {
    const reader = new Reader(Uint8Array.from([...bytes, 0x01]));
    const { end } = readInstruction(reader);
    assert.equal(end, bytes.length);
    assert.throws(() =>
      readInstruction(new Reader(Uint8Array.from(bytes.slice(0, -1)))),
    );
  });
}

test("an unknown instruction is named, and its function", () => {
  const bad = [{ name: "bad", body: [0x27] }];
  const module = new Module(assemble({ funcs: bad }));
  const [func] = module.funcs;
  assert.throws(
    () => module.body(func),
    /function number 0: unknown instruction 0x27/,
  );
  const worse = new Module(
    assemble({ funcs: [{ name: "f", body: [0xfc, 0x40] }] }),
  );
  assert.throws(() => worse.body(worse.funcs[0]), /0xfc 0x40/);
});

test("functions have the names of the name section", () => {
  const names = [0x01, 0x05, 0x01, 0x00, 0x02, 0x68, 0x69];
  const module = new Module(
    assemble({ funcs: [{ name: "f" }], customs: [["name", names]] }),
  );
  assert.equal(module.funcs[0].name, "hi");
});

test("a module that nothing was changed in is written as it was", () => {
  const bytes = assemble({
    imports: [{ module: "m", name: "f", params: ["i32"] }],
    funcs: [{ name: "g", body: [...op.i32(1), ...op.call(0)], locals: 2 }],
    globals: [7],
    data: [[0, "text"]],
    customs: [["mine", [1, 2]]],
  });
  assert.deepEqual(new Module(bytes).write(), bytes);
});

test("what points into moved code is left out", () => {
  const customs = [
    [".debug_info", [1]],
    ["sourceMappingURL", [1]],
    ["producers", [0]],
  ];
  const module = new Module(new Module(assemble({ customs })).write());
  assert.deepEqual(
    module.sections.filter(({ id }) => id === 0).map(({ name }) => name),
    ["producers"],
  );
});

// ---- the stack check

const POINTER = 0;
const LIMIT = 1;
const START = 1000;

/**
 * A program with these functions and the runtime's two; `told` has the values
 * that were below the limit.
 * @param {import("../helpers/wasm.js").Func[]} funcs
 */
function checked(...funcs) {
  const marks = [
    {
      name: "gs__stack_left",
      results: ["i32"],
      body: [...op.global(POINTER), ...op.global(LIMIT), ...op.sub],
    },
    {
      name: "gs__stack_lowered",
      params: ["i32"],
      body: [...op.local(0), ...op.call(0)],
    },
    {
      name: "limit",
      params: ["i32"],
      body: [...op.local(0), ...op.setGlobal(LIMIT)],
    },
  ];
  const bytes = assemble({
    imports: [{ module: "m", name: "lowered", params: ["i32"] }],
    globals: [START, 0],
    funcs: [...marks, ...funcs],
  });
  const module = new Module(bytes);
  const count = addStackChecks(module);
  /** @type {number[]} */
  const told = [];
  const lowered = (/** @type {number} */ value) => told.push(value);
  const { exports } = new WebAssembly.Instance(
    new WebAssembly.Module(module.write()),
    { m: { lowered } },
  );
  return { count, exports, told };
}

const FRAME = [...op.global(POINTER), ...op.i32(64), ...op.sub];
const SAME_FRAME = [...op.global(POINTER), ...op.i32(-64), ...op.add];
const leave = [...op.i32(64), ...op.add, ...op.setGlobal(POINTER)];

/** Ways to take 64 bytes. @type {Record<string, object>} */
const PROLOGUES = {
  plainly: {
    body: [...FRAME, ...op.setGlobal(POINTER), ...op.global(POINTER), ...leave],
  },
  "and keep the frame": {
    locals: 1,
    body: [
      ...FRAME,
      ...op.tee(0),
      ...op.setGlobal(POINTER),
      ...op.local(0),
      ...leave,
    ],
  },
  "by adding a negative number": {
    locals: 1,
    body: [
      ...SAME_FRAME,
      ...op.tee(0),
      ...op.setGlobal(POINTER),
      ...op.local(0),
      ...leave,
    ],
  },
  "computed at run time": {
    locals: 1,
    body: [
      ...op.global(POINTER),
      ...op.i32(60),
      ...op.i32(4),
      ...op.add,
      ...op.sub,
    ].concat(op.tee(0), op.setGlobal(POINTER), op.local(0), leave),
  },
  "below the pointer": {
    locals: 1,
    body: [...FRAME, ...op.tee(0), ...op.drop],
  },
  "below the pointer, unnamed": { body: [...FRAME, ...op.drop] },
};

for (const [how, func] of Object.entries(PROLOGUES)) {
  test(`a function that takes stack is checked: ${how}`, () => {
    const { count, exports, told } = checked({ name: "f", ...func });
    assert.equal(count, 1);
    exports.limit(START - 64);
    exports.f();
    assert.deepEqual(told, []);
    exports.limit(START - 63);
    exports.f(); // the runtime may let it go on
    assert.deepEqual(told, [START - 64]);
  });
}

test("giving stack back is not checked", () => {
  const { count } = checked({
    name: "f",
    body: [...op.global(POINTER), ...leave],
  });
  assert.equal(count, 0);
});

test("the runtime's marks are no exports any more", () => {
  const { exports } = checked();
  assert.deepEqual(Object.keys(exports).sort(), ["limit", "memory"]);
});

test("a program without the runtime is refused", () => {
  const module = new Module(assemble({}));
  assert.throws(() => addStackChecks(module), /link it with gossamer/);
});
