/* A page that is frozen lets go of the lock, and commits nothing before it has
 * it again and nobody else has written. The page, its events and the locks are
 * stand-ins: in a browser nobody can freeze a page in the middle of a commit. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { IDBFactory } from "fake-indexeddb";
import { ERRNO } from "../../js/errors.js";
import { indexeddb } from "../../js/fs/indexeddb.js";
import { VolumeTool } from "../helpers/volume.js";

const page = Object.assign(new EventTarget(), { visibilityState: "visible" });
const globals = /** @type {any} */ (globalThis);

before(() => {
  globals.document = page;
  globals.addEventListener = page.addEventListener.bind(page);
  globals.removeEventListener = page.removeEventListener.bind(page);
});
after(() => {
  delete globals.document;
  delete globals.addEventListener;
  delete globals.removeEventListener;
});

/** One lock, which is all that is asked for here. */
class Locks {
  #held = false;

  /** @param {string} name @param {any} _options @param {any} granted */
  async request(name, _options, granted) {
    if (this.#held) return granted(null);
    this.#held = true;
    try {
      return await granted({ name });
    } finally {
      this.#held = false;
    }
  }
}

/** @param {string} event */
const tell = (event) => page.dispatchEvent(new Event(event));

/** Until what was begun has had its turns. */
const settled = () => new Promise((resolve) => setTimeout(resolve, 20));

/** @param {any} factory @param {any} locks */
async function opened(factory, locks) {
  /** @type {string[]} */
  const troubles = [];
  const volume = indexeddb("frozen", {
    factory,
    locks,
    idleMs: 0,
    onTrouble: (error) => troubles.push(`${error.code}: ${error.message}`),
  });
  assert.equal(await volume.open(), 0, volume.trouble);
  return { volume, fs: new VolumeTool(volume), troubles };
}

test("[D1] a frozen page commits nothing until it has the lock again", async () => {
  const [factory, locks] = [new IDBFactory(), new Locks()];
  const { volume, fs, troubles } = await opened(factory, locks);
  await fs.put(volume.root, "a", "before");
  assert.equal(await volume.commit(), 0);
  tell("freeze");
  await fs.put(volume.root, "b", "meanwhile");
  /** @type {number | null} */
  let answer = null;
  const commit = Promise.resolve(volume.commit()).then((got) => (answer = got));
  await settled();
  assert.equal(answer, null, "it waits");
  assert.equal(volume.usage().commits, 2);
  tell("resume");
  assert.equal(await commit, 0);
  assert.deepEqual(troubles, []);
  assert.equal(await volume.close(), 0);
  const next = await opened(factory, locks);
  assert.deepEqual(await next.fs.names(next.volume.root), ["a", "b"]);
  await next.volume.close();
});

test("[D1] a page that was frozen while another tab wrote is ESTALE", async () => {
  const [factory, locks] = [new IDBFactory(), new Locks()];
  const { volume, fs, troubles } = await opened(factory, locks);
  await fs.put(volume.root, "a", "before");
  assert.equal(await volume.commit(), 0);
  tell("freeze");
  await fs.put(volume.root, "lost", "never stored");
  const commit = volume.commit();
  await settled();
  const other = await opened(factory, locks);
  await other.fs.put(other.volume.root, "b", "of the other tab");
  assert.equal(await other.volume.close(), 0);
  tell("resume");
  assert.equal(await commit, -ERRNO.ESTALE);
  assert.equal(volume.create(volume.root, "c"), -ERRNO.ESTALE);
  assert.match(troubles.join(), /ESTALE.*while this page was frozen/);
  await volume.close();
  const next = await opened(factory, locks);
  assert.deepEqual(await next.fs.names(next.volume.root), ["a", "b"]);
  assert.equal((await next.volume.check()).ok, true);
  await next.volume.close();
});

test("[D1] a page that comes back while another tab has the lock is ESTALE", async () => {
  const [factory, locks] = [new IDBFactory(), new Locks()];
  const { volume, fs, troubles } = await opened(factory, locks);
  tell("freeze");
  await fs.put(volume.root, "lost", "never stored");
  const commit = volume.commit();
  await settled();
  const other = await opened(factory, locks);
  tell("resume");
  assert.equal(await commit, -ERRNO.ESTALE);
  assert.match(troubles.join(), /ESTALE.*lost its lock/);
  await volume.close();
  await other.volume.close();
});
