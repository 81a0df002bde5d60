/* The files of the page that runs any .wasm: they go in and come out byte for
 * byte, alone, as a folder and as an archive. */
import assert from "node:assert/strict";
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import {
  exportTar,
  exportTree,
  importTar,
  importTree,
  memory,
} from "../../js/wasi/index.js";
import { defer } from "../helpers/defer.js";
import {
  LIMIT,
  downloaded,
  drop,
  openDemo,
  rows,
} from "../helpers/wasi-demo.js";

test(
  "files that are added are read, and what is written comes out byte for byte",
  LIMIT,
  async (t) => {
    const demo = await openDemo(t);
    const { page } = demo;
    await demo.click("Word count");
    await demo.status("Ended with exit code 0.");
    assert.deepEqual(await rows(page), [
      ["notes/loom.txt", "62", ""],
      ["report.txt", "154", "new"],
      ["river.txt", "60", ""],
    ]);
    await demo.click("Remove notes/loom.txt");
    await demo.click("Remove report.txt");
    await page.getByLabel("Add files").setInputFiles([
      { name: "ä.txt", mimeType: "text/plain", buffer: Buffer.from("a b\n") },
      { name: "river.txt", mimeType: "", buffer: Buffer.from("dry") },
    ]);
    const bytes = Uint8Array.from({ length: 300_000 }, (_, i) => i % 256);
    await drop(page, "#files", { "bytes.bin": bytes });
    await page.getByRole("cell", { name: "300,000" }).waitFor();
    await demo.click("Run");
    await demo.shows("3 files counted");
    assert.deepEqual(await rows(page), [
      ["bytes.bin", "300,000", ""],
      ["notes/", "–", ""],
      ["report.txt", "186", "new"],
      ["river.txt", "3", ""],
      ["ä.txt", "4", ""],
    ]);
    const report = await downloaded(page, "Download report.txt");
    assert.equal(report.name, "report.txt");
    assert.match(
      readFileSync(report.path, "utf8"),
      /^ +lines +words +bytes +file\n( +\d+ +\d+ +\d+ {2}.+\n){4}$/,
    );
    const back = await downloaded(page, "Download bytes.bin");
    assert.deepEqual(new Uint8Array(readFileSync(back.path)), bytes);
    const added = Buffer.from("changed");
    await drop(page, "#files", { "report.txt": added });
    await demo.click("Run");
    await demo.shows("3 files counted");
    assert.deepEqual((await rows(page))[2], ["report.txt", "186", "changed"]);
  },
);

test("all files come out as a tar, and go in as one", LIMIT, async (t) => {
  const demo = await openDemo(t);
  const { page } = demo;
  await demo.click("Word count");
  await demo.status("Ended with exit code 0.");
  const all = await downloaded(page, "Download all (.tar)");
  assert.equal(all.name, "files.tar");
  const volume = memory();
  const archive = readFileSync(all.path);
  await importTar(volume, archive);
  const tree = /** @type {any} */ (await exportTree(volume));
  assert.deepEqual(Object.keys(tree), ["notes", "report.txt", "river.txt"]);
  assert.match(Buffer.from(tree.notes["loom.txt"]).toString(), /one loom/);

  await demo.click("Remove all");
  assert.deepEqual(await rows(page), []);
  const own = memory();
  await importTree(own, { deep: { "er.txt": "x y" } });
  const gzipped = new Response(exportTar(own)).body?.pipeThrough(
    new CompressionStream("gzip"),
  );
  const tgz = new Uint8Array(await new Response(gzipped).arrayBuffer());
  await drop(page, "main", { "all.tar": archive, "own.tgz": tgz });
  await page.getByText("deep/er.txt").waitFor();
  assert.deepEqual(await rows(page), [
    ["deep/er.txt", "3", ""],
    ["notes/loom.txt", "62", ""],
    ["report.txt", "154", ""],
    ["river.txt", "60", ""],
  ]);
  await drop(page, "#files", { "broken.tar": "no archive".repeat(100) });
  await demo.problem("broken.tar: ");
});

test("a whole folder is added with its folders", LIMIT, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "gossamer-"));
  defer(t, () => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, "texts/old"), { recursive: true });
  writeFileSync(join(folder, "texts/a.txt"), "a");
  writeFileSync(join(folder, "texts/old/b.txt"), "b b");
  const demo = await openDemo(t);
  await demo.page
    .getByLabel("Add a folder")
    .setInputFiles(join(folder, "texts"));
  await demo.page.getByText("texts/old/b.txt").waitFor();
  assert.deepEqual(await rows(demo.page), [
    ["texts/a.txt", "1", ""],
    ["texts/old/b.txt", "3", ""],
  ]);
});
