/* Sockets: receiving, sending, shutting down and accepting. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { TYPE } from "../../js/fs/volume.js";
import { Listener } from "../../js/io/listener.js";
import { createPipe, socketPair } from "../../js/io/pipe.js";
import { createSource } from "../../js/io/source.js";
import { Stream } from "../../js/io/stream.js";
import { FDFLAGS, RIGHTS, RIGHTS_ALL } from "../../js/wasi/abi.js";
import { AT, now, streamRig, waiting } from "../helpers/streamed.js";
import { readText, turn, utf8, writeText } from "../helpers/streams.js";

const PEEK = 1;
const WAITALL = 2;
const DIRECTORY = 0;

/** A program with a socket, whose other end is the test's. */
async function setUp({ capacity = 65_536, flags = 0 } = {}) {
  const rig = await streamRig();
  const [own, peer] = socketPair(capacity);
  const fd = rig.add(own, flags);
  const { wasi } = rig;
  return {
    ...rig,
    rig,
    own,
    peer,
    fd,
    recv: (spans, how = 0, at = fd) =>
      rig.transfer("sock_recv", at, spans, how, AT.RESULT, AT.FLAGS),
    send: (spans, how = 0, at = fd) =>
      rig.transfer("sock_send", at, spans, how, AT.RESULT),
    shutdown: (how, at = fd) => wasi.sock_shutdown(at, how),
  };
}

test("sock_recv takes what is there, into all its spans", async () => {
  const { recv, peer, rig } = await setUp();
  writeText(peer, "abcdefgh");
  rig.view().setUint16(AT.FLAGS, 0xffff, true);
  assert.equal(now(recv([3, 0, 10])), "ok");
  assert.equal(rig.moved, 8);
  assert.equal(rig.text(10), "abc~~defgh", "and nothing in between");
  assert.equal(rig.view().getUint16(AT.FLAGS, true), 0, "a stream is whole");
});

test("A3: sock_recv waits for something, and for no more than that", async () => {
  const { recv, peer, rig } = await setUp();
  const call = waiting(recv([8]));
  await turn();
  assert.equal(call.done, false);
  writeText(peer, "ab");
  await turn();
  assert.equal(call.error, "ok");
  assert.deepEqual([rig.moved, rig.text(2)], [2, "ab"]);
  assert.equal(rig.left, 0);
});

test("A5: a socket that is not to wait says EAGAIN", async () => {
  const { recv, send, peer, rig } = await setUp({
    flags: FDFLAGS.NONBLOCK,
    capacity: 4,
  });
  assert.equal(now(recv([8])), "EAGAIN");
  assert.equal(now(recv([8], WAITALL)), "EAGAIN");
  assert.equal(now(send(["abcdef"])), "ok");
  assert.equal(rig.moved, 4);
  assert.equal(now(send(["ef"])), "EAGAIN");
  writeText(peer, "xy");
  assert.equal(now(recv([8], WAITALL)), "ok", "what there is");
  assert.deepEqual([rig.moved, rig.text(2)], [2, "xy"]);
});

test("the end is no bytes, again and again", async () => {
  const { recv, peer, rig } = await setUp();
  writeText(peer, "z");
  peer.close();
  recv([8]);
  assert.equal(rig.moved, 1);
  for (let round = 0; round < 2; round++) {
    assert.equal(now(recv([8])), "ok");
    assert.equal(rig.moved, 0);
  }
});

test("PEEK looks ahead over all spans and takes nothing", async () => {
  const { recv, peer, rig } = await setUp();
  writeText(peer, "abcdef");
  for (let round = 0; round < 2; round++) {
    assert.equal(now(recv([2, 1, 9], PEEK)), "ok");
    assert.equal(rig.moved, 6);
    assert.equal(rig.text(8), "ab~c~def");
  }
  assert.equal(now(recv([4], PEEK)), "ok");
  assert.deepEqual([rig.moved, rig.text(4)], [4, "abcd"]);
  assert.equal(now(recv([0], PEEK)), "ok");
  assert.equal(rig.moved, 0);
  recv([9]);
  assert.equal(rig.text(6), "abcdef");
  const call = waiting(recv([4], PEEK | WAITALL));
  writeText(peer, "g");
  await turn();
  assert.equal(call.error, "ok", "a look ahead waits for something only");
  assert.equal(rig.moved, 1);
});

