/* The tree of files as a table that the keyboard moves through (ARIA's
 * treegrid): one row has the focus, arrows open and close folders. What a row
 * means and what becomes of a key is the page's affair. */
import { find, whole } from "./demo.js";

/**
 * @typedef {import("./files-program.js").Entry} Entry
 *
 * @typedef {object} Row
 * @property {string} path
 * @property {string} name
 * @property {"file" | "folder" | "link" | "more"} type
 * @property {number} bytes
 * @property {number} ms
 * @property {number} level from 1 on
 * @property {boolean} expanded
 *
 * @typedef {object} TreeEvents
 * @property {(path: string) => void} onSelect
 * @property {(path: string, expanded: boolean) => void} onExpand
 * @property {(path: string) => void} onOpen Enter, or a double click
 * @property {(path: string) => void} onRename
 * @property {(path: string) => void} onRemove
 * @property {(path: string) => void} onMore
 * @property {(path: string, folder: string) => void} onMove dropped on a folder
 */

const DATE = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
  year: "numeric",
});
const TIME = new Intl.DateTimeFormat("en-GB", {
  hour: "2-digit",
  minute: "2-digit",
});
/** What a row carries when it is dragged. */
export const PATH_TYPE = "application/x-gossamer-path";

/** @param {number} bytes */
export function sizeText(bytes) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : 1;
  return `${value.toFixed(digits)} ${units[unit]}`;
}

/** @param {number} ms */
function timeText(ms) {
  const isToday = new Date(ms).toDateString() === new Date().toDateString();
  return (isToday ? TIME : DATE).format(ms);
}

export class Tree {
  #body = find("#tree-body");
  #template = /** @type {HTMLTemplateElement} */ (find("#tree-row"));
  /** @type {Row[]} */
  #rows = [];
  #selected = "/";
  #events;

