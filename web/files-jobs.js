/* What the file manager is doing: a line for each job, with how far it is and a
 * button that cancels it; several at a time, and the page goes on beside them. */
import { Rate, find, show, whole } from "./demo.js";
import { sizeText } from "./files-tree.js";

/**
 * @typedef {import("./files-program.js").Job} Job
 *
 * @typedef {object} Work
 * @property {string} title "Uploading a.txt"
 * @property {"bytes" | "entries"} unit
 * @property {number} total 0: unknown
 */

const LOOK_MS = 100;

/** @param {unknown} error */
const isCancelled = (error) =>
  /** @type {{ code?: string }} */ (error)?.code === "ECANCELED";

export class Jobs {
  #list = find("#jobs");
  #onBegin;
  #template = /** @type {HTMLTemplateElement} */ (find("#job"));

  /** @param {() => void} onBegin a job begins, and no other is there */
  constructor(onBegin) {
    this.#onBegin = onBegin;
  }

  /**
   * Shows a job until it has ended.
   * @param {Work} work
   * @param {Job} job
   * @returns {Promise<boolean>} false: it was cancelled; rejected: it failed
   */
  async show({ title, unit, total }, job) {
    const element = /** @type {HTMLElement} */ (
      this.#template.content.cloneNode(true)
    ).querySelector("li");
    if (element === null) throw new Error("the page has no job");
    const part = (/** @type {string} */ selector) =>
      /** @type {HTMLElement} */ (element.querySelector(selector));
    const bar = /** @type {HTMLProgressElement} */ (part("progress"));
    const cancel = /** @type {HTMLButtonElement} */ (part("button"));
    part(".title").textContent = title;
    bar.ariaLabel = title;
    cancel.ariaLabel = `Cancel: ${title}`;
    if (total > 0) {
      bar.max = total;
      bar.value = 0;
    }
    let isCalledOff = false;
    cancel.addEventListener("click", () => {
      isCalledOff = true;
      cancel.disabled = true;
      job.cancel();
    });
    if (this.#list.children.length === 0) this.#onBegin();
    this.#list.append(element);
    this.#count();

    const rate = new Rate();
    const look = setInterval(async () => {
      const done = await job.done().catch(() => -1);
      if (done < 0) return;
      if (total > 0) bar.value = done;
      const perSecond = rate.perSecond(done);
      part(".amount").textContent =
        unit === "bytes"
          ? `${sizeText(done)}${total > 0 ? ` of ${sizeText(total)}` : ""}, ` +
            `${sizeText(perSecond)}/s`
          : `${whole(done)} so far`;
    }, LOOK_MS);
    try {
      await job.ended;
      return true;
    } catch (error) {
      if (isCalledOff || isCancelled(error)) return false;
      throw error;
    } finally {
      clearInterval(look);
      const hadFocus = element.contains(document.activeElement);
      element.remove();
      this.#count();
      if (hadFocus) find("#files-title").focus();
    }
  }

  #count() {
    const count = this.#list.children.length;
    this.#list.hidden = count === 0;
    show("#jobs-count", count === 0 ? "" : `${count} running`);
  }
}
