/* Files by Emscripten's libc, over volumes that load() mounts: what the program
 * finds, and what it leaves. Rows D1, A3. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ERRNO } from "../../js/errors.js";
import { memory } from "../../js/fs/memory.js";
import { Volume } from "../../js/fs/volume.js";
import { createPipe } from "../../js/io/pipe.js";
import { DelayedVolume } from "../helpers/delayed.js";
import { BUILDS, runProgram } from "../helpers/programs.js";
import { writeText } from "../helpers/streams.js";
import { VolumeTool } from "../helpers/volume.js";

/** What stderr says of the goroutines that could not have the FILE. */
const BUSY = ["close", "write"].map(
  (verb) =>
    `goroutine N (main) cannot ${verb} a FILE that goroutine N (reader) is ` +
    "busy with",
);

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

  for (const [name, what] of [
    ["directories", "directories are made, read, rewound and searched"],
    ["names", "links, renames and removals, and what refuses them"],
    ["times", "times are set, kept and refused"],
    ["neighbours", "Emscripten's own calls link beside ours"],
  ]) {
    test(`${build}: D1: ${what}`, LIMIT, () => passes(build, name));
  }

  test(
    `${build}: A5, D1: flags, and stdout that becomes a file`,
    LIMIT,
    async () => {
      const { mounts, text } = await world();
      const { reader } = createPipe();
      const options = { args: ["flags"], mounts, stdin: reader };
      assert.deepEqual(await runProgram("files", build, options), {
        code: 0,
        lines: [],
        errors: ["flags done"],
      });
      assert.equal(await text("file"), "Ending");
      assert.equal(await text("out"), "flags done\n");
    },
  );

  test(`${build}: D1: paths lead where POSIX says`, LIMIT, () =>
    passes(build, "paths", { cwd: "/data" }),
  );

  for (const [how, wrap] of [
    ["at once", (/** @type {any} */ volume) => volume],
    ["later", (/** @type {any} */ volume) => new DelayedVolume(volume)],
  ]) {
    test(`${build}: D1: statvfs is answered ${how}`, LIMIT, async () => {
      const { mounts } = await world();
      const data = memory({ limitBytes: 2 ** 20 });
      await new VolumeTool(data).fill({ "given.txt": "1" });
      const dumb = memory();
      dumb.usage = new Volume().usage;
      const all = {
        "/data": wrap(data),
        "/read-only": { ...mounts["/read-only"], volume: wrap(memory()) },
        "/dumb": wrap(dumb),
        "/endless": wrap(memory({ limitBytes: Infinity })),
      };
      const options = { args: ["space"], mounts: all };
      assert.deepEqual(await runProgram("files", build, options), {
        code: 0,
        lines: ["space done"],
        errors: [],
      });
    });
  }

  test(`${build}: A4, A5: poll, select and sleeping`, LIMIT, async () => {
    const { reader, writer } = createPipe();
    const { mounts } = await world();
    /** @type {string[]} */
    const lines = [];
    const stdout = (/** @type {string} */ line) => {
      if (line !== "type") {
        lines.push(line);
        return;
      }
      setTimeout(() => {
        writeText(writer, "abc");
        writer.close();
      }, 10);
    };
    const options = { args: ["polls"], mounts, stdin: reader, stdout };
    const { code } = await runProgram("files", build, options);
    assert.deepEqual([code, lines], [0, ["polls done"]]);
  });

  for (const [name, what] of [
    ["others-run", "A3: a slow file stops its own goroutine only"],
    ["own-errno", "A3: errno is each goroutine's own across its waits"],
    ["given-up", "D1: a read that its context gives up touches nothing"],
    ["outside", "D1: a slow file before there are goroutines is refused"],
    ["shared-file", "A3: goroutines take turns at a FILE, record by record"],
    ["busy-file", "A3: a FILE that somebody reads is not closed or written"],
  ]) {
    test(`${build}: ${what}`, LIMIT, async () => {
      const inner = memory();
      await new VolumeTool(inner).fill({ "given.txt": "given\n" });
      const volume = new DelayedVolume(inner);
      /** @type {string[]} */
      const lines = [];
      const stdout = (/** @type {string} */ line) => {
        if (line === "hold") volume.hold();
        else if (line === "release") volume.release();
        else lines.push(line);
      };
      const { code, errors } = await runProgram("slow", build, {
        args: [name],
        mounts: { "/slow": volume },
        stdout,
      });
      assert.deepEqual([code, lines], [0, [`${name} done`]]);
      const refused = errors.map((line) => line.replace(/\d+/g, "N"));
      assert.deepEqual(refused, name === "busy-file" ? BUSY : []);
      assert.equal(volume.opened, 0, "all that was opened is closed");
    });
  }
}

test("load() says what is wrong with mounts and cwd", async () => {
  const volume = memory();
  for (const [options, text] of [
    [{ mounts: [] }, "option mounts: expected an object of volumes by path"],
    [{ mounts: { data: volume } }, '"data" is not an absolute path'],
    [{ mounts: { "/a/../b": volume } }, "is not an absolute path"],
    [{ mounts: { "/data": {} } }, 'or { volume, readOnly } at "/data"'],
    [{ mounts: { "/data": null } }, 'or { volume, readOnly } at "/data"'],
    [{ cwd: "data" }, "option cwd: expected an absolute path"],
    [{ cwd: 7 }, "option cwd: expected an absolute path"],
  ]) {
    await assert.rejects(
      runProgram("errno", "wasm", /** @type {any} */ (options)),
      (error) => {
        assert.equal(/** @type {any} */ (error).code, "EINVAL");
        assert.ok(String(error).includes(String(text)), String(error));
        return true;
      },
    );
  }
});

test("a volume that cannot be opened is load()'s error", async () => {
  const broken = memory();
  broken.open = () => -ERRNO.EIO;
  await assert.rejects(
    runProgram("errno", "wasm", { mounts: { "/data": broken } }),
    { code: "EIO", message: "cannot mount /data: EIO" },
  );
});

test("D1: without mounts there are no files", async () => {
  const { code, lines } = await runProgram("files", "wasm", {
    args: ["nothing"],
  });
  assert.deepEqual([code, lines], [0, ["nothing done"]]);
});
