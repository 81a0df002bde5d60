/* The file manager's page: what is shown of a volume that the browser keeps,
 * and what the buttons, keys and drops ask of the C program that works on it. */
import { ask } from "./ask.js";
import { Dial, colourSources, find, show, whole } from "./demo.js";
import { chosenFiles, droppedFiles } from "./dropped.js";
import { pack, unpack } from "./files-archive.js";
import { Editor } from "./files-editor.js";
import { Jobs } from "./files-jobs.js";
import { FilesProgram } from "./files-program.js";
import { StoragePanel, counted } from "./files-storage.js";
import { PATH_TYPE, Tree, sizeText } from "./files-tree.js";
import { saveAs } from "./save.js";
import { SharedVolume, StorageError, troubleOf } from "./storage.js";

/**
 * @typedef {import("./files-program.js").Entry} Entry
 * @typedef {import("./files-tree.js").Row} Row
 * @typedef {import("./storage.js").StoredVolume} StoredVolume
 */

const SHOW_MS = 500;
/** A folder shows so many entries, and as many more when asked. */
const ROWS = 300;

/** @param {string} id */
const button = (id) => /** @type {HTMLButtonElement} */ (find(`#${id}`));

/** @type {StoredVolume | null} */
let volume = null;
let program = new FilesProgram();
let readOnly = true;
/** When the volume is open: files may be chosen or dropped before. */
/** @type {Promise<void>} */
let opening = Promise.resolve();
/** What is in each folder that was opened. @type {Map<string, Entry[]>} */
const listed = new Map();
/** @type {Set<string>} */
const expanded = new Set(["/"]);
/** How many entries of a folder are shown. @type {Map<string, number>} */
const shown = new Map();

const dial = new Dial();
const jobs = new Jobs(() => dial.reset());
const storage = new StoragePanel();
const editor = new Editor(
  () => program,
  (path) => void refresh(parentOf(path)),
  showProblem,
);
const tree = new Tree({
  onSelect: showSelected,
  onExpand: (path, isOpen) => void expand(path, isOpen).catch(showProblem),
  onOpen: (path) => void open(path).catch(showProblem),
  onRename: () => act(rename),
  onRemove: () => act(remove),
  onMore: (path) => {
    const folder = parentOf(path);
    shown.set(folder, (shown.get(folder) ?? ROWS) + ROWS);
    showTree();
  },
  onMove: (path, folder) => act(() => move(path, joined(folder, nameOf(path)))),
});

/* ---- paths ---- */

/** @param {string} path */
const parentOf = (path) => path.slice(0, path.lastIndexOf("/")) || "/";
/** @param {string} path */
const nameOf = (path) => path.slice(path.lastIndexOf("/") + 1);
/** @param {string} folder @param {string} name */
const joined = (folder, name) => `${folder === "/" ? "" : folder}/${name}`;
/** For people. @param {string} path */
const named = (path) => (path === "/" ? "all files" : nameOf(path));

/** @param {string} path @returns {Entry | undefined} */
function entryOf(path) {
  if (path === "/") return { name: "/", type: "folder", bytes: 0, ms: 0 };
  return listed.get(parentOf(path))?.find(({ name }) => name === nameOf(path));
}

/** The folder that new things go to. */
function here() {
  const { selected } = tree;
  return entryOf(selected)?.type === "folder" ? selected : parentOf(selected);
}

/* ---- words ---- */

/** @param {unknown} error */
function showProblem(error) {
  const { code } = /** @type {{ code?: string }} */ (error ?? {});
  if (code === "ECANCELED") return;
  show("#problem", error instanceof Error ? error.message : String(error));
  find("#problem").hidden = false;
  find("#problem").scrollIntoView({ block: "nearest" });
}

