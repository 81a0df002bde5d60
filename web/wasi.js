/* The page that runs any WASI program: what is chosen becomes a program, gets
 * arguments, an environment, a terminal and a directory, and is started and
 * stopped; and the page ticks its own clock all the while. */
import { GossamerError, Terminal, WASI } from "/dist/wasi.mjs";
import { parseArgs, parseEnv } from "/js/attributes.js";
import { Dial, colourSources, find, oneDigit, show } from "./demo.js";
import { Files } from "./wasi-files.js";
import { hasJspi, openProgram } from "./wasi-program.js";
import { Screen } from "./wasi-screen.js";

const SHOW_MS = 200;
/** Of all time at most this part goes into looking for new files. */
const LOOK_SHARE = 0.02;
const LOOK_MS = 500;
/** What a shell answers for a program that ^C has ended. */
const INTERRUPTED = 130;

/**
 * @typedef {import("./wasi-program.js").Program} Program
 *
 * @typedef {object} Sample
 * @property {string} args
 * @property {boolean} [raw]
 * @property {boolean} [parks] built with Gossamer: it needs no Asyncify
 * @property {Record<string, string>} [files]
 */

/** @type {Record<string, Sample>} */
const SAMPLES = {
  calc: { args: "" },
  countdown: { args: "10" },
  sieve: { args: "100", parks: true },
  snake: { args: "", raw: true },
  words: {
    args: "",
    files: {
      "river.txt":
        "The river waits for no one,\nand no one waits for the river.\n",
      "notes/loom.txt":
        "Many threads on one loom.\nEach rests until its turn has come.\n",
    },
  },
};

/** @param {string} selector */
const input = (selector) => /** @type {HTMLInputElement} */ (find(selector));
/** @param {string} selector */
const button = (selector) => /** @type {HTMLButtonElement} */ (find(selector));

/** @type {Program | null} */
let program = null;
/** What runs, or did last. */
/** @type {{ wasi: WASI, terminal: Terminal, startMs: number } | null} */
let run = null;
let running = false;
let stopped = false;
/** When what was started last has ended. */
let ended = Promise.resolve();
/** Counts what was chosen: what comes of an earlier choice is dropped. */
let choice = 0;

const dial = new Dial();
const files = new Files(showProblem);
const screen = new Screen(find("#terminal"), {
  onInput: (text) => run?.terminal.input(text),
  onResize: () => run?.terminal.resize(screen.columns, screen.rows),
});

/** @param {unknown} error */
const textOf = (error) => (error instanceof Error ? error.message : `${error}`);

/** @param {unknown} error */
function showProblem(error) {
  const isFull = error instanceof GossamerError && error.code === "ENOSPC";
  const advice = isFull ? ": all files together may take 1 GiB" : "";
  show("#problem", textOf(error) + advice);
  find("#problem").hidden = false;
  find("#problem").scrollIntoView({ block: "nearest" });
}

function hideProblem() {
  find("#problem").hidden = true;
}

/**
 * @param {string} text
 * @param {"good" | "bad" | ""} state
 * @param {string} [stack]
 */
function tell(text, state, stack = "") {
  find("#status").dataset.state = state;
  show("#status", text);
  show("#stack", stack);
  find("#stack").hidden = stack === "";
}

/* ---- a run ---- */

/** @param {Program} chosen @returns {Promise<number>} its exit code */
function execute({ name, module }) {
  const terminal = new Terminal({
    columns: screen.columns,
    rows: screen.rows,
    output: (bytes) => screen.write(bytes),
    onInterrupt: stop,
  });
  terminal.raw = input("#raw").checked;

  const wasi = new WASI({
    name,
    args: fieldOf("Arguments", "#args", parseArgs),
    env: { ...terminalEnv(), ...fieldOf("Environment", "#env", parseEnv) },
    mounts: { "/": files.volume },
    ...terminal.open(),
  });

  run = { wasi, terminal, startMs: performance.now() };
  return wasi.start(module);
}

/** What programs in a terminal look for. */
function terminalEnv() {
  const [columns, lines] = [`${screen.columns}`, `${screen.rows}`];
  return { TERM: "xterm-256color", COLUMNS: columns, LINES: lines };
}

/**
 * @template T
 * @param {string} label
 * @param {string} selector
 * @param {(text: string) => T} parse
 */
function fieldOf(label, selector, parse) {
  try {
    return parse(input(selector).value);
  } catch (error) {
    throw new Error(`${label}: ${textOf(error)}`, { cause: error });
  }
}

async function start() {
  if (running || program === null) return;
  setRunning(true);
  stopped = false;
  run = null;
  tell("Running.", "");
  show("#code", "–");
  dial.reset();
  screen.open();
  screen.focus();
  try {
    const code = await execute(program);
    show("#code", `${code}`);
    if (stopped) tell("Stopped.", "");
    else tell(`Ended with exit code ${code}.`, code === 0 ? "good" : "bad");
  } catch (error) {
    tellFailure(error);
  }
  showFigures();
  files.refresh();
  screen.close();
  setRunning(false);
}

/** @param {unknown} error */
function tellFailure(error) {
  const crashed = error instanceof GossamerError && error.code === "ETRAP";
  if (crashed) tell(`Trapped: ${error.message}.`, "bad", error.stack);
  else tell(`Not run: ${textOf(error).replace(/\.$/, "")}.`, "bad");
}

