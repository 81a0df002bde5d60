/* What src/cmake/preempt.mjs makes of small modules (A8): which functions and
 * loops are checked, and that others are left as they were. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  addPreemption,
  removePreemptionMarks,
} from "../../src/cmake/preempt.mjs";
import { Module } from "../../src/cmake/wasm/module.mjs";
import { assemble, op } from "../helpers/wasm.js";

const COUNTER = 16;
/** Indices: the import, then the functions in this order. */
const MARK = 1;
const FIRST = 4;

const mark = op.call(MARK);
/** @param {...number[]} body */
const loop = (...body) => [0x03, 0x40, ...body.flat(), 0x0b];
/** @param {...number[]} body */
const block = (...body) => [0x02, 0x40, ...body.flat(), 0x0b];
/** @param {number} label */
const br = (label) => [0x0c, label];
/** @param {number} label */
const brIf = (label) => [0x0d, label];
/** Takes one from parameter 0, and leaves it. */
const countDown = [...op.local(0), ...op.i32(1), ...op.sub, ...op.tee(0)];

/** @param {import("../helpers/wasm.js").Func[]} funcs */
function linked(funcs) {
  const store = [0x36, 0x02, COUNTER];
  return assemble({
    imports: [{ module: "m", name: "look" }],
    funcs: [
      { name: "gs__preempt_mark" },
      { name: "gs__preempt_counter", results: ["i32"], body: op.i32(COUNTER) },
      {
        name: "gs__checkpoint",
        results: ["i32"],
        body: [...op.i32(0), ...op.i32(1), ...store, ...op.call(0)].concat(
          op.i32(0),
        ),
      },
      ...funcs,
    ],
  });
}

/**
 * @param {import("../helpers/wasm.js").Func[]} funcs
 * @param {{ lookLimit?: number, rounds?: number }} [options]
 */
function preempted(funcs, { lookLimit = 100, rounds = 10 } = {}) {
  const module = new Module(linked(funcs));
  const count = addPreemption(module, { rounds });
  removePreemptionMarks(module);
  const bytes = module.write();
  let looks = 0;
  const look = () => {
    looks += 1;
    if (looks >= lookLimit) throw new Error("looked often");
  };
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), {
    m: { look },
  });
  return { count, exports, looks: () => looks };
}

test("an endless loop is left for the runtime, again and again", () => {
  const { exports } = preempted([
    { name: "f", body: [...mark, ...loop(br(0))] },
  ]);
  assert.throws(() => exports.f(), /looked often/);
});

test("an endless loop in a nest is left as well", () => {
  const body = [...mark, ...loop(block(loop(loop(br(0)), br(0))), br(0))];
  const { exports } = preempted([{ name: "f", body }]);
  assert.throws(() => exports.f(), /looked often/);
});

test("a nest looks once in so many rounds, and runs to its end", () => {
  const { exports, looks } = preempted([
    {
      name: "f",
      params: ["i32"],
      results: ["i32"],
      body: [...mark, ...loop(countDown, brIf(0)), ...op.local(0)],
    },
  ]);
  assert.equal(exports.f(100), 0);
  assert.equal(looks(), 11); // the tenth is counted and not begun
});

test("a function that recurses counts its entries", () => {
  const recursive = [
    ...block(countDown, [0x45], brIf(0), op.local(0)).slice(0, -1),
  ].concat(op.call(FIRST), [0x0b]);
  const { exports, looks } = preempted([
    { name: "f", params: ["i32"], body: [...mark, ...recursive] },
  ]);
  exports.f(8);
  assert.ok(looks() >= 7, `${looks()} looks`);
});

test("functions without the mark are left as they were", () => {
  const plain = {
    name: "libc",
    params: ["i32"],
    body: loop(countDown, brIf(0)),
  };
  const marked = {
    name: "f",
    body: [...mark, ...op.i32(5), ...op.call(FIRST)],
  };
  const { count, exports, looks } = preempted([plain, marked]);
  assert.equal(count, 0);
  exports.f();
  assert.equal(looks(), 0);
});

test("the marks are gone, from the code too", () => {
  const bytes = linked([{ name: "f", body: mark }]);
  const module = new Module(bytes);
  addPreemption(module, {});
  removePreemptionMarks(module);
  const after = new Module(module.write());
  const f = after.exported("f");
  assert.ok(f !== undefined);
  assert.equal(after.body(f).code.length, 1);
  assert.equal(after.exported("gs__preempt_mark"), undefined);
  assert.equal(after.exported("gs__preempt_counter"), undefined);
});

test("a program without anything to check is refused", () => {
  assert.throws(
    () => addPreemption(new Module(assemble({})), {}),
    /PREEMPT wants sources of its own/,
  );
});
