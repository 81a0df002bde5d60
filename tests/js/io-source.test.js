/* Standard input from everything a page may give for it. */
import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import { SIDE, Stream } from "../../js/io/stream.js";
import { createPipe } from "../../js/io/pipe.js";
import { createSource, isSourceOption } from "../../js/io/source.js";
import { fakeHost } from "../helpers/host.js";
import {
  readAll,
  readText,
  readyText,
  turn,
  utf8,
  watched,
} from "../helpers/streams.js";

/** A source whose chunks the test hands out one by one. */
function setUp() {
  const pulls = [];
  const errors = [];
  const callback = () =>
    new Promise((resolve, reject) => {
      pulls.push({ resolve, reject });
    });
  const source = createSource(callback, (error) => errors.push(error));
  const chunk = async (value) => {
    pulls.shift().resolve(value);
    await turn();
  };
  return { source, pulls, errors, chunk };
}

const never = () => assert.fail("the source has not failed");

async function* generated() {
  yield "first ";
  yield utf8("second ");
  yield new Uint8Array(0);
  yield utf8("[third]").subarray(1, 6);
}

function promising() {
  const pieces = ["one ", utf8("two "), "", "three", null];
  return () => Promise.resolve(pieces.shift());
}

for (const [what, make, expected] of [
  ["nothing", () => undefined, ""],
  ["null", () => null, ""],
  ["text", () => "gr\u00fc\u00dfe", "gr\u00fc\u00dfe"],
  ["empty text", () => "", ""],
  ["bytes", () => utf8("some bytes"), "some bytes"],
  ["a part of a buffer", () => utf8("-part-").subarray(1, 5), "part"],
  ["an ArrayBuffer", () => utf8("buffer").buffer, "buffer"],
  ["a DataView", () => new DataView(utf8("-view").buffer, 1), "view"],
  ["a Blob", () => new Blob(["blob ", utf8("parts")]), "blob parts"],
  ["an empty Blob", () => new Blob([]), ""],
  ["a ReadableStream", () => new Blob(["streamed"]).stream(), "streamed"],
  ["an async iterable", generated, "first second third"],
  ["a stream of Node's", () => Readable.from(["a", "b"]), "ab"],
  ["a callback that promises", promising, "one two three"],
  [
    "a callback that answers at once",
    () => {
      const pieces = ["x", "", "yz", null];
      return () => pieces.shift();
    },
    "xyz",
  ],
  [
    "a Stream",
    () => {
      const { reader, writer } = createPipe();
      writer.write(utf8("piped"), 0, 5);
      writer.close();
      return reader;
    },
    "piped",
  ],
]) {
  test(`standard input is read from ${what}`, async () => {
    const option = make();
    assert.equal(option == null || isSourceOption(option), true);
    const source = createSource(option, never);
    assert.equal(source.readable, true);
    assert.equal(source.writable, false);
    assert.equal(await readAll(source), expected);
    assert.equal(readText(source), "", "the end stays");
    assert.equal(source.hungUp(SIDE.READ), true);
  });
}

test("what cannot be read is no source", () => {
  for (const option of [5, true, {}, [], Symbol("s"), null, undefined]) {
    assert.equal(isSourceOption(option), false, String(option));
  }
});

test("text, bytes and quick callbacks are read without waiting", () => {
  assert.equal(readText(createSource("text", never)), "text");
  assert.equal(readText(createSource("", never)), "");
  assert.equal(readText(createSource(utf8("bytes"), never)), "bytes");
  assert.equal(readText(createSource(undefined, never)), "");
  const lines = ["a\n", "b\n", null];
  const source = createSource(() => lines.shift(), never);
  assert.equal(readText(source), "a\n");
  assert.equal(lines.length, 2, "and called only when it is asked");
  assert.equal(readText(source), "b\n");
  assert.equal(readText(source), "");
  assert.equal(readText(source), "");
});

test("D3: nothing is fetched before it is asked for, then one chunk", async () => {
  const { source, pulls, chunk } = setUp();
  assert.equal(readyText(source), "EAGAIN");
  await turn();
  assert.equal(pulls.length, 0, "to ask whether it is ready is not to read");
  assert.equal(readText(source), "EAGAIN");
  assert.equal(readText(source), "EAGAIN");
  assert.equal(pulls.length, 1);
  await chunk("abc");
  assert.equal(pulls.length, 0);
  assert.equal(readyText(source), 3);
  assert.equal(readText(source, 2), "ab");
  assert.equal(readText(source), "c");
  assert.equal(pulls.length, 0, "a read that is served asks for no more");
  source.demand();
  assert.equal(pulls.length, 1);
});

