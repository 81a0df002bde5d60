/* The jobs of the stream demo beside its download and its feed: an upload, a
 * download that goes on after each break, events, a WebSocket, the hash of a
 * file. What the page shows must be true, and what goes wrong must be told. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { ENGINES, openPage } from "../helpers/browser.js";
import { sends, startDemos } from "../helpers/server.js";

const LIMIT = { timeout: 90_000 };
const MIB = 1024 * 1024;
const BROKEN = [/ERR_CONTENT_LENGTH_MISMATCH|ERR_INCOMPLETE/];

async function openStream(t, routes = {}, options = {}) {
  const url = await startDemos(t, { routes });
  const opened = await openPage(t, `${url}stream.html`, options);
  await opened.page.locator("#hash-start:enabled").waitFor();
  return opened;
}

const click = (page, id) => page.locator(`#${id}`).click();

function statusIs(page, name, pattern) {
  return page.locator(`#${name}-status`).filter({ hasText: pattern }).waitFor();
}

async function numberIn(page, id) {
  const text = (await page.locator(`#${id}`).textContent()) ?? "";
  return Number(text.replaceAll(",", ""));
}

function figureExceeds(page, id, least) {
  return page.waitForFunction(
    ([where, number]) =>
      Number(
        document.querySelector(`#${where}`)?.textContent?.replaceAll(",", ""),
      ) > number,
    [id, least],
  );
}

const progressOf = (page, name) =>
  page.locator(`#${name}-progress`).evaluate((bar) => bar.value);

/** The bytes i % 251 at `from` and after. */
const pattern = (from, to) =>
  Buffer.from(
    Uint8Array.from({ length: to - from }, (_, i) => (from + i) % 251),
  );

for (const { engine, skip } of ENGINES) {
  test(
    `B1: an upload whose bytes are made meanwhile arrives whole, in ${engine}`,
    { ...LIMIT, skip },
    async (t) => {
      const { page } = await openStream(t, {}, { engine });
      await click(page, "upload-start");
      await statusIs(
        page,
        "upload",
        "The server has all 67,108,864 bytes, collected first",
      );
      assert.equal(await progressOf(page, "upload"), 1);
      assert.equal(await numberIn(page, "upload-sent"), 64);
    },
  );
}

test(
  "an upload of which the server has other bytes is told",
  LIMIT,
  async (t) => {
    const { page } = await openStream(t, {
      "/api/upload": (request, response) => {
        request.resume().on("end", () => {
          response.end('{"bytes":67108864,"sha256":"00"}');
        });
      },
    });
    await click(page, "upload-start");
    await statusIs(page, "upload", "Wrong: the server has other bytes.");
  },
);

test(
  "an upload that is cancelled reaches the server no more",
  LIMIT,
  async (t) => {
    let ask;
    const asked = new Promise((resolve) => {
      ask = resolve;
    });
    const { page } = await openStream(t, {
      // It never answers, and takes what comes.
      "/api/upload": (request, response) => {
        request.resume();
        ask({ left: new Promise((gone) => response.on("close", gone)) });
      },
    });
    await click(page, "upload-start");
    const { left } = await asked;
    await click(page, "upload-cancel");
    await statusIs(page, "upload", "Cancelled: ");
    await left;
    assert.ok(await page.locator("#upload-start").isEnabled());
  },
);

test(
  "B1: a download goes on by Range after each break, every byte right",
  LIMIT,
  async (t) => {
    const { page } = await openStream(t, {}, { expectErrors: BROKEN });
    await click(page, "resume-start");
    await statusIs(
      page,
      "resume",
      /^All 67,108,864 bytes are right, resumed \d+ times\.$/,
    );
    assert.equal(await progressOf(page, "resume"), 1);
    // A browser drops what it has not passed on yet when a connection breaks.
    const breaks = await numberIn(page, "resume-breaks");
    assert.ok(breaks >= 9, `${breaks} breaks`);
  },
);

/** Breaks after `size` bytes, when the test says so; then `second` answers. */
function breaksOnce(size, second) {
  const asked = [];
  let cut;
  return {
    asked,
    handler(request, response) {
      const { range, "if-range": ifRange } = request.headers;
      asked.push({ range, ifRange });
      if (asked.length > 1) return second(request, response);
      cut = () => response.socket?.end();
      response.writeHead(200, { "Content-Length": MIB, ETag: '"one"' });
      return response.write(pattern(0, size));
    },
    /** When the page has just these bytes: the bar may be an earlier one's. */
    async cutOnceThere(page) {
      await page.waitForFunction(
        (part) => document.querySelector("#resume-progress").value === part,
        size / MIB,
      );
      cut();
    },
  };
}

