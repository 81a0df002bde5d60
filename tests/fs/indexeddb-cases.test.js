/* The IndexedDB volume does what every volume does (C2, D1): with its limits as
 * they are, with so little memory that all has to be read again, late, and when
 * it is closed and opened again between any two operations. */
import assert from "node:assert/strict";
import { indexeddb } from "../../js/fs/indexeddb.js";
import { defer } from "../helpers/defer.js";
import { RemountedVolume } from "../helpers/remounted.js";
import { ScriptedIDB } from "../helpers/scripted-idb.js";
import { slowVolume } from "../helpers/slow-volume.js";
import { VolumeTool } from "../helpers/volume.js";
import { volumeCases } from "./cases.js";
import { volumePrograms } from "./program.js";

/** Steps of a program made by chance; GS_STEPS takes more. */
const STEPS = Number(process.env.GS_STEPS ?? 300);

const KIBIBYTE = 1024;

/** So little that pages are evicted, written back and read again all the time. */
const TINY = {
  cacheBytes: 128 * KIBIBYTE,
  dirtyBytes: 32 * KIBIBYTE,
  idleMs: 0,
  tuning: {
    logRecords: 5,
    logBytes: 2000,
    garbageBytes: 20_000,
    smallRecords: 4,
  },
};

/** @param {object} options */
const settings = (options) => ({
  factory: new ScriptedIDB().factory,
  locks: null,
  onTrouble: (error) => {
    throw error;
  },
  ...options,
});

/** At the end of each test: what is stored is whole. */
async function ended(volume) {
  assert.equal(await volume.commit({ strict: true }), 0, volume.trouble);
  const { ok, problems } = await volume.check();
  assert.ok(ok, problems.join("; "));
  assert.equal(await volume.close(), 0);
}

/** @param {import("node:test").TestContext} t @param {object} [options] */
function create(t, options = {}) {
  const volume = indexeddb("cases", settings(options));
  defer(t, () => ended(volume));
  return volume;
}

/** @param {import("node:test").TestContext} t @param {object} options */
function remounted(t, options) {
  const all = settings(options);
  const volume = new RemountedVolume(() => indexeddb("cases", all), 5);
  defer(t, () => ended(volume.current));
  return volume;
}

/** What a writer has stored, in its second life. */
async function readOnly(t, tree) {
  const { factory } = new ScriptedIDB();
  const writer = indexeddb("cases", settings({ factory }));
  assert.equal(await writer.open(), 0);
  await new VolumeTool(writer).fill(tree);
  assert.equal(await writer.close(), 0);
  const volume = indexeddb("cases", settings({ factory, readOnly: true }));
  defer(t, () => volume.close());
  return volume;
}

const features = {
  write: true,
  readOnly: false,
  list: true,
  hardLinks: true,
  symlinks: true,
  keepsOpen: true,
  sparse: true,
  times: true,
  directoryLinks: true,
  allocate: true,
  limited: (limitBytes, t) => create(t, { limitBytes }),
};

const tiny = {
  ...features,
  limited: (limitBytes, t) => create(t, { ...TINY, limitBytes }),
};

const subjects = [
  { name: "indexeddb", create: (t) => create(t), features },
  {
    name: "indexeddb, little memory",
    create: (t) => create(t, TINY),
    features: tiny,
  },
  {
    name: "indexeddb, late",
    create: (t) => slowVolume(create(t, TINY)),
    features: tiny,
  },
  {
    name: "indexeddb, opened again and again",
    create: (t) => remounted(t, {}),
    features,
  },
];

volumeCases({
  name: "indexeddb, read-only",
  create: readOnly,
  features: {
    ...{ write: false, readOnly: true, list: true, hardLinks: false },
    ...{ symlinks: false, keepsOpen: false, sparse: false, times: false },
    ...{ directoryLinks: true, allocate: false, limited: null },
  },
});

for (const subject of subjects) {
  volumeCases(subject);
  volumePrograms(subject, { programs: 6, steps: STEPS });
}
