/* NDJSON read by a C program in Chromium and Firefox (row B1): lines however
 * they are cut, going on by a callback and by the last id, and closing. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ENGINES } from "../helpers/browser.js";
import { answering, feedOf } from "../helpers/feeds.js";
import { openNet } from "../helpers/net-page.js";

const LIMIT = { timeout: 60_000 };
const { whole: lines, cut, stays, inPieces } = feedOf("application/x-ndjson");

for (const { engine, skip } of ENGINES) {
  const limits = { ...LIMIT, skip };

  /** Runs the program in a page beside the log. */
  async function run(t, log, args, complaints = []) {
    const { run: runInPage } = await openNet(t, ["plain"], {
      engine,
      programs: ["ndjson"],
      routes: { "/log": log.handler },
      complaints: { chromium: complaints },
    });
    const options = { fetch: "'self'" };
    const found = await runInPage("ndjson", ["/log", ...args], options);
    assert.equal(found.code, 0);
    return found.lines;
  }

  test(`texts come one by one, ${engine}`, limits, async (t) => {
    const log = answering(inPieces('{"a":1}\r\n\n"grüße 😀"\n[1,2]', 3));
    assert.deepEqual(await run(t, log, []), [
      '{"a":1} 7',
      '"grüße 😀" 14',
      "[1,2] 5",
      "OK",
    ]);
  });

  test(`it goes on by a callback, ${engine}`, limits, async (t) => {
    const log = answering(lines("1\n2\n"), cut("3\n4\n5"), lines("5\n"));
    const errors = [/ERR_INCOMPLETE_CHUNKED_ENCODING/];
    assert.deepEqual(await run(t, log, ["resume", "retry=1"], errors), [
      "1 1",
      "2 1",
      "resume at 2: OK",
      "3 1",
      "4 1",
      "resume at 4: ECONNRESET",
      "5 1",
      "resume at 5: OK",
      "OK",
    ]);
    assert.deepEqual(
      log.requests.map(({ url }) => url),
      ["/log", "/log?from=2", "/log?from=4"],
    );
  });

  test(
    `it goes on by the id of the last text, ${engine}`,
    limits,
    async (t) => {
      const log = answering(cut('{"id":"a1"}\n{"id":"a2'), lines('{"id":3}\n'));
      const errors = [/ERR_INCOMPLETE_CHUNKED_ENCODING/];
      assert.deepEqual(await run(t, log, ["member=id", "retry=1"], errors), [
        '{"id":"a1"} 11',
        '{"id":3} 8',
        "OK",
      ]);
      assert.equal(log.requests[1].headers["last-event-id"], "a1");
    },
  );

  test(`B1: closing it reaches the server, ${engine}`, limits, async (t) => {
    const log = answering(stays("1\n2"));
    assert.deepEqual(await run(t, log, ["close-in=300"]), ["1 1", "ECANCELED"]);
    await log.requests[0].closed;
  });
}
