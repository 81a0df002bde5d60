/* What becomes of a damaged log: whatever is wrong with it, opening the volume
 * answers EIO and says which record it is, check() names it too, and a wrong
 * tree is never shown. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ERRNO } from "../../js/errors.js";
import { indexeddb } from "../../js/fs/indexeddb.js";
import { crc32 } from "../../js/fs/indexeddb/crc.js";
import { LogWriter, replay } from "../../js/fs/indexeddb/format.js";
import { checkLog } from "../../js/fs/indexeddb/mount.js";
import { chance } from "../helpers/chance.js";
import { ScriptedIDB } from "../helpers/scripted-idb.js";
import { VolumeTool, pattern } from "../helpers/volume.js";

const DATABASE = "gossamer:damaged";

/** @param {IDBFactory} factory */
const make = (factory) => indexeddb("damaged", { factory, onTrouble() {} });

/** More than goes into the log itself. */
const LARGE_BYTES = 20_000;
const SMALL_BYTES = 300;
const ODD_LOGS = Number(process.env.GS_ODD_LOGS ?? 150);
/** How many were refused, and how many were not. @type {Record<number, number>} */
const TALLY = {};

/** What a volume of several commits has stored. */
async function stored(sizeBytes = LARGE_BYTES) {
  const idb = new ScriptedIDB();
  const volume = make(idb.factory);
  assert.equal(await volume.open(), 0);
  const fs = new VolumeTool(volume);
  for (const name of ["a", "b", "c"]) {
    await fs.put(fs.root, name, pattern(sizeBytes));
    assert.equal(await volume.commit(), 0);
  }
  await fs.rename(fs.root, "a", fs.root, "b");
  await fs.unlink(fs.root, "c");
  await fs.symlink(fs.root, "l", "b");
  assert.equal(await volume.commit(), 0);
  return idb.content();
}

/**
 * @param {import("../helpers/scripted-idb.js").Content} content
 * @param {(log: [number, Uint8Array][], data: [number, Uint8Array][]) => void}
 *   damage
 */
async function opens(content, damage) {
  const damaged = structuredClone(content);
  const { stores } = damaged[DATABASE];
  damage(stores.log, stores.data);
  const { factory } = await ScriptedIDB.of(damaged);
  const volume = make(factory);
  const answer = await volume.open();
  return { answer, volume, factory };
}

/** That a log is refused, and why is said. */
async function refused(content, damage, why) {
  const { answer, volume, factory } = await opens(content, damage);
  assert.equal(answer, -ERRNO.EIO);
  assert.match(volume.trouble, why);
  assert.equal(await volume.close(), 0);
  const reader = indexeddb("damaged", { factory, readOnly: true });
  assert.equal(await reader.open(), -ERRNO.EIO);
}

/** @param {number} sizeBytes of the files */
async function refusesFlips(sizeBytes) {
  const content = await stored(sizeBytes);
  const { log, data } = content[DATABASE].stores;
  // Those below 0 are a fence's.
  const hasData = data.some(([id]) => id >= 0);
  assert.equal(hasData, sizeBytes === LARGE_BYTES);
  assert.equal(log.length, 5);
  const keys = log.map(([key]) => key);
  for (const [index] of log.entries()) {
    const records = log.map(([, bytes]) => bytes.slice());
    const bytes = records[index];
    assert.equal(checkLog(keys, records, null).problem, "");
    for (let at = 0; at < bytes.length; at++) {
      for (const flip of [1, 128, 255]) {
        bytes[at] ^= flip;
        const { problem } = checkLog(keys, records, null);
        assert.ok(problem.startsWith(`record ${keys[index]} of`), problem);
        bytes[at] ^= flip;
      }
    }
    for (let size = 0; size < bytes.length; size++) {
      records[index] = bytes.subarray(0, size);
      const { problem } = checkLog(keys, records, null);
      assert.match(problem, /it is too short|it was cut short/);
    }
  }
}

test("indexeddb: a log with any byte changed is refused", async () => {
  await refusesFlips(LARGE_BYTES);
});

test("indexeddb: a log that has bytes of files, any of them changed, is refused", async () => {
  await refusesFlips(SMALL_BYTES);
});

