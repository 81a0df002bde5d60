/* A job of the stream demo on the page: its buttons, its figures while it
 * runs, and how it ended. */
import { Rate, clearError, find, show, showError } from "./demo.js";

/**
 * What differs between the jobs.
 * @typedef {object} Kind
 * @property {string} name as in the elements' ids and the program's functions
 * @property {() => (string | number)[]} args of the program's function
 * @property {string} [input] the selector of what the user sets them by
 * @property {(figures: any) => number} total what the rate is of
 * @property {(figures: any, perSecond: number) => void} show
 * @property {(figures: any) => string} mistake what is wrong; "" when nothing
 * @property {(figures: any, seconds: number) => string} praise
 */

export class Panel {
  #app;
  #kind;
  #start;
  #cancel;
  #rate = new Rate();
  running = false;

  #onRun;

  /**
   * @param {import("../js/index.js").App} app
   * @param {Kind} kind
   * @param {() => void} [onRun] told when it begins
   */
  constructor(app, kind, onRun = () => {}) {
    this.#app = app;
    this.#kind = kind;
    this.#onRun = onRun;
    const { name } = kind;
    this.#start = /** @type {HTMLButtonElement} */ (find(`#${name}-start`));
    this.#cancel = /** @type {HTMLButtonElement} */ (find(`#${name}-cancel`));
    this.#start.disabled = false;
    this.#start.addEventListener("click", () => void this.run());
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
    const { input } = this.#kind;
    this.running = running;
    this.#start.disabled = running;
    this.#cancel.disabled = !running;
    if (input) find(input).toggleAttribute("disabled", running);
  }

  async run() {
    if (this.running) return;
    this.#setRunning(true);
    this.#tell("Running.", "");
    clearError();
    this.#rate = new Rate();
    this.#onRun();
    const startMs = performance.now();
    try {
      const { name, args } = this.#kind;
      // The figures that are shown are the last job's until it is asked.
      const [end] = await Promise.all([
        this.#app.call(`open_${name}`, ...args()),
        this.measure(),
      ]);
      const seconds = (performance.now() - startMs) / 1000;
      const figures = await this.measure();
      this.#conclude(end, figures, seconds);
    } catch (error) {
      this.#tell("Failed.", "bad");
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
      return this.#tell(`Cancelled: ${praise(figures, seconds)}.`, "");
    }
    const text = praise(figures, seconds);
    return this.#tell(`${text[0]?.toUpperCase()}${text.slice(1)}.`, "good");
  }

  async measure() {
    const { name, total, show: showFigures } = this.#kind;
    const figures = JSON.parse(await this.#app.call(`measure_${name}`));
    showFigures(figures, this.#rate.perSecond(total(figures)));
    return figures;
  }
}
