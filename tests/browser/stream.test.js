/* The stream demo: bytes and lines are checked, a cancel reaches the server,
 * failures are told, and the page's clock goes on beside it all. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createServer } from "../../web/serve.mjs";
import { openPage } from "../helpers/browser.js";
import {
  diesMidBody,
  gatedBody,
  sends,
  startDemos,
} from "../helpers/server.js";

const LIMIT = { timeout: 90_000 };

/** The bound for the page's clock while the download runs. */
const GAP_MS = 50;
/** A gap of another process's making does not come three times. */
const TRIES = 3;

/** A route of the demo server that tells how many requests are open on it. */
function countedRoute() {
  const demos = createServer();
  const open = new Set();
  /** @type {(() => void)[]} */
  let waiting = [];
  const changed = () => {
    for (const look of waiting) look();
  };
  return {
    open,
    handler: (request, response) => {
      open.add(response);
      response.on("close", () => {
        open.delete(response);
        changed();
      });
      demos.emit("request", request, response);
      changed();
    },
    /** Resolves when that many are open. */
    opens: (count) =>
      new Promise((resolve) => {
        const look = () => {
          if (open.size !== count) return;
          waiting = waiting.filter((other) => other !== look);
          resolve(undefined);
        };
        waiting.push(look);
        look();
      }),
  };
}

async function openStream(t, routes = {}, options = {}) {
  const url = await startDemos(t, { routes });
  const opened = await openPage(t, `${url}stream.html`, options);
  await button(opened.page, "feed-start").and(enabled(opened.page)).waitFor();
  return opened;
}

const button = (page, id) => page.locator(`#${id}`);
const enabled = (page) => page.locator("button:enabled");

function statusIs(page, name, pattern) {
  return page.locator(`#${name}-status`).filter({ hasText: pattern }).waitFor();
}

async function numberIn(page, selector) {
  const text = (await page.locator(selector).textContent()) ?? "";
  return Number(text.replaceAll(",", ""));
}

function figureExceeds(page, selector, least) {
  return page.waitForFunction(
    ([where, number]) =>
      Number(document.querySelector(where)?.textContent?.replaceAll(",", "")) >
      number,
    [selector, least],
  );
}

