/* Ours: a Gossamer program with the volume under "/data", open(), write(),
 * fsync() and close() of libc. Whatever is read again is read by a new program
 * from a volume that was opened anew. */
import { indexeddb } from "../../../js/fs/indexeddb.js";
import { load } from "../../../js/index.js";
import {
  COLD_FILES,
  COLD_STEP,
  MIB,
  MOUNT_FILES,
  PAGE_BYTES,
  RANDOM_MIB,
  RANDOM_WRITES,
  SAMPLES,
  SEQUENTIAL_MIB,
  SMALL_BYTES,
  SMALL_FILES,
  STREAM_MIB,
  expectSame,
  megabytesPerSecond,
  median,
  takePart,
  timed,
} from "./common.js";

const TOP = "/data";
const FILE = `${TOP}/file`;
const MOUNTS = 5;
const WATCH_MS = 5;

/** @type {WebAssembly.Module | undefined} */
let compiled;

/** A program with a volume that was opened just now. */
class Session {
  app;
  volume;
  /** What opening the volume took. */
  mountMs;

  /**
   * @param {import("../../../js/index.js").App} app
   * @param {any} volume
   * @param {number} mountMs
   */
  constructor(app, volume, mountMs) {
    this.app = app;
    this.volume = volume;
    this.mountMs = mountMs;
  }

  static async start() {
    const volume = indexeddb("bench");
    const mountMs = await timed(async () => {
      expectSame(await volume.open(), 0, "open()");
    });
    const options = { mounts: { [TOP]: volume } };
    const app = await load(compiled ?? "files.wasm", options);
    compiled = app.module;
    await app.call("prepare");
    return new Session(app, volume, mountMs);
  }

  /**
   * @param {string} name
   * @param {...(string | number)} args
   * @returns {Promise<number>}
   */
  call(name, ...args) {
    return this.app.call(name, ...args);
  }

  async end() {
    this.app.stop();
    await this.app.exited;
    expectSame(await this.volume.close(), 0, "close()");
  }
}

/**
 * One call in a program of its own.
 * @param {string} name
 * @param {...(string | number)} args
 * @returns {Promise<{ ms: number, mountMs: number }>}
 */
async function alone(name, ...args) {
  const session = await Session.start();
  const ms = await session.call(name, ...args);
  await session.end();
  return { ms, mountMs: session.mountMs };
}

/**
 * The most that the volume has in memory while `act` runs.
 * @param {any} volume
 * @param {() => Promise<number>} act
 */
async function watched(volume, act) {
  let peakBytes = 0;
  const look = () => {
    // What is dirty is part of it.
    peakBytes = Math.max(peakBytes, volume.usage().cachedBytes);
  };
  const timer = setInterval(look, WATCH_MS);
  try {
    const ms = await act();
    look();
    return { ms, peakBytes };
  } finally {
    clearInterval(timer);
  }
}

async function stream() {
  const writer = await Session.start();
  const write = await watched(writer.volume, () =>
    writer.call("write_file", FILE, STREAM_MIB),
  );
  await writer.end();
  const reader = await Session.start();
  const read = await watched(reader.volume, () =>
    reader.call("read_file", FILE, STREAM_MIB),
  );
  await reader.end();
  return {
    write: megabytesPerSecond(STREAM_MIB, write.ms),
    read: megabytesPerSecond(STREAM_MIB, read.ms + reader.mountMs),
    cached: Math.max(write.peakBytes, read.peakBytes) / MIB,
  };
}

async function mounts() {
  await alone("write_files", TOP, MOUNT_FILES, SMALL_BYTES);
  const samples = [];
  for (let i = 0; i < MOUNTS; i++) {
    const volume = indexeddb("bench");
    samples.push(await timed(() => volume.open()));
    const { nodes } = volume.usage();
    if (nodes <= MOUNT_FILES) throw new Error(`${nodes} nodes after a mount`);
    await volume.close();
  }
  return median(samples);
}

takePart({
  "files-sequential": async () => {
    const write = await alone("write_file", FILE, SEQUENTIAL_MIB);
    const read = await alone("read_file", FILE, SEQUENTIAL_MIB);
    const readMs = read.ms + read.mountMs;
    return {
      write: megabytesPerSecond(SEQUENTIAL_MIB, write.ms),
      read: megabytesPerSecond(SEQUENTIAL_MIB, readMs),
    };
  },
  "files-stream": stream,
  "files-small": async () => {
    const { ms } = await alone("write_files", TOP, SMALL_FILES, SMALL_BYTES);
    return { rate: SMALL_FILES / (ms / 1e3) };
  },
  "files-create": async () => {
    const { ms } = await alone("create_and_sync", TOP, SAMPLES);
    return { median: ms };
  },
  "files-random": async () => {
    const session = await Session.start();
    await session.call("write_file", FILE, RANDOM_MIB);
    const ms = await session.call(
      "write_pages",
      FILE,
      RANDOM_MIB,
      RANDOM_WRITES,
    );
    await session.end();
    return { operation: (ms * 1e3) / RANDOM_WRITES };
  },
  "files-one": async () => {
    const session = await Session.start();
    await session.call("write_file", FILE, RANDOM_MIB);
    const ms = await session.call("sync_pages", FILE, RANDOM_MIB, SAMPLES);
    await session.end();
    return { median: ms };
  },
  "files-cold-small": async () => {
    await alone("write_files", TOP, COLD_FILES, PAGE_BYTES);
    const all = await alone("read_files", TOP, COLD_FILES, 1);
    const some = await alone("read_files", TOP, COLD_FILES, COLD_STEP);
    return { each: all.ms, first: some.ms };
  },
  "files-cold-large": async () => {
    await alone("write_file", FILE, RANDOM_MIB);
    const { ms } = await alone("read_pages", FILE, RANDOM_MIB);
    return { median: ms };
  },
  "files-mount": async () => ({ median: await mounts() }),
});
