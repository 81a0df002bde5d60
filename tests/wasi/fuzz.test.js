/* Sequences of calls made by chance, over a volume that answers at once and
 * one that answers later. GS_SEED and GS_CALLS try others, and more; GS_LIST
 * shows which answers there were. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { FUNCTIONS } from "../../js/wasi/abi.js";
import { fuzz } from "./fuzz.js";

const first = Number(process.env.GS_SEED ?? 1);
const calls = Number(process.env.GS_CALLS ?? 1000);
const SEEDS = 4;

/** @type {Map<string, number>} */
const answers = new Map();

for (let seed = first; seed < first + SEEDS; seed++) {
  for (const isDelayed of [false, true]) {
    const how = isDelayed ? "later" : "at once";
    test(`seed ${seed}, a volume that answers ${how}: ${calls} calls`, async () => {
      for (const [answer, count] of await fuzz(seed, calls, isDelayed)) {
        answers.set(answer, (answers.get(answer) ?? 0) + count);
      }
    });
  }
}

test("every function has succeeded and failed", () => {
  if (process.env.GS_LIST) console.log([...answers].sort().join("\n"));
  const never = ["proc_exit", "sched_yield"];
  for (const name of FUNCTIONS.filter((one) => !never.includes(one))) {
    const own = [...answers.keys()].filter((key) => key.startsWith(`${name} `));
    assert.ok(own.includes(`${name} ok`), `${name} has never succeeded`);
    assert.ok(own.length > 1, `${name} has never failed`);
  }
});
