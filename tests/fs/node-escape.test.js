/* Escapes from the node volume: links, and directories that are moved or
 * replaced by links behind its back. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { isHostName } from "../../js/fs/node-host.js";
import { node } from "../../js/fs/node.js";
import { TYPE, createStat } from "../../js/fs/volume.js";
import { defer } from "../helpers/defer.js";
import {
  LINUX,
  READ,
  bothWays,
  done,
  readText,
  refused,
  setUp,
} from "../helpers/node-volume.js";
import { wasiRig } from "../helpers/wasi.js";

/**
 * Starts a process that makes "d" a directory, then a link, and so on.
 * @param {import("node:test").TestContext} t
 * @param {string} inside has the directory "d" and the link "e"
 */
async function startSwapping(t, inside) {
  const swapper = spawn(process.execPath, [
    "-e",
    `const fs = require("node:fs");
    process.chdir(${JSON.stringify(inside)});
    process.stdout.write("ready");
    for (;;) {
      fs.renameSync("d", "x"); fs.renameSync("e", "d"); fs.renameSync("x", "e");
    }`,
  ]);
  defer(t, () => {
    swapper.kill("SIGKILL");
  });
  await new Promise((resolve) => swapper.stdout.once("data", resolve));
}

test("D8: a root that is missing, or no directory, cannot be mounted", (t) => {
  const { inside } = setUp(t);
  writeFileSync(join(inside, "file"), "");
  refused(node(join(inside, "missing")).open(), "ENOENT");
  refused(node(join(inside, "file")).open(), "ENOTDIR");
});

test("a root that is a link is what the link led to when it was opened", (t) => {
  const { inside, outside } = setUp(t);
  mkdirSync(join(inside, "real"));
  writeFileSync(join(inside, "real", "f"), "");
  symlinkSync("real", join(inside, "link"));
  for (const byPath of [false, true]) {
    const volume = node(join(inside, "link"), { byPath });
    assert.equal(volume.open(), 0);
    unlinkSync(join(inside, "link"));
    symlinkSync(outside, join(inside, "link"));
    done(volume.lookup(volume.root, "f"));
    refused(volume.lookup(volume.root, "secret"), "ENOENT");
    volume.close();
    unlinkSync(join(inside, "link"));
    symlinkSync("real", join(inside, "link"));
  }
});

bothWays(
  "D8: a link is a node of its own, never what it leads to",
  (t, options) => {
    const { inside, outside, volume, root } = setUp(t, options);
    symlinkSync(join(outside, "secret"), join(inside, "file"));
    symlinkSync(outside, join(inside, "directory"));
    for (const name of ["file", "directory"]) {
      const link = done(volume.lookup(root, name));
      assert.equal(link.type, TYPE.LINK);
      refused(volume.lookup(link, "secret"), "ENOTDIR");
      refused(volume.list(link), "ENOTDIR");
      refused(volume.create(link, "new"), "ENOTDIR");
      refused(volume.openNode(link, READ), "ENOTSUP");
    }
    assert.equal(
      volume.readlink(done(volume.lookup(root, "directory"))),
      outside,
    );
    assert.deepEqual(readdirSync(outside), ["secret"]);
  },
);

bothWays(
  "D8: a directory that becomes a link does not lead outside",
  (t, options) => {
    const { inside, outside, volume, root } = setUp(t, options);
    mkdirSync(join(inside, "d"));
    const found = done(volume.lookup(root, "d"));
    const open = done(volume.openNode(found, READ));
    renameSync(join(inside, "d"), join(inside, "moved"));
    symlinkSync(outside, join(inside, "d"));

    refused(volume.lookup(found, "secret"), "ENOENT");
    const made = volume.create(found, "new");
    const entries = volume.list(found);
    const renamed = volume.rename(found, "secret", root, "stolen");
    const linked = volume.symlink(found, "link", "x");
    refused(renamed, "ENOENT");
    assert.deepEqual(readdirSync(outside), ["secret"]);
    if (LINUX && !("byPath" in options)) {
      // What is held is what it was.
      done(made);
      assert.equal(linked, 0);
      assert.deepEqual(readdirSync(join(inside, "moved")).sort(), [
        "link",
        "new",
      ]);
      assert.deepEqual(
        done(entries).map((entry) => entry.name),
        ["new"],
      );
    } else {
      refused(made, "ENOENT");
      refused(entries, "ENOENT");
      refused(linked, "ENOENT");
    }
    assert.equal(volume.closeFile(open), 0);
  },
);