test(
  "a download whose content is another by now begins anew",
  LIMIT,
  async (t) => {
    const body = breaksOnce(1000, (_request, response) => {
      response.writeHead(200, { "Content-Length": MIB, ETag: '"two"' });
      response.end(pattern(0, MIB));
    });
    const { page } = await openStream(
      t,
      { "/api/parts": body.handler },
      { expectErrors: BROKEN },
    );
    await click(page, "resume-start");
    await body.cutOnceThere(page);
    await statusIs(
      page,
      "resume",
      "All 1,048,576 bytes are right, resumed once, begun anew once.",
    );
    assert.deepEqual(body.asked, [
      { range: undefined, ifRange: undefined },
      { range: "bytes=1000-", ifRange: '"one"' },
    ]);
  },
);

test(
  "a range that was not asked for, and a wrong byte, are told",
  LIMIT,
  async (t) => {
    const answers = [
      [1000, "bytes 999-1048575/1048576", pattern(999, MIB)],
      [2000, "bytes 2000-1048575/1048576", Buffer.alloc(MIB - 2000, 7)],
    ];
    let body;
    const { page } = await openStream(
      t,
      { "/api/parts": (request, response) => body.handler(request, response) },
      { expectErrors: BROKEN },
    );
    const said = [];
    for (const [size, range, bytes] of answers) {
      body = breaksOnce(size, (_request, response) => {
        response.writeHead(206, {
          "Content-Range": range,
          "Content-Length": bytes.length,
        });
        response.end(bytes);
      });
      await click(page, "resume-start");
      await body.cutOnceThere(page);
      await statusIs(page, "resume", "Failed: ");
      said.push(await page.locator("#resume-status").textContent());
    }
    assert.deepEqual(said, [
      "Failed: the server sent another range than 1000 on.",
      "Failed: byte 2000 is wrong.",
    ]);
  },
);

test("B1: events go on over connections that end", LIMIT, async (t) => {
  const { page } = await openStream(t);
  await click(page, "events-start");
  await figureExceeds(page, "events-connections", 2);
  await figureExceeds(page, "events-count", 55);
  await click(page, "events-cancel");
  await statusIs(
    page,
    "events",
    /Cancelled: all [\d,]+ events are right, over \d+ connections\./,
  );
});

test(
  "events that are lost, and a server that has none, are told",
  LIMIT,
  async (t) => {
    let answer = (_request, response) => {
      response.writeHead(200, { "Content-Type": "text/event-stream" });
      for (const id of [1, 2, 4]) {
        response.write(
          `event: tick\nid: ${id}\ndata: {"number":${id},"x":1}\n\n`,
        );
      }
    };
    const { page } = await openStream(t, {
      "/api/events": (request, response) => answer(request, response),
    });
    await click(page, "events-start");
    await figureExceeds(page, "events-count", 2);
    await click(page, "events-cancel");
    await page.locator("#events-start:enabled").waitFor();
    await statusIs(page, "events", "Wrong: 1 of 3 events.");
    answer = sends("no events", "text/plain");
    await click(page, "events-start");
    await statusIs(page, "events", /Failed: .*text\/plain/);
  },
);

test("what was mended is not why the events ended", LIMIT, async (t) => {
  const answers = [
    (_request, response) => response.writeHead(503).end(),
    sends("retry: 1\n\nevent: tick\nid: 1\ndata: {}\n\n", "text/event-stream"),
    (_request, response) => response.writeHead(404).end(),
  ];
  const { page } = await openStream(
    t,
    {
      "/api/events": (request, response) => answers.shift()(request, response),
    },
    { expectErrors: [/503/, /404/] },
  );
  await click(page, "events-start");
  await statusIs(page, "events", /^Failed: protocol error\.$/);
  assert.equal(await numberIn(page, "events-count"), 1);
});

test(
  "a job that begins anew shows nothing of the last one",
  LIMIT,
  async (t) => {
    let hold = false;
    const { page } = await openStream(t, {
      "/api/parts": (_request, response) => {
        if (!hold) {
          sends(pattern(0, MIB), "application/octet-stream")(null, response);
        }
      },
    });
    await click(page, "resume-start");
    await statusIs(page, "resume", "All 1,048,576 bytes are right");
    hold = true;
    // Without the timer that asks for figures now and then.
    await page.evaluate(() => {
      const last = setInterval(() => {}, 1e6);
      for (let id = 0; id <= last; id += 1) clearInterval(id);
    });
    await click(page, "resume-start");
    await page.waitForFunction(
      () => document.querySelector("#resume-progress").value === 0,
    );
    await click(page, "resume-cancel");
    await statusIs(page, "resume", "Cancelled: all 0 bytes are right");
  },
);

