/* Programs made by chance on a volume that lasts, and what may be left of them
 * after a crash. Every state that the volume went through is written down; what
 * is stored after each commit must be one of those: none later than the commit,
 * none before the last sync that answered well. See program.js. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { errnoName } from "../../js/errors.js";
import { TYPE, createStat } from "../../js/fs/volume.js";
import { ScriptedIDB } from "../helpers/scripted-idb.js";
import { VolumeTool, pattern, sameBytes } from "../helpers/volume.js";
import { Program } from "./program.js";

/**
 * @typedef {import("../helpers/scripted-idb.js").Content} Content

 *
 * @typedef {object} State
 * @property {string} text all that can be seen, a line for each path
 * @property {Map<string, number>} paths the model's
 * @property {Map<number, import("./model.js").ModelFile>} files
 *
 * What a crash between a commit and the next one leaves.
 * @typedef {object} Point
 * @property {Content} content
 * @property {Content} before the content of the commit before
 * @property {import("../helpers/scripted-idb.js").Write[]} writes its requests
 * @property {number} least the first state that it may be
 * @property {number} most the last one
 *
 * @typedef {(factory: IDBFactory) => import("../../js/fs/indexeddb.js").
 *   IndexedDBVolume} Make
 */

/** What goes into records of other kinds than small writes do. */
const LARGE_SIZE = 1_200_000;

/** @type {WeakMap<Uint8Array, string>} */
const hashes = new WeakMap();

/** @param {Uint8Array} bytes that nobody changes any more */
function hashOf(bytes) {
  let hash = hashes.get(bytes);
  if (hash === undefined) {
    hash = createHash("sha1").update(bytes).digest("base64").slice(0, 12);
    hashes.set(bytes, hash);
  }
  return hash;
}

/**
 * @param {string} path
 * @param {import("../../js/fs/volume.js").Stat} stat
 * @param {string} content
 */
function line(path, stat, content) {
  const { ino, type, links, sizeBytes, mtimeNs, ctimeNs } = stat;
  const times = `${mtimeNs} ${ctimeNs}`;
  const size = type === TYPE.DIRECTORY ? "" : sizeBytes;
  return `${path} #${ino} ${type} x${links} ${size} ${times} ${content}`;
}

/**
 * All that can be seen of a volume, as State.text has it.
 * @param {any} volume
 */
export async function describe(volume) {
  const fs = new VolumeTool(volume);
  /** @type {string[]} */
  const lines = [];
  /** @param {any} node @param {string} path */
  const visit = async (node, path) => {
    const stat = createStat();
    assert.equal(volume.stat(node, stat), 0);
    let content = "";
    if (node.type === TYPE.LINK) content = volume.readlink(node);
    if (node.type === TYPE.FILE) content = hashOf(await fs.content(node));
    lines.push(line(path, stat, content));
    if (node.type !== TYPE.DIRECTORY) return;
    for (const { name } of volume.list(node)) {
      await visit(volume.lookup(node, name), `${path}/${name}`);
    }
  };
  await visit(volume.root, "");
  return lines.sort().join("\n");
}

export class CrashProgram extends Program {
  /** @type {State[]} */
  states = [];
  /** @type {Point[]} */
  points = [];
  /** Asked for and not answered yet. */
  /** @type {Set<Promise<void>>} */
  syncs = new Set();
  /** How many syncs answered an errno. */
  refused = 0;
  idb;
  tick;

  /**
   * @param {ScriptedIDB} idb that the volume of `fs` is in
   * @param {VolumeTool} fs
   * @param {any} features also `largeWrites`: whether there are some
   * @param {number} seed
   * @param {() => void} tick lets time pass
   */
  constructor(idb, fs, features, seed, tick) {
    super(fs, features, seed);
    this.idb = idb;
    this.tick = tick;
    this.attach();
  }

  /** Begins to write down what is committed. */
  attach() {
    this.happened();
    let before = this.idb.content();
    const most = () => this.states.length - 1;
    const { idb, points } = this;
    this.points.push({
      ...{ content: before, before, writes: [] },
      ...{ least: most(), most: most() },
    });
    idb.onCommit = (writes) => {
      const least = points.at(-1)?.least ?? 0;
      const content = idb.content();
      points.push({ content, before, writes, least, most: most() });
      before = content;
    };
  }

