/* What the tests of the page that runs any .wasm share: the page with its parts
 * at hand, drops and downloads, and small programs that misbehave. */
import { openPage } from "./browser.js";
import { startDemos } from "./server.js";
import { assemble, op } from "./wasm.js";

/** @typedef {import("playwright-core").Page} Page */

export const LIMIT = { timeout: 90_000 };

/** @type {import("./wasm.js").Import} */
const EXIT = {
  module: "wasi_snapshot_preview1",
  name: "proc_exit",
  params: ["i32"],
};

/** A program that only has an exit code. @param {number} code */
export const exits = (code) =>
  assemble({
    imports: [EXIT],
    funcs: [{ name: "_start", body: [...op.i32(code), ...op.call(0)] }],
  });

/** Prints a line again and again, and never ends. */
export const floods = () =>
  assemble({
    imports: [
      {
        module: "wasi_snapshot_preview1",
        name: "fd_write",
        params: ["i32", "i32", "i32", "i32"],
        results: ["i32"],
      },
    ],
    data: [
      // One iovec: 8 bytes at 16.
      [0, "\x10\0\0\0\x08\0\0\0"],
      [16, "no end \n"],
    ],
    funcs: [
      {
        name: "_start",
        body: [
          ...[0x03, 0x40], // loop
          ...[op.i32(1), op.i32(0), op.i32(1), op.i32(8), op.call(0)].flat(),
          ...[0x1a, 0x0c, 0x00, 0x0b], // drop, br 0, end
        ],
      },
    ],
  });

const UNREACHABLE = 0x00;

/** A program that does nothing but crash. */
export const traps = () =>
  assemble({
    imports: [EXIT],
    funcs: [{ name: "_start", body: [UNREACHABLE] }],
  });

/** Makes the browser one that has no JSPI. */
export function hideJspi() {
  delete (/** @type {any} */ (WebAssembly).Suspending);
  delete (/** @type {any} */ (WebAssembly).promising);
}

/**
 * @param {import("node:test").TestContext} t
 * @param {import("./browser.js").PageOptions} [options]
 */
export async function openDemo(t, options = {}) {
  const opened = await openPage(t, `${await startDemos(t)}wasi.html`, options);
  const { page } = opened;
  await page.locator(".xterm-rows").waitFor();
  return {
    ...opened,
    /** Clicks, and lets the page paint what comes of it. */
    click: async (/** @type {string} */ name) => {
      await page.getByRole("button", { name, exact: true }).click();
      await frames(page, 3);
    },
    type: (/** @type {string} */ text) => page.keyboard.type(text),
    /** Resolves when the terminal shows it. */
    shows: (/** @type {string | RegExp} */ text) =>
      page.locator(".xterm-rows").filter({ hasText: text }).waitFor(),
    status: (/** @type {string} */ text) =>
      page.locator("#status").filter({ hasText: text }).waitFor(),
    problem: (/** @type {string} */ text) =>
      page.getByRole("alert").filter({ hasText: text }).waitFor(),
    caller: (/** @type {string} */ name) =>
      page.locator("#caller").filter({ hasText: name }).waitFor(),
  };
}

/**
 * Drops files on an element.
 * @param {Page} page
 * @param {string} selector
 * @param {Record<string, Uint8Array | string>} files by name
 */
export async function drop(page, selector, files) {
  const list = Object.entries(files).map(([name, content]) => ({
    name,
    bytes: [...Buffer.from(content)],
  }));
  const dataTransfer = await page.evaluateHandle((all) => {
    const transfer = new DataTransfer();
    for (const { name, bytes } of all) {
      transfer.items.add(new File([Uint8Array.from(bytes)], name));
    }
    return transfer;
  }, list);
  await page.dispatchEvent(selector, "dragover", { dataTransfer });
  await page.dispatchEvent(selector, "drop", { dataTransfer });
}

/**
 * What a click lets the user save.
 * @param {Page} page
 * @param {string} name the button's
 */
export async function downloaded(page, name) {
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name, exact: true }).click();
  const path = await (await download).path();
  return { name: (await download).suggestedFilename(), path };
}

/**
 * The list of files: path, size and state of each.
 * @param {Page} page
 */
export const rows = (page) =>
  page
    .locator("#list tr")
    .evaluateAll((all) =>
      all.map((row) =>
        [.../** @type {HTMLTableRowElement} */ (row).cells]
          .slice(0, 3)
          .map((cell) => cell.textContent),
      ),
    );

/**
 * Resolves when the page has painted so many frames more.
 * @param {Page} page
 * @param {number} count
 */
export function frames(page, count) {
  return page.evaluate(
    (left) =>
      new Promise((resolve) => {
        const tick = () => {
          left -= 1;
          if (left === 0) resolve(undefined);
          else requestAnimationFrame(tick);
        };
        requestAnimationFrame(tick);
      }),
    count,
  );
}
