/* What is measured: the suites, their rows, who takes part, and the bars that
 * our figures are held against. Programs print a line "key value unit" for
 * each row; a bar is shown in the report and fails nothing. */

import { FILES } from "./files/suite.js";
import { NET } from "./net/suite.js";
import {
  BROWSER_SHIM,
  CHECKPOINTS,
  FIBERS,
  GO_NATIVE,
  GO_WASM,
  NATIVE,
  NODE_WASI,
  OURS,
  PLAIN,
  PLAIN_EXPORT,
  PREEMPTED,
  RUNNO,
} from "./names.js";

const EVERYBODY = [OURS, FIBERS, GO_WASM, GO_NATIVE, NATIVE];
/* For what a peer on bare fibers would have to invent a library for. */
const WITHOUT_FIBERS = [OURS, GO_WASM, GO_NATIVE, NATIVE];

/**
 * `times`: as many times better than that peer; `below`: less than that;
 * `most` with a peer: that one takes at most so many times as long as ours
 * does, in the geometric mean over the workload's rows when it is `mean`;
 * `within`: ours takes at most so many times as long as that peer. Where more
 * is better, `share`: at least that share of what the peer has; `least`: at
 * least that. `most` alone: at most that.
 * @typedef {{ peer: string, times: number } | { below: number } |
 *   { peer: string, most: number, mean?: boolean } |
 *   { peer: string, within: number } | { peer: string, share: number } |
 *   { least: number } | { most: number }} Bar
 *
 * @typedef {object} RowSpec
 * @property {string} key what the program calls it
 * @property {string} name
 * @property {string} unit
 * @property {Bar[]} [bars]
 *
 * @typedef {object} Workload
 * @property {string} name the program's argument
 * @property {string[]} peers who takes part
 * @property {boolean} [once] one run will do: no clock is involved
 * @property {RowSpec[]} rows
 *
 * @typedef {object} Suite
 * @property {string} name
 * @property {string} about
 * @property {"frames" | "files" | "net"} [browser] runs in Chromium, in this page
 * @property {boolean} [apart] takes long, and runs only when it is named
 * @property {boolean} [guests] has a guest that clang builds with wasi-libc
 * @property {Workload[]} workloads
 */

/** @param {number} times @returns {Bar} */
const fasterThanGo = (times = 1) => ({ peer: GO_NATIVE, times });

/** 1.3 times the stack plus 128. @param {number} stackBytes @returns {Bar} */
const leanAt = (stackBytes) => ({ below: 1.3 * stackBytes + 128 });

const GO_STACK_DEFAULT = "default stacks (Go: 2 KiB, grows)";

/** Never parking costs nothing; a fiftieth is what two runs differ by. */
const KERNEL_BARS = [
  { peer: PLAIN, times: 0.98 },
  { peer: CHECKPOINTS, most: 1.05 },
];
const KERNELS = ["sieve", "quicksort", "matrices", "fibonacci", "word-count"];

const WASI_HOSTS = [OURS, NODE_WASI, BROWSER_SHIM, RUNNO];

/** @type {Bar[]} */
const FASTEST_HOST = WASI_HOSTS.slice(1).map((peer) => ({ peer, times: 1 }));

/**
 * @param {string} key
 * @param {string} name
 * @param {Bar[]} [bars]
 * @returns {RowSpec}
 */
const hostRow = (key, name, bars = FASTEST_HOST) => ({
  key,
  name,
  unit: "ns",
  bars,
});

