/* A page that is reloaded has the writer's lock for a moment after its successor
 * has begun: that one is not told EBUSY. The locks are a stand-in. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { IDBFactory } from "fake-indexeddb";
import { ERRNO } from "../../js/errors.js";
import { indexeddb } from "../../js/fs/indexeddb.js";

/** One lock, for which others can wait. */
class Locks {
  #isHeld = false;
  /** @type {(() => void)[]} */
  #waiting = [];

  /**
   * @param {string} name
   * @param {{ ifAvailable?: boolean, signal?: AbortSignal }} options
   * @param {(lock: any) => any} granted
   */
  async request(name, { ifAvailable, signal }, granted) {
    if (this.#isHeld && ifAvailable) return granted(null);
    if (this.#isHeld) {
      await new Promise((resolve, reject) => {
        const go = () => resolve(undefined);
        this.#waiting.push(go);
        signal?.addEventListener("abort", () => {
          this.#waiting = this.#waiting.filter((one) => one !== go);
          reject(new DOMException("given up", "AbortError"));
        });
      });
    }
    this.#isHeld = true;
    try {
      return await granted({ name });
    } finally {
      this.#isHeld = false;
      this.#waiting.shift()?.();
    }
  }
}

/** @returns {() => ReturnType<typeof indexeddb>} of one origin */
function origin() {
  const locks = /** @type {any} */ (new Locks());
  const factory = /** @type {any} */ (new IDBFactory());
  return () => indexeddb("page", { factory, locks });
}

test("[D1] a page whose predecessor is just going has the volume", async () => {
  const make = origin();
  const before = make();
  assert.equal(await before.open(), 0);
  const next = make();
  const opening = next.open();
  setTimeout(() => void before.close(), 50);
  assert.equal(await opening, 0);
  await next.close();
});

test("[D1] a volume that another tab keeps is EBUSY", async () => {
  const make = origin();
  const first = make();
  assert.equal(await first.open(), 0);
  const second = make();
  assert.equal(await second.open(), -ERRNO.EBUSY);
  assert.match(second.trouble, /"page" is open in another tab/);
  // It does not stand in the queue any more.
  const third = make();
  const opening = third.open();
  await first.close();
  assert.equal(await opening, 0);
  await third.close();
  await second.close();
});

test("[D1] a volume that is closed while it looks for the lock never has it", async () => {
  const make = origin();
  const first = make();
  assert.equal(await first.open(), 0);
  const second = make();
  const opening = second.open();
  setTimeout(() => void second.close(), 20);
  assert.ok(Number(await opening) < 0);
  assert.equal(await first.close(), 0);
  const third = make();
  assert.equal(await third.open(), 0);
  await third.close();
});
