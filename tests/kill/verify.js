/* Whether what a volume holds after a crash is what it may hold: the whole tree
 * as it was after some number of operations, none of which comes before the
 * last that was acknowledged. Says what is wrong where it is not so. */
import { recordBytes, recordProblems } from "./records.js";
import { Workload } from "./workload.js";

/**
 * @typedef {import("./model.js").Model} Model
 * @typedef {import("./model.js").ModelNode} ModelNode
 * @typedef {import("./perform.js").Found} Found
 * @typedef {import("./workload.js").Crash} Crash
 *
 * @typedef {object} Difference
 * @property {string} path
 * @property {string} text
 *
 * @typedef {object} Verdict
 * @property {boolean} ok
 * @property {"" | "lost" | "torn" | "unsound"} fault unsound: the tree may be
 *   so, but a checksum or the volume's own check says otherwise
 * @property {string} text what was found
 * @property {Crash} crash where the workload goes on
 */

/** The page never does more operations than so between two acknowledgements. */
const MAX_AHEAD = 2000;
const MAX_TEXTS = 6;

/**
 * @param {Uint8Array} got
 * @param {Uint8Array} expected
 */
function firstDifference(got, expected) {
  const length = Math.min(got.length, expected.length);
  for (let at = 0; at < length; at++) if (got[at] !== expected[at]) return at;
  return length;
}

/** @param {Uint8Array} a @param {Uint8Array} b */
const sameBytes = (a, b) => a.length === b.length && Buffer.compare(a, b) === 0;

/** @param {ModelNode} node how many links stat tells */
function linksOf(node) {
  if (node.type !== "directory") return node.links;
  const inside = [...node.names.values()];
  return 2 + inside.filter(({ type }) => type === "directory").length;
}

/**
 * What a node is that should be this one, but for its bytes.
 * @param {ModelNode} node
 * @param {Found} found
 */
function plainDifference(node, found) {
  if (found.error !== "") return found.error;
  if (found.type !== node.type) return `a ${found.type}, not a ${node.type}`;
  if (found.links !== linksOf(node)) {
    return `${found.links} links, not ${linksOf(node)}`;
  }
  if (node.type === "link" && found.target !== node.target) {
    return `leads to ${found.target}, not ${node.target}`;
  }
  if (node.type === "file" && found.sizeBytes !== node.sizeBytes) {
    return `${found.sizeBytes} bytes, not ${node.sizeBytes}`;
  }
  if (node.type === "file" && found.bytes.length !== found.sizeBytes) {
    return `${found.bytes.length} bytes were read of ${found.sizeBytes}`;
  }
  if (node.mtimeNs !== null && found.mtimeNs !== String(node.mtimeNs)) {
    return `mtime ${found.mtimeNs}, not ${node.mtimeNs}`;
  }
  return "";
}

/** What was found, by path, with the bytes of a file under all its names. */
export class Snapshot {
  /** @type {Map<string, Found>} */
  byPath = new Map();

  /** @param {Found[]} list */
  constructor(list) {
    /** @type {Map<string, Uint8Array>} */
    const bytes = new Map();
    for (const found of list) {
      const known = bytes.get(found.ino) ?? found.bytes;
      bytes.set(found.ino, known);
      this.byPath.set(found.path, { ...found, bytes: known });
    }
  }

  /**
   * In what it differs from a model; names first, for they are soon compared.
   * @param {Model} model
   * @param {number} limit how many differences are enough
   * @returns {Difference[]}
   */
  differences(model, limit) {
    /** @type {Difference[]} */
    const texts = [];
    /** @param {string} path @param {string} text */
    const tell = (path, text) => {
      if (text !== "") texts.push({ path, text: `${path}: ${text}` });
      return texts.length >= limit;
    };
    let known = 0;
    /** @type {Map<string, number>} */
    const ids = new Map();
    /** @type {Map<number, string>} */
    const inos = new Map();
    /** @type {[string, ModelNode, Found][]} */
    const files = [];
    for (const [path, node] of model.walk()) {
      const found = this.byPath.get(path);
      if (found === undefined) {
        if (tell(path, "missing")) return texts;
        continue;
      }
      known++;
      if (tell(path, plainDifference(node, found))) return texts;
      const id = ids.get(found.ino) ?? node.id;
      const ino = inos.get(node.id) ?? found.ino;
      ids.set(found.ino, id);
      inos.set(node.id, ino);
      const isOther = id !== node.id || ino !== found.ino;
      if (isOther && tell(path, "another file")) return texts;
      files.push([path, node, found]);
    }
    if (known !== this.byPath.size) {
      for (const path of this.byPath.keys()) {
        if (model.at(path) !== undefined) continue;
        if (tell(path, "should not be there")) return texts;
      }
    }
    for (const [path, node, { bytes }] of files) {
      const expected = node.bytes.subarray(0, node.sizeBytes);
      if (bytes.length !== expected.length) continue;
      if (sameBytes(bytes, expected)) continue;
      const at = firstDifference(bytes, expected);
      if (tell(path, `other bytes from ${at} on`)) return texts;
    }
    return texts;
  }

