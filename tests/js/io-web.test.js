/* Web Streams and WebSockets at the other end of a program's streams. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { TYPE } from "../../js/fs/volume.js";
import { createPipe, socketPair } from "../../js/io/pipe.js";
import { createSource } from "../../js/io/source.js";
import { SIDE } from "../../js/io/stream.js";
import { fromWeb, toReadable, toWritable } from "../../js/io/web.js";
import { fromWebSocket } from "../../js/io/websocket.js";
import {
  readText,
  readyText,
  turn,
  utf8,
  watched,
  writeText,
} from "../helpers/streams.js";

const text = (bytes) => new TextDecoder().decode(bytes);

/** A WebSocket whose network is the test. */
class FakeSocket extends EventTarget {
  readyState = 0;
  bufferedAmount = 0;
  binaryType = "blob";
  sent = [];
  closes = [];
  listening = 0;

  addEventListener(...args) {
    this.listening += 1;
    super.addEventListener(...args);
  }

  removeEventListener(...args) {
    this.listening -= 1;
    super.removeEventListener(...args);
  }

  send(data) {
    assert.equal(this.readyState, 1);
    this.sent.push(text(data));
    this.bufferedAmount += data.length;
  }

  close(code) {
    this.closes.push(code);
    if (this.readyState < 2) this.readyState = 2;
  }

  open() {
    this.readyState = 1;
    this.dispatchEvent(new Event("open"));
  }

  message(data) {
    this.dispatchEvent(Object.assign(new Event("message"), { data }));
  }

  shut(wasClean) {
    this.readyState = 3;
    this.dispatchEvent(Object.assign(new Event("close"), { wasClean }));
  }
}

function connected(options) {
  const socket = new FakeSocket();
  const stream = fromWebSocket(socket, options);
  socket.open();
  return { socket, stream };
}

test("what a program writes is read as a ReadableStream, on demand", async () => {
  const { reader, writer } = createPipe(8);
  const readable = toReadable(reader);
  assert.equal(writeText(writer, "0123456789"), 8);
  await turn();
  assert.equal(writeText(writer, "x"), "EAGAIN", "nothing is read ahead");
  const web = readable.getReader();
  assert.equal(text((await web.read()).value), "01234567");
  const next = web.read();
  await turn();
  writeText(writer, "89");
  assert.equal(text((await next).value), "89");
  writer.close();
  assert.equal((await web.read()).done, true);
});

test("to cancel a ReadableStream is to leave the pipe", async () => {
  const { reader, writer } = createPipe();
  const web = toReadable(reader).getReader();
  void web.read();
  await turn();
  await web.cancel();
  assert.equal(writeText(writer, "x"), "EPIPE");
});

test("a stream that fails fails its ReadableStream", async () => {
  const source = createSource(
    () => Promise.reject(new Error("cut")),
    () => {},
  );
  await assert.rejects(toReadable(source).getReader().read(), { code: "EIO" });
});

test("large chunks come in pieces, a source is read to its end", async () => {
  const whole = "ab".repeat(50_000);
  const sizes = [];
  let got = "";
  for await (const chunk of toReadable(createSource(whole, () => {}))) {
    sizes.push(chunk.length);
    got += text(chunk);
  }
  assert.equal(got, whole);
  assert.deepEqual(sizes, [65_536, 34_464]);
});

test("a WritableStream writes for a program to read, with back-pressure", async () => {
  const { reader, writer } = createPipe(4);
  const web = toWritable(writer).getWriter();
  let written = false;
  void web.write("abcdef").then(() => {
    written = true;
  });
  await turn();
  assert.equal(written, false);
  assert.equal(readText(reader), "abcd");
  await turn();
  assert.equal(written, true);
  void web.write(utf8("gh"));
  await turn();
  assert.equal(readText(reader), "efgh");
  await web.close();
  assert.equal(readText(reader), "");
});

test("a WritableStream fails when the program is gone, or the chunk is wrong", async () => {
  const pipe = createPipe();
  pipe.reader.close();
  const web = toWritable(pipe.writer).getWriter();
  web.closed.catch(() => {});
  await assert.rejects(web.write("x"), { code: "EPIPE" });
  const other = toWritable(createPipe().writer).getWriter();
  other.closed.catch(() => {});
  await assert.rejects(other.write(5), TypeError);
});

