/* poll_oneoff: clocks, files, streams and every mix of them (SEEDS A3-A6). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ERRNO } from "../../js/errors.js";
import { createPipe, socketPair } from "../../js/io/pipe.js";
import { createSource } from "../../js/io/source.js";
import { Stream } from "../../js/io/stream.js";
import { CLOCK, FDFLAGS, RIGHTS } from "../../js/wasi/abi.js";
import { StreamDescriptor } from "../../js/wasi/descriptors.js";
import { AT, now, streamRig, waiting } from "../helpers/streamed.js";
import { turn, writeText } from "../helpers/streams.js";

const MS = 1_000_000n;
const { MONOTONIC, REALTIME } = CLOCK;

const DIRECTORY = 0;

/** A file that is open in the rig, with six bytes in it. */
function openFile(rig, rights = 0x0fffffffn) {
  const { wasi, view, bytes } = rig;
  bytes().set(Buffer.from("file"), AT.TEXT);
  const rest = [1, rights, 0n, 0, AT.RESULT];
  assert.equal(wasi.path_open(DIRECTORY, 0, AT.TEXT, 4, ...rest), 0);
  const fd = view().getUint32(AT.RESULT, true);
  if ((rights & BigInt(RIGHTS.FD_WRITE)) !== 0n) {
    rig.transfer("fd_write", fd, ["sixsix"], AT.RESULT);
  }
  return fd;
}

test("no subscriptions are EINVAL, an unknown type too", async () => {
  const rig = await streamRig();
  assert.equal(now(rig.poll([])), "EINVAL");
  assert.equal(now(rig.poll([{ clock: 1, ns: 0n }, { type: 3 }])), "EINVAL");
  assert.equal(rig.moved, 0xeeee, "nothing is answered");
});

test("A4: a clock parks its caller until it is due, and no longer", async () => {
  const rig = await streamRig();
  const call = waiting(rig.poll([{ clock: MONOTONIC, ns: 500n * MS }]));
  await rig.advance(499);
  assert.equal(call.done, false);
  await rig.advance(1);
  assert.deepEqual([call.done, call.error], [true, "ok"]);
  assert.deepEqual(rig.events(), ["0 clock ok 0 0"]);
  assert.deepEqual(rig.delays, [500], "one timer");
  assert.equal(rig.left, 0);
});

test("A5: what is due already does not wait", async () => {
  const rig = await streamRig();
  rig.drift(1000);
  for (const wanted of [
    { clock: MONOTONIC, ns: 0n },
    { clock: REALTIME, ns: 0n },
    { clock: MONOTONIC, ns: 0n, absolute: true },
    { clock: MONOTONIC, ns: 1000n * MS, absolute: true },
    { clock: REALTIME, ns: 1n, absolute: true },
  ]) {
    assert.equal(now(rig.poll([wanted])), "ok");
    assert.deepEqual(rig.events(), ["0 clock ok 0 0"]);
  }
  assert.deepEqual(rig.delays, []);
});

test("an absolute time is waited for on its own clock", async () => {
  const rig = await streamRig();
  rig.drift(300);
  const call = waiting(
    rig.poll([{ clock: MONOTONIC, ns: 1000n * MS, absolute: true }]),
  );
  assert.deepEqual(rig.delays, [700]);
  await rig.advance(700);
  assert.equal(call.done, true);
});

test("a time of day is waited for, also when the clock is set", async (t) => {
  const rig = await streamRig();
  let day = 1_700_000_000_000;
  t.mock.method(Date, "now", () => day);
  const wanted = BigInt(day + 600_000) * MS;
  const call = waiting(
    rig.poll([{ clock: REALTIME, ns: wanted, absolute: true }]),
  );
  day += 60_000;
  await rig.advance(60_000);
  assert.equal(call.done, false);
  day += 540_000; // somebody sets it forward
  await rig.advance(60_000);
  assert.equal(call.done, true);
  assert.deepEqual(rig.events(), ["0 clock ok 0 0"]);
  assert.ok(rig.delays.every((delay) => delay <= 60_000));
});

test("a span does not change when the time of day is set", async (t) => {
  const rig = await streamRig();
  let day = 1_700_000_000_000;
  t.mock.method(Date, "now", () => day);
  const call = waiting(rig.poll([{ clock: REALTIME, ns: 100n * MS }]));
  day += 3_600_000;
  await rig.advance(99);
  assert.equal(call.done, false);
  await rig.advance(1);
  assert.equal(call.done, true);
});