/** @type {Suite[]} */
export const SUITES = [
  {
    name: "yield",
    about:
      "one switch between two goroutines that yield, their yield n calls deep",
    workloads: [
      {
        name: "yield",
        peers: EVERYBODY,
        rows: [
          {
            key: "depth-0",
            name: "depth 0",
            unit: "ns",
            bars: [{ peer: FIBERS, times: 8 }, fasterThanGo()],
          },
          { key: "depth-5", name: "depth 5", unit: "ns" },
          { key: "depth-20", name: "depth 20", unit: "ns" },
        ],
      },
    ],
  },
  {
    name: "pingpong",
    about: "there and back over two unbuffered channels: two handovers",
    workloads: [
      {
        name: "pingpong",
        peers: EVERYBODY,
        rows: [
          {
            key: "round-trip",
            name: "unbuffered round trip",
            unit: "ns",
            bars: [fasterThanGo()],
          },
        ],
      },
    ],
  },
  {
    name: "buffered",
    about: "one value through a channel of capacity 128, sent and received",
    workloads: [
      {
        name: "buffered",
        peers: EVERYBODY,
        rows: [
          {
            key: "send-receive",
            name: "buffered send + receive",
            unit: "ns",
            bars: [fasterThanGo()],
          },
        ],
      },
      {
        name: "buffered-wide",
        peers: WITHOUT_FIBERS,
        rows: [
          {
            key: "send-receive-wide",
            name: "buffered send + receive, 8 bytes",
            unit: "ns",
            bars: [{ below: 8 }, fasterThanGo()],
          },
        ],
      },
    ],
  },
  {
    name: "spawn",
    about: "one goroutine that ends at once, started in batches of 64",
    workloads: [
      {
        name: "spawn",
        peers: EVERYBODY,
        rows: [
          {
            key: "spawn-exit",
            name: "spawn + exit",
            unit: "ns",
            bars: [fasterThanGo()],
          },
        ],
      },
    ],
  },
  {
    name: "select",
    about:
      "one value received by select over n unbuffered channels, n producers",
    workloads: [
      {
        name: "select",
        peers: EVERYBODY,
        rows: [
          { key: "receive-2", name: "2-way select", unit: "ns" },
          {
            key: "receive-4",
            name: "4-way select",
            unit: "ns",
            bars: [{ below: 45 }, fasterThanGo()],
          },
          { key: "receive-8", name: "8-way select", unit: "ns" },
          { key: "receive-64", name: "64-way select", unit: "ns" },
        ],
      },
    ],
  },
  {
    name: "mutex",
    about:
      "one lock and unlock, alone; and of two goroutines that yield while " +
      "they have it (Go hands over only after 1 ms)",
    workloads: [
      {
        name: "mutex",
        peers: WITHOUT_FIBERS,
        rows: [
          { key: "alone", name: "lock + unlock", unit: "ns" },
          {
            key: "handed-over",
            name: "lock + yield + unlock, two in turn",
            unit: "ns",
          },
        ],
      },
    ],
  },
  {
    name: "waitgroup",
    about: "one of 1000 goroutines that are started, done and waited for",
    workloads: [
      {
        name: "waitgroup",
        peers: WITHOUT_FIBERS,
        rows: [{ key: "member", name: "wait group of 1000", unit: "ns" }],
      },
    ],
  },
  {
    name: "timer",
    about: "one timer started and stopped while 100 000 others are pending",
    workloads: [
      {
        name: "timer",
        peers: WITHOUT_FIBERS,
        rows: [
          {
            key: "start-stop",
            name: "timer start + stop",
            unit: "ns",
            bars: [{ below: 100 }],
          },
        ],
      },
    ],
  },
  {
    name: "cancel",
    about:
      "a context canceled in which 100 000 goroutines wait to receive, until " +
      "all have ended: one of them",
    workloads: [
      {
        name: "cancel",
        peers: WITHOUT_FIBERS,
        rows: [{ key: "waiter", name: "canceled waiter", unit: "ns" }],
      },
    ],
  },
  {
    name: "sieve",
    about: "the first 2000 primes by a chain of channels",
    workloads: [
      {
        name: "sieve",
        peers: EVERYBODY,
        rows: [
          {
            key: "primes-2000",
            name: "2000 primes",
            unit: "s",
            bars: [fasterThanGo()],
          },
        ],
      },
    ],
  },
  {
    name: "gen",
    about: "one element of a generator, and one through a channel",
    workloads: [
      {
        name: "gen",
        peers: WITHOUT_FIBERS,
        rows: [
          { key: "next-yield", name: "generator next + yield", unit: "ns" },
          { key: "unbuffered", name: "unbuffered channel", unit: "ns" },
        ],
      },
    ],
  },
  {
    name: "arena",
    about: "32 bytes allocated, and freed in batches of 64",
    workloads: [
      {
        name: "arena",
        peers: [OURS, NATIVE],
        rows: [
          { key: "arena", name: "arena allocation", unit: "ns" },
          { key: "malloc", name: "malloc() and free()", unit: "ns" },
        ],
      },
    ],
  },
  {
    name: "kernels",
    about:
      "computations that never park, the best of several: without the runtime, " +
      "with gs_checkpoint() in the outer loop, built with PREEMPT",
    workloads: [
      {
        name: "kernels",
        peers: [OURS, PLAIN, CHECKPOINTS, PREEMPTED],
        rows: KERNELS.map((key, index) => ({
          key,
          name: key,
          unit: "ms",
          bars:
            index === 0
              ? [...KERNEL_BARS, { peer: PREEMPTED, most: 1.5, mean: true }]
              : KERNEL_BARS,
        })),
      },
    ],
  },
  {
    name: "size",
    about: "a program whose main() returns at once, gzipped",
    workloads: [
      {
        name: "size",
        peers: [OURS, PLAIN, GO_WASM],
        once: true,
        rows: [{ key: "empty", name: "empty main", unit: "B" }],
      },
    ],
  },
  {
    name: "memory",
    about:
      "growth of the linear memory (native: resident set) a parked goroutine",
    workloads: [
      {
        name: "parked-small",
        peers: [OURS, FIBERS, NATIVE],
        once: true,
        rows: [
          {
            key: "stack-512",
            name: "100 000, stacks of 512 bytes",
            unit: "B",
            bars: [leanAt(512)],
          },
        ],
      },
      {
        name: "parked-default",
        peers: [OURS, GO_WASM, GO_NATIVE, NATIVE],
        once: true,
        rows: [
          {
            key: "stack-default",
            name: `100 000, ${GO_STACK_DEFAULT}`,
            unit: "B",
            bars: [leanAt(32768)],
          },
        ],
      },
      {
        name: "parked-million",
        // Natively each of our stacks is a mapping of its own, with pages to
        // itself; Go's wasm port takes 40 s to start them.
        peers: [OURS, FIBERS, GO_NATIVE],
        rows: [
          {
            key: "bytes",
            name: "1 000 000, smallest stacks",
            unit: "B",
            bars: [leanAt(256)],
          },
          { key: "start", name: "1 000 000 started", unit: "s" },
          { key: "end", name: "1 000 000 ended", unit: "s" },
          {
            key: "start-end",
            name: "1 000 000 started + ended",
            unit: "s",
            bars: [{ below: 3 }],
          },
        ],
      },
    ],
  },
  {
    name: "wasi",
    about:
      "one call of a WASI program, files in memory (node:wasi: in /dev/shm), " +
      "the best of several batches; and what sleeping for 500 ms costs",
    guests: true,
    workloads: [
      {
        name: "wasi-small",
        peers: WASI_HOSTS,
        rows: [
          hostRow("write-1", "1 byte written over another"),
          hostRow("read-1", "1 byte read"),
          hostRow("open-close", "open + close"),
          hostRow("stat", "stat of a path"),
          hostRow("clock", "monotonic clock"),
          hostRow("random-64k", "64 KiB of random bytes", FASTEST_HOST),
        ],
      },
      {
        name: "wasi-16",
        peers: WASI_HOSTS,
        rows: [
          hostRow("write-64k", "64 KiB written, growing to 16 MiB"),
          hostRow("read-64k", "64 KiB read of 16 MiB", FASTEST_HOST),
        ],
      },
      {
        name: "wasi-64",
        // The other shim copies all of a file each time it grows: a minute.
        peers: [OURS, NODE_WASI, RUNNO],
        rows: [
          hostRow("write-64k", "64 KiB written, growing to 64 MiB"),
          hostRow("read-64k", "64 KiB read of 64 MiB", FASTEST_HOST),
        ],
      },
      {
        name: "wasi-sleep",
        // The other shim does not sleep.
        peers: [OURS, NODE_WASI, BROWSER_SHIM],
        rows: [
          {
            key: "cpu",
            name: "sleep, processor",
            unit: "ms",
            bars: [{ below: 5 }],
          },
          {
            key: "gap",
            name: "sleep, longest gap of the event loop",
            unit: "ms",
            bars: [{ below: 20 }],
          },
        ],
      },
    ],
  },
  {
    name: "browser",
    about:
      "Chromium: from the frame's callback to the goroutine, back to back, " +
      "the request for the next frame included",
    browser: "frames",
    workloads: [
      {
        name: "frame",
        peers: [OURS, FIBERS, GO_WASM, PLAIN_EXPORT],
        rows: [
          {
            key: "wake",
            name: "frame to goroutine",
            unit: "ns",
            bars: [{ below: 300 }],
          },
        ],
      },
    ],
  },
  NET,
  FILES,
];

/**
 * The suites of these names, in the order they run; for none, all but those
 * that are apart.
 * @param {string[]} names
 */
export function chooseSuites(names) {
  const known = SUITES.map(({ name }) => name);
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new RangeError(
      `no such benchmark suite: ${unknown.join(", ")} ` +
        `(there are: ${known.join(", ")})`,
    );
  }
  if (names.length === 0) return SUITES.filter(({ apart }) => !apart);
  return SUITES.filter(({ name }) => names.includes(name));
}
