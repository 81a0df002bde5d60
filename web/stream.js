/* The streams' page: loads stream.wasm with what it needs beside the core,
 * starts and cancels its jobs and asks it for figures; and ticks its own clock
 * all the while. */
import { webcrypto } from "/dist/crypto.mjs";
import { load } from "/dist/gossamer.mjs";
import { websocket } from "/dist/websocket.mjs";
import * as hashes from "/hash-wasm/index.esm.min.js";
import { Dial, colourSources, find, show, showError } from "./demo.js";
import { droppedFiles } from "./dropped.js";
import { PortVolume } from "./ports.js";
import {
  DOWNLOAD,
  ECHO,
  EVENTS,
  FEED,
  RESUME,
  UPLOAD,
  hashKind,
} from "./stream-kinds.js";
import { Panel } from "./stream-panel.js";

const MEASURE_MS = 200;

/** The file that is chosen or dropped, as the program opens it. */
class Chosen {
  ports = new PortVolume();
  /** @type {File | null} */
  #file = null;
  #number = 0;

  /** @param {File} file */
  set(file) {
    this.#file = file;
    show("#hash-name", file.name);
  }

  /** A port for it, in place of the last one. */
  next = () => {
    if (this.#file === null) throw new Error("choose a file first");
    if (this.#number > 0) this.ports.remove(this.#number);
    this.#number = this.ports.offer([this.#file]);
    return { path: `/port/${this.#number}`, sizeBytes: this.#file.size };
  };
}

/**
 * @param {Chosen} chosen
 * @param {Panel} panel
 */
function takeFiles(chosen, panel) {
  const input = /** @type {HTMLInputElement} */ (find("#hash-file"));
  const zone = find("#hash-zone");
  /** @param {File | undefined} file */
  const take = (file) => {
    if (file === undefined || panel.running) return;
    chosen.set(file);
    panel.run().catch(showError);
  };
  input.disabled = false;
  input.addEventListener("change", () => take(input.files?.[0]));
  zone.addEventListener("dragover", (event) => {
    event.preventDefault();
    zone.dataset.over = "";
  });
  zone.addEventListener("dragleave", () => delete zone.dataset.over);
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    delete zone.dataset.over;
    if (event.dataTransfer === null) return;
    droppedFiles(event.dataTransfer)
      .then(({ files }) => take(files[0]?.blob))
      .catch(showError);
  });
}

async function start() {
  const dial = new Dial();
  const chosen = new Chosen();
  const app = await load("/apps/stream.wasm", {
    fetch: "'self'",
    mounts: { "/port": chosen.ports },
    parts: [websocket(), webcrypto({ hashes })],
  });
  const hash = hashKind(chosen.next);
  const kinds = [DOWNLOAD, FEED, UPLOAD, RESUME, EVENTS, ECHO, hash];
  const panels = kinds.map((kind) => new Panel(app, kind, () => dial.reset()));
  takeFiles(chosen, /** @type {Panel} */ (panels.at(-1)));
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