test("a timer that comes early is not the deadline", async () => {
  const rig = await streamRig();
  const call = waiting(rig.poll([{ clock: MONOTONIC, ns: 10n * MS + 1n }]));
  assert.deepEqual(rig.delays, [11], "rounded up, never down");
  const [timer] = rig.timers;
  rig.drift(9.5);
  rig.timers.delete(timer);
  timer.callback();
  await turn();
  assert.equal(call.done, false);
  assert.deepEqual(rig.delays, [11, 1]);
  await rig.advance(1);
  assert.equal(call.done, true);
});

test("a wait as long as a number can be is cut in pieces", async () => {
  const rig = await streamRig();
  const call = waiting(rig.poll([{ clock: MONOTONIC, ns: 2n ** 64n - 1n }]));
  assert.deepEqual(rig.delays, [2 ** 31 - 1]);
  await rig.advance(2 ** 31 - 1);
  assert.equal(call.done, false);
  assert.equal(rig.delays.length, 2);
  rig.context.waits.last?.cancel();
  assert.equal(rig.left, 0);
});

test("the earliest of several clocks wakes; those that are due are told", async () => {
  const rig = await streamRig();
  const call = waiting(
    rig.poll([
      { clock: MONOTONIC, ns: 30n * MS },
      { clock: REALTIME, ns: 10n * MS },
      { clock: MONOTONIC, ns: 10n * MS },
      { clock: MONOTONIC, ns: 20n * MS },
    ]),
  );
  assert.deepEqual(rig.delays, [10]);
  await rig.advance(10);
  assert.equal(call.done, true);
  assert.deepEqual(rig.events(), ["1 clock ok 0 0", "2 clock ok 0 0"]);
});

test("wrong clocks and flags are told by their event, beside what is right", async () => {
  const rig = await streamRig();
  assert.equal(
    now(
      rig.poll([
        { clock: 4, ns: 0n },
        { clock: 0xffff_ffff, ns: 0n },
        { clock: MONOTONIC, ns: 0n, flags: 2 },
        { clock: CLOCK.PROCESS_CPUTIME, ns: 0n },
        { clock: CLOCK.THREAD_CPUTIME, ns: 0n },
        { clock: MONOTONIC, ns: 0n },
        { clock: MONOTONIC, ns: 5n * MS },
      ]),
    ),
    "ok",
  );
  assert.deepEqual(rig.events(), [
    "0 clock EINVAL 0 0",
    "1 clock EINVAL 0 0",
    "2 clock EINVAL 0 0",
    "3 clock ENOTSUP 0 0",
    "4 clock ENOTSUP 0 0",
    "5 clock ok 0 0",
  ]);
});

test("files are always ready: what remains can be read", async () => {
  const rig = await streamRig();
  const fd = openFile(rig);
  assert.equal(now(rig.poll([{ read: fd }, { write: fd }])), "ok");
  assert.deepEqual(rig.events(), ["0 read ok 0 0", "1 write ok 65536 0"]);
  rig.wasi.fd_seek(fd, 2n, 0, AT.RESULT);
  rig.poll([{ clock: MONOTONIC, ns: MS }, { read: fd }]);
  assert.deepEqual(rig.events(), ["1 read ok 4 0"]);
  rig.wasi.fd_seek(fd, 100n, 0, AT.RESULT);
  rig.poll([{ read: fd }]);
  assert.deepEqual(rig.events(), ["0 read ok 0 0"]);
});

test("a directory is never waited for", async () => {
  const rig = await streamRig();
  assert.equal(
    now(rig.poll([{ read: DIRECTORY }, { write: DIRECTORY }])),
    "ok",
  );
  assert.deepEqual(rig.events(), ["0 read ok 0 0", "1 write ok 0 0"]);
});

test("a descriptor that is none is told by its event", async () => {
  const rig = await streamRig();
  assert.equal(now(rig.poll([{ read: 99 }, { write: 0xffff_ffff }])), "ok");
  assert.deepEqual(rig.events(), ["0 read EBADF 0 0", "1 write EBADF 0 0"]);
});