  /** The volume has come to a new state. */
  happened() {
    const { model, fs } = this;
    const stat = createStat();
    /** @type {string[]} */
    const lines = [];
    const volume = /** @type {any} */ (fs.volume);
    for (const [path, id] of model.paths) {
      let node = volume.root;
      for (const name of path.split("/").slice(1)) {
        node = volume.lookup(node, name);
      }
      volume.stat(node, stat);
      const { type, bytes } = model.files.get(id) ?? { type: "", bytes: null };
      let content = "";
      if (type === "link") content = volume.readlink(node);
      if (type === "file" && bytes !== null) content = hashOf(bytes);
      lines.push(line(path, stat, content));
    }
    const text = lines.sort().join("\n");
    if (text === this.states.at(-1)?.text) return;
    const files = new Map(
      [...model.files].map(([id, file]) => [id, { ...file }]),
    );
    this.states.push({ text, paths: new Map(model.paths), files });
  }

  /** Goes on from a state with another volume. @param {State} state */
  restore(state, /** @type {ScriptedIDB} */ idb, /** @type {any} */ volume) {
    this.idb = idb;
    this.fs = new VolumeTool(volume);
    this.open = [];
    this.model.paths = new Map(state.paths);
    this.model.files = new Map(
      [...state.files].map(([id, file]) => [id, { ...file }]),
    );
    this.states = [];
    this.points = [];
    this.syncs.clear();
    this.attach();
  }

  /**
   * A sync, or a commit; what had happened when it was asked for is stored when
   * it answers well.
   * @param {() => number | Promise<number>} ask
   */
  async sync(ask) {
    const state = this.states.length - 1;
    const answer = await ask();
    this.log.push(`synced state ${state}: ${answer}`);
    if (answer < 0) {
      this.refused++;
      return;
    }
    const last = this.points.at(-1);
    if (last !== undefined) last.least = Math.max(last.least, state);
  }

  /** @override */
  async step() {
    const volume = /** @type {any} */ (this.fs.volume);
    switch (this.random(15)) {
      case 0:
        await this.sync(() => volume.sync(volume.root, false));
        break;
      case 1: {
        const strict = this.random(2) === 0;
        const asked = this.sync(() => volume.commit({ strict }));
        this.syncs.add(asked);
        void asked.then(() => this.syncs.delete(asked));
        break;
      }
      case 2:
        this.tick();
        break;
      case 3: {
        const turns = this.random(30);
        for (let i = 0; i < turns; i++) {
          await new Promise((resolve) => setImmediate(resolve));
        }
        break;
      }
      case 4:
        await this.attributes();
        break;
      case 5:
        if (this.random(4) === 0) await this.writeMuch();
        break;
      default:
        await super.step();
    }
    this.happened();
  }

  /** A write of the kind that streams make. */
  async writeMuch() {
    if (this.open.length === 0 || !this.features.largeWrites) return;
    const { id, file } = this.pick(this.open);
    const where = this.random(3) * 4096 * 100;
    const data = pattern(this.random(LARGE_SIZE), this.random(250));
    this.log.push(`write file ${id}: ${data.length} bytes at ${where}`);
    await this.write(id, file, where, data);
  }

  /** Times, or room. */
  async attributes() {
    const { fs, model } = this;
    if (this.random(2) === 0) {
      const path = this.pick([...model.paths.keys()]);
      const mtimeNs = BigInt(this.random(1e9));
      this.log.push(`setTimes ${path} ${mtimeNs}`);
      const node = await this.node(path);
      assert.equal(await fs.volume.setTimes(node, 1n, mtimeNs), 0);
    } else if (this.open.length > 0) {
      const { id, file } = this.pick(this.open);
      const end = this.position() + 1;
      this.log.push(`allocate file ${id} to ${end}`);
      await fs.allocate(file, 0, end);
      const { length } = model.files.get(id)?.bytes ?? [];
      model.resize(id, Math.max(length, end));
    }
  }

