/* The suite `files`: its rows and bars. How much is written and read stands in
 * common.js. */
import { IDBFS, OURS, RAW_INDEXEDDB, ZENFS } from "../names.js";
import {
  COLD_FILES,
  COLD_STEP,
  MOUNT_FILES,
  RANDOM_MIB,
  RANDOM_WRITES,
  SEQUENTIAL_MIB,
  SMALL_FILES,
  STREAM_MIB,
} from "./common.js";

/**
 * @typedef {import("../suites.js").Suite} Suite
 * @typedef {import("../suites.js").Bar} Bar
 */

const EVERYBODY = [OURS, IDBFS, ZENFS, RAW_INDEXEDDB];
/* The others read everything when they mount. */
const ON_DEMAND = [OURS, RAW_INDEXEDDB];

/** The volume's default for its cache, with what is not stored yet. */
const MEMORY_LIMIT_MIB = 64;

/** @param {number} share @returns {Bar} */
const ofRaw = (share) => ({ peer: RAW_INDEXEDDB, share });

/** @param {number} within @returns {Bar} */
const likeRaw = (within) => ({ peer: RAW_INDEXEDDB, within });

/** @type {Suite} */
export const FILES = {
  name: "files",
  about:
    "Chromium with its profile on disk, default options. gossamer: libc in a " +
    "C program, writes and reads of 64 KiB, every fsync a strict " +
    "transaction. raw-indexeddb: bare records, strict where a row ends or " +
    "syncs, relaxed before. emscripten-idbfs: FS.syncfs(), relaxed. zenfs: " +
    "promises and sync(), relaxed, a file written by one call; of the random " +
    `writes it does 8, not ${RANDOM_WRITES}. A cold read of a whole file ` +
    "includes opening the volume or database, which for the two file systems " +
    "reads everything",
  browser: "files",
  apart: true,
  workloads: [
    {
      name: "files-sequential",
      peers: EVERYBODY,
      rows: [
        {
          key: "write",
          name: `${SEQUENTIAL_MIB} MiB written, then fsync`,
          unit: "MB/s",
          bars: [ofRaw(0.8)],
        },
        {
          key: "read",
          name: `${SEQUENTIAL_MIB} MiB read, cold`,
          unit: "MB/s",
          bars: [ofRaw(0.8)],
        },
      ],
    },
    {
      name: "files-small",
      peers: EVERYBODY,
      rows: [
        {
          key: "rate",
          name: `${SMALL_FILES} files of 1 KiB, then one fsync`,
          unit: "files/s",
          bars: [{ least: 8000 }],
        },
      ],
    },
    {
      name: "files-create",
      peers: EVERYBODY,
      rows: [
        {
          key: "median",
          name: "file of 1 KiB created + fsync",
          unit: "ms",
          bars: [{ below: 1.5 }],
        },
      ],
    },
    {
      name: "files-random",
      peers: EVERYBODY,
      rows: [
        {
          key: "operation",
          name: `${RANDOM_WRITES} x 4 KiB here and there in ${RANDOM_MIB} MiB, fsync: one`,
          unit: "us",
          bars: [{ below: 230 }],
        },
      ],
    },
    {
      name: "files-one",
      peers: EVERYBODY,
      rows: [
        {
          key: "median",
          name: `4 KiB written in ${RANDOM_MIB} MiB + fsync`,
          unit: "ms",
          bars: [likeRaw(1.15)],
        },
      ],
    },
    {
      name: "files-cold-small",
      peers: ON_DEMAND,
      rows: [
        {
          key: "each",
          name: `${COLD_FILES} files of 4 KiB read, cold, each`,
          unit: "ms",
          bars: [likeRaw(1.2)],
        },
        {
          key: "first",
          name: `${COLD_FILES / COLD_STEP} of them, far apart, each`,
          unit: "ms",
          bars: [likeRaw(1.2)],
        },
      ],
    },
    {
      name: "files-cold-large",
      peers: ON_DEMAND,
      rows: [
        {
          key: "median",
          name: `4 KiB read of ${RANDOM_MIB} MiB, cold (raw: the record of 1 MiB)`,
          unit: "ms",
          bars: [likeRaw(1.2)],
        },
      ],
    },
    {
      name: "files-mount",
      // To make them takes ZenFS two minutes.
      peers: [OURS, IDBFS, RAW_INDEXEDDB],
      rows: [
        {
          key: "median",
          name: `mount of ${MOUNT_FILES} files (raw: records of 96 bytes)`,
          unit: "ms",
          bars: [{ below: 300 }],
        },
      ],
    },
    {
      name: "files-stream",
      peers: ON_DEMAND,
      once: true,
      rows: [
        {
          key: "write",
          name: `${STREAM_MIB} MiB written, fsync`,
          unit: "MB/s",
        },
        { key: "read", name: `${STREAM_MIB} MiB read, cold`, unit: "MB/s" },
        {
          key: "cached",
          name: "most that the volume held of them",
          unit: "MiB",
          bars: [{ most: MEMORY_LIMIT_MIB }],
        },
        {
          key: "resident",
          name: "growth of the page's process meanwhile",
          unit: "MiB",
        },
      ],
    },
  ],
};