test("the rights that a subscription needs", async () => {
  const rig = await streamRig();
  const { reader, writer } = createPipe();
  const poll = BigInt(RIGHTS.POLL_FD_READWRITE);
  const closed = openFile(rig, BigInt(RIGHTS.FD_READ | RIGHTS.FD_WRITE));
  const readOnly = openFile(rig, BigInt(RIGHTS.FD_READ) | poll);
  const writeOnly = openFile(rig, BigInt(RIGHTS.FD_WRITE) | poll);
  rig.poll([
    { read: closed },
    { write: closed },
    { read: readOnly },
    { write: readOnly },
    { read: writeOnly },
    { write: writeOnly },
    { write: rig.add(reader) },
    { read: rig.add(writer) },
  ]);
  assert.deepEqual(
    rig.events().map((event) => event.split(" ")[2]),
    [
      "ENOTCAPABLE",
      "ENOTCAPABLE",
      "ok",
      "ENOTCAPABLE",
      "ENOTCAPABLE",
      "ok",
      "ENOTCAPABLE",
      "ENOTCAPABLE",
    ],
  );
});

test("A3: a stream that has something wakes the call", async () => {
  const rig = await streamRig();
  const { reader, writer } = createPipe();
  const fd = rig.add(reader);
  const call = waiting(
    rig.poll([{ clock: MONOTONIC, ns: 1000n * MS }, { read: fd }]),
  );
  assert.equal(rig.left, 2);
  await rig.advance(100);
  assert.equal(call.done, false);
  writeText(writer, "abc");
  await turn();
  assert.equal(call.done, true);
  assert.deepEqual(rig.events(), ["1 read ok 3 0"]);
  assert.equal(rig.left, 0, "the timer is gone, too");
});

test("A6: several streams, all that is ready at once, in order", async () => {
  const rig = await streamRig();
  const pipes = [createPipe(), createPipe(), createPipe(4)];
  const fds = pipes.map(({ reader }) => rig.add(reader));
  const full = rig.add(pipes[2].writer);
  writeText(pipes[2].writer, "full");
  const list = [{ read: fds[1] }, { write: full }, { read: fds[0] }];
  const call = waiting(rig.poll(list));
  writeText(pipes[0].writer, "a");
  writeText(pipes[1].writer, "bc");
  await turn();
  assert.equal(call.done, true);
  assert.deepEqual(rig.events(), ["0 read ok 2 0", "2 read ok 1 0"]);
  assert.equal(rig.left, 0);
  const second = waiting(rig.poll([{ write: full }]));
  pipes[2].reader.read(new Uint8Array(3), 0, 3);
  await turn();
  assert.equal(second.done, true);
  assert.deepEqual(rig.events(), ["0 write ok 3 0"]);
});

test("the same stream may be asked for twice, both ways", async () => {
  const rig = await streamRig();
  const [one, two] = socketPair();
  const fd = rig.add(one);
  rig.poll([{ read: fd }, { write: fd }, { write: fd }]);
  assert.deepEqual(rig.events(), ["1 write ok 65536 0", "2 write ok 65536 0"]);
  const call = waiting(rig.poll([{ read: fd }, { read: fd }]));
  writeText(two, "x");
  await turn();
  assert.equal(call.done, true);
  assert.deepEqual(rig.events(), ["0 read ok 1 0", "1 read ok 1 0"]);
  assert.equal(rig.left, 0);
});

test("hanging up is told, with what is left to read", async () => {
  const rig = await streamRig();
  const pipe = createPipe();
  const fd = rig.add(pipe.reader);
  writeText(pipe.writer, "rest");
  pipe.writer.close();
  rig.poll([{ read: fd }]);
  assert.deepEqual(rig.events(), ["0 read ok 4 1"]);
  rig.transfer("fd_read", fd, [10], AT.RESULT);
  rig.poll([{ read: fd }]);
  assert.deepEqual(rig.events(), ["0 read ok 0 1"]);
  const other = createPipe();
  const writer = rig.add(other.writer);
  other.reader.close();
  rig.poll([{ write: writer }]);
  assert.deepEqual(rig.events(), ["0 write EPIPE 0 1"]);
});

test("a source that fails is ready, and says how", async () => {
  const rig = await streamRig();
  const source = createSource(
    () => Promise.reject(new Error("cut")),
    () => {},
  );
  const call = waiting(rig.poll([{ read: rig.add(source) }]));
  await turn();
  assert.equal(call.done, true);
  assert.deepEqual(rig.events(), ["0 read EIO 0 0"]);
});

