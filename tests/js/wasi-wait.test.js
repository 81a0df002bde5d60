/* Calls that wait: they go on in steps, give up without a trace, and take
 * turns (SEEDS A3, A5). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ERRNO } from "../../js/errors.js";
import { Turn, Waits } from "../../js/wasi/wait.js";

function setUp() {
  /** @type {unknown[]} */
  const reports = [];
  return { waits: new Waits((error) => reports.push(error)), reports };
}

/** All that is ready to run, including what that makes ready. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

test("an answer that is there is passed on at once", () => {
  const { waits } = setUp();
  assert.equal(
    waits.then(7, (answer) => answer + 1),
    8,
  );
});

test("a Promise is waited for, step by step", async () => {
  const { waits } = setUp();
  const steps = [];
  const result = waits.then(Promise.resolve(1), (first) => {
    steps.push(first);
    return waits.then(Promise.resolve(2), (second) => {
      steps.push(second);
      return 0;
    });
  });
  assert.ok(result instanceof Promise);
  assert.deepEqual(steps, []);
  assert.equal(await result, 0);
  assert.deepEqual(steps, [1, 2]);
});

test("a cancelled call goes no step further", async () => {
  const { waits } = setUp();
  const steps = [];
  let goOn = () => {};
  const slow = new Promise((resolve) => {
    goOn = () => resolve(2);
  });
  const result = waits.then(Promise.resolve(1), (first) => {
    steps.push(first);
    return waits.then(slow, (second) => {
      steps.push(second);
      return 0;
    });
  });
  const waiting = waits.last;
  await settled();
  assert.deepEqual(steps, [1]);
  waiting?.cancel();
  goOn();
  assert.equal(await result, ERRNO.ECANCELED);
  assert.deepEqual(steps, [1]);
});

test("cancelling ends a watch, once", async () => {
  const { waits } = setUp();
  let ended = 0;
  let wake = () => {};
  const watch = (/** @type {() => void} */ callback) => {
    wake = callback;
    return () => void ended++;
  };
  let went = false;
  void waits.until(watch, () => {
    went = true;
    return 0;
  });
  const waiting = waits.last;
  waiting?.cancel();
  waiting?.cancel();
  wake();
  await settled();
  assert.equal(ended, 1);
  assert.equal(went, false);
});

test("a watch that has called is not ended any more", async () => {
  const { waits } = setUp();
  let ended = 0;
  const result = waits.until(
    (wake) => {
      wake();
      return () => void ended++;
    },
    () => waits.after(new Promise(() => {}), () => 0),
  );
  const waiting = waits.last;
  await settled();
  waiting?.cancel();
  assert.equal(ended, 0);
  assert.ok(result instanceof Promise);
});

test("a Promise that is rejected is EIO and reported", async () => {
  const { waits, reports } = setUp();
  const error = new Error("broken volume");
  const result = waits.after(Promise.reject(error), () => 0);
  assert.equal(await result, ERRNO.EIO);
  assert.deepEqual(reports, [error]);
});

/** Calls that take one turn each, and note when they go on. */
function takers(waits) {
  const turn = new Turn();
  /** @type {string[]} */
  const log = [];
  /** @type {Map<string, () => void>} */
  const wakes = new Map();
  const take = (/** @type {string} */ name, waited = false) => {
    const again = () => take(name, true);
    if (!waits.mayEnter(turn)) return waits.stand(turn, again);
    log.push(`${name} ${waited ? "again" : "first"}`);
    if (wakes.has(name)) return 0;
    const watch = (/** @type {() => void} */ wake) => {
      wakes.set(name, wake);
      return () => {};
    };
    return waits.hold(turn, waits.until(watch, again));
  };
  return { turn, log, take, wake: (name) => wakes.get(name)?.() };
}

test("whoever waits has the turn; the others stand in line, in order", async () => {
  const { waits } = setUp();
  const { turn, log, take, wake } = takers(waits);
  const results = ["a", "b", "c"].map((name) => take(name));
  assert.deepEqual(log, ["a first"]);
  wake("a");
  await settled();
  assert.deepEqual(log, ["a first", "a again", "b again"]);
  wake("b");
  await settled();
  wake("c");
  assert.deepEqual(await Promise.all(results), [0, 0, 0]);
  assert.equal(log.filter((line) => line.startsWith("c")).length, 2);
  assert.equal(turn.holder, null);
});

test("a newcomer does not go before those in line", async () => {
  const { waits } = setUp();
  const { log, take, wake } = takers(waits);
  void take("a");
  void take("b");
  wake("a");
  for (let tick = 0; tick < 9; tick++) {
    await Promise.resolve();
    void take(`late ${tick}`);
  }
  await settled();
  assert.deepEqual(log, ["a first", "a again", "b again"]);
});

test("a cancelled holder passes the turn on", async () => {
  const { waits } = setUp();
  const { turn, log, take, wake } = takers(waits);
  void take("a");
  const holder = waits.last;
  const second = take("b");
  holder?.cancel();
  await settled();
  assert.deepEqual(log, ["a first", "b again"]);
  wake("b");
  assert.equal(await second, 0);
  assert.equal(turn.holder, null);
});

test("who is cancelled in line is passed over", async () => {
  const { waits } = setUp();
  const { turn, log, take, wake } = takers(waits);
  void take("a");
  void take("b");
  const inLine = waits.last;
  const third = take("c");
  inLine?.cancel();
  wake("a");
  await settled();
  assert.deepEqual(log, ["a first", "a again", "c again"]);
  wake("c");
  assert.equal(await third, 0);
  assert.equal(turn.holder, null);
});
