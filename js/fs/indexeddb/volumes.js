/* What there is of volumes in the browser's storage, without opening them: their
 * names, and an end to one of them. */
import { ERRNO, GossamerError, errnoName } from "../../errors.js";
import {
  databaseVolumes,
  deleteDatabase,
  platformFactory,
} from "./database.js";
import { WriterLock, platformLocks } from "./lock.js";

/**
 * @typedef {object} StorageOptions
 * @property {IDBFactory | null} [factory] globalThis.indexedDB; null: none
 * @property {LockManager | null} [locks] navigator.locks; null: none
 */

/** @param {IDBFactory | null} factory */
function present(factory) {
  if (factory !== null) return factory;
  throw new GossamerError("ENOTSUP", "there is no IndexedDB here");
}

/**
 * The names of all volumes of the page's origin, sorted.
 * @param {StorageOptions} [options]
 * @returns {Promise<string[]>}
 * @throws {GossamerError} ENOTSUP: there is no IndexedDB, or it does not tell;
 *   EIO
 */
export async function listVolumes({ factory = platformFactory() } = {}) {
  const names = await databaseVolumes(present(factory));
  if (typeof names !== "number") return names;
  const text = "the browser does not tell which volumes there are";
  throw new GossamerError(errnoName(names), text);
}

/** What became of a volume that was not deleted. @type {Record<number, string>} */
const REFUSALS = {
  [ERRNO.EBUSY]: "is in use: close it first",
  [ERRNO.ENOENT]: "does not exist",
};

/**
 * Deletes a volume, with all that is in it. Tabs that have it open read-only
 * lose it.
 * @param {string} name
 * @param {StorageOptions} [options]
 * @returns {Promise<void>} fulfilled when it is gone, which waits for others
 *   that have its database open
 * @throws {GossamerError} EBUSY: it is open to be written; ENOENT; ENOTSUP; EIO
 */
export async function deleteVolume(name, options = {}) {
  const { factory = platformFactory(), locks = platformLocks() } = options;
  const storage = present(factory);
  const lock = new WriterLock(name, locks, { scope: storage });
  let errno = await lock.acquire();
  if (errno === 0) {
    errno = await deleteDatabase(storage, name);
    await lock.release();
  }
  if (errno === 0) return;
  const text = REFUSALS[-errno] ?? "could not be deleted";
  throw new GossamerError(errnoName(errno), `the volume "${name}" ${text}`);
}
