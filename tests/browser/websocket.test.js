/* WebSockets of a C program in Chromium and Firefox (SEEDS B1): messages both
 * ways, over TLS too, closes of every kind as the browser tells them, limits,
 * cancel, and what the server sees of it. The list of sources holds (D2). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { echo, serveWebSockets } from "../../web/ws-server.mjs";
import { ENGINES } from "../helpers/browser.js";
import { whyNoTls } from "../helpers/certificate.js";
import { defer } from "../helpers/defer.js";
import { openNet } from "../helpers/net-page.js";
import { startGate } from "../helpers/net-server.js";
import { startWebSockets } from "../helpers/ws-server.js";

const LIMIT = { timeout: 60_000 };
const TALK = ["text:grüße", "bytes:100000", "receive", "receive"];
const TALKED = [
  "text: ok",
  "bytes: ok",
  'text "grüße"',
  "binary 100000, 0 wrong",
];

for (const { engine, skip } of ENGINES) {
  const limits = { ...LIMIT, skip };

  /**
   * A page with the program, and how it is run.
   * @param {import("node:test").TestContext} t
   * @param {import("../helpers/net-server.js").Kind[]} kinds
   * @param {object} [options]
   */
  const open = async (t, kinds, options = {}) => {
    const opened = await openNet(t, kinds, {
      engine,
      programs: ["sockets"],
      ...options,
    });
    /** @param {string[]} args @param {import("../../js/http/policy.js").FetchOption} fetch */
    const talk = async (args, fetch) => {
      const more = { fetch, parts: ["websocket"] };
      const { code, lines, words } = await opened.run("sockets", args, more);
      assert.equal(code, 0, words);
      return lines;
    };
    return { ...opened, talk };
  };

  test(
    `'self' is the page's host by ws: and by wss:, ${engine}`,
    { ...limits, skip: skip || whyNoTls() },
    async (t) => {
      for (const kind of /** @type {const} */ (["plain", "tls"])) {
        const { talk, net } = await open(t, [kind]);
        const served = serveWebSockets(net[kind].server, { "/echo": echo });
        defer(t, () => served.close());
        const lines = await talk(["open:/echo", ...TALK], "'self'");
        assert.deepEqual(lines, ['open: ok ""', ...TALKED]);
      }
    },
  );

  test(
    `D2: no socket goes where no rule allows, ${engine}`,
    limits,
    async (t) => {
      const { talk } = await open(t, ["plain"]);
      const { url, log } = await startWebSockets(t);
      for (const rules of [
        [],
        "'self'",
        "http:",
        `POST=${url}`,
        `${url}/pong`,
      ]) {
        const [line = ""] = await talk([`open:${url}/echo`], rules);
        assert.match(line, /^open: EACCES: .*refused.*ws:\/\//, String(rules));
      }
      assert.deepEqual(log, []);
      const [line] = await talk([`open:${url}/echo`], url);
      assert.equal(line, 'open: ok ""');
    },
  );

  test(`closes of every kind, ${engine}`, limits, async (t) => {
    const { talk } = await open(t, ["plain"]);
    const { url, accepted } = await startWebSockets(t);
    for (const [args, wanted] of [
      [
        ["open:/close?code=4001&reason=bye", "drain"],
        ['text "goodbye"', 'end after 1: 4001 "bye"'],
      ],
      [
        ["open:/cut-later", "text:now", "drain"],
        ["text: ok", 'ECONNRESET after 0: 1006 ""'],
      ],
      [
        ["open:/echo", "text:last", "shutdown:3001:enough", "text:late"],
        ["text: ok", "shutdown: ok", "text: EPIPE"],
      ],
      [["open:/pieces", "drain"], ['text "grüße aus stücken 😀"']],
    ]) {
      const own = args.map((one) => one.replace("open:", `open:${url}`));
      const [opened, ...lines] = await talk(own, url);
      assert.equal(opened, 'open: ok ""');
      assert.deepEqual(lines.slice(0, wanted.length), wanted);
    }
    const enough = { code: 3001, reason: "enough" };
    assert.deepEqual(await accepted[2].closed, enough);
  });

  test(`limits, deadlines and cancel, ${engine}`, limits, async (t) => {
    const complaint = /can’t establish a connection|was interrupted/;
    const { talk, net, errors, page } = await open(t, ["plain"], {
      complaints: { firefox: [complaint] },
    });
    const { url, accepted } = await startWebSockets(t);
    const own = (args) =>
      args.map((one) => one.replace("open:/", `open:${url}/`));
    const flood = ["receive-limit:300000", "open:/flood", "sleep:300"];
    const flooded = await talk(own([...flood, "drain:q"]), url);
    assert.match(flooded[1] ?? "", /^ENOBUFS after \d+: /);
    assert.equal((await accepted[0].closed).code, 4009);

    const deaf = await talk(
      own(["open:/deaf", "fill:32000000", "limit:50", "bytes:1", "receive"]),
      url,
    );
    assert.deepEqual(deaf.slice(1), [
      "fill: EAGAIN",
      "bytes: ETIMEDOUT",
      'ETIMEDOUT after 0: 0 ""',
    ]);
    const silent = ["open:/silent", "cancel-in:50", "receive", "uncancel"];
    const canceled = await talk(own(silent), url);
    assert.match(canceled[1] ?? "", /^ECANCELED after 0/);
    await accepted[2].closed;

    // Nobody answers: the connection is given up, and the server sees it.
    const gate = await startGate(t, net.plain);
    const address = gate.origin.replace("http", "ws");
    const late = await talk(["limit:50", `open:${address}/never`], address);
    assert.match(late[0] ?? "", /^open: ETIMEDOUT/);
    await gate.connected;
    const isTold = () =>
      engine === "chromium" || errors.some((one) => complaint.test(one));
    while (!isTold()) {
      await page.evaluate(() => new Promise((done) => setTimeout(done, 20)));
    }
  });
}
