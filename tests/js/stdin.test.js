/* gs_stdin_read() and gs_stdin_poll() over any stream, which libc reads too. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { PENDING } from "../../js/errors.js";
import { createPipe } from "../../js/io/pipe.js";
import { createSource } from "../../js/io/source.js";
import { Stream } from "../../js/io/stream.js";
import { Terminal } from "../../js/io/terminal.js";
import { fakeHost } from "../helpers/host.js";
import { readText, turn, writeText } from "../helpers/streams.js";

function setUp() {
  const { reader, writer } = createPipe();
  const fake = fakeHost({ stdin: reader });
  return { ...fake, reader, writer };
}

test("a read waits for the stream, and is completed later than the write", async () => {
  const { imports, writer, completed, peek } = setUp();
  assert.equal(imports.stdin_read(1, 16, 8), PENDING);
  writeText(writer, "abc");
  // The program itself may be who wrote: it is not entered while it runs.
  assert.deepEqual(completed, []);
  await turn();
  assert.deepEqual(completed, [[1, 3]]);
  assert.equal(peek(16, 3), "abc");
  assert.equal(imports.stdin_read(2, 16, 8), PENDING);
  writer.close();
  await turn();
  assert.deepEqual(completed.slice(1), [[2, 0]]);
});

test("a read that is given up after the stream has come leaves it", async () => {
  const { imports, writer, completed, peek } = setUp();
  imports.stdin_read(1, 16, 8);
  writeText(writer, "abc");
  imports.op_cancel(1);
  await turn();
  assert.deepEqual(completed, []);
  assert.equal(peek(16, 3), "\0\0\0");
  assert.equal(imports.stdin_read(2, 16, 8), 3);
});

test("A6: polls tell what is new, over any stream", async () => {
  const { imports, writer, completed } = setUp();
  assert.equal(imports.stdin_poll(1, 0), PENDING);
  writeText(writer, "a");
  await turn();
  assert.deepEqual(completed, [[1, 2]]);
  assert.equal(imports.stdin_poll(2, 0), 2);
  assert.equal(imports.stdin_poll(3, 2), PENDING, "this it knows of");
  writeText(writer, "b");
  await turn();
  assert.deepEqual(completed.slice(1), [[3, 4]]);
  assert.equal(imports.stdin_read(4, 16, 8), 2);
  assert.equal(imports.stdin_poll(5, 2), PENDING, "nothing is there");
  writer.close();
  await turn();
  assert.deepEqual(completed.slice(2), [[5, 7]]);
});

test("the end is told once to who asks what is new", async () => {
  const stdin = createSource("", () => {});
  const { imports, completed, host } = fakeHost({ stdin });
  assert.equal(imports.stdin_poll(1, 0), 3);
  assert.equal(imports.stdin_poll(2, 3), PENDING);
  await turn();
  assert.deepEqual(completed, [], "and waits without going round");
  imports.op_cancel(2);
  assert.equal(host.ops.size, 0);
});

test("a poll beside libc's read has what that leaves", async () => {
  const { imports, preview1, wasm, writer, completed } = setUp();
  const view = new DataView(wasm.buffer);
  view.setUint32(0, 100, true);
  view.setUint32(4, 2, true);
  imports.stdin_poll(1, 0);
  const result = preview1.fd_read(0, 0, 1, 8);
  assert.equal(result, PENDING);
  imports.wasi_wait(2);
  writeText(writer, "abc");
  await turn();
  assert.deepEqual(
    completed.toSorted(([a], [b]) => a - b),
    [
      [1, 2],
      [2, 0],
    ],
  );
  assert.equal(view.getUint32(8, true), 2);
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
  const { imports } = fakeHost({ stdin: new Plain() });
  assert.equal(imports.stdin_poll(1, 0), 0);
  assert.equal(imports.stdin_poll(2, 0), 0);
});

test("the program's end closes its stream", async () => {
  const { imports, writer, close, host, completed } = setUp();
  imports.stdin_read(1, 16, 8);
  imports.stdin_poll(2, 0);
  close({ code: 0 });
  await turn();
  assert.equal(writeText(writer, "x"), "EPIPE");
  assert.equal(host.ops.size, 0);
  assert.deepEqual(completed, []);
});

test("a terminal as standard input is read by lines", async () => {
  const terminal = new Terminal({ output: () => {} });
  const { stdin } = terminal.open();
  const { imports, completed, peek } = fakeHost({ stdin });
  imports.stdin_read(1, 16, 64);
  terminal.input("ls");
  await turn();
  assert.deepEqual(completed, []);
  terminal.input("\r");
  await turn();
  assert.deepEqual(completed, [[1, 3]]);
  assert.equal(peek(16, 3), "ls\n");
  assert.equal(readText(stdin), "EAGAIN");
});
