/* A volume in the browser's storage, as a page with several tabs wants it: the
 * first tab writes; the others read what it commits, and the next of them takes
 * over when it is gone. And what can go wrong with storage, in words. */
import { indexeddb } from "/dist/indexeddb.mjs";
import { ERRNO } from "/dist/gossamer.mjs";

/** How often a tab looks whether the first has stored anything at all. */
const LOOK_MS = 400;

/** @type {Map<number, string>} */
const NAMES = new Map(Object.entries(ERRNO).map(([name, n]) => [n, name]));

/** @type {Record<string, string>} */
const WORDS = {
  EACCES: "this is not allowed",
  EBUSY: "it is in use",
  ECANCELED: "cancelled",
  EEXIST: "something of that name is there already",
  EINVAL: "this cannot be done, such as a folder into itself",
  EIO: "the browser could not read or write",
  EISDIR: "it is a folder",
  ENAMETOOLONG: "the name is too long",
  ENOENT: "it is not there any more",
  ENOMEM: "the page has no memory left",
  ENOSPC: "the browser gives this site no more room",
  ENOTDIR: "a file is where a folder should be",
  ENOTEMPTY: "the folder is not empty",
  ENOTSUP: "this browser has no storage for pages here",
  EROFS: "this tab can only read",
  ESTALE: "the storage was taken away",
};

/** A failure with the name of its error number as `code`. */
export class StorageError extends Error {
  /**
   * @param {string} code
   * @param {string} [what] it was about
   */
  constructor(code, what = "") {
    const words = WORDS[code] ?? code;
    super(what === "" ? `${words}.` : `${what}: ${words}.`);
    this.name = "StorageError";
    this.code = code;
  }
}

/**
 * @param {number} number an errno, positive or negative
 * @param {string} [what] it was about
 */
export function storageError(number, what) {
  const code = NAMES.get(Math.abs(number)) ?? `error ${Math.abs(number)}`;
  return new StorageError(code, what);
}

/**
 * What a volume's trouble means for whoever looks at the page.
 * @param {unknown} error
 * @returns {{ text: string, isLost: boolean }} isLost: nothing is stored any
 *   more until the page is loaded again
 */
export function troubleOf(error) {
  const { code } = /** @type {{ code?: string }} */ (error ?? {});
  if (code === "ENOSPC") {
    const text =
      "The browser gives this site no more room. What was stored is safe; " +
      "what came since is in this tab’s memory only. Delete something, and " +
      "it is stored.";
    return { text, isLost: false };
  }
  if (code === "ESTALE") {
    const text =
      "This site’s storage was taken away: its data was cleared, or another " +
      "tab has it now. Nothing is stored here any more: copy from this page " +
      "what you still need, then load it again.";
    return { text, isLost: true };
  }
  const text = error instanceof Error ? error.message : String(error);
  return { text: `The storage has failed: ${text}`, isLost: false };
}

/** @typedef {ReturnType<typeof indexeddb>} StoredVolume */

/** @param {StoredVolume} volume @param {number} answer of its open() */
function unopened(volume, answer) {
  const error = storageError(answer, "The files cannot be opened");
  if (error.code === "EIO") error.message += ` Why: ${volume.trouble}.`;
  return error;
}

export class SharedVolume {
  #name;
  #use;
  #follow;
  #onTrouble;
  /** @type {StoredVolume | null} */
  #reader = null;
  /** Whether the other tab is gone, and this one has its place. */
  #isWriter = false;

  /**
   * @param {string} name the volume's
   * @param {object} events
   * @param {(volume: StoredVolume, readOnly: boolean) => Promise<void>} events.use
   *   begins with a volume, and lets go of the one before
   * @param {() => Promise<void>} events.follow the writer has committed
   *   something
   * @param {(error: unknown) => void} events.onTrouble
   */
  constructor(name, { use, follow, onTrouble }) {
    this.#name = name;
    this.#use = use;
    this.#follow = follow;
    this.#onTrouble = onTrouble;
  }

  async open() {
    const writer = this.#volume({});
    const answer = await writer.open();
    if (answer === 0) {
      await this.#use(writer, false);
      return;
    }
    if (answer !== -ERRNO.EBUSY) throw unopened(writer, answer);
    const reading = this.#read();
    void this.#takeOver(reading).catch(this.#onTrouble);
    await reading;
  }

  /** @param {import("../js/fs/indexeddb.js").IndexedDBOptions} options */
  #volume(options) {
    const onTrouble = this.#onTrouble;
    return indexeddb(this.#name, { onTrouble, ...options });
  }

  /** @param {Promise<void>} reading what is begun is done first */
  async #takeOver(reading) {
    const writer = this.#volume({ whenLocked: "wait" });
    const answer = await writer.open();
    if (answer !== 0) throw unopened(writer, answer);
    this.#isWriter = true;
    // Whoever called open() is told when it failed.
    await reading.catch(() => {});
    const reader = this.#reader;
    this.#reader = null;
    await this.#use(writer, false);
    await reader?.close();
  }

  async #read() {
    while (!this.#isWriter) {
      /** @type {StoredVolume} */
      const reader = this.#volume({
        readOnly: true,
        onRefresh: () => {
          if (this.#reader === reader) void this.#follow();
        },
      });
      const answer = await reader.open();
      if (answer === 0) {
        this.#reader = reader;
        await this.#use(reader, true);
        return;
      }
      // The other tab has only just begun: nothing is there yet.
      if (answer !== -ERRNO.ENOENT) throw unopened(reader, answer);
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }
}
