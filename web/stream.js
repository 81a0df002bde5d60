/* The streams' page: loads stream.wasm, starts and cancels its two streams and
 * asks it for figures; and ticks its own clock all the while. */
import { load } from "/dist/gossamer.mjs";
import {
  Dial,
  Rate,
  colourSources,
  find,
  oneDigit,
  show,
  showError,
  whole,
} from "./demo.js";

const MEASURE_MS = 200;
const MB = 1024 * 1024;
const DOWNLOAD_MB = 200;
const PLOT_VALUES = 400;

const dial = new Dial();

/**
 * What differs between the two streams.
 * @typedef {object} Kind
 * @property {string} name as in the elements' ids and the program's functions
 * @property {() => string} address
 * @property {(figures: any) => number} total what the rate is of
 * @property {(figures: any, perSecond: number) => void} show
 * @property {(figures: any) => string} mistake what is wrong; "" when nothing
 * @property {(figures: any) => string} praise
 */

/** @type {Kind} */
const DOWNLOAD = {
  name: "download",
  address: () => `/api/download?mb=${DOWNLOAD_MB}`,
  total: ({ checked }) => checked,
  show({ checked, total }, perSecond) {
    const bar = /** @type {HTMLProgressElement} */ (find("#download-progress"));
    bar.value = total > 0 ? checked / total : 0;
    show("#download-checked", oneDigit(checked / MB));
    show("#download-rate", oneDigit(perSecond / MB));
  },
  mistake({ wrongAt, checked, bytes }) {
    if (wrongAt >= 0) return `byte ${whole(wrongAt)} is wrong`;
    const missing = bytes - checked;
    return missing === 0 ? "" : `${whole(missing)} bytes were not checked`;
  },
  praise: ({ checked }) => `all ${whole(checked)} bytes are right`,
};

/** @type {number[]} */
const plotted = [];

/** @type {Kind} */
const FEED = {
  name: "feed",
  address: () =>
    `/api/feed?hz=${/** @type {HTMLSelectElement} */ (find("#hz")).value}`,
  total: ({ lines }) => lines,
  show({ lines, values }, perSecond) {
    show("#feed-lines", whole(lines));
    show("#feed-rate", whole(perSecond));
    plotted.push(...values);
    plotted.splice(0, plotted.length - PLOT_VALUES);
    find("#curve").setAttribute(
      "points",
      plotted.map((value, index) => `${index},${-value}`).join(" "),
    );
  },
  mistake: ({ wrong, lines }) =>
    wrong > 0 ? `${whole(wrong)} of ${whole(lines)} lines` : "",
  praise: ({ lines }) => `all ${whole(lines)} lines are right`,
};

/** A stream on the page: its buttons, its figures, how it ended. */
class Panel {
  #app;
  #kind;
  #start;
  #cancel;
  #rate = new Rate();
  running = false;

  /**
   * @param {import("../js/index.js").App} app
   * @param {Kind} kind
   */
  constructor(app, kind) {
    this.#app = app;
    this.#kind = kind;
    const { name } = kind;
    this.#start = /** @type {HTMLButtonElement} */ (find(`#${name}-start`));
    this.#cancel = /** @type {HTMLButtonElement} */ (find(`#${name}-cancel`));
    this.#start.disabled = false;
    this.#start.addEventListener("click", () => void this.#run());
    this.#cancel.addEventListener(
      "click",
      () => void app.call(`cancel_${name}`).catch(showError),
    );
  }

  /**
   * @param {string} text
   * @param {"good" | "bad" | ""} state
   */
  #tell(text, state) {
    const status = `#${this.#kind.name}-status`;
    find(status).dataset.state = state;
    show(status, text);
  }

  /** @param {boolean} running */
  #setRunning(running) {
    this.running = running;
    this.#start.disabled = running;
    this.#cancel.disabled = !running;
  }

  async #run() {
    this.#setRunning(true);
    this.#tell("Running.", "");
    this.#rate = new Rate();
    dial.reset();
    const startMs = performance.now();
    try {
      const url = this.#kind.address();
      const end = await this.#app.call(`open_${this.#kind.name}`, url);
      const seconds = (performance.now() - startMs) / 1000;
      const figures = await this.measure();
      this.#conclude(end, figures, seconds);
    } catch (error) {
      showError(error);
    }
    this.#setRunning(false);
  }

  /**
   * @param {string} end the program's word for it
   * @param {any} figures
   * @param {number} seconds
   */
  #conclude(end, figures, seconds) {
    const { mistake, praise, show: showFigures, total } = this.#kind;
    if (end !== "complete" && end !== "cancelled") {
      return this.#tell(`Failed: ${end}.`, "bad");
    }
    const wrong = mistake(figures);
    if (wrong !== "") return this.#tell(`Wrong: ${wrong}.`, "bad");
    showFigures({ ...figures, values: [] }, total(figures) / seconds);
    if (end === "cancelled") {
      return this.#tell(`Cancelled: ${praise(figures)}.`, "");
    }
    const text = praise(figures);
    return this.#tell(`${text[0]?.toUpperCase()}${text.slice(1)}.`, "good");
  }

  async measure() {
    const { name, total, show: showFigures } = this.#kind;
    const figures = JSON.parse(await this.#app.call(`measure_${name}`));
    showFigures(figures, this.#rate.perSecond(total(figures)));
    return figures;
  }
}

async function start() {
  const app = await load("/apps/stream.wasm", { fetch: "'self'" });
  const panels = [DOWNLOAD, FEED].map((kind) => new Panel(app, kind));
  setInterval(() => {
    dial.showFigures();
    for (const panel of panels) {
      if (panel.running) panel.measure().catch(showError);
    }
  }, MEASURE_MS);
  await app.exited;
}

colourSources();
start().catch(showError);
