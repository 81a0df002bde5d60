/* The imports of WebSockets on a made-up class: pointers that lead nowhere,
 * handles that are gone, what waits and in which order, and how it ends. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ERRNO, PENDING } from "../../js/errors.js";
import { createPolicy } from "../../js/http/policy.js";
import { websocket } from "../../js/websocket.js";
import { fakeHost } from "../helpers/host.js";

const [TEXT, BINARY] = [1, 2];
const URL_AT = 0;
const DATA = 1024;
const BUFFER = 8192;
const MESSAGE = 4096;
const LIMIT = 1000;
const POISON = 0xa5;

/** A WebSocket whose other side is the test. */
class FakeSocket extends EventTarget {
  /** @type {FakeSocket[]} */
  static made = [];
  readyState = 0;
  bufferedAmount = 0;
  binaryType = "blob";
  protocol = "";
  sent = [];
  closes = [];

  constructor(url, protocols) {
    super();
    if (protocols.includes("bad")) {
      throw Object.assign(new Error("bad protocol"), { name: "SyntaxError" });
    }
    if (url.endsWith("/mixed")) {
      throw Object.assign(new Error("mixed"), { name: "SecurityError" });
    }
    Object.assign(this, { url, protocols });
    FakeSocket.made.push(this);
  }

  send(data) {
    this.sent.push(data);
  }

  close(code, reason) {
    this.closes.push([code, reason]);
    this.readyState = 2;
  }

  opens() {
    this.readyState = 1;
    this.dispatchEvent(new Event("open"));
  }

  says(data) {
    this.dispatchEvent(Object.assign(new Event("message"), { data }));
  }

  ends(wasClean, code, reason = "") {
    this.readyState = 3;
    const more = { wasClean, code, reason };
    this.dispatchEvent(Object.assign(new Event("close"), more));
  }
}

const settled = () =>
  new Promise((resolve) => {
    setTimeout(resolve, 5);
  });

/** A host with the part, and short ways to call it. */
function start(t, { allow = "ws:", options = {} } = {}) {
  const http = createPolicy(allow, {
    selfOrigin: "http://page.test",
    baseUrl: "http://page.test/dir/",
    advice: (source) => `allow ${source}`,
  });
  const fake = fakeHost({
    http,
    parts: [websocket({ WebSocket: FakeSocket, ...options })],
  });
  t.after(() => fake.close({ code: 0 }));
  const { imports } = fake;
  let token = 0;
  const result = (of) => fake.completed.find(([one]) => one === of)?.[1];
  const words = () => {
    const size = imports.ws_text(0, 2, DATA, 500);
    return fake.peek(DATA, size);
  };
  const open = (url, protocols = "", limitBytes = 1000) => {
    const urlSize = fake.put(URL_AT, url);
    const size = fake.put(DATA, protocols);
    token += 1;
    return imports.ws_open(token, URL_AT, urlSize, DATA, size, limitBytes);
  };
  return {
    ...fake,
    result,
    words,
    open,
    /** An open socket: its handle and the other side. */
    async opened({ limitBytes = 1000 } = {}) {
      assert.equal(open("ws://host.test/", "", limitBytes), PENDING);
      const socket = FakeSocket.made.at(-1);
      socket.opens();
      await settled();
      return { ws: result(token), socket };
    },
    next: () => (token += 1),
    send(ws, kind, text, { limit = LIMIT, wait = true } = {}) {
      token = wait ? token + 1 : token;
      // Where what waits lies must not be used again.
      const at = DATA + 64 * (token % 16);
      const size = fake.put(at, text);
      return imports.ws_send(wait ? token : 0, ws, kind, at, size, limit);
    },
    receive(ws, { size = 100, wait = true } = {}) {
      new Uint8Array(fake.wasm.buffer).fill(POISON, BUFFER, BUFFER + 200);
      token = wait ? token + 1 : token;
      return imports.ws_receive(wait ? token : 0, ws, BUFFER, size, MESSAGE);
    },
    /** What was received last: kind and text. */
    message() {
      const view = new DataView(fake.wasm.buffer);
      const size = view.getUint32(MESSAGE + 4, true);
      const kind = view.getUint32(MESSAGE, true);
      return [kind, fake.peek(BUFFER, Math.min(size, 100)), size];
    },
    untouched: () =>
      new Uint8Array(fake.wasm.buffer, BUFFER, 200).every((b) => b === POISON),
    last: () => token,
  };
}

