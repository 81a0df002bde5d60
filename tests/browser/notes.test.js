/* The notes: what is typed is stored by C without being asked, "saved" is said
 * when fsync has answered, and a second tab reads along (C2, D1). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ENGINES } from "../helpers/browser.js";
import { LIMIT, openStored, storageOf } from "../helpers/storage-demo.js";

/**
 * @param {import("node:test").TestContext} t
 * @param {import("../helpers/storage-demo.js").StoredOptions} [options]
 */
async function openNotes(t, options = {}) {
  const opened = await openStored(t, "notes.html", options);
  await opened.page.locator("#new-note:enabled").waitFor();
  return { ...opened, ...partsOf(opened.page) };
}

/** @param {import("playwright-core").Page} page */
function partsOf(page) {
  const area = page.locator("#text");
  return {
    area,
    status: (/** @type {string | RegExp} */ text) =>
      page.locator("#status").filter({ hasText: text }).waitFor(),
    newNote: async (/** @type {string} */ text) => {
      // In a tab behind another one nothing has the focus.
      await page.bringToFront();
      await page.getByRole("button", { name: "New note" }).click();
      await page.locator("#text:focus").fill(text);
    },
    /** When the list shows these. */
    titlesAre: (/** @type {string[]} */ titles) =>
      page.waitForFunction((wanted) => {
        const shown = [...document.querySelectorAll("#list .title")];
        return (
          shown.map(({ textContent }) => textContent).join("\n") === wanted
        );
      }, titles.join("\n")),
    shows: (/** @type {string} */ text) =>
      page.waitForFunction((wanted) => {
        const shown = /** @type {HTMLTextAreaElement | null} */ (
          document.querySelector("#text")
        );
        return shown?.value === wanted;
      }, text),
  };
}

for (const { engine, skip } of ENGINES) {
  test(
    `what is typed is saved without being asked, and is there after a reload, ${engine}`,
    { ...LIMIT, skip },
    async (t) => {
      const notes = await openNotes(t, { engine });
      const { page } = notes;
      await page.getByText("There is no note yet.").waitFor();
      assert.ok(await notes.area.isDisabled());
      await notes.newNote("Shopping\nbread");
      await notes.status("Saved at");
      await notes.newNote("");
      await notes.area.pressSequentially("Wörk — 日本\n\n");
      await notes.status("Saved at");
      await notes.titlesAre(["Wörk — 日本", "Shopping"]);
      await page.reload();
      await notes.shows("Wörk — 日本\n\n");
      await page.getByRole("button", { name: "Shopping" }).click();
      await notes.shows("Shopping\nbread");
      await notes.area.fill("Shopping\nbread, milk");
      await notes.status("Saved at");
      await notes.titlesAre(["Shopping", "Wörk — 日本"]);
      await page.getByRole("button", { name: "Delete this note" }).click();
      await page.getByText("Delete “Shopping”?").waitFor();
      await page.locator("#ask-confirm").click();
      await notes.status("Deleted.");
      await page.reload();
      await notes.shows("Wörk — 日本\n\n");
      await notes.titlesAre(["Wörk — 日本"]);
    },
  );
}

/** Counts the transactions that wait for the disk, and can hold them up. */
function holdCommits() {
  const page = /** @type {any} */ (window);
  const { transaction } = IDBDatabase.prototype;
  page.strict = 0;
  page.held = null;
  /** @param {any} args */
  IDBDatabase.prototype.transaction = function (...args) {
    const made = transaction.apply(this, /** @type {any} */ (args));
    if (args[1] !== "readwrite") return made;
    if (args[2]?.durability === "strict") page.strict += 1;
    if (page.hold !== true) return made;
    // It is done when all its requests are: one more keeps it open.
    const store = made.objectStore(made.objectStoreNames[0]);
    const again = () => {
      if (page.hold === true) store.count().onsuccess = again;
    };
    again();
    const { commit } = made;
    made.commit = () => {
      if (page.hold !== true) commit.call(made);
    };
    return made;
  };
}

test("saved is not said before the storage has answered", LIMIT, async (t) => {
  const notes = await openNotes(t, { prepare: holdCommits });
  const { page } = notes;
  await notes.newNote("first");
  await notes.status("Saved at");
  assert.ok((await page.evaluate("strict")) > 0, "commits wait for the disk");
  await page.evaluate("hold = true");
  await notes.area.fill("second");
  await notes.status("Saving…");
  const before = await page.evaluate("strict");
  await page.waitForFunction(
    (count) => /** @type {any} */ (window).strict > count,
    before,
  );
  await notes.area.fill("third");
  assert.equal(await page.locator("#status").textContent(), "Saving…");
  await page.evaluate("hold = false");
  await notes.status("Saved at");
  await page.reload();
  await notes.shows("third");
});

