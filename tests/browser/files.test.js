/* The file manager: files come in, are kept, changed and taken away, and come
 * out byte for byte, all by C goroutines on a volume that lasts (C2, D1). */
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
import { exportTree, importTar, memory } from "../../js/index.js";
import { defer } from "../helpers/defer.js";
import { ENGINES } from "../helpers/browser.js";
import {
  LIMIT,
  openFiles,
  partsOf,
  storageOf,
} from "../helpers/storage-demo.js";
import { downloaded, drop } from "../helpers/wasi-demo.js";

/** @param {number} size */
const pattern = (size) =>
  Buffer.from(Uint8Array.from({ length: size }, (_, i) => i % 251));

/** A folder of the machine that is gone with its test. */
function folderOf(t) {
  const folder = mkdtempSync(join(tmpdir(), "gossamer-"));
  defer(t, () => rmSync(folder, { recursive: true }));
  return folder;
}

test(
  "uploads are stored, outlive a reload, and come out byte for byte",
  LIMIT,
  async (t) => {
    const files = await openFiles(t);
    const { page } = files;
    const bytes = pattern(3_000_001);
    await files.upload({ "ä b.bin": bytes, "empty.txt": "", "c.txt": "see" });
    await files.status("Stored 3 files: 3.0 MB");
    assert.deepEqual(await files.tree(), [
      "All files",
      "  ä b.bin",
      "  c.txt",
      "  empty.txt",
    ]);
    await page.reload();
    await files.row("ä b.bin").click();
    const back = await downloaded(page, "Download");
    assert.equal(back.name, "ä b.bin");
    assert.ok(readFileSync(back.path).equals(bytes), "the same bytes");
    await page.getByRole("gridcell", { name: "3.0 MB" }).waitFor();
    await files.click("Check");
    await page.getByText("Checked 3 files, 1 folder").waitFor();
    await page.getByText("all sound").waitFor();
  },
);

test("a text is edited and saved, and saved means stored", LIMIT, async (t) => {
  const files = await openFiles(t);
  const { page } = files;
  await files.click("New folder");
  await files.answer("letters");
  await files.row("letters").waitFor();
  await files.write("to you.txt", "Dear you,\n");
  await page.locator("#text").press("End");
  await page.locator("#text").fill("Dear you,\nall is well.\n");
  await page.getByText("Not saved yet.").waitFor();
  await files.click("Save");
  await page.getByText("Saved: it outlives this tab.").waitFor();
  await page.reload();
  await files.row("letters").focus();
  assert.deepEqual(await files.tree(), ["All files", "  letters"]);
  await page.keyboard.press("ArrowRight");
  await files.row("to you.txt").waitFor();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  await page.locator("#text:focus").waitFor();
  assert.equal(
    await page.locator("#text").inputValue(),
    "Dear you,\nall is well.\n",
  );
  await page.locator("#text").fill("lost");
  await files.click("Close");
  await files.click("Leave them");
  await page.locator("#editor").waitFor({ state: "hidden" });
  await files.upload({ "no text": Buffer.from([0, 255, 1]) });
  await files.row("no text").dblclick();
  await files.problem("is no text");
});

test(
  "folders are made, moved and deleted with all that is in them",
  LIMIT,
  async (t) => {
    const folder = folderOf(t);
    mkdirSync(join(folder, "box/deep/er"), { recursive: true });
    for (let i = 0; i < 150; i += 1) {
      writeFileSync(join(folder, "box/deep", `${i}.txt`), `${i}`);
    }
    writeFileSync(join(folder, "box/deep/er/last"), "x");
    const files = await openFiles(t);
    const { page } = files;
    await page.getByLabel("Upload a folder").setInputFiles(join(folder, "box"));
    await files.status("Stored 151 files");
    await files.row("box").click();
    await page.keyboard.press("F2");
    await files.answer("attic/crate");
    await files.status("box is now attic/crate");
    assert.deepEqual(await files.tree(), ["All files", "  attic", "    crate"]);
    await page.keyboard.press("ArrowRight");
    await files.row("deep").waitFor();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowRight");
    await files.row("149.txt").waitFor();
    assert.equal((await files.tree()).length, 1 + 1 + 1 + 1 + 1 + 150);
    await page.keyboard.press("ArrowLeft");
    await files.row("149.txt").waitFor({ state: "detached" });

    await files.click("New folder");
    await files.answer("attic");
    await page
      .locator("#tree-body tr")
      .filter({ hasText: "attic" })
      .nth(1)
      .waitFor();
    await page.keyboard.press("F2");
    await files.answer("attic/crate");
    await files.problem("attic/crate: something of that name is there already");
    await files.row("attic").first().click();
    await page.keyboard.press("F2");
    await files.answer("attic/crate/inside");
    await files.problem("into itself");

    await page.keyboard.press("Delete");
    await page.getByText("The folder goes with all that is in it").waitFor();
    await page.locator("#ask-confirm").click();
    await files.status("Deleted attic.");
    assert.deepEqual(await files.tree(), ["All files"]);
    await page.reload();
    await page.getByText("Nothing is here yet.").waitFor();
  },
);

