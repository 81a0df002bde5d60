/* A program made by chance that calls the functions of WASI in any order with
 * arguments good and bad, over a memory volume, pipes, sockets, a listener and
 * a terminal, while the other ends are used, calls are given up and the time
 * goes on. After each call it looks at everything. The same seed makes the same
 * program; a failure names it and the calls that came last. */
import assert from "node:assert/strict";
import { ProcExit, errnoName } from "../../js/errors.js";
import { MemoryVolume } from "../../js/fs/memory.js";
import { Namespace } from "../../js/fs/namespace.js";
import { TYPE } from "../../js/fs/volume.js";
import { Listener } from "../../js/io/listener.js";
import { createPipe, socketPair } from "../../js/io/pipe.js";
import { createSink } from "../../js/io/sink.js";
import { createSource } from "../../js/io/source.js";
import { Stream } from "../../js/io/stream.js";
import { Terminal } from "../../js/io/terminal.js";
import { Memory } from "../../js/memory.js";
import { FUNCTIONS } from "../../js/wasi/abi.js";
import { Context } from "../../js/wasi/context.js";
import { StreamDescriptor } from "../../js/wasi/descriptors.js";
import { wasiFunctions } from "../../js/wasi/functions.js";
import { addPreopens, openMounts } from "../../js/wasi/preopens.js";
import { Counted } from "../helpers/counted.js";
import { DelayedVolume } from "../helpers/delayed.js";
import { SIGNATURES } from "../helpers/signatures.js";
import { turn } from "../helpers/streams.js";
import { checkVolume } from "../helpers/volume-check.js";

const MEMORY_BYTES = 4 * 65_536;
/** What calls are given lies below, what they write above. */
const TABLES_END = 65_536;
const TABLE_BYTES = 512;
const VOLUME_BYTES = 1 << 20;
const MAX_PENDING = 12;
const TAKING = ["fd_close", "fd_renumber", "fd_fdstat_set_rights"];
const LOG_LENGTH = 12;

const PATHS = [
  "a",
  "b",
  "c",
  "d",
  "e",
  "d/c",
  "a",
  "b",
  "c",
  "d/a",
  "d/b",
  "d",
  "d/e",
  "d/e/a",
  "l",
  "l/a",
]
  .concat([".", "..", "/", "/a", "d/..", "d/../a", "../a", "a/", "d//b", ""])
  .concat(["d/../../a", "\0", "a\0b", "x".repeat(300), "\u00fc", "d/./b"]);

/** @typedef {[start: number, end: number]} Region */

/** Numbers made by chance. @param {number} seed */
function chance(seed) {
  let state = seed >>> 0;
  /** @param {number} below */
  return (below) => {
    state = (state + 0x9e37_79b9) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0_aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a_2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) % below;
  };
}

class Fuzz {
  wasm = new WebAssembly.Memory({ initial: MEMORY_BYTES / 65_536 });
  bytes = new Uint8Array(this.wasm.buffer);
  view = new DataView(this.wasm.buffer);
  volume = new MemoryVolume({ limitBytes: VOLUME_BYTES });
  watches = { count: 0 };
  timers = new Map();
  timerId = 0;
  nowMs = 0;
  /** Calls that wait: what they may write, and how to give them up. */
  pending = new Map();
  callId = 0;
  /** Where calls may have written since the last look. */
  regions = [];
  log = [];
  peers = [];
  answers = new Map();
  nextTable = 0;

  constructor(seed, isDelayed) {
    this.seed = seed;
    this.random = chance(seed);
    const memory = new Memory();
    memory.attach(this.wasm);
    this.mounted = isDelayed ? new DelayedVolume(this.volume) : this.volume;
    this.context = new Context({
      memory,
      namespace: new Namespace(),
      args: ["app", "x"],
      env: { A: "1" },
      now: () => this.nowMs,
      after: (callback, delayMs) => {
        const id = this.timerId++;
        this.timers.set(id, { dueMs: this.nowMs + delayMs, callback });
        return () => void this.timers.delete(id);
      },
      exit: (code) => {
        throw new ProcExit(code);
      },
      report: (text) => assert.fail(`it reports: ${text}`),
      checkEnded() {},
      block: null,
    });
    this.wasi = wasiFunctions(this.context);
  }

