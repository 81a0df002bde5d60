/* Standard output to everything a page may give for it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createPipe } from "../../js/io/pipe.js";
import { createSink, createUnlimited, isSinkOption } from "../../js/io/sink.js";
import { OutputStream, openStdio } from "../../js/io/stdio.js";
import { SIDE, Stream } from "../../js/io/stream.js";
import { Terminal } from "../../js/io/terminal.js";
import { createOutput } from "../../js/output.js";
import {
  readText,
  readyText,
  turn,
  utf8,
  watched,
  writeText,
} from "../helpers/streams.js";

const never = (error) => assert.fail(`the sink has not failed: ${error}`);
const text = (bytes) => new TextDecoder().decode(bytes);

/** A WritableStream whose writes the test ends one by one. */
function slowStream(strategy) {
  const writes = [];
  const told = [];
  const stream = new WritableStream(
    {
      write: (chunk) =>
        new Promise((resolve, reject) => {
          writes.push({ text: text(chunk), resolve, reject });
        }),
      close: () => void told.push("close"),
      abort: (reason) => void told.push(`abort ${reason}`),
    },
    strategy,
  );
  const take = async () => {
    const write = writes.shift();
    write.resolve();
    await turn();
    return write.text;
  };
  return { stream, writes, told, take };
}

test("a callback has each line, and the rest at the end", () => {
  const lines = [];
  const sink = createSink((line) => lines.push(line), never);
  assert.equal(sink.writable, true);
  assert.equal(sink.readable, false);
  assert.equal(writeText(sink, "one\ntw"), 6);
  assert.deepEqual(lines, ["one"]);
  assert.ok(sink.ready(SIDE.WRITE) > 0);
  assert.equal(readyText(sink), "EBADF");
  assert.equal(writeText(sink, "o\nrest"), 6);
  sink.close();
  sink.close();
  assert.deepEqual(lines, ["one", "two", "rest"]);
  assert.equal(writeText(sink, "x"), "EBADF");
  assert.equal(readyText(sink, SIDE.WRITE), "EBADF");
});

