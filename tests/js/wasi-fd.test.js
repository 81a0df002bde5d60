/* Descriptors of files: moving bytes, positions, flags and rights; and what
 * becomes of transfers that wait (SEEDS A3, A5). */
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { ERRNO } from "../../js/errors.js";
import { MemoryVolume } from "../../js/fs/memory.js";
import { Namespace } from "../../js/fs/namespace.js";
import { Memory } from "../../js/memory.js";
import { FDFLAGS, RIGHTS, RIGHTS_ALL } from "../../js/wasi/abi.js";
import { Context } from "../../js/wasi/context.js";
import {
  DirectoryDescriptor,
  FILE_RIGHTS,
  FileDescriptor,
} from "../../js/wasi/descriptors.js";
import { wasiFunctions } from "../../js/wasi/functions.js";

const MAX = BigInt(Number.MAX_SAFE_INTEGER);
/** Where tests have iovecs, results and data in memory. */
const LIST = 0;
const RESULT = 256;
const DATA = 1024;

/** A volume whose transfers wait until they are let go on, one at a time. */
class Gate extends MemoryVolume {
  /** @type {(() => void)[]} */
  waiting = [];
  flows = true;
  synced = [];

  #passes() {
    if (this.flows) return null;
    return new Promise((resolve) => {
      this.waiting.push(() => resolve(undefined));
    });
  }

  read(...args) {
    return this.#passes() ?? super.read(...args);
  }

  write(...args) {
    return this.#passes() ?? super.write(...args);
  }

  sync(_file, dataOnly) {
    this.synced.push(dataOnly);
    return this.flows ? 0 : Promise.resolve(-ERRNO.EIO);
  }

  /** Lets all that wait go on. */
  release() {
    this.flows = true;
    for (const goOn of this.waiting.splice(0)) goOn();
  }
}

let gate = new Gate();
let wasm = new WebAssembly.Memory({ initial: 1 });
/** @type {Record<string, Function>} */
let wasi = {};
let context = /** @type {Context} */ ({});
let fd = 0;

function addFile({ rights = FILE_RIGHTS, flags = 0, name = "file" } = {}) {
  const place = context.namespace.rootOf(context.namespace.mounts[0]);
  const found = gate.lookup(place.node, name);
  const node =
    typeof found === "number" ? gate.create(place.node, name) : found;
  const file = gate.openNode(node, { read: true, write: true });
  const limits = { base: rights, inheriting: 0 };
  return context.descriptors.add(
    new FileDescriptor({ mount: place.mount, node }, file, limits, flags),
  );
}

beforeEach(async () => {
  gate = new Gate();
  wasm = new WebAssembly.Memory({ initial: 1, maximum: 80 });
  const memory = new Memory();
  memory.attach(wasm);
  const namespace = new Namespace();
  await namespace.open({ "/": gate });
  context = new Context({
    memory,
    namespace,
    args: [],
    env: {},
    now: () => 0,
    after: () => () => {},
    exit: () => assert.fail("exit"),
    report: () => assert.fail("report"),
    checkEnded: () => {},
    block: null,
  });
  wasi = wasiFunctions(context);
  fd = addFile();
});

const view = () => new DataView(wasm.buffer);

/** @param {number} at @param {string} text */
function put(at, text) {
  const bytes = new TextEncoder().encode(text);
  new Uint8Array(wasm.buffer).set(bytes, at);
  return bytes.length;
}

/** @param {number} at @param {number} size */
function peek(at, size) {
  return new TextDecoder().decode(new Uint8Array(wasm.buffer, at, size));
}

/** @param {...[number, number]} spans @returns {[number, number]} */
function spans(...list) {
  list.flat().forEach((number, index) => {
    view().setUint32(LIST + 4 * index, number, true);
  });
  return [LIST, list.length];
}

const count = () => view().getUint32(RESULT, true);
const position = () => Number(view().getBigUint64(RESULT, true));

/** @param {string} text */
function write(text, to = fd) {
  return wasi.fd_write(to, ...spans([DATA, put(DATA, text)]), RESULT);
}

