/* HTTP from C over Node's fetch to a real server: what goes up and comes down,
 * retries, deadlines and cancel at each stage as the server sees them, and
 * memory that stays flat. Rows B1 (streams both ways), C2 (no copy is kept). */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { load } from "../../js/index.js";
import { memory } from "../../js/fs/memory.js";
import { startNet } from "../helpers/net-server.js";
import { patternOf } from "../helpers/net-routes.js";
import { programPath, runProgram } from "../helpers/programs.js";

const LIMIT = { timeout: 60_000 };

/**
 * Runs a program against a server that it may reach.
 * @param {import("../helpers/net-server.js").Origin} server
 * @param {string} name
 * @param {string[]} args
 */
async function run(server, name, args) {
  const { code, lines, errors } = await runProgram(name, "wasm", {
    args,
    fetch: { allow: [server.origin] },
    mounts: { "/": memory() },
  });
  assert.deepEqual([code, errors], [0, []]);
  return lines;
}

/** @param {import("node:test").TestContext} t */
async function start(t) {
  const { plain } = await startNet(t, ["plain"]);
  return {
    plain,
    /** @param {string} command @param {string} path @param {string[]} more */
    request: (command, path, ...more) =>
      run(plain, "http-requests", [command, plain.url(path), ...more]),
    /** @param {string} command @param {string} path @param {string[]} more */
    upload: (command, path, ...more) =>
      run(plain, "http-upload", [command, plain.url(path), ...more]),
  };
}

/* ---- down ---- */

test("a body is read whole, with and without its length", LIMIT, async (t) => {
  const { request } = await start(t);
  for (const path of ["/bytes/100000", "/chunked/100000", "/gzip/100000"]) {
    const lines = await request("whole", path);
    assert.deepEqual(lines, ["status 200", "body 100000, wrong 0"], path);
  }
  assert.deepEqual(await request("whole", "/bytes/0"), [
    "status 200",
    "body 0, wrong 0",
  ]);
  assert.deepEqual(await request("whole", "/bytes/1001", "1000"), [
    "status 200",
    "body EFBIG",
  ]);
});

test(
  "what a response tells: status, length, address, headers",
  LIMIT,
  async (t) => {
    const { plain, request } = await start(t);
    const lines = await request("head", "/redirect/302?to=/bytes/300");
    const target = plain.url("/bytes/300");
    assert.deepEqual(lines.slice(0, 2), [
      "status 200",
      `length 300, flags 1, url ${target} (${target.length})`,
    ]);
    assert.ok(lines.includes("content-length: 300 (19)"), lines.join("\n"));
    assert.equal(lines.at(-1), "body 300, wrong 0");
    const [first, second, ...rest] = await request(
      "head",
      "/bytes/300",
      "HEAD",
    );
    assert.equal(first, "status 200");
    assert.match(second ?? "", /^length 0, flags 0, /);
    assert.equal(rest.at(-1), "body 0, wrong 0");
    const twice = await request("head", "/duplicate-headers");
    assert.ok(
      twice.includes("x-twice: one, two, three (24)"),
      twice.join("\n"),
    );
  },
);

test("a body by lines, as a file, as a channel", LIMIT, async (t) => {
  const { request } = await start(t);
  assert.deepEqual(await request("lines", "/lines/20000"), [
    "status 200",
    '{"at":0} (8)',
    '{"at":1} (8)',
    '{"at":2} (8)',
    "20000 lines, then OK",
  ]);
  assert.deepEqual(await request("save", "/chunked/300000", "/saved"), [
    "status 200",
    "saved 300000, file 300000, wrong 0",
  ]);
  assert.deepEqual(await request("channel", "/bytes/300000"), [
    "status 200",
    "300000 bytes, at most 1000, wrong 0, then OK",
  ]);
});

test(
  "a body that is cut short is told by every way to read",
  LIMIT,
  async (t) => {
    const { request } = await start(t);
    assert.deepEqual(await request("whole", "/cut/5000"), [
      "status 200",
      "body ECONNRESET",
    ]);
    assert.deepEqual(await request("channel", "/cut/5000"), [
      "status 200",
      "5000 bytes, at most 1000, wrong 0, then ECONNRESET",
    ]);
    assert.deepEqual(await request("save", "/cut/5000?chunked", "/saved"), [
      "status 200",
      "save ECONNRESET",
      "saved -15, file 5000, wrong 0",
    ]);
    const lines = await request("lines", "/short/10");
    assert.match(lines.at(-1) ?? "", /then ECONNRESET$/);
  },
);