test("PEEK at the end and of nothing", async () => {
  const { recv, peer, rig } = await setUp({ flags: FDFLAGS.NONBLOCK });
  assert.equal(now(recv([4], PEEK)), "EAGAIN");
  peer.close();
  assert.equal(now(recv([4], PEEK)), "ok");
  assert.equal(rig.moved, 0);
});

test("WAITALL waits until its buffers are full", async () => {
  const { recv, peer, rig } = await setUp({ capacity: 4 });
  const call = waiting(recv([3, 6], WAITALL));
  for (const part of ["ab", "c", "defg"]) {
    writeText(peer, part);
    await turn();
    assert.equal(call.done, false);
  }
  writeText(peer, "hijk");
  await turn();
  assert.equal(call.error, "ok");
  assert.deepEqual([rig.moved, rig.text(10)], [9, "abc~defghi"]);
  assert.equal(now(recv([2], WAITALL)), "ok");
  assert.equal(rig.text(2), "jk", "the rest is there");
  assert.equal(rig.left, 0);
});

test("WAITALL ends with what came before the end", async () => {
  const { recv, peer, rig } = await setUp();
  const call = waiting(recv([8], WAITALL));
  writeText(peer, "abc");
  await turn();
  assert.equal(call.done, false);
  peer.close();
  await turn();
  assert.equal(call.error, "ok");
  assert.deepEqual([rig.moved, rig.text(3)], [3, "abc"]);
  assert.equal(now(recv([8], WAITALL)), "ok");
  assert.equal(rig.moved, 0);
});

test("WAITALL does not wait when all has come and the peer is gone", async () => {
  const { recv, peer, rig } = await setUp();
  writeText(peer, "abc");
  peer.close();
  assert.equal(now(recv([8], WAITALL)), "ok");
  assert.equal(rig.moved, 3);
});

test("WAITALL for nothing does not wait", async () => {
  const { recv, rig } = await setUp();
  assert.equal(now(recv([], WAITALL)), "ok");
  assert.equal(now(recv([0, 0], WAITALL)), "ok");
  assert.equal(rig.moved, 0);
});

test("receivers are served in turn", async () => {
  const { recv, peer, rig, wasi, fd } = await setUp();
  const first = waiting(recv([4], WAITALL));
  const table = AT.IOVECS + 64;
  const buffer = AT.BUFFER + 256;
  rig.view().setUint32(table, buffer, true);
  rig.view().setUint32(table + 4, 2, true);
  const second = waiting(
    wasi.sock_recv(fd, table, 1, 0, AT.RESULT + 4, AT.FLAGS),
  );
  writeText(peer, "ab");
  await turn();
  assert.deepEqual([first.done, second.done], [false, false]);
  writeText(peer, "cdEF");
  await turn();
  assert.deepEqual([first.error, second.error], ["ok", "ok"]);
  assert.equal(rig.text(4), "abcd");
  assert.deepEqual(rig.bytes().slice(buffer, buffer + 2), utf8("EF"));
});

test("a receiver that is given up lets the next one in", async () => {
  const { recv, peer, rig, context } = await setUp();
  const first = waiting(recv([4]));
  const given = context.waits.last;
  const second = waiting(recv([4]));
  given?.cancel();
  writeText(peer, "x");
  await turn();
  assert.deepEqual([first.done, second.error], [false, "ok"]);
  assert.equal(rig.left, 0);
});

test("a socket that is closed while it is waited for is EBADF", async () => {
  const { recv, wasi, fd } = await setUp();
  const call = waiting(recv([4]));
  wasi.fd_close(fd);
  await turn();
  assert.equal(call.error, "EBADF");
});

test("what a waiting sock_recv was given is checked again", async () => {
  const { recv, peer, rig } = await setUp();
  const call = waiting(recv([4]));
  rig.view().setUint32(AT.IOVECS, 0xffff_fff0, true);
  writeText(peer, "abcd");
  await turn();
  assert.equal(call.error, "EFAULT");
  assert.equal(now(recv([4])), "ok");
  assert.equal(rig.text(4), "abcd", "nothing was lost");
});

