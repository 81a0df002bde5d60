/* The machinery of the kill test in Node: workloads are the same for page and
 * verifier, and the verifier tells a state that may be left from one that may
 * not. Volumes here are in memory; a crash is a new one with what was kept. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { memory } from "../../js/fs/memory.js";
import { chance } from "../helpers/chance.js";
import { Performer, contentsOf, packed, unpacked } from "./perform.js";
import { PLANS } from "./plans.js";
import { recordBytes, recordProblems } from "./records.js";
import { Verifier } from "./verify.js";
import { Workload } from "./workload.js";

const KINDS = Object.keys(PLANS);
const SEED = 5;
/** Enough here, and much sooner looked through. */
const AHEAD = 300;
const FINE = { ok: true, problems: [] };

/** A volume in memory that can be asked to commit. */
function newVolume() {
  return Object.assign(memory(), { commit: async () => 0 });
}

/** @param {Uint8Array} bytes @param {number} at @param {number} by */
function changed(bytes, at, by = 1) {
  const other = new Uint8Array(bytes);
  other[at] = (other[at] ?? 0) + by;
  return other;
}

/** A workload, and a volume on which its operations are done. */
class Life {
  acknowledged = 0;
  workload;
  volume;
  #performer;

  /**
   * @param {string} kind
   * @param {import("./workload.js").Crash[]} [crashes]
   * @param {any} [volume] as the crashes left it
   */
  constructor(kind, crashes = [], volume = newVolume()) {
    this.volume = volume;
    this.workload = new Workload(kind, SEED, { crashes });
    this.#performer = new Performer(volume, this.workload.model, {
      acknowledge: (done) => {
        this.acknowledged = Math.max(this.acknowledged, done);
      },
      trouble: (error) => assert.fail(error),
    });
  }

  /** @param {number} count of operations */
  async run(count) {
    for (let left = count; left > 0; left--) {
      await this.step();
    }
  }

  async step() {
    const op = this.workload.peek();
    if (op.do !== "idle") await this.#performer.run(op, this.workload.done);
    return this.workload.advance();
  }

  /** @param {(op: import("./model.js").Op) => boolean} isIt */
  async runTo(isIt) {
    while (!isIt(this.workload.peek())) await this.step();
  }

  contents() {
    return contentsOf(this.volume);
  }
}

/** A volume with what was found in another. */
async function restored(found) {
  const volume = newVolume();
  const nodes = new Map();
  for (const { path, type, ino, bytes, target } of found) {
    const names = path.split("/").slice(1);
    const name = names.pop() ?? "";
    let parent = volume.root;
    for (const one of names) parent = volume.lookup(parent, one);
    const known = nodes.get(ino);
    if (known !== undefined) volume.link(known, parent, name);
    else if (type === "directory") volume.makeDirectory(parent, name);
    else if (type === "link") volume.symlink(parent, name, target);
    else volume.write(volume.create(parent, name), 0, bytes, 0, bytes.length);
    nodes.set(ino, volume.lookup(parent, name));
  }
  for (const { ino, mtimeNs } of found) {
    volume.setTimes(nodes.get(ino), null, BigInt(mtimeNs));
  }
  return volume;
}

/**
 * @param {string} kind
 * @param {any[]} found
 * @param {object} [known]
 */
function judge(kind, found, known = {}) {
  return new Verifier(kind, SEED, AHEAD).verify(found, {
    acknowledged: 0,
    partialWrites: false,
    check: FINE,
    ...known,
  });
}

