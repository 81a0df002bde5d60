/* IndexedDB itself, the limit: bare puts and gets of whole records, without
 * names, sizes or anything else that makes a file. */
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
  noise,
  takePart,
  timed,
  timedEach,
} from "./common.js";

const NAME = "raw";
const STORE = "records";
/** Records of 1 MiB that share a transaction. */
const TOGETHER = 4;
const MOUNTS = 3;
/** About what a file's name, size and times take. */
const METADATA_BYTES = 96;

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
function answered(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** @returns {Promise<IDBDatabase>} */
function open() {
  const request = indexedDB.open(NAME, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE);
  return answered(request);
}

/**
 * @param {IDBDatabase} database
 * @param {"strict" | "relaxed"} durability
 * @param {(store: IDBObjectStore) => void} act
 * @returns {Promise<void>}
 */
function commit(database, durability, act) {
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(STORE, "readwrite", {
      durability,
    });
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
    act(transaction.objectStore(STORE));
  });
}

/** @param {IDBDatabase} database @returns {IDBObjectStore} */
const reading = (database) => database.transaction(STORE).objectStore(STORE);

/**
 * Records of 1 MiB; the last transaction of them is strict.
 * @param {IDBDatabase} database
 * @param {number} mib
 */
async function writeRecords(database, mib) {
  const record = noise(MIB);
  for (let key = 0; key < mib; key += TOGETHER) {
    const last = key + TOGETHER >= mib;
    await commit(database, last ? "strict" : "relaxed", (store) => {
      for (let i = 0; i < TOGETHER; i++) store.put(record, key + i);
    });
  }
}

/** @param {IDBDatabase} database @param {number} mib */
async function readRecords(database, mib) {
  for (let key = 0; key < mib; key += TOGETHER) {
    const store = reading(database);
    const gets = Array.from({ length: TOGETHER }, (_, i) =>
      answered(store.get(key + i)),
    );
    for (const record of await Promise.all(gets)) {
      expectSame(record.length, MIB, "size of a record");
    }
  }
}

/** @param {number} mib @returns {Promise<Record<string, number>>} */
async function sequential(mib) {
  let database = await open();
  const writeMs = await timed(() => writeRecords(database, mib));
  database.close();
  const readMs = await timed(async () => {
    database = await open();
    await readRecords(database, mib);
  });
  database.close();
  return {
    write: megabytesPerSecond(mib, writeMs),
    read: megabytesPerSecond(mib, readMs),
  };
}

/** @param {number} count @param {number} sizeBytes */
async function manyPuts(count, sizeBytes) {
  const database = await open();
  const record = noise(sizeBytes);
  const ms = await timed(() =>
    commit(database, "strict", (store) => {
      for (let key = 0; key < count; key++) store.put(record, key);
    }),
  );
  database.close();
  return ms;
}

/** @param {number} sizeBytes @returns {Promise<number>} milliseconds */
async function singlePuts(sizeBytes) {
  const database = await open();
  const record = noise(sizeBytes);
  const ms = await timedEach(SAMPLES, (key) =>
    commit(database, "strict", (store) => store.put(record, key)),
  );
  database.close();
  return ms;
}

/**
 * @param {number} count
 * @param {typeof timedEach} average
 * @returns {Promise<number>} milliseconds
 */
async function singleGets(count, average) {
  const database = await open();
  // The first transaction of a connection takes longer.
  await answered(reading(database).count(-1));
  const ms = await average(count, (index) =>
    answered(reading(database).get((index * 7 + 3) % count)),
  );
  database.close();
  return ms;
}

/**
 * The mean of what one of several takes.
 * @param {number} count
 * @param {(index: number) => unknown} act
 * @returns {Promise<number>} milliseconds
 */
async function meanOf(count, act) {
  const ms = await timed(async () => {
    for (let index = 0; index < count; index++) await act(index);
  });
  return ms / count;
}

takePart({
  "files-sequential": () => sequential(SEQUENTIAL_MIB),
  "files-stream": () => sequential(STREAM_MIB),
  "files-small": async () => {
    const ms = await manyPuts(SMALL_FILES, SMALL_BYTES);
    return { rate: SMALL_FILES / (ms / 1e3) };
  },
  "files-create": async () => ({ median: await singlePuts(SMALL_BYTES) }),
  "files-random": async () => {
    const ms = await manyPuts(RANDOM_WRITES, PAGE_BYTES);
    return { operation: (ms * 1e3) / RANDOM_WRITES };
  },
  "files-one": async () => ({ median: await singlePuts(PAGE_BYTES) }),
  "files-cold-small": async () => {
    await manyPuts(COLD_FILES, PAGE_BYTES);
    return {
      each: await singleGets(COLD_FILES, meanOf),
      first: await singleGets(COLD_FILES / COLD_STEP, meanOf),
    };
  },
  "files-cold-large": async () => {
    const database = await open();
    await writeRecords(database, RANDOM_MIB);
    database.close();
    return { median: await singleGets(RANDOM_MIB, timedEach) };
  },
  "files-mount": async () => {
    await manyPuts(MOUNT_FILES, METADATA_BYTES);
    const ms = await timedEach(MOUNTS, async () => {
      const database = await open();
      const records = await answered(reading(database).getAll());
      expectSame(records.length, MOUNT_FILES, "records");
      database.close();
    });
    return { median: ms };
  },
});