test("sock_send gathers its spans and waits for room", async () => {
  const { send, peer, rig } = await setUp({ capacity: 4 });
  assert.equal(now(send(["a", "", "bc"])), "ok");
  assert.equal(rig.moved, 3);
  assert.equal(now(send(["def"])), "ok");
  assert.equal(rig.moved, 1);
  const call = waiting(send(["ef"]));
  assert.equal(readText(peer), "abcd");
  await turn();
  assert.equal(call.error, "ok");
  assert.equal(rig.moved, 2);
  assert.equal(readText(peer), "ef");
  assert.equal(now(send([])), "ok");
  assert.equal(rig.moved, 0);
});

test("sending to one who is gone is EPIPE", async () => {
  const { send, peer } = await setUp();
  peer.close();
  assert.equal(now(send(["x"])), "EPIPE");
});

test("flags that there are not are EINVAL", async () => {
  const { recv, send } = await setUp();
  assert.equal(now(recv([4], 4)), "EINVAL");
  assert.equal(now(recv([4], -1)), "EINVAL");
  assert.equal(now(send(["x"], 1)), "EINVAL");
});

test("bad spans and pointers are EFAULT, and nothing is moved", async () => {
  const { rig, peer, wasi, fd } = await setUp();
  writeText(peer, "abc");
  rig.transfer("fd_fdstat_get", fd, [4]);
  const end = rig.bytes().length;
  const { IOVECS, RESULT, FLAGS } = AT;
  for (const [table, count, size, flags] of [
    [end - 7, 1, RESULT, FLAGS],
    [-8, 1, RESULT, FLAGS],
    [IOVECS, 1, end - 3, FLAGS],
    [IOVECS, 1, RESULT, end - 1],
    [IOVECS, 1, RESULT, -1],
  ]) {
    const args = [fd, table, count, 0, size, flags];
    assert.equal(now(wasi.sock_recv(...args)), "EFAULT", String(args));
    if (flags !== FLAGS) continue;
    assert.equal(now(wasi.sock_send(...args)), "EFAULT", String(args));
  }
  assert.equal(now(wasi.sock_recv(fd, IOVECS, -1, 0, RESULT, FLAGS)), "EINVAL");
  assert.equal(readText(peer), "EAGAIN");
  rig.transfer("sock_recv", fd, [8], 0, RESULT, FLAGS);
  assert.equal(rig.moved, 3);
});

test("sock_shutdown ends one way or both", async () => {
  const { shutdown, recv, send, peer, rig } = await setUp();
  writeText(peer, "unread");
  assert.equal(now(shutdown(2)), "ok");
  assert.equal(now(send(["x"])), "EPIPE");
  assert.equal(readText(peer), "", "the peer finds the end");
  recv([3]);
  assert.equal(rig.text(3), "unr");
  assert.equal(now(shutdown(1)), "ok");
  assert.equal(now(recv([3])), "ok");
  assert.equal(rig.moved, 0);
  assert.equal(writeText(peer, "x"), "EPIPE");
  assert.equal(now(shutdown(3)), "ok", "once more is no error");
  const both = await setUp();
  assert.equal(now(both.shutdown(3)), "ok");
  assert.equal(readText(both.peer), "");
  assert.equal(writeText(both.peer, "x"), "EPIPE");
});

test("to shut down nothing, or what there is not, is EINVAL", async () => {
  const { shutdown } = await setUp();
  for (const how of [0, 4, 7, -1]) {
    assert.equal(now(shutdown(how)), "EINVAL", String(how));
  }
});

test("shutting down wakes who waits", async () => {
  const { recv, shutdown, rig } = await setUp();
  const call = waiting(recv([3]));
  shutdown(1);
  await turn();
  assert.equal(call.error, "ok");
  assert.equal(rig.moved, 0);
});

