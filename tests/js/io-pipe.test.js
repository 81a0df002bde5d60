/* Pipes and connected sockets in memory. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { TYPE } from "../../js/fs/volume.js";
import { createPipe, socketPair } from "../../js/io/pipe.js";
import { SIDE } from "../../js/io/stream.js";
import {
  readText,
  readyText,
  turn,
  utf8,
  watched,
  writeText,
} from "../helpers/streams.js";

test("a pipe carries bytes one way, in order", () => {
  const { reader, writer } = createPipe();
  assert.deepEqual(
    [reader.readable, reader.writable, writer.readable, writer.writable],
    [true, false, false, true],
  );
  assert.equal(readText(reader), "EAGAIN");
  assert.equal(writeText(writer, "hello, "), 7);
  assert.equal(writeText(writer, "world"), 5);
  assert.equal(readyText(reader), 12);
  assert.equal(readText(reader, 5), "hello");
  assert.equal(readText(reader), ", world");
  assert.equal(readText(reader), "EAGAIN");
  assert.equal(readText(writer), "EBADF");
  assert.equal(writeText(reader, "x"), "EBADF");
});

test("a pipe looks like no terminal, and is no socket", () => {
  const { reader, writer } = createPipe();
  assert.deepEqual([reader.type, writer.type], [TYPE.UNKNOWN, TYPE.UNKNOWN]);
  assert.ok(reader.shutdown(true, true) < 0);
  assert.equal(writeText(writer, "x"), 1);
});

test("D3: a pipe that is full holds its writer back, and wakes it", async () => {
  const { reader, writer } = createPipe(8);
  assert.equal(readyText(writer, SIDE.WRITE), 8);
  assert.equal(writeText(writer, "0123456789"), 8);
  assert.equal(writeText(writer, "x"), "EAGAIN");
  assert.equal(readyText(writer, SIDE.WRITE), "EAGAIN");
  const watch = watched(writer, SIDE.WRITE);
  const ended = watched(writer, SIDE.WRITE);
  ended.end();
  await turn();
  assert.equal(watch.count, 0);
  assert.equal(readText(reader, 3), "012");
  assert.deepEqual([watch.count, ended.count], [1, 0]);
  assert.equal(writeText(writer, "89abc"), 3);
  assert.equal(readText(reader), "3456789a");
});

test("a pipe holds 64 KiB unless told otherwise", () => {
  const { writer } = createPipe();
  assert.equal(writeText(writer, new Uint8Array(100_000)), 65_536);
});

test("bytes come out as they went in, wherever the ring begins", () => {
  const { reader, writer } = createPipe(101);
  let written = 0;
  let read = 0;
  for (let round = 0; round < 500; round++) {
    const size = (round * 37) % 90;
    const bytes = Uint8Array.from({ length: size }, (_, at) => written + at);
    const count = size === 0 ? 0 : writer.write(bytes, 0, size);
    written += Math.max(count, 0);
    const target = new Uint8Array(120);
    const wanted = 1 + ((round * 23) % 110);
    const got = Math.max(reader.read(target, 3, wanted), 0);
    for (let at = 0; at < got; at++) {
      assert.equal(target[3 + at], (read + at) & 0xff);
    }
    assert.deepEqual(target.subarray(3 + got), new Uint8Array(117 - got));
    read += got;
  }
  assert.ok(read > 10_000, "enough went through");
});

test("a look ahead leaves what it saw", () => {
  const { reader, writer } = createPipe();
  writeText(writer, "abc");
  assert.equal(readText(reader, 2, true), "ab");
  assert.equal(readText(reader, 9, true), "abc");
  assert.equal(readText(reader), "abc");
});

test("a reader is woken by what is written, once", () => {
  const { reader, writer } = createPipe();
  const watch = watched(reader);
  const ended = watched(reader);
  ended.end();
  assert.equal(reader.arrivals, 0);
  writeText(writer, "a");
  writeText(writer, "b");
  assert.deepEqual([watch.count, ended.count], [1, 0]);
  assert.equal(reader.arrivals, 2);
});

test("when the writer is closed the rest is read, then the end", () => {
  const { reader, writer } = createPipe();
  writeText(writer, "rest");
  assert.equal(reader.hungUp(SIDE.READ), false);
  const watch = watched(reader);
  writer.close();
  writer.close();
  assert.equal(watch.count, 1);
  assert.equal(reader.hungUp(SIDE.READ), true);
  assert.equal(readyText(reader), 4);
  assert.equal(readText(reader), "rest");
  assert.equal(readText(reader), "");
  assert.equal(readyText(reader), 0);
  assert.equal(writeText(writer, "x"), "EBADF");
});

test("when the reader is closed, writing is EPIPE", () => {
  const { reader, writer } = createPipe(4);
  writeText(writer, "full");
  const watch = watched(writer, SIDE.WRITE);
  const own = watched(reader);
  assert.equal(writer.hungUp(SIDE.WRITE), false);
  reader.close();
  assert.deepEqual([watch.count, own.count], [1, 1]);
  assert.equal(writeText(writer, "x"), "EPIPE");
  assert.equal(readyText(writer, SIDE.WRITE), "EPIPE");
  assert.equal(writer.hungUp(SIDE.WRITE), true);
  assert.equal(readText(reader), "EBADF");
  assert.equal(readyText(reader), "EBADF");
  writer.close();
});

test("sockets carry bytes both ways", () => {
  const [one, two] = socketPair();
  assert.equal(one.type, TYPE.SOCKET_STREAM);
  assert.equal(writeText(one, "ping"), 4);
  assert.equal(writeText(two, "pong!"), 5);
  assert.equal(readText(two), "ping");
  assert.equal(readText(one), "pong!");
  assert.equal(readText(one), "EAGAIN");
});

test("a socket that is shut for writing still reads", () => {
  const [one, two] = socketPair();
  writeText(one, "last");
  assert.equal(one.shutdown(false, true), 0);
  assert.equal(one.shutdown(false, true), 0);
  assert.equal(writeText(one, "x"), "EPIPE");
  assert.equal(readText(two), "last");
  assert.equal(readText(two), "");
  assert.equal(writeText(two, "answer"), 6);
  assert.equal(readText(one), "answer");
});

test("a socket that is shut for reading reads the end, its peer is told", () => {
  const [one, two] = socketPair();
  writeText(two, "unread");
  assert.equal(one.shutdown(true, false), 0);
  assert.equal(readText(one), "");
  assert.equal(writeText(two, "more"), "EPIPE");
  assert.equal(writeText(one, "still"), 5);
  assert.equal(readText(two), "still");
});

test("a socket that is closed tells its peer both ways", () => {
  const [one, two] = socketPair();
  const reading = watched(two);
  writeText(one, "bye");
  one.close();
  assert.equal(reading.count, 1);
  assert.equal(readText(two), "bye");
  assert.equal(readText(two), "");
  assert.equal(writeText(two, "x"), "EPIPE");
  assert.ok(one.shutdown(true, true) < 0);
});

test("A4: watching for ever leaves nothing behind", () => {
  const { reader, writer } = createPipe();
  const counts = [];
  for (let round = 0; round < 1000; round++) {
    const watch = watched(reader);
    watch.end();
    counts.push(watch);
  }
  writeText(writer, "x");
  assert.ok(counts.every(({ count }) => count === 0));
});

test("a write takes a copy", () => {
  const { reader, writer } = createPipe();
  const bytes = utf8("mine");
  writer.write(bytes, 0, 4);
  bytes.fill(0);
  assert.equal(readText(reader), "mine");
});
