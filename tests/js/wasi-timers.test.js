/* Timers of a WASI program, on a made-up platform. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Timers } from "../../js/wasi/timers.js";
import { fakePlatform } from "../helpers/platform.js";

function setUp(clampsTimers) {
  const fake = fakePlatform({ clampsTimers });
  let woken = 0;
  const timers = new Timers(fake.platform);
  const after = (delayMs) => timers.after(() => woken++, delayMs);
  const fire = () => {
    const [[id, { run, dueMs }]] = fake.timers;
    fake.timers.delete(id);
    fake.advance(dueMs - fake.now());
    run();
  };
  return { ...fake, ours: timers, after, fire, woken: () => woken };
}

test("a delay is a timer's", () => {
  const { after, fire, timers, woken } = setUp(false);
  after(1.5);
  assert.deepEqual([...timers.values()][0]?.delayMs, 1.5);
  fire();
  assert.deepEqual([woken(), timers.size], [1, 0]);
});

test("a delay that no timer takes is made of several", () => {
  const { after, fire, now, timers, woken } = setUp(true);
  const start = now();
  after(2 ** 32);
  for (const times of [1, 2]) {
    fire();
    assert.deepEqual([woken(), timers.size], [0, 1], `piece ${times}`);
  }
  fire();
  assert.equal(woken(), 1);
  assert.equal(now() - start, 2 ** 32);
});

test("where timers are clamped, a short one is set by a task of its own", () => {
  const { after, advance, fire, runTask, tasks, timers, woken } = setUp(true);
  after(3);
  after(2);
  assert.deepEqual([timers.size, tasks.length], [0, 1]);
  advance(1);
  runTask();
  const delays = [...timers.values()].map(({ delayMs }) => delayMs);
  assert.deepEqual(delays, [2, 1], "the task's own time counts");
  fire();
  fire();
  assert.equal(woken(), 2);
  after(4);
  assert.deepEqual([timers.size, tasks.length], [1, 0]);
});

test("what is prevented does not come, wherever it is", () => {
  const { after, runTask, timers, woken } = setUp(true);
  const long = after(100);
  const waiting = after(1);
  const other = after(1);
  waiting();
  long();
  assert.equal(timers.size, 0);
  runTask();
  assert.equal(timers.size, 1);
  other();
  assert.deepEqual([timers.size, woken()], [0, 0]);
  other();
});

test("after close() no task sets anything", () => {
  const { after, ours, tasks, timers } = setUp(true);
  after(1);
  ours.close();
  assert.deepEqual([tasks.length, timers.size], [0, 0]);
});