function contents(to = fd) {
  assert.equal(wasi.fd_pread(to, ...spans([DATA, 4096]), 0n, RESULT), 0);
  return peek(DATA, count());
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test("reads and writes move the position, those at an offset do not", () => {
  assert.equal(write("hello world"), 0);
  assert.equal(wasi.fd_tell(fd, RESULT), 0);
  assert.equal(position(), 11);
  put(DATA, "HELLO");
  assert.equal(wasi.fd_pwrite(fd, ...spans([DATA, 5]), 0n, RESULT), 0);
  assert.equal(count(), 5);
  assert.equal(wasi.fd_tell(fd, RESULT), 0);
  assert.equal(position(), 11);
  assert.equal(wasi.fd_seek(fd, -5n, 2, RESULT), 0);
  assert.equal(wasi.fd_read(fd, ...spans([DATA, 3], [DATA + 3, 9]), RESULT), 0);
  assert.equal(peek(DATA, count()), "world");
  assert.equal(wasi.fd_read(fd, ...spans([DATA, 3]), RESULT), 0);
  assert.equal(count(), 0, "the end of the file");
  assert.equal(contents(), "HELLO world");
});

test("spans are gathered and scattered, empty ones are no matter", () => {
  put(100, "one ");
  put(200, "two");
  const list = spans([100, 4], [300, 0], [200, 3]);
  assert.equal(wasi.fd_write(fd, ...list, RESULT), 0);
  assert.equal(count(), 7);
  const into = spans([DATA, 1], [0xffff_ff00, 0], [DATA + 8, 20]);
  assert.equal(wasi.fd_pread(fd, ...into, 0n, RESULT), ERRNO.EFAULT);
  const fit = spans([DATA, 1], [0, 0], [DATA + 8, 20]);
  assert.equal(wasi.fd_pread(fd, ...fit, 0n, RESULT), 0);
  assert.deepEqual([peek(DATA, 1), peek(DATA + 8, 6)], ["o", "ne two"]);
  assert.equal(wasi.fd_read(fd, LIST, 0, RESULT), 0);
  assert.equal(count(), 0);
});

test("a bad span or result moves nothing at all", () => {
  put(DATA, "text");
  const size = wasm.buffer.byteLength;
  for (const [list, result] of [
    [spans([DATA, 4], [size - 3, 4]), RESULT],
    [[size - 7, 1], RESULT],
    [[-8, 1], RESULT],
    [spans([DATA, 4]), size - 3],
    [spans([DATA, 4]), -1],
    [[LIST, -1], RESULT],
  ]) {
    const [table, length] = /** @type {number[]} */ (list);
    const error = wasi.fd_write(fd, table, length, result);
    assert.ok([ERRNO.EFAULT, ERRNO.EINVAL].includes(error), `${error}`);
  }
  assert.equal(contents(), "");
});

test("appending goes to the end, wherever the position is", () => {
  const log = addFile({ flags: FDFLAGS.APPEND });
  write("first ");
  assert.equal(write("second", log), 0);
  assert.equal(wasi.fd_tell(log, RESULT), 0);
  assert.equal(position(), 12);
  wasi.fd_seek(log, 0n, 0, RESULT);
  write(" third", log);
  assert.equal(contents(), "first second third");
  assert.equal(wasi.fd_fdstat_set_flags(log, 0), 0);
  wasi.fd_seek(log, 0n, 0, RESULT);
  write("FIRST", log);
  assert.equal(contents(), "FIRST second third");
});

test("what is opened to be synchronous is stored when a write answers", () => {
  const data = addFile({ flags: FDFLAGS.DSYNC });
  const all = addFile({ flags: FDFLAGS.SYNC | FDFLAGS.DSYNC });
  write("x");
  assert.deepEqual(gate.synced, []);
  write("x", data);
  write("x", all);
  assert.deepEqual(gate.synced, [true, false]);
  assert.equal(wasi.fd_sync(fd), 0);
  assert.equal(wasi.fd_datasync(fd), 0);
  assert.deepEqual(gate.synced.slice(2), [false, true]);
});

test("storing that fails later is the call's errno", async () => {
  gate.flows = false;
  assert.equal(await wasi.fd_sync(fd), ERRNO.EIO);
});

test("seeking: from the start, from here, from the end; not before it", () => {
  write("0123456789");
  for (const [offset, whence, result] of [
    [4n, 0, 4n],
    [3n, 1, 7n],
    [-2n, 1, 5n],
    [-1n, 2, 9n],
    [MAX - 10n, 2, MAX],
    [0n, 0, 0n],
  ]) {
    assert.equal(wasi.fd_seek(fd, offset, whence, RESULT), 0);
    assert.equal(view().getBigUint64(RESULT, true), result);
  }
  for (const [offset, whence, error] of [
    [-1n, 0, ERRNO.EINVAL],
    [-11n, 2, ERRNO.EINVAL],
    [0n, 3, ERRNO.EINVAL],
    [0n, -1, ERRNO.EINVAL],
    [1n, 257, ERRNO.EINVAL],
    [MAX, 2, ERRNO.EOVERFLOW],
  ]) {
    assert.equal(wasi.fd_seek(fd, offset, whence, RESULT), error);
  }
  assert.equal(wasi.fd_tell(fd, RESULT), 0);
  assert.equal(position(), 0, "a seek that failed moved nothing");
});

test("offsets that no file has", () => {
  const list = spans([DATA, 1]);
  assert.equal(wasi.fd_pread(fd, ...list, -1n, RESULT), ERRNO.EINVAL);
  assert.equal(wasi.fd_pwrite(fd, ...list, MAX + 1n, RESULT), ERRNO.EFBIG);
  assert.equal(wasi.fd_filestat_set_size(fd, -1n), ERRNO.EINVAL);
  assert.equal(wasi.fd_filestat_set_size(fd, MAX + 1n), ERRNO.EFBIG);
  assert.equal(wasi.fd_allocate(fd, -1n, 1n), ERRNO.EINVAL);
  assert.equal(wasi.fd_allocate(fd, 0n, 0n), ERRNO.EINVAL);
  gate.allocate = () => assert.fail("a size that no file has");
  assert.equal(wasi.fd_allocate(fd, MAX, 1n), ERRNO.EFBIG);
  assert.equal(contents(), "");
});

test("rights may be given up, never taken", () => {
  const { FD_READ, FD_WRITE } = RIGHTS;
  const list = spans([DATA, 1]);
  assert.equal(wasi.fd_fdstat_set_rights(fd, BigInt(FD_READ), 0n), 0);
  assert.equal(wasi.fd_write(fd, ...list, RESULT), ERRNO.ENOTCAPABLE);
  assert.equal(wasi.fd_sync(fd), ERRNO.ENOTCAPABLE);
  assert.equal(wasi.fd_read(fd, ...list, RESULT), 0);
  for (const more of [BigInt(FD_WRITE | FD_READ), 1n << 63n, 1n << 30n]) {
    const error = wasi.fd_fdstat_set_rights(fd, more, 0n);
    assert.equal(error, ERRNO.ENOTCAPABLE);
  }
  const right = BigInt(FD_READ);
  const inherited = wasi.fd_fdstat_set_rights(fd, right, 1n);
  assert.equal(inherited, ERRNO.ENOTCAPABLE);
});

test("each function of files wants its right", () => {
  const bare = addFile({ rights: 0 });
  const list = spans([DATA, 1]);
  for (const [name, ...args] of [
    ["fd_advise", 0n, 0n, 0],
    ["fd_allocate", 0n, 1n],
    ["fd_datasync"],
    ["fd_fdstat_set_flags", 0],
    ["fd_filestat_get", DATA],
    ["fd_filestat_set_size", 0n],
    ["fd_filestat_set_times", 0n, 0n, 0],
    ["fd_pread", ...list, 0n, RESULT],
    ["fd_pwrite", ...list, 0n, RESULT],
    ["fd_read", ...list, RESULT],
    ["fd_seek", 1n, 0, RESULT],
    ["fd_seek", 0n, 1, RESULT],
    ["fd_sync"],
    ["fd_tell", RESULT],
    ["fd_write", ...list, RESULT],
  ]) {
    assert.equal(wasi[name](bare, ...args), ERRNO.ENOTCAPABLE, `${name}`);
  }
  const tells = addFile({ rights: RIGHTS.FD_TELL });
  assert.equal(wasi.fd_seek(tells, 0n, 1, RESULT), 0, "only asks");
});

test("a directory can be neither read nor written, nor sought in", () => {
  const mount = context.namespace.mounts[0];
  const place = context.namespace.rootOf(mount);
  const file = gate.openNode(place.node, { read: true, write: false });
  const all = { base: RIGHTS_ALL, inheriting: RIGHTS_ALL };
  const directory = context.descriptors.add(
    new DirectoryDescriptor(place, file, all, 0, new Uint8Array([47])),
  );
  const list = spans([DATA, 1]);
  assert.equal(wasi.fd_read(directory, ...list, RESULT), ERRNO.EISDIR);
  assert.equal(wasi.fd_write(directory, ...list, RESULT), ERRNO.EISDIR);
  assert.equal(wasi.fd_seek(directory, 0n, 0, RESULT), ERRNO.EBADF);
  assert.equal(wasi.fd_prestat_get(directory, RESULT), 0);
  assert.deepEqual(
    [view().getUint8(RESULT), view().getUint32(260, true)],
    [0, 1],
  );
  const short = wasi.fd_prestat_dir_name(directory, DATA, 0);
  assert.equal(short, ERRNO.ENAMETOOLONG);
  assert.equal(wasi.fd_prestat_dir_name(directory, DATA, 1), 0);
  assert.equal(peek(DATA, 1), "/");
});

test("a transfer that waits is done when it can be, after memory has grown", async () => {
  write("slow bytes");
  gate.flows = false;
  const result = wasi.fd_pread(fd, ...spans([DATA, 4]), 5n, RESULT);
  assert.ok(result instanceof Promise);
  wasm.grow(1);
  context.memory.renew();
  gate.release();
  assert.equal(await result, 0);
  assert.equal(peek(DATA, count()), "byte");
});

test("a transfer that was given up moves nothing", async () => {
  write("slow bytes");
  put(DATA, "poison");
  view().setUint32(RESULT, 0xdead, true);
  gate.flows = false;
  wasi.fd_seek(fd, 0n, 0, RESULT + 16);
  const result = wasi.fd_read(fd, ...spans([DATA, 4]), RESULT);
  context.waits.last?.cancel();
  gate.release();
  assert.equal(await result, ERRNO.ECANCELED);
  assert.equal(peek(DATA, 6), "poison");
  assert.equal(count(), 0xdead);
  assert.equal(wasi.fd_tell(fd, RESULT), 0);
  assert.equal(position(), 0);
});

test("transfers on one descriptor that wait are done in the order they came", async () => {
  const log = addFile({ name: "log" });
  gate.flows = false;
  const results = ["one ", "two ", "three"].map((text, index) => {
    const at = DATA + 64 * index;
    const list = LIST + 8 * index;
    view().setUint32(list, at, true);
    view().setUint32(list + 4, put(at, text), true);
    return wasi.fd_write(log, list, 1, RESULT + 4 * index);
  });
  assert.ok(results.every((result) => result instanceof Promise));
  assert.equal(gate.waiting.length, 1, "only one is at the volume");
  gate.release();
  assert.deepEqual(await Promise.all(results), [0, 0, 0]);
  assert.equal(contents(log), "one two three");
});

test("who must not wait for its turn is told so", () => {
  const eager = addFile({ flags: FDFLAGS.NONBLOCK });
  gate.flows = false;
  const list = spans([DATA, 1]);
  assert.ok(wasi.fd_write(eager, ...list, RESULT) instanceof Promise);
  assert.equal(wasi.fd_write(eager, ...list, RESULT), ERRNO.EAGAIN);
});

test("a descriptor that is closed under a transfer ends it with EBADF", async () => {
  gate.flows = false;
  const list = spans([DATA, 1]);
  const first = wasi.fd_write(fd, ...list, RESULT);
  const second = wasi.fd_write(fd, ...list, RESULT);
  assert.equal(wasi.fd_close(fd), 0);
  const other = addFile({ name: "other" });
  assert.equal(other, fd, "the number is in use again");
  gate.release();
  assert.deepEqual(await Promise.all([first, second]), [
    ERRNO.EBADF,
    ERRNO.EBADF,
  ]);
  await settled();
  assert.equal(contents(other), "");
});

/** Where the descriptor of most tests is. */
const tell = () => context.descriptors.get(fd).position;

/** The second write of the volume waits, until what is answered is called. */
function gateSecondWrite() {
  const whole = gate.write.bind(gate);
  let writes = 0;
  let goOn = () => {};
  const promise = new Promise((resolve) => {
    goOn = () => resolve(undefined);
  });
  gate.write = (...args) => {
    writes++;
    return writes === 2 ? promise : whole(...args);
  };
  return goOn;
}

test("a file's transfer that waits in its middle goes on to its end", async () => {
  const goOn = gateSecondWrite();
  put(DATA, "abcdef");
  const list = spans([DATA, 3], [DATA + 3, 3]);
  const answer = wasi.fd_write(fd, ...list, RESULT);
  assert.ok(answer instanceof Promise);
  goOn();
  assert.equal(await answer, 0);
  assert.equal(count(), 6);
  assert.equal(tell(), 6);
});

test("a transfer that is given up in its middle can be done again", async () => {
  gateSecondWrite();
  put(DATA, "abcdef");
  const list = spans([DATA, 3], [DATA + 3, 3]);
  void wasi.fd_write(fd, ...list, RESULT);
  context.waits.last.cancel();
  assert.equal(tell(), 0);
  assert.equal(wasi.fd_write(fd, ...list, RESULT), 0);
  assert.equal(tell(), 6);
});

test("what was appended before it would wait is the answer", () => {
  const end = addFile({ name: "end", flags: FDFLAGS.APPEND });
  gateSecondWrite();
  put(DATA, "abcdef");
  const list = spans([DATA, 3], [DATA + 3, 3]);
  assert.equal(wasi.fd_write(end, ...list, RESULT), 0);
  assert.equal(count(), 3);
});

test("a volume that moves less at a time is called again", () => {
  const whole = gate.write.bind(gate);
  gate.write = (file, from, bytes, at) => whole(file, from, bytes, at, 1);
  put(DATA, "abcdef");
  const list = spans([DATA, 3], [DATA + 3, 3]);
  assert.equal(wasi.fd_write(fd, ...list, RESULT), 0);
  assert.equal(count(), 6);
});

test("more bytes than the count can tell are EINVAL", () => {
  wasm.grow(7);
  context.memory.renew();
  const list = Array.from({ length: 1024 }, () => [0, 8 * 65_536]);
  const table = 8192;
  list.flat().forEach((number, index) => {
    view().setUint32(table + 4 * index, number, true);
  });
  assert.equal(wasi.fd_read(fd, table, 1024, RESULT), 0);
  wasm.grow(58);
  context.memory.renew();
  for (let index = 0; index < 1024; index++) {
    view().setUint32(table + 8 * index + 4, 2 ** 22, true);
  }
  assert.equal(wasi.fd_read(fd, table, 1023, RESULT), 0);
  assert.equal(wasi.fd_read(fd, table, 1024, RESULT), ERRNO.EINVAL);
});

test("renumbering closes the target and keeps the position", () => {
  const other = addFile({ name: "other" });
  write("abc");
  assert.equal(wasi.fd_renumber(fd, other), 0);
  assert.equal(wasi.fd_tell(fd, RESULT), ERRNO.EBADF);
  assert.equal(wasi.fd_tell(other, RESULT), 0);
  assert.equal(position(), 3);
  assert.equal(contents(other), "abc");
  assert.equal(wasi.fd_renumber(other, other), 0);
  assert.equal(contents(other), "abc");
  assert.equal(wasi.fd_renumber(other, 99), ERRNO.EBADF);
  assert.equal(wasi.fd_renumber(99, other), ERRNO.EBADF);
  assert.equal(addFile(), fd);
});

test("flags and times that mean nothing are EINVAL", () => {
  assert.equal(wasi.fd_fdstat_set_flags(fd, 32), ERRNO.EINVAL);
  assert.equal(wasi.fd_fdstat_set_flags(fd, 0x1_0000), ERRNO.EINVAL);
  assert.equal(wasi.fd_filestat_set_times(fd, 0n, 0n, 3), ERRNO.EINVAL);
  assert.equal(wasi.fd_filestat_set_times(fd, 0n, 0n, 12), ERRNO.EINVAL);
  assert.equal(wasi.fd_filestat_set_times(fd, 0n, 0n, 16), ERRNO.EINVAL);
  assert.equal(wasi.fd_advise(fd, 0n, 0n, 6), ERRNO.EINVAL);
  assert.equal(wasi.fd_advise(fd, -1n, 0n, 0), ERRNO.EINVAL);
  assert.equal(wasi.fd_advise(fd, 0n, 0n, 5), 0);
});

test("stat tells what was set, to the nanosecond", () => {
  write("12345");
  const [atime, mtime] = [1_000_000_001n, 2n ** 62n + 3n];
  assert.equal(wasi.fd_filestat_set_times(fd, atime, mtime, 5), 0);
  assert.equal(wasi.fd_filestat_get(fd, DATA), 0);
  const u64 = (/** @type {number} */ at) =>
    view().getBigUint64(DATA + at, true);
  assert.equal(u64(0), 1n, "device");
  assert.notEqual(u64(8), 0n, "ino");
  assert.equal(view().getUint8(DATA + 16), 4);
  assert.deepEqual([u64(24), u64(32)], [1n, 5n]);
  assert.deepEqual([u64(40), u64(48)], [atime, mtime]);
  assert.equal(wasi.fd_filestat_set_times(fd, 0n, 7n, 4), 0);
  wasi.fd_filestat_get(fd, DATA);
  assert.deepEqual([u64(40), u64(48)], [atime, 7n]);
  assert.equal(wasi.fd_filestat_set_times(fd, 0n, 0n, 2), 0);
  wasi.fd_filestat_get(fd, DATA);
  assert.ok(u64(40) > 1_500_000_000_000_000_000n, "now");
  assert.equal(u64(48), 7n);
});