test("what a callback of lines throws is the page's", (t) => {
  const thrown = [];
  t.mock.method(globalThis, "queueMicrotask", (run) => thrown.push(run));
  const sink = createSink(() => {
    throw new Error("the page's");
  }, never);
  assert.equal(writeText(sink, "line\n"), 5);
  assert.equal(thrown.length, 1);
  assert.throws(thrown[0], /the page's/);
});

test("a writer has bytes of its own, at once", () => {
  const got = [];
  const sink = createSink({ write: (bytes) => got.push(bytes) }, never);
  assert.equal(writeText(sink, "some"), 4);
  assert.equal(writeText(sink, "more"), 4);
  assert.deepEqual(got.map(text), ["some", "more"]);
});

test("a writer that promises is given nothing until it has taken", async () => {
  const got = [];
  const taken = [];
  const write = (bytes) => {
    got.push(text(bytes));
    return new Promise((resolve) => {
      taken.push(resolve);
    });
  };
  const sink = createSink({ write }, never);
  assert.equal(writeText(sink, "one"), 3);
  assert.equal(writeText(sink, "two"), "EAGAIN");
  assert.equal(readyText(sink, SIDE.WRITE), "EAGAIN");
  const watch = watched(sink, SIDE.WRITE);
  const ended = watched(sink, SIDE.WRITE);
  ended.end();
  await turn();
  assert.equal(watch.count, 0);
  taken.shift()();
  await turn();
  assert.deepEqual([watch.count, ended.count], [1, 0]);
  assert.equal(writeText(sink, "two"), 3);
  assert.deepEqual(got, ["one", "two"]);
});

for (const [what, error, errno, told] of [
  ["fails", new Error("disk"), "EIO", 1],
  ["is read by nobody", Object.assign(new Error(), { code: "EPIPE" }), "EPIPE"],
  ["was aborted", new DOMException("gone", "AbortError"), "EPIPE"],
  ["ends without a reason", undefined, "EPIPE"],
]) {
  test(`a writer that ${what} is ${errno} from then on`, async () => {
    const errors = [];
    const onError = (one) => errors.push(one);
    const thrower = createSink(
      {
        write: () => {
          throw error;
        },
      },
      onError,
    );
    assert.equal(writeText(thrower, "x"), errno);
    assert.equal(writeText(thrower, "x"), errno);
    assert.equal(errors.length, told ?? 0);
    errors.length = 0;
    const rejecting = createSink(
      { write: () => Promise.reject(error) },
      onError,
    );
    assert.equal(writeText(rejecting, "x"), 1);
    const watch = watched(rejecting, SIDE.WRITE);
    await turn();
    assert.equal(watch.count, 1);
    assert.equal(writeText(rejecting, "x"), errno);
    assert.equal(readyText(rejecting, SIDE.WRITE), errno);
    assert.equal(rejecting.hungUp(SIDE.WRITE), errno === "EPIPE");
    rejecting.close();
    await rejecting.finished;
    assert.equal(errors.length, told ?? 0);
  });
}

test("a writer that promises has all when its last promise is kept", async () => {
  let taken = () => {};
  const write = () =>
    new Promise((resolve) => {
      taken = () => resolve(undefined);
    });
  const sink = createSink({ write }, never);
  writeText(sink, "last");
  sink.close();
  let finished = false;
  void sink.finished.then(() => {
    finished = true;
  });
  await turn();
  assert.equal(finished, false);
  taken();
  await turn();
  assert.equal(finished, true);
});

test("D3: a WritableStream holds the program back", async () => {
  const { stream, writes, take } = slowStream();
  const sink = createSink(stream, never);
  assert.equal(writeText(sink, "one"), 3);
  assert.equal(writeText(sink, "two"), "EAGAIN");
  assert.equal(readyText(sink, SIDE.WRITE), "EAGAIN");
  await turn();
  assert.deepEqual(writes.length, 1);
  const watch = watched(sink, SIDE.WRITE);
  assert.equal(await take(), "one");
  assert.equal(watch.count, 1);
  assert.equal(writeText(sink, "two"), 3);
  await turn();
  assert.equal(await take(), "two");
});

test("a WritableStream takes as much as it says", async () => {
  const { stream, take } = slowStream(
    new ByteLengthQueuingStrategy({ highWaterMark: 5 }),
  );
  const sink = createSink(stream, never);
  assert.equal(writeText(sink, "abc"), 3);
  assert.equal(writeText(sink, "defg"), 4);
  assert.equal(writeText(sink, "h"), "EAGAIN");
  await turn();
  assert.equal(await take(), "abc");
  assert.equal(writeText(sink, "h"), 1);
});

test("a thousand watches that ended are not woken", async () => {
  const { stream, take } = slowStream();
  const sink = createSink(stream, never);
  writeText(sink, "x");
  const waited = [];
  for (let round = 0; round < 1000; round++) {
    const watch = watched(sink, SIDE.WRITE);
    waited.push(watch);
    watch.end();
  }
  const last = watched(sink, SIDE.WRITE);
  await turn();
  await take();
  assert.equal(last.count, 1);
  assert.ok(waited.every(({ count }) => count === 0));
});

test("much at once is handed on in pieces", () => {
  const got = [];
  const sink = createSink({ write: (bytes) => got.push(bytes.length) }, never);
  const count = writeText(sink, new Uint8Array(3 << 20));
  assert.equal(count, 1 << 20);
  assert.deepEqual(got, [1 << 20]);
});

test("close ends a WritableStream when all has been taken", async () => {
  const { stream, told, take } = slowStream();
  const sink = createSink(stream, never);
  writeText(sink, "one");
  let finished = false;
  sink.close();
  void sink.finished.then(() => {
    finished = true;
  });
  await turn();
  assert.deepEqual(told, []);
  assert.equal(finished, false);
  assert.equal(await take(), "one");
  await turn();
  assert.deepEqual(told, ["close"]);
  assert.equal(finished, true);
});

test("a WritableStream that fails is EIO, told once; one that nobody reads EPIPE", async () => {
  const errors = [];
  const { stream, writes } = slowStream();
  const sink = createSink(stream, (error) => errors.push(String(error)));
  writeText(sink, "one");
  await turn();
  const watch = watched(sink, SIDE.WRITE);
  writes[0].reject(new Error("full"));
  await turn();
  assert.equal(watch.count, 1);
  assert.equal(writeText(sink, "two"), "EIO");
  sink.close();
  await sink.finished;
  assert.deepEqual(errors, ["Error: full"]);

  const { readable, writable } = new TransformStream();
  const other = createSink(writable, never);
  await readable.cancel();
  await turn();
  assert.equal(writeText(other, "x"), "EPIPE");
  other.close();
  await other.finished;
});

test("a WritableStream that another has locked is refused", () => {
  const stream = new WritableStream();
  stream.getWriter();
  assert.throws(() => createSink(stream, never), TypeError);
});

test("a Stream is taken as it is, also one of another copy of ours", () => {
  const other = { write() {}, ready() {}, watch() {}, shutdown() {} };
  for (const stream of [new Stream(), other]) {
    assert.equal(isSinkOption(stream), true);
    assert.equal(createSink(stream, never), stream);
  }
});

test("what cannot be written is no sink", () => {
  for (const option of [5, "log", {}, [], null, undefined, true]) {
    assert.equal(isSinkOption(option), false, String(option));
  }
  for (const option of [
    () => {},
    { write: () => {} },
    new WritableStream(),
    new Stream(),
  ]) {
    assert.equal(isSinkOption(option), true);
  }
});

test("D4: an unlimited output keeps what a stream does not take yet", async () => {
  const { stream, told, take } = slowStream();
  const output = createUnlimited(stream, never);
  const bytes = utf8("first ");
  output.write(bytes);
  const second = utf8("second ");
  output.write(second);
  second.fill(0);
  output.write(utf8("third"));
  output.flush();
  output.close();
  output.close();
  output.write(utf8("never"));
  let got = "";
  for (let count = 0; count < 3; count++) {
    await turn();
    assert.deepEqual(told, []);
    got += await take();
  }
  await turn();
  assert.equal(got, "first second third");
  assert.deepEqual(told, ["close"]);
});

test("an unlimited output to a pipe goes on when it is read", async () => {
  const { reader, writer } = createPipe(4);
  const output = createUnlimited(writer, never);
  output.write(utf8("abcdefghij"));
  output.write(utf8("kl"));
  assert.equal(readText(reader), "abcd");
  await turn();
  assert.equal(readText(reader), "efgh");
  output.close();
  await turn();
  assert.equal(readText(reader), "ijkl");
  await turn();
  assert.equal(readText(reader), "");
});

test("an unlimited output that nobody reads drops what comes", async () => {
  const { reader, writer } = createPipe(4);
  const output = createUnlimited(writer, never);
  output.write(utf8("abcdefghij"));
  reader.close();
  await turn();
  output.write(utf8("more"));
  output.close();
  assert.equal(readyText(writer, SIDE.WRITE), "EBADF", "it was let go of");
});

test("lines and writers are unlimited as they are", () => {
  const lines = [];
  const output = createUnlimited((line) => lines.push(line), never);
  output.write(utf8("a\nb"));
  assert.deepEqual(lines, ["a"]);
  output.close();
  assert.deepEqual(lines, ["a", "b"]);
});

test("a stream over an output never waits and leaves it open", () => {
  const lines = [];
  const stream = new OutputStream(createOutput((line) => lines.push(line)));
  assert.equal(stream.writable, true);
  assert.equal(writeText(stream, "a\nb"), 3);
  assert.ok(stream.ready(SIDE.WRITE) > 0);
  stream.close();
  assert.equal(writeText(stream, "c\n"), "EBADF");
  assert.equal(readyText(stream, SIDE.WRITE), "EBADF");
  assert.deepEqual(lines, ["a"]);
});

test("standard streams: what is given, and the console for the rest", async (t) => {
  const log = t.mock.method(console, "log", () => {});
  const error = t.mock.method(console, "error", () => {});
  const stdio = openStdio({}, never);
  assert.equal(readText(stdio.stdin), "");
  writeText(stdio.stdout, "out\nrest");
  writeText(stdio.stderr, "err\n");
  await stdio.finish();
  assert.deepEqual(
    [log, error].map(({ mock }) => mock.calls.map((call) => call.arguments)),
    [[["out"], ["rest"]], [["err"]]],
  );
  assert.equal(writeText(stdio.stdout, "x"), "EBADF");
});

test("standard streams are finished when the page has taken all", async () => {
  const { stream, take } = slowStream();
  const stdio = openStdio({ stdout: stream, stderr: () => {} }, never);
  writeText(stdio.stdout, "last words");
  stdio.stdout.close();
  let finished = false;
  const done = stdio.finish().then(() => {
    finished = true;
  });
  await turn();
  assert.equal(finished, false);
  assert.equal(await take(), "last words");
  await done;
});

test("the same option for both outputs is opened once, closed last", async () => {
  const { stream, told, take } = slowStream();
  const stdio = openStdio({ stdout: stream, stderr: stream }, never);
  assert.notEqual(stdio.stdout, stdio.stderr);
  writeText(stdio.stdout, "a");
  assert.equal(writeText(stdio.stderr, "b"), "EAGAIN");
  assert.equal(readyText(stdio.stderr, SIDE.WRITE), "EAGAIN");
  const watch = watched(stdio.stderr, SIDE.WRITE);
  await turn();
  assert.equal(await take(), "a");
  assert.equal(watch.count, 1);
  stdio.stdout.close();
  stdio.stdout.close();
  assert.equal(writeText(stdio.stdout, "x"), "EBADF");
  assert.equal(writeText(stdio.stderr, "b"), 1);
  await turn();
  assert.equal(await take(), "b");
  assert.deepEqual(told, []);
  await stdio.finish();
  assert.deepEqual(told, ["close"]);
});

test("which standard stream failed is told", async () => {
  const told = [];
  const broken = () => {
    throw new Error("no");
  };
  const stdio = openStdio(
    { stdin: broken, stdout: { write: broken }, stderr: { write: broken } },
    (name, error) => told.push(`${name} ${error.message}`),
  );
  readText(stdio.stdin);
  writeText(stdio.stdout, "x");
  writeText(stdio.stderr, "x");
  await stdio.finish();
  assert.deepEqual(told, ["stdin no", "stdout no", "stderr no"]);
});

test("a terminal stands in for what is not given", () => {
  const shown = [];
  const lines = [];
  const terminal = new Terminal({ output: (bytes) => shown.push(text(bytes)) });
  const stdio = openStdio(
    { terminal, stdout: (line) => lines.push(line) },
    never,
  );
  terminal.input("in\r");
  shown.length = 0;
  assert.equal(readText(stdio.stdin), "in\n");
  writeText(stdio.stdout, "out\n");
  writeText(stdio.stderr, "err");
  assert.deepEqual([lines, shown], [["out"], ["err"]]);
});

test("one of two that is closed wakes its own watchers, once", async () => {
  const { stream, take } = slowStream();
  const stdio = openStdio({ stdout: stream, stderr: stream }, never);
  writeText(stdio.stdout, "a");
  const one = watched(stdio.stdout, SIDE.WRITE);
  const two = watched(stdio.stderr, SIDE.WRITE);
  const ended = watched(stdio.stdout, SIDE.WRITE);
  ended.end();
  stdio.stdout.close();
  assert.deepEqual([one.count, two.count, ended.count], [1, 0, 0]);
  await turn();
  await take();
  assert.deepEqual([one.count, two.count, ended.count], [1, 1, 0]);
});
