/* Descriptors as sources of pollers, by the import that C asks: what is ready,
 * what is news, and that nothing is told after it was given up. Row A6. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ERRNO, PENDING } from "../../js/errors.js";
import { SIDE, Stream } from "../../js/io/stream.js";
import { StreamDescriptor } from "../../js/wasi/descriptors.js";
import { createPoller } from "../../js/host/poller.js";
import { Ops } from "../../js/host/op.js";
import { Descriptors } from "../../js/wasi/descriptors.js";

const READABLE = 1;
const WRITABLE = 2;
const CLOSED = 4;

/** An answer: events, and how often something has come. */
const answer = (events, arrivals = 0) => (arrivals << 3) | events;

/** A stream that is what the test says, and tells when that changes. */
class Scripted extends Stream {
  states = [-ERRNO.EAGAIN, -ERRNO.EAGAIN];
  count = 0;
  demands = 0;
  watches = new Set();

  get arrivals() {
    return this.count;
  }

  ready(side) {
    return this.states[side];
  }

  demand() {
    this.demands += 1;
  }

  watch(side, wake) {
    const one = { side, wake };
    this.watches.add(one);
    return () => this.watches.delete(one);
  }

  change(side, state, arrivals = this.count) {
    this.states[side] = state;
    this.count = arrivals;
    for (const one of [...this.watches]) {
      if (one.side !== side) continue;
      this.watches.delete(one);
      one.wake();
    }
  }
}

function setUp() {
  const completed = [];
  const ops = new Ops({
    complete: (token, result) => completed.push([token, result]),
  });
  const descriptors = new Descriptors();
  const stream = new Scripted();
  const descriptor = new StreamDescriptor(stream, 0, 0);
  const fd = descriptors.add(descriptor);
  const { imports, close } = createPoller(ops, descriptors);
  const turn = () => new Promise(setImmediate);
  return {
    completed,
    ops,
    descriptors,
    descriptor,
    stream,
    fd,
    poll: imports.fd_poll,
    close,
    turn,
  };
}

test("no descriptor is EBADF, and token 0 only asks for that", () => {
  const { poll, fd, stream } = setUp();
  assert.equal(poll(0, fd, 0, 0), 0);
  assert.equal(poll(0, 9, 0, 0), -ERRNO.EBADF);
  assert.equal(poll(1, 9, READABLE, 0), -ERRNO.EBADF);
  assert.equal(poll(0, -1, 0, 0), -ERRNO.EBADF);
  assert.equal(stream.demands, 0);
});

test("A6: what is ready is told at once, and what is known is not", () => {
  const { poll, fd, stream, ops } = setUp();
  stream.change(SIDE.READ, 5, 1);
  assert.equal(poll(1, fd, READABLE, 0), answer(READABLE, 1));
  assert.equal(stream.demands, 1);
  const since = answer(READABLE, 1);
  assert.equal(poll(2, fd, READABLE, since), PENDING);
  ops.cancel(2);
  stream.change(SIDE.READ, 0, 2);
  assert.equal(poll(3, fd, READABLE, since), answer(READABLE | CLOSED, 2));
});

test("a poll that waits is told what came", async () => {
  const { poll, fd, stream, completed, turn } = setUp();
  assert.equal(poll(7, fd, READABLE | WRITABLE, 0), PENDING);
  stream.change(SIDE.READ, -ERRNO.EAGAIN, 1);
  await turn();
  assert.deepEqual(completed, [], "somebody else has read it");
  stream.change(SIDE.READ, 1, 2);
  assert.deepEqual(completed, [], "wasm may be running");
  await turn();
  assert.deepEqual(completed, [[7, answer(READABLE, 2)]]);
  assert.equal(stream.watches.size, 0);
});

test("room that is known is news again when more was made", async () => {
  const { poll, fd, stream, completed, turn } = setUp();
  stream.change(SIDE.WRITE, 10);
  assert.equal(poll(1, fd, WRITABLE, 0), answer(WRITABLE));
  assert.equal(stream.demands, 0, "who writes does not fetch");
  assert.equal(poll(2, fd, WRITABLE, answer(WRITABLE)), PENDING);
  stream.change(SIDE.WRITE, 20);
  await turn();
  assert.deepEqual(completed, [[2, answer(WRITABLE)]]);
});

test("a poll that was given up leaves no watch and is not told", async () => {
  const { poll, fd, stream, ops, completed, turn } = setUp();
  poll(1, fd, READABLE, 0);
  stream.change(SIDE.READ, 1, 1);
  ops.cancel(1);
  await turn();
  poll(2, fd, READABLE, answer(READABLE, 1));
  ops.cancel(2);
  assert.deepEqual(completed, []);
  assert.equal(stream.watches.size, 0);
});

test("a descriptor that is closed ends the poll", async () => {
  const { poll, fd, stream, descriptors, completed, turn } = setUp();
  assert.equal(poll(1, fd, READABLE, 0), PENDING);
  descriptors.remove(fd);
  stream.change(SIDE.READ, -ERRNO.EBADF);
  await turn();
  assert.deepEqual(completed, [[1, -ERRNO.EBADF]]);
});

test("the program's end gives up all of them", () => {
  const { poll, fd, stream, ops, close } = setUp();
  poll(1, fd, READABLE, 0);
  poll(2, fd, WRITABLE, 0);
  close();
  assert.equal(ops.size, 0);
  assert.equal(stream.watches.size, 0);
});