test("to abort a WritableStream closes the stream, what waits is given up", async () => {
  const { reader, writer } = createPipe(2);
  const web = toWritable(writer).getWriter();
  web.closed.catch(() => {});
  const hanging = web.write("abcd");
  await turn();
  const aborted = web.abort();
  await assert.rejects(hanging);
  await aborted;
  assert.equal(readText(reader), "ab");
  assert.equal(readText(reader), "", "nothing is written any more");
});

test("one way of a socket ends without the other", async () => {
  const [own, peer] = socketPair();
  const web = toWritable(own).getWriter();
  const incoming = toReadable(own).getReader();
  void web.write("question");
  await web.close();
  assert.equal(readText(peer), "question");
  assert.equal(readText(peer), "");
  writeText(peer, "answer");
  assert.equal(text((await incoming.read()).value), "answer");
  await incoming.cancel();
  assert.equal(writeText(peer, "more"), "EPIPE");
  const [other, far] = socketPair();
  await toReadable(other).cancel();
  assert.equal(writeText(other, "still"), 5);
  assert.equal(readText(far), "still");
});

test("a pair of Web Streams is a socket", async () => {
  const up = new TransformStream(
    undefined,
    new CountQueuingStrategy({ highWaterMark: 8 }),
  );
  const down = new TransformStream();
  const socket = fromWeb({ readable: down.readable, writable: up.writable });
  assert.equal(socket.type, TYPE.SOCKET_STREAM);
  assert.deepEqual([socket.readable, socket.writable], [true, true]);
  const far = {
    reader: up.readable.getReader(),
    writer: down.writable.getWriter(),
  };
  assert.equal(readText(socket), "EAGAIN");
  const reading = watched(socket);
  void far.writer.write(utf8("down"));
  await turn();
  assert.equal(reading.count, 1);
  assert.equal(readyText(socket), 4);
  assert.equal(readText(socket, 2, true), "do");
  assert.equal(readText(socket), "down");
  assert.equal(socket.arrivals, 1);
  assert.equal(writeText(socket, "up"), 2);
  assert.equal(text((await far.reader.read()).value), "up");
  assert.ok(socket.ready(SIDE.WRITE) > 0);
  assert.ok(/** @type {number} */ (socket.accept()) < 0);
});

test("a socket of Web Streams is shut one way, and closed", async () => {
  const cancelled = [];
  const make = () => {
    const up = new TransformStream();
    const readable = new ReadableStream({
      cancel: () => void cancelled.push("cancel"),
    });
    const socket = fromWeb({ readable, writable: up.writable });
    socket.demand();
    return { socket, far: up.readable.getReader() };
  };
  const { socket, far } = make();
  assert.equal(socket.shutdown(false, true), 0);
  assert.equal((await far.read()).done, true);
  assert.equal(writeText(socket, "x"), "EPIPE");
  assert.equal(readyText(socket, SIDE.WRITE), "EPIPE");
  assert.deepEqual(cancelled, []);
  socket.shutdown(true, false);
  await turn();
  assert.deepEqual(cancelled, ["cancel"]);
  assert.equal(readText(socket), "");
  assert.equal(readyText(socket), 0);
  const other = make();
  other.socket.close();
  assert.equal((await other.far.read()).done, true);
  assert.equal(cancelled.length, 2);
  assert.equal(readText(other.socket), "EBADF");
  assert.equal(writeText(other.socket, "x"), "EBADF");
});

test("a WebSocket's messages are a stream of bytes", () => {
  const { socket, stream } = connected();
  assert.equal(stream.type, TYPE.SOCKET_STREAM);
  assert.equal(socket.binaryType, "arraybuffer");
  assert.equal(readText(stream), "EAGAIN");
  const watch = watched(stream);
  socket.message("gr\u00fc");
  socket.message(utf8("ssgott").buffer);
  socket.message("");
  assert.equal(watch.count, 1);
  assert.equal(stream.arrivals, 2);
  assert.equal(readyText(stream), 10);
  assert.equal(readText(stream, 6, true), "gr\u00fcss");
  assert.equal(readText(stream, 5), "gr\u00fcs");
  assert.equal(readText(stream, 1), "s");
  assert.equal(readText(stream), "gott");
  assert.equal(readText(stream), "EAGAIN");
});

