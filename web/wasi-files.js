/* The files of the page's programs: a volume in memory, filled from what is
 * chosen or dropped, listed with what programs have made of it, and handed out
 * again, one file or all as a tar archive. */
import {
  exportTar,
  exportTree,
  importTar,
  importTree,
  memory,
} from "/dist/wasi.mjs";
import { TYPE, createStat } from "/js/fs/volume.js";
import { find, show, whole } from "./demo.js";
import { saveAs } from "./save.js";

/** More rows than these help nobody. */
const MAX_ROWS = 200;
/** All files together: what a tab can well hold. */
const LIMIT_BYTES = 2 ** 30;

/**
 * @typedef {import("../js/fs/tree-nodes.js").TreeNode} MemoryNode
 *
 * @typedef {object} Row
 * @property {string} path without the slash at its beginning
 * @property {number} type
 * @property {number} sizeBytes
 * @property {bigint} mtimeNs
 */

/**
 * @param {File | DataTransferItem} one
 * @returns {File | null} null: it is put there as it is
 */
function archiveOf(one) {
  const isFolder =
    one instanceof DataTransferItem && one.webkitGetAsEntry()?.isDirectory;
  const file = one instanceof File || isFolder ? one : one.getAsFile();
  if (!(file instanceof File)) return null;
  return /\.(tar|tar\.gz|tgz)$/i.test(file.name) ? file : null;
}

/** @param {File} file */
function archiveStream(file) {
  const bytes = file.stream();
  return /z$/i.test(file.name)
    ? bytes.pipeThrough(new DecompressionStream("gzip"))
    : bytes;
}

export class Files {
  volume = memory({ limitBytes: LIMIT_BYTES });
  /** What the user put there: its time and size by path. */
  /** @type {Map<string, string>} */
  #given = new Map();
  /** What the list shows, to leave it alone while nothing changes. */
  #shown = "";
  #onError;

  /** @param {(error: unknown) => void} onError */
  constructor(onError) {
    this.#onError = onError;
    for (const id of ["add-files", "add-folder"]) {
      const input = /** @type {HTMLInputElement} */ (find(`#${id}`));
      input.addEventListener("change", () => {
        void this.add([...(input.files ?? [])]);
        input.value = "";
      });
    }
    find("#download-all").addEventListener(
      "click",
      () => void this.#downloadAll().catch(onError),
    );
    find("#remove-all").addEventListener("click", () => {
      this.#removeAll();
      this.refresh();
    });
    find("#list").addEventListener("click", (event) => {
      const button = /** @type {Element} */ (event.target).closest("button");
      const path = button?.closest("tr")?.dataset.path;
      if (!button || path === undefined) return;
      if (button.classList.contains("remove")) this.#remove(path);
      else void this.#download(path).catch(onError);
    });
  }

  /**
   * Puts files there: archives unpacked, folders with all that is in them. To
   * be called in the event's own turn.
   * @param {Iterable<File | DataTransferItem>} source
   */
  async add(source) {
    find("#problem").hidden = true;
    const before = this.#stamps();
    try {
      const all = [...source];
      const archives = all.flatMap((one) => archiveOf(one) ?? []);
      const others = all.filter((one) => archiveOf(one) === null);
      await importTree(this.volume, /** @type {Iterable<File>} */ (others));
      for (const file of archives) {
        await importTar(this.volume, archiveStream(file)).catch((error) => {
          throw new Error(`${file.name}: ${error.message}`, { cause: error });
        });
      }
    } catch (error) {
      this.#onError(error);
    }
    this.#noteGiven(before);
  }

  /** @param {Record<string, string>} texts by path */
  async seed(texts) {
    const before = this.#stamps();
    await importTree(this.volume, texts);
    this.#noteGiven(before);
  }

  #stamps() {
    return new Map(this.#rows().map((row) => [row.path, stamp(row)]));
  }