test(
  "a tab that is killed loses nothing that was said to be saved",
  LIMIT,
  async (t) => {
    const notes = await openNotes(t, { expectErrors: [/crashed/] });
    const { page } = notes;
    await notes.newNote("kept");
    await notes.status("Saved at");
    await notes.area.fill("kept and more");
    await notes.status("Saved at");
    const session = await page.context().newCDPSession(page);
    const crashed = page.waitForEvent("crash");
    session.send("Page.crash").catch(() => {});
    await crashed;
    const tab = await notes.openTab();
    await partsOf(tab).shows("kept and more");
    await partsOf(tab).area.fill("kept and even more");
    await partsOf(tab).status("Saved at");
  },
);

// Firefox gives a page that is left no time for what is not stored yet.
test("what is typed last is stored when the page is left", LIMIT, async (t) => {
  const notes = await openNotes(t);
  const { page } = notes;
  await notes.newNote("first");
  await notes.status("Saved at");
  page.on("dialog", (dialog) => dialog.accept());
  await notes.area.fill("typed last");
  await page.goto(page.url().replace("notes.html", "icon.svg"));
  await page.goBack();
  await notes.shows("typed last");
});

for (const { engine, skip } of ENGINES) {
  test(
    `a second tab reads along, and takes over when the first is closed, ${engine}`,
    { ...LIMIT, skip },
    async (t) => {
      const notes = await openNotes(t, { engine });
      await notes.newNote("Plan\none");
      await notes.status("Saved at");
      const tab = await notes.openTab();
      const second = partsOf(tab);
      await tab.getByText("Read-only here:").waitFor();
      await second.shows("Plan\none");
      assert.ok(
        await second.area.evaluate(
          (area) => /** @type {any} */ (area).readOnly,
        ),
      );
      assert.ok(await tab.locator("#new-note").isDisabled());
      assert.ok(await tab.locator("#remove").isDisabled());
      await notes.area.fill("Plan\none, two");
      await second.shows("Plan\none, two");
      await notes.newNote("Another");
      await notes.status("Saved at");
      await tab.getByRole("button", { name: "Another" }).waitFor();
      await second.shows("Plan\none, two");
      await notes.page.close();
      await second.status("The other tab is gone: this one saves now.");
      await tab.getByText("Read-only here:").waitFor({ state: "hidden" });
      await second.area.fill("Plan\none, two, three");
      await second.status("Saved at");
      await tab.reload();
      await second.shows("Plan\none, two, three");
    },
  );
}

test(
  "a note that does not fit is not said to be saved, and can be tried again",
  LIMIT,
  async (t) => {
    const notes = await openNotes(t, { quotaBytes: 1_000_000 });
    const { page } = notes;
    const storage = await storageOf(page);
    await notes.newNote("small");
    await notes.status("Saved at");
    // Text that does not shrink when it is compressed.
    await notes.area.evaluate((area) => {
      let text = "large ";
      for (let i = 0; i < 400_000; i += 1) {
        text += Math.random().toString(36).slice(2, 8);
      }
      /** @type {HTMLTextAreaElement} */ (area).value = text;
      area.dispatchEvent(new Event("input"));
    });
    await notes.status("Not saved: the browser gives this site no more room.");
    await storage.limit(undefined);
    await page.getByRole("button", { name: "Try again" }).click();
    await notes.status("Saved at");
    await page.reload();
    await page.waitForFunction(() => {
      const area = /** @type {HTMLTextAreaElement | null} */ (
        document.querySelector("#text")
      );
      return (
        area?.value.startsWith("large") === true &&
        area.value.length > 1_000_000
      );
    });
  },
);

test("notes whose storage is cleared say so", LIMIT, async (t) => {
  const notes = await openNotes(t);
  const { page } = notes;
  const storage = await storageOf(page);
  await notes.newNote("here");
  await notes.status("Saved at");
  await storage.clear();
  await notes.area.fill("here and now");
  await notes.status("Not saved: the storage was taken away.");
  await page.getByText("This site’s storage was taken away").waitFor();
  page.on("dialog", (dialog) => dialog.accept());
  await page.getByRole("button", { name: "Load again" }).click();
  await page.getByText("There is no note yet.").waitFor();
});
