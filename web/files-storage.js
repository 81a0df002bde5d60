/* The panel about the volume as a whole: what it takes, what the browser gives,
 * whether it is kept for good, and whether what is stored is sound. */
import { find, show, whole } from "./demo.js";
import { sizeText } from "./files-tree.js";

/** @typedef {import("./storage.js").StoredVolume} StoredVolume */

/** @param {number} count @param {string} one */
export function counted(count, one) {
  return `${whole(count)} ${one}${count === 1 ? "" : "s"}`;
}

/** @param {string} id */
const button = (id) => /** @type {HTMLButtonElement} */ (find(`#${id}`));

/** @param {string} text @param {"good" | "bad" | ""} state */
function tell(text, state) {
  find("#storage-status").dataset.state = state;
  show("#storage-status", text);
}

export class StoragePanel {
  /** @type {StoredVolume | null} */
  #volume = null;

  constructor() {
    void this.#showPersisted().catch(() => {});
  }

  /** @param {StoredVolume} volume */
  set volume(volume) {
    this.#volume = volume;
    for (const id of ["check", "persist"]) button(id).disabled = false;
  }

  async showUsage() {
    if (this.#volume === null) return;
    const usage = this.#volume.usage();
    show("#used", sizeText(usage.usedBytes));
    // The top folder is one, too.
    show("#nodes", whole(Math.max(0, usage.nodes - 1)));
    show("#stored", sizeText(usage.storedBytes));
    show("#commits", whole(usage.commits));
    const { dirtyBytes } = usage;
    show("#dirty", dirtyBytes > 0 ? `${sizeText(dirtyBytes)} to store` : "");
    const estimate = await this.#volume.estimate();
    if (typeof estimate === "number") {
      show("#quota-text", "The browser does not say how much room there is.");
      return;
    }
    const { usageBytes, quotaBytes } = estimate;
    const bar = /** @type {HTMLMeterElement} */ (find("#quota"));
    const part = quotaBytes > 0 ? usageBytes / quotaBytes : 0;
    bar.value = part;
    bar.title = `${(part * 100).toFixed(1)} %`;
    show(
      "#quota-text",
      `This site uses ${sizeText(usageBytes)} of the ${sizeText(quotaBytes)} ` +
        "that the browser gives it.",
    );
  }

  async #showPersisted() {
    const isKept = (await navigator.storage?.persisted?.()) ?? false;
    button("persist").hidden = isKept;
    show(
      "#persisted",
      isKept
        ? "The browser keeps it until you clear it."
        : "The browser may clear it when the disk gets full.",
    );
    return isKept;
  }

  async persist() {
    await this.#volume?.persist();
    const isKept = await this.#showPersisted();
    if (isKept) tell("It is kept for good.", "good");
    else tell("The browser did not agree; it may when you come again.", "");
  }

  async check() {
    if (this.#volume === null) return;
    button("check").disabled = true;
    tell("Reading all that is stored.", "");
    try {
      const { ok, problems, ...found } = await this.#volume.check();
      const { files, directories, records } = found;
      const parts = [
        counted(files, "file"),
        counted(directories, "folder"),
        counted(records, "record"),
      ].join(", ");
      if (ok) tell(`Checked ${parts}: all sound.`, "good");
      else tell(`Checked ${parts}. ${problems.join(". ")}.`, "bad");
    } catch (error) {
      tell("", "");
      throw error;
    } finally {
      button("check").disabled = false;
    }
  }
}