  /**
   * Whether it is the model after the first bytes of its next operation.
   * @param {Workload} workload
   */
  isWithin(workload) {
    const { model } = workload;
    const op = workload.peek();
    if (op.do !== "write") return false;
    const node = model.node(op.id ?? -1);
    const path = model.pathOf(node.id);
    const found = this.byPath.get(path ?? "");
    if (path === undefined || found === undefined) return false;
    const written = recordBytes(op.key, op.sizes ?? []);
    const at = op.at ?? 0;
    const count = firstDifference(found.bytes.subarray(at), written);
    if (count === 0 || count === written.length) return false;
    const { bytes, sizeBytes, mtimeNs } = node;
    const torn = new Uint8Array(Math.max(sizeBytes, at + count));
    torn.set(bytes.subarray(0, sizeBytes));
    torn.set(written.subarray(0, count), at);
    Object.assign(node, { bytes: torn, sizeBytes: torn.length, mtimeNs: null });
    const isSame = this.differences(model, 1).length === 0;
    Object.assign(node, { bytes, sizeBytes, mtimeNs });
    return isSame;
  }

  /** Records that are not whole. @param {string} except a path */
  problems(except) {
    return [...this.byPath.values()].flatMap(({ path, type, bytes }) =>
      type !== "file" || path === except
        ? []
        : recordProblems(bytes).map((text) => `${path}: ${text}`),
    );
  }
}

/** @param {string[]} texts */
function shortened(texts) {
  const more = texts.length - MAX_TEXTS;
  const shown = texts.slice(0, MAX_TEXTS);
  return [...shown, ...(more > 0 ? [`and ${more} more`] : [])].join("; ");
}

export class Verifier {
  /** @type {Crash[]} all there were, for the page to follow */
  crashes = [];
  #kind;
  #seed;
  #workload;

  #mostAhead;

  /**
   * @param {string} kind
   * @param {number} seed
   * @param {number} [mostAhead] operations, looked at for what is left
   */
  constructor(kind, seed, mostAhead = MAX_AHEAD) {
    this.#kind = kind;
    this.#seed = seed;
    this.#mostAhead = mostAhead;
    this.#workload = new Workload(kind, seed, { keepsBytes: true });
  }

  /** How many operations were done when it was last looked at. */
  get done() {
    return this.#workload.done;
  }

  /**
   * Looks at what is there after a crash; the workload goes on from there.
   * @param {Found[]} found
   * @param {object} known
   * @param {number} known.acknowledged operations that must have been kept
   * @param {boolean} known.partialWrites whether a write may be done in part
   * @param {{ ok: boolean, problems: string[] }} known.check the volume's own
   * @returns {Verdict}
   */
  verify(found, { acknowledged, partialWrites, check }) {
    const workload = this.#workload;
    const snapshot = new Snapshot(found);
    const from = workload.done;
    while (workload.done < acknowledged) workload.advance();
    let nearest = { count: Infinity, done: 0, texts: [""] };
    for (let ahead = 0; ahead <= this.#mostAhead; ahead++) {
      const differences = snapshot.differences(workload.model, MAX_TEXTS + 1);
      const { length } = differences;
      if (length === 0) return this.#accept(snapshot, check, false);
      // What was torn stays so until the write is done again.
      const wasTorn = workload.done === from && this.crashes.at(-1)?.torn;
      if ((partialWrites || wasTorn) && length <= 2) {
        if (snapshot.isWithin(workload)) {
          return this.#accept(snapshot, check, true);
        }
      }
      if (length < nearest.count) {
        const texts = differences.map(({ text }) => text);
        nearest = { count: length, done: workload.done, texts };
      }
      workload.advance();
    }
    return this.#refuse(snapshot, { from, acknowledged, nearest, check });
  }

  /**
   * What cannot be opened is no state at all.
   * @param {string} text
   * @returns {Verdict}
   */
  refuse(text) {
    const crash = { done: this.done, torn: false };
    return { ok: false, fault: "torn", text, crash };
  }

  /**
   * @param {Snapshot} snapshot
   * @param {{ ok: boolean, problems: string[] }} check
   * @param {boolean} torn
   * @returns {Verdict}
   */
  #accept(snapshot, check, torn) {
    const workload = this.#workload;
    const { id = -1 } = torn ? workload.peek() : {};
    const partly = torn ? (workload.model.pathOf(id) ?? "") : "";
    const problems = [
      ...snapshot.problems(partly),
      ...(check.ok ? [] : ["check() is not ok"]),
      ...check.problems,
    ];
    const crash = { done: workload.done, torn };
    const isSound = problems.length === 0;
    if (isSound) {
      workload.crash(torn);
      this.crashes.push(crash);
    }
    return {
      ok: isSound,
      fault: isSound ? "" : "unsound",
      text: shortened(problems),
      crash,
    };
  }

  /**
   * @param {Snapshot} snapshot
   * @param {object} about
   * @param {number} about.from where the last life began
   * @param {number} about.acknowledged
   * @param {{ done: number, texts: string[] }} about.nearest
   * @param {{ problems: string[] }} about.check
   * @returns {Verdict}
   */
  #refuse(snapshot, { from, acknowledged, nearest, check }) {
    const crashes = this.crashes;
    const earlier = new Workload(this.#kind, this.#seed, {
      keepsBytes: true,
      crashes,
    });
    const crash = { done: from, torn: false };
    for (; earlier.done < acknowledged; earlier.advance()) {
      if (snapshot.differences(earlier.model, 1).length > 0) continue;
      const text =
        `as after operation ${earlier.done} of this life, which began at ` +
        `${from}; ${acknowledged} were acknowledged`;
      return { ok: false, fault: "lost", text, crash };
    }
    const text =
      `as after no number of operations from ${from} on, of which ` +
      `${acknowledged} were acknowledged; nearest is ${nearest.done}: ` +
      shortened([
        ...nearest.texts,
        ...snapshot.problems(""),
        ...check.problems,
      ]);
    return { ok: false, fault: "torn", text, crash };
  }
}
