/* NDJSON read by a C program from a real server: lines however they are cut,
 * and how it goes on by a callback or by the id of the last text. Row B1. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { answering, feedOf, status } from "../helpers/feeds.js";
import { runProgram } from "../helpers/programs.js";
import { startServer } from "../helpers/server.js";

const LIMIT = { timeout: 30_000 };
const { whole: lines, cut, stays, inPieces } = feedOf("application/x-ndjson");

/** A server that answers one after the other, the last again and again. */
async function serve(t, answers) {
  const { requests, handler } = answering(...answers);
  const url = await startServer(t, { "/log": handler });
  return { url: `${url}log`, requests };
}

async function run(url, ...args) {
  const { code, lines: output } = await runProgram("ndjson", "wasm", {
    args: [url, ...args],
    fetch: ["http://127.0.0.1:*"],
  });
  assert.equal(code, 0);
  return output;
}

test("texts come one by one, blank lines left out", LIMIT, async (t) => {
  const text = '{"a":1}\r\n\n"grüße"\n \t\r\n[1,2]';
  for (const answer of [lines(text), inPieces(text, 1)]) {
    const { url, requests } = await serve(t, [answer]);
    assert.deepEqual(await run(url), [
      '{"a":1} 7',
      '"grüße" 9',
      "[1,2] 5",
      "OK",
    ]);
    assert.equal(requests.length, 1);
  }
});

test(
  "a body that is cut short is an error, its last line dropped",
  LIMIT,
  async (t) => {
    const { url } = await serve(t, [cut('{"a":1}\n{"b":')]);
    assert.deepEqual(await run(url), ['{"a":1} 7', "ECONNRESET"]);
  },
);

test("statuses that are not 2xx are refused with words", LIMIT, async (t) => {
  for (const code of [404, 500, 301]) {
    const { url } = await serve(t, [status(code)]);
    const [line] = await run(url);
    const what = code === 301 ? /^open: E/ : /^open: EPROTO: .* status is \d+$/;
    assert.match(line, what);
  }
  const { url } = await serve(t, [status(204)]);
  assert.deepEqual(await run(url), ["OK"]);
});

test("a line above the limit is dropped, the next comes", LIMIT, async (t) => {
  const long = `"${"x".repeat(9000)}"`;
  const { url } = await serve(t, [lines(`${long}\n1\n${long}\n${long}`)]);
  assert.deepEqual(await run(url, "line-limit=100"), [
    "too long",
    "1 1",
    "too long",
    "too long",
    "OK",
  ]);
});

test("a callback says from where it goes on", LIMIT, async (t) => {
  const { url, requests } = await serve(t, [
    lines("1\n2\n"),
    cut("3\n4\n5"),
    status(503),
    lines("5\n"),
  ]);
  assert.deepEqual(await run(url, "resume", "retry=1"), [
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
    requests.map((request) => request.url),
    ["/log", "/log?from=2", "/log?from=4", "/log?from=4"],
  );
  assert.deepEqual(
    requests.map(({ headers }) => headers["x-lines"]),
    [undefined, "2", "4", "4"],
  );
});

test("a callback's error ends it", LIMIT, async (t) => {
  const { url } = await serve(t, [lines("0\n".repeat(9))]);
  const output = await run(url, "resume", "retry=1");
  assert.deepEqual(output.slice(-2), ["resume at 9: OK", "ENOSPC"]);
});

for (const { name, text, id } of [
  { name: "a string", text: '{"id":"a1"}', id: "a1" },
  { name: "a number", text: '{ "x": 0, "id" : -1.5e3 }', id: "-1.5e3" },
  { name: "escapes", text: '{"id":"\\u00fc\\ud83d\\ude00\\/"}', id: "ü😀/" },
  { name: "escapes in the name", text: '{"i\\u0064":"b"}', id: "b" },
  {
    name: "what is not at the top",
    text: '{"a":{"id":1},"b":["id",{"id":2}],"c":"\\"id\\":3,}","id":4}',
    id: "4",
  },
  { name: "no such member", text: '{"ID":1,"iid":2}', id: undefined },
  { name: "no header can have it", text: '{"id":"a\\nb"}', id: undefined },
  { name: "an object", text: '{"id":{}}', id: undefined },
  { name: "a surrogate alone", text: '{"id":"\\ud83d!"}', id: undefined },
  { name: "no object", text: '["id",1]', id: undefined },
  { name: "no JSON", text: '{"id', id: undefined },
]) {
  test(
    `the id of the last text goes with the next request: ${name}`,
    LIMIT,
    async (t) => {
      const { url, requests } = await serve(t, [
        cut(`${text}\n`),
        lines("1\n"),
      ]);
      const output = await run(url, "member=id", "retry=1");
      if (id === undefined) {
        // From the beginning again would repeat what was read.
        assert.equal(output.at(-1), "ECONNRESET");
        assert.equal(requests.length, 1);
        return;
      }
      assert.deepEqual(output.slice(1), ["1 1", "OK"]);
      const sent = requests[1].headers["last-event-id"];
      assert.equal(Buffer.from(sent, "latin1").toString(), id);
    },
  );
}

test("deadlines of the calls lose nothing", LIMIT, async (t) => {
  const slow = (response) => {
    response.writeHead(200, { "Content-Type": "application/x-ndjson" });
    setTimeout(() => response.write('{"a"'), 30);
    setTimeout(() => response.end(":1}\n2"), 60);
  };
  const { url } = await serve(t, [slow]);
  assert.deepEqual(await run(url, "wait=5"), ['{"a":1} 7', "2 1", "OK"]);
});

test(
  "B1: closing wakes who reads, and the server sees it",
  LIMIT,
  async (t) => {
    const { url, requests } = await serve(t, [stays("1\n2")]);
    assert.deepEqual(await run(url, "close-in=40"), ["1 1", "ECANCELED"]);
    await requests[0].closed;
  },
);
