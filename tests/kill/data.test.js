/* Chromium is killed, again and again, while a page writes into files of a
 * volume in IndexedDB: C2, and D7's promise that nothing acknowledged is lost
 * and nothing torn. More kills: GS_KILLS=100 GS_SEED=7. */
import { test } from "node:test";
import { KILLS, LIMIT, killAgain, tellsEnough } from "./rounds.js";

for (const kind of ["append", "overwrite", "replace"]) {
  test(`${kind}: ${KILLS} kills lose and tear nothing`, LIMIT, async (t) => {
    tellsEnough(t, await killAgain(t, kind, KILLS));
  });
}
