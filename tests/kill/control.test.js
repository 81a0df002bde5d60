/* The control of the kill test: with a volume whose transactions are taken
 * apart, so that a kill can come between the parts of a commit, the verifier
 * must say so. Otherwise what it says of the real one is worth nothing. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { LIMIT, killApart } from "./rounds.js";

/** Far more than it takes. */
const MAX_KILLS = 20;

for (const kind of ["overwrite", "replace"]) {
  test(
    `${kind}: without the one transaction a kill is found out`,
    LIMIT,
    async (t) => {
      const { bad, life } = await killApart(t, kind, MAX_KILLS);
      t.diagnostic(`life ${life}: ${bad?.fault}: ${bad?.text}`);
      assert.match(bad?.fault ?? "nothing", /^(torn|lost)$/);
    },
  );
}