  /** Gives the program back what it has closed, now and then. */
  async replenish() {
    const { descriptors } = this.context;
    const all = Array.from({ length: 40 }, (_, fd) => descriptors.get(fd));
    const has = (test) => all.some((one) => one !== null && test(one));
    if (!has(({ kind, rights }) => kind === "directory" && rights > 2 ** 20)) {
      this.note("another directory");
      const { namespace } = this.context;
      await addPreopens(this.context, namespace.mounts.slice(0, 2));
    }
    if (!has(({ type }) => type === TYPE.SOCKET_STREAM)) this.freshSocket();
  }

  freshSocket() {
    this.note("another socket");
    const [own, peer] = socketPair(50);
    this.add(own);
    this.listener = new Listener(4);
    this.add(this.listener);
    this.peers.push(peer);
  }

  async open() {
    const terminal = new Terminal({ output: () => {} });
    const streams = terminal.open();
    this.terminal = terminal;
    this.listener = new Listener(4);
    const pipe = createPipe(64);
    const [socket, peer] = socketPair(256);
    const pieces = ["some", "", "more", Promise.resolve("later"), null];
    this.peers.push(pipe.writer, peer);
    for (const stream of [
      createSource(
        () => pieces.shift() ?? null,
        () => {},
      ),
      streams.stdout,
      createSink(
        () => {},
        () => {},
      ),
    ]) {
      this.add(stream);
    }
    await openMounts(this.context, { "/": this.mounted, "/d": this.mounted });
    for (const stream of [streams.stdin, pipe.reader, socket, this.listener]) {
      this.add(stream);
    }
    const { root } = this.volume;
    const directory = this.volume.makeDirectory(root, "d");
    this.volume.create(directory, "b");
    this.volume.create(root, "a");
    this.volume.symlink(root, "l", "d");
  }

  add(stream) {
    const counted = new Counted(stream, this.watches);
    const flags = this.random(4) === 0 ? 4 : 0;
    this.context.descriptors.add(
      new StreamDescriptor(counted, stream.type, flags),
    );
  }

  pick(list) {
    return list[this.random(list.length)];
  }

  badNumber() {
    const { random } = this;
    const edges = [0, 1, -1, -2, 0x7fff_ffff, -0x8000_0000, MEMORY_BYTES];
    return this.pick([...edges, MEMORY_BYTES - 1 - random(64), random(70_000)]);
  }

  table(size) {
    const at = this.nextTable * TABLE_BYTES;
    this.nextTable = (this.nextTable + 1) % (TABLES_END / TABLE_BYTES);
    return at + this.random(Math.max(TABLE_BYTES - size, 1));
  }

  writable(size) {
    const room = MEMORY_BYTES - TABLES_END;
    return TABLES_END + this.random(Math.max(room - size, 1));
  }

  /** Mostly one that fits, as far as there is one. */
  descriptor(name) {
    const { descriptors } = this.context;
    const fits = Array.from({ length: 32 }, (_, fd) => fd).filter((fd) => {
      const { kind, type } = descriptors.get(fd) ?? {};
      const socket = type === TYPE.SOCKET_STREAM;
      return (
        kind === name || (socket && name !== "file" && name !== "directory")
      );
    });
    return fits.length > 0 && this.random(4) > 0
      ? this.pick(fits)
      : this.random(14);
  }

