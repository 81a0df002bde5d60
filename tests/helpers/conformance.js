/* One list of guests for every host: registers a test for each program and in
 * it one for each of its cases. Where a host is known to differ, its list of
 * differences says so with a reason; a difference that is not listed fails,
 * and so does one that is listed and is none any more. */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { buildGuests, whyNoGuests } from "./guests.js";

/**
 * @typedef {object} Program
 * @property {string} name unique
 * @property {string} guest the name of its source
 * @property {string[]} [args] with the program's own name, which is all of
 *   them unless given
 * @property {Record<string, string>} [env]
 * @property {string} [stdin]
 * @property {boolean} [talks] whether it has an other side, wasi-peer.js: hosts
 *   whose calls cannot wait leave it out
 * @property {string[]} [mounts] where it finds its volumes, from descriptor 3
 *   on; "/" and "/side" unless given
 * @property {number | null} [exitCode] 0 unless given; null: it does not end by
 *   itself
 * @property {string} [stdout] all that it writes; without it the guest
 *   reports cases
 *
 * @typedef {object} Outcome
 * @property {number | null} exitCode null: it did not end by itself
 * @property {string} stdout
 * @property {string} stderr
 * @property {string} [error] why it did not end by itself
 *
 * @typedef {{ name: string, result: "ok" | "not ok" | "skip", detail: string }}
 *   Case
 *
 * @typedef {Record<string, Record<string, string>>} Differences by program,
 *   then by case, the reason; the case of a program without cases is its name.
 *   One that begins with "hangs: " is not run
 */

/**
 * The cases of a guest's report; one that was begun and never ended failed.
 * @param {string} report
 * @returns {{ cases: Case[], complete: boolean }}
 */
export function readReport(report) {
  /** @type {Case[]} */
  const cases = [];
  /** @type {string | null} */
  let running = null;
  /** @type {string[]} */
  let notes = [];
  let complete = false;
  for (const line of report.split("\n")) {
    const begun = /^# in (\w+)$/.exec(line);
    const ended = /^(ok|not ok|skip) (\w+)(?:: (.*))?$/.exec(line);
    if (begun !== null) {
      running = begun[1] ?? null;
      notes = [];
    } else if (ended !== null && ended[2] === running) {
      const [, result = "", name = "", why = ""] = ended;
      cases.push({
        name,
        result: /** @type {Case["result"]} */ (result),
        detail: [...notes, why].join("\n").trim(),
      });
      running = null;
    } else if (line.startsWith("? ")) {
      continue; // it was for the other side
    } else if (line === "# done") {
      complete = true;
    } else if (line !== "") {
      notes.push(line.replace(/^# /, ""));
    }
  }
  if (running !== null) {
    const detail = [...notes, "the program ended in the middle of it"];
    cases.push({ name: running, result: "not ok", detail: detail.join("\n") });
  }
  return { cases, complete };
}

/**
 * The cases of a program's run: those it reports, or itself as the only one.
 * @param {Program} program
 * @param {Outcome} outcome
 * @returns {Case[]}
 */
export function casesOf(program, outcome) {
  const { name, exitCode = 0, stdout } = program;
  const got = `exit code ${outcome.exitCode}, not ${exitCode}`;
  const how = [outcome.error ?? "", outcome.stderr].join("\n").trim();
  if (stdout !== undefined) {
    const wrong = [];
    if (outcome.exitCode !== exitCode) wrong.push(got, how);
    if (outcome.stdout !== stdout) {
      wrong.push(
        `wrote ${JSON.stringify(outcome.stdout)}, not ${JSON.stringify(stdout)}`,
      );
    }
    const result = wrong.length === 0 ? "ok" : "not ok";
    return [{ name, result, detail: wrong.join("\n") }];
  }
  const { cases, complete } = readReport(outcome.stdout);
  if (complete && outcome.exitCode === exitCode) return cases;
  const last = cases.at(-1);
  if (last?.result === "not ok" && !complete) {
    return [
      ...cases.slice(0, -1),
      { ...last, detail: `${last.detail}\n${how}` },
    ];
  }
  return [...cases, { name, result: "not ok", detail: `${got}\n${how}` }];
}

/**
 * Registers the tests of a host.
 * @param {object} host
 * @param {string} host.name
 * @param {Program[]} host.programs
 * @param {(program: Program) => Promise<Outcome>} host.run
 * @param {Differences} [host.differences]
 * @param {string | null} [host.why] why it cannot be tried here
 */
export function conforms(host) {
  const { differences = {} } = host;
  const why = whyNoGuests() ?? host.why ?? null;
  if (why !== null) {
    test(`${host.name}: SKIPPED, ${why}`, { skip: why }, () => {});
    return;
  }
  before(buildGuests);
  for (const program of host.programs) {
    const known = differences[program.name] ?? {};
    test(`${host.name}: ${program.name}`, async (t) => {
      const hangs = Object.keys(known).filter((name) =>
        known[name]?.startsWith("hangs: "),
      );
      const args = [
        ...(program.args ?? [`${program.guest}.wasm`]),
        ...hangs.map((name) => `skip:${name}`),
      ];
      const cases = casesOf(program, await host.run({ ...program, args }));
      for (const name of hangs) {
        await t.test(name, { skip: known[name] ?? true }, () => {});
      }
      assert.notEqual(cases.length, 0, "no case was reported");
      for (const { name, result, detail } of cases) {
        const reason = known[name];
        const skip = result === "skip" ? detail : false;
        await t.test(name, { skip }, () => {
          if (reason === undefined) assert.equal(result, "ok", detail);
          else assert.equal(result, "not ok", `differs no more: ${reason}`);
        });
      }
      const names = cases.map(({ name }) => name);
      const unknown = Object.keys(known).filter(
        (one) => !names.includes(one) && !hangs.includes(one),
      );
      assert.deepEqual(unknown, [], "listed differences without a case");
    });
  }
  test(`${host.name}: every listed difference is of a program here`, () => {
    const names = host.programs.map(({ name }) => name);
    assert.deepEqual(
      Object.keys(differences).filter((one) => !names.includes(one)),
      [],
    );
  });
}