test("progress goes up to the whole", LIMIT, async (t) => {
  const { request } = await start(t);
  assert.deepEqual(await request("progress", "/bytes/1000000"), [
    "status 200",
    "body 1000000, wrong 0",
    "told often: yes; down 1000000 of 1000000; the channel's newest: 1000000",
  ]);
});

/* ---- requests ---- */

test(
  "headers, method and bytes arrive as they were given",
  LIMIT,
  async (t) => {
    const { plain, request } = await start(t);
    const [, body = ""] = await request("bytes", "/upload", "PATCH");
    const told = JSON.parse(body.slice('body "'.length, -1));
    assert.deepEqual(
      [told.method, told.bytes, told.type, told.length],
      ["PATCH", 5, "text/x-test", "5"],
    );
    assert.equal(
      told.sha256,
      createHash("sha256").update("hello").digest("hex"),
    );
    const visit = await plain.visit("/upload");
    assert.equal(visit.headers["x-one"], "1");
  },
);

test("redirects: followed, counted, refused, shown", LIMIT, async (t) => {
  const { request } = await start(t);
  assert.deepEqual(await request("redirects", "/redirect/303", "follow"), [
    "status 200",
    "to nowhere",
    "body 10, wrong 0",
  ]);
  const [counted = ""] = await request("redirects", "/loop/0", "5");
  assert.match(counted, /^open ELOOP: ./);
  const [refused = ""] = await request("redirects", "/redirect/302", "error");
  assert.match(refused, /^open ELOOP: ./);
  assert.deepEqual(
    (await request("redirects", "/redirect/302", "manual")).slice(0, 2),
    ["status 302", "to /bytes/10"],
  );
});

test(
  "integrity: the right body is given, the wrong one is not",
  LIMIT,
  async (t) => {
    const { request } = await start(t);
    const hash = createHash("sha256").update(patternOf(5000)).digest("base64");
    assert.deepEqual(
      await request("integrity", "/bytes/5000", `sha256-${hash}`),
      ["status 200", "body 5000, wrong 0"],
    );
    const [wrong = ""] = await request(
      "integrity",
      "/bytes/5001",
      `sha256-${hash}`,
    );
    assert.match(wrong, /^open EBADMSG: ./);
  },
);

test("the policy is told before anything is sent", LIMIT, async (t) => {
  const { plain, request } = await start(t);
  assert.deepEqual(await request("policy", "/bytes/1"), ["allowed"]);
  const [refused = ""] = await run(plain, "http-requests", [
    "policy",
    "https://elsewhere.test/",
  ]);
  assert.match(refused, /^EACCES: .*elsewhere\.test/);
  assert.deepEqual(plain.log, []);
});

test(
  "no more requests to one origin at a time than the limit",
  LIMIT,
  async (t) => {
    const { request } = await start(t);
    assert.deepEqual(await request("limit", "/bytes/100", "3"), [
      "limit 0",
      "most at a time: 3",
    ]);
  },
);

/* ---- attempts ---- */

test("a request is made again until it is well", LIMIT, async (t) => {
  const { plain, request } = await start(t);
  assert.deepEqual(await request("again", "/flaky/a?times=2&status=503", "2"), [
    "status 200",
    "waited a second: no",
    'body "attempt 3"',
  ]);
  assert.deepEqual(await request("again", "/flaky/b?times=2&status=503", "1"), [
    "status 503",
    "waited a second: no",
    'body "not now"',
  ]);
  assert.deepEqual(await request("again", "/flaky/c?times=1", "1"), [
    "status 200",
    "waited a second: no",
    'body "attempt 2"',
  ]);
  assert.equal(plain.log.length, 3 + 2 + 2);
});

test(
  "a server's Retry-After is waited for, unless it is too long",
  LIMIT,
  async (t) => {
    const { plain, request } = await start(t);
    const path = "/flaky/d?times=1&status=429&after=";
    assert.deepEqual(await request("again", `${path}1`, "3"), [
      "status 200",
      "waited a second: yes",
      'body "attempt 2"',
    ]);
    assert.deepEqual(
      (await request("again", "/flaky/e?times=1&status=429&after=2", "3"))[0],
      "status 429",
    );
    assert.equal(plain.log.length, 3);
  },
);

/* ---- up ---- */

