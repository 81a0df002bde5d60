/* Questions that the page asks in a dialog: for a name, or whether it may. */
import { find, show } from "./demo.js";

/**
 * @typedef {object} Question
 * @property {string} title
 * @property {string} text
 * @property {string} confirm the button that goes on
 * @property {string} [other] a second button that goes on
 * @property {boolean} [danger] whether something is lost by going on
 * @property {{ label: string, value: string, select?: [number, number] }} [field]
 *
 * @typedef {object} Answer
 * @property {"confirm" | "other"} choice
 * @property {string} value of the field
 */

/**
 * Asks in the page's dialog #ask.
 * @param {Question} question
 * @returns {Promise<Answer | null>} null: it was called off
 */
export function ask({ title, text, confirm, other, danger, field }) {
  const dialog = /** @type {HTMLDialogElement} */ (find("#ask"));
  const input = /** @type {HTMLInputElement} */ (find("#ask-field"));
  show("#ask-title", title);
  show("#ask-text", text);
  show("#ask-confirm", confirm);
  show("#ask-other", other ?? "");
  find("#ask-text").hidden = text === "";
  find("#ask-other").hidden = other === undefined;
  find("#ask-confirm").classList.toggle("danger", danger === true);
  find("#ask-row").hidden = field === undefined;
  input.disabled = field === undefined;
  show("#ask-label", field?.label ?? "");
  input.value = field?.value ?? "";
  dialog.returnValue = "";
  dialog.showModal();
  if (field !== undefined) {
    const [from, to] = field.select ?? [0, field.value.length];
    input.focus();
    input.setSelectionRange(from, to);
  } else if (danger === true) {
    find("#ask-cancel").focus();
  }
  return new Promise((resolve) => {
    const closed = () => {
      const { returnValue } = dialog;
      const isGiven = returnValue === "confirm" || returnValue === "other";
      resolve(isGiven ? { choice: returnValue, value: input.value } : null);
    };
    dialog.addEventListener("close", closed, { once: true });
  });
}