/** @param {string} text @param {"good" | ""} [state] */
function tell(text, state = "") {
  find("#status").dataset.state = state;
  show("#status", text);
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

/** Runs what a button or key asks for. @param {() => Promise<void>} action */
function act(action) {
  find("#problem").hidden = true;
  action()
    .catch(showProblem)
    .finally(() => void storage.showUsage());
}

/* ---- the tree ---- */

/** @param {Entry} a @param {Entry} b */
function byName(a, b) {
  const folders = Number(b.type === "folder") - Number(a.type === "folder");
  return folders || a.name.localeCompare(b.name, "en", { numeric: true });
}

/** @param {string} folder @param {number} level @param {Row[]} rows */
function addRows(folder, level, rows) {
  const entries = listed.get(folder) ?? [];
  const most = shown.get(folder) ?? ROWS;
  for (const entry of entries.slice(0, most)) {
    const path = joined(folder, entry.name);
    const isOpen = entry.type === "folder" && expanded.has(path);
    rows.push({ ...entry, path, level, expanded: isOpen });
    if (isOpen) addRows(path, level + 1, rows);
  }
  const left = entries.length - most;
  if (left <= 0) return;
  const name = `${whole(left)} more: show some`;
  const more = { name, type: /** @type {const} */ ("more"), bytes: 0, ms: 0 };
  // No file has this name.
  rows.push({ ...more, path: joined(folder, "\0"), level, expanded: false });
}

function showTree() {
  const root = { name: "All files", type: /** @type {const} */ ("folder") };
  const top = { ...root, bytes: 0, ms: 0, path: "/", level: 1, expanded: true };
  /** @type {Row[]} */
  const rows = [top];
  addRows("/", 2, rows);
  tree.render(rows);
  find("#empty").hidden = rows.length > 1;
  showSelected();
}

function showSelected() {
  const { selected } = tree;
  const entry = entryOf(selected);
  const isRoot = selected === "/";
  const isFile = entry?.type === "file";
  show("#selected", isRoot ? "All files" : selected.slice(1));
  find("#selected").title = selected;
  button("edit").disabled = !isFile;
  button("rename").disabled = readOnly || isRoot || entry === undefined;
  button("remove").disabled = readOnly || isRoot || entry === undefined;
  button("download").disabled = entry === undefined || entry.type === "link";
  button("download").title = isFile ? "" : "As a .tar archive";
  const folder = here();
  show("#here", folder === "/" ? "the top" : folder.slice(1));
}

/** Looks again into a folder, if it is on show. @param {string} folder */
async function refresh(folder) {
  if (!expanded.has(folder)) return;
  let entries;
  try {
    entries = await program.list(folder);
  } catch (error) {
    forget(folder);
    const { code } = /** @type {StorageError} */ (error);
    if (code !== "ENOENT" && code !== "ENOTDIR") throw error;
    return;
  }
  entries.sort(byName);
  const before = JSON.stringify(listed.get(folder));
  listed.set(folder, entries);
  if (before !== JSON.stringify(entries)) showTree();
}

async function refreshAll() {
  for (const folder of [...expanded].sort()) await refresh(folder);
}

/** A folder is not there any more, or folded away. @param {string} folder */
function forget(folder) {
  for (const path of [...expanded]) {
    const isInside = path === folder || path.startsWith(`${folder}/`);
    if (!isInside || path === "/") continue;
    expanded.delete(path);
    listed.delete(path);
  }
}

/** @param {string} path @param {boolean} isOpen */
async function expand(path, isOpen) {
  if (path === "/") return;
  if (isOpen) {
    expanded.add(path);
    await refresh(path);
    return;
  }
  forget(path);
  showTree();
}

/** Opens all folders above a path and selects it. @param {string} path */
async function reveal(path) {
  const above = [];
  for (let at = parentOf(path); at !== "/"; at = parentOf(at)) above.push(at);
  for (const folder of above.reverse()) expanded.add(folder);
  await refreshAll();
  tree.select(path, true);
  showSelected();
}

/** @param {string} path */
async function open(path) {
  find("#problem").hidden = true;
  const entry = entryOf(path);
  if (entry?.type === "folder") await expand(path, !expanded.has(path));
  if (entry?.type === "file") await editor.open(path, entry.bytes);
}

/* ---- what is done with one of them ---- */

/** A name that nothing has. @param {string} folder @param {string} name */
async function freeName(folder, name) {
  const dot = name.lastIndexOf(".");
  const [stem, end] =
    dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ""];
  for (let count = 1; ; count += 1) {
    const path = joined(folder, count === 1 ? name : `${stem} ${count}${end}`);
    const [isTaken] = await program.exist([path]);
    if (isTaken !== true) return path;
  }
}

/** @param {string} name @param {string} what */
function checkName(name, what) {
  const isBad = name.split("/").some((one) => /^\.{0,2}$/.test(one));
  if (isBad) throw new Error(`“${name}” is no name for a ${what}.`);
}

async function makeFolder() {
  const folder = here();
  const free = nameOf(await freeName(folder, "New folder"));
  const answer = await ask({
    title: "New folder",
    text: `In ${folder === "/" ? "the top folder" : folder.slice(1)}.`,
    confirm: "Make it",
    field: { label: "Name", value: free },
  });
  if (answer === null) return;
  checkName(answer.value, "folder");
  const path = joined(folder, answer.value);
  await program.makeFolder(path);
  expanded.add(folder);
  await reveal(path);
  tell(`Made ${answer.value}.`);
}

async function makeFile() {
  const folder = here();
  const free = nameOf(await freeName(folder, "note.txt"));
  const answer = await ask({
    title: "New text file",
    text: `In ${folder === "/" ? "the top folder" : folder.slice(1)}.`,
    confirm: "Make it",
    field: { label: "Name", value: free, select: [0, free.lastIndexOf(".")] },
  });
  if (answer === null) return;
  checkName(answer.value, "file");
  const path = joined(folder, answer.value);
  await program.makeFile(path);
  expanded.add(folder);
  await reveal(path);
  await editor.open(path, 0);
}