test("addresses: relative ones and http: are the host's by ws:", async (t) => {
  const { open } = start(t, { allow: ["'self'", "wss://other.test"] });
  for (const [url, expected] of [
    ["feed?x=1#part", "ws://page.test/dir/feed?x=1"],
    ["/feed", "ws://page.test/feed"],
    ["http://page.test/a", "ws://page.test/a"],
    ["https://other.test/a", "wss://other.test/a"],
  ]) {
    assert.equal(open(url, "a\0b\0"), PENDING);
    const socket = FakeSocket.made.at(-1);
    assert.equal(socket.url, expected);
    assert.deepEqual(socket.protocols, ["a", "b"]);
    assert.equal(socket.binaryType, "arraybuffer");
  }
});

test("D2: a refusal makes no socket, and is told once with its remedy", (t) => {
  const { open, stderr, words } = start(t, { allow: ["'self'"] });
  const before = FakeSocket.made.length;
  for (let i = 0; i < 2; i++) {
    assert.equal(open("wss://evil.test/x"), -ERRNO.EACCES);
  }
  assert.equal(open("ws://page.test.evil.test/x"), -ERRNO.EACCES);
  assert.equal(FakeSocket.made.length, before);
  assert.match(words(), /refused: allow ws:\/\/page.test.evil.test/);
  assert.equal(stderr.length, 2);
  assert.match(stderr[0], /wss:\/\/evil.test\/x refused: allow wss:\/\/evil/);
});

test("what the class refuses is EINVAL or EIO, with its words", (t) => {
  const { open, words } = start(t);
  assert.equal(open("ws://host.test/", "bad\0"), -ERRNO.EINVAL);
  assert.match(words(), /bad protocol/);
  assert.equal(open("ws://host.test/mixed"), -ERRNO.EIO);
  assert.match(words(), /WebSocket to ws:\/\/host.test\/mixed failed: mixed/);
  assert.equal(open("ftp://host.test/"), -ERRNO.EINVAL);
  assert.equal(open("ws://"), -ERRNO.EINVAL);
});

test("a connection that fails, and one that is given up", async (t) => {
  const { open, host, result, words, last } = start(t);
  open("ws://host.test/");
  FakeSocket.made.at(-1).ends(false, 1006);
  await settled();
  assert.equal(result(last()), -ERRNO.EIO);
  assert.match(words(), /browsers do not say/);
  open("ws://host.test/");
  const socket = FakeSocket.made.at(-1);
  host.ops.cancel(last());
  assert.deepEqual(socket.closes, [[1000, undefined]]);
  socket.opens();
  await settled();
  assert.equal(result(last()), undefined);
  assert.match(words(), /given up/);
});

test("pointers out of memory are EFAULT, and nothing is done", async (t) => {
  const { imports, opened, size, next } = start(t);
  const { ws, socket } = await opened();
  const EFAULT = -ERRNO.EFAULT;
  assert.equal(imports.ws_open(next(), size, 1, 0, 0, 9), EFAULT);
  assert.equal(imports.ws_open(next(), 0, 1, size - 1, 2, 9), EFAULT);
  for (const pointer of [size - 3, -1, 0x80000000 | 0]) {
    assert.equal(imports.ws_send(next(), ws, TEXT, pointer, 4, 9), EFAULT);
    assert.equal(imports.ws_receive(next(), ws, pointer, 4, 0), EFAULT);
    assert.equal(imports.ws_receive(next(), ws, 0, 4, pointer), EFAULT);
    assert.equal(imports.ws_shutdown(ws, 1000, pointer, 4), EFAULT);
    assert.equal(imports.ws_text(ws, 0, pointer, 4), EFAULT);
  }
  assert.equal(imports.ws_receive(next(), ws, 0, 4, size - 7), EFAULT);
  assert.deepEqual(socket.sent, []);
  assert.deepEqual(socket.closes, []);
});

