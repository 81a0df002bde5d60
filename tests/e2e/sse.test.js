/* Server-sent events of a C program against a real server: how they come, how
 * the stream goes on when connections end or break, and how it ends. Row B1. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { answering, feedOf, status } from "../helpers/feeds.js";
import { runProgram } from "../helpers/programs.js";
import { startServer } from "../helpers/server.js";

const LIMIT = { timeout: 30_000 };

const TYPE = { "Content-Type": "text/event-stream" };
const { whole: events, cut, stays } = feedOf("text/event-stream");

/**
 * A server whose /events answers one after the other as the list says, the last
 * again and again.
 */
async function serve(t, answers) {
  const { requests, handler } = answering(...answers);
  const url = await startServer(t, { "/events": handler });
  return { url: `${url}events`, requests };
}

/** An event of whatever type. */
const typed = (headers) => (response) =>
  response.writeHead(200, headers).end("data: a\n\n");

async function run(url, ...args) {
  const { code, lines, errors } = await runProgram("sse", "wasm", {
    args: [url, ...args],
    fetch: ["http://127.0.0.1:*"],
  });
  assert.equal(code, 0);
  assert.deepEqual(errors, []);
  return lines;
}

test("events come with their type, data and id", LIMIT, async (t) => {
  const text =
    "retry: 10\n\nevent: add\nid: a1\ndata: one\ndata: two\n\n" +
    ":comment\n\ndata: grüße\n\n";
  const { url, requests } = await serve(t, [events(text), status(204)]);
  assert.deepEqual(await run(url), [
    'add "one\ntwo" #a1'.split("\n")[0],
    'two" #a1',
    'message "grüße" #a1',
    "end, 1 connections, #a1",
  ]);
  assert.equal(requests.length, 2);
  assert.equal(requests[0].headers.accept, "text/event-stream");
  assert.equal(requests[0].headers["last-event-id"], undefined);
  assert.equal(requests[1].headers["last-event-id"], "a1");
});

test(
  "after an end or a break it goes on from the last id",
  LIMIT,
  async (t) => {
    const { url, requests } = await serve(t, [
      events("id: 1\ndata: a\n\nid: 9\ndata: cut by the end\n"),
      cut("id: 2\ndata: b\n\ndata: cut"),
      events("data: c\n\nid\ndata: d\n\n"),
      events("data: e\n\n"),
      status(204),
    ]);
    assert.deepEqual(await run(url, "retry=1"), [
      'message "a" #1',
      'message "b" #2',
      'message "c" #2',
      'message "d" #',
      'message "e" #',
      "end, 4 connections, #",
    ]);
    assert.deepEqual(
      requests.map(({ headers }) => headers["last-event-id"]),
      [undefined, "1", "2", undefined, undefined],
    );
  },
);

test("what is asked for is kept for every connection", LIMIT, async (t) => {
  const { url, requests } = await serve(t, [
    events("data: a\n\n"),
    status(204),
  ]);
  await run(url, "retry=1", "header=mine", "post=body", "id=from before");
  for (const { method, body, headers } of requests) {
    assert.equal(method, "POST");
    assert.equal(body, "body");
    assert.equal(headers["x-own"], "mine");
    assert.equal(headers.accept, "text/event-stream");
    assert.equal(headers["last-event-id"], "from before");
  }
  assert.equal(requests.length, 2);
});

test("an id that is not ASCII goes out as its bytes", LIMIT, async (t) => {
  const { url, requests } = await serve(t, [
    events("id: ü…\ndata: a\n\n"),
    status(204),
  ]);
  assert.deepEqual(await run(url, "retry=1"), [
    'message "a" #ü…',
    "end, 1 connections, #ü…",
  ]);
  const id = requests[1].headers["last-event-id"];
  assert.equal(Buffer.from(id, "latin1").toString(), "ü…");
});

test("failures in between are waited out, up to a number", LIMIT, async (t) => {
  const { url, requests } = await serve(t, [
    events("data: a\n\n"),
    status(503),
    status(429),
    events("data: b\n\n"),
    status(500),
  ]);
  assert.deepEqual(await run(url, "retry=1", "retry-most=4", "retries=3"), [
    'message "a" #',
    'message "b" #',
    "EPROTO, 2 connections, #",
  ]);
  assert.equal(requests.length, 7);
});

