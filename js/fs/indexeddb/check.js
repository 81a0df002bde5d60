/* Reads what a volume has committed, apart from the volume that is in use, and
 * says what is wrong with it. */
import { errnoName } from "../../errors.js";
import { Budget } from "../blocks.js";
import { DirectoryNode } from "../tree-nodes.js";
import { TYPE } from "../volume.js";
import { PLACE } from "./format.js";
import { PagedFile } from "./file.js";
import { Replayer, checkLog, logBytes } from "./mount.js";
import { Store } from "./store.js";

/**
 * @typedef {import("./database.js").Database} Database
 *
 * @typedef {object} CheckReport
 * @property {boolean} ok
 * @property {string[]} problems for people, the gravest first
 * @property {number} commits how many were made since the volume was
 * @property {number} files
 * @property {number} directories
 * @property {number} links
 * @property {number} records of the data store
 * @property {number} bytes in them
 */

/** Several things of the same kind are told by their number and some of them. */
const MOST_NAMED = 5;

const NOTHING = {
  nextIno: () => 0,
  committed: () => {},
  trouble: () => {},
  missing: () => Promise.resolve(0),
};
const OPTIONS = {
  cacheBytes: 0,
  dirtyBytes: 0,
  idleMs: 0,
  tuning: { logRecords: 0, logBytes: 0, garbageBytes: 0, smallRecords: 0 },
};

/** How often it begins again when another tab commits in between. */
const MOST_TRIES = 10;

/**
 * @param {Database} database
 * @returns {Promise<CheckReport>} of one moment
 */
export async function checkStored(database) {
  for (let tries = 1; ; tries++) {
    const before = await database.lastLogKey();
    const report = await checkOnce(database);
    const after = await database.lastLogKey();
    if (report.ok || before === after) return report;
    if (tries < MOST_TRIES) continue;
    report.problems.unshift("it was written all the time: try again");
    return report;
  }
}

/** @param {Database} database */
async function checkOnce(database) {
  /** @type {CheckReport} */
  const report = {
    ok: false,
    problems: [],
    commits: 0,
    files: 0,
    directories: 0,
    links: 0,
    records: 0,
    bytes: 0,
  };
  await inspect(database, report);
  report.ok = report.problems.length === 0;
  return report;
}

/** @param {Database} database @param {CheckReport} report */
async function inspect(database, report) {
  const { problems } = report;
  const log = await database.readLog(0);
  if (typeof log === "number") {
    problems.push(`the log cannot be read: ${errnoName(log)}`);
    return;
  }
  const records = await logBytes(log.values);
  if (records === null) {
    problems.push("a record of the log cannot be read");
    return;
  }
  if (records.length === 0) {
    problems.push("the log is empty");
    return;
  }
  const state = checkLog(log.keys, records, null);
  if (state.problem !== "") {
    problems.push(state.problem);
    return;
  }
  report.commits = state.end.sequence;
  const store = new Store(database, new Budget(Infinity), OPTIONS, NOTHING);
  const root = new DirectoryNode(1n, null);
  const replayer = new Replayer(store, root);
  for (const [index, bytes] of records.entries()) {
    const error = replayer.apply(bytes, index === 0);
    if (error === "") continue;
    problems.push(`record ${log.keys[index] ?? 0} of the log: ${error}`);
    return;
  }
  const { problem, orphans } = replayer.finish();
  if (problem !== "") problems.push(problem);
  const nameless = new Set(orphans);
  for (const node of store.nodes.values()) {
    if (Number(node.ino) > state.lastIno) {
      problems.push(`node ${node.ino} is newer than the log`);
    }
    // What was open when its last name went is nobody's fault.
    if (nameless.has(node)) continue;
    if (node.type === TYPE.DIRECTORY) report.directories++;
    else if (node.type === TYPE.LINK) report.links++;
    else report.files++;
    if (node instanceof PagedFile) checkPages(node, problems);
  }
  await checkRecords(database, store, report);
}

/** @param {PagedFile} file @param {string[]} problems */
function checkPages(file, problems) {
  for (const page of file.pages.pages()) {
    if (file.pages.record(page) !== PLACE.CACHED) continue;
    problems.push(`file ${file.ino} has a page that was never stored`);
    return;
  }
}

/**
 * That the data store has the records that the log says, in their sizes.
 * @param {Database} database
 * @param {Store} store
 * @param {CheckReport} report
 */
async function checkRecords(database, store, report) {
  const { problems } = report;
  const keys = await database.dataKeys();
  if (typeof keys === "number") {
    problems.push(`the records cannot be listed: ${errnoName(keys)}`);
    return;
  }
  const there = new Set(keys);
  // Those below 0 are a fence's.
  const unknown = keys.filter((id) => id >= 0 && !store.records.get(id));
  /** @type {number[]} */
  const missing = [];
  /** @type {number[]} */
  const wrong = [];
  for (const [id, { sizeBytes, liveBytes }] of store.records.entries()) {
    report.records++;
    report.bytes += sizeBytes;
    if (!there.has(id)) {
      missing.push(id);
      continue;
    }
    const value = await database.readData(id);
    const size =
      value instanceof Uint8Array ? value.length : Object(value).size;
    if (size !== sizeBytes || liveBytes > sizeBytes) wrong.push(id);
  }
  tell(problems, "missing", missing);
  tell(problems, "not of the size that the log says", wrong);
  tell(problems, "known to no log", unknown);
}

/** @param {string[]} problems @param {string} what @param {number[]} ids */
function tell(problems, what, ids) {
  if (ids.length === 0) return;
  const some = ids.slice(0, MOST_NAMED).join(", ");
  const more = ids.length > MOST_NAMED ? ", ..." : "";
  problems.push(`records that are ${what}: ${ids.length} (${some}${more})`);
}