for (const kind of KINDS) {
  test(`${kind}: what is left after any operation is found to be so`, async () => {
    const random = chance(11);
    const verifier = new Verifier(kind, SEED);
    let volume = newVolume();
    let isWorth = 0;
    for (let life = 0; life < 6; life++) {
      const { crashes } = verifier;
      const one = new Life(kind, crashes, volume);
      await one.run(20 + random(150));
      const acknowledged = one.acknowledged;
      // Goes by what the page sends, as the server gets it.
      const parts = packed(await one.contents(), { life });
      const { found, more } = unpacked(Buffer.concat(parts));
      assert.equal(more.life, life);
      const known = { acknowledged, partialWrites: false, check: FINE };
      const verdict = verifier.verify(found, known);
      assert.deepEqual([verdict.ok, verdict.text], [true, ""]);
      assert.ok(verdict.crash.done <= one.workload.done);
      assert.ok(verdict.crash.done >= acknowledged);
      if (acknowledged > 0) isWorth++;
      volume = await restored(found);
    }
    assert.ok(isWorth > 3, "syncs were acknowledged");
  });

  test(`${kind}: a state from before the last sync is lost`, async () => {
    const life = new Life(kind);
    await life.run(60);
    const found = await life.contents();
    const { done } = life.workload;
    await life.run(120);
    assert.ok(life.acknowledged > done);
    const verdict = judge(kind, found, { acknowledged: life.acknowledged });
    assert.deepEqual([verdict.ok, verdict.fault], [false, "lost"]);
  });

  test(`${kind}: old bytes of a file among new ones are found`, async () => {
    const life = new Life(kind);
    await life.run(100);
    let after = await life.contents();
    let old = new Map();
    let at = -1;
    while (at === -1) {
      old = new Map(after.map(({ path, bytes }) => [path, bytes]));
      await life.run(50);
      after = await life.contents();
      at = after.findIndex(({ path, bytes }) => {
        const then = old.get(path) ?? bytes;
        // Any file may be made empty by what comes next.
        const isThere = then.length > 0 && bytes.length > 0;
        return isThere && Buffer.compare(then, bytes) !== 0;
      });
    }
    const { path } = after[at];
    const found = after.with(at, { ...after[at], bytes: old.get(path) });
    const sized = found.map((one) => ({ ...one, sizeBytes: one.bytes.length }));
    const acknowledged = life.workload.done;
    for (const wrong of [found, sized]) {
      const verdict = judge(kind, wrong, { acknowledged });
      assert.equal(verdict.ok, false);
      // Where nothing else has changed, it is how it was once.
      assert.match(verdict.fault, /^(torn|lost)$/);
    }
    assert.equal(judge(kind, after, { acknowledged }).ok, true);
  });

  test(`${kind}: any single thing that is wrong is found`, async () => {
    const life = new Life(kind);
    await life.run(300);
    const found = await life.contents();
    const last = found.findLastIndex(({ bytes }) => bytes.length > 0);
    const one = found[last];
    /** @param {object} change */
    const with_ = (change) => found.with(last, { ...one, ...change });
    const { bytes, path } = one;
    const acknowledged = life.workload.done;
    assert.equal(judge(kind, found, { acknowledged }).ok, true);
    const wrongs = {
      "a byte": with_({ bytes: changed(bytes, bytes.length - 1) }),
      "the first byte": with_({ bytes: changed(bytes, 0) }),
      "the size": with_({ sizeBytes: one.sizeBytes + 1 }),
      "zeros at the end": with_({
        bytes: new Uint8Array(bytes.length + 4096),
        sizeBytes: bytes.length + 4096,
      }),
      "a name": with_({ path: `${path}.other` }),
      "a missing name": found.filter((_, index) => index !== last),
      "a name too many": [...found, { ...one, path: "/extra", ino: "9999" }],
      "the links": with_({ links: one.links + 1 }),
      "the type": with_({ type: "directory" }),
      "unreadable bytes": with_({ error: "read: errno 29" }),
    };
    for (const [what, wrong] of Object.entries(wrongs)) {
      const verdict = judge(kind, wrong, { acknowledged });
      assert.equal(verdict.ok, false, what);
      // Without its only file, or one of them, it is how it was once.
      const may = what === "a missing name" ? /^(torn|lost)$/ : /^torn$/;
      assert.match(verdict.fault, may, what);
    }
  });
}

test("times, targets and names of one file are compared", async () => {
  const life = new Life("trees");
  const isIt = () => {
    const { nodes } = life.workload.model;
    const all = [...nodes.values()];
    return (
      all.some(({ mtimeNs }) => mtimeNs !== null) &&
      all.some(({ type }) => type === "link") &&
      all.some(({ type, links }) => type === "file" && links > 1)
    );
  };
  await life.runTo(isIt);
  const found = await life.contents();
  const { model, done: acknowledged } = life.workload;
  assert.equal(judge("trees", found, { acknowledged }).ok, true);
  /** @param {(node: any) => boolean} test_ @param {object} change */
  const without = (test_, change) => {
    const at = found.findIndex(({ path }) => test_(model.at(path)));
    assert.notEqual(at, -1);
    return found.with(at, { ...found[at], ...change });
  };
  const isShared = ({ type, links }) => type === "file" && links > 1;
  const at = found.findIndex(({ path }) => isShared(model.at(path)));
  const { ino, bytes } = found[at];
  const wrongs = [
    // As many links as before, of two files; the first of them, and the other.
    found.with(at, { ...found[at], ino: "9999" }),
    found.map((one, index) =>
      one.ino === ino && index > at ? { ...one, ino: "9999", bytes } : one,
    ),
    without(({ mtimeNs }) => mtimeNs !== null, { mtimeNs: "1" }),
    without(({ type }) => type === "link", { target: "elsewhere" }),
  ];
  for (const wrong of wrongs) {
    const { ok, fault } = judge("trees", wrong, { acknowledged });
    assert.equal(ok, false);
    assert.match(fault, /^(torn|lost)$/);
  }
});