test(
  "what a job was started with cannot be changed meanwhile",
  LIMIT,
  async (t) => {
    const { page } = await openStream(t, { "/api/feed": () => {} });
    await click(page, "feed-start");
    await page.locator("#hz:disabled").waitFor();
    await click(page, "feed-cancel");
    await page.locator("#hz:enabled").waitFor();
    assert.ok(await page.locator("#hash-file").isEnabled());
  },
);

test("B1: a thousand messages come back as they went", LIMIT, async (t) => {
  const { page } = await openStream(t);
  await click(page, "echo-start");
  await statusIs(
    page,
    "echo",
    "All 1,000 messages came back the same, closed with 1000.",
  );
  assert.equal(await progressOf(page, "echo"), 1);
});

test(
  "D2: the hash of a file, read by pieces, is what Node says",
  LIMIT,
  async (t) => {
    const { page } = await openStream(t);
    const buffer = pattern(0, 5 * MIB + 12_345);
    const digest = createHash("sha256").update(buffer).digest("hex");
    await page.locator("#hash-file").setInputFiles({
      name: "noise.bin",
      mimeType: "application/octet-stream",
      buffer,
    });
    await statusIs(page, "hash", /^5,255,225 bytes hashed in [\d.,]+ s\.$/);
    assert.equal(await page.locator("#hash-digest").textContent(), digest);
    assert.equal(await page.locator("#hash-name").textContent(), "noise.bin");
    assert.equal(await progressOf(page, "hash"), 1);
    // The same file again, from its beginning.
    await click(page, "hash-start");
    await page.locator("#hash-cancel:disabled").waitFor();
    await statusIs(page, "hash", "5,255,225 bytes hashed");
    assert.equal(await page.locator("#hash-digest").textContent(), digest);
  },
);

/** Drops a file on the zone that exists only as pieces made when read. */
function dropFile(page, sizeBytes) {
  return page.evaluate((size) => {
    const piece = new Uint8Array(1 << 20).map((_, i) => (i * 7) & 0xff);
    const parts = Array.from({ length: size / piece.length }, () => piece);
    const file = new File([new Blob(parts)], "large.bin");
    const transfer = new DataTransfer();
    transfer.items.add(file);
    const event = new DragEvent("drop", {
      dataTransfer: transfer,
      bubbles: true,
      cancelable: true,
    });
    document.querySelector("#hash-zone").dispatchEvent(event);
  }, sizeBytes);
}

test("a dropped file is hashed, and a cancel stops it", LIMIT, async (t) => {
  const { page } = await openStream(t);
  const sizeBytes = 256 * MIB;
  await dropFile(page, sizeBytes);
  // In the page: by the time that the test has seen it all may be hashed.
  const part = await page.evaluate(async () => {
    const find = (id) => document.querySelector(`#${id}`);
    while (!(Number(find("hash-hashed").textContent) > 1)) {
      await new Promise((resolve) => requestAnimationFrame(resolve));
    }
    find("hash-cancel").click();
    return find("hash-progress").value;
  });
  assert.ok(part > 0 && part < 1, `${part} of it is shown meanwhile`);
  await statusIs(page, "hash", /Cancelled: [\d,]+ bytes hashed/);
  assert.ok((await numberIn(page, "hash-hashed")) < 256);
  assert.equal(await page.locator("#hash-digest").textContent(), "");
  await dropFile(page, 8 * MIB);
  await statusIs(page, "hash", "8,388,608 bytes hashed");
  const hash = createHash("sha256");
  const piece = Uint8Array.from({ length: MIB }, (_, i) => (i * 7) & 0xff);
  for (let i = 0; i < 8; i += 1) hash.update(piece);
  const digest = await page.locator("#hash-digest").textContent();
  assert.equal(digest, hash.digest("hex"));
});

test(
  "without a file there is nothing to hash, and the page says so",
  LIMIT,
  async (t) => {
    const { page } = await openStream(t);
    await click(page, "hash-start");
    await page
      .locator("#problem")
      .filter({ hasText: "choose a file first" })
      .waitFor();
    assert.ok(await page.locator("#hash-start").isEnabled());
    assert.equal(await page.locator("#hash-status").textContent(), "Failed.");
    // The next job is not one that went wrong.
    await click(page, "echo-start");
    await page.locator("#problem").waitFor({ state: "hidden" });
  },
);
