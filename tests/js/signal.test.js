/* Signals: what is listened for, when goroutines hear of it, and app.signal().
 * Row C3. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { GossamerError, ProcExit } from "../../js/errors.js";
import { SIGNALS } from "../../js/host/signal.js";
import { thisPlatform } from "../../js/host/platform.js";
import { fakeHost } from "../helpers/host.js";
import { read } from "../helpers/tree.js";

const USER = (/** @type {number} */ n) => 1 << (16 + n);

/** A host whose program notes what it is told, and pumps. */
function setUp() {
  const host = fakeHost();
  const calls = [];
  host.host.exports.gs_signal_event = (signal, value) =>
    calls.push([signal, value]);
  host.entries.gs_pump = () => {
    calls.push("pump");
    return -1;
  };
  return { ...host, calls };
}

test("the bits are those of gossamer/signal.h", () => {
  const header = read("src/include/gossamer/signal.h");
  const declared = [
    ...header.matchAll(/^#define GS_SIGNAL_(\w+) \(UINT32_C\(1\) << (\d+)\)/gm),
  ].map(([, name, bit]) => [name, 1 << Number(bit)]);
  const known = Object.entries(SIGNALS).map(([name, bit]) => [
    name.toUpperCase().replace(/^SIG/, ""),
    bit,
  ]);
  assert.deepEqual(known, declared);
});

test("only what is asked for is listened for, and no longer", () => {
  const { imports, watched } = setUp();
  assert.equal(watched.size, 0);
  imports.signal_watch(SIGNALS.hidden | SIGNALS.SIGINT | USER(0));
  assert.deepEqual([...watched.keys()], ["hidden", "SIGINT"]);
  imports.signal_watch(SIGNALS.SIGINT | SIGNALS.online);
  assert.deepEqual([...watched.keys()], ["SIGINT", "online"]);
  imports.signal_watch(-1);
  assert.deepEqual([...watched.keys()].sort(), Object.keys(SIGNALS).sort());
  imports.signal_watch(0);
  assert.equal(watched.size, 0);
});

test("a signal runs goroutines before its listener returns", () => {
  const { imports, watched, calls } = setUp();
  imports.signal_watch(SIGNALS.pagehide);
  watched.get("pagehide")(1);
  assert.deepEqual(calls, [[SIGNALS.pagehide, 1], "pump"]);
});

test("a signal that comes while wasm runs waits until it is left", () => {
  const page = setUp();
  page.imports.signal_watch(SIGNALS.hidden | USER(2));
  page.entries.gs_pump = () => {
    page.calls.push("pump");
    if (page.calls.length === 1) {
      page.watched.get("hidden")(0);
      page.signals.send(2, 5);
    }
    return -1;
  };
  page.host.events.wake();
  page.runMicrotasks();
  assert.deepEqual(page.calls, [
    "pump",
    ...[[SIGNALS.hidden, 0], "pump"],
    ...[[USER(2), 5], "pump"],
  ]);
});

test("signals by name and by number, with a value", () => {
  const { imports, signals, calls, runMicrotasks } = setUp();
  imports.signal_watch(-1);
  assert.equal(signals.send("SIGTERM", 0), true);
  assert.equal(signals.send(0, 7), true);
  assert.equal(signals.send(15, -(2 ** 31)), true);
  runMicrotasks();
  assert.deepEqual(calls, [
    [SIGNALS.SIGTERM, 0],
    [USER(0), 7],
    [USER(15), -(2 ** 31)],
    "pump",
  ]);
});

test("a signal that the program does not listen for is not sent", () => {
  const { imports, signals, calls, runMicrotasks } = setUp();
  assert.equal(signals.send("hidden", 0), false);
  imports.signal_watch(USER(1));
  assert.equal(signals.send(2, 0), false);
  runMicrotasks();
  assert.deepEqual(calls, []);
});

for (const signal of ["sigint", "toString", "", "1", -1, 16, 1.5, NaN, null]) {
  test(`app.signal(${typeof signal} ${signal}) is refused`, () => {
    const { signals } = setUp();
    assert.throws(
      () => signals.send(signal, 0),
      (error) =>
        error instanceof GossamerError &&
        error.code === "EINVAL" &&
        /there is no signal .*0 to 15, hidden, /.test(error.message),
    );
  });
}

for (const value of [2 ** 31, 0.5, NaN, "1", 1n, null]) {
  test(`a signal's value ${typeof value} ${value} is refused`, () => {
    assert.throws(() => setUp().signals.send(0, value), {
      code: "EINVAL",
      message: /must be an integer of 32 bits, got /,
    });
  });
}

test("after the end nothing is listened for and nothing sent", () => {
  const page = setUp();
  page.imports.signal_watch(SIGNALS.SIGINT | USER(0));
  const late = page.watched.get("SIGINT");
  page.entries.gs_pump = () => {
    page.signals.send(0, 1);
    throw new ProcExit(3);
  };
  page.host.events.wake();
  page.runMicrotasks();
  assert.deepEqual(page.outcomes, [{ code: 3 }]);
  page.close({ code: 3 });
  assert.equal(page.watched.size, 0);
  late(0);
  assert.equal(page.signals.send(0, 1), false);
  page.runMicrotasks();
  assert.deepEqual(page.calls, []);
});

test("the state is what the platform says it is", () => {
  const { imports, state } = setUp();
  assert.equal(imports.signal_state(), SIGNALS.visible | SIGNALS.online);
  state.hidden = true;
  state.offline = true;
  assert.equal(imports.signal_state(), SIGNALS.hidden | SIGNALS.offline);
});

test("in Node signals are those of the process, until stopped", () => {
  const { watchSignal, signalState } = thisPlatform();
  assert.deepEqual(signalState(), { hidden: false, offline: false });
  const before = process.listenerCount("SIGTERM");
  const values = [];
  const stop = watchSignal("SIGTERM", (value) => values.push(value));
  process.emit("SIGTERM");
  assert.deepEqual(values, [0]);
  stop();
  assert.equal(process.listenerCount("SIGTERM"), before);
  const stopNone = watchSignal("hidden", () => assert.fail("no page"));
  stopNone();
});