async function rename() {
  const path = tree.selected;
  if (path === "/" || readOnly) return;
  const from = path.slice(1);
  const name = nameOf(path);
  const dot = name.lastIndexOf(".");
  const start = from.length - name.length;
  const answer = await ask({
    title: `Rename or move ${name}`,
    text: "Another path moves it to another folder.",
    confirm: "Rename",
    field: {
      label: "New path",
      value: from,
      select: [start, dot > 0 ? start + dot : from.length],
    },
  });
  if (answer === null) return;
  const to = answer.value.replace(/^\/+/, "");
  checkName(to, "file or folder");
  await move(path, `/${to}`);
}

/** @param {string} from @param {string} to */
async function move(from, to) {
  if (from === to || readOnly) return;
  await program.move(from, to);
  editor.moved(from, to);
  forget(from);
  await refresh(parentOf(from));
  await reveal(to);
  tell(`${named(from)} is now ${to.slice(1)}.`);
}

async function remove() {
  const path = tree.selected;
  const entry = entryOf(path);
  if (path === "/" || entry === undefined || readOnly) return;
  const isFolder = entry.type === "folder";
  const answer = await ask({
    title: `Delete ${nameOf(path)}?`,
    text: isFolder
      ? "The folder goes with all that is in it, for ever."
      : "It goes for ever.",
    confirm: "Delete",
    danger: true,
  });
  if (answer === null) return;
  const title = `Deleting ${nameOf(path)}`;
  const job = program.remove(path);
  try {
    const isDone = await jobs.show({ title, unit: "entries", total: 0 }, job);
    tell(isDone ? `Deleted ${nameOf(path)}.` : "Not all of it was deleted.");
    if (isDone) {
      editor.moved(path, null);
      forget(path);
      find("#trouble").hidden = true;
    }
  } finally {
    await refresh(parentOf(path));
  }
}

async function download() {
  const path = tree.selected;
  const entry = entryOf(path);
  if (entry?.type === "folder") {
    await exportFolder(path);
    return;
  }
  if (entry?.type !== "file") return;
  const { stream, ...job } = program.fetch(path);
  const collected = new Response(stream).blob();
  // A stream that fails does so because of its job.
  collected.catch(() => {});
  const work = { title: `Downloading ${nameOf(path)}`, total: entry.bytes };
  if (await jobs.show({ ...work, unit: "bytes" }, job)) {
    saveAs(await collected, nameOf(path));
  }
}

/* ---- what comes in ---- */

/**
 * @param {import("./dropped.js").Chosen} chosen
 * @param {string} folder
 */
async function upload(chosen, folder) {
  await opening;
  if (readOnly) throw new StorageError("EROFS");
  let files = chosen.files.map(({ path, blob }) => ({
    path: joined(folder, path),
    blob,
  }));
  const isThere = await program.exist(files.map(({ path }) => path));
  const taken = files.filter((_, index) => isThere[index]);
  if (taken.length > 0) {
    const [first] = taken;
    const answer = await ask({
      title:
        taken.length === 1
          ? `Replace ${nameOf(first?.path ?? "")}?`
          : `Replace ${whole(taken.length)} files?`,
      text: `${folder === "/" ? "The top folder" : folder.slice(1)} has something of that name already.`,
      confirm: "Replace",
      other: "Keep what is there",
      danger: true,
    });
    if (answer === null) return;
    if (answer.choice === "other") {
      files = files.filter((_, index) => !isThere[index]);
    }
  }
  for (const one of chosen.folders) {
    await program.makeFolder(joined(folder, one));
  }
  if (files.length > 0) await storeFiles(files, folder);
  expanded.add(folder);
  await refreshAll();
}

/** @param {{ path: string, blob: Blob }[]} files @param {string} folder */
async function storeFiles(files, folder) {
  const total = files.reduce((sum, { blob }) => sum + blob.size, 0);
  const what =
    files.length === 1
      ? nameOf(files[0]?.path ?? "")
      : counted(files.length, "file");
  const startMs = performance.now();
  try {
    const job = program.store(files);
    const title = `Uploading ${what}`;
    const isDone = await jobs.show({ title, unit: "bytes", total }, job);
    const seconds = (performance.now() - startMs) / 1000;
    const size = sizeText(total);
    if (isDone) {
      find("#trouble").hidden = true;
      tell(`Stored ${what}: ${size} in ${seconds.toFixed(1)} s.`, "good");
    } else {
      tell(`Cancelled: ${what}. Files that were whole by then are there.`);
    }
  } finally {
    expanded.add(folder);
    await refreshAll();
  }
}

/* ---- archives ---- */

