/* Standard input as libc reads it and as pollers ask about it, any stream. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { PENDING } from "../../js/errors.js";
import { createPipe } from "../../js/io/pipe.js";
import { createSource } from "../../js/io/source.js";
import { Stream } from "../../js/io/stream.js";
import { Terminal } from "../../js/io/terminal.js";
import { fakeHost } from "../helpers/host.js";
import { readText, turn, writeText } from "../helpers/streams.js";

const READABLE = 1;
const CLOSED = 4;

function setUp() {
  const { reader, writer } = createPipe();
  return { ...over(reader), writer };
}

/** A host with this stream, and its reads and polls of descriptor 0. */
function over(stdin) {
  const fake = fakeHost({ stdin });
  const { imports, preview1, wasm, peek } = fake;
  const view = new DataView(wasm.buffer);
  return {
    ...fake,
    /** An errno or PENDING; what is read goes to address 16. */
    read(token, size) {
      view.setUint32(0, 16, true);
      view.setUint32(4, size, true);
      const answer = preview1.fd_read(0, 0, 1, 8);
      if (answer === PENDING) imports.wasi_wait(token);
      return answer;
    },
    /** What the last read got. */
    text: () => peek(16, view.getUint32(8, true)),
    poll: (token, since) => imports.fd_poll(token, 0, READABLE, since),
  };
}

/** An answer of poll(). */
const told = (arrivals, events = READABLE) => (arrivals << 3) | events;

test("a read waits for the stream, and is completed later than the write", async () => {
  const { read, writer, completed, text } = setUp();
  assert.equal(read(1, 8), PENDING);
  writeText(writer, "abc");
  // The program itself may be who wrote: it is not entered while it runs.
  assert.deepEqual(completed, []);
  await turn();
  assert.deepEqual(completed, [[1, 0]]);
  assert.equal(text(), "abc");
  assert.equal(read(2, 8), PENDING);
  writer.close();
  await turn();
  assert.deepEqual(completed.slice(1), [[2, 0]]);
  assert.equal(text(), "");
});

test("a read that is given up after the stream has come leaves it", async () => {
  const { imports, read, writer, completed, peek, text } = setUp();
  read(1, 8);
  writeText(writer, "abc");
  imports.op_cancel(1);
  await turn();
  assert.deepEqual(completed, []);
  assert.equal(peek(16, 3), "\0\0\0");
  assert.equal(read(2, 8), 0);
  assert.equal(text(), "abc");
});

test("A6: polls tell what is new, over any stream", async () => {
  const { poll, read, writer, completed } = setUp();
  assert.equal(poll(1, 0), PENDING);
  writeText(writer, "a");
  await turn();
  assert.deepEqual(completed, [[1, told(1)]]);
  assert.equal(poll(2, 0), told(1));
  assert.equal(poll(3, told(1)), PENDING, "this it knows of");
  writeText(writer, "b");
  await turn();
  assert.deepEqual(completed.slice(1), [[3, told(2)]]);
  assert.equal(read(4, 8), 0);
  assert.equal(poll(5, told(1)), PENDING, "nothing is there");
  writer.close();
  await turn();
  assert.deepEqual(completed.slice(2), [[5, told(3, READABLE | CLOSED)]]);
});

test("the end is told once to who asks what is new", async () => {
  const stdin = createSource("", () => {});
  const { imports, poll, completed, host } = over(stdin);
  assert.equal(poll(1, 0), told(1, READABLE | CLOSED));
  assert.equal(poll(2, told(1)), PENDING);
  await turn();
  assert.deepEqual(completed, [], "and waits without going round");
  imports.op_cancel(2);
  assert.equal(host.ops.size, 0);
});

test("a poll beside libc's read has what that leaves", async () => {
  const { read, poll, text, writer, completed } = setUp();
  poll(1, 0);
  assert.equal(read(2, 2), PENDING);
  writeText(writer, "abc");
  await turn();
  assert.deepEqual(
    completed.toSorted(([a], [b]) => a - b),
    [
      [1, told(1)],
      [2, 0],
    ],
  );
  assert.equal(text(), "ab");
});

test("a stream that does not count what comes is always news", () => {
  class Plain extends Stream {
    get readable() {
      return true;
    }

    ready() {
      return 5;
    }
  }
  const { poll } = over(new Plain());
  assert.equal(poll(1, 0), told(0));
  assert.equal(poll(2, told(0)), told(0));
});

test("the program's end closes its stream", async () => {
  const { read, poll, writer, close, host, completed } = setUp();
  read(1, 8);
  poll(2, 0);
  close({ code: 0 });
  await turn();
  assert.equal(writeText(writer, "x"), "EPIPE");
  assert.equal(host.ops.size, 0);
  assert.deepEqual(completed, []);
});

test("a terminal as standard input is read by lines", async () => {
  const terminal = new Terminal({ output: () => {} });
  const { stdin } = terminal.open();
  const { read, completed, text } = over(stdin);
  read(1, 64);
  terminal.input("ls");
  await turn();
  assert.deepEqual(completed, []);
  terminal.input("\r");
  await turn();
  assert.deepEqual(completed, [[1, 0]]);
  assert.equal(text(), "ls\n");
  assert.equal(readText(stdin), "EAGAIN");
});
