/* From what the programs print to rows, a table and the bars: no processes and
 * no files here. */
import { OURS } from "./names.js";

/**
 * @typedef {import("./suites.js").Suite} Suite
 * @typedef {import("./suites.js").Workload} Workload
 * @typedef {import("./suites.js").Bar} Bar
 *
 * @typedef {object} Row
 * @property {string} suite
 * @property {string} name
 * @property {string} unit
 * @property {number | null} gossamer null: ours did not take part
 * @property {Record<string, number>} peers
 */

/**
 * The lines "key value unit" of one run of a program, which must be exactly
 * those of the workload.
 * @param {string} output
 * @param {Workload} workload
 * @returns {Map<string, number>} values by key
 */
export function parseOutput(output, workload) {
  const units = new Map(workload.rows.map(({ key, unit }) => [key, unit]));
  /** @type {Map<string, number>} */
  const values = new Map();
  for (const line of output.split("\n").filter((text) => text !== "")) {
    const [, key = "", number, unit] =
      /^(\S+) (\d+(?:\.\d+)?) (\S+)$/.exec(line) ?? [];
    if (number === undefined) {
      throw new RangeError(`not a line "key value unit": ${line}`);
    }
    if (units.get(key) !== unit) {
      throw new RangeError(
        `the workload ${workload.name} has no row "${key}" in ${unit}`,
      );
    }
    if (values.has(key)) throw new RangeError(`"${key}" came twice`);
    values.set(key, Number(number));
  }
  const missing = [...units.keys()].filter((key) => !values.has(key));
  if (missing.length > 0) {
    throw new RangeError(`no line for ${missing.join(", ")}`);
  }
  return values;
}

/** @param {number[]} values at least one */
export function median(values) {
  if (values.length === 0) throw new RangeError("no values, no median");
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  if (sorted.length % 2 === 1) return upper;
  return ((sorted[middle - 1] ?? NaN) + upper) / 2;
}

/** Everything that was measured, run by run. */
export class Samples {
  /** @type {Map<string, number[]>} */
  #values = new Map();

  /**
   * @param {Workload} workload
   * @param {string} peer
   * @param {Map<string, number>} values of one run, by row key
   */
  add(workload, peer, values) {
    for (const [key, value] of values) {
      const id = `${workload.name}/${key}/${peer}`;
      this.#values.set(id, [...(this.#values.get(id) ?? []), value]);
    }
  }

  /**
   * @param {Suite[]} suites
   * @returns {Row[]}
   */
  rows(suites) {
    return suites.flatMap((suite) =>
      suite.workloads.flatMap((workload) =>
        workload.rows.map(({ key, name, unit }) => {
          const measured = workload.peers.flatMap((peer) => {
            const values = this.#values.get(`${workload.name}/${key}/${peer}`);
            return values === undefined
              ? []
              : [/** @type {const} */ ([peer, round(median(values))])];
          });
          const { [OURS]: ours = null, ...peers } =
            Object.fromEntries(measured);
          return { suite: suite.name, name, unit, gossamer: ours, peers };
        }),
      ),
    );
  }
}

/** To what a figure is worth: 4 digits. @param {number} value */
function round(value) {
  return Number(value.toPrecision(4));
}

/** @param {number} value */
function shortNumber(value) {
  return value >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}

/** @param {number} value @param {number | null} ours */
function cell(value, ours) {
  if (ours === null || ours === 0) return shortNumber(value);
  return `${shortNumber(value)} (${(value / ours).toFixed(1)}x)`;
}

/**
 * The rows side by side; in brackets how many times ours a figure is.
 * @param {Row[]} rows
 */