  /**
   * What has come or changed is the user's, and no program's.
   * @param {Map<string, string>} before
   */
  #noteGiven(before) {
    for (const [path, now] of this.#stamps()) {
      if (before.get(path) !== now) this.#given.set(path, now);
    }
    this.refresh();
  }

  /** @returns {Row[]} all files and links, by path */
  #rows() {
    /** @type {Row[]} */
    const rows = [];
    const stat = createStat();
    /** @param {MemoryNode} directory @param {string} above */
    const visit = (directory, above) => {
      const entries = this.volume.list(directory);
      if (typeof entries === "number") return;
      for (const { name, type } of entries) {
        const path = above + name;
        const node = this.volume.lookup(directory, name);
        if (typeof node === "number") continue;
        if (type === TYPE.DIRECTORY) {
          const before = rows.length;
          visit(node, `${path}/`);
          if (rows.length > before) continue;
        }
        this.volume.stat(node, stat);
        const { sizeBytes, mtimeNs } = stat;
        rows.push({ path, type, sizeBytes, mtimeNs });
      }
    };
    visit(this.volume.root, "");
    return rows.sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  /** Shows what there is now. */
  refresh() {
    const rows = this.#rows();
    const key = rows.map((row) => `${row.path}\0${stamp(row)}`).join("\0");
    if (key === this.#shown) return;
    this.#shown = key;
    const focused = document.activeElement?.closest("tr")?.dataset.path;
    const action = document.activeElement?.className;
    const list = find("#list");
    list.replaceChildren(
      ...rows.slice(0, MAX_ROWS).map((row) => this.#rowElement(row)),
    );
    const row = [...list.children].find(
      (one) => one instanceof HTMLElement && one.dataset.path === focused,
    );
    /** @type {HTMLElement | null | undefined} */
    (row?.querySelector(`button[class="${action}"]`))?.focus();
    find("#list-box").hidden = rows.length === 0;
    for (const id of ["download-all", "remove-all"]) {
      const button = /** @type {HTMLButtonElement} */ (find(`#${id}`));
      button.disabled = rows.length === 0;
    }
    find("#more").hidden = rows.length <= MAX_ROWS;
    show("#more", `and ${whole(rows.length - MAX_ROWS)} more`);
  }

  /** @param {Row} row */
  #rowElement(row) {
    const template = /** @type {HTMLTemplateElement} */ (find("#row"));
    const element = /** @type {HTMLElement} */ (
      template.content.cloneNode(true)
    ).querySelector("tr");
    if (element === null) throw new Error("the page has no row");
    element.dataset.path = row.path;
    const given = this.#given.get(row.path);
    const folder = row.type === TYPE.DIRECTORY;
    const isKept = folder || given === stamp(row);
    const state = isKept ? "" : given === undefined ? "new" : "changed";
    const texts = {
      ".path": folder ? `${row.path}/` : row.path,
      ".bytes": folder ? "–" : whole(row.sizeBytes),
      ".state": state,
    };
    for (const [selector, text] of Object.entries(texts)) {
      const cell = element.querySelector(selector);
      if (cell !== null) cell.textContent = text;
    }
    for (const button of element.querySelectorAll("button")) {
      const word = button.querySelector(".word")?.textContent;
      button.ariaLabel = `${word} ${row.path}`;
    }
    const save = element.querySelector("button");
    if (save !== null) save.hidden = row.type !== TYPE.FILE;
    return element;
  }

  /** @param {string} path */
  async #download(path) {
    const bytes = await exportTree(this.volume, path);
    if (!(bytes instanceof Uint8Array)) return;
    const name = path.slice(path.lastIndexOf("/") + 1);
    saveAs(new Blob([/** @type {any} */ (bytes)]), name);
  }

  async #downloadAll() {
    const tar = exportTar(this.volume);
    saveAs(await new Response(tar).blob(), "files.tar");
  }

  /** @param {string} path */
  #remove(path) {
    const names = path.split("/");
    const name = /** @type {string} */ (names.pop());
    /** @type {MemoryNode | number} */
    let directory = this.volume.root;
    for (const one of names) {
      if (typeof directory === "number") return;
      directory = this.volume.lookup(directory, one);
    }
    if (typeof directory === "number") return;
    this.#removeNode(directory, name);
    this.refresh();
    find("#files-title").focus();
  }

  #removeAll() {
    const { root } = this.volume;
    const entries = this.volume.list(root);
    if (typeof entries === "number") return;
    for (const { name } of entries) this.#removeNode(root, name);
    this.#given.clear();
  }

  /** @param {MemoryNode} directory @param {string} name */
  #removeNode(directory, name) {
    const node = this.volume.lookup(directory, name);
    if (typeof node === "number") return;
    if (node.type !== TYPE.DIRECTORY) {
      this.volume.unlink(directory, name);
      return;
    }
    const entries = this.volume.list(node);
    if (typeof entries === "number") return;
    for (const entry of entries) this.#removeNode(node, entry.name);
    this.volume.removeDirectory(directory, name);
  }
}

/** @param {Row} row */
function stamp({ sizeBytes, mtimeNs }) {
  return `${sizeBytes} ${mtimeNs}`;
}
