/* The table of descriptors: numbers, rights and what becomes of closed ones. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ERRNO } from "../../js/errors.js";
import { TYPE } from "../../js/fs/volume.js";
import { Stream } from "../../js/io/stream.js";
import { FDFLAGS, RIGHTS } from "../../js/wasi/abi.js";
import { Descriptors, StreamDescriptor } from "../../js/wasi/descriptors.js";

class Pipe extends Stream {
  closed = 0;
  #reads;

  constructor(reads = true) {
    super();
    this.#reads = reads;
  }

  get readable() {
    return this.#reads;
  }

  get writable() {
    return !this.#reads;
  }

  close() {
    this.closed++;
  }
}

function pipe(flags = 0, type = TYPE.UNKNOWN, reads = true) {
  return new StreamDescriptor(new Pipe(reads), type, flags);
}

test("numbers are the lowest that are free", () => {
  const table = new Descriptors();
  const numbers = [pipe(), pipe(), pipe(), pipe()].map((d) => table.add(d));
  assert.deepEqual(numbers, [0, 1, 2, 3]);
  table.remove(2);
  table.remove(0);
  assert.deepEqual(
    [pipe(), pipe(), pipe()].map((d) => table.add(d)),
    [0, 2, 4],
  );
});

test("a removed descriptor is gone and knows it", () => {
  const table = new Descriptors();
  const one = pipe();
  const fd = table.add(one);
  assert.equal(table.get(fd), one);
  assert.equal(table.remove(fd), one);
  assert.equal(one.closed, true);
  assert.equal(table.get(fd), null);
  assert.equal(table.remove(fd), null);
  assert.equal(table.get(0xffff_ffff), null);
});

test("renumbering moves one and gives back what was there", () => {
  const table = new Descriptors();
  const [a, b, c] = [pipe(), pipe(), pipe()];
  for (const one of [a, b, c]) table.add(one);
  assert.equal(table.renumber(2, 0), a);
  assert.equal(a.closed, true);
  assert.equal(c.closed, false);
  assert.equal(table.get(0), c);
  assert.equal(table.get(1), b);
  assert.equal(table.get(2), null);
  assert.equal(table.add(pipe()), 2);
  assert.equal(table.add(pipe()), 3);
});

test("the number that was moved away from is free again", () => {
  const table = new Descriptors();
  for (const one of [pipe(), pipe(), pipe()]) table.add(one);
  table.renumber(0, 2);
  assert.equal(table.add(pipe()), 0);
  assert.equal(table.add(pipe()), 3);
});

test("a table has an end", () => {
  const table = new Descriptors();
  const one = pipe();
  let last = 0;
  while (last >= 0 && last < 1 << 20) last = table.add(one);
  assert.equal(last, -ERRNO.EMFILE);
  table.remove(77);
  assert.equal(table.add(one), 77);
});

test("clearing hands out all that were open, closed", () => {
  const table = new Descriptors();
  const [a, b] = [pipe(), pipe()];
  table.add(a);
  table.add(pipe());
  table.add(b);
  table.remove(1);
  assert.deepEqual(table.clear(), [a, b]);
  assert.ok(a.closed && b.closed);
  assert.equal(table.get(0), null);
  assert.equal(table.add(pipe()), 0);
});

test("a stream has the rights of what it can do", () => {
  const { FD_READ, FD_WRITE, SOCK_SHUTDOWN, FD_SEEK } = RIGHTS;
  const reader = pipe();
  const writer = pipe(0, TYPE.UNKNOWN, false);
  const socket = pipe(0, TYPE.SOCKET_STREAM);
  const watched = FD_READ | FD_WRITE | SOCK_SHUTDOWN | FD_SEEK;
  assert.equal(reader.rights & watched, FD_READ);
  assert.equal(writer.rights & watched, FD_WRITE);
  assert.equal(socket.rights & watched, FD_READ | SOCK_SHUTDOWN);
  assert.notEqual(socket.inheriting, 0);
});

test("a stream waits or not by its flag, and closes its stream", () => {
  const one = pipe(FDFLAGS.NONBLOCK);
  assert.equal(one.nonblocking, true);
  assert.equal(pipe(FDFLAGS.APPEND).nonblocking, false);
  one.close();
  assert.equal(/** @type {Pipe} */ (one.stream).closed, 1);
});