test("a server that says when is not asked before", LIMIT, async (t) => {
  const { url, requests } = await serve(t, [
    events("data: a\n\n"),
    status(503, { "Retry-After": "3600" }),
    events("data: too soon\n\n"),
  ]);
  assert.deepEqual(await run(url, "retry=1", "close-in=300"), [
    'message "a" #',
    "ECANCELED, 0 connections, #",
  ]);
  assert.equal(requests.length, 2);
});

test("another status or type ends it with words", LIMIT, async (t) => {
  for (const { answer, words } of [
    { answer: status(404), words: "the status is 404" },
    { answer: status(204), words: "the status is 204" },
    { answer: status(503), words: "the status is 503" },
    {
      answer: typed({ "Content-Type": "text/html" }),
      words: "the type is text/html, not text/event-stream",
    },
    { answer: typed({}), words: "the type is not told, not text" },
  ]) {
    const { url } = await serve(t, [answer]);
    const [line] = await run(url, "retry=1");
    assert.ok(line.startsWith(`open: EPROTO: ${url}: ${words}`), line);
  }
  const parameters = { "Content-Type": "Text/Event-Stream; charset=utf-8" };
  const { url } = await serve(t, [typed(parameters), status(404)]);
  assert.deepEqual(await run(url, "retry=1"), [
    'message "a" #',
    "EPROTO, 1 connections, #",
  ]);
});

test("once: the end is the end, and a break an error", LIMIT, async (t) => {
  const { url } = await serve(t, [events("data: a\n\n")]);
  assert.deepEqual(await run(url, "once"), [
    'message "a" #',
    "end, 1 connections, #",
  ]);
  const broken = await serve(t, [cut("data: a\n\ndata: b")]);
  assert.deepEqual(await run(broken.url, "once"), [
    'message "a" #',
    "ECONNRESET, 1 connections, #",
  ]);
});

test(
  "an event above the limit is dropped, the next comes",
  LIMIT,
  async (t) => {
    const text = `data: ${"x".repeat(9000)}\n\ndata: b\n\n`;
    const { url } = await serve(t, [events(text), status(204)]);
    assert.deepEqual(await run(url, "retry=1", "event-limit=100"), [
      "too long",
      'message "b" #',
      "end, 1 connections, #",
    ]);
  },
);

test(
  "deadlines of the calls lose nothing, also while it connects",
  LIMIT,
  async (t) => {
    const slow = (text) => (response) => {
      setTimeout(() => response.writeHead(200, TYPE).flushHeaders(), 60);
      setTimeout(() => response.write(text.slice(0, 9)), 100);
      setTimeout(() => response.end(text.slice(9)), 140);
    };
    const { url, requests } = await serve(t, [
      slow("data: a\n\ndata: b\n\n"),
      slow("data: c\n\ndata: d\n\n"),
      status(204),
    ]);
    assert.deepEqual(await run(url, "retry=1", "wait=5"), [
      'message "a" #',
      'message "b" #',
      'message "c" #',
      'message "d" #',
      "timed out now and then",
      "end, 2 connections, #",
    ]);
    assert.equal(requests.length, 3);
  },
);

test(
  "B1: who closes it wakes who reads, and the server sees it",
  LIMIT,
  async (t) => {
    for (const answers of [
      [stays("data: a\n\n")],
      [events("data: a\n\n"), () => {}], // while it connects again
    ]) {
      const { url, requests } = await serve(t, answers);
      assert.deepEqual(await run(url, "retry=1", "close-in=60"), [
        'message "a" #',
        "ECANCELED, 0 connections, #",
      ]);
      assert.equal(requests.length, answers.length);
      await Promise.all(requests.map(({ closed }) => closed));
    }
    const waits = await serve(t, [events("data: a\n\n")]);
    assert.deepEqual(await run(waits.url, "retry=20000", "close-in=60"), [
      'message "a" #',
      "ECANCELED, 0 connections, #",
    ]);
  },
);

test("B1: a context ends the waits, and the opening", LIMIT, async (t) => {
  const { url, requests } = await serve(t, [stays("data: a\n\n")]);
  assert.deepEqual(await run(url, "cancel-in=60"), [
    'message "a" #',
    "ECANCELED, 1 connections, #",
  ]);
  await requests[0].closed;
  const silent = await serve(t, [() => {}]);
  const [line] = await run(silent.url, "cancel-in=60");
  assert.match(line, /^open: ECANCELED/);
  await silent.requests[0].closed;
  const [late] = await run(silent.url, "timeout=60");
  assert.match(late, /^open: ETIMEDOUT/);
  await silent.requests[1].closed;
});