/** @param {number} bytes */
const hashOf = (bytes) =>
  createHash("sha256").update(patternOf(bytes)).digest("hex");

for (const [command, bytes] of /** @type {const} */ ([
  ["reader", 1_000_000],
  ["reader", 0],
  ["slow", 20_000],
  ["file", 300_000],
  ["buffer", 300_000],
])) {
  const title = `a body of ${bytes} bytes goes up whole: ${command}`;
  test(title, LIMIT, async (t) => {
    const { upload } = await start(t);
    const [status, json = "", given, told] = await upload(
      command,
      "/upload",
      String(bytes),
      "/body",
    );
    const streamed = command === "buffer" ? "no" : "yes";
    assert.equal(status, `status 200, streamed ${streamed}`);
    const { method, bytes: arrived, sha256 } = JSON.parse(json);
    assert.deepEqual([method, arrived, sha256], ["PUT", bytes, hashOf(bytes)]);
    assert.equal(
      given,
      command === "file"
        ? "given 0, last calls 0, goroutines 1"
        : `given ${bytes}, last calls 1, goroutines 1`,
    );
    assert.equal(told, `told yes, up ${bytes} of ${bytes}`);
  });
}

test("a file goes up again when the server fails", LIMIT, async (t) => {
  const { plain, upload } = await start(t);
  const path = "/flaky/up?times=2&status=503";
  const lines = await upload("again", path, "100000", "/body");
  assert.deepEqual(lines.slice(0, 2), [
    "status 200, streamed yes",
    "attempt 3",
  ]);
  assert.deepEqual(
    plain.visits.map((visit) => [visit.receivedBytes, visit.digest()]),
    Array(3).fill([100000, hashOf(100000)]),
  );
});

test(
  "a reader that fails ends the request at the server, too",
  LIMIT,
  async (t) => {
    const { plain, upload } = await start(t);
    // More than goes out before the server has seen the request.
    const [opened = "", given] = await upload("fails", "/upload", "30000000");
    assert.match(opened, /^open ENOSPC: ./);
    assert.equal(given, "given 30000000, last calls 1, goroutines 1");
    const { whole } = await (await plain.visit("/upload")).closed;
    assert.equal(whole, false);
  },
);

test(
  "a body that is too large to be held is refused, unsent",
  LIMIT,
  async (t) => {
    const { plain, upload } = await start(t);
    const [opened = "", given = ""] = await upload(
      "buffer",
      "/upload",
      "1000001",
    );
    assert.match(opened, /^open EFBIG: ./);
    assert.match(given, /last calls 1, goroutines 1$/);
    assert.deepEqual(plain.log, []);
  },
);

test(
  "a server that answers early gets no more of the body",
  LIMIT,
  async (t) => {
    const { upload } = await start(t);
    const lines = await upload("slow", "/early/3000", "10000000");
    assert.deepEqual(lines.slice(0, 2), ["status 200, streamed yes", "enough"]);
    assert.match(lines[2] ?? "", /last calls 1, goroutines 1$/);
  },
);

/* ---- given up ---- */

/**
 * Runs http-cancel; the server has seen the end before its last lines.
 * @param {import("node:test").TestContext} t
 * @param {string} stage
 * @param {string} how
 * @param {string} path
 * @param {boolean} closes whether the server's connection is closed
 */
async function giveUp(t, stage, how, path, closes = true) {
  const { plain } = await startNet(t, ["plain"]);
  /** @type {string[]} */
  const lines = [];
  /** @type {() => void} */
  let ended = () => {};
  const waitEnded = new Promise((resolve) => {
    ended = () => resolve(undefined);
  });
  /** @type {(text: string) => void} */
  let type = () => {};
  const stdin = new ReadableStream({
    start(controller) {
      type = (text) => controller.enqueue(new TextEncoder().encode(text));
    },
  });
  const app = await load(await readFile(programPath("http-cancel")), {
    args: [stage, how, plain.url(path)],
    fetch: { allow: [plain.origin] },
    stdin,
    stdout: (line) => {
      lines.push(line);
      ended();
    },
  });
  t.after(() => app.stop());
  const visit = await plain.visit(path);
  await waitEnded;
  // One that reads nothing does not see that the other side has left.
  if (path.endsWith("deaf")) visit.receive();
  if (closes) assert.equal((await visit.closed).whole, false);
  else await new Promise((resolve) => setTimeout(resolve, 1300));
  type("on\n");
  assert.equal(await app.exited, 0);
  return { lines, visit };
}

