/* The end of a volume: what it still commits, and what happens when it cannot. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ERRNO } from "../../js/errors.js";
import { indexeddb } from "../../js/fs/indexeddb.js";
import { ScriptedIDB } from "../helpers/scripted-idb.js";
import { VolumeTool } from "../helpers/volume.js";

/** A volume with a file that is not committed, and what it is stored in. */
async function changedVolume() {
  const idb = new ScriptedIDB();
  const { factory } = idb;
  const make = () =>
    indexeddb("end", { factory, locks: null, idleMs: 1e6, onTrouble() {} });
  const volume = make();
  await volume.open();
  const fs = new VolumeTool(volume);
  const file = await fs.open(await fs.create(volume.root, "a"));
  await fs.write(file, 0, "text");
  return { idb, volume, fs, make };
}

/** @param {ReturnType<typeof indexeddb>} volume */
async function namesIn(volume) {
  assert.equal(await volume.open(), 0, volume.trouble);
  const names = await new VolumeTool(volume).names(volume.root);
  await volume.close();
  return names;
}

test("[C2] close commits what was changed, and is done once for all who call it", async () => {
  const { volume, make } = await changedVolume();
  const closings = [volume.close(), volume.close()];
  assert.equal(volume.create(volume.root, "b"), -ERRNO.ESTALE);
  assert.deepEqual(await Promise.all(closings), [0, 0]);
  assert.equal(await volume.close(), 0);
  assert.deepEqual(await namesIn(make()), ["a"]);
});

test("[C2] a volume whose last commit fails stays open, and nothing is lost", async () => {
  const { idb, volume, fs, make } = await changedVolume();
  idb.plan = ({ kind }) => (kind === "complete" ? "quota" : null);
  assert.equal(await volume.close(), -ERRNO.ENOSPC);
  await fs.create(volume.root, "b");
  idb.plan = () => null;
  assert.equal(await volume.close(), 0);
  assert.deepEqual(await namesIn(make()), ["a", "b"]);
});

test("[C2] close that discards lets go of the volume all the same", async () => {
  const { idb, volume, make } = await changedVolume();
  idb.plan = ({ kind }) => (kind === "complete" ? "quota" : null);
  assert.equal(await volume.close({ discard: true }), -ERRNO.ENOSPC);
  assert.equal(volume.create(volume.root, "b"), -ERRNO.ESTALE);
  idb.plan = () => null;
  assert.deepEqual(await namesIn(make()), []);
});