test("a write done in part may be left where the volume takes parts", async () => {
  const life = new Life("overwrite");
  await life.run(300);
  await life.runTo(({ do: what }) => what === "write");
  const op = life.workload.peek();
  const bytes = recordBytes(op.key, op.sizes ?? []);
  const { volume } = life;
  const file = volume.lookup(volume.root, "table");
  const { acknowledged, workload } = life;
  volume.write(file, op.at, bytes, 0, bytes.length >> 1);
  const found = await life.contents();
  assert.equal(judge("overwrite", found, { acknowledged }).fault, "torn");

  const verifier = new Verifier("overwrite", SEED);
  const known = { acknowledged, partialWrites: true, check: FINE };
  const verdict = verifier.verify(found, known);
  assert.deepEqual([verdict.ok, verdict.text], [true, ""]);
  assert.deepEqual(verdict.crash, { done: workload.done, torn: true });

  // All of it is no part.
  const half = bytes.length >> 1;
  volume.write(file, op.at + half, bytes, half, bytes.length - half);
  const all = await life.contents();
  assert.deepEqual(judge("overwrite", all, known).crash, {
    done: workload.done + 1,
    torn: false,
  });

  // Nobody wrote since: the same may be left, and the write comes again.
  const again = verifier.verify(found, { ...known, partialWrites: false });
  assert.equal(again.ok, true);
  const next = new Workload("overwrite", SEED, { crashes: verifier.crashes });
  assert.deepEqual(next.peek(), op);

  const other = found.map((one) => ({ ...one, bytes: changed(one.bytes, 3) }));
  assert.equal(judge("overwrite", other, known).fault, "torn");
});

test("what the volume itself finds wrong is unsound", async () => {
  const life = new Life("append");
  await life.run(50);
  const found = await life.contents();
  for (const check of [
    { ok: false, problems: [] },
    { ok: true, problems: ["a record that nobody names"] },
  ]) {
    const verdict = judge("append", found, { check });
    assert.deepEqual([verdict.ok, verdict.fault], [false, "unsound"]);
  }
});

test("a record knows whether it is whole", () => {
  const bytes = recordBytes(77, [20, 4000, 64]);
  assert.deepEqual(recordProblems(bytes), []);
  assert.deepEqual(recordProblems(new Uint8Array(5000)), []);
  assert.deepEqual(
    recordProblems(Buffer.concat([new Uint8Array(8), bytes])),
    [],
  );
  for (const at of [0, 4, 8, 12, 16, 20, 21, 24, 4019, 4020, 4083]) {
    assert.notDeepEqual(recordProblems(changed(bytes, at)), [], `byte ${at}`);
  }
  assert.match(recordProblems(bytes.subarray(0, 4000))[0], /cut off/);
  assert.match(recordProblems(bytes.subarray(0, 4023))[0], /cut/);
});

test("two files are not taken for one with two names", async () => {
  const life = new Life("trees");
  await life.runTo(() => {
    const nodes = [...life.workload.model.nodes.values()];
    const empty = nodes.filter(
      ({ type, links, sizeBytes }) =>
        type === "file" && links === 1 && sizeBytes === 0,
    );
    return empty.length > 1;
  });
  const found = await life.contents();
  const acknowledged = life.workload.done;
  assert.equal(judge("trees", found, { acknowledged }).ok, true);
  const [one] = found.filter(
    ({ type, sizeBytes }) => type === "file" && sizeBytes === 0,
  );
  const wrong = found.map((other) =>
    other.type === "file" && other.sizeBytes === 0
      ? { ...other, ino: one.ino }
      : other,
  );
  assert.equal(judge("trees", wrong, { acknowledged }).fault, "torn");
});

test("what a crash cut off does not come again under the same key", () => {
  const workload = new Workload("append", SEED);
  while (workload.done < 40) workload.advance();
  const { key, ...op } = workload.peek();
  workload.crash(false);
  const { key: otherKey, ...other } = workload.peek();
  assert.notEqual(otherKey, key);
  assert.notDeepEqual(other, op);
});

test("every workload does all that it is there for", () => {
  const wants = {
    append: ["write", "sync", "rename", "close"],
    replace: ["create", "write", "sync", "rename", "syncDirectory"],
    small: [
      "mkdir",
      "create",
      "write",
      "times",
      "sync",
      "commit",
      "unlink",
      "write without a name",
    ],
    overwrite: ["write", "resize", "sync", "times"],
    trees: ["mkdir", "rmdir", "rename", "link", "symlink", "unlink", "times"],
  };
  for (const [kind, wanted] of Object.entries(wants)) {
    const workload = new Workload(kind, SEED);
    const seen = new Set();
    let between = 0;
    let most = 0;
    for (let count = 0; count < 3000; count++) {
      const op = workload.advance();
      seen.add(op.do);
      const isNameless =
        op.do === "write" && workload.model.pathOf(op.id) === undefined;
      if (isNameless) seen.add("write without a name");
      const total = (op.sizes ?? []).reduce((sum, size) => sum + size, 0);
      between += total;
      most = Math.max(most, between);
      if (op.do === "sync" || op.do === "commit") between = 0;
    }
    assert.deepEqual(
      wanted.filter((what) => !seen.has(what)),
      [],
      kind,
    );
    if (["append", "replace", "overwrite"].includes(kind)) {
      assert.ok(most > 2 ** 20, `${kind} has commits of many records`);
    }
    assert.ok(workload.model.totalBytes() < 24 * 2 ** 20, kind);
  }
});
