/* ZenFS on IndexedDB: a file is one record. sync() puts it anew as a whole for
 * each range that was written, in a transaction of its own with the browser's
 * default durability (relaxed in Chromium). A mount reads everything, and yet
 * a read from a file gets all of its record: it is read by one call. */
import { configure, promises as fs, umount } from "@zenfs/core";
import { IndexedDB } from "@zenfs/dom";
import {
  FEW_SAMPLES,
  MIB,
  PAGE_BYTES,
  RANDOM_MIB,
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

async function mount() {
  await configure({ mounts: { [TOP]: { backend: IndexedDB } } });
}

/** The next mount() reads the database again. */
function unmount() {
  umount(TOP);
}

/** @param {string} path @param {Uint8Array} bytes */
async function writeFile(path, bytes) {
  const handle = await fs.open(path, "w");
  await handle.write(bytes, 0, bytes.length, 0);
  await handle.sync();
  await handle.close();
}

/** @param {number} mib */
async function readFile(mib) {
  const bytes = await fs.readFile(FILE);
  expectSame(bytes.length, mib * MIB, "size");
}

/** @param {number} count @param {number} sizeBytes */
async function writeFiles(count, sizeBytes) {
  const bytes = noise(sizeBytes);
  let directory = "";
  for (let index = 0; index < count; index++) {
    const wanted = `${TOP}/${directoryOf(index)}`;
    if (wanted !== directory) await fs.mkdir(wanted);
    directory = wanted;
    await fs.writeFile(`${directory}/file-${index}`, bytes);
  }
}

/** A large file, opened to be written here and there. */
async function openLarge() {
  await mount();
  await writeFile(FILE, noise(RANDOM_MIB * MIB));
  return fs.open(FILE, "r+");
}

takePart({
  "files-sequential": async () => {
    await mount();
    const bytes = noise(SEQUENTIAL_MIB * MIB);
    const writeMs = await timed(() => writeFile(FILE, bytes));
    unmount();
    const readMs = await timed(async () => {
      await mount();
      await readFile(SEQUENTIAL_MIB);
    });
    return {
      write: megabytesPerSecond(SEQUENTIAL_MIB, writeMs),
      read: megabytesPerSecond(SEQUENTIAL_MIB, readMs),
    };
  },
  "files-small": async () => {
    await mount();
    const ms = await timed(() => writeFiles(SMALL_FILES, SMALL_BYTES));
    return { rate: SMALL_FILES / (ms / 1e3) };
  },
  "files-create": async () => {
    await mount();
    const bytes = noise(SMALL_BYTES);
    const ms = await timedEach(SAMPLES, (index) =>
      writeFile(`${TOP}/made-${index}`, bytes),
    );
    return { median: ms };
  },
  // Each of the writes takes equally long: a few of the 512 tell how long.
  "files-random": async () => {
    const handle = await openLarge();
    const page = noise(PAGE_BYTES);
    const ms = await timed(async () => {
      for (const offset of randomOffsets(FEW_SAMPLES, RANDOM_MIB)) {
        await handle.write(page, 0, PAGE_BYTES, offset);
      }
      await handle.sync();
    });
    await handle.close();
    return { operation: (ms * 1e3) / FEW_SAMPLES };
  },
  "files-one": async () => {
    const handle = await openLarge();
    const page = noise(PAGE_BYTES);
    const offsets = randomOffsets(FEW_SAMPLES, RANDOM_MIB);
    const ms = await timedEach(FEW_SAMPLES, async (index) => {
      await handle.write(page, 0, PAGE_BYTES, offsets[index]);
      await handle.sync();
    });
    await handle.close();
    return { median: ms };
  },
});