  /**
   * In as many pieces as the volume takes, each of which is an operation.
   * @param {number} id
   * @param {any} file
   * @param {number} where
   * @param {Uint8Array} data
   * @override
   */
  async write(id, file, where, data) {
    const { volume } = this.fs;
    for (let at = 0; at < data.length;) {
      const position = where < 0 ? where : where + at;
      const count = await this.fs.transfer(() =>
        volume.write(file, position, data, at, data.length - at),
      );
      if (count <= 0) {
        // A commit failed that would have made room: it goes on without.
        this.log.push(`write: ${errnoName(count)}`);
        assert.ok(this.idb.faults > 0, errnoName(count));
        return;
      }
      this.model.write(id, position, data.slice(at, at + count));
      this.happened();
      at += count;
    }
  }

  /** Nothing is under way any more. */
  async settle() {
    while (this.syncs.size > 0) await Promise.all(this.syncs);
  }
}

/**
 * What is wrong with what a crash leaves, "" if nothing. A new volume on it is
 * the state that it should be, whole, and of use.
 * @param {ScriptedIDB} idb with the content
 * @param {Make} make
 * @param {State[]} states
 * @param {Pick<Point, "least" | "most">} point
 */
export async function recovers(idb, make, states, point) {
  try {
    return await recover(idb, make, states, point);
  } catch (error) {
    return /** @type {Error} */ (error).message;
  }
}

/**
 * @param {ScriptedIDB} idb
 * @param {Make} make
 * @param {State[]} states
 * @param {Pick<Point, "least" | "most">} point
 */
async function recover(idb, make, states, { least, most }) {
  const volume = make(idb.factory);
  const opened = await volume.open();
  if (opened !== 0) return `open: ${errnoName(opened)}: ${volume.trouble}`;
  const found = await describe(volume);
  const allowed = states.slice(least, most + 1).map(({ text }) => text);
  if (!allowed.includes(found)) {
    const all = states.map(({ text }) => text);
    const which = [all.indexOf(found), all.lastIndexOf(found)].join(" to ");
    const wanted = `not one of the states ${least} to ${most}`;
    if (all.includes(found)) return `the state ${which}, ${wanted}`;
    return `${wanted}; the last of these:\n${different(found, allowed.at(-1))}`;
  }
  const first = await volume.check();
  if (!first.ok) return `check: ${first.problems.join("; ")}`;

  const fs = new VolumeTool(volume);
  const data = pattern(9000, 5);
  const file = await fs.open(await fs.create(fs.root, "after the crash"));
  await fs.write(file, 100, data);
  const synced = await volume.sync();
  if (synced !== 0) return `sync: ${errnoName(synced)}: ${volume.trouble}`;
  const wanted = await describe(volume);
  // It crashes again, as it is: the file is open.
  idb.crash();
  const next = await ScriptedIDB.of(idb.content());
  const again = make(next.factory);
  const reopened = await again.open();
  if (reopened !== 0) return `open again: ${errnoName(reopened)}`;
  const got = await describe(again);
  const used = [volume, again].map((one) => one.usage().usedBytes);
  if (used[0] !== used[1]) return `other sizes: ${used.join(", ")}`;
  if (got !== wanted) return `opened again:\n${different(got, wanted)}`;
  const last = await again.check();
  if (!last.ok) return `check, opened again: ${last.problems.join("; ")}`;
  const tool = new VolumeTool(again);
  const node = await tool.lookup(again.root, "after the crash");
  sameBytes((await tool.content(node)).subarray(100), data);
  const closed = await again.close();
  return closed === 0 ? "" : `close: ${errnoName(closed)}`;
}

/** @param {string} got @param {string} [wanted] */
function different(got, wanted = "") {
  const a = got.split("\n");
  const b = wanted.split("\n");
  return [
    ...a.filter((one) => !b.includes(one)).map((one) => `  found  ${one}`),
    ...b.filter((one) => !a.includes(one)).map((one) => `  wanted ${one}`),
  ].join("\n");
}
