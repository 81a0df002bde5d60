/* Server-sent events of a C program in Chromium and Firefox (row B1): how they
 * come, what the browser does with the headers, going on after a break, and
 * that closing reaches the server. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ENGINES } from "../helpers/browser.js";
import { answering, feedOf, status } from "../helpers/feeds.js";
import { openNet } from "../helpers/net-page.js";

const LIMIT = { timeout: 60_000 };
const { whole: events, cut, stays } = feedOf("text/event-stream");

for (const { engine, skip } of ENGINES) {
  const limits = { ...LIMIT, skip };

  /** Runs the program in a page beside the feed. */
  async function run(t, feed, args, complaints = []) {
    const { run: runInPage } = await openNet(t, ["plain"], {
      engine,
      programs: ["sse"],
      routes: { "/feed": feed.handler },
      complaints: { chromium: complaints },
    });
    const options = { fetch: "'self'" };
    const { code, lines } = await runInPage("sse", ["/feed", ...args], options);
    assert.equal(code, 0);
    return lines;
  }

  test(`a stream goes on from the last id, ${engine}`, limits, async (t) => {
    const feed = answering(
      events("event: add\nid: 1\ndata: a\n\n:\r\r\ndata: grüße\r\n\r\n"),
      cut("id: ü…\ndata: b\n\ndata: cut"),
      status(503),
      events("data: c\n\n"),
      status(204),
    );
    const errors = [/503/, /ERR_INCOMPLETE_CHUNKED_ENCODING/];
    assert.deepEqual(await run(t, feed, ["retry=1"], errors), [
      'add "a" #1',
      'message "grüße" #1',
      'message "b" #ü…',
      'message "c" #ü…',
      "end, 3 connections, #ü…",
    ]);
    const sent = feed.requests.map(({ headers }) => headers["last-event-id"]);
    const bytes = sent.map((id) => id && Buffer.from(id, "latin1").toString());
    assert.deepEqual(bytes, [undefined, "1", "ü…", "ü…", "ü…"]);
    for (const { headers } of feed.requests) {
      assert.equal(headers.accept, "text/event-stream");
      assert.equal(headers["cache-control"], "no-cache");
    }
  });

  test(
    `a server that is quiet for too long is connected to again, ${engine}`,
    limits,
    async (t) => {
      const feed = answering(stays("id: 1\ndata: a\n\n"), status(204));
      assert.deepEqual(await run(t, feed, ["retry=1", "idle=200"]), [
        'message "a" #1',
        "end, 1 connections, #1",
      ]);
      await feed.requests[0].closed;
      assert.equal(feed.requests[1].headers["last-event-id"], "1");
    },
  );

  test(`B1: closing it reaches the server, ${engine}`, limits, async (t) => {
    const feed = answering(stays("data: a\n\n"));
    assert.deepEqual(await run(t, feed, ["close-in=300"]), [
      'message "a" #',
      "ECANCELED, 0 connections, #",
    ]);
    await feed.requests[0].closed;
    assert.equal(feed.requests.length, 1);
  });
}
