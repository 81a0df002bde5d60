/* WebSockets of a C program, in Node with the class of the package ws, against
 * a real server: messages both ways, limits, closes of every kind, and what the
 * server sees of it. Rows B1 (cancel reaches the server) and D2 (the list). */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { test } from "node:test";
import { WebSocket } from "ws";
import { load } from "../../js/index.js";
import { websocket } from "../../js/websocket.js";
import { BUILDS, programPath, runProgram } from "../helpers/programs.js";
import { refusedUrl } from "../helpers/server.js";
import { startWebSockets } from "../helpers/ws-server.js";

const LIMIT = { timeout: 30_000 };

/** Runs the program with its commands; answers its lines. */
async function run(args, { build = "wasm", ...options } = {}) {
  const { code, lines, errors } = await runProgram("sockets", build, {
    args,
    fetch: ["ws://127.0.0.1:*"],
    parts: [websocket({ WebSocket })],
    ...options,
  });
  assert.equal(code, 0);
  return Object.assign(lines, { errors });
}

for (const build of BUILDS) {
  test(`${build}: messages go both ways, text and binary`, LIMIT, async (t) => {
    const { url, accepted } = await startWebSockets(t);
    const lines = await run(
      [
        `open:${url}/echo`,
        ...["text:grüße", "bytes:100000", "bytes:0", "text:", "flush"],
        ...["receive", "receive", "receive", "receive"],
        ...["shutdown:3001:enough", "drain"],
      ],
      { build },
    );
    assert.deepEqual(
      [...lines],
      [
        'open: ok ""',
        ...["text: ok", "bytes: ok", "bytes: ok", "text: ok"],
        "flush: OK, nothing left",
        'text "grüße"',
        "binary 100000, 0 wrong",
        "binary 0, 0 wrong",
        'text ""',
        "shutdown: ok",
        'end after 0: 3001 "enough"',
      ],
    );
    assert.deepEqual(await accepted[0].closed, {
      code: 3001,
      reason: "enough",
    });
  });
}

test("the subprotocol is the server's choice among ours", LIMIT, async (t) => {
  const { url, log } = await startWebSockets(t);
  const lines = await run([
    ...["protocol:chat.v1", "protocol:chat.v2", `open:${url}/echo`],
  ]);
  assert.deepEqual([...lines], ['open: ok "chat.v1"']);
  const asked = log[0].headers["sec-websocket-protocol"];
  assert.equal(asked, "chat.v1,chat.v2");
});

test(
  "D2: what no source allows is refused, and how to allow it",
  LIMIT,
  async (t) => {
    const { url, log } = await startWebSockets(t);
    const fetch = [`${url}/echo`];
    const lines = await run(
      [`open:${url}/count`, `open:${url}/count`, `open:${url}/echo`],
      { fetch },
    );
    assert.match(
      lines[0],
      /^open: EACCES: fetch of ws:.* refused: allow it with/,
    );
    assert.equal(lines[2], 'open: ok ""');
    assert.deepEqual(
      log.map(({ path }) => path),
      ["/echo"],
    );
    assert.equal(lines.errors.length, 1, "told once");
    assert.ok(lines.errors[0].includes(url), lines.errors[0]);
    const none = await run([`open:${url}/echo`], { fetch: undefined });
    assert.match(none[0], /^open: EACCES/);
  },
);

test(
  "an address of http: is that of ws: on the same host",
  LIMIT,
  async (t) => {
    const { origin, url } = await startWebSockets(t);
    const lines = await run([`open:${origin}/echo#part`], { fetch: [url] });
    assert.deepEqual([...lines], ['open: ok ""']);
  },
);