  /** Arguments for a call, and where it may write. */
  args(name) {
    /** @type {Region[]} */
    const regions = [];
    const parameters = SIGNATURES[name];
    const args = parameters.map(() => 0);
    parameters.forEach((parameter, index) => {
      const bad = this.random(24) === 0;
      switch (parameter.role) {
        case "fd":
          args[index] = bad
            ? this.badNumber()
            : this.descriptor(parameter.name);
          break;
        case "number":
          args[index] = bad
            ? this.badNumber()
            : this.pick([0, 0, 1, 1, 2, 3, 4]);
          break;
        case "big":
          args[index] = this.big(bad);
          break;
        case "iovecs": {
          const count = this.random(5);
          args[index] = this.iovecs(count, parameter.writes, regions);
          args[index + 1] = bad ? this.badNumber() : count;
          break;
        }
        case "pointer":
          this.pointer(name, args, index, regions);
          break;
        default:
      }
      if (bad && parameter.role !== "length") args[index] ??= 0;
    });
    for (const [index, { role }] of parameters.entries()) {
      if (role !== "pointer" && role !== "length") continue;
      if (this.random(40) === 0) args[index] = this.badNumber();
    }
    return { args, regions: this.allowed(name, args, regions) };
  }

  big(bad) {
    const rights = [0n, 0x3fff_ffffn, 0x0fff_ffffn, 2n, 64n, 66n];
    if (!bad) return this.pick([...rights, 1n, BigInt(this.random(5000))]);
    return this.pick([-1n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 40n, 2n ** 53n]);
  }

  iovecs(count, writes, regions) {
    const at = this.table(8 * count);
    for (let part = 0; part < count; part++) {
      const size = this.pick([0, 1, 3, 64, 300, 5000]);
      const bad = this.random(60) === 0;
      const where = bad ? this.badNumber() : this.writable(size);
      this.view.setUint32(at + 8 * part, where, true);
      this.view.setUint32(at + 8 * part + 4, bad ? -1 : size, true);
      if (writes && !bad) regions.push([where, where + size]);
    }
    return at;
  }

  pointer(name, args, index, regions) {
    const parameter = SIGNATURES[name][index];
    const next = SIGNATURES[name][index + 1];
    if (parameter.text === undefined) {
      const sized = next?.role === "length" && name !== "poll_oneoff";
      const size = sized ? this.random(600) : parameter.bytes;
      args[index] = this.writable(size * 8);
      if (sized) args[index + 1] = size;
      // Poll's events are as many as its subscriptions.
      const reach = name === "poll_oneoff" && index === 1 ? size * 8 : size;
      regions.push([args[index], args[index] + reach]);
    } else if (name === "poll_oneoff") {
      const count = 1 + this.random(4);
      args[index] = this.subscriptions(count);
      args[2] = count;
    } else {
      const path = Buffer.from(this.pick(PATHS));
      if (this.random(30) === 0) path.fill(0xff);
      args[index] = this.table(path.length);
      args[index + 1] = path.length;
      this.bytes.set(path, args[index]);
    }
  }

  subscriptions(count) {
    const at = this.table(48 * count);
    for (let index = 0; index < count; index++) {
      const one = at + 48 * index;
      const type = this.pick([0, 1, 1, 2, 2]);
      this.bytes.fill(0, one, one + 48);
      this.view.setUint8(one + 8, this.random(200) === 0 ? 3 : type);
      if (type === 0) {
        this.view.setUint32(one + 16, this.pick([0, 1, 1, 1, 2, 9]), true);
        const ns = BigInt(this.pick([0, 1, 1e6, 5e6, 1e12]));
        this.view.setBigUint64(one + 24, ns, true);
      } else {
        this.view.setUint32(one + 16, this.random(14), true);
      }
    }
    return at;
  }

  /** A length or pointer that was spoiled afterwards moves what is allowed. */
  allowed(name, args, regions) {
    const pointers = SIGNATURES[name].flatMap((parameter, index) => {
      if (parameter.role !== "pointer" || !parameter.writes) return [];
      const start = args[index] >>> 0;
      const next = SIGNATURES[name][index + 1];
      const sized = next?.role === "length";
      const each = name === "poll_oneoff" && index === 1 ? 32 : 1;
      const size = sized ? (args[index + 1] >>> 0) * each : parameter.bytes;
      return start + size <= MEMORY_BYTES ? [[start, start + size]] : [];
    });
    const index = SIGNATURES[name].findIndex(({ role }) => role === "iovecs");
    const writes = index >= 0 && SIGNATURES[name][index].writes;
    return writes
      ? [...regions, ...pointers, ...this.spans(args, index)]
      : pointers;
  }