/** The longest time between two of the page's frames while `work` goes on. */
async function longestGap(page, work) {
  await page.evaluate(() => {
    const watch = { longest: 0, last: 0, frames: 0, on: true };
    window.watch = watch;
    const tick = (timestamp) => {
      if (watch.last > 0) {
        watch.longest = Math.max(watch.longest, timestamp - watch.last);
      }
      watch.last = timestamp;
      watch.frames += 1;
      if (watch.on) requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  });
  await work();
  return page.evaluate(() => {
    window.watch.on = false;
    return window.watch;
  });
}

test(
  "B1, A3: 200 MB checked byte by byte, and no frame of the page is late",
  LIMIT,
  async (t) => {
    const { page } = await openStream(t);
    await button(page, "feed-start").click();
    await figureExceeds(page, "#feed-lines", 0);
    const gaps = [];
    for (let run = 0; run < TRIES; run += 1) {
      const linesBefore = await numberIn(page, "#feed-lines");
      const { longest, frames } = await longestGap(page, async () => {
        await button(page, "download-start").click();
        await statusIs(page, "download", "All 209,715,200 bytes are right.");
      });
      const rate = await numberIn(page, "#download-rate");
      const shown = await numberIn(page, "#gap");
      t.diagnostic(
        `${rate} MB/s, longest gap ${longest.toFixed(1)} ms ` +
          `in ${frames} frames (on the page: ${shown} ms)`,
      );
      assert.ok(rate > 0, "the rate is shown");
      assert.equal(
        await page.locator("#download-progress").evaluate((bar) => bar.value),
        1,
      );
      // The feed went on meanwhile.
      await figureExceeds(page, "#feed-lines", linesBefore);
      gaps.push(Math.max(longest, shown));
      if (gaps.at(-1) < GAP_MS) break;
    }
    assert.ok(Math.min(...gaps) < GAP_MS, `longest gaps: ${gaps} ms`);
    await button(page, "feed-cancel").click();
    await statusIs(page, "feed", /Cancelled: all [\d,]+ lines are right\./);
  },
);

test(
  "B1: a cancel of the feed closes the connection at the server",
  LIMIT,
  async (t) => {
    const feed = countedRoute();
    const { page } = await openStream(t, { "/api/feed": feed.handler });
    for (const hz of ["200", "20000"]) {
      await page.getByLabel("JSON lines a second:").selectOption(hz);
      await button(page, "feed-start").click();
      await feed.opens(1);
      await figureExceeds(page, "#feed-rate", 0);
      await figureExceeds(page, "#feed-lines", Number(hz) / 4);
      await button(page, "feed-cancel").click();
      await feed.opens(0);
      await statusIs(page, "feed", /Cancelled: all [\d,]+ lines are right\./);
    }
    const points = await page.locator("#curve").getAttribute("points");
    assert.ok((points ?? "").split(" ").length > 100, "the values are plotted");
  },
);

test(
  "B1: a cancel of the download, while the server holds it up",
  LIMIT,
  async (t) => {
    const body = gatedBody("application/octet-stream");
    const { page } = await openStream(t, { "/api/download": body.handler });
    await button(page, "download-start").click();
    await body.requested;
    await body.send(
      Uint8Array.from({ length: 2 * 1024 * 1024 }, (_, i) => i % 251),
    );
    await figureExceeds(page, "#download-checked", 1.9);
    await button(page, "download-cancel").click();
    await body.closed;
    await statusIs(
      page,
      "download",
      "Cancelled: all 2,097,152 bytes are right.",
    );
    assert.ok(await button(page, "download-start").isEnabled());
  },
);

test("a cancel before the server has answered", LIMIT, async (t) => {
  /** @type {(response: import("node:http").ServerResponse) => void} */
  let asked;
  const request = new Promise((resolve) => {
    asked = resolve;
  });
  const { page } = await openStream(t, {
    "/api/download": (_request, response) => asked(response),
  });
  await button(page, "download-start").click();
  const response = await request;
  const closed = new Promise((resolve) => response.on("close", resolve));
  await button(page, "download-cancel").click();
  await statusIs(page, "download", "Cancelled: all 0 bytes are right.");
  await closed;
});

test("one wrong byte is found, and where", LIMIT, async (t) => {
  const bytes = Uint8Array.from({ length: 1_000_000 }, (_, i) => i % 251);
  bytes[777_777] ^= 1;
  const { page } = await openStream(t, {
    "/api/download": sends(bytes, "application/octet-stream"),
  });
  await button(page, "download-start").click();
  await statusIs(page, "download", "Wrong: byte 777,777 is wrong.");
});

test("a lost line is found", LIMIT, async (t) => {
  const lines = [0, 1, 3].map((seq) => {
    const value = Number(Math.sin(seq / 50).toFixed(6));
    return `${JSON.stringify({ seq, time: 1, value })}\n`;
  });
  const { page } = await openStream(t, {
    "/api/feed": sends(lines.join(""), "application/x-ndjson"),
  });
  await button(page, "feed-start").click();
  await statusIs(page, "feed", "Wrong: 1 of 3 lines.");
});

test(
  "a server that dies mid-body, refuses or is not there is told of, and the rest goes on",
  LIMIT,
  async (t) => {
    const feed = countedRoute();
    let mode = diesMidBody("0123");
    const { page } = await openStream(
      t,
      {
        "/api/feed": feed.handler,
        "/api/download": (request, response) => mode(request, response),
      },
      { expectErrors: [/ERR_CONTENT_LENGTH_MISMATCH|ERR_INCOMPLETE/, /503/] },
    );
    await button(page, "feed-start").click();
    await feed.opens(1);
    await button(page, "download-start").click();
    await statusIs(page, "download", "Failed: connection reset.");
    mode = (_request, response) => response.writeHead(503).end("busy");
    await button(page, "download-start").click();
    await statusIs(page, "download", "Failed: the server answered 503.");
    const lines = await numberIn(page, "#feed-lines");
    await figureExceeds(page, "#feed-lines", lines);
  },
);
