/* The notes' page: hands what is typed to the C program, and says "saved" when
 * its fsync has answered. A second tab reads along, and takes over when the
 * first is gone. */
import { exportTar, load } from "/dist/gossamer.mjs";
import { ask } from "./ask.js";
import { colourSources, find, show } from "./demo.js";
import { saveAs } from "./save.js";
import { SharedVolume, storageError, troubleOf } from "./storage.js";

/**
 * @typedef {import("./storage.js").StoredVolume} StoredVolume
 *
 * @typedef {object} Note
 * @property {number} id
 * @property {number} ms when it was changed
 * @property {string} title
 */

/** @param {string} id */
const button = (id) => /** @type {HTMLButtonElement} */ (find(`#${id}`));
const area = /** @type {HTMLTextAreaElement} */ (find("#text"));
const encoder = new TextEncoder();
const DATE = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
});
const TIME = new Intl.DateTimeFormat("en-GB", {
  hour: "2-digit",
  minute: "2-digit",
});

/** @type {StoredVolume | null} */
let volume = null;
/** @type {import("../js/index.js").App | null} */
let app = null;
let readOnly = true;
/** @type {Note[]} */
let notes = [];
/** As the program listed them last. */
let listed = "";
/** @type {number | null} */
let current = null;
/** Edits of the page, and how many of them are stored. */
let edits = 0;
let stored = 0;

/* ---- words ---- */

/** @param {unknown} error */
function showProblem(error) {
  show("#problem", error instanceof Error ? error.message : String(error));
  find("#problem").hidden = false;
}

/** @param {unknown} error of the volume's own work */
function showTrouble(error) {
  const { text, isLost } = troubleOf(error);
  show("#trouble-text", text);
  find("#trouble").hidden = false;
  find("#reload").hidden = !isLost;
  // What is not in memory cannot be read any more.
  find("#trouble-save").hidden = isLost;
}

/** @param {string} text @param {"good" | "bad" | ""} state */
function tell(text, state) {
  find("#status").dataset.state = state;
  show("#status", text);
}

/** @param {number} ms */
function timeText(ms) {
  const isToday = new Date(ms).toDateString() === new Date().toDateString();
  return (isToday ? TIME : DATE).format(ms);
}

/* ---- the program ---- */

/** @param {string} name @param {...unknown} args @returns {Promise<any>} */
async function call(name, ...args) {
  if (app === null) throw storageError(-10, name);
  return app.call(name, ...args);
}

/**
 * Looks which notes there are, the last changed first.
 * @returns {Promise<boolean>} whether something has changed since
 */
async function list() {
  const text = await call("list_notes");
  if (text === null) throw new Error("The notes cannot be listed.");
  const isNew = text !== listed;
  listed = text;
  notes = text
    .split("\n")
    .filter(Boolean)
    .map((/** @type {string} */ line) => {
      const [, id, ms, title] = /^(\d+) (\d+) (.*)$/.exec(line) ?? [];
      return { id: Number(id), ms: Number(ms), title };
    });
  notes.sort((a, b) => b.ms - a.ms || b.id - a.id);
  if (isNew) showList();
  return isNew;
}

function showList() {
  const template = /** @type {HTMLTemplateElement} */ (find("#item"));
  const focused = document.activeElement?.closest("li")?.dataset.id;
  find("#list").replaceChildren(
    ...notes.map(({ id, ms, title }) => {
      const item = /** @type {HTMLElement} */ (
        template.content.cloneNode(true)
      ).querySelector("li");
      const one = item?.querySelector("button");
      if (!item || !one) throw new Error("the page has no item");
      item.dataset.id = `${id}`;
      if (id === current) one.ariaCurrent = "true";
      const [name, time] = one.children;
      if (name) name.textContent = title.trim() || "Without a title";
      if (time) time.textContent = timeText(ms);
      return item;
    }),
  );
  const item = [...find("#list").children].find(
    (one) => one instanceof HTMLElement && one.dataset.id === focused,
  );
  item?.querySelector("button")?.focus();
  find("#empty").hidden = notes.length > 0;
}

/** @param {number | null} id */
async function open(id) {
  await settled();
  current = id;
  const text = id === null ? "" : await call("read_note", id);
  if (current !== id) return;
  if (text === null) throw new Error("The note cannot be read.");
  area.value = text;
  area.disabled = id === null;
  area.readOnly = readOnly;
  button("remove").disabled = readOnly || id === null;
  tell("", "");
  showList();
}