test("A5: to poll is to fetch, even for one who does not wait", async () => {
  const rig = await streamRig();
  const pulls = [];
  const source = createSource(
    () => new Promise((resolve) => pulls.push(resolve)),
    () => {},
  );
  const fd = rig.add(source);
  const list = [{ read: fd }, { clock: MONOTONIC, ns: 0n }];
  rig.poll(list);
  assert.deepEqual(rig.events(), ["1 clock ok 0 0"]);
  assert.equal(pulls.length, 1);
  pulls[0]("abc");
  await turn();
  rig.poll(list);
  assert.deepEqual(rig.events(), ["0 read ok 3 0", "1 clock ok 0 0"]);
  const quick = rig.add(createSource("text", () => {}));
  rig.poll([{ read: quick }]);
  assert.deepEqual(rig.events(), ["0 read ok 4 0"]);
});

test("A4: a program that polls for ever leaves nothing behind", async () => {
  const rig = await streamRig();
  const { reader } = createPipe();
  const fd = rig.add(reader);
  for (let round = 0; round < 100; round++) {
    const call = waiting(
      rig.poll([{ read: fd }, { clock: MONOTONIC, ns: MS }]),
    );
    assert.equal(rig.left, 2);
    await rig.advance(1);
    assert.equal(call.done, true);
    assert.equal(rig.left, 0);
  }
});

test("a call that is given up leaves nothing behind and writes nothing", async () => {
  const rig = await streamRig();
  const { reader, writer } = createPipe();
  const fd = rig.add(reader);
  const call = waiting(
    rig.poll([{ read: fd }, { clock: MONOTONIC, ns: 5n * MS }]),
  );
  rig.context.waits.last?.cancel();
  assert.equal(rig.left, 0);
  writeText(writer, "late");
  await rig.advance(10);
  assert.equal(call.done, false);
  assert.equal(rig.moved, 0xeeee);
});

test("a call that is given up between being woken and going on", async () => {
  const rig = await streamRig();
  const { reader, writer } = createPipe();
  const fd = rig.add(reader);
  const call = waiting(rig.poll([{ read: fd }, { clock: 1, ns: MS }]));
  writeText(writer, "x");
  rig.context.waits.last?.cancel();
  await turn();
  assert.equal(call.error, "ECANCELED");
  assert.equal(rig.moved, 0xeeee);
  assert.equal(rig.left, 0);
});

test("a descriptor that is closed while it is waited for is told", async () => {
  const rig = await streamRig();
  const fd = rig.add(createPipe().reader);
  const call = waiting(rig.poll([{ read: fd }]));
  rig.wasi.fd_close(fd);
  await turn();
  assert.equal(call.done, true);
  assert.deepEqual(rig.events(), ["0 read EBADF 0 0"]);
});

test("a wake for nothing goes on waiting, with the time that is left", async () => {
  const rig = await streamRig();
  const { reader, writer } = createPipe();
  const fd = rig.add(reader);
  const call = waiting(rig.poll([{ read: fd }, { clock: 1, ns: 50n * MS }]));
  rig.drift(20);
  writeText(writer, "x");
  reader.read(new Uint8Array(1), 0, 1); // another was faster
  await turn();
  assert.equal(call.done, false);
  assert.deepEqual(rig.delays, [50, 30]);
  assert.equal(rig.left, 2);
  await rig.advance(30);
  assert.deepEqual(rig.events(), ["1 clock ok 0 0"]);
});

test("subscriptions are read before anything else happens", async () => {
  const rig = await streamRig();
  const { reader, writer } = createPipe();
  const call = waiting(rig.poll([{ read: rig.add(reader) }]));
  rig.bytes().fill(0xff, AT.SUBSCRIPTIONS, AT.SUBSCRIPTIONS + 48);
  writeText(writer, "x");
  await turn();
  assert.equal(call.error, "ok");
  assert.deepEqual(rig.events(), ["0 read ok 1 0"]);
});

test("events may be written over the subscriptions", async () => {
  const rig = await streamRig();
  const list = Array.from({ length: 6 }, () => ({ clock: 1, ns: 0n }));
  assert.equal(now(rig.poll(list, AT.SUBSCRIPTIONS)), "ok");
  const expected = list.map((_, index) => `${index} clock ok 0 0`);
  assert.deepEqual(rig.events(AT.SUBSCRIPTIONS), expected);
  assert.equal(now(rig.poll(list, AT.SUBSCRIPTIONS + 40)), "ok");
  assert.deepEqual(rig.events(AT.SUBSCRIPTIONS + 40), expected);
});

