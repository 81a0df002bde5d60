/* The benchmark's report: what programs print becomes rows, medians and a
 * table; wrong options are named before anything is built. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import {
  Samples,
  barLines,
  median,
  parseOutput,
  table,
  timesOurs,
} from "../bench/report.js";
import { SUITES, chooseSuites } from "../bench/suites.js";

const RUN = fileURLToPath(new URL("../bench/run.mjs", import.meta.url));

const WORKLOAD = {
  name: "switching",
  peers: ["gossamer", "other"],
  rows: [
    {
      key: "fast",
      name: "fast one",
      unit: "ns",
      bars: [{ peer: "other", times: 2 }, { below: 10 }],
    },
    { key: "slow", name: "slow one", unit: "s" },
  ],
};
const SUITE = { name: "switches", about: "made up", workloads: [WORKLOAD] };

/** @param {Record<string, string[]>} outputs of each run, by peer */
function samplesOf(outputs) {
  const samples = new Samples();
  for (const [peer, runs] of Object.entries(outputs)) {
    for (const output of runs) {
      samples.add(WORKLOAD, peer, parseOutput(output, WORKLOAD));
    }
  }
  return samples;
}

/** @param {string[]} args @returns {Promise<{ code: number, stderr: string }>} */
function runBench(...args) {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [RUN, ...args],
      { timeout: 20_000 },
      (error, _stdout, stderr) =>
        resolve({ code: Number(error?.code ?? 0), stderr }),
    );
  });
}

test("a program's lines become values by row", () => {
  assert.deepEqual(
    [...parseOutput("fast 12.5 ns\nslow 3 s\n", WORKLOAD)],
    [
      ["fast", 12.5],
      ["slow", 3],
    ],
  );
});

test("output that is not exactly the workload's rows is refused", () => {
  const cases = [
    ["fast twelve ns\n", /not a line "key value unit": fast twelve ns/],
    ["fast 1 ns extra\n", /not a line/],
    ["fast -1 ns\n", /not a line/],
    ["fast 1 s\n", /the workload switching has no row "fast" in s/],
    ["other 1 ns\n", /has no row "other"/],
    ["fast 1 ns\nfast 2 ns\n", /"fast" came twice/],
    ["fast 1 ns\n", /no line for slow/],
    ["", /no line for fast, slow/],
  ];
  for (const [output, message] of cases) {
    assert.throws(
      () => parseOutput(/** @type {string} */ (output), WORKLOAD),
      { name: "RangeError", message: /** @type {RegExp} */ (message) },
      `output ${JSON.stringify(output)}`,
    );
  }
});

test("the median is the middle, or the mean of the two in the middle", () => {
  assert.equal(median([7]), 7);
  assert.equal(median([9, 1, 100]), 9);
  assert.equal(median([10, 1, 2, 200]), 6);
  assert.throws(() => median([]), /no values/);
});

test("a row has suite, name, unit, our median and those of the peers", () => {
  const samples = samplesOf({
    gossamer: [
      "fast 5 ns\nslow 1 s",
      "fast 4 ns\nslow 3 s",
      "fast 9 ns\nslow 2 s",
    ],
    other: ["fast 20 ns\nslow 8.123456 s"],
  });
  assert.deepEqual(samples.rows([SUITE]), [
    {
      suite: "switches",
      name: "fast one",
      unit: "ns",
      gossamer: 5,
      peers: { other: 20 },
    },
    {
      suite: "switches",
      name: "slow one",
      unit: "s",
      gossamer: 2,
      peers: { other: 8.123 },
    },
  ]);
});

test("a peer that did not take part is in no row", () => {
  const samples = samplesOf({ gossamer: ["fast 5 ns\nslow 1 s"] });
  assert.deepEqual(
    samples.rows([SUITE]).map(({ peers }) => peers),
    [{}, {}],
  );
});

test("the table is aligned and says how many times ours a figure is", () => {
  const rows = samplesOf({
    gossamer: ["fast 5 ns\nslow 1 s"],
    other: ["fast 1020 ns\nslow 0.5 s"],
  }).rows([SUITE]);
  assert.equal(
    table(rows),
    [
      "suite     row       unit  gossamer          other",
      "switches  fast one  ns           5  1020 (204.0x)",
      "switches  slow one  s            1     0.5 (0.5x)",
    ].join("\n"),
  );
});

test("a bar holds, is missed, or has nothing to be held against", () => {
  const fast = samplesOf({
    gossamer: ["fast 5 ns\nslow 1 s"],
    other: ["fast 10 ns\nslow 1 s"],
  });
  assert.deepEqual(barLines([SUITE], fast.rows([SUITE])), [
    "holds   switches, fast one: 2.0 times as fast as other, to be 2",
    "holds   switches, fast one: 5 ns, to be under 10 ns",
  ]);
  const slow = samplesOf({
    gossamer: ["fast 10 ns\nslow 1 s"],
    other: ["fast 10 ns\nslow 1 s"],
  });
  assert.deepEqual(barLines([SUITE], slow.rows([SUITE])), [
    "MISSED  switches, fast one: 1.0 times as fast as other, to be 2",
    "MISSED  switches, fast one: 10 ns, to be under 10 ns",
  ]);
  const alone = samplesOf({ gossamer: ["fast 5 ns\nslow 1 s"] });
  assert.deepEqual(barLines([SUITE], alone.rows([SUITE])), [
    "holds   switches, fast one: 5 ns, to be under 10 ns",
  ]);
});