  /** @param {TreeEvents} events */
  constructor(events) {
    this.#events = events;
    this.#body.addEventListener("click", (event) => {
      const row = this.#rowAt(event.target);
      if (row === undefined) return;
      const { target } = event;
      const isTwisty =
        target instanceof Element && target.closest(".twisty") !== null;
      this.select(row.path, true);
      if (row.type === "more") events.onMore(row.path);
      else if (isTwisty) events.onExpand(row.path, !row.expanded);
    });
    this.#body.addEventListener("dblclick", (event) => {
      const row = this.#rowAt(event.target);
      const { target } = event;
      if (target instanceof Element && target.closest(".twisty")) return;
      if (row !== undefined) events.onOpen(row.path);
    });
    this.#body.addEventListener("focusin", ({ target }) => {
      const row = this.#rowAt(target);
      if (row !== undefined) this.select(row.path, false);
    });
    this.#body.addEventListener("keydown", (event) => this.#key(event));
    this.#body.addEventListener("dragstart", (event) => {
      const row = this.#rowAt(event.target);
      if (row === undefined || row.path === "/") event.preventDefault();
      else event.dataTransfer?.setData(PATH_TYPE, row.path);
    });
    this.#body.addEventListener("dragover", (event) => {
      const folder = this.folderAt(event.target);
      const isRow = event.dataTransfer?.types.includes(PATH_TYPE);
      this.markDrop(folder);
      if (isRow === true && folder !== null) event.preventDefault();
    });
    this.#body.addEventListener("dragleave", () => this.markDrop(null));
    this.#body.addEventListener("drop", (event) => {
      const path = event.dataTransfer?.getData(PATH_TYPE) ?? "";
      const folder = this.folderAt(event.target);
      this.markDrop(null);
      if (path === "" || folder === null) return;
      event.preventDefault();
      events.onMove(path, folder);
    });
  }

  get selected() {
    return this.#selected;
  }

  /** @param {EventTarget | null} target */
  #rowAt(target) {
    const element = target instanceof Element ? target.closest("tr") : null;
    return this.#rows.find(({ path }) => path === element?.dataset.path);
  }

  /**
   * The folder that a place in the tree belongs to.
   * @param {EventTarget | null} target
   */
  folderAt(target) {
    const row = this.#rowAt(target);
    if (row === undefined) return null;
    if (row.type === "folder") return row.path;
    return row.path.slice(0, row.path.lastIndexOf("/")) || "/";
  }

  /** @param {string | null} path of the folder that a drop would go to */
  markDrop(path) {
    for (const one of this.#elements()) {
      one.classList.toggle("over", path !== null && one.dataset.path === path);
    }
  }

  #elements() {
    return /** @type {HTMLElement[]} */ ([...this.#body.children]);
  }

  /**
   * @param {string} path
   * @param {boolean} focuses
   */
  select(path, focuses) {
    const isNew = path !== this.#selected;
    this.#selected = path;
    for (const one of this.#elements()) {
      const isIt = one.dataset.path === path;
      one.ariaSelected = String(isIt);
      one.tabIndex = isIt ? 0 : -1;
      if (isIt && focuses) one.focus();
    }
    if (isNew) this.#events.onSelect(path);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const row = this.#rowAt(event.target);
    if (row === undefined || event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    const index = this.#rows.indexOf(row);
    const { path, expanded } = row;
    const isFolder = row.type === "folder";
    /** @type {Record<string, () => void>} */
    const keys = {
      ArrowDown: () => this.#go(index + 1),
      ArrowUp: () => this.#go(index - 1),
      Home: () => this.#go(0),
      End: () => this.#go(this.#rows.length - 1),
      ArrowRight: () => {
        if (isFolder && !expanded) this.#events.onExpand(path, true);
        else if (isFolder) this.#go(index + 1);
      },
      ArrowLeft: () => {
        if (isFolder && expanded && path !== "/") {
          this.#events.onExpand(path, false);
        } else {
          const up = this.#rows.findLastIndex(
            ({ level }, at) => at < index && level < row.level,
          );
          this.#go(up);
        }
      },
      Enter: () => {
        if (row.type === "more") this.#events.onMore(path);
        else this.#events.onOpen(path);
      },
      F2: () => this.#events.onRename(path),
      Delete: () => this.#events.onRemove(path),
    };
    const action = keys[event.key];
    if (action === undefined) return;
    event.preventDefault();
    action();
  }

  /** @param {number} index */
  #go(index) {
    const row = this.#rows[index];
    if (row !== undefined) this.select(row.path, true);
  }

  /** @param {Row[]} rows */
  render(rows) {
    const hadFocus = this.#body.contains(document.activeElement);
    this.#rows = rows;
    this.#body.replaceChildren(...rows.map((row) => this.#element(row)));
    let path = this.#selected;
    // What was selected is gone or folded away: what it was in is there.
    while (!rows.some((row) => row.path === path) && path !== "/") {
      path = path.slice(0, path.lastIndexOf("/")) || "/";
    }
    this.select(path, hadFocus);
  }

  /** @param {Row} row */
  #element(row) {
    const element = /** @type {HTMLElement} */ (
      this.#template.content.cloneNode(true)
    ).querySelector("tr");
    if (element === null) throw new Error("the page has no row");
    const { path, name, type, bytes, ms, level, expanded } = row;
    element.dataset.path = path;
    element.dataset.type = type;
    element.ariaLevel = `${level}`;
    if (type === "folder") element.ariaExpanded = String(expanded);
    element.draggable = path !== "/" && type !== "more";
    element.style.setProperty("--level", `${level - 1}`);
    const isFile = type === "file";
    const texts = {
      ".name": name,
      ".bytes": isFile ? sizeText(bytes) : "",
      ".time": type === "more" || path === "/" ? "" : timeText(ms),
    };
    for (const [selector, text] of Object.entries(texts)) {
      const cell = element.querySelector(selector);
      if (cell !== null) cell.textContent = text;
    }
    if (isFile) {
      element
        .querySelector(".bytes")
        ?.setAttribute("title", `${whole(bytes)} bytes`);
    }
    return element;
  }
}