  /** The spans of a vector whose place or count was spoiled. */
  spans(args, index) {
    const spans = [];
    const table = args[index] >>> 0;
    for (let part = 0; part < Math.min(args[index + 1] >>> 0, 1024); part++) {
      const at = table + 8 * part;
      if (at + 8 > MEMORY_BYTES) break;
      const start = this.view.getUint32(at, true);
      spans.push([start, start + this.view.getUint32(at + 4, true)]);
    }
    return spans;
  }

  /** Calls one function; what waits is kept. */
  call() {
    const drawn = this.pick(FUNCTIONS);
    // What takes descriptors away would soon leave none.
    const name =
      TAKING.includes(drawn) && this.random(4) > 0 ? "path_open" : drawn;
    const { args, regions } = this.args(name);
    this.note(`${name}(${args.join(", ")})`);
    this.regions.push(...regions);
    let result;
    try {
      result = this.wasi[name](...args);
    } catch (error) {
      if (error instanceof ProcExit) return;
      throw error;
    }
    if (typeof result === "number") {
      this.count(name, result);
      return;
    }
    assert.ok(result instanceof Promise, `it answers ${result}`);
    const id = this.callId++;
    const waiting = this.context.waits.last;
    // What it was given may have been written over by another call.
    const now = () => [...regions, ...this.allowed(name, args, [])];
    this.pending.set(id, { name, regions: now, waiting });
    result.then(
      (answer) => {
        if (!this.pending.has(id)) return;
        this.regions.push(...now());
        this.pending.delete(id);
        this.count(name, answer);
      },
      (error) => {
        this.failure ??= error;
      },
    );
  }

  count(name, answer) {
    const fits = Number.isInteger(answer) && answer >= 0 && answer <= 76;
    assert.ok(fits, `${name} answers ${answer}`);
    const key = `${name} ${answer === 0 ? "ok" : errnoName(answer)}`;
    this.answers.set(key, (this.answers.get(key) ?? 0) + 1);
    this.last = key;
  }

  note(text) {
    this.log.push(text);
    if (this.log.length > LOG_LENGTH) this.log.shift();
  }

  /** Something happens outside of the program. */
  async outside() {
    const peer = this.pick(this.peers);
    const buffer = new Uint8Array(this.random(100));
    const what = this.random(13);
    this.note(`outside ${what}`);
    if (what < 3) peer.write(buffer, 0, buffer.length);
    else if (what < 5 && buffer.length > 0) peer.read(buffer, 0, buffer.length);
    else if (what === 5) this.terminal.input("typed\r");
    else if (what === 6) this.connect();
    else if (what === 7) this.cancelOne();
    else if (what === 8) await turn();
    else if (what === 9) await this.pass(this.random(10));
    else if (what === 10) this.freshPipe();
    else if (what === 11 && this.random(6) === 0) peer.close();
    else if (this.random(4) === 0) this.terminal.input("\u0004");
  }

  connect() {
    try {
      this.peers.push(this.listener.connect());
    } catch (error) {
      assert.equal(error.code, "ECONNREFUSED");
    }
  }

  freshPipe() {
    if (this.context.descriptors.get(13) !== null) return;
    const pipe = createPipe(1 + this.random(100));
    this.add(pipe.reader);
    this.peers.push(pipe.writer);
    this.freshSocket();
  }

  cancelOne() {
    const [id] = [...this.pending.keys()];
    if (id !== undefined) this.giveUp(id);
  }

  giveUp(id) {
    const { waiting } = this.pending.get(id);
    this.pending.delete(id);
    waiting.cancel();
  }

  async pass(ms) {
    this.nowMs += ms;
    for (const [id, { dueMs, callback }] of [...this.timers]) {
      if (dueMs > this.nowMs || !this.timers.delete(id)) continue;
      callback();
    }
    await turn();
  }