test("handles that are gone are EBADF", async (t) => {
  const { imports, opened } = start(t);
  const { ws, socket } = await opened();
  imports.ws_close(ws);
  assert.deepEqual(socket.closes, [[1000, undefined]]);
  imports.ws_close(ws);
  const { ws: next } = await opened();
  assert.notEqual(next, ws);
  for (const handle of [ws, 0, -1, 12_345]) {
    assert.equal(imports.ws_send(9, handle, TEXT, 0, 0, 9), -ERRNO.EBADF);
    assert.equal(imports.ws_receive(9, handle, 0, 0, 0), -ERRNO.EBADF);
    assert.equal(imports.ws_shutdown(handle, 1000, 0, 0), -ERRNO.EBADF);
    assert.equal(imports.ws_state(handle, 0), -ERRNO.EBADF);
    assert.equal(imports.ws_text(handle, 1, 0, 0), -ERRNO.EBADF);
  }
});

test("messages wait in their order; one too large for the room stays", async (t) => {
  const { opened, receive, message, untouched } = start(t);
  const { ws, socket } = await opened({ limitBytes: 100_000 });
  assert.equal(receive(ws, { wait: false }), -ERRNO.EAGAIN);
  socket.says("grüße");
  socket.says(Uint8Array.of(65, 66).buffer);
  socket.says("");
  assert.equal(receive(ws, { size: 6 }), 0);
  assert.deepEqual([message()[0], message()[2]], [TEXT, 7]);
  assert.ok(untouched());
  assert.equal(receive(ws, { size: 7 }), 0);
  assert.deepEqual(message(), [TEXT, "grüße", 7]);
  assert.equal(receive(ws), 0);
  assert.deepEqual(message(), [BINARY, "AB", 2]);
  assert.equal(receive(ws, { size: 0 }), 0);
  assert.deepEqual(message(), [TEXT, "", 0]);
  for (let i = 0; i < 150; i++) socket.says(`m${i}`);
  for (let i = 0; i < 150; i++) {
    assert.equal(receive(ws), 0);
    assert.equal(message()[1], `m${i}`);
    if (i % 3 === 0) socket.says(`m${150 + i / 3}`);
  }
});

test("a receive waits for the message; one that is canceled loses nothing", async (t) => {
  const { opened, receive, message, untouched, host, result, last } = start(t);
  const { ws, socket } = await opened();
  assert.equal(receive(ws), PENDING);
  const first = last();
  assert.equal(receive(ws), -ERRNO.EBUSY);
  socket.says("a");
  assert.equal(result(first), 0);
  assert.deepEqual(message(), [TEXT, "a", 1]);
  assert.equal(receive(ws), PENDING);
  host.ops.cancel(last());
  socket.says("b");
  assert.ok(untouched());
  assert.equal(receive(ws), 0);
  assert.equal(message()[1], "b");
});

for (const { how, end, result: wanted, send } of [
  { how: "clean", end: [true, 1000], result: 0, send: "EPIPE" },
  {
    how: "broken",
    end: [false, 1006],
    result: "ECONNRESET",
    send: "ECONNRESET",
  },
]) {
  test(`an end that is ${how} is told after all messages`, async (t) => {
    const fake = start(t);
    const { opened, receive, message, imports, result, last } = fake;
    const { ws, socket } = await opened();
    socket.says("a");
    socket.ends(...end, "why");
    const answer = wanted === 0 ? 0 : -ERRNO[wanted];
    assert.equal(receive(ws), 0);
    assert.equal(message()[1], "a");
    assert.equal(receive(ws), answer);
    if (answer === 0) assert.equal(message()[0], 0);
    assert.equal(fake.send(ws, TEXT, "x"), -ERRNO[send]);
    assert.equal(imports.ws_state(ws, 0), end[1]);
    assert.equal(fake.peek(DATA, imports.ws_text(ws, 0, DATA, 99)), "why");
    const other = await opened();
    assert.equal(receive(other.ws), PENDING);
    other.socket.ends(...end);
    assert.equal(result(last()), answer);
  });
}