test("a look ahead leaves what it saw", async () => {
  const { source, chunk } = setUp();
  source.demand();
  await chunk("abcd");
  assert.equal(readText(source, 2, true), "ab");
  assert.equal(readText(source, 9, true), "abcd");
  assert.equal(readText(source, 1), "a");
  assert.equal(readText(source, 9, true), "bcd");
  assert.equal(readText(source), "bcd");
});

test("chunks longer than a loop are copied whole", async () => {
  const whole = "0123456789".repeat(100);
  assert.equal(await readAll(createSource(whole, never), 333), whole);
});

test("A5: a watch fetches and wakes once, when something has come", async () => {
  const { source, pulls, chunk } = setUp();
  const one = watched(source);
  const two = watched(source);
  assert.equal(pulls.length, 1, "one chunk for both");
  await turn();
  assert.equal(one.count, 0);
  await chunk("x");
  assert.deepEqual([one.count, two.count], [1, 1]);
  assert.equal(readText(source), "x");
  assert.equal(pulls.length, 0, "nobody watches any more");
});

test("A6: who watches beside what is unread is woken by what comes next", async () => {
  const { source, pulls, chunk } = setUp();
  source.demand();
  await chunk("ab");
  const watch = watched(source);
  assert.equal(pulls.length, 0, "nothing is fetched ahead of what is unread");
  readText(source, 1);
  assert.equal(pulls.length, 0);
  readText(source, 1);
  assert.equal(pulls.length, 1);
  await chunk("c");
  assert.equal(watch.count, 1);
});

test("a watch that has ended is not woken, the chunk is kept", async () => {
  const { source, chunk } = setUp();
  const one = watched(source);
  const two = watched(source);
  one.end();
  one.end();
  await chunk("late");
  assert.deepEqual([one.count, two.count], [0, 1]);
  two.end();
  assert.equal(readText(source), "late");
});

test("a watch that another ends while they are woken is not woken", async () => {
  const { source, chunk } = setUp();
  let count = 0;
  let end = () => {};
  source.watch(SIDE.READ, () => end());
  end = source.watch(SIDE.READ, () => {
    count += 1;
  });
  await chunk("x");
  assert.equal(count, 0);
});

test("a watch wakes later, even when the callback answers at once", async () => {
  const source = createSource(() => "now", never);
  const watch = watched(source);
  assert.equal(watch.count, 0);
  assert.equal(readyText(source), 3);
  await turn();
  assert.equal(watch.count, 1);
});

test("A4: polling for ever leaves nothing behind", async () => {
  const { source, pulls, chunk } = setUp();
  for (let round = 0; round < 1000; round++) watched(source).end();
  assert.equal(pulls.length, 1);
  const watch = watched(source);
  await chunk("x");
  assert.equal(watch.count, 1);
});

test("arrivals count what comes, and the end", async () => {
  const { source, chunk } = setUp();
  assert.equal(source.arrivals, 0);
  source.demand();
  await chunk("ab");
  assert.equal(source.arrivals, 1);
  readText(source, 1);
  assert.equal(source.arrivals, 1);
  readText(source, 1);
  source.demand();
  await chunk(null);
  assert.equal(source.arrivals, 2);
  assert.equal(readyText(source), 0);
});

test("empty pieces are passed over, in tasks of their own", async () => {
  let calls = 0;
  const source = createSource(() => {
    calls += 1;
    return calls < 3 ? "" : "some";
  }, never);
  const woken = new Promise((resolve) => {
    source.watch(SIDE.READ, () => resolve(undefined));
  });
  assert.equal(calls, 1);
  await Promise.resolve();
  assert.equal(calls, 1, "not in the same task");
  await woken;
  assert.equal(readText(source), "some");
});

test("a callback without an end of empty pieces holds nothing up", async () => {
  let calls = 0;
  const source = createSource(() => {
    calls += 1;
    return "";
  }, never);
  const watch = watched(source);
  await turn();
  watch.end();
  await new Promise((resolve) => {
    setTimeout(resolve);
  });
  const before = calls;
  await new Promise((resolve) => {
    setTimeout(resolve);
  });
  assert.equal(calls, before, "and it is not called when nobody asks");
  source.close();
});

