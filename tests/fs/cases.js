/* What every volume does, whatever it keeps its files in: one list, run against
 * each of them. A volume says by its features which parts it takes; a part that
 * it leaves out is reported as skipped. The files *-cases.js have the cases. */
import { test } from "node:test";
import { VolumeTool } from "../helpers/volume.js";
import { dataCases } from "./data-cases.js";
import { linkCases } from "./link-cases.js";
import { nameCases } from "./name-cases.js";
import { readCases, readOnlyCases } from "./read-cases.js";
import { renameCases } from "./rename-cases.js";
import { timeCases } from "./time-cases.js";

/**
 * @typedef {import("../../js/fs/volume.js").Volume} Volume
 * @typedef {import("../helpers/volume.js").Tree} Tree
 * @typedef {import("node:test").TestContext} TestContext
 *
 * What a volume has beside reading; all of it must be said.
 * @typedef {object} Features
 * @property {boolean} write files and directories are made, written, renamed
 *   and removed
 * @property {boolean} readOnly nothing of it: every change is refused
 * @property {boolean} list a directory tells the names in it
 * @property {boolean} hardLinks
 * @property {boolean} symlinks
 * @property {boolean} keepsOpen a file or directory without a name lives on
 *   while it is open
 * @property {boolean} sparse a hole takes no room: sizes up to MAX_SIZE_BYTES
 * @property {boolean} times setTimes() to the nanosecond
 * @property {boolean} directoryLinks a directory has 2 links and one for each
 *   directory in it
 * @property {boolean} allocate
 * @property {((limitBytes: number, t: TestContext) =>
 *   Volume | Promise<Volume>) | null} limited makes an empty volume that holds
 *   about so much; null: it knows no limit of its own
 *
 * @typedef {object} Subject
 * @property {string} name
 * @property {(t: TestContext, tree: Tree) => Volume | Promise<Volume>} create
 *   makes a volume for one case. One that can be written is empty and the tree
 *   is {}; one that cannot holds the tree. What it needs undone it gives to
 *   t.after()
 * @property {Features} features
 * @property {Record<string, string>} [differences] by case, why it is not so
 *   here, where no feature says it: the case is skipped with the reason
 *
 * One behaviour.
 * @typedef {object} Case
 * @property {string} name
 * @property {(keyof Features)[]} [needs] features beside what its list needs
 * @property {Tree} [tree] what the volume holds at the beginning
 * @property {(fs: VolumeTool, t: TestContext, subject: Subject) =>
 *   Promise<void>} run
 */

/** @type {{ needs: (keyof Features)[], cases: Case[] }[]} */
const LISTS = [
  { needs: [], cases: readCases },
  { needs: ["readOnly"], cases: readOnlyCases },
  { needs: ["write"], cases: nameCases },
  { needs: ["write"], cases: renameCases },
  { needs: ["write"], cases: linkCases },
  { needs: ["write"], cases: dataCases },
  { needs: ["write"], cases: timeCases },
];

/**
 * Registers a test for each case.
 * @param {Subject} subject
 */
export function volumeCases(subject) {
  const { name, create, features, differences = {} } = subject;
  const known = new Set(Object.keys(differences));
  for (const list of LISTS) {
    for (const one of list.cases) {
      const needs = [...list.needs, ...(one.needs ?? [])];
      const lacks = needs.filter((feature) => !features[feature]);
      const skip =
        lacks.length > 0
          ? `${name} has no ${lacks.join(", ")}`
          : (differences[one.name] ?? false);
      known.delete(one.name);
      test(`${name}: ${one.name}`, { skip }, async (t) => {
        const tree = one.tree ?? {};
        const volume = await create(t, features.write ? {} : tree);
        const opened = await volume.open();
        if (opened !== 0) throw new Error(`open() answered ${opened}`);
        const fs = new VolumeTool(volume, { ...features });
        if (features.write) await fs.fill(tree);
        await one.run(fs, t, subject);
      });
    }
  }
  if (known.size > 0) {
    throw new Error(`no such case: ${[...known].join(", ")}`);
  }
}