test("indexeddb: a volume whose log is damaged is not opened, and says why", async () => {
  const content = await stored();
  await refused(content, (log) => (log[2][1][60] ^= 1), /record 3 .*checksum/);
  await refused(content, (log) => (log[0][1][4] = 9), /record 1 .*format 9/);
  await refused(
    content,
    (log) => (log[1][1] = log[1][1].slice(0, 90)),
    /record 2 .*cut short/,
  );
  await refused(content, (log) => log.splice(2, 1), /record 4 .*missing/);
  await refused(content, (log) => log.splice(0, 1), /record 2 .*missing/);
  const swap = (log) => {
    [log[1][1], log[2][1]] = [log[2][1], log[1][1]];
  };
  await refused(content, swap, /record 2 .*it says it is 3/);
  // Right by itself, and another volume's.
  const other = (await stored())[DATABASE].stores.log;
  const foreign = (log) => (log[4][1] = structuredClone(other[4][1]));
  await refused(content, foreign, /record 5 .*it follows another one/);
});

test("indexeddb: without its last records it is as it was before them", async () => {
  const content = await stored();
  const names = [[], ["a"], ["a", "b"], ["a", "b", "c"], ["b", "l"]];
  for (let kept = 1; kept <= 5; kept++) {
    const { answer, volume } = await opens(content, (log) => log.splice(kept));
    assert.equal(answer, 0, volume.trouble);
    const fs = new VolumeTool(volume);
    assert.deepEqual(await fs.names(fs.root), names[kept - 1]);
    const { ok, problems } = await volume.check();
    // The data is that of all five, which is that of the first four: what was
    // removed last is still there.
    assert.equal(ok, kept >= 4, problems.join("; "));
    await volume.close();
  }
});

test("indexeddb: check() says what is wrong with the records", async () => {
  const content = await stored();
  for (const [damage, why] of [
    [(_log, data) => data.pop(), /missing: 1/],
    [(_log, data) => (data.at(-1)[1] = new Uint8Array(3)), /not of the size/],
    [(_log, data) => data.push([99, new Uint8Array(3)]), /known to no log: 1/],
  ]) {
    const { answer, volume } = await opens(content, damage);
    assert.equal(answer, 0, volume.trouble);
    const { ok, problems } = await volume.check();
    assert.equal(ok, false);
    assert.match(problems.join("; "), why);
    // The names are all there; what was lost is EIO, and never other bytes.
    const fs = new VolumeTool(volume);
    assert.deepEqual(await fs.names(fs.root), ["b", "l"]);
    await fs.content(await fs.lookup(fs.root, "b")).then(
      (bytes) => assert.deepEqual(bytes, pattern(LARGE_BYTES)),
      (error) => assert.equal(error.message, "EIO"),
    );
    await volume.close();
  }
});

/** Where a record has its checksum, and where its operations begin. */
const AT = { crc: 24, body: 52 };

test("indexeddb: half a page in the log, or more than one, is refused", () => {
  const visitor = { bytes: () => assert.fail("it was taken") };
  const header = {
    sequence: 1,
    before: 0,
    volume: 1n,
    nextIno: 3,
    nextRecord: 1,
  };
  const record = (/** @type {number} */ size) => {
    const writer = new LogWriter();
    writer.bytes(2, 0, pattern(size));
    return writer.finish({ ...header, isCheckpoint: false });
  };
  assert.match(replay(record(4097), visitor), /page that is too large/);
  const whole = record(4096);
  for (const cut of [1, 100, 4096]) {
    const bytes = whole.subarray(0, whole.length - cut);
    assert.match(replay(bytes, visitor), /half a page/);
  }
});

test("indexeddb: a log that makes no sense, with the right checksum, is refused or read", async () => {
  for (const sizeBytes of [SMALL_BYTES, LARGE_BYTES]) {
    const content = await stored(sizeBytes);
    for (let seed = 1; seed <= ODD_LOGS; seed++) {
      const random = chance(seed);
      const { answer, volume } = await opens(content, (log) => {
        const [, bytes] = log.at(-1);
        for (let changes = random(3); changes >= 0; changes--) {
          bytes[AT.body + random(bytes.length - AT.body)] = random(256);
        }
        const head = crc32(bytes, 0, AT.crc);
        const crc = crc32(bytes, AT.crc + 4, bytes.length, head);
        new DataView(bytes.buffer).setUint32(AT.crc, crc, true);
      });
      TALLY[answer] = (TALLY[answer] ?? 0) + 1;
      assert.ok(
        answer === 0 || answer === -ERRNO.EIO,
        `seed ${seed}: ${answer}`,
      );
      assert.ok(answer === 0 || volume.trouble !== "", `seed ${seed}`);
      if (answer !== 0) continue;
      await volume.check();
      const fs = new VolumeTool(volume);
      for (const name of await fs.names(fs.root)) {
        const node = await fs.lookup(fs.root, name);
        await fs.content(node).catch(() => {});
      }
      await volume.close();
    }
  }
  assert.ok(TALLY[0] > 10 && TALLY[-ERRNO.EIO] > 10, JSON.stringify(TALLY));
});