/* ---- typing ---- */

/** When the last edit is stored or has failed. */
let lastEdit = Promise.resolve();
const settled = () => lastEdit;

function edit() {
  if (current === null || readOnly) return;
  edits += 1;
  lastEdit = store(current, edits, area.value);
}

/**
 * @param {number} id
 * @param {number} mine
 * @param {string} text
 */
async function store(id, mine, text) {
  tell("Saving…", "");
  const bytes = encoder.encode(text);
  try {
    const answer = await call("edit", id, bytes, bytes.length);
    if (answer < 0) throw storageError(answer, "Not saved");
  } catch (error) {
    if (mine !== edits) return;
    tell(error instanceof Error ? error.message : String(error), "bad");
    button("again").hidden = false;
    return;
  }
  stored = Math.max(stored, mine);
  const note = notes.find((one) => one.id === id);
  if (note !== undefined) {
    note.ms = Date.now();
    note.title = text.split("\n", 1)[0] ?? "";
    notes.sort((a, b) => b.ms - a.ms);
    showList();
  }
  // What was typed since is not stored yet.
  if (mine !== edits || id !== current) return;
  button("again").hidden = true;
  find("#trouble").hidden = true;
  tell(`Saved at ${TIME.format(Date.now())}.`, "good");
}

async function makeNote() {
  await settled();
  const id = await call("make_note");
  if (id < 0) throw storageError(id, "No new note");
  await list();
  await open(id);
  area.focus();
}

async function remove() {
  const id = current;
  if (id === null || readOnly) return;
  const title = notes.find((one) => one.id === id)?.title.trim();
  const answer = await ask({
    title: title ? `Delete “${title}”?` : "Delete this note?",
    text: "It goes for ever.",
    confirm: "Delete",
    danger: true,
  });
  if (answer === null) return;
  const result = await call("remove_note", id);
  if (result < 0) throw storageError(result, "Not deleted");
  await list();
  await open(notes[0]?.id ?? null);
  tell("Deleted.", "");
  button("new-note").focus();
}

/* ---- the volume ---- */

/**
 * @param {StoredVolume} next
 * @param {boolean} isReadOnly
 */
async function use(next, isReadOnly) {
  const started = await load("/apps/notes.wasm", {
    mounts: { "/notes": { volume: next, readOnly: isReadOnly } },
  });
  started.exited.catch(showProblem);
  const isTaken = volume !== null;
  void app?.stop();
  volume = next;
  app = started;
  readOnly = isReadOnly;
  find("#second").hidden = !readOnly;
  button("new-note").disabled = readOnly;
  await list();
  const isThere = notes.some(({ id }) => id === current);
  await open(isThere ? current : (notes[0]?.id ?? null));
  if (isTaken && !readOnly) {
    tell("The other tab is gone: this one saves now.", "");
  }
}

/** Shows what the other tab has saved, if it has. */
async function follow() {
  if (!(await list())) return;
  const isThere = notes.some(({ id }) => id === current);
  const { scrollTop } = area;
  await open(isThere ? current : (notes[0]?.id ?? null));
  area.scrollTop = scrollTop;
  tell("As the other tab has saved it.", "");
}

async function saveCopy() {
  if (volume === null) return;
  saveAs(await new Response(exportTar(volume)).blob(), "notes.tar");
}

/* ---- the page ---- */

/** @param {() => Promise<void>} action */
function act(action) {
  find("#problem").hidden = true;
  action().catch(showProblem);
}

area.addEventListener("input", edit);
button("again").addEventListener("click", edit);
button("new-note").addEventListener("click", () => act(makeNote));
button("remove").addEventListener("click", () => act(remove));
button("trouble-save").addEventListener("click", () => act(saveCopy));
button("reload").addEventListener("click", () => location.reload());
find("#list").addEventListener("click", ({ target }) => {
  const item = target instanceof Element ? target.closest("li") : null;
  if (item !== null) act(() => open(Number(item.dataset.id)));
});
addEventListener("beforeunload", (event) => {
  // A moment later nothing would be asked.
  if (edits !== stored) event.preventDefault();
});
addEventListener("unhandledrejection", ({ reason }) => showProblem(reason));

const shared = new SharedVolume("notes", {
  use,
  follow: () => follow().catch(showProblem),
  onTrouble: showTrouble,
});
colourSources();
shared.open().catch(showProblem);
