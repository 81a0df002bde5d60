/* Mounts that may only be read: volumes in memory and directories of the host. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MemoryVolume } from "../../js/fs/memory.js";
import { node } from "../../js/fs/node.js";
import { SymbolicLink, exportTree, importTree } from "../../js/fs/transfer.js";
import { WASI } from "../../js/wasi/index.js";
import { conforms } from "../helpers/conformance.js";
import { guestFile } from "../helpers/guests.js";
import { runGuest } from "../helpers/wasi-run.js";

const encoder = new TextEncoder();
/** What readonly.c finds in its first mount. */
const TREE = {
  d: { g: encoder.encode("inner") },
  f: encoder.encode("text"),
  l: new SymbolicLink("f"),
};
const programs = [{ name: "readonly", guest: "readonly" }];

/**
 * @param {import("../helpers/conformance.js").Program} program
 * @param {import("../../js/fs/volume.js").Volume} volume what is in it stays
 * @param {import("../../js/fs/namespace.js").MountOption} mounted
 */
async function run(program, volume, mounted) {
  assert.equal(await volume.open(), 0);
  await importTree(volume, TREE);
  const before = await exportTree(volume);
  const createVolume = (/** @type {string} */ mount) =>
    mount === "/" ? mounted : new MemoryVolume();
  const bytes = await readFile(guestFile(program.guest));
  const outcome = await runGuest(
    { WASI, createVolume },
    program,
    bytes,
    "sync",
  );
  const after = await exportTree(volume);
  // The other mount's point may be a directory of it.
  delete after.side;
  delete before.side;
  assert.deepEqual(after, before);
  return outcome;
}

conforms({
  name: "mounted to be read",
  programs,
  run: (program) => {
    const volume = new MemoryVolume();
    return run(program, volume, { volume, readOnly: true });
  },
});

conforms({
  name: "directories of the host to be read",
  programs,
  run: async (program) => {
    const folder = mkdtempSync(join(tmpdir(), "gossamer-readonly-"));
    try {
      const mounted = node(folder, { readOnly: true });
      return await run(program, node(folder), mounted);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
});