test("what is no socket is ENOTSOCK, what is no descriptor EBADF", async () => {
  const { recv, send, shutdown, wasi, rig } = await setUp();
  const pipe = rig.add(createPipe().reader);
  const source = rig.add(createSource("x", () => {}));
  for (const fd of [pipe, source, DIRECTORY]) {
    assert.equal(now(recv([3], 0, fd)), "ENOTSOCK");
    assert.equal(now(send(["x"], 0, fd)), "ENOTSOCK");
    assert.equal(now(shutdown(3, fd)), "ENOTSOCK");
    assert.equal(now(wasi.sock_accept(fd, 0, AT.RESULT)), "ENOTSOCK");
  }
  for (const fd of [77, -1]) {
    assert.equal(now(recv([3], 0, fd)), "EBADF");
    assert.equal(now(send(["x"], 0, fd)), "EBADF");
    assert.equal(now(shutdown(3, fd)), "EBADF");
    assert.equal(now(wasi.sock_accept(fd, 0, AT.RESULT)), "EBADF");
  }
});

test("each right is asked for", async () => {
  const { recv, send, shutdown, wasi, rig, fd, peer } = await setUp();
  const descriptor = rig.descriptors.get(fd);
  writeText(peer, "x");
  for (const [right, call] of [
    [RIGHTS.FD_READ, () => recv([1])],
    [RIGHTS.FD_WRITE, () => send(["x"])],
    [RIGHTS.SOCK_SHUTDOWN, () => shutdown(2)],
    [RIGHTS.SOCK_ACCEPT, () => wasi.sock_accept(fd, 0, AT.RESULT)],
  ]) {
    const before = descriptor.rights;
    descriptor.rights &= ~right;
    assert.equal(now(call()), "ENOTCAPABLE");
    descriptor.rights = before;
    assert.notEqual(now(call()), "ENOTCAPABLE");
  }
});

test("a socket is read and written as any stream, too", async () => {
  const { rig, fd, peer } = await setUp();
  assert.equal(now(rig.transfer("fd_write", fd, ["hi"], AT.RESULT)), "ok");
  assert.equal(readText(peer), "hi");
  writeText(peer, "yo");
  assert.equal(now(rig.transfer("fd_read", fd, [8], AT.RESULT)), "ok");
  assert.equal(rig.text(2), "yo");
});

test("sock_accept takes connections in their order", async () => {
  const rig = await streamRig();
  const listener = new Listener();
  const fd = rig.add(listener);
  const one = listener.connect();
  const [given, two] = socketPair();
  assert.equal(listener.connect(given), given);
  const accepted = [one, two].map((peer) => {
    assert.equal(now(rig.wasi.sock_accept(fd, 0, AT.RESULT)), "ok");
    const number = rig.moved;
    writeText(peer, "hello");
    rig.transfer("sock_recv", number, [8], 0, AT.RESULT, AT.FLAGS);
    assert.equal(rig.text(5), "hello");
    return number;
  });
  assert.deepEqual(accepted, [fd + 1, fd + 2]);
});

test("A3: sock_accept waits, in turn, and takes no more than it is given", async () => {
  const rig = await streamRig();
  const listener = new Listener();
  const fd = rig.add(listener);
  const first = waiting(rig.wasi.sock_accept(fd, 0, AT.RESULT));
  const second = waiting(rig.wasi.sock_accept(fd, 0, AT.FLAGS));
  listener.connect();
  await turn();
  assert.deepEqual([first.error, second.done], ["ok", false]);
  listener.connect();
  await turn();
  assert.equal(second.error, "ok");
  assert.equal(rig.view().getUint32(AT.FLAGS, true), fd + 2);
  assert.equal(rig.left, 0);
});

test("an accept that is given up takes no connection", async () => {
  const rig = await streamRig();
  const listener = new Listener();
  const fd = rig.add(listener);
  const call = waiting(rig.wasi.sock_accept(fd, 0, AT.RESULT));
  rig.context.waits.last?.cancel();
  listener.connect();
  await turn();
  assert.equal(call.done, false);
  assert.equal(rig.descriptors.get(fd + 1), null);
  assert.equal(now(rig.wasi.sock_accept(fd, 0, AT.RESULT)), "ok");
});