for (const [what, fail, message] of [
  ["a rejection", ({ reject }) => reject(new Error("cut")), /cut/],
  ["a chunk that is a number", ({ resolve }) => resolve(7), /neither/],
  ["a chunk that is missing", ({ resolve }) => resolve(undefined), /neither/],
]) {
  test(`${what} is EIO from then on, and told once`, async () => {
    const { source, pulls, errors, chunk } = setUp();
    source.demand();
    await chunk("before");
    assert.equal(readText(source), "before");
    const watch = watched(source);
    fail(pulls.shift());
    await turn();
    assert.equal(watch.count, 1);
    assert.equal(readyText(source), "EIO");
    assert.equal(readText(source), "EIO");
    assert.equal(readText(source), "EIO");
    assert.equal(errors.length, 1);
    assert.match(String(errors[0]), message);
  });
}

test("a callback that throws has failed", () => {
  const errors = [];
  const source = createSource(
    () => {
      throw new Error("broken");
    },
    (error) => errors.push(error),
  );
  assert.equal(readText(source), "EIO");
  assert.equal(readText(source), "EIO");
  assert.match(String(errors), /^Error: broken$/);
});

test("an iterator that answers nonsense has failed", async () => {
  const errors = [];
  const source = createSource(
    { [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve() }) },
    (error) => errors.push(error),
  );
  source.demand();
  await turn();
  assert.equal(readText(source), "EIO");
  assert.equal(errors.length, 1);
});

test("a ReadableStream that is locked has failed", () => {
  const errors = [];
  const stream = new Blob(["x"]).stream();
  stream.getReader();
  const source = createSource(stream, (error) => errors.push(error));
  assert.equal(readText(source), "EIO");
  assert.equal(errors.length, 1);
});

test("close cancels a stream that was begun, and wakes who waits", async () => {
  let cancelled = 0;
  const stream = new ReadableStream({
    cancel() {
      cancelled += 1;
    },
  });
  const source = createSource(stream, never);
  const watch = watched(source);
  source.close();
  source.close();
  await turn();
  assert.equal(cancelled, 1);
  assert.equal(watch.count, 1);
  assert.equal(readText(source), "EBADF");
  assert.equal(readyText(source), "EBADF");
});

test("close leaves alone what was never begun", async () => {
  let touched = 0;
  const touch = () => {
    touched += 1;
  };
  const stream = new ReadableStream({ cancel: touch });
  createSource(stream, never).close();
  createSource(
    { [Symbol.asyncIterator]: touch, destroy: touch },
    never,
  ).close();
  createSource(touch, never).close();
  await turn();
  assert.equal(touched, 0);
  assert.equal(stream.locked, false);
});

test("close returns an iterator, and destroys one of Node's streams", async () => {
  const told = [];
  const iterable = {
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise(() => {}),
      return: () => {
        told.push("return");
        throw new Error("its own affair");
      },
    }),
    destroy: () => told.push("destroy"),
  };
  const source = createSource(iterable, never);
  source.demand();
  source.close();
  await turn();
  assert.deepEqual(told, ["destroy", "return"]);
});

test("a chunk or failure that comes after close is dropped", async () => {
  const { source, pulls, errors } = setUp();
  source.demand();
  source.close();
  pulls[0].resolve("late");
  await turn();
  assert.equal(readText(source), "EBADF");
  const other = setUp();
  other.source.demand();
  other.source.close();
  other.pulls[0].reject(new Error("late"));
  await turn();
  assert.deepEqual([...errors, ...other.errors], []);
});

test("a Stream is taken as it is, also one of another copy of ours", () => {
  const stream = new Stream();
  assert.equal(createSource(stream, never), stream);
  const other = { read() {}, ready() {}, watch() {}, shutdown() {} };
  assert.equal(isSourceOption(other), true);
  assert.equal(createSource(other, never), other);
});

test("a read of several parts takes what is there and asks for no more", () => {
  const lines = ["abc", "def", null];
  const fake = fakeHost({ stdin: () => lines.shift() });
  const view = new DataView(fake.wasm.buffer);
  [100, 3, 200, 8].forEach((number, index) => {
    view.setUint32(4 * index, number, true);
  });
  assert.equal(fake.preview1.fd_read(0, 0, 2, 64), 0);
  assert.equal(view.getUint32(64, true), 3);
  assert.equal(fake.peek(100, 3), "abc");
  assert.equal(lines.length, 2);
});