/** @param {string} path */
async function exportFolder(path) {
  if (volume === null) return;
  const { job, blob } = pack(volume, path);
  const total = path === "/" ? volume.usage().usedBytes : 0;
  const work = { title: `Packing ${named(path)}`, total };
  if (await jobs.show({ ...work, unit: "bytes" }, job)) {
    saveAs(await blob, `${path === "/" ? "files" : nameOf(path)}.tar`);
  }
}

/** @param {File} file */
async function importFile(file) {
  await opening;
  if (volume === null || readOnly) return;
  const folder = here();
  const { job, summary } = unpack(volume, file, folder);
  const work = { title: `Unpacking ${file.name}`, total: file.size };
  try {
    if (await jobs.show({ ...work, unit: "bytes" }, job)) {
      const { files, directories } = await summary;
      const what = [counted(files, "file"), counted(directories, "folder")];
      tell(`Unpacked ${what.join(" and ")}.`, "good");
    } else {
      tell("Cancelled. What was unpacked by then is there.");
    }
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    throw new Error(`${file.name}: ${text}`, { cause: error });
  } finally {
    expanded.add(folder);
    await refreshAll();
  }
}

/* ---- the volume ---- */

/**
 * Begins with a volume: the first, or a writable one for one to read.
 * @param {StoredVolume} next
 * @param {boolean} isReadOnly
 */
async function use(next, isReadOnly) {
  const started = new FilesProgram();
  await started.start(next, isReadOnly);
  started.exited?.catch(showProblem);
  const former = program;
  const isTaken = volume !== null;
  volume = next;
  storage.volume = next;
  program = started;
  readOnly = isReadOnly;
  former.stop();
  document.body.classList.toggle("read-only", readOnly);
  find("#second").hidden = !readOnly;
  editor.readOnly = readOnly;
  for (const id of ["new-folder", "new-file"]) button(id).disabled = readOnly;
  for (const id of ["add-files", "add-folder", "add-tar"]) {
    /** @type {HTMLInputElement} */ (find(`#${id}`)).disabled = readOnly;
  }
  button("download-all").disabled = false;
  await refreshAll();
  await storage.showUsage();
  if (isTaken && !readOnly) tell("The other tab is gone: this one may write.");
}

async function follow() {
  const { path } = editor;
  const before = path === null ? undefined : entryOf(path)?.ms;
  await refreshAll().catch(showProblem);
  if (path === null || entryOf(path)?.ms === before) return;
  await editor.reload(path);
}

/* ---- the page ---- */

/** @type {Record<string, () => Promise<void>>} */
const BUTTONS = {
  "new-folder": makeFolder,
  "new-file": makeFile,
  edit: () => open(tree.selected),
  rename,
  remove,
  download,
  "download-all": () => exportFolder("/"),
  "trouble-save": () => exportFolder("/"),
  persist: () => storage.persist(),
  check: () => storage.check(),
};
for (const [id, action] of Object.entries(BUTTONS)) {
  button(id).addEventListener("click", () => act(action));
}
button("reload").addEventListener("click", () => location.reload());
for (const id of ["add-files", "add-folder"]) {
  const input = /** @type {HTMLInputElement} */ (find(`#${id}`));
  input.addEventListener("change", () => {
    const chosen = chosenFiles(input.files);
    input.value = "";
    act(() => upload(chosen, here()));
  });
}
const tarInput = /** @type {HTMLInputElement} */ (find("#add-tar"));
tarInput.addEventListener("change", () => {
  const [file] = tarInput.files ?? [];
  tarInput.value = "";
  if (file !== undefined) act(() => importFile(file));
});

/** @param {DragEvent} event */
const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
document.addEventListener("dragover", (event) => {
  if (!hasFiles(event)) return;
  // Else the browser would leave the page for the file.
  event.preventDefault();
  find("#files").classList.add("over");
});
document.addEventListener("dragleave", (event) => {
  if (event.relatedTarget === null) find("#files").classList.remove("over");
});
document.addEventListener("drop", (event) => {
  find("#files").classList.remove("over");
  const { dataTransfer, target } = event;
  if (dataTransfer === null || dataTransfer.types.includes(PATH_TYPE)) return;
  if (!hasFiles(event)) return;
  event.preventDefault();
  tree.markDrop(null);
  const folder = tree.folderAt(target) ?? here();
  const dropped = droppedFiles(dataTransfer);
  act(async () => upload(await dropped, folder));
});
addEventListener("unhandledrejection", ({ reason }) => showProblem(reason));

const shared = new SharedVolume("files", {
  use,
  follow,
  onTrouble: showTrouble,
});
setInterval(() => {
  dial.showFigures();
  void storage.showUsage().catch(() => {});
}, SHOW_MS);
colourSources();
showTree();
opening = shared.open().catch(showProblem);