export function table(rows) {
  const names = rows.flatMap(({ peers }) => Object.keys(peers));
  const peers = [...new Set(names)];
  const lines = [
    ["suite", "row", "unit", OURS, ...peers],
    ...rows.map((row) => [
      row.suite,
      row.name,
      row.unit,
      row.gossamer === null ? "-" : shortNumber(row.gossamer),
      ...peers.map((peer) => {
        const value = row.peers[peer];
        return value === undefined ? "-" : cell(value, row.gossamer);
      }),
    ]),
  ];
  const widths = (lines[0] ?? []).map((_, column) =>
    Math.max(...lines.map((line) => line[column]?.length ?? 0)),
  );
  const TEXT_COLUMNS = 3;
  return lines
    .map((line) =>
      line
        .map((text, column) =>
          column < TEXT_COLUMNS
            ? text.padEnd(widths[column] ?? 0)
            : text.padStart(widths[column] ?? 0),
        )
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/**
 * How many times as long as ours a peer takes.
 * @param {Row[]} rows
 * @param {string} peer
 * @returns {number} the geometric mean; NaN: some row lacks a figure
 */
export function timesOurs(rows, peer) {
  const logs = rows.map((row) =>
    Math.log((row.peers[peer] ?? NaN) / (row.gossamer ?? NaN)),
  );
  return Math.exp(logs.reduce((sum, log) => sum + log, 0) / rows.length);
}

/**
 * @param {Bar} bar
 * @param {Row} row with a figure of ours
 * @param {number} ours
 * @param {Row[]} suite the rows of its suite
 * @returns {{ holds: boolean, text: string } | null} null: nothing to hold it
 *   against
 */
function checkBar(bar, row, ours, suite) {
  if ("below" in bar) {
    const limit = `${shortNumber(bar.below)} ${row.unit}`;
    const text = `${shortNumber(ours)} ${row.unit}, to be under ${limit}`;
    return { holds: ours < bar.below, text };
  }
  if ("least" in bar) {
    const limit = `${shortNumber(bar.least)} ${row.unit}`;
    const text = `${shortNumber(ours)} ${row.unit}, to be ${limit} at least`;
    return { holds: ours >= bar.least, text };
  }
  if (!("peer" in bar)) {
    const limit = `${shortNumber(bar.most)} ${row.unit}`;
    const text = `${shortNumber(ours)} ${row.unit}, to be ${limit} at most`;
    return { holds: ours <= bar.most, text };
  }
  const peer = row.peers[bar.peer];
  if (peer === undefined) return null;
  if ("share" in bar) {
    const share = ours / peer;
    return {
      holds: share >= bar.share,
      text: `${share.toFixed(2)} of ${bar.peer}, to be ${bar.share} at least`,
    };
  }
  if ("within" in bar) {
    const within = ours / peer;
    return {
      holds: within <= bar.within,
      text: `takes ${within.toFixed(2)} times as long as ${bar.peer}, to be ${bar.within} at most`,
    };
  }
  if ("most" in bar) {
    const times = timesOurs(bar.mean ? suite : [row], bar.peer);
    const what = bar.mean ? " in the geometric mean of the suite" : "";
    return {
      holds: times <= bar.most,
      text: `${bar.peer} takes ${times.toFixed(2)} times as long${what}, to be ${bar.most} at most`,
    };
  }
  const times = (peer / ours).toFixed(1);
  const text = `${times} times as fast as ${bar.peer}, to be ${bar.times}`;
  return { holds: peer / ours >= bar.times, text };
}

/**
 * One line for each bar that there are figures for.
 * @param {Suite[]} suites
 * @param {Row[]} rows as Samples.rows() makes them of these suites
 */
export function barLines(suites, rows) {
  const specs = suites.flatMap(({ workloads }) =>
    workloads.flatMap((workload) => workload.rows),
  );
  return rows.flatMap((row, index) => {
    const { gossamer: ours } = row;
    if (ours === null) return [];
    return (specs[index]?.bars ?? []).flatMap((bar) => {
      const suite = rows.filter((other) => other.suite === row.suite);
      const checked = checkBar(bar, row, ours, suite);
      if (checked === null) return [];
      const verdict = checked.holds ? "holds " : "MISSED";
      return [`${verdict}  ${row.suite}, ${row.name}: ${checked.text}`];
    });
  });
}
