/* What the page or Node provides: clock, timer, frames, tasks, signals. The
 * host knows nothing else of its surroundings, so tests put a made-up one in
 * its place. */

/**
 * @typedef {object} Platform
 * @property {() => number} now milliseconds, monotonic
 * @property {(run: () => void) => void} microtask
 * @property {(run: () => void) => Tasks} tasks prepares a task to be posted
 * @property {(run: () => void, delayMs: number) => unknown} setTimer
 * @property {(timer: any) => void} clearTimer
 * @property {boolean} clampsTimers whether timers set by timers are delayed
 * @property {(run: (timestampMs: number) => void) => unknown} requestFrame
 * @property {(frame: any) => void} cancelFrame
 * @property {WatchSignal} watchSignal
 * @property {() => { hidden: boolean, offline: boolean }} signalState
 *
 * Calls `run` with the signal's value each time it comes, until the function
 * it answers is called. Many signals never come on many platforms.
 * @typedef {(
 *   name: import("./signal.js").SignalName,
 *   run: (value: number) => void,
 * ) => () => void} WatchSignal
 *
 * @typedef {object} Tasks
 * @property {() => void} post runs it in a task of its own, without delay
 * @property {() => void} close posts nothing any more
 */

const FRAME_MS = 1000 / 60;
const RESOLVED = Promise.resolve();
/** The longest delay that timers take. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/**
 * Browsers delay nested timers by 4 ms, but not messages.
 * @param {() => void} run
 */
function messageTasks(run) {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = run;
  return {
    post: () => port2.postMessage(null),
    close: () => {
      port1.onmessage = null;
      port1.close();
    },
  };
}

/**
 * An open message port would keep Node alive; an immediate does not.
 * @param {() => void} run
 */
function immediateTasks(run) {
  /** @type {NodeJS.Immediate | undefined} */
  let immediate;
  return {
    post: () => {
      immediate = setImmediate(run);
    },
    close: () => clearImmediate(immediate),
  };
}

/**
 * Node's stand-in for frames: 60 a second, on a grid as a screen's are.
 * @returns {(run: (timestampMs: number) => void) => unknown}
 */
function timedFrames() {
  let shown = 0;
  return (run) => {
    const now = performance.now();
    // A timer may fire a little early: its place on the grid is used up.
    const place = Math.max(Math.floor(now / FRAME_MS), shown) + 1;
    return setTimeout(
      () => {
        shown = place;
        run(performance.now());
      },
      place * FRAME_MS - now,
    );
  };
}

/**
 * @param {EventTarget} target
 * @param {string} type
 * @param {(event: any) => void} run
 */
function listen(target, type, run) {
  target.addEventListener(type, run);
  return () => target.removeEventListener(type, run);
}

const neverComes = () => () => {};

/** @type {WatchSignal} */
function watchPage(name, run) {
  if (name === "online" || name === "offline") {
    return listen(globalThis, name, () => run(0));
  }
  if (typeof document === "undefined") return neverComes();
  switch (name) {
    case "hidden":
    case "visible":
      return listen(document, "visibilitychange", () => {
        if (document.visibilityState === name) run(0);
      });
    case "freeze":
    case "resume":
      return listen(document, name, () => run(0));
    case "pagehide":
    case "pageshow":
      return listen(globalThis, name, ({ persisted }) =>
        run(persisted ? 1 : 0),
      );
    default:
      return neverComes();
  }
}

/** @type {WatchSignal} */
function watchProcess(name, run) {
  if (name !== "SIGINT" && name !== "SIGTERM") return neverComes();
  const told = () => run(0);
  // A listener alone would not keep Node alive.
  const alive = setInterval(() => {}, MAX_DELAY_MS);
  process.on(name, told);
  return () => {
    process.off(name, told);
    clearInterval(alive);
  };
}

/** @returns {WatchSignal} */
function thisWatchSignal() {
  if (isPage()) return watchPage;
  return typeof globalThis.process?.on === "function"
    ? watchProcess
    : neverComes;
}

/**
 * A page or a worker of one. Asked in this way because pages may bring a
 * setImmediate of their own, and that one is as slow as a timer.
 */
function isPage() {
  return "document" in globalThis || "WorkerGlobalScope" in globalThis;
}

/** Workers that a worker made have the function, and it throws. */
function hasAnimationFrames() {
  try {
    cancelAnimationFrame(requestAnimationFrame(() => {}));
    return true;
  } catch {
    return false;
  }
}

/** @returns {Platform} */
export function thisPlatform() {
  const hasFrames = hasAnimationFrames();
  const page = isPage();
  return {
    now: () => performance.now(),
    // A third of what queueMicrotask() takes in Chromium.
    microtask: (run) => void RESOLVED.then(run),
    tasks: page ? messageTasks : immediateTasks,
    setTimer: (run, delayMs) => setTimeout(run, delayMs),
    clearTimer: (timer) => clearTimeout(timer),
    clampsTimers: page,
    requestFrame: hasFrames
      ? (run) => requestAnimationFrame(run)
      : timedFrames(),
    cancelFrame: hasFrames
      ? (frame) => cancelAnimationFrame(frame)
      : (frame) => clearTimeout(frame),
    watchSignal: thisWatchSignal(),
    signalState: () => ({
      hidden: globalThis.document?.visibilityState === "hidden",
      offline: globalThis.navigator?.onLine === false,
    }),
  };
}