test("what cannot be opened, and why", LIMIT, async (t) => {
  const { url } = await startWebSockets(t);
  const dead = (await refusedUrl()).replace("http", "ws");
  for (const { args, pattern } of [
    {
      args: [`open:${url}/nowhere`],
      pattern: /EIO: WebSocket to .* failed: .*404/,
    },
    { args: [`open:${dead}`], pattern: /EIO: .*ECONNREFUSED/ },
    { args: ["open:not a url"], pattern: /EINVAL: not a URL/ },
    { args: ["open:/relative"], pattern: /EINVAL: not a URL/ },
    { args: ["open:ftp://host/"], pattern: /EINVAL: not a WebSocket's URL/ },
    { args: ["open:ws://a:b@host/"], pattern: /EINVAL: a URL with a password/ },
    {
      args: ["protocol:a b", `open:${url}/echo`],
      pattern: /EINVAL: .*subprotocol/,
    },
    {
      args: ["protocol:a", "protocol:a", `open:${url}/echo`],
      pattern: /EINVAL: .*subprotocol/,
    },
    { args: ["protocol:", `open:${url}/echo`], pattern: /EINVAL/ },
  ]) {
    const [line] = await run(args);
    assert.match(line, pattern);
  }
});

test("a host without WebSocket says what it wants", LIMIT, async (t) => {
  const known = Object.getOwnPropertyDescriptor(globalThis, "WebSocket");
  delete globalThis.WebSocket;
  t.after(() => known && Object.defineProperty(globalThis, "WebSocket", known));
  const [line] = await run(["open:ws://127.0.0.1:1/"], {
    parts: [websocket()],
  });
  assert.match(line, /^open: ENOTSUP: .*websocket\(\{ WebSocket \}\)/);
});

/** A server that takes connections and says nothing. */
async function startMute(t) {
  const sockets = [];
  const server = createServer((socket) => {
    const closed = once(
      socket.resume().on("error", () => {}),
      "close",
    );
    sockets.push({ closed });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  return { url: `ws://127.0.0.1:${server.address().port}/`, sockets };
}

for (const { how, args, code } of [
  { how: "its deadline", args: ["limit:50"], code: "ETIMEDOUT" },
  { how: "its context", args: ["cancel-in:50"], code: "ECANCELED" },
]) {
  test(
    `B1: ${how} ends the connecting, and the server sees it`,
    LIMIT,
    async (t) => {
      const { url, sockets } = await startMute(t);
      const [line] = await run([...args, `open:${url}`]);
      assert.match(line, new RegExp(`^open: ${code}: `));
      await sockets[0].closed;
    },
  );

  test(
    `B1: ${how} ends a receive, and the socket is still good`,
    LIMIT,
    async (t) => {
      const { url, accepted } = await startWebSockets(t);
      const lines = await run([
        `open:${url}/echo`,
        ...args,
        ...["receive", "limit:0", "uncancel:", "text:still here", "receive"],
      ]);
      assert.deepEqual(
        [...lines],
        [
          'open: ok ""',
          `${code} after 0: 0 ""`,
          "text: ok",
          'text "still here"',
        ],
      );
      assert.equal((await accepted[0].closed).code, 1000);
    },
  );

  test(
    `B1: ${how} ends a send, and nothing of the message is sent`,
    LIMIT,
    async (t) => {
      const got = [];
      const deaf = (connection) => {
        connection.pause();
        connection.on("message", (data) => got.push(data.length));
      };
      const server = await startWebSockets(t, { routes: { "/deaf": deaf } });
      const running = run([
        ...["send-limit:200000", `open:${server.url}/deaf`, "fill:65536"],
        ...args,
        ...[
          "bytes:3",
          "limit:0",
          "uncancel:",
          "sleep:20",
          "flush",
          "text:last",
        ],
        "flush",
      ]);
      const connection = await server.connection();
      // Long after the send has ended.
      setTimeout(() => connection.resume(), 300);
      const lines = await running;
      assert.deepEqual(
        [...lines],
        [
          'open: ok ""',
          "fill: EAGAIN",
          `bytes: ${code}`,
          "flush: OK, nothing left",
          "text: ok",
          "flush: OK, nothing left",
        ],
      );
      assert.equal((await connection.closed).code, 1000);
      assert.ok(!got.includes(3), "the message that was given up");
      assert.equal(got.at(-1), 4);
      assert.ok(got.slice(0, -1).every((size) => size === 65_536));
    },
  );
}

test(
  "a send waits for the server to read, and goes on then",
  LIMIT,
  async (t) => {
    const server = await startWebSockets(t);
    const running = run([
      ...["send-limit:100000", `open:${server.url}/deaf`, "fill:65536"],
      ...["try:1", "bytes:1000", "flush"],
    ]);
    const connection = await server.connection();
    setTimeout(() => connection.resume(), 50);
    assert.deepEqual(
      [...(await running)],
      [
        'open: ok ""',
        ...[
          "fill: EAGAIN",
          "try: EAGAIN",
          "bytes: ok",
          "flush: OK, nothing left",
        ],
      ],
    );
  },
);

test(
  "messages of goroutines that wait for room are sent whole",
  LIMIT,
  async (t) => {
    const { url } = await startWebSockets(t);
    const lines = await run(["send-limit:1", `open:${url}/echo`, "crowd"]);
    assert.deepEqual([...lines], ['open: ok ""', "20 20 20 20 20 of each"]);
  },
);

test(
  "text that is not UTF-8 is refused, and nothing is sent",
  LIMIT,
  async (t) => {
    const { url } = await startWebSockets(t);
    const lines = await run([
      ...[`open:${url}/echo`, "bad-text", "text:good", "receive"],
    ]);
    assert.deepEqual(lines.slice(1), [
      "bad-text: EILSEQ",
      "text: ok",
      'text "good"',
    ]);
  },
);

test(
  "a message in frames, with a ping between, is one message",
  LIMIT,
  async (t) => {
    const { url } = await startWebSockets(t);
    const lines = await run([`open:${url}/pieces`, "drain"]);
    assert.deepEqual(lines.slice(1), [
      'text "grüße aus stücken 😀"',
      'end after 1: 1000 ""',
    ]);
  },
);

test("messages keep their order, however many wait", LIMIT, async (t) => {
  const { url } = await startWebSockets(t);
  const lines = await run([
    `open:${url}/count?n=500`,
    ...["sleep:50", ...Array(500).fill("receive")],
  ]);
  assert.deepEqual(
    lines.slice(1),
    Array.from({ length: 500 }, (_, i) => `text "message ${i}"`),
  );
});

for (const { query, end } of [
  { query: "code=1000", end: '1000 ""' },
  { query: "code=4321&reason=sch%C3%B6n", end: '4321 "schön"' },
  { query: "code=1001", end: '1001 ""' },
  { query: "code=1005", end: '1005 ""' },
]) {
  test(`the server closes: ${query}`, LIMIT, async (t) => {
    const { url } = await startWebSockets(t);
    const lines = await run([
      `open:${url}/close?${query}`,
      ...["drain", "receive", "text:late", "shutdown:1000", "flush"],
    ]);
    assert.deepEqual(lines.slice(1), [
      'text "goodbye"',
      `end after 1: ${end}`,
      `end after 0: ${end}`,
      "text: EPIPE",
      "shutdown: ok",
      "flush: OK, nothing left",
    ]);
  });
}

test(
  "a connection that breaks is ECONNRESET, after what came",
  LIMIT,
  async (t) => {
    const { url } = await startWebSockets(t);
    const lines = await run([
      `open:${url}/cut`,
      "drain",
      "receive",
      "text:late",
    ]);
    assert.deepEqual(lines.slice(1), [
      'text "half"',
      'ECONNRESET after 1: 1006 ""',
      'ECONNRESET after 0: 1006 ""',
      "text: ECONNRESET",
    ]);
  },
);

test("codes and reasons that may not be are refused", LIMIT, async (t) => {
  const { url, accepted } = await startWebSockets(t);
  const lines = await run([
    `open:${url}/echo`,
    ...["shutdown:1001", "shutdown:2999", "shutdown:5000", "shutdown:-1"],
    `shutdown:3000:${"x".repeat(124)}`,
    ...["text:open still", "receive", "shutdown:4999:ü", "text:late", "drain"],
  ]);
  assert.deepEqual(lines.slice(1), [
    ...Array(5).fill("shutdown: EINVAL"),
    "text: ok",
    'text "open still"',
    ...["shutdown: ok", "text: EPIPE", 'end after 0: 4999 "ü"'],
  ]);
  assert.deepEqual(await accepted[0].closed, { code: 4999, reason: "ü" });
});

test("more than is read closes the connection by 4009", LIMIT, async (t) => {
  const { url, accepted } = await startWebSockets(t);
  const lines = await run([
    ...["receive-limit:200000", `open:${url}/flood`, "sleep:200", "drain:q"],
    ...["receive", "text:late"],
  ]);
  assert.deepEqual(lines.slice(1), [
    'ENOBUFS after 3: 4009 ""',
    'ENOBUFS after 0: 4009 ""',
    "text: EPIPE",
  ]);
  assert.equal((await accepted[0].closed).code, 4009);
});

test("who reads in time is not limited", LIMIT, async (t) => {
  const some = (connection) => {
    for (let i = 0; i < 40; i++) connection.send(new Uint8Array(65_536));
    connection.close(1000);
  };
  const { url } = await startWebSockets(t, { routes: { "/some": some } });
  const lines = await run([
    ...["receive-limit:4000000", `open:${url}/some`, "drain:q"],
  ]);
  assert.deepEqual(lines.slice(1), ['end after 40: 1000 ""']);
});

test(
  "pings are sent while nothing comes, and silence is an end",
  LIMIT,
  async (t) => {
    const pings = [];
    const counts = (connection) => {
      connection.on("message", (data) => {
        pings.push(data.toString());
        if (pings.length < 4) connection.send("pong");
      });
    };
    const server = await startWebSockets(t, { routes: { "/ping": counts } });
    const lines = await run([
      ...[
        "ping:20",
        "silence:150",
        `open:${server.url}/ping`,
        "drain",
        "text:x",
      ],
      "shutdown:1000",
    ]);
    assert.deepEqual(lines.slice(1), [
      ...Array(3).fill('text "pong"'),
      'ECONNRESET after 3: 1006 ""',
      "text: ECONNRESET",
      "shutdown: ok",
    ]);
    assert.ok(pings.length >= 5, `${pings.length} pings`);
    assert.ok(pings.every((text) => text === "ping"));
    await server.accepted[0].closed;
  },
);

test(
  "B1: who closes wakes who waits, and the server sees it",
  LIMIT,
  async (t) => {
    const { url, accepted } = await startWebSockets(t);
    const lines = await run([`open:${url}/silent`, "close-in:30", "receive"]);
    assert.equal(lines.length, 2);
    assert.match(lines[1], /^ECANCELED after 0/);
    assert.deepEqual(await accepted[0].closed, { code: 1000, reason: "" });
    const sends = await run([
      ...["send-limit:1000", `open:${url}/deaf`, "fill:65536", "close-in:30"],
      "bytes:1",
    ]);
    assert.equal(sends.at(-1), "bytes: ECANCELED");
  },
);

test("a program that is stopped closes its sockets", LIMIT, async (t) => {
  const server = await startWebSockets(t);
  let opened;
  const opening = new Promise((resolve) => {
    opened = resolve;
  });
  const app = await load(await readFile(programPath("sockets")), {
    args: [`open:${server.url}/silent`, "receive"],
    fetch: ["ws://127.0.0.1:*"],
    parts: [websocket({ WebSocket })],
    stdout: opened,
  });
  assert.equal(await opening, 'open: ok ""');
  await app.stop();
  assert.equal((await server.accepted[0].closed).code, 1000);
});

test(
  "GS_STRESS=grow: memory that moves at every import changes nothing",
  LIMIT,
  async (t) => {
    const { url } = await startWebSockets(t);
    const lines = await run(
      [`open:${url}/echo`, "bytes:70000", "text:ü", "receive", "receive"],
      { env: { GS_STRESS: "grow" } },
    );
    assert.deepEqual(lines.slice(1), [
      ...["bytes: ok", "text: ok", "binary 70000, 0 wrong", 'text "ü"'],
    ]);
  },
);