function stop() {
  if (!running) return;
  stopped = true;
  run?.wasi.stop(INTERRUPTED);
}

/** @param {boolean} now */
function setRunning(now) {
  running = now;
  button("#run").disabled = now || program === null;
  for (const id of ["#stop", "#interrupt", "#end"]) button(id).disabled = !now;
}

function showFigures() {
  dial.showFigures();
  if (run === null || !running) return;
  show("#caller", run.wasi.caller ?? "–");
  show("#ran", oneDigit((performance.now() - run.startMs) / 1000));
}

/** Looks for what a running program has written. */
function watchFiles() {
  const beforeMs = performance.now();
  if (running) files.refresh();
  const tookMs = performance.now() - beforeMs;
  setTimeout(watchFiles, Math.max(LOOK_MS, tookMs / LOOK_SHARE));
}

/* ---- what is chosen ---- */

/**
 * @param {() => Promise<Program>} open
 * @returns {Promise<boolean>} whether it can be run
 */
async function choose(open) {
  const mine = (choice += 1);
  hideProblem();
  stop();
  await ended;
  let chosen;
  try {
    chosen = await open();
  } catch (error) {
    if (mine === choice) showProblem(error);
    return false;
  }
  if (mine !== choice) return false;
  program = chosen;
  show("#about", program.about);
  show("#hint", program.hint);
  find("#hint").hidden = program.hint === "";
  tell("", "");
  setRunning(false);
  return true;
}

/** @param {string} name */
function press(name) {
  for (const sample of find("#samples").querySelectorAll("button")) {
    sample.ariaPressed = String(sample.dataset.sample === name);
  }
}

/** @param {File} file */
async function chooseFile(file) {
  if (await choose(() => openProgram(file, file.name))) press("");
}

/** @param {string} name */
async function chooseSample(name) {
  const sample = SAMPLES[name];
  if (sample === undefined) return;
  const variant = hasJspi() || sample.parks ? "" : ".asyncify";
  const isReady = await choose(async () => {
    const response = await fetch(`/apps/${name}${variant}.wasm`);
    if (!response.ok) {
      throw new Error(`${name}.wasm: the server answered ${response.status}`);
    }
    return openProgram(await response.blob(), `${name}.wasm`);
  });
  if (!isReady) return;
  press(name);
  input("#args").value = sample.args;
  setRaw(sample.raw ?? false);
  if (sample.files) await files.seed(sample.files);
  begin();
}

function begin() {
  ended = ended.then(start);
}

/** @param {boolean} raw */
function setRaw(raw) {
  input("#raw").checked = raw;
  screen.raw = raw;
  if (run !== null && running) run.terminal.raw = raw;
}

/** @param {DragEvent} event */
function drop(event) {
  const { dataTransfer, target } = event;
  if (dataTransfer === null || !dataTransfer.types.includes("Files")) return;
  event.preventDefault();
  markDrop(null);
  hideProblem();
  const [first, ...more] = dataTransfer.files;
  const panel = target instanceof Element ? target.closest(".drop") : null;
  const isProgram = more.length === 0 && first?.name.endsWith(".wasm");
  const takesProgram =
    panel === null ? isProgram === true : panel.id === "program";
  if (first !== undefined && takesProgram) {
    void chooseFile(first);
  } else {
    void files.add(dataTransfer.items);
  }
}

/** @param {Element | null | undefined} panel that is dragged over */
function markDrop(panel) {
  for (const one of document.querySelectorAll(".drop")) {
    one.classList.toggle("over", one === panel);
  }
}

/** @param {DragEvent} event */
function dragOver(event) {
  if (!event.dataTransfer?.types.includes("Files")) return;
  // Else the browser would leave the page for the file.
  event.preventDefault();
  const { target } = event;
  markDrop(target instanceof Element ? target.closest(".drop") : null);
}

/* ---- the page ---- */

button("#run").addEventListener("click", begin);
button("#stop").addEventListener("click", stop);
button("#clear").addEventListener("click", () => screen.clear());
button("#interrupt").addEventListener("click", () => {
  run?.terminal.input("\x03");
  screen.focus();
});
button("#end").addEventListener("click", () => {
  run?.terminal.input("\x04");
  screen.focus();
});
input("#raw").addEventListener("change", () => setRaw(input("#raw").checked));
input("#choose").addEventListener("change", () => {
  const [file] = input("#choose").files ?? [];
  input("#choose").value = "";
  if (file !== undefined) void chooseFile(file);
});
find("#samples").addEventListener("click", ({ target }) => {
  if (!(target instanceof HTMLButtonElement)) return;
  void chooseSample(target.dataset.sample ?? "");
});
for (const field of ["#args", "#env"]) {
  find(field).addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    // Else the terminal, which has the focus by then, would get it too.
    event.preventDefault();
    begin();
  });
}
document.addEventListener("dragover", dragOver);
document.addEventListener("dragleave", () => markDrop(null));
document.addEventListener("drop", drop);
addEventListener("unhandledrejection", ({ reason }) => showProblem(reason));

colourSources();
setInterval(showFigures, SHOW_MS);
watchFiles();
