/* The IndexedDB volume crashes at every commit of programs made by chance (C2,
 * D1): what the next volume finds is the state after some operation, at or after
 * the last sync that answered 0, whole and of use. Log and records are cleaned up
 * all the time. GS_SEED and GS_PROGRAMS try others, GS_STEPS longer ones. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { indexeddb } from "../../js/fs/indexeddb.js";
import { ScriptedIDB, torn } from "../helpers/scripted-idb.js";
import { VolumeTool } from "../helpers/volume.js";
import { CrashProgram, describe, recovers } from "./crash-program.js";
import { chance } from "../helpers/chance.js";

const SEED = Number(process.env.GS_SEED ?? 1);
const PROGRAMS = Number(process.env.GS_PROGRAMS ?? 2);
const STEPS = Number(process.env.GS_STEPS ?? 120);

const DATABASE = "gossamer:model";
const IDLE_MS = 200;

/** Locks that are always free: who crashed has let go of them. */
const locks = {
  request: async (name, _options, work) => work({ name, mode: "exclusive" }),
};

const KINDS = [
  {
    name: "little memory, tidied up all the time",
    largeWrites: false,
    options: {
      // With a limit, room that was made is written down.
      ...{ cacheBytes: 131_072, dirtyBytes: 32_768, limitBytes: 2 ** 26 },
      locks,
      tuning: {
        ...{ logRecords: 3, logBytes: 600 },
        ...{ garbageBytes: 15_000, smallRecords: 3 },
      },
    },
  },
  {
    name: "small commits in the log",
    largeWrites: false,
    options: {
      ...{ cacheBytes: 2 ** 20, dirtyBytes: 2 ** 19 },
      locks,
      tuning: {
        ...{ logRecords: 30, logBytes: 80_000 },
        ...{ garbageBytes: 60_000, smallRecords: 9 },
      },
    },
  },
  {
    name: "much memory, without locks",
    largeWrites: true,
    options: {
      locks: null,
      tuning: {
        ...{ logRecords: 9, logBytes: 5000 },
        ...{ garbageBytes: 30_000, smallRecords: 5 },
      },
    },
  },
];

/** @param {object} options */
const maker = (options) => (factory) =>
  indexeddb("model", {
    ...{ factory, idleMs: IDLE_MS, onTrouble() {} },
    ...options,
  });

/**
 * Runs programs, each of them in several lives, which end in a crash.
 * @param {import("node:test").TestContext} t
 * @param {(typeof KINDS)[number]} kind
 * @param {object} how
 * @param {(idb: ScriptedIDB, random: (below: number) => number) => void}
 *   [how.disturb] begins to make calls fail
 * @param {(program: CrashProgram, make: any) => Promise<void>} how.check
 */
async function lives(t, { options, largeWrites }, { disturb, check }) {
  const features = { hardLinks: true, symlinks: true, directoryLinks: true };
  const all = { ...features, largeWrites };
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const tick = () => t.mock.timers.tick(IDLE_MS);
  const make = maker(options);
  for (let seed = SEED; seed < SEED + PROGRAMS; seed++) {
    let idb = new ScriptedIDB();
    let volume = make(idb.factory);
    assert.equal(await volume.open(), 0);
    const fs = new VolumeTool(volume);
    const program = new CrashProgram(idb, fs, all, seed, tick);
    const random = chance(seed + 1000);
    try {
      for (let life = 1; life <= 3; life++) {
        disturb?.(idb, random);
        for (let step = 1; step <= STEPS; step++) await program.step();
        idb.heal();
        if (life === 3) break;
        // It dies with all that is open, and with syncs that nobody answers.
        idb.crash();
        await program.settle();
        await check(program, make);
        const { least, most } = program.points.at(-1);
        idb = await ScriptedIDB.of(idb.content());
        volume = make(idb.factory);
        assert.equal(await volume.open(), 0, volume.trouble);
        const found = await describe(volume);
        const state = program.states
          .slice(least, most + 1)
          .find(({ text }) => text === found);
        assert.ok(state, "the states were not looked at");
        program.restore(state, idb, volume);
      }
      await program.end();
      await program.sync(() => volume.commit());
      assert.equal(program.points.at(-1).least, program.states.length - 1);
      await program.settle();
      assert.equal(await volume.close(), 0, volume.trouble);
      await check(program, make);
    } catch (error) {
      const last = program.log.slice(-20).join("\n  ");
      const text = `seed ${seed}, after:\n  ${last}\n${error.message}`;
      throw new Error(text, { cause: error });
    }
  }
}