bothWays(
  "D8: a directory further up that becomes a link does not lead outside",
  (t, options) => {
    const { inside, outside, volume, root } = setUp(t, options);
    mkdirSync(join(inside, "d", "e"), { recursive: true });
    mkdirSync(join(outside, "e"));
    writeFileSync(join(outside, "e", "secret"), "secret");
    const d = done(volume.lookup(root, "d"));
    const e = done(volume.lookup(d, "e"));
    renameSync(join(inside, "d"), join(inside, "moved"));
    symlinkSync(outside, join(inside, "d"));
    refused(volume.lookup(e, "secret"), "ENOENT");
    refused(volume.unlink(e, "secret"), "ENOENT");
    // The same directory by way of a link outside of the root.
    unlinkSync(join(inside, "d"));
    renameSync(join(inside, "moved", "e"), join(outside, "f"));
    rmSync(join(outside, "e"), { recursive: true });
    renameSync(join(outside, "f"), join(outside, "e"));
    symlinkSync(outside, join(inside, "d"));
    if ("byPath" in options) refused(volume.create(e, "new"), "ENOENT");
    assert.equal(existsSync(join(outside, "secret")), true);
  },
);

test("D8: what was let go of is found again, or not at all", (t) => {
  const { inside, outside, volume, root } = setUp(t);
  mkdirSync(join(inside, "d", "e"), { recursive: true });
  writeFileSync(join(inside, "d", "e", "f"), "");
  const e = done(volume.lookup(done(volume.lookup(root, "d")), "e"));
  const f = done(volume.lookup(e, "f"));
  const letGo = () => {
    for (let count = 0; count < 50; count++) {
      const name = `other${count}`;
      if (!existsSync(join(inside, name))) mkdirSync(join(inside, name));
      done(volume.lookup(root, name));
    }
    writeFileSync(join(inside, "file"), "");
    done(volume.lookup(root, "file"));
  };
  letGo();
  done(volume.lookup(e, "f"));
  assert.equal(volume.stat(f, createStat()), 0);
  letGo();
  writeFileSync(join(inside, "g"), "another");
  renameSync(join(inside, "g"), join(inside, "d", "e", "f"));
  refused(volume.openNode(f, READ), "ENOENT");
  refused(volume.stat(f, createStat()), "ENOENT");
  letGo();
  renameSync(join(inside, "d", "e"), join(outside, "e"));
  rmSync(join(inside, "d"), { recursive: true });
  symlinkSync(outside, join(inside, "d"));
  assert.ok(Number(volume.lookup(e, "f")) < 0);
  assert.ok(Number(volume.create(e, "g")) < 0);
  assert.deepEqual(readdirSync(join(outside, "e")), ["f"]);
});

test("by path, another directory of the same name is another directory", (t) => {
  const { inside, volume, root } = setUp(t, { byPath: true });
  mkdirSync(join(inside, "d"));
  const d = done(volume.lookup(root, "d"));
  renameSync(join(inside, "d"), join(inside, "moved"));
  mkdirSync(join(inside, "d"));
  refused(volume.create(d, "f"), "ENOENT");
});

