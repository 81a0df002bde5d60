/* Nothing outside of a mount is read, made, changed or told to exist, whatever
 * a program asks for (DESIGN D8): with volumes in memory, at once and later,
 * and with directories of the host; alone, and while another program moves what
 * paths lead through. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { MemoryVolume } from "../../js/fs/memory.js";
import { node } from "../../js/fs/node.js";
import { exportTree, importTree } from "../../js/fs/transfer.js";
import { WASI } from "../../js/wasi/index.js";
import { asyncifiedGuest } from "../helpers/asyncified.js";
import { conforms } from "../helpers/conformance.js";
import { DelayedVolume } from "../helpers/delayed.js";
import {
  buildGuests,
  casesIn,
  guestFile,
  whyNoGuests,
} from "../helpers/guests.js";
import { runGuest } from "../helpers/wasi-run.js";

const run = promisify(execFile);
const CLI = fileURLToPath(new URL("../../js/cli.js", import.meta.url));

const SECRET = new TextEncoder().encode("secret");
/** What surrounds the mounts. */
const AROUND = {
  secret: SECRET,
  side: {},
  vault: { secret: SECRET },
  work: {},
};

/** Each case by itself, with mounts of its own. */
const programs = casesIn("escape").map((name) => ({
  name,
  guest: "escape",
  args: ["escape.wasm", `case:${name}`],
}));

/** What would be told apart if it were touched. */
function snapshot(/** @type {string} */ folder) {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .sort()
    .map((path) => {
      const { ino, mtimeMs, size } = lstatSync(join(folder, path));
      return { path, ino, mtimeMs, size };
    });
}

/**
 * Volumes in memory: the third mount surrounds the other two, as far as paths
 * go.
 * @param {(volume: MemoryVolume) => import("../../js/fs/volume.js").Volume} as
 * @param {"sync" | "asyncify"} caller
 * @param {(guest: string) => Promise<Uint8Array<ArrayBuffer>>} load
 */
function inMemory(as, caller, load) {
  /** @param {import("../helpers/conformance.js").Program} program */
  return async (program) => {
    const around = new MemoryVolume();
    await importTree(around, AROUND);
    const host = {
      WASI,
      createVolume: (/** @type {string} */ mount) =>
        as(mount === "/" ? around : new MemoryVolume()),
    };
    const mounts = ["/work", "/side", "/"];
    const bytes = await load(program.guest);
    const outcome = await runGuest(host, { ...program, mounts }, bytes, caller);
    assert.deepEqual(await exportTree(around), AROUND);
    return outcome;
  };
}

const plain = async (/** @type {string} */ guest) => readFile(guestFile(guest));

conforms({
  name: "escape, volumes in memory",
  programs,
  run: inMemory((volume) => volume, "sync", plain),
});

conforms({
  name: "escape, volumes that answer later",
  programs,
  run: inMemory(
    (volume) => new DelayedVolume(volume),
    "asyncify",
    asyncifiedGuest,
  ),
});

/** A folder with what is to be found in none of the mounts, and two of these. */
function makeFolder() {
  const folder = mkdtempSync(join(tmpdir(), "gossamer-escape-"));
  for (const name of ["vault", "work", "side"]) mkdirSync(join(folder, name));
  for (const name of ["secret", "vault/secret"]) {
    writeFileSync(join(folder, name), "secret");
  }
  return folder;
}

conforms({
  name: "escape, directories of the host",
  programs,
  run: async (program) => {
    const folder = makeFolder();
    try {
      const before = snapshot(folder).filter(isAround);
      const host = {
        WASI,
        createVolume: (/** @type {string} */ mount) =>
          node(join(folder, mount)),
      };
      const mounts = ["/work", "/side"];
      const bytes = await plain(program.guest);
      const one = { ...program, mounts };
      const outcome = await runGuest(host, one, bytes, "sync");
      assert.deepEqual(snapshot(folder).filter(isAround), before);
      return outcome;
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
});

/** @param {{ path: string }} entry */
function isAround({ path }) {
  return !/^(work|side)(\/|$)/.test(path);
}

/** What race.c finds in its mount. */
const TREE = {
  secret: "secret",
  beside: { secret: "secret" },
  in: {
    deep: { x: { y: {} } },
    t: { f: "inside" },
  },
};

const why = whyNoGuests();
const skip = why ?? false;

test("escape: no path leads out while directories move", { skip }, async () => {
  await buildGuests();
  const volume = new MemoryVolume();
  await importTree(volume, TREE);
  const createVolume = () => new DelayedVolume(volume);
  const bytes = await asyncifiedGuest("race");
  const race = (/** @type {string} */ role) =>
    runGuest(
      { WASI, createVolume },
      { name: role, guest: "race", args: ["race", role], mounts: ["/"] },
      bytes,
      "asyncify",
    );
  const [mover, walker] = await Promise.all([race("mover"), race("walker")]);
  assert.deepEqual([mover.exitCode, mover.stdout], [0, "moved"]);
  assert.deepEqual([walker.exitCode, walker.stdout], [0, "walked"]);
});

test("escape: nor in a directory of the host", { skip }, async (t) => {
  await buildGuests();
  const folder = mkdtempSync(join(tmpdir(), "gossamer-race-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const volume = node(folder);
  assert.equal(await volume.open(), 0);
  await importTree(volume, TREE);
  const race = (/** @type {string} */ role) =>
    run(process.execPath, [
      ...[CLI, "wasi", "--dir", `/=${folder}`],
      ...[guestFile("race"), role],
    ]);
  const [mover, walker] = await Promise.all([race("mover"), race("walker")]);
  assert.deepEqual([mover.stdout, walker.stdout], ["moved", "walked"]);
});
