/* Bytes on their way into memory: standard input, and what HTTP bodies share
 * with it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ERRNO, PENDING } from "../../js/errors.js";
import { Inlet } from "../../js/host/inlet.js";
import { fakeHost } from "../helpers/host.js";

/** An inlet whose chunks the test hands out one by one. */
function setUp(hooks = {}) {
  const fake = fakeHost();
  const pulls = [];
  const errors = [];
  const pull = () =>
    new Promise((resolve, reject) => {
      pulls.push({ resolve, reject });
    });
  const { memory, ops } = fake.host;
  const inlet = new Inlet(memory, ops, pull, {
    failed: (error) => void errors.push(error),
    ...hooks,
  });
  const chunk = async (value) => {
    pulls.shift().resolve(value === null ? { done: true } : { value });
    await new Promise(setImmediate);
  };
  return { ...fake, inlet, pulls, errors, chunk };
}

const bytes = (text) => new TextEncoder().encode(text);

test("a read waits for a chunk, which is copied to its buffer", async () => {
  const { inlet, pulls, chunk, completed, peek } = setUp();
  assert.equal(pulls.length, 0, "nothing is pulled before it is asked for");
  assert.equal(inlet.read(1, 100, 50), PENDING);
  assert.equal(pulls.length, 1);
  await chunk(bytes("hello"));
  assert.deepEqual(completed, [[1, 5]]);
  assert.equal(peek(100, 6), "hello\0");
  assert.equal(pulls.length, 0, "and no further");
});

test("one chunk is pulled ahead, after who waited has this one", async () => {
  const { inlet, pulls, chunk, completed } = setUp({ ahead: true });
  inlet.begin();
  await chunk(bytes("ab"));
  assert.equal(pulls.length, 0, "it is there, and not read");
  assert.equal(inlet.read(1, 0, 8), 2);
  assert.equal(pulls.length, 0, "not before the read is answered");
  await new Promise(setImmediate);
  assert.equal(pulls.length, 1);
  assert.equal(inlet.read(2, 0, 8), PENDING);
  assert.equal(pulls.length, 1, "one at a time");
  await chunk(bytes("c"));
  assert.deepEqual(completed, [[2, 1]]);
  assert.equal(pulls.length, 1);
  await chunk(null);
  assert.equal(inlet.read(3, 0, 8), 0);
  assert.equal(pulls.length, 0);
});

test("what a read leaves is there for the next one at once", async () => {
  const { inlet, pulls, chunk, completed, peek } = setUp();
  inlet.read(1, 0, 2);
  await chunk(bytes("abcdef"));
  assert.deepEqual(completed, [[1, 2]]);
  assert.equal(inlet.read(2, 10, 3), 3);
  assert.equal(inlet.read(3, 20, 9), 1);
  assert.equal(peek(0, 2) + peek(10, 3) + peek(20, 1), "abcdef");
  assert.equal(pulls.length, 0);
  assert.equal(inlet.read(4, 0, 9), PENDING);
});

test("the end is 0, again and again", async () => {
  const { inlet, chunk, completed, pulls } = setUp();
  inlet.read(1, 0, 8);
  await chunk(null);
  assert.deepEqual(completed, [[1, 0]]);
  assert.equal(inlet.read(2, 0, 8), 0);
  assert.equal(inlet.read(3, 0, 8), 0);
  assert.equal(pulls.length, 0);
  assert.equal(inlet.ended, true);
});

test("empty chunks are passed over", async () => {
  const { inlet, chunk, completed } = setUp();
  inlet.read(1, 0, 8);
  await chunk(bytes(""));
  assert.deepEqual(completed, []);
  await chunk(bytes("x"));
  assert.deepEqual(completed, [[1, 1]]);
});

test("a cancelled read keeps the late chunk and leaves memory alone", async () => {
  const { inlet, imports, chunk, completed, peek, pulls } = setUp();
  assert.equal(inlet.read(1, 0, 8), PENDING);
  imports.op_cancel(1);
  await chunk(bytes("late"));
  assert.deepEqual(completed, []);
  assert.equal(peek(0, 4), "\0\0\0\0");
  assert.equal(inlet.read(2, 100, 8), 4);
  assert.equal(peek(100, 4), "late");
  assert.equal(pulls.length, 0);
});

test("after a cancelled read the next one takes over the chunk", async () => {
  const { inlet, imports, chunk, completed, peek, pulls } = setUp();
  inlet.read(1, 0, 8);
  imports.op_cancel(1);
  assert.equal(inlet.read(2, 100, 8), PENDING);
  assert.equal(pulls.length, 1, "one chunk at a time");
  await chunk(bytes("late"));
  assert.deepEqual(completed, [[2, 4]]);
  assert.equal(peek(0, 4) + peek(100, 4), "\0\0\0\0late");
});

test("a cancelled read still learns of the end", async () => {
  const { inlet, imports, chunk } = setUp();
  inlet.read(1, 0, 8);
  imports.op_cancel(1);
  await chunk(null);
  assert.equal(inlet.read(2, 0, 8), 0);
});

