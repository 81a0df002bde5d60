/* The particles' page: the program is started by the script tag #program; here
 * are its controls and its figures. */
import {
  colourSources,
  find,
  oneDigit,
  show,
  showError,
  whole,
} from "./demo.js";

/** How often the figures are asked for: often enough to read. */
const MEASURE_MS = 300;
/** A picture with more pixels than this would cost more than it shows. */
const MAX_PIXELS = 1_200_000;

const script =
  /** @type {HTMLScriptElement & { app?: import("../js/index.js").App }} */ (
    find("#program")
  );
const canvas = /** @type {HTMLCanvasElement} */ (find("#view"));
const slider = /** @type {HTMLInputElement} */ (find("#count"));
const pauseButton = /** @type {HTMLButtonElement} */ (find("#pause"));
let paused = false;

/**
 * Calls the program; before it runs, nothing happens.
 * @param {string} name
 * @param {...unknown} args
 */
async function call(name, ...args) {
  try {
    return await script.app?.call(name, ...args);
  } catch (error) {
    showError(error);
    return undefined;
  }
}

async function measure() {
  const text = await call("measure");
  if (text === undefined) return;
  const { goroutines, framesASecond, workMs } = JSON.parse(text);
  show("#goroutines", whole(goroutines));
  if (paused || framesASecond === 0) return;
  show("#fps", oneDigit(framesASecond));
  show("#work", workMs.toFixed(2));
  show("#each", whole((workMs * 1e6) / goroutines));
}

/** The framebuffer takes the canvas's size on the screen. */
function resize() {
  const { width, height } = canvas.getBoundingClientRect();
  const most = Math.sqrt(MAX_PIXELS / Math.max(1, width * height));
  const scale = Math.min(window.devicePixelRatio, most);
  void call("resize", Math.round(width * scale), Math.round(height * scale));
}

/** @param {PointerEvent} event */
function follow(event) {
  const { left, top, width, height } = canvas.getBoundingClientRect();
  const x = ((event.clientX - left) / width) * 2 - 1;
  const y = ((event.clientY - top) / height) * 2 - 1;
  void call("attract", x, y);
}

function togglePause() {
  paused = !paused;
  pauseButton.textContent = paused ? "Resume" : "Pause";
  void call(paused ? "pause" : "resume");
}

canvas.addEventListener("pointermove", follow);
canvas.addEventListener("pointerdown", follow);
for (const leaving of ["pointerleave", "pointercancel"]) {
  canvas.addEventListener(leaving, () => void call("release"));
}
slider.addEventListener("input", () => {
  show("#count-text", whole(Number(slider.value)));
  void call("populate", Number(slider.value));
});
pauseButton.addEventListener("click", togglePause);

/** The program may have started before this module ran, or may start later. */
function ready() {
  pauseButton.disabled = false;
  new ResizeObserver(resize).observe(canvas);
  setInterval(() => void measure(), MEASURE_MS);
  // Whoever asks for little motion sees one picture, and may start the rest.
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) togglePause();
}

script.addEventListener("gossamer:error", (event) => {
  showError(/** @type {CustomEvent} */ (event).detail.error);
});
if (script.app === undefined) script.addEventListener("gossamer:ready", ready);
else ready();

show("#count-text", whole(Number(slider.value)));
colourSources();
