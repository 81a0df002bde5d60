/* The pump's door: when wasm is entered, how often, and that it never is after
 * the end. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { GossamerError, ProcExit } from "../../js/errors.js";
import { Events } from "../../js/host/events.js";
import { fakePlatform } from "../helpers/platform.js";

/** Events over exports whose pump answers what the test says. */
function setUp({ budgetMs = 8, clampsTimers = false } = {}) {
  const surroundings = fakePlatform({ clampsTimers });
  const outcomes = [];
  const calls = [];
  const events = new Events(surroundings.platform, budgetMs, (outcome) =>
    outcomes.push(outcome),
  );
  const wasm = {
    pump: () => -1,
    frame: () => -1,
    complete: () => {},
  };
  events.attach({
    gs_pump: () => {
      calls.push("pump");
      return wasm.pump();
    },
    gs_frame_event: (timestampMs) => {
      calls.push(`frame ${timestampMs}`);
      return wasm.frame(timestampMs);
    },
    gs_complete: (token, result) => {
      calls.push(`complete ${token} ${result}`);
      wasm.complete(token, result);
    },
  });
  return { ...surroundings, events, wasm, calls, outcomes };
}

const NOTHING = { tasks: 0, timers: 0, frames: 0 };

test("nothing is asked of the platform before there is a module", () => {
  const { platform } = fakePlatform();
  platform.tasks = () => assert.fail("a port that nobody will close");
  const outcomes = [];
  const events = new Events(platform, 8, (outcome) => outcomes.push(outcome));
  events.end({ code: 1 });
  assert.deepEqual(outcomes, [{ code: 1 }]);
});

test("completions of one task share one pump in a microtask", () => {
  const { events, calls, runMicrotasks, microtasks } = setUp();
  events.complete(1, 10);
  events.complete(2, 20);
  events.wake();
  assert.deepEqual(calls, ["complete 1 10", "complete 2 20"]);
  assert.equal(microtasks.length, 1);
  runMicrotasks();
  assert.deepEqual(calls.slice(2), ["pump"]);
});

test("when the budget is spent the rest follows in a task", () => {
  const { events, wasm, calls, runMicrotasks, runTask, left } = setUp();
  const answers = [0, 0, -1];
  wasm.pump = () => answers.shift();
  events.wake();
  runMicrotasks();
  assert.deepEqual(calls, ["pump"]);
  assert.deepEqual(left(), { ...NOTHING, tasks: 1 });
  runTask();
  runTask();
  assert.deepEqual(calls, ["pump", "pump", "pump"]);
  assert.deepEqual(left(), NOTHING);
});

test("completions wait for the task once the budget is spent", () => {
  const { events, wasm, calls, microtasks, runMicrotasks, runTask } = setUp();
  wasm.pump = () => 0;
  events.wake();
  runMicrotasks();
  events.complete(1, 1);
  assert.equal(microtasks.length, 0, "no pump before the page had its turn");
  wasm.pump = () => -1;
  runTask();
  assert.deepEqual(calls, ["pump", "complete 1 1", "pump"]);
});

test("microtasks that bring forth microtasks let the page have its turn", () => {
  const { events, wasm, calls, microtasks, runTask, tasks } = setUp();
  let rounds = 0;
  wasm.pump = () => -1;
  events.wake();
  while (microtasks.length > 0 && rounds < 1000) {
    microtasks.shift()();
    events.complete(1, 1);
    rounds += 1;
  }
  assert.ok(rounds < 100, `${rounds} pumps without a task between`);
  assert.equal(tasks.length, 1);
  runTask();
  events.complete(2, 2);
  assert.equal(microtasks.length, 1, "and then goes on in microtasks");
  assert.equal(calls.at(-1), "complete 2 2");
});

test("slow pumps in microtasks are put into a task by their time", () => {
  const { events, wasm, advance, microtasks, tasks } = setUp({ budgetMs: 5 });
  wasm.pump = () => {
    advance(3);
    return -1;
  };
  events.wake();
  microtasks.shift()();
  events.wake();
  microtasks.shift()();
  events.wake();
  assert.equal(microtasks.length, 0);
  assert.equal(tasks.length, 1);
});

