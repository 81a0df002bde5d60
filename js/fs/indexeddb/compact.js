/* Compaction: what is alive in records that are mostly garbage, or small and
 * many, is made dirty, so that the next commit puts it into new records and
 * deletes the old ones. That is one transaction as always: nothing else is
 * needed to outlive a crash. */
import { PAGE_BYTES } from "./format.js";
import { PagedFile } from "./file.js";

/**
 * @typedef {import("./store.js").Store} Store
 *
 * A page that lies in a record that is to go.
 * @typedef {object} Tenant
 * @property {PagedFile} file
 * @property {number} page
 */

/** Less than the smallest of the records that small files are packed into. */
const SMALL_BYTES = 3 * PAGE_BYTES;
/** How much is moved in one go. */
const STEP_PAGES = 1024;

export class Compactor {
  #store;
  #isRunning = false;

  /** @param {Store} store */
  constructor(store) {
    this.#store = store;
  }

  /** Whether there is enough to win. */
  isNeeded() {
    return this.#hasGarbage() || this.#hasMany();
  }

  #hasGarbage() {
    const { records, options } = this.#store;
    const garbageBytes = records.storedBytes - records.liveBytes;
    return (
      garbageBytes > options.tuning.garbageBytes &&
      2 * garbageBytes > records.storedBytes
    );
  }

  #hasMany() {
    const { records, options } = this.#store;
    // As many as all would be if they were of that size, at least.
    const few = Math.ceil(records.liveBytes / SMALL_BYTES);
    return records.count > options.tuning.smallRecords + few;
  }

  /**
   * Moves some pages, if that is worth it; the next commit does the rest.
   * @returns {Promise<number>} how many were made dirty
   */
  async run() {
    if (this.#isRunning || !this.isNeeded()) return 0;
    this.#isRunning = true;
    try {
      const victims = this.#victims();
      const tenants = this.#tenants(victims);
      let moved = 0;
      for (const { file, page } of tenants) {
        const store = this.#store;
        if (store.dead !== 0 || store.committer.isStopped) break;
        if (!victims.has(file.pages.record(page))) continue;
        if (!file.frames.has(page)) {
          await store.reader.load(file, page, page + 1);
        }
        // Where it could not be loaded, it stays where it is.
        if (!victims.has(file.pages.record(page))) continue;
        if (!file.rewrite(page)) break;
        moved++;
      }
      await this.#store.committer.request(false);
      return moved;
    } finally {
      this.#isRunning = false;
    }
  }

  /** @returns {Set<number>} the records to go, those with the least in them first */
  #victims() {
    const { records, windowPages } = this.#store;
    const all = [...records.entries()];
    const candidates = this.#hasGarbage()
      ? all.filter(([, { sizeBytes, liveBytes }]) => liveBytes < sizeBytes)
      : all.filter(([, { sizeBytes }]) => sizeBytes < SMALL_BYTES);
    candidates.sort(
      ([, a], [, b]) => a.liveBytes / a.sizeBytes - b.liveBytes / b.sizeBytes,
    );
    const most = Math.min(STEP_PAGES, windowPages) * PAGE_BYTES;
    /** @type {Set<number>} */
    const victims = new Set();
    let bytes = 0;
    for (const [id, { liveBytes }] of candidates) {
      bytes += liveBytes;
      if (bytes > most && victims.size > 0) break;
      victims.add(id);
    }
    // One alone would be as small elsewhere, again and again.
    if (victims.size === 1 && !this.#hasGarbage()) victims.clear();
    return victims;
  }

  /** @param {Set<number>} victims @returns {Tenant[]} in the order of files */
  #tenants(victims) {
    /** @type {Tenant[]} */
    const tenants = [];
    for (const file of this.#store.nodes.values()) {
      if (!(file instanceof PagedFile)) continue;
      for (const page of file.pages.pages()) {
        if (victims.has(file.pages.record(page))) tenants.push({ file, page });
      }
    }
    return tenants;
  }
}
