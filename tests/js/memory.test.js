/* Views on wasm memory: bounds, growth, addresses above 2 GiB. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Memory, u32 } from "../../js/memory.js";

const PAGE = 65_536;

function setUp() {
  const wasm = new WebAssembly.Memory({ initial: 1, maximum: 4 });
  const memory = new Memory();
  memory.attach(wasm);
  return { wasm, memory };
}

test("views are made anew after memory has grown, asked or not", () => {
  const { wasm, memory } = setUp();
  memory.bytes[0] = 7;
  wasm.grow(1);
  assert.equal(memory.bytes.length, 2 * PAGE);
  assert.equal(memory.view.getUint8(0), 7);
  wasm.grow(1);
  assert.equal(memory.view.byteLength, 3 * PAGE);
  wasm.grow(1);
  memory.renew();
  assert.equal(memory.contains(4 * PAGE - 1, 1), true);
});

test("addresses from wasm are unsigned", () => {
  assert.equal(u32(-1), 4_294_967_295);
  assert.equal(u32(-2_147_483_648), 2_147_483_648);
  const { memory } = setUp();
  assert.equal(memory.slice(-8, 4), null);
  assert.equal(memory.slice(0, -1), null);
  assert.equal(memory.putU32(-4, 1), false);
});

test("what ends exactly at the end of memory is inside, one more is not", () => {
  const { memory } = setUp();
  assert.equal(memory.slice(PAGE - 4, 4)?.length, 4);
  assert.equal(memory.slice(PAGE - 4, 5), null);
  assert.equal(memory.slice(PAGE, 0)?.length, 0);
  assert.equal(memory.slice(PAGE + 1, 0), null);
  assert.equal(memory.putU32(PAGE - 4, 1), true);
  assert.equal(memory.putU32(PAGE - 3, 1), false);
  assert.equal(memory.putU64(PAGE - 8, 1n), true);
  assert.equal(memory.putU64(PAGE - 7, 1n), false);
  assert.equal(memory.text(PAGE - 1, 2), null);
  assert.equal(memory.putText(PAGE - 1, 2, "a"), -1);
});

test("text goes in and out as UTF-8, a byte order mark included", () => {
  const { memory } = setUp();
  const text = "\ufeffhé€😀";
  assert.equal(memory.putText(16, 100, text), 13);
  assert.equal(memory.text(16, 13), text);
  assert.equal(memory.cString(16), text);
});

test("text that does not fit is cut, its whole length is the answer", () => {
  const { memory } = setUp();
  assert.equal(memory.putText(0, 3, "abcdef"), 6);
  assert.equal(memory.text(0, 4), "abc\0");
  assert.equal(memory.putText(0, 0, "xyz"), 3);
  assert.equal(memory.text(0, 3), "abc");
});

test("a string that does not end in memory is none", () => {
  const { memory } = setUp();
  memory.bytes.fill(65, PAGE - 4);
  assert.equal(memory.cString(PAGE - 4), null);
  assert.equal(memory.cString(-1), null);
});

test("after detaching everything is out of bounds", () => {
  const { memory } = setUp();
  memory.detach();
  assert.equal(memory.slice(0, 1), null);
  assert.equal(memory.putU32(0, 1), false);
});