test("A6: a poll waits for a chunk and leaves it to be read", async () => {
  const { inlet, pulls, chunk, completed, peek } = setUp();
  assert.equal(inlet.poll(1, 0), PENDING);
  assert.equal(pulls.length, 1);
  await chunk(bytes("hello"));
  assert.deepEqual(completed, [[1, 2]]);
  assert.equal(inlet.poll(2, 0), 2, "it is still there");
  assert.equal(inlet.read(3, 0, 4), 4);
  assert.equal(inlet.poll(4, 0), 2, "and so is the rest");
  assert.equal(inlet.read(5, 4, 4), 1);
  assert.equal(peek(0, 5), "hello");
  assert.equal(pulls.length, 0, "nobody has asked for more");
  assert.equal(inlet.poll(6, 0), PENDING);
  assert.equal(pulls.length, 1);
});

test("a poll since an answer waits for what is new", async () => {
  const { inlet, pulls, chunk, completed } = setUp();
  inlet.poll(1, 0);
  await chunk(bytes("ab"));
  assert.equal(inlet.poll(2, 2), PENDING, "these two it knows of");
  assert.equal(pulls.length, 0, "not ahead of what is unread");
  assert.equal(inlet.read(3, 0, 1), 1);
  assert.equal(pulls.length, 0);
  assert.equal(inlet.read(4, 0, 1), 1);
  assert.equal(pulls.length, 1, "all is read, and a poll waits");
  await chunk(bytes("c"));
  assert.deepEqual(completed.slice(1), [[2, 4]]);
  assert.equal(inlet.poll(5, 2), 4);
});

test("the end and a failure end a poll, too", async () => {
  const { inlet, chunk, completed } = setUp();
  inlet.poll(1, 0);
  await chunk(null);
  assert.deepEqual(completed, [[1, 3]]);
  assert.equal(inlet.poll(2, 0), 3);
  assert.equal(inlet.poll(3, 3), PENDING, "the end is no news any more");
  const failing = setUp();
  failing.inlet.poll(1, 0);
  failing.pulls.shift().reject(new Error("torn"));
  await new Promise(setImmediate);
  assert.deepEqual(failing.completed, [[1, 3]]);
  assert.equal(failing.inlet.read(2, 0, 4), -ERRNO.EIO);
});

test("polls beside a read wait on when it takes all", async () => {
  const { inlet, pulls, chunk, completed } = setUp();
  inlet.read(1, 0, 8);
  inlet.poll(2, 0);
  inlet.poll(3, 0);
  assert.equal(pulls.length, 1, "one chunk at a time");
  await chunk(bytes("abc"));
  assert.deepEqual(completed, [[1, 3]]);
  assert.equal(pulls.length, 1);
  await chunk(bytes(""));
  assert.equal(pulls.length, 1, "an empty chunk is none");
  await chunk(bytes("de"));
  assert.deepEqual(completed.slice(1), [
    [2, 4],
    [3, 4],
  ]);
});

test("a poll beside a read has what the read leaves", async () => {
  const { inlet, chunk, completed } = setUp();
  inlet.poll(1, 0);
  inlet.read(2, 0, 2);
  await chunk(bytes("abc"));
  assert.deepEqual(completed, [
    [2, 2],
    [1, 2],
  ]);
});

test("a cancelled poll is forgotten, and the read beside it is not", async () => {
  const { inlet, imports, chunk, completed, host } = setUp();
  inlet.poll(1, 0);
  inlet.read(2, 0, 8);
  imports.op_cancel(1);
  await chunk(bytes("x"));
  assert.deepEqual(completed, [[2, 1]]);
  inlet.poll(3, 0);
  inlet.close();
  assert.equal(host.ops.size, 0);
});

test("a second read while one waits is refused", () => {
  const { inlet, pulls } = setUp();
  inlet.read(1, 0, 8);
  assert.equal(inlet.read(2, 0, 8), -ERRNO.EBUSY);
  assert.equal(pulls.length, 1);
});

test("a buffer out of bounds is EFAULT, an empty one EINVAL", () => {
  const { inlet, size, pulls } = setUp();
  assert.equal(inlet.read(1, size - 1, 2), -ERRNO.EFAULT);
  assert.equal(inlet.read(1, -1, 2), -ERRNO.EFAULT);
  assert.equal(inlet.read(1, 0, -1), -ERRNO.EFAULT);
  assert.equal(inlet.read(1, 0, 0), -ERRNO.EINVAL);
  assert.equal(pulls.length, 0);
});

test("memory may grow while a read waits", async () => {
  const { inlet, wasm, chunk, completed, peek } = setUp();
  inlet.read(1, 16, 8);
  wasm.grow(1);
  await chunk(bytes("grown"));
  assert.deepEqual(completed, [[1, 5]]);
  assert.equal(peek(16, 5), "grown");
});