test("all of it goes out as a tar and comes in as one", LIMIT, async (t) => {
  const files = await openFiles(t);
  const { page } = files;
  await files.click("New folder");
  await files.answer("notes");
  await files.row("notes").waitFor();
  await files.write("a.txt", "first");
  await page.locator("#tree-body tr").first().click();
  await files.upload({ "b.bin": pattern(200_000) });
  await files.status("Stored b.bin");
  const all = await downloaded(page, "Download all (.tar)");
  assert.equal(all.name, "files.tar");
  const archive = readFileSync(all.path);
  const volume = memory();
  await importTar(volume, archive);
  const tree = /** @type {any} */ (await exportTree(volume));
  assert.deepEqual(Object.keys(tree), ["b.bin", "notes"]);
  assert.equal(Buffer.from(tree.notes["a.txt"]).toString(), "first");

  for (const name of ["notes", "b.bin"]) {
    await files.row(name).click();
    await files.click("Delete");
    await page.locator("#ask-confirm").click();
    await files.row(name).waitFor({ state: "detached" });
  }
  const path = join(folderOf(t), "back.tar");
  writeFileSync(path, archive);
  await page.getByLabel("Unpack a .tar").setInputFiles(path);
  await files.status("Unpacked 2 files and 1 folder.");
  await page.reload();
  await files.row("b.bin").click();
  const back = await downloaded(page, "Download");
  assert.ok(readFileSync(back.path).equals(pattern(200_000)), "the same bytes");
  assert.deepEqual(await files.tree(), ["All files", "  notes", "  b.bin"]);
  writeFileSync(path, "no archive".repeat(100));
  await page.getByLabel("Unpack a .tar").setInputFiles(path);
  await files.problem("back.tar: ");
});

/**
 * All there is at the top, also what the page does not show.
 * @param {import("playwright-core").Page} page
 */
async function namesIn(page) {
  const all = await downloaded(page, "Download all (.tar)");
  const volume = memory();
  await importTar(volume, readFileSync(all.path));
  return Object.keys(await exportTree(volume));
}

/** Files called "slow" give their first bytes and no more. */
function slowFiles() {
  const { stream } = Blob.prototype;
  Blob.prototype.stream = function () {
    if (!(this instanceof File) || !this.name.startsWith("slow")) {
      return stream.call(this);
    }
    return new ReadableStream({
      start: (controller) => controller.enqueue(new Uint8Array(300_000)),
    });
  };
}

test(
  "jobs run side by side, and one that is cancelled leaves nothing",
  LIMIT,
  async (t) => {
    const files = await openFiles(t, { prepare: slowFiles });
    const { page } = files;
    await files.upload({ "slow.bin": pattern(1_000_000) });
    await page.getByText("Uploading slow.bin").waitFor();
    await page.getByText("262 kB of 1.0 MB").waitFor();
    await files.upload({ "slow as well.bin": pattern(1_000_000) });
    await files.upload({ "quick.txt": "quick" });
    await files.status("Stored quick.txt");
    assert.equal(await page.locator("#jobs li").count(), 2);
    assert.deepEqual(await files.tree(), ["All files", "  quick.txt"]);
    await files.click("Cancel: Uploading slow.bin");
    await files.status("Cancelled: slow.bin.");
    assert.equal(await page.locator("#jobs li").count(), 1);
    await files.click("Cancel: Uploading slow as well.bin");
    await files.status("Cancelled: slow as well.bin.");
    assert.deepEqual(await namesIn(page), ["quick.txt"]);

    // What a tab that is left in the middle has stored is cleared away.
    await files.upload({ "slow.bin": pattern(1_000_000) });
    await page.getByText("262 kB of 1.0 MB").waitFor();
    await files.write("meanwhile.txt", "written");
    await page.reload();
    await files.row("meanwhile.txt").waitFor();
    assert.deepEqual(await namesIn(page), ["meanwhile.txt", "quick.txt"]);
  },
);

test(
  "what is there already is replaced only when asked for",
  LIMIT,
  async (t) => {
    const files = await openFiles(t);
    const { page } = files;
    await files.upload({ "a.txt": "one", "b.txt": "two" });
    await files.status("Stored 2 files");
    await drop(page, "#files", { "a.txt": "1", "c.txt": "three" });
    await page.getByText("Replace a.txt?").waitFor();
    await files.click("Keep what is there");
    await files.status("Stored c.txt");
    await drop(page, "#files", { "a.txt": "1", "b.txt": "2" });
    await page.getByText("Replace 2 files?").waitFor();
    await page.locator("#ask-confirm").click();
    await files.status("Stored 2 files: 2 B");
    const texts = [];
    for (const name of ["a.txt", "b.txt", "c.txt"]) {
      await files.row(name).click();
      texts.push(
        readFileSync((await downloaded(page, "Download")).path, "utf8"),
      );
    }
    assert.deepEqual(texts, ["1", "2", "three"]);
  },
);

