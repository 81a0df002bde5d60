/* The platform that Node is: its stand-in for animation frames. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { thisPlatform } from "../../js/host/platform.js";

test("a frame's timer that fires early does not make a frame more", (t) => {
  let now = 10;
  const delays = [];
  const runs = [];
  t.mock.method(performance, "now", () => now);
  t.mock.method(globalThis, "setTimeout", (run, delayMs) => {
    delays.push(Math.round(delayMs * 10) / 10);
    runs.push(run);
  });
  const { requestFrame } = thisPlatform();
  const shown = [];
  requestFrame((timestampMs) => shown.push(timestampMs));
  now = 16; // 16.7 was asked for
  runs[0]();
  requestFrame((timestampMs) => shown.push(timestampMs));
  now = 70;
  runs[1]();
  requestFrame((timestampMs) => shown.push(timestampMs));
  assert.deepEqual(shown, [16, 70]);
  assert.deepEqual(delays, [6.7, 17.3, 13.3]);
});
