/* Handles: unique, positive, and stale ones are caught. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Handles } from "../../js/handles.js";

test("a handle names what it was made for until it is removed", () => {
  const handles = new Handles();
  const first = handles.add("first");
  const second = handles.add("second");
  assert.notEqual(first, second);
  assert.equal(handles.get(first), "first");
  assert.equal(handles.remove(first), "first");
  assert.equal(handles.get(first), undefined);
  assert.equal(handles.remove(first), undefined);
  assert.equal(handles.get(second), "second");
  assert.equal(handles.size, 1);
});

test("a stale handle does not name the next object in its slot", () => {
  const handles = new Handles();
  const old = handles.add("old");
  handles.remove(old);
  const next = handles.add("new");
  assert.equal(old & 0xffff, next & 0xffff, "the slot is used again");
  assert.equal(handles.get(old), undefined);
  assert.equal(handles.remove(old), undefined);
  assert.equal(handles.get(next), "new");
});

test("handles stay above 0 and within 31 bits however often reused", () => {
  const handles = new Handles();
  for (let round = 0; round < 40_000; round += 1) {
    const handle = handles.add(round);
    assert.ok(handle > 0 && handle < 2 ** 31, `handle ${handle}`);
    handles.remove(handle);
  }
});

test("numbers that were never handles name nothing", () => {
  const handles = new Handles();
  handles.add("one");
  for (const number of [0, -1, 1, 2 ** 31, 2 ** 32 - 1, 0x10001]) {
    assert.equal(handles.get(number), undefined, String(number));
  }
});

test("when all handles are in use the answer is 0", () => {
  const handles = new Handles();
  const all = Array.from({ length: 65_536 }, () => handles.add("x"));
  assert.ok(all.every((handle) => handle > 0));
  assert.equal(handles.add("one more"), 0);
  handles.remove(all[5]);
  assert.notEqual(handles.add("fits again"), 0);
});

test("clear removes all and answers what there was", () => {
  const handles = new Handles();
  const removed = handles.add("removed");
  const kept = handles.add("kept");
  handles.remove(removed);
  assert.deepEqual(handles.clear(), ["kept"]);
  assert.equal(handles.size, 0);
  assert.equal(handles.get(kept), undefined);
});