test("suites are chosen by name and run in their own order", () => {
  const names = (/** @type {string[]} */ list) =>
    chooseSuites(list).map(({ name }) => name);
  assert.deepEqual(names(["sieve", "yield"]), ["yield", "sieve"]);
  const together = SUITES.filter(({ apart }) => !apart);
  assert.deepEqual(
    names([]),
    together.map(({ name }) => name),
  );
  assert.ok(together.length < SUITES.length);
});

test("a suite that takes long runs only when it is named", () => {
  const chosen = (/** @type {string[]} */ ...list) =>
    chooseSuites(list).some(({ name }) => name === "files");
  assert.equal(chosen(), false);
  assert.equal(chosen("files", "yield"), true);
});

test("bars on figures of which more is better, and on limits", () => {
  const verdicts = (/** @type {any} */ bar, /** @type {number} */ ours) => {
    const rows = [{ key: "r", name: "r", unit: "MB/s", bars: [bar] }];
    const workloads = [{ name: "w", peers: [], rows }];
    const peers = { other: 100 };
    const row = { suite: "s", name: "r", unit: "MB/s", gossamer: ours, peers };
    return barLines([{ name: "s", about: "", workloads }], [row]);
  };
  const cases = [
    [{ peer: "other", share: 0.8 }, 80, 79, "0.8 at least"],
    [{ peer: "other", within: 1.15 }, 115, 116, "1.15 at most"],
    [{ least: 60 }, 60, 59, "60 MB/s at least"],
    [{ most: 60 }, 60, 61, "60 MB/s at most"],
    [{ peer: "nobody", share: 0.8 }, null, null, ""],
  ];
  for (const [bar, good, bad, text] of cases) {
    if (good === null) {
      assert.deepEqual(verdicts(bar, 1), []);
      continue;
    }
    const [holds] = verdicts(bar, Number(good));
    const [missed] = verdicts(bar, Number(bad));
    assert.match(String(holds), new RegExp(`^holds .*to be ${text}$`));
    assert.match(String(missed), new RegExp(`^MISSED .*to be ${text}$`));
  }
});

test("an unknown suite is an error that lists the suites", async () => {
  const { code, stderr } = await runBench("--only", "yield,nosuch");
  assert.equal(code, 1);
  assert.match(
    stderr,
    /^error: no such benchmark suite: nosuch \(there are: yield, .*files\)\n$/,
  );
});

test("options that make no sense are errors that name them", async () => {
  const cases = [
    [["--runs", "0"], /--runs wants a number from 1, not 0/],
    [["--runs", "few"], /--runs wants a number from 1, not few/],
    [["--fast"], /'--fast'/],
    [["--json", "no/such/folder/rows.json"], /ENOENT.*no\/such\/folder/],
  ];
  for (const [args, message] of cases) {
    const { code, stderr } = await runBench(.../** @type {string[]} */ (args));
    assert.equal(code, 1);
    assert.match(stderr, /** @type {RegExp} */ (message));
  }
});

test("how much longer a peer takes is a geometric mean", () => {
  const row = (gossamer, peer) => ({
    suite: "s",
    name: "n",
    unit: "ms",
    gossamer,
    peers: peer === undefined ? {} : { peer },
  });
  assert.equal(timesOurs([row(2, 3)], "peer"), 1.5);
  assert.ok(Math.abs(timesOurs([row(1, 4), row(2, 2)], "peer") - 2) < 1e-12);
  assert.ok(Number.isNaN(timesOurs([row(1, 4), row(2)], "peer")));
});

test("a bar on a peer that adds to ours is held against the mean", () => {
  const bars = [{ peer: "more", most: 1.5, mean: true }];
  const rowSpecs = ["a", "b"].map((key, index) => ({
    key,
    name: key,
    unit: "ms",
    bars: index === 0 ? bars : [],
  }));
  const suite = {
    name: "s",
    about: "",
    workloads: [{ name: "w", peers: [], rows: rowSpecs }],
  };
  const rows = [2, 1.125].map((more, index) => ({
    suite: "s",
    name: index === 0 ? "a" : "b",
    unit: "ms",
    gossamer: 1,
    peers: { more },
  }));
  assert.deepEqual(barLines([suite], rows), [
    "holds   s, a: more takes 1.50 times as long in the geometric mean of " +
      "the suite, to be 1.5 at most",
  ]);
});
