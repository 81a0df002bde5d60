/* Files by Emscripten's libc, over volumes that load() mounts: what the program
 * finds, and what it leaves. Rows D1, A3. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { memory } from "../../js/fs/memory.js";
import { BUILDS, runProgram } from "../helpers/programs.js";
import { VolumeTool } from "../helpers/volume.js";

const LIMIT = { timeout: 60_000 };

/** Two volumes, one of them mounted so that nothing can be written. */
async function world() {
  const data = memory();
  const fixed = memory();
  const tool = new VolumeTool(data);
  await tool.fill({ "given.txt": "given by the page\n" });
  await new VolumeTool(fixed).fill({ "fixed.txt": "fixed\n" });
  const mounts = {
    "/data": data,
    "/read-only": { volume: fixed, readOnly: true },
  };
  /** @param {string} name */
  const text = async (name) => tool.text(await tool.lookup(tool.root, name));
  return { tool, mounts, text };
}

/**
 * @param {string} build
 * @param {string} name
 * @param {import("../../js/options.js").LoadOptions} [options]
 */
async function passes(build, name, options) {
  const { tool, mounts, text } = await world();
  const result = await runProgram("files", build, {
    args: [name],
    mounts,
    ...options,
  });
  assert.deepEqual(result, { code: 0, lines: [`${name} done`], errors: [] });
  return { tool, text };
}

for (const build of BUILDS) {
  test(
    `${build}: D1: stdio writes, appends, seeks and reads`,
    LIMIT,
    async () => {
      const { text } = await passes(build, "stdio");
      assert.equal(await text("note.txt"), "one 2\nthree\nfour\n");
    },
  );

  test(
    `${build}: D1: descriptors read, write, cut and sync`,
    LIMIT,
    async () => {
      const { text } = await passes(build, "descriptors");
      assert.equal(await text("file"), "HEL");
    },
  );
}