/** That each crash there could have been is recovered from. */
async function everyCrash({ points, states }, make) {
  assert.ok(points.length > 1, "nothing was committed");
  for (const [index, point] of points.entries()) {
    const idb = await ScriptedIDB.of(point.content);
    const problem = await recovers(idb, make, states, point);
    assert.equal(problem, "", `crash after commit ${index}`);
  }
}

for (const kind of KINDS) {
  const { name } = kind;
  test(`indexeddb: a crash at any commit leaves a state that was (${name})`, (t) =>
    lives(t, kind, { check: everyCrash }));

  test(`indexeddb: and so it does when calls fail (${name})`, async (t) => {
    let failed = 0;
    const faults = ["throw", "error", "quota", "abort", "close", "lost"];
    const disturb = (idb, random) => {
      idb.plan = (call) => {
        const isWrite = call.mode === "readwrite";
        // After a commit of which nothing was heard, to look fails too.
        if (!isWrite && call.kind !== "openKeyCursor") return null;
        if (random(isWrite ? 20 : 4) > 0) return null;
        const fault = faults[random(faults.length)];
        if (fault === "lost" && call.kind !== "complete") return null;
        if (fault === "throw" && call.kind === "complete") return null;
        failed++;
        return fault;
      };
    };
    await lives(t, kind, { check: everyCrash, disturb });
    assert.ok(failed > 10, `${failed} calls failed`);
  });
}

test("indexeddb: a commit of which a part is missing would be found out", async (t) => {
  let tears = 0;
  const check = async ({ points, states }, make) => {
    for (const point of points) {
      const { before, writes } = point;
      const pieces = writes.filter(({ store }) => store === "data");
      for (const piece of pieces) {
        const kept = writes.filter((write) => write !== piece);
        const content = torn(before, DATABASE, kept);
        const idb = await ScriptedIDB.of(content);
        const problem = await recovers(idb, make, states, point);
        assert.notEqual(problem, "", `without ${piece.method} ${piece.args}`);
        tears++;
      }
      if (pieces.length === 0) continue;
      // All of the data, and nothing that says what it is.
      const idb = await ScriptedIDB.of(torn(before, DATABASE, pieces));
      const problem = await recovers(idb, make, states, point);
      assert.notEqual(problem, "", "without the log");
    }
  };
  await lives(t, KINDS[0], { check });
  assert.ok(tears > 20, `${tears} tears`);
});

/** A program beside which a read-only volume looks at what is committed. */
class WatchedProgram extends CrashProgram {
  reader = null;
  looks = 0;

  async sync(ask) {
    await super.sync(ask);
    // Now and then a checkpoint is in between.
    if (this.looks > 0 && this.random(2) > 0) return;
    this.reader ??= maker({ readOnly: true })(this.idb.factory);
    assert.equal(await this.reader.open(), 0, this.reader.trouble);
    const { least } = this.points.at(-1);
    assert.ok((await this.reader.refresh()) >= 0, this.reader.trouble);
    const found = await describe(this.reader);
    const texts = this.states.slice(least).map(({ text }) => text);
    assert.ok(texts.includes(found), "the reader sees what never was");
    this.looks++;
  }
}

/**
 * @param {import("node:test").TestContext} t
 * @param {(typeof KINDS)[number]} kind
 */
async function watched(t, { options }) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  for (let seed = SEED; seed < SEED + PROGRAMS; seed++) {
    const idb = new ScriptedIDB();
    const volume = maker(options)(idb.factory);
    assert.equal(await volume.open(), 0);
    const tick = () => t.mock.timers.tick(IDLE_MS);
    const features = { hardLinks: true, symlinks: true, directoryLinks: true };
    const fs = new VolumeTool(volume);
    const program = new WatchedProgram(idb, fs, features, seed, tick);
    try {
      for (let step = 1; step <= STEPS; step++) {
        await program.step();
        await program.settle();
      }
      await program.end();
      await program.sync(() => volume.commit());
      assert.ok((await program.reader.refresh()) >= 0);
      assert.equal(await describe(program.reader), await describe(volume));
    } catch (error) {
      const text = `seed ${seed}: ${error.message}`;
      throw new Error(text, { cause: error });
    }
    assert.ok(program.looks > 2, `${program.looks} looks`);
    assert.equal(await program.reader.close(), 0);
    assert.equal(await volume.close(), 0);
  }
}

for (const kind of KINDS) {
  if (kind.options.locks === null) continue;
  test(`indexeddb: a reader sees each state as it is committed (${kind.name})`, (t) =>
    watched(t, kind));
}