test("what is written is a message, once there is a connection", () => {
  const socket = new FakeSocket();
  const stream = fromWebSocket(socket);
  assert.equal(writeText(stream, "early"), "EAGAIN");
  const watch = watched(stream, SIDE.WRITE);
  socket.open();
  assert.equal(watch.count, 1);
  assert.equal(writeText(stream, "hello"), 5);
  assert.equal(writeText(stream, "again"), 5);
  assert.deepEqual(socket.sent, ["hello", "again"]);
});

test("a WebSocket that has not sent what it keeps holds its writer back", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { socket, stream } = connected({ bufferBytes: 8 });
  assert.equal(writeText(stream, "0123456789"), 8);
  assert.equal(writeText(stream, "89"), "EAGAIN");
  const watch = watched(stream, SIDE.WRITE);
  t.mock.timers.tick(1000);
  assert.equal(watch.count, 0);
  socket.bufferedAmount = 5;
  t.mock.timers.tick(1000);
  assert.equal(watch.count, 1);
  assert.equal(readyText(stream, SIDE.WRITE), 3);
  assert.equal(writeText(stream, "89abcd"), 3);
  assert.deepEqual(socket.sent, ["01234567", "89a"]);
});

test("nobody looks after a WebSocket that nobody waits for", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { socket, stream } = connected({ bufferBytes: 1 });
  writeText(stream, "x");
  const watch = watched(stream, SIDE.WRITE);
  watch.end();
  let looks = 0;
  Object.defineProperty(socket, "bufferedAmount", {
    get: () => {
      looks += 1;
      return 0;
    },
  });
  t.mock.timers.tick(1000);
  assert.equal(looks, 0);
  assert.equal(watch.count, 0);
});

test("a WebSocket that the server closes is at its end", () => {
  const { socket, stream } = connected();
  socket.message("rest");
  const watch = watched(stream, SIDE.WRITE);
  socket.shut(true);
  assert.equal(watch.count, 1);
  assert.equal(stream.hungUp(SIDE.READ), true);
  assert.equal(stream.hungUp(SIDE.WRITE), true);
  assert.equal(writeText(stream, "x"), "EPIPE");
  assert.equal(readText(stream), "rest");
  assert.equal(readText(stream), "");
  const late = new FakeSocket();
  late.readyState = 3;
  assert.equal(readText(fromWebSocket(late)), "");
});

test("a connection that breaks is ECONNRESET, one that never was ECONNREFUSED", () => {
  const { socket, stream } = connected();
  socket.message("x");
  socket.shut(false);
  assert.equal(readText(stream), "x");
  assert.equal(readText(stream), "ECONNRESET");
  const never = new FakeSocket();
  const refused = fromWebSocket(never);
  const watch = watched(refused);
  never.shut(false);
  assert.equal(watch.count, 1);
  assert.equal(readText(refused), "ECONNREFUSED");
  assert.equal(writeText(refused, "x"), "EPIPE");
});

test("a message that is no bytes ends the connection", () => {
  const { socket, stream } = connected();
  socket.message(new Blob(["x"]));
  assert.equal(readText(stream), "EPROTO");
  assert.deepEqual(socket.closes, [1000]);
});

test("a WebSocket is closed when both ways are shut", () => {
  const { socket, stream } = connected();
  const watch = watched(stream, SIDE.WRITE);
  assert.equal(stream.shutdown(false, true), 0);
  assert.equal(watch.count, 1);
  assert.equal(writeText(stream, "x"), "EPIPE");
  assert.deepEqual(socket.closes, []);
  socket.message("answer");
  assert.equal(readText(stream), "answer");
  assert.equal(stream.shutdown(true, false), 0);
  assert.deepEqual(socket.closes, [1000]);
  socket.message("late");
  assert.equal(readText(stream), "");
});

test("closing lets go of the WebSocket", () => {
  const { socket, stream } = connected();
  socket.message("unread");
  const reading = watched(stream);
  const writing = watched(stream, SIDE.WRITE);
  stream.close();
  stream.close();
  assert.deepEqual(socket.closes, [1000]);
  assert.deepEqual([reading.count, writing.count], [1, 1]);
  assert.equal(socket.listening, 0);
  assert.equal(readText(stream), "EBADF");
  assert.equal(writeText(stream, "x"), "EBADF");
  assert.ok(stream.shutdown(true, true) < 0);
});
