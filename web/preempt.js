/* The preemption demo's page: runs preempt.wasm, which prints a line a frame,
 * and starts endless loops in it. */
import { load } from "/dist/gossamer.mjs";
import {
  PageClock,
  colourSources,
  find,
  oneDigit,
  show,
  showError,
  whole,
} from "./demo.js";

const startButton = /** @type {HTMLButtonElement} */ (find("#start"));
const overButton = /** @type {HTMLButtonElement} */ (find("#over"));
const wave = /** @type {HTMLCanvasElement} */ (find("#wave"));

/** As many as the program has room for. */
const LOOPS_MAX = 12;

/** @type {import("../js/index.js").App | null} */
let app = null;
/** @type {WebAssembly.Module | string} */
let program = "/apps/preempt.wasm";

const clock = new PageClock(() => show("#gap", oneDigit(clock.longestMs)));

/** @param {string} line "loops ticks rounds" */
function showLine(line) {
  const [loops = 0, ticks = 0, rounds = 0] = line.split(" ").map(Number);
  show("#loops", whole(loops));
  show("#ticks", whole(ticks));
  show("#rounds", `${whole(rounds / 1e6)} M`);
}

async function run() {
  startButton.disabled = true;
  try {
    const mine = await load(program, {
      canvas: wave,
      stdout: showLine,
      stderr: (line) => showError(line),
    });
    app = mine;
    program = mine.module;
    show("#status", "The wave and the ticker run.");
    startButton.disabled = false;
    clock.reset();
    await mine.exited;
  } catch (error) {
    showError(error);
  }
}

async function startLoop() {
  // Loading and the first seconds of a page have gaps of their own.
  clock.reset();
  try {
    const loops = Number(await app?.call("start_loop", 1));
    startButton.disabled = loops >= LOOPS_MAX;
    const count = loops === 1 ? "One endless loop runs" : `${loops} loops run`;
    show("#status", `${count} beside them.`);
  } catch (error) {
    showError(error);
  }
}

async function startOver() {
  overButton.disabled = true;
  await app?.stop();
  showLine("0 0 0");
  overButton.disabled = false;
  void run();
}

startButton.addEventListener("click", () => void startLoop());
overButton.addEventListener("click", () => void startOver());
colourSources();
void run();