  /** Nothing was written but where calls may write. */
  checkMemory(before) {
    const after = Buffer.from(this.bytes);
    const settled = this.regions.splice(0);
    const waiting = [...this.pending.values()].flatMap((one) => one.regions());
    for (const [start, end] of [...settled, ...waiting]) {
      // A call that was given more than there is has written nothing.
      if (end <= MEMORY_BYTES) before.copy(after, start, start, end);
    }
    if (after.equals(before)) return;
    const at = after.findIndex((byte, index) => byte !== before[index]);
    assert.fail(`something was written at ${at}`);
  }

  /** Numbers are given from the lowest; what is in the table is open. */
  checkTable() {
    const { descriptors } = this.context;
    for (let fd = 0; fd < 64; fd++) {
      const descriptor = descriptors.get(fd);
      if (descriptor === null) continue;
      assert.equal(descriptor.closed, false, `${fd} is closed`);
      const { rights, inheriting, flags } = descriptor;
      assert.ok(rights >= 0 && inheriting >= 0 && flags >= 0 && flags < 32);
      if (descriptor.kind === "file") assert.ok(descriptor.position >= 0);
    }
    const probe = new StreamDescriptor(new Stream(), TYPE.UNKNOWN, 0);
    const fd = descriptors.add(probe);
    for (let lower = 0; lower < fd; lower++) {
      assert.notEqual(descriptors.get(lower), null, `${lower} was free`);
    }
    descriptors.remove(fd);
    if (this.pending.size > 0) return;
    assert.equal(this.watches.count, 0, "watches are left");
    assert.equal(this.timers.size, 0, "timers are left");
  }

  async run(calls) {
    await this.open();
    for (let call = 0; call < calls; call++) {
      for (let at = 0; at < 64; at++) {
        this.bytes[this.random(MEMORY_BYTES)] = this.random(256);
      }
      await this.settle();
      if (this.pending.size >= MAX_PENDING) this.cancelOne();
      const before = Buffer.from(this.bytes);
      const tables = this.nextTable;
      this.call();
      // What the call was given has been put there by us.
      if (tables !== this.nextTable) {
        Buffer.from(this.bytes.buffer, 0, TABLES_END).copy(before);
      }
      if (this.random(3) === 0) await this.outside();
      if (this.failure) throw this.failure;
      this.checkMemory(before);
      this.checkTable();
      if (call % 16 === 0) {
        checkVolume(this.volume);
        await this.replenish();
      }
    }
    await this.finish();
  }

  /** Lets answers come that need nobody, now and then. */
  async settle() {
    const before = Buffer.from(this.bytes);
    await (this.random(2) === 0 ? turn() : Promise.resolve());
    this.checkMemory(before);
  }

  /** Everything is given up and closed: nothing is left. */
  async finish() {
    for (const id of [...this.pending.keys()]) this.giveUp(id);
    for (const descriptor of this.context.descriptors.clear()) {
      await descriptor.close();
    }
    await turn();
    assert.equal(this.watches.count, 0, "watches are left");
    assert.equal(this.timers.size, 0, "timers are left");
    const nodes = checkVolume(this.volume);
    assert.equal(this.volume.usage().nodes, nodes, "nodes without a name");
    if (this.mounted !== this.volume) assert.equal(this.mounted.opened, 0);
  }
}

/**
 * Runs one program.
 * @param {number} seed
 * @param {number} calls
 * @param {boolean} isDelayed whether the volume answers by Promises
 * @returns {Promise<Map<string, number>>} how often each function answered what
 */
export async function fuzz(seed, calls, isDelayed) {
  const program = new Fuzz(seed, isDelayed);
  try {
    await program.run(calls);
  } catch (error) {
    const where = `GS_SEED=${seed}${isDelayed ? ", delayed" : ""}`;
    const text = `${where}: ${error.message}\n${program.log.join("\n")}`;
    throw new Error(text, { cause: error });
  }
  return program.answers;
}
