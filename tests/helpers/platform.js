/* A made-up platform for js/host/events.js: nothing runs unless the test says
 * so, and the clock stands still until it is moved. */

/** @typedef {import("../../js/host/platform.js").Platform} Platform */

/** @param {{ clampsTimers?: boolean }} [options] */
export function fakePlatform({ clampsTimers = false } = {}) {
  let nowMs = 1000;
  let nextId = 1;
  /** @type {(() => void)[]} */
  const microtasks = [];
  /** @type {(() => void)[]} */
  const tasks = [];
  /** @type {Map<number, { run: () => void, dueMs: number, delayMs: number }>} */
  const timers = new Map();
  /** @type {Map<number, (timestampMs: number) => void>} */
  const frames = new Map();

  /** @type {Map<string, (value: number) => void>} */
  const watched = new Map();
  const state = { hidden: false, offline: false };

  /** @type {Platform} */
  const platform = {
    now: () => nowMs,
    microtask: (run) => void microtasks.push(run),
    tasks: (run) => {
      let open = true;
      return {
        post: () => void tasks.push(() => open && run()),
        close: () => {
          open = false;
          tasks.length = 0;
        },
      };
    },
    setTimer: (run, delayMs) => {
      nextId += 1;
      timers.set(nextId, { run, delayMs, dueMs: nowMs + delayMs });
      return nextId;
    },
    clearTimer: (timer) => void timers.delete(timer),
    clampsTimers,
    requestFrame: (run) => {
      nextId += 1;
      frames.set(nextId, run);
      return nextId;
    },
    cancelFrame: (frame) => void frames.delete(frame),
    watchSignal: (name, run) => {
      if (watched.has(name)) throw new Error(`${name} is watched already`);
      watched.set(name, run);
      return () => void watched.delete(name);
    },
    signalState: () => state,
  };

  function runMicrotasks() {
    for (let run = microtasks.shift(); run; run = microtasks.shift()) run();
  }

  return {
    platform,
    microtasks,
    tasks,
    timers,
    frames,
    /** What to call when a signal comes, by its name. */
    watched,
    /** What the page is said to be. */
    state,
    /** @param {number} ms */
    advance: (ms) => {
      nowMs += ms;
    },
    now: () => nowMs,
    /** Runs all microtasks, those they bring forth too. */
    runMicrotasks,
    /** Runs the oldest task and the microtasks after it. */
    runTask() {
      const run = tasks.shift();
      if (run === undefined) throw new Error("no task is queued");
      run();
      runMicrotasks();
    },
    /** Moves the clock to the only timer and runs it. */
    runTimer() {
      const [[id, timer] = []] = timers;
      if (id === undefined || timer === undefined) {
        throw new Error("no timer is set");
      }
      timers.delete(id);
      nowMs = Math.max(nowMs, timer.dueMs);
      timer.run();
      runMicrotasks();
    },
    /** Runs the requested frames. */
    runFrame() {
      const due = [...frames.values()];
      frames.clear();
      for (const run of due) run(nowMs);
      runMicrotasks();
    },
    /** What is still asked of the platform. */
    left() {
      return {
        tasks: tasks.length,
        timers: timers.size,
        frames: frames.size,
      };
    },
  };
}
