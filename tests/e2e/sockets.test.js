/* WebSockets of a C program, in Node with the class of the package ws, against
 * a real server: messages both ways, limits, closes of every kind, and what the
 * server sees of it. Rows B1 (cancel reaches the server) and D2 (the list). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { WebSocket } from "ws";
import { websocket } from "../../js/websocket.js";
import { BUILDS, runProgram } from "../helpers/programs.js";
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
        'end after 0: 3001 ""',
      ],
    );
    assert.deepEqual(await accepted[0].closed, {
      code: 3001,
      reason: "enough",
    });
  });
}
