/* The editor of the file manager: a text file in a text area. Saving stores it
 * as an upload is stored, whole or not at all, and says so only when it is
 * durable. */
import { ask } from "./ask.js";
import { find, show } from "./demo.js";

/** More than this in a text area helps nobody. */
const MAX_BYTES = 2 ** 20;

/**
 * @typedef {import("./files-program.js").FilesProgram} FilesProgram
 */

const area = /** @type {HTMLTextAreaElement} */ (find("#text"));
const saveButton = /** @type {HTMLButtonElement} */ (find("#save"));

export class Editor {
  /** The file that is edited. @type {string | null} */
  path = null;
  #stored = "";
  #saves = 0;
  #isReadOnly = false;
  #program;
  #onSaved;
  #onError;

  /**
   * @param {() => FilesProgram} program
   * @param {(path: string) => void} onSaved
   * @param {(error: unknown) => void} onError
   */
  constructor(program, onSaved, onError) {
    this.#program = program;
    this.#onSaved = onSaved;
    this.#onError = onError;
    area.addEventListener("input", () => this.#showState());
    saveButton.addEventListener("click", () => void this.save());
    find("#close").addEventListener("click", () => void this.close());
    find("#editor").addEventListener("keydown", (event) => {
      if (!(event.ctrlKey || event.metaKey) || event.key !== "s") return;
      event.preventDefault();
      if (this.isChanged) void this.save();
    });
    addEventListener("beforeunload", (event) => {
      if (this.isChanged) event.preventDefault();
    });
  }

  get isChanged() {
    return this.path !== null && area.value !== this.#stored;
  }

  /** @param {boolean} isReadOnly */
  set readOnly(isReadOnly) {
    this.#isReadOnly = isReadOnly;
    area.readOnly = isReadOnly;
    this.#showState();
  }

  /** @param {string} path @param {number} bytes its size */
  async open(path, bytes) {
    if (path === this.path) {
      area.focus();
      return;
    }
    if (!(await this.#mayLeave())) return;
    if (bytes > MAX_BYTES) {
      throw new Error(`${path} is too large to edit here; download it.`);
    }
    const text = await this.#read(path);
    this.path = path;
    area.value = text;
    // A text area has its own idea of line ends.
    this.#stored = area.value;
    show("#editor-title", path.slice(1));
    show("#editor-state", "");
    find("#editor").hidden = false;
    this.#showState();
    area.setSelectionRange(0, 0);
    area.focus();
    find("#editor").scrollIntoView({ block: "nearest" });
  }

  /** @param {string} path */
  async #read(path) {
    const { stream, ended } = this.#program().fetch(path);
    // The stream fails too, and that is what is seen.
    ended.catch(() => {});
    const bytes = await new Response(stream).arrayBuffer();
    const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    let text;
    try {
      text = strict.decode(bytes);
    } catch {
      text = "\0";
    }
    if (text.includes("\0")) {
      throw new Error(`${path} is no text; download it instead.`);
    }
    return text;
  }

  #showState() {
    const { isChanged } = this;
    saveButton.disabled = !isChanged || this.#isReadOnly;
    if (isChanged) this.#tell("Not saved yet.", "");
  }

  /** @param {string} text @param {"good" | "bad" | ""} state */
  #tell(text, state) {
    find("#editor-state").dataset.state = state;
    show("#editor-state", text);
  }

  async save() {
    const { path } = this;
    if (path === null || this.#isReadOnly) return;
    this.#saves += 1;
    const mine = this.#saves;
    const text = area.value;
    this.#tell("Saving…", "");
    try {
      const blob = new Blob([text]);
      await this.#program().store([{ path, blob }]).ended;
    } catch (error) {
      if (path === this.path) this.#tell("Not saved.", "bad");
      this.#onError(error);
      return;
    }
    this.#onSaved(path);
    if (path !== this.path || mine !== this.#saves) return;
    this.#stored = text;
    this.#showState();
    const isAll = area.value === text;
    if (isAll) this.#tell("Saved: it outlives this tab.", "good");
    if (isAll && document.activeElement === saveButton) area.focus();
  }

  async #mayLeave() {
    if (!this.isChanged) return true;
    const answer = await ask({
      title: "Leave the changes?",
      text: `What you changed in ${this.path?.slice(1)} is not saved.`,
      confirm: "Leave them",
      other: "Save first",
      danger: true,
    });
    if (answer === null) return false;
    if (answer.choice === "other") await this.save();
    return answer.choice === "confirm" || !this.isChanged;
  }

  async close() {
    if (await this.#mayLeave()) this.#shut();
  }

  #shut() {
    this.path = null;
    find("#editor").hidden = true;
    find("#files-title").focus();
  }

  /**
   * Something was moved, or removed.
   * @param {string} from
   * @param {string | null} to null: it is gone
   */
  moved(from, to) {
    const { path } = this;
    if (path === null || (path !== from && !path.startsWith(`${from}/`))) {
      return;
    }
    if (to === null) {
      this.#shut();
      return;
    }
    this.path = to + path.slice(from.length);
    show("#editor-title", this.path.slice(1));
  }

  /** What another tab has stored is shown. @param {string} path */
  async reload(path) {
    if (path !== this.path || this.isChanged) return;
    try {
      const text = await this.#read(path);
      if (path !== this.path || this.isChanged || text === area.value) return;
      area.value = text;
      this.#stored = area.value;
    } catch (error) {
      this.#onError(error);
    }
  }
}
