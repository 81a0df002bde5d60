/* The options of a volume in IndexedDB: what they are unless given, and which
 * make no sense. */
import { GossamerError } from "../../errors.js";
import { platformFactory } from "./database.js";
import { platformLocks } from "./lock.js";

/**
 * @typedef {import("./store.js").Tuning} Tuning
 * @typedef {import("./volumes.js").StorageOptions} StorageOptions
 *
 * @typedef {object} OwnOptions
 * @property {boolean} [readOnly] sees what is committed, and what a writer in
 *   another tab commits from then on; takes no lock
 * @property {boolean} [salvage] with readOnly: a volume that is damaged is
 *   opened as it was after the last commit that can be read, for what can be
 *   saved; `trouble` says what is wrong
 * @property {"fail" | "wait"} [whenLocked] what open() does while another tab
 *   has the volume open to be written: answer EBUSY after half a second, which
 *   a page that is reloaded may need to let go of it (unless given), or wait
 * @property {number} [cacheBytes] in bytes, what the cache may take: 64 MiB
 * @property {number} [dirtyBytes] in bytes, what may be written and not yet
 *   committed, before a writer waits: 32 MiB, and half of the cache at most
 * @property {number} [limitBytes] in bytes, what all files may take together,
 *   in whole pages and with their names: no limit but the browser's
 * @property {boolean} [strictClose] whether the close of a written file waits
 *   until everything is on the disk
 * @property {number} [idleMs] in milliseconds, when what was changed is
 *   committed unless something else has it committed before: 200
 * @property {boolean} [persist] whether open() asks the browser not to clear
 *   the storage of the origin when room is short; it does not wait for what
 *   the user may be asked
 * @property {(error: GossamerError) => void} [onTrouble] is told what no call
 *   answers: a commit in the background failed, the storage was taken away.
 *   Unless given, it is a warning on the console
 * @property {() => void} [onRefresh] a volume that is readOnly has taken over
 *   what a writer committed
 * @property {Partial<Tuning>} [tuning] when it cleans up behind itself
 *
 * @typedef {OwnOptions & StorageOptions} IndexedDBOptions
 */

const MEBIBYTE = 2 ** 20;

const DEFAULTS = {
  readOnly: false,
  salvage: false,
  /** @type {"fail" | "wait"} */
  whenLocked: "fail",
  cacheBytes: 64 * MEBIBYTE,
  dirtyBytes: 32 * MEBIBYTE,
  limitBytes: Infinity,
  strictClose: false,
  idleMs: 200,
  persist: false,
};

/** @type {Tuning} */
const TUNING = {
  logRecords: 512,
  logBytes: MEBIBYTE,
  garbageBytes: 8 * MEBIBYTE,
  smallRecords: 512,
};

/** Options that are no plain values. */
const OTHERS = ["factory", "locks", "onTrouble", "onRefresh", "tuning"];
/** Pages that can be cached at least: a write needs some at once. */
const LEAST_CACHE_BYTES = 131_072;

/** @param {GossamerError} error */
const warn = (error) => console.warn(`gossamer: ${error.message}`);

/** @param {string} text */
const invalid = (text) => new GossamerError("EINVAL", text);

/**
 * @param {string} name of the volume
 * @param {IndexedDBOptions} options
 * @returns every option, as it is used
 * @throws {GossamerError} EINVAL
 */
export function settingsOf(name, options) {
  if (typeof name !== "string" || name === "") {
    throw invalid(`a volume needs a name, not ${JSON.stringify(name)}`);
  }
  const given = Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  );
  for (const [key, value] of Object.entries(given)) {
    if (OTHERS.includes(key)) continue;
    if (!(key in DEFAULTS)) throw invalid(`there is no option ${key}`);
    const wanted = typeof DEFAULTS[/** @type {"persist"} */ (key)];
    const isRight = wanted === "number" ? Number(value) >= 0 : true;
    if (typeof value === wanted && isRight) continue;
    throw invalid(`${key} must be a ${wanted}, not ${String(value)}`);
  }
  const settings = {
    ...DEFAULTS,
    factory: platformFactory(),
    locks: platformLocks(),
    onTrouble: warn,
    onRefresh: () => {},
    ...given,
    tuning: { ...TUNING, ...options.tuning },
  };
  const { whenLocked, cacheBytes } = settings;
  if (whenLocked !== "fail" && whenLocked !== "wait") {
    throw invalid(`whenLocked: "fail" or "wait", not "${String(whenLocked)}"`);
  }
  if (settings.salvage && !settings.readOnly) {
    throw invalid("salvage: a damaged volume can be read only (readOnly)");
  }
  settings.cacheBytes = Math.max(LEAST_CACHE_BYTES, cacheBytes);
  return settings;
}