test("what came before a failure is read, then it is EIO for ever", async () => {
  const { inlet, pulls, errors, chunk, completed } = setUp();
  inlet.read(1, 0, 1);
  await chunk(bytes("ab"));
  assert.equal(inlet.read(2, 0, 1), 1);
  inlet.read(3, 0, 1);
  pulls.shift().reject(new Error("the line is cut"));
  await new Promise(setImmediate);
  assert.deepEqual(completed, [
    [1, 1],
    [3, -ERRNO.EIO],
  ]);
  assert.equal(inlet.read(4, 0, 1), -ERRNO.EIO);
  assert.equal(errors[0].message, "the line is cut");
  assert.equal(errors.length, 1);
});

test("a chunk that is neither bytes nor text is a failure", async () => {
  const { inlet, chunk, completed, errors } = setUp();
  inlet.read(1, 0, 8);
  await chunk(42);
  assert.deepEqual(completed, [[1, -ERRNO.EIO]]);
  assert.match(errors[0].message, /neither bytes nor text/);
});

test("a stream that answers nonsense is a failure, not a read for ever", async () => {
  const { buffer } = new Uint8Array(8);
  structuredClone(buffer, { transfer: [buffer] });
  const { inlet, chunk, completed } = setUp();
  inlet.read(1, 0, 8);
  await chunk(buffer);
  assert.deepEqual(completed, [[1, -ERRNO.EIO]]);
  const other = setUp();
  other.inlet.read(1, 0, 8);
  other.pulls.shift().resolve(undefined);
  await new Promise(setImmediate);
  assert.deepEqual(other.completed, [[1, -ERRNO.EIO]]);
});

test("after close a chunk that was on its way is dropped", async () => {
  const { inlet, chunk, completed, peek, host } = setUp();
  inlet.read(1, 0, 8);
  inlet.close();
  assert.equal(host.ops.size, 0);
  await chunk(bytes("late"));
  assert.deepEqual(completed, []);
  assert.equal(peek(0, 4), "\0\0\0\0");
});

/** One read of standard input, as libc does it: 4 bytes to address 0. */
function beginRead(fake, token) {
  const view = new DataView(fake.wasm.buffer);
  view.setUint32(1024, 0, true);
  view.setUint32(1028, 4, true);
  const answer = fake.preview1.fd_read(0, 1024, 1, 1040);
  if (answer === PENDING) fake.imports.wasi_wait(token);
  return answer;
}

/** Reads standard input to its end, in buffers of 4 bytes. */
async function readAll(stdin) {
  const fake = fakeHost({ stdin });
  let text = "";
  for (let token = 1; token < 100; token += 1) {
    let error = beginRead(fake, token);
    if (error === PENDING) {
      await fake.completion();
      [[, error]] = fake.completed.splice(0);
    }
    const count = new DataView(fake.wasm.buffer).getUint32(1040, true);
    if (error !== 0 || count === 0) return { text, error, fake };
    text += fake.peek(0, count);
  }
  return assert.fail("standard input does not end");
}

async function* generated() {
  yield "first ";
  yield bytes("second");
}

for (const [what, make, expected] of [
  ["nothing", () => undefined, ""],
  ["a string", () => "some text", "some text"],
  ["an empty string", () => "", ""],
  ["bytes", () => bytes("some bytes"), "some bytes"],
  ["an ArrayBuffer", () => bytes("buffer").buffer, "buffer"],
  ["an async iterable", generated, "first second"],
  ["a stream", () => new Blob(["streamed"]).stream(), "streamed"],
]) {
  test(`standard input from ${what}`, async () => {
    const { text, error } = await readAll(make());
    assert.equal(text, expected);
    assert.equal(error, 0);
  });
}

test("standard input that fails is EIO and a line on stderr", async () => {
  async function* failing() {
    yield "abc";
    throw new Error("tape torn");
  }
  const { text, error, fake } = await readAll(failing());
  assert.equal(text, "abc");
  assert.equal(error, ERRNO.EIO);
  assert.deepEqual(fake.stderr, ["standard input failed: tape torn"]);
});

test("the program's end lets go of standard input", async () => {
  let cancelled = 0;
  const stdin = new ReadableStream({
    cancel() {
      cancelled += 1;
    },
  });
  const fake = fakeHost({ stdin });
  beginRead(fake, 1);
  await new Promise(setImmediate);
  fake.close({ code: 0 });
  assert.equal(cancelled, 1);
  let destroyed = 0;
  const hanging = {
    [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }),
    destroy: () => {
      destroyed += 1;
    },
  };
  const other = fakeHost({ stdin: hanging });
  beginRead(other, 1);
  await new Promise(setImmediate);
  other.close({ code: 0 });
  assert.equal(destroyed, 1);
});

test("input that will not be let go of does not stop the end", async () => {
  const stdin = {
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise(() => {}),
      return: () => {
        throw new Error("never");
      },
    }),
  };
  const fake = fakeHost({ stdin });
  beginRead(fake, 1);
  await new Promise(setImmediate);
  fake.close({ code: 0 });
  assert.deepEqual(fake.stderr, []);
});