const NO_READER = "last calls 0, reader OK, goroutines 1";

for (const [how, answer] of /** @type {const} */ ([
  ["context", "ECANCELED after a wait"],
  ["deadline", "ETIMEDOUT after its time"],
  ["timeout", "ETIMEDOUT after its time"],
  ["idle", "ETIMEDOUT after its time"],
])) {
  test(`before the headers, by ${how}`, LIMIT, async (t) => {
    const { lines } = await giveUp(t, "open", how, "/never");
    assert.deepEqual(lines, [answer, "buffer untouched", NO_READER]);
  });
}

for (const [how, answer, error] of /** @type {const} */ ([
  ["timeout", "ETIMEDOUT after its time", "ETIMEDOUT"],
  ["idle", "ETIMEDOUT after its time", "ETIMEDOUT"],
])) {
  test(`in the body, by ${how}`, LIMIT, async (t) => {
    const { lines } = await giveUp(t, "read", how, "/stalls/3000");
    assert.deepEqual(lines, [
      answer,
      "buffer untouched",
      `body ${error}`,
      `then ${error}`,
      NO_READER,
    ]);
  });
}

test("in the body, by close", LIMIT, async (t) => {
  const { lines } = await giveUp(t, "read", "close", "/stalls/3000");
  const [answer, buffer, end] = lines;
  assert.equal(answer, "ECANCELED after a wait");
  assert.deepEqual([buffer, end], ["buffer untouched", NO_READER]);
});

for (const [how, answer] of /** @type {const} */ ([
  ["context", "ECANCELED after a wait"],
  ["deadline", "ETIMEDOUT after its time"],
])) {
  test(
    `a read by ${how}: what comes late is for the next`,
    LIMIT,
    async (t) => {
      const path = "/slow?ms=1500&bytes=3";
      const { lines } = await giveUp(t, "read", how, path, false);
      assert.deepEqual(lines, [
        answer,
        "buffer untouched",
        "body OK",
        "then more",
        NO_READER,
      ]);
    },
  );
}

for (const [how, answer] of /** @type {const} */ ([
  ["context", "ECANCELED after a wait"],
  ["timeout", "ETIMEDOUT after its time"],
  ["idle", "ETIMEDOUT after its time"],
])) {
  test(`while a body goes up, by ${how}`, LIMIT, async (t) => {
    const path = how === "idle" ? "/upload?deaf" : "/upload";
    const { lines } = await giveUp(t, "send", how, path);
    assert.deepEqual(lines, [
      answer,
      "buffer untouched",
      "last calls 1, reader OK, goroutines 1",
    ]);
  });
}

for (const how of /** @type {const} */ (["context", "timeout"])) {
  test(`while its reader waits, by ${how}`, LIMIT, async (t) => {
    const { lines } = await giveUp(t, "wait", how, "/upload");
    assert.equal(lines[2], "last calls 1, reader ECANCELED, goroutines 1");
  });
}

/* ---- large ---- */

const GIB = 2 ** 30;

test("a gigabyte comes down and memory stays flat", LIMIT, async (t) => {
  const { plain } = await startNet(t, ["plain"]);
  const before = process.memoryUsage();
  let most = 0;
  const timer = setInterval(() => {
    const { rss } = process.memoryUsage();
    most = Math.max(most, rss - before.rss);
  }, 20);
  t.after(() => clearInterval(timer));
  const lines = await run(plain, "http-large", [
    "down",
    plain.url(`/bytes/${GIB}`),
  ]);
  assert.deepEqual(lines, [`${GIB} bytes, wrong 0, then OK; memory as before`]);
  assert.ok(most < 200 * 2 ** 20, `grew by ${most >> 20} MiB`);
});

// Node's own memory does not: its fetch clones the request and keeps what went
// up, in case it is redirected.
test(
  "a large body goes up and the program's memory stays flat",
  LIMIT,
  async (t) => {
    const { plain } = await startNet(t, ["plain"]);
    const bytes = 128 * 2 ** 20;
    const [line = ""] = await run(plain, "http-large", [
      ...["up", plain.url("/upload"), String(bytes)],
    ]);
    assert.match(line, /wrong 0, then OK; memory as before$/);
    const visit = await plain.visit("/upload");
    assert.equal(visit.receivedBytes, bytes);
  },
);