for (const { engine, skip } of ENGINES) {
  test(
    `a second tab reads along, and takes over when the first is gone, ${engine}`,
    { ...LIMIT, skip },
    async (t) => {
      const files = await openFiles(t, { engine });
      await files.upload({ "a.txt": "one" });
      await files.status("Stored a.txt");
      const tab = await files.openTab();
      const second = partsOf(tab);
      await tab.getByText("Read-only here:").waitFor();
      await second.row("a.txt").click();
      assert.ok(await tab.locator("#remove").isDisabled());
      assert.ok(await tab.locator("#new-file").isDisabled());
      await tab.locator("#edit").click();
      await tab.locator("#text").waitFor();
      assert.equal(await tab.locator("#text").inputValue(), "one");
      await drop(tab, "#files", { "c.txt": "three" });
      await second.problem("this tab can only read");
      await files.write("b.txt", "two");
      await second.row("b.txt").waitFor();
      await files.row("a.txt").press("Enter");
      await files.page.getByRole("heading", { name: "a.txt" }).waitFor();
      await files.page.locator("#text").fill("changed");
      await files.click("Save");
      await tab.waitForFunction(() => {
        const area = /** @type {HTMLTextAreaElement | null} */ (
          document.querySelector("#text")
        );
        return area?.value === "changed";
      });
      await files.page.close();
      await second.status("The other tab is gone: this one may write.");
      await second.upload({ "d.txt": "four" });
      await second.status("Stored d.txt");
      assert.deepEqual(await second.tree(), [
        "All files",
        "  a.txt",
        "  b.txt",
        "  d.txt",
      ]);
    },
  );
}

test(
  "a full disk is said in words, and loses nothing that was stored",
  LIMIT,
  async (t) => {
    const files = await openFiles(t, { quotaBytes: 3_000_000 });
    const { page } = files;
    const storage = await storageOf(page);
    await files.upload({ "kept.bin": pattern(1_000_000) });
    await files.status("Stored kept.bin");
    await files.upload({ "large.bin": pattern(6_000_000) });
    await files.problem("large.bin: the browser gives this site no more room");
    assert.deepEqual(await files.tree(), ["All files", "  kept.bin"]);
    await files.row("kept.bin").click();
    const back = await downloaded(page, "Download");
    assert.ok(
      readFileSync(back.path).equals(pattern(1_000_000)),
      "the same bytes",
    );
    await storage.limit(undefined);
    await files.upload({ "large.bin": pattern(6_000_000) });
    await files.status("Stored large.bin");
    await page.reload();
    await files.row("large.bin").waitFor();
    await files.click("Check");
    await page.getByText("all sound").waitFor();
  },
);

test(
  "storage that is cleared is said in words, with a way to go on",
  LIMIT,
  async (t) => {
    const files = await openFiles(t);
    const { page } = files;
    await files.upload({ "a.txt": "one" });
    await files.status("Stored a.txt");
    await (await storageOf(page)).clear();
    await files.upload({ "b.txt": "two" });
    await files.problem("the storage was taken away");
    await page.getByText("This site’s storage was taken away").waitFor();
    await files.click("Load again");
    await page.getByText("Nothing is here yet.").waitFor();
    await files.upload({ "c.txt": "three" });
    await files.status("Stored c.txt");
  },
);

test(
  "a browser without storage, and a volume that is damaged, are said in words",
  LIMIT,
  async (t) => {
    const files = await openFiles(t);
    const { page } = files;
    await files.upload({ "a.txt": "one" });
    await files.status("Stored a.txt");
    await page.goto(page.url().replace("files.html", "icon.svg"));
    await page.evaluate(
      () =>
        new Promise((resolve) => {
          const request = indexedDB.open("gossamer:files");
          request.onsuccess = () => {
            const writing = request.result.transaction("log", "readwrite");
            writing.objectStore("log").put(new Uint8Array(100), 1);
            writing.oncomplete = () => resolve(request.result.close());
          };
        }),
    );
    await page.goBack();
    await files.problem(/The files cannot be opened: .* Why: .* is damaged/);
    assert.ok(await page.locator("#new-file").isDisabled());
    await page.addInitScript(() => {
      Object.defineProperty(window, "indexedDB", { value: undefined });
    });
    await page.reload();
    await files.problem("this browser has no storage for pages here");
  },
);
