/* Chromium is killed, again and again, while a page writes into files of a
 * volume in IndexedDB: C2, and D7's promise that nothing acknowledged is lost
 * and nothing torn. More kills: GS_KILLS=100 GS_SEED=7. */
import assert from "node:assert/strict";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { newProfile } from "./chromium.js";
import {
  KILLS,
  LIMIT,
  Session,
  killAgain,
  live,
  tellsEnough,
} from "./rounds.js";

for (const kind of ["append", "overwrite", "replace"]) {
  test(`${kind}: ${KILLS} kills lose and tear nothing`, LIMIT, async (t) => {
    tellsEnough(t, await killAgain(t, kind, KILLS));
  });
}

/**
 * Changes bytes in the log of the database that the browser keeps.
 * @param {string} folder of all databases
 */
function damage(folder) {
  const inside = (/** @type {string} */ path, /** @type {RegExp} */ name) =>
    join(path, readdirSync(path).find((entry) => name.test(entry)) ?? "");
  const log = inside(inside(folder, /\.leveldb$/), /^\d+\.log$/);
  const bytes = readFileSync(log);
  assert.ok(bytes.length > 100, log);
  bytes.fill(0xff, 10, 60);
  writeFileSync(log, bytes);
}

test(
  "D1: what the browser throws away, since it is damaged, is told of",
  LIMIT,
  async (t) => {
    const session = new Session("append", 1);
    await session.listen(t);
    const profile = newProfile(t);
    const working = { event: "acknowledge", count: 5, delayMs: 0 };
    await live(t, session, profile, working);
    assert.deepEqual(session.wipes, []);
    damage(join(profile, "Default/IndexedDB"));
    await live(t, session, profile, working);
    assert.equal(session.wipes.length, 1);
    assert.match(
      session.wipes[0] ?? "",
      /"kill" was thrown away by the browser/,
    );
  },
);
