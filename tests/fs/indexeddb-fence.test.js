/* Where there are no Web Locks: whoever opened a volume last writes it, and the
 * one before is told and changes nothing any more. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { IDBFactory } from "fake-indexeddb";
import { ERRNO } from "../../js/errors.js";
import { indexeddb } from "../../js/fs/indexeddb.js";
import { VolumeTool } from "../helpers/volume.js";

/**
 * A factory that is another object, as that of another tab: without locks, one
 * tab knows nothing of the other.
 * @param {IDBFactory} factory
 * @returns {any}
 */
const inAnotherTab = (factory) => ({
  open: (/** @type {[string, number?]} */ ...args) => factory.open(...args),
  databases: () => factory.databases(),
});

/** @param {any} factory @param {object} [options] */
async function opened(factory, options = {}) {
  const onTrouble = () => {};
  const volume = indexeddb("shared", {
    factory,
    locks: null,
    onTrouble,
    ...options,
  });
  assert.equal(await volume.open(), 0, volume.trouble);
  return volume;
}

test("[D1] without locks, the writer before the last is ESTALE and harms nothing", async () => {
  const factory = new IDBFactory();
  const first = await opened(factory, { tuning: { logRecords: 4 } });
  await new VolumeTool(first).put(first.root, "a", "of the first");
  assert.equal(await first.sync(), 0);

  const second = await opened(inAnotherTab(factory), {
    tuning: { logRecords: 4 },
  });
  const fs = new VolumeTool(second);
  for (let i = 0; i < 10; i++) {
    // So many commits that checkpoints have gone over the first one's next key.
    await fs.put(second.root, `b${i}`, `of the second ${i}`);
    assert.equal(await second.sync(), 0);
  }
  await fs.unlink(second.root, "b0");

  await new VolumeTool(first).put(first.root, "c", "too late");
  assert.equal(await first.sync(), -ERRNO.ESTALE);
  assert.equal(first.create(first.root, "d"), -ERRNO.ESTALE);

  assert.equal(await second.close(), 0);
  await first.close();
  const third = await opened(factory);
  const names = await new VolumeTool(third).names(third.root);
  const expected = ["a", ...Array.from({ length: 9 }, (_, i) => `b${i + 1}`)];
  assert.deepEqual(names, expected);
  const node = await new VolumeTool(third).lookup(third.root, "b9");
  assert.equal(await new VolumeTool(third).text(node), "of the second 9");
  const { ok, problems } = await third.check();
  assert.equal(ok, true, problems.join("; "));
  await third.close();
});

test("[D1] without locks, the same tab still refuses a second writer", async () => {
  const factory = new IDBFactory();
  const first = await opened(factory);
  const second = indexeddb("shared", { factory, locks: null });
  assert.equal(await second.open(), -ERRNO.EBUSY);
  assert.match(second.trouble, /"shared" is open in another tab/);
  await first.close();
  await second.close();
});
