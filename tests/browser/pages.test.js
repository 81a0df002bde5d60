/* What all pages of web/ have in common: they fit every screen in both colour
 * schemes, show the source that really runs, and can be used without a mouse.
 * Leaves a picture of each in build/screenshots. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "../helpers/browser.js";
import { startDemos } from "../helpers/server.js";
import { read } from "../helpers/tree.js";

const LIMIT = { timeout: 90_000 };

const SCREENS = {
  desktop: { width: 1100, height: 760 },
  phone: { width: 320, height: 640 },
};

/** What makes each demo show something, and when it does. */
const DEMOS = {
  particles: async (page) => {
    await page.waitForFunction(
      () => Number(document.querySelector("#fps").textContent) > 0,
    );
  },
  stream: async (page) => {
    await page.locator("#feed-start:enabled").click();
    await page.locator("#download-start").click();
    await page.locator('#download-status[data-state="good"]').waitFor();
  },
  sieve: async (page) => {
    await page.locator("#start").click();
    await page.locator('#status[data-state="good"]').waitFor();
  },
  preempt: async (page) => {
    await page.locator("#start:enabled").click();
    await page.getByText("One endless loop runs").waitFor();
  },
  files: async (page) => {
    await page.locator("#add-files:enabled").setInputFiles([
      { name: "a.txt", mimeType: "", buffer: Buffer.from("some text") },
      {
        name: "b-with-a-long-name-that-has-no-space-to-break-at-0123456789.bin",
        mimeType: "",
        buffer: Buffer.alloc(70_000),
      },
    ]);
    await page.getByText("Stored 2 files").waitFor();
    await page.getByRole("row", { name: "a.txt" }).dblclick();
    await page.locator("#editor").waitFor();
  },
  notes: async (page) => {
    await page.locator("#new-note:enabled").click();
    await page
      .locator("#text:focus")
      .pressSequentially("A note\n\nof two lines");
    await page.getByText("Saved at").waitFor();
  },
  wasi: async (page) => {
    await page.getByRole("button", { name: "Word count" }).click();
    await page.locator('#status[data-state="good"]').waitFor();
    await page.getByRole("button", { name: "Download report.txt" }).waitFor();
  },
};

/** Where the source is that a demo shows. @param {string} demo */
const sourceOf = (demo) =>
  demo === "wasi" ? "web/wasi.js" : `web/apps/${demo}.c`;

/** WCAG's relative luminance of a computed colour. @param {string} colour */
function luminance(colour) {
  const parts = (colour.match(/[\d.]+/g) ?? []).slice(0, 3).map((part) => {
    const value = Number(part) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  const [red = 0, green = 0, blue = 0] = parts;
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** @param {string} a @param {string} b */
function contrast(a, b) {
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].sort(
    (one, other) => one - other,
  );
  return (light + 0.05) / (dark + 0.05);
}

for (const [demo, show] of Object.entries(DEMOS)) {
  for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
    for (const [screen, viewport] of Object.entries(SCREENS)) {
      test(`${demo} fits a ${screen}, ${colorScheme}`, LIMIT, async (t) => {
        const url = await startDemos(t);
        const options = { colorScheme, viewport };
        const { page, screenshot } = await openPage(
          t,
          `${url}${demo}.html`,
          options,
        );
        await show(page);
        const overflow = await page.evaluate(
          () => document.documentElement.scrollWidth - window.innerWidth,
        );
        assert.ok(overflow <= 0, `${overflow} px too wide`);
        const cut = await page.evaluate(() =>
          [...document.querySelectorAll(".panel *")]
            .filter(
              (element) => element.closest("pre, svg, canvas, .xterm") === null,
            )
            .filter((element) => {
              const panel = element.closest(".panel").getBoundingClientRect();
              const { left, right, width } = element.getBoundingClientRect();
              return (
                width > 1 &&
                (right > panel.right + 0.5 || left < panel.left - 0.5)
              );
            })
            .map((element) => element.id || element.className),
        );
        assert.deepEqual(cut, [], "stick out of their panel");
        await screenshot(`${demo}-${screen}-${colorScheme}`);
      });
    }

    test(
      `the text of ${demo} can be read, ${colorScheme}`,
      LIMIT,
      async (t) => {
        const url = await startDemos(t);
        const { page } = await openPage(t, `${url}${demo}.html`, {
          colorScheme,
        });
        if (["files", "notes", "wasi"].includes(demo)) await show(page);
        const texts = await page.evaluate(() => {
          const opaque = (element) => {
            for (let at = element; at !== null; at = at.parentElement) {
              const { backgroundColor } = getComputedStyle(at);
              if (!/, 0\)|transparent/.test(backgroundColor)) {
                return backgroundColor;
              }
            }
            return "rgb(255, 255, 255)";
          };
          return (
            [...document.querySelectorAll("main *")]
              .filter((element) =>
                [...element.childNodes].some(
                  (node) => node.nodeType === 3 && node.data.trim() !== "",
                ),
              )
              .filter(
                (element) => element.closest(":disabled, [hidden]") === null,
              )
              // For screen readers alone.
              .filter(
                (element) => element.closest(".xterm-accessibility") === null,
              )
              .map((element) => ({
                text: element.textContent.trim().slice(0, 30),
                colour: getComputedStyle(element).color,
                ground: opaque(element),
              }))
          );
        });
        assert.ok(texts.length > 20);
        const faint = texts.filter(
          ({ colour, ground }) =>
            /^rgb/.test(colour) &&
            /^rgb/.test(ground) &&
            contrast(colour, ground) < 4.5,
        );
        assert.deepEqual(faint, []);
      },
    );
  }

  test(
    `the source that ${demo} shows is the source that runs`,
    LIMIT,
    async (t) => {
      const { page } = await openPage(t, `${await startDemos(t)}${demo}.html`);
      const shown = (await page.locator(".source code").textContent()) ?? "";
      const source = read(sourceOf(demo));
      const parts = shown.split("\n\n");
      assert.ok(shown.length > 100);
      assert.deepEqual(
        parts.filter((part) => !source.includes(part)),
        [],
      );
      const coloured = await page.locator(".source .c-call").allTextContents();
      assert.ok(coloured.length > 0, "the runtime's calls stand out");
    },
  );

  test(`${demo} can be used by keyboard and heard`, LIMIT, async (t) => {
    const { page } = await openPage(t, `${await startDemos(t)}${demo}.html`);
    const nameless = await page.evaluate(() =>
      [
        ...document.querySelectorAll(
          "button, input, select, textarea, a, progress, meter, dialog",
        ),
      ]
        .filter(
          (element) =>
            !element.ariaLabel &&
            !(element.matches("a, button") && element.textContent.trim()) &&
            !element.hasAttribute("aria-labelledby") &&
            !(element.labels?.length > 0),
        )
        .map((element) => element.outerHTML),
    );
    assert.deepEqual(nameless, []);
    const headings = await page.getByRole("heading").allTextContents();
    assert.ok(headings.length >= 2);
    await page.getByRole("link", { name: "All demos" }).focus();
    const reached = new Set();
    for (let step = 0; step < 12; step += 1) {
      await page.keyboard.press("Tab");
      reached.add(await page.evaluate(() => document.activeElement?.tagName));
    }
    assert.ok(reached.has("BUTTON"), `reached: ${[...reached]}`);
    await page.getByRole("link", { name: "All demos" }).click();
    await page.getByRole("heading", { name: "Gossamer" }).waitFor();
  });
}