test("what came in a task of its own is pumped in its microtask", () => {
  const { events, wasm, advance, microtasks, tasks } = setUp({ budgetMs: 5 });
  wasm.pump = () => {
    advance(3);
    return -1;
  };
  for (let task = 0; task < 9; task++) {
    events.taskBegan();
    events.complete(1, 0);
    microtasks.shift()();
  }
  assert.equal(tasks.length, 0, "however long the pumps of other tasks took");
});

test("one timer serves the next deadline and is kept while it will do", () => {
  const { events, wasm, timers, runMicrotasks, runTimer, left } = setUp();
  const answers = [100, 250.5, 50, -1];
  wasm.pump = () => answers.shift();
  const pump = () => {
    events.wake();
    runMicrotasks();
    return [...timers.values()].map(({ delayMs }) => delayMs);
  };
  assert.deepEqual(pump(), [100]);
  assert.deepEqual(pump(), [100], "an earlier timer asks again when it fires");
  assert.deepEqual(pump(), [50], "a later one is set anew");
  runTimer();
  assert.deepEqual(left(), NOTHING);
});

test("a delay is rounded up to whole milliseconds, never to none", () => {
  const { events, wasm, timers, runMicrotasks } = setUp();
  wasm.pump = () => 0.001;
  events.wake();
  runMicrotasks();
  assert.equal([...timers.values()][0].delayMs, 1);
});

test("a delay longer than a timer can be is cut in pieces", () => {
  const { events, wasm, timers, advance, runMicrotasks, runTimer, now } =
    setUp();
  const dueMs = now() + 5_000_000_000;
  wasm.pump = () => (now() < dueMs ? dueMs - now() : -1);
  events.wake();
  runMicrotasks();
  let pieces = 0;
  while (timers.size > 0) {
    assert.ok([...timers.values()][0].delayMs <= 2 ** 31 - 1);
    runTimer();
    pieces += 1;
  }
  assert.equal(pieces, 3);
  assert.ok(now() >= dueMs);
  advance(0);
});

test("the timer is given up when nothing waits for it any more", () => {
  const { events, wasm, runMicrotasks, left } = setUp();
  const answers = [100, -1];
  wasm.pump = () => answers.shift();
  events.wake();
  runMicrotasks();
  events.wake();
  runMicrotasks();
  assert.deepEqual(left(), NOTHING);
});

test("a short delay set by a timer goes through a task where timers nest", () => {
  const page = setUp({ clampsTimers: true });
  const answers = [10, 1, 7, -1];
  page.wasm.pump = () => answers.shift();
  page.events.wake();
  page.runMicrotasks();
  page.runTimer();
  assert.deepEqual(page.left(), { ...NOTHING, tasks: 1 });
  page.runTask();
  assert.deepEqual(page.left(), { ...NOTHING, timers: 1 });
  assert.equal(page.calls.length, 2, "the task only sets the timer");
  page.runTimer();
  assert.deepEqual(
    page.left(),
    { ...NOTHING, timers: 1 },
    "7 ms is no short one",
  );
});

test("a wake between turns that task into a pump", () => {
  const page = setUp({ clampsTimers: true });
  const answers = [10, 1, -1];
  page.wasm.pump = () => answers.shift();
  page.events.wake();
  page.runMicrotasks();
  page.runTimer();
  page.events.wake();
  page.runTask();
  assert.equal(page.calls.length, 3);
  assert.deepEqual(page.left(), NOTHING);
});

test("a frame runs goroutines in its own callback, once per request", () => {
  const { events, frames, calls, runFrame, now, left } = setUp();
  events.requestFrame();
  events.requestFrame();
  assert.equal(frames.size, 1);
  const callback = [...frames.values()][0];
  runFrame();
  assert.deepEqual(calls, [`frame ${now()}`]);
  callback(5);
  assert.deepEqual(calls, [`frame ${now()}`], "a late callback is ignored");
  assert.deepEqual(left(), NOTHING);
});

test("a frame asked for during a frame is the next one", () => {
  const { events, wasm, frames, runFrame } = setUp();
  wasm.frame = () => {
    events.requestFrame();
    return -1;
  };
  events.requestFrame();
  runFrame();
  assert.equal(frames.size, 1);
  runFrame();
  events.cancelFrame();
  assert.equal(frames.size, 0);
});

