/* What was chosen or dropped, as files with their paths: folders are gone
 * through to their ends. To be called in the event's own turn, for afterwards
 * a browser has forgotten what was dropped. */

/**
 * @typedef {object} Chosen
 * @property {{ path: string, blob: File }[]} files paths without a slash first
 * @property {string[]} folders those with nothing in them
 */

/** @param {FileSystemFileEntry} entry @returns {Promise<File>} */
const fileOf = (entry) =>
  new Promise((resolve, reject) => {
    entry.file(resolve, reject);
  });

/** @param {FileSystemDirectoryEntry} entry */
async function entriesOf(entry) {
  const reader = entry.createReader();
  /** @type {FileSystemEntry[]} */
  const all = [];
  for (;;) {
    /** @type {FileSystemEntry[]} a hundred at most */
    const some = await new Promise((resolve, reject) => {
      reader.readEntries(resolve, reject);
    });
    if (some.length === 0) return all;
    all.push(...some);
  }
}

/**
 * @param {FileSystemEntry} entry
 * @param {string} above
 * @param {Chosen} chosen
 */
async function collect(entry, above, chosen) {
  const path = above + entry.name;
  if (entry.isFile) {
    const blob = await fileOf(/** @type {FileSystemFileEntry} */ (entry));
    chosen.files.push({ path, blob });
    return;
  }
  const directory = /** @type {FileSystemDirectoryEntry} */ (entry);
  const entries = await entriesOf(directory);
  if (entries.length === 0) chosen.folders.push(path);
  for (const one of entries) await collect(one, `${path}/`, chosen);
}

/**
 * @param {DataTransfer} transfer
 * @returns {Promise<Chosen>}
 */
export async function droppedFiles(transfer) {
  /** @type {Chosen} */
  const chosen = { files: [], folders: [] };
  /** @type {FileSystemEntry[]} */
  const entries = [];
  for (const item of transfer.items) {
    const entry = item.webkitGetAsEntry();
    const file = entry === null ? item.getAsFile() : null;
    if (entry !== null) entries.push(entry);
    if (file !== null) chosen.files.push({ path: file.name, blob: file });
  }
  for (const entry of entries) await collect(entry, "", chosen);
  return chosen;
}

/**
 * @param {FileList | null} list of an input
 * @returns {Chosen}
 */
export function chosenFiles(list) {
  const files = [...(list ?? [])].map((blob) => ({
    path: blob.webkitRelativePath || blob.name,
    blob,
  }));
  return { files, folders: [] };
}
