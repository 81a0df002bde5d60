/* Chromium is killed, again and again, while a page makes, moves and removes
 * files and directories of a volume in IndexedDB: C2, and D7's promise that
 * nothing acknowledged is lost and nothing torn. */
import { test } from "node:test";
import { KILLS, LIMIT, killAgain, tellsEnough } from "./rounds.js";

for (const kind of ["small", "trees"]) {
  test(`${kind}: ${KILLS} kills lose and tear nothing`, LIMIT, async (t) => {
    tellsEnough(t, await killAgain(t, kind, KILLS));
  });
}