test("sends wait for room in their order, and end with the connection", async (t) => {
  const { opened, send, result, last, host } = start(t);
  const { ws, socket } = await opened();
  socket.bufferedAmount = LIMIT;
  assert.equal(send(ws, TEXT, "at the limit"), 0);
  socket.bufferedAmount = LIMIT + 1;
  assert.equal(send(ws, TEXT, "first"), PENDING);
  const first = last();
  assert.equal(send(ws, TEXT, "given up"), PENDING);
  const second = last();
  assert.equal(send(ws, BINARY, "third", { limit: 5000 }), PENDING);
  const third = last();
  assert.equal(
    send(ws, TEXT, "now", { limit: 5000, wait: false }),
    -ERRNO.EAGAIN,
  );
  host.ops.cancel(second);
  await settled();
  assert.equal(result(first), undefined);
  socket.bufferedAmount = LIMIT;
  await new Promise((resolve) => {
    setTimeout(resolve, 40);
  });
  assert.equal(result(first), 0);
  assert.equal(result(second), undefined);
  assert.equal(result(third), 0);
  assert.deepEqual(socket.sent.slice(0, 2), ["at the limit", "first"]);
  assert.equal(socket.sent.length, 3);
  socket.bufferedAmount = LIMIT + 1;
  assert.equal(send(ws, TEXT, "late"), PENDING);
  socket.ends(false, 1006);
  assert.equal(result(last()), -ERRNO.ECONNRESET);
});

test("a message that comes is a reason to look for room", async (t) => {
  const { opened, send, result, last } = start(t);
  const { ws, socket } = await opened();
  socket.bufferedAmount = LIMIT + 1;
  assert.equal(send(ws, TEXT, "waits"), PENDING);
  socket.says("still no room");
  assert.equal(result(last()), undefined);
  socket.bufferedAmount = 0;
  // Not after a timer, which a hidden page has once a second or minute.
  socket.says("answer");
  assert.equal(result(last()), 0);
  assert.deepEqual(socket.sent, ["waits"]);
});

test("what is sent is a copy; text must be UTF-8, also where it waits", async (t) => {
  const { opened, send, imports, wasm, next } = start(t);
  const { ws, socket } = await opened();
  assert.equal(send(ws, BINARY, "abc"), 0);
  const bytes = new Uint8Array(wasm.buffer);
  bytes.fill(0, DATA, DATA + 2048);
  assert.deepEqual(socket.sent, [new TextEncoder().encode("abc")]);
  bytes.set([0xef, 0xbb, 0xbf, 0x61], DATA);
  assert.equal(imports.ws_send(next(), ws, TEXT, DATA, 4, LIMIT), 0);
  assert.equal(socket.sent[1], "\ufeffa");
  for (const bad of [[0xc3, 0x28], [0xff], [0xed, 0xa0, 0x80]]) {
    bytes.set(bad, DATA);
    const ask = () =>
      imports.ws_send(next(), ws, TEXT, DATA, bad.length, LIMIT);
    assert.equal(ask(), -ERRNO.EILSEQ);
    socket.bufferedAmount = LIMIT + 1;
    assert.equal(ask(), -ERRNO.EILSEQ);
    socket.bufferedAmount = 0;
  }
  assert.equal(imports.ws_send(next(), ws, 3, DATA, 0, LIMIT), -ERRNO.EINVAL);
  assert.equal(socket.sent.length, 2);
});

test("a flush waits until nothing is buffered, and holds nobody up", async (t) => {
  const { opened, send, result, last } = start(t);
  const { ws, socket } = await opened();
  assert.equal(send(ws, 0, ""), 0);
  socket.bufferedAmount = 1;
  assert.equal(send(ws, 0, "", { wait: false }), -ERRNO.EAGAIN);
  assert.equal(send(ws, 0, ""), PENDING);
  const flush = last();
  assert.equal(send(ws, TEXT, "goes"), 0);
  socket.bufferedAmount = 0;
  await new Promise((resolve) => {
    setTimeout(resolve, 40);
  });
  assert.equal(result(flush), 0);
});