bothWays(
  "D8: a file that becomes a link is not opened through it",
  (t, options) => {
    const { inside, outside, volume, root } = setUp(t, options);
    writeFileSync(join(inside, "f"), "own");
    const found = done(volume.lookup(root, "f"));
    renameSync(join(inside, "f"), join(inside, "g"));
    symlinkSync(join(outside, "secret"), join(inside, "f"));
    const opened = volume.openNode(found, READ);
    if (typeof opened !== "number") {
      assert.equal(readText(volume, opened), "own");
      volume.closeFile(opened);
    } else {
      refused(opened, "ENOENT");
    }
  },
);

bothWays(
  "D8: a hard link is made of the node that was found, or not at all",
  (t, options) => {
    const { inside, outside, volume, root } = setUp(t, options);
    writeFileSync(join(inside, "f"), "own");
    const found = done(volume.lookup(root, "f"));
    unlinkSync(join(inside, "f"));
    symlinkSync(join(outside, "secret"), join(inside, "f"));
    refused(volume.link(found, root, "hard"), "ENOENT");
    assert.equal(existsSync(join(inside, "hard")), false);
    assert.equal(statSync(join(outside, "secret")).nlink, 1);
  },
);

test("D8: no name leads outside while another process swaps it", async (t) => {
  const { inside, outside, volume, root } = setUp(t);
  mkdirSync(join(inside, "d"));
  symlinkSync(outside, join(inside, "e"));
  await startSwapping(t, inside);
  const seen = { directory: 0, link: 0, missing: 0 };
  for (let round = 0; round < 20_000; round++) {
    const found = volume.lookup(root, "d");
    if (typeof found === "number") {
      refused(found, "ENOENT");
      seen.missing++;
      continue;
    }
    if (found.type === TYPE.LINK) seen.link++;
    else seen.directory++;
    assert.ok(typeof volume.lookup(found, "secret") === "number");
    assert.ok(Number(volume.unlink(found, "secret")) < 0);
  }
  assert.ok(seen.directory > 0 && seen.link > 0, JSON.stringify(seen));
  assert.equal(readFileSync(join(outside, "secret"), "utf8"), "secret");
});

test("D8: no path of a program leads outside while another process swaps it", async (t) => {
  const { inside, outside, volume } = setUp(t);
  mkdirSync(join(inside, "d"));
  symlinkSync(outside, join(inside, "e"));
  const rig = await wasiRig({ "/": volume });
  await startSwapping(t, inside);
  /** @type {Record<string, number>} */
  const seen = {};
  for (let round = 0; round < 4000; round++) {
    const answers = [
      await rig.text("d/secret"),
      await rig.text("d/../e/secret"),
      await rig.call("path_rename", 3, "d/secret", 3, "stolen"),
      await rig.call("path_link", 3, 1, "d/secret", 3, "stolen"),
      await rig.call("path_unlink_file", 3, "d/secret"),
      await rig.call("path_create_directory", 3, "d/secret/made"),
    ];
    for (const answer of answers) seen[answer] = (seen[answer] ?? 0) + 1;
  }
  const known = ["ENOENT", "ENOTCAPABLE", "ENOTDIR", "EPERM"];
  assert.deepEqual(
    Object.keys(seen).filter((answer) => !known.includes(answer)),
    [],
  );
  assert.ok(Object.keys(seen).length > 1, "both were met");
  assert.deepEqual(readdirSync(outside), ["secret"]);
  assert.equal(existsSync(join(inside, "stolen")), false);
});

test("names that Windows takes for paths, streams or devices are no names there", () => {
  const bad = ["a\\b", "..\\x", "C:", "f:stream", "a*", "a?", "a|b", "a\u0001"];
  const devices = ["con", "NUL", "com1", "LPT9.txt", "aux.", "CONIN$"];
  const ends = ["a.", "a ", ".. ", "..."];
  for (const name of [...bad, ...devices, ...ends]) {
    assert.equal(isHostName(name, "win32"), false, name);
    assert.equal(isHostName(name, "linux"), true, name);
  }
  for (const name of [
    "a",
    ".a",
    "a.b",
    "console",
    "com",
    "com10",
    "nullable.c",
  ]) {
    assert.equal(isHostName(name, "win32"), true, name);
  }
});