test("the first pump comes in a task and goes the way of a frame", () => {
  const { events, calls, runTask, now, left, microtasks } = setUp();
  events.start();
  assert.deepEqual(calls, []);
  events.complete(1, 1);
  assert.equal(microtasks.length, 0);
  runTask();
  assert.deepEqual(calls, ["complete 1 1", `frame ${now()}`]);
  assert.deepEqual(left(), NOTHING);
});

test("a wake from inside wasm leads to a pump after this one", () => {
  const { events, wasm, calls, runMicrotasks } = setUp();
  wasm.pump = () => {
    if (calls.length === 1) events.wake();
    return -1;
  };
  events.wake();
  runMicrotasks();
  assert.deepEqual(calls, ["pump", "pump"]);
});

test("wasm is not entered from within wasm", () => {
  const { events, wasm, runMicrotasks, outcomes } = setUp();
  wasm.pump = () => {
    events.enter(() => 1);
    return -1;
  };
  events.wake();
  runMicrotasks();
  assert.match(outcomes[0].error.message, /from within wasm/);
});

test("enter answers what the call answered", () => {
  const { events } = setUp();
  assert.equal(
    events.enter(() => 42),
    42,
  );
});

for (const [how, throws, expected] of [
  ["an exit", () => new ProcExit(7), { code: 7 }],
  ["a trap", () => new WebAssembly.RuntimeError("unreachable"), "unreachable"],
]) {
  test(`after ${how} nothing enters wasm and nothing is left`, () => {
    const page = setUp();
    const { events, wasm, calls, outcomes } = page;
    let next = 100;
    wasm.pump = () => next;
    events.wake();
    page.runMicrotasks();
    events.requestFrame();
    next = 0;
    events.wake();
    page.runMicrotasks();
    assert.deepEqual(page.left(), { tasks: 1, timers: 1, frames: 1 });
    const late = [...page.frames.values()][0];
    const task = page.tasks[0];
    wasm.frame = () => {
      throw throws();
    };
    page.runFrame();
    if (typeof expected === "string") {
      assert.equal(outcomes[0].error.message, expected);
    } else {
      assert.deepEqual(outcomes, [expected]);
    }
    const count = calls.length;
    assert.deepEqual(page.left(), NOTHING);
    events.complete(1, 1);
    events.wake();
    events.wakeLater();
    events.start();
    events.requestFrame();
    late(1);
    task();
    assert.equal(
      events.enter(() => calls.push("entered")),
      undefined,
    );
    page.runMicrotasks();
    assert.equal(calls.length, count);
    assert.deepEqual(page.left(), NOTHING);
    assert.equal(outcomes.length, 1);
  });
}

test("ended from inside, the end comes when wasm is left, and only once", () => {
  const { events, wasm, outcomes, runMicrotasks } = setUp();
  let inside;
  wasm.pump = () => {
    events.end({ code: 3 });
    events.end({ code: 4 });
    inside = outcomes.length;
    throw new ProcExit(99);
  };
  events.wake();
  runMicrotasks();
  events.end({ code: 5 });
  assert.equal(inside, 0, "wasm was still on the stack");
  assert.deepEqual(outcomes, [{ code: 3 }]);
});

test("ended while a microtask is queued, the pump does not run", () => {
  const { events, calls, outcomes, runMicrotasks, left } = setUp();
  events.wake();
  events.requestFrame();
  events.end({ code: 0 });
  assert.deepEqual(left(), NOTHING, "nor is the frame wanted any more");
  runMicrotasks();
  assert.deepEqual(calls, []);
  assert.deepEqual(outcomes, [{ code: 0 }]);
});

for (const answer of [-2, NaN]) {
  test(`a pump that answers ${answer} is an error, not an endless loop`, () => {
    const { events, wasm, outcomes, runMicrotasks } = setUp();
    wasm.pump = () => answer;
    events.wake();
    runMicrotasks();
    assert.ok(outcomes[0].error instanceof GossamerError);
    assert.match(outcomes[0].error.message, new RegExp(`answered ${answer}`));
  });
}