test("a shutdown: who waits to send is told, what comes then is dropped", async (t) => {
  const { opened, send, receive, imports, result, last, put } = start(t);
  const { ws, socket } = await opened();
  socket.bufferedAmount = LIMIT + 1;
  assert.equal(send(ws, TEXT, "waits"), PENDING);
  const waits = last();
  const bytes = put(DATA, "schön");
  assert.equal(imports.ws_shutdown(ws, 1001, DATA, 0), -ERRNO.EINVAL);
  assert.equal(imports.ws_shutdown(ws, 3000, DATA, 124), -ERRNO.EINVAL);
  assert.equal(imports.ws_shutdown(ws, 3000, DATA, bytes), 0);
  assert.equal(imports.ws_shutdown(ws, 4000, DATA, bytes), 0);
  assert.deepEqual(socket.closes, [[3000, "schön"]]);
  assert.equal(result(waits), undefined, "not while C is on the stack");
  await settled();
  assert.equal(result(waits), -ERRNO.EPIPE);
  assert.equal(send(ws, TEXT, "late"), -ERRNO.EPIPE);
  socket.says("late");
  assert.equal(receive(ws, { wait: false }), -ERRNO.EAGAIN);
  socket.ends(true, 3000);
  assert.equal(receive(ws), 0);
  imports.ws_close(ws);
  assert.equal(socket.closes.length, 1);
});

test("more than the limit is not kept: 4009, ENOBUFS after the rest", async (t) => {
  const { opened, receive, message, imports, result, last } = start(t);
  const { ws, socket } = await opened();
  socket.says("w".repeat(900));
  assert.equal(receive(ws, { size: 1000 }), 0);
  socket.says("x".repeat(600));
  socket.says("y".repeat(400));
  assert.deepEqual(socket.closes, []);
  socket.says("z");
  assert.equal(socket.closes[0][0], 4009);
  socket.says("more");
  for (const size of [600, 400]) {
    assert.equal(receive(ws, { size: 1000 }), 0);
    assert.equal(message()[2], size);
  }
  assert.equal(receive(ws), -ERRNO.ENOBUFS);
  assert.equal(imports.ws_state(ws, 0), 4009);
  const other = await opened();
  assert.equal(receive(other.ws), PENDING);
  other.socket.says("x".repeat(1001));
  assert.equal(result(last()), -ERRNO.ENOBUFS);
});

test("messages of nothing are not kept without end, either", async (t) => {
  const { opened, receive, result, last } = start(t);
  const { ws, socket } = await opened();
  // Each is worth 256 bytes, however short.
  for (const text of ["", "a", ""]) socket.says(text);
  assert.equal(receive(ws), 0);
  socket.says("");
  assert.deepEqual(socket.closes, []);
  socket.says("");
  assert.equal(socket.closes[0]?.[0], 4009);
  for (let i = 0; i < 3; i++) assert.equal(receive(ws), 0);
  assert.equal(receive(ws), -ERRNO.ENOBUFS);
  const other = await opened({ limitBytes: 10 });
  assert.equal(receive(other.ws), PENDING);
  other.socket.says("short");
  assert.equal(result(last()), 0, "who waits for it gets it");
});

test("the program's end closes all, and completes nothing", async (t) => {
  const fake = start(t);
  const { ws, socket } = await fake.opened();
  socket.bufferedAmount = LIMIT + 1;
  fake.send(ws, TEXT, "waits");
  fake.receive(ws);
  fake.open("ws://host.test/");
  const opening = FakeSocket.made.at(-1);
  const before = fake.completed.length;
  fake.close({ code: 0 });
  opening.opens();
  socket.says("late");
  await settled();
  assert.equal(fake.completed.length, before);
  assert.deepEqual(socket.closes, [[1000, undefined]]);
  assert.deepEqual(opening.closes, [[1000, undefined]]);
});

test("how long nothing came, and how much is buffered", async (t) => {
  const { opened, imports } = start(t);
  const { ws, socket } = await opened();
  await settled();
  assert.ok(imports.ws_state(ws, 2) >= 4);
  socket.bufferedAmount = 2 ** 40;
  assert.equal(imports.ws_state(ws, 1), 2 ** 31 - 1);
});