test("A6: a listener can be polled", async () => {
  const rig = await streamRig();
  const listener = new Listener();
  const fd = rig.add(listener);
  const call = waiting(rig.poll([{ read: fd }]));
  listener.connect();
  listener.connect();
  await turn();
  assert.equal(call.error, "ok");
  assert.deepEqual(rig.events(), ["0 read ok 2 0"]);
});

test("sock_accept: flags, pointers, and listeners that do not wait", async () => {
  const rig = await streamRig();
  const listener = new Listener();
  const fd = rig.add(listener, FDFLAGS.NONBLOCK);
  const { sock_accept: accept } = rig.wasi;
  assert.equal(now(accept(fd, 0, AT.RESULT)), "EAGAIN");
  listener.connect();
  for (const flags of [1, 2, 8, 16, 32, -1]) {
    assert.equal(now(accept(fd, flags, AT.RESULT)), "EINVAL", String(flags));
  }
  for (const pointer of [-1, -4, rig.bytes().length - 3]) {
    assert.equal(now(accept(fd, 0, pointer)), "EFAULT", String(pointer));
  }
  assert.equal(now(accept(fd, FDFLAGS.NONBLOCK, AT.RESULT)), "ok");
  const accepted = rig.descriptors.get(rig.moved);
  assert.equal(accepted?.flags, FDFLAGS.NONBLOCK);
  assert.equal(accepted?.type, TYPE.SOCKET_STREAM);
});

test("an accepted socket has the rights that the listener hands on", async () => {
  const rig = await streamRig();
  const listener = new Listener();
  const fd = rig.add(listener);
  assert.equal(rig.descriptors.get(fd)?.inheriting, RIGHTS_ALL);
  const kept = RIGHTS.FD_READ | RIGHTS.FD_FILESTAT_GET;
  rig.wasi.fd_fdstat_set_rights(fd, BigInt(RIGHTS.SOCK_ACCEPT), BigInt(kept));
  listener.connect();
  assert.equal(now(rig.wasi.sock_accept(fd, 0, AT.RESULT)), "ok");
  const accepted = rig.descriptors.get(rig.moved);
  assert.deepEqual([accepted?.rights, accepted?.inheriting], [kept, kept]);
});

test("a connected socket accepts nothing: EINVAL", async () => {
  const { wasi, fd } = await setUp();
  assert.equal(now(wasi.sock_accept(fd, 0, AT.RESULT)), "EINVAL");
});

test("without a free number the connection goes on waiting: EMFILE", async () => {
  const rig = await streamRig();
  const listener = new Listener();
  const fd = rig.add(listener);
  while (rig.descriptors.hasRoom) rig.add(new Stream());
  listener.connect();
  assert.equal(now(rig.wasi.sock_accept(fd, 0, AT.RESULT)), "EMFILE");
  rig.wasi.fd_close(fd + 9);
  assert.equal(now(rig.wasi.sock_accept(fd, 0, AT.RESULT)), "ok");
  assert.equal(rig.moved, fd + 9);
});

test("a listener that is closed closes who waits, and refuses others", async () => {
  const rig = await streamRig();
  const listener = new Listener(2);
  const fd = rig.add(listener);
  const one = listener.connect();
  listener.connect();
  assert.throws(() => listener.connect(), { code: "ECONNREFUSED" });
  assert.equal(now(rig.wasi.sock_shutdown(fd, 3)), "ENOTCONN");
  rig.wasi.sock_accept(fd, 0, AT.RESULT);
  rig.wasi.sock_accept(fd, 0, AT.RESULT);
  const three = listener.connect();
  const call = waiting(rig.poll([{ read: rig.add(createPipe().reader) }]));
  rig.wasi.fd_close(fd);
  listener.close();
  assert.equal(readText(three), "");
  assert.equal(readText(one), "EAGAIN", "those that were accepted go on");
  assert.throws(() => listener.connect(), { code: "ECONNREFUSED" });
  assert.equal(call.done, false);
  const accepting = await streamRig();
  const other = new Listener();
  const at = accepting.add(other);
  const waits = waiting(accepting.wasi.sock_accept(at, 0, AT.RESULT));
  accepting.wasi.fd_close(at);
  await turn();
  assert.equal(waits.error, "EBADF");
  assert.ok(/** @type {number} */ (other.accept()) < 0);
});