test("no more is written than the events that there are", async () => {
  const rig = await streamRig();
  rig.bytes().fill(0x55, AT.EVENTS, AT.EVENTS + 256);
  rig.poll([
    { clock: 1, ns: 0n },
    { clock: 1, ns: MS },
    { clock: 1, ns: MS },
  ]);
  assert.deepEqual(rig.events(), ["0 clock ok 0 0"]);
  const rest = rig.bytes().slice(AT.EVENTS + 32, AT.EVENTS + 256);
  assert.ok(rest.every((byte) => byte === 0x55));
});

test("bad pointers are EFAULT before anything happens", async () => {
  const rig = await streamRig();
  const size = rig.bytes().length;
  rig.poll([{ clock: 1, ns: 0n }]);
  const { poll_oneoff: poll } = rig.wasi;
  const { SUBSCRIPTIONS, EVENTS, RESULT } = AT;
  for (const args of [
    [size - 47, EVENTS, 1, RESULT],
    [-48, EVENTS, 1, RESULT],
    [SUBSCRIPTIONS, size - 31, 1, RESULT],
    [SUBSCRIPTIONS, -1, 1, RESULT],
    [SUBSCRIPTIONS, EVENTS, 1, size - 3],
    [SUBSCRIPTIONS, EVENTS, 1, -4],
    [SUBSCRIPTIONS, EVENTS, -1, RESULT],
    [SUBSCRIPTIONS, EVENTS, 0x0555_5556, RESULT],
    [SUBSCRIPTIONS, EVENTS, 0x0800_0001, RESULT],
  ]) {
    assert.equal(now(poll(...args)), "EFAULT", String(args));
  }
  assert.equal(rig.moved, 1, "of the good poll before");
});

test("memory may grow while a poll waits", async () => {
  const rig = await streamRig();
  const { reader, writer } = createPipe();
  const call = waiting(rig.poll([{ read: rig.add(reader) }]));
  rig.wasm.grow(1);
  writeText(writer, "x");
  await turn();
  assert.equal(call.error, "ok");
  assert.deepEqual(rig.events(), ["0 read ok 1 0"]);
});

test("who may stop the thread waits so for a clock, and for nothing else", async () => {
  const rig = await streamRig({ block: true });
  const fd = rig.add(createPipe().reader);
  assert.equal(now(rig.poll([{ read: fd }, { clock: 1, ns: 25n * MS }])), "ok");
  assert.deepEqual(rig.events(), ["1 clock ok 0 0"]);
  assert.deepEqual(rig.delays, [25]);
  assert.equal(now(rig.poll([{ read: fd }])), "EAGAIN");
  assert.deepEqual(rig.delays, [25]);
  const source = rig.add(createSource("text", () => {}));
  rig.poll([{ read: source }, { clock: 1, ns: 25n * MS }]);
  assert.deepEqual(rig.events(), ["0 read ok 4 0"]);
});

test("whether a descriptor is never to wait is nothing to a poll", async () => {
  const rig = await streamRig();
  const { reader, writer } = createPipe();
  const fd = rig.add(reader, FDFLAGS.NONBLOCK);
  const call = waiting(rig.poll([{ read: fd }]));
  writeText(writer, "x");
  await turn();
  assert.equal(call.done, true);
});

test("a poll does not stand in line behind a read", async () => {
  const rig = await streamRig();
  const { reader, writer } = createPipe();
  const fd = rig.add(reader);
  const read = waiting(rig.transfer("fd_read", fd, [2], AT.FLAGS));
  const call = waiting(rig.poll([{ read: fd }]));
  writeText(writer, "abc");
  await turn();
  assert.deepEqual([read.error, call.error], ["ok", "ok"]);
  assert.deepEqual(rig.events(), ["0 read ok 1 0"]);
  assert.ok(rig.descriptors.get(fd) instanceof StreamDescriptor);
});

test("a stream that does not notice that it is closed is closed", async () => {
  const rig = await streamRig();
  let wake = () => {};
  class Careless extends Stream {
    get readable() {
      return true;
    }

    ready() {
      return -ERRNO.EAGAIN;
    }

    watch(_side, callback) {
      wake = callback;
      return () => {};
    }

    close() {
      wake();
    }
  }
  const fd = rig.add(new Careless());
  const call = waiting(rig.poll([{ read: fd }]));
  rig.wasi.fd_close(fd);
  await turn();
  assert.equal(call.done, true);
  assert.deepEqual(rig.events(), ["0 read EBADF 0 0"]);
});
