/* Emscripten's IDBFS: files in memory, and FS.syncfs(), which compares all of
 * them with the database and puts every file that changed there as a whole. A
 * mount reads everything. */
import {
  FEW_SAMPLES,
  MIB,
  MOUNT_FILES,
  PAGE_BYTES,
  PIECE_BYTES,
  RANDOM_MIB,
  RANDOM_WRITES,
  SAMPLES,
  SEQUENTIAL_MIB,
  SMALL_BYTES,
  SMALL_FILES,
  directoryOf,
  expectSame,
  megabytesPerSecond,
  noise,
  randomOffsets,
  takePart,
  timed,
  timedEach,
} from "./common.js";

const TOP = "/data";
const FILE = `${TOP}/file`;
const MOUNTS = 3;

/** Emscripten's file system. @typedef {any} FS */

/** @param {FS} fs @param {boolean} populate from the database, or to it */
function sync(fs, populate = false) {
  return new Promise((resolve, reject) => {
    fs.syncfs(populate, (/** @type {unknown} */ error) => {
      if (error) reject(error);
      else resolve(undefined);
    });
  });
}

/** A new program, with nothing in memory. @returns {Promise<FS>} */
async function start() {
  const { createIdbfs } = /** @type {any} */ (globalThis);
  const { FS, IDBFS } = await createIdbfs();
  FS.mkdir(TOP);
  FS.mount(IDBFS, {}, TOP);
  return FS;
}

/** @param {FS} fs */
const mount = (fs) => sync(fs, true);

async function mounted() {
  const fs = await start();
  await mount(fs);
  return fs;
}

/** @param {FS} fs @param {number} mib */
async function writeFile(fs, mib) {
  const piece = noise(PIECE_BYTES);
  const stream = fs.open(FILE, "w");
  for (let at = 0; at < mib * MIB; at += PIECE_BYTES) {
    fs.write(stream, piece, 0, PIECE_BYTES);
  }
  fs.close(stream);
  await sync(fs);
}

/** @param {FS} fs @param {number} mib */
function readFile(fs, mib) {
  const piece = new Uint8Array(PIECE_BYTES);
  const stream = fs.open(FILE, "r");
  let size = 0;
  for (;;) {
    const count = fs.read(stream, piece, 0, PIECE_BYTES);
    if (count === 0) break;
    size += count;
  }
  fs.close(stream);
  expectSame(size, mib * MIB, "size");
}

/** @param {FS} fs @param {number} count @param {number} sizeBytes */
async function writeFiles(fs, count, sizeBytes) {
  const bytes = noise(sizeBytes);
  let directory = "";
  for (let index = 0; index < count; index++) {
    const wanted = `${TOP}/${directoryOf(index)}`;
    if (wanted !== directory) fs.mkdir(wanted);
    directory = wanted;
    fs.writeFile(`${directory}/file-${index}`, bytes);
  }
  await sync(fs);
}

takePart({
  "files-sequential": async () => {
    const fs = await mounted();
    const writeMs = await timed(() => writeFile(fs, SEQUENTIAL_MIB));
    const again = await start();
    const readMs = await timed(async () => {
      await mount(again);
      readFile(again, SEQUENTIAL_MIB);
    });
    return {
      write: megabytesPerSecond(SEQUENTIAL_MIB, writeMs),
      read: megabytesPerSecond(SEQUENTIAL_MIB, readMs),
    };
  },
  "files-small": async () => {
    const fs = await mounted();
    const ms = await timed(() => writeFiles(fs, SMALL_FILES, SMALL_BYTES));
    return { rate: SMALL_FILES / (ms / 1e3) };
  },
  "files-create": async () => {
    const fs = await mounted();
    const bytes = noise(SMALL_BYTES);
    const ms = await timedEach(SAMPLES, async (index) => {
      fs.writeFile(`${TOP}/made-${index}`, bytes);
      await sync(fs);
    });
    return { median: ms };
  },
  "files-random": async () => {
    const fs = await mounted();
    await writeFile(fs, RANDOM_MIB);
    const page = noise(PAGE_BYTES);
    const stream = fs.open(FILE, "r+");
    const ms = await timed(async () => {
      for (const offset of randomOffsets(RANDOM_WRITES, RANDOM_MIB)) {
        fs.write(stream, page, 0, PAGE_BYTES, offset);
      }
      await sync(fs);
    });
    return { operation: (ms * 1e3) / RANDOM_WRITES };
  },
  "files-one": async () => {
    const fs = await mounted();
    await writeFile(fs, RANDOM_MIB);
    const page = noise(PAGE_BYTES);
    const stream = fs.open(FILE, "r+");
    const offsets = randomOffsets(FEW_SAMPLES, RANDOM_MIB);
    const ms = await timedEach(FEW_SAMPLES, async (index) => {
      fs.write(stream, page, 0, PAGE_BYTES, offsets[index]);
      await sync(fs);
    });
    return { median: ms };
  },
  "files-mount": async () => {
    await writeFiles(await mounted(), MOUNT_FILES, SMALL_BYTES);
    const ms = await timedEach(MOUNTS, async () => {
      const again = await start();
      await mount(again);
    });
    return { median: ms };
  },
});
