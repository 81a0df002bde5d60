/* The sieve's page: runs sieve.wasm, whose standard output is one prime a
 * line, and checks them against a sieve of its own. */
import { load } from "/dist/gossamer.mjs";
import {
  PageClock,
  colourSources,
  find,
  show,
  showError,
  whole,
} from "./demo.js";

/** From the published tables: the n-th prime. @type {Record<number, number>} */
const TABLE = { 100: 541, 500: 3571, 1000: 7919, 1500: 12553, 2000: 17389 };
/** Above the 2000th prime. */
const LIMIT = 17_500;

const slider = /** @type {HTMLInputElement} */ (find("#count"));
const startButton = /** @type {HTMLButtonElement} */ (find("#start"));
const cancelButton = /** @type {HTMLButtonElement} */ (find("#cancel"));
const bar = /** @type {HTMLProgressElement} */ (find("#progress"));
const wall = /** @type {HTMLCanvasElement} */ (find("#wall"));

/** All primes below LIMIT, the old way: an array with the multiples crossed. */
function knownPrimes() {
  const crossed = new Uint8Array(LIMIT);
  const primes = [];
  for (let number = 2; number < LIMIT; number += 1) {
    if (crossed[number]) continue;
    primes.push(number);
    for (let at = number * number; at < LIMIT; at += number) crossed[at] = 1;
  }
  return primes;
}

const KNOWN = knownPrimes();

/** What is wrong with the primes found; null when they are right. */
function firstMistake(/** @type {number[]} */ primes) {
  const at = primes.findIndex((prime, index) => prime !== KNOWN[index]);
  if (at >= 0) {
    return `prime number ${at + 1} came out as ${primes[at]}, but is ${KNOWN[at]}`;
  }
  const listed = TABLE[primes.length];
  const last = primes.at(-1);
  if (listed === undefined || listed === last) return null;
  return `the last is ${last}, but the table says ${listed}`;
}

/** The picture: a square for each prime, lit when it is found. */
class Wall {
  #context = /** @type {CanvasRenderingContext2D} */ (wall.getContext("2d"));
  #total = 0;
  #lit = 0;
  #columns = 1;
  #cell = 1;
  #colours = ["", "", ""];
  #line = "";

  /** @param {number} total */
  reset(total) {
    this.#total = total;
    this.#lit = 0;
    this.lay();
  }

  /** Draws everything again: the size or the colours have changed. */
  lay() {
    const scale = window.devicePixelRatio;
    const { width, height } = wall.getBoundingClientRect();
    wall.width = Math.round(width * scale);
    wall.height = Math.round(height * scale);
    const style = getComputedStyle(wall);
    this.#line = style.getPropertyValue("--line");
    this.#colours = ["--accent", "--teal", "--pink"].map((name) =>
      style.getPropertyValue(name),
    );
    // The largest square cell with which all of them fit.
    let columns = Math.ceil(
      Math.sqrt((this.#total * wall.width) / wall.height),
    );
    while (
      Math.ceil(this.#total / columns) * (wall.width / columns) >
      wall.height
    ) {
      columns += 1;
    }
    this.#columns = columns;
    this.#cell = wall.width / columns;
    const lit = this.#lit;
    this.#lit = 0;
    this.#paint(0, this.#total, () => this.#line);
    this.light(Math.min(lit, this.#total));
  }

  /** @param {number} count how many are found by now */
  light(count) {
    const [first = "", second = "", third = ""] = this.#colours;
    this.#paint(this.#lit, count, (index) => {
      const part = (2 * index) / this.#total;
      return part < 1
        ? `color-mix(in srgb, ${second} ${part * 100}%, ${first})`
        : `color-mix(in srgb, ${third} ${(part - 1) * 100}%, ${second})`;
    });
    this.#lit = count;
  }

  /**
   * @param {number} from
   * @param {number} to
   * @param {(index: number) => string} colour
   */
  #paint(from, to, colour) {
    const gap = Math.max(1, this.#cell * 0.18);
    const size = this.#cell - gap;
    for (let index = from; index < to; index += 1) {
      const column = index % this.#columns;
      const row = Math.floor(index / this.#columns);
      this.#context.fillStyle = colour(index);
      this.#context.fillRect(column * this.#cell, row * this.#cell, size, size);
    }
  }
}

const picture = new Wall();
/**
 * The run on show.
 * @typedef {object} Run
 * @property {number[]} primes
 * @property {number} total
 * @property {number} startMs
 * @property {number | null} endMs
 * @property {boolean} cancelled
 */
/** @type {Run} */
let run = { primes: [], total: 0, startMs: 0, endMs: 0, cancelled: false };
/** @type {import("../js/index.js").App | null} */
let app = null;
/** @type {WebAssembly.Module | string} */
let program = "/apps/sieve.wasm";

function showRun() {
  const { primes, startMs, endMs } = run;
  picture.light(primes.length);
  bar.value = primes.length;
  // main, the generator, and a filter for each prime.
  show("#goroutines", whole(primes.length === 0 ? 0 : primes.length + 2));
  show("#last", String(primes.at(-1) ?? "–"));
  show("#time", whole((endMs ?? performance.now()) - startMs));
}

const clock = new PageClock(() => {
  if (app === null) return;
  showRun();
  show("#frames", whole(clock.frames));
});

/**
 * @param {string} text
 * @param {"good" | "bad" | ""} state
 */
function conclude(text, state) {
  find("#status").dataset.state = state;
  show("#status", text);
}

/** @param {number} exitCode */
function conclusion(exitCode) {
  const { primes, total } = run;
  if (run.cancelled) {
    return conclude(`Cancelled after ${whole(primes.length)} primes.`, "");
  }
  if (exitCode !== 0 || primes.length !== total) {
    const lines = `${whole(primes.length)} lines of ${whole(total)}`;
    return conclude(`Failed: exit code ${exitCode}, ${lines}.`, "bad");
  }
  const mistake = firstMistake(primes);
  if (mistake !== null) return conclude(`Wrong: ${mistake}.`, "bad");
  return conclude(
    `${whole(total)} primes, the last ${primes.at(-1)}: all as in the table.`,
    "good",
  );
}

/** @param {boolean} running */
function setRunning(running) {
  startButton.disabled = running;
  slider.disabled = running;
  cancelButton.disabled = !running;
}

async function start() {
  const total = Number(slider.value);
  const startMs = performance.now();
  setRunning(true);
  conclude("Running.", "");
  find("#problem").hidden = true;
  picture.reset(total);
  run = { primes: [], total, startMs, endMs: null, cancelled: false };
  bar.max = total;
  try {
    app = await load(program, {
      args: [String(total)],
      stdout: (line) => run.primes.push(Number(line)),
      stderr: (line) => showError(line),
    });
    // A cancel may have come while it was loading.
    if (run.cancelled) void app.stop();
    program = app.module;
    run.startMs = performance.now();
    clock.reset();
    conclusion(await app.exited);
  } catch (error) {
    conclude("", "");
    showError(error);
  }
  run.endMs = performance.now();
  app = null;
  showRun();
  setRunning(false);
}

function cancel() {
  run.cancelled = true;
  void app?.stop();
}

slider.addEventListener("input", () => {
  show("#count-text", whole(Number(slider.value)));
  picture.reset(Number(slider.value));
});
startButton.addEventListener("click", () => void start());
cancelButton.addEventListener("click", cancel);
new ResizeObserver(() => picture.lay()).observe(wall);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () =>
  picture.lay(),
);

colourSources();
show("#count-text", whole(Number(slider.value)));
picture.reset(Number(slider.value));
