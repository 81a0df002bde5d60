/* Builds the guests of tests/wasi: WASI programs in C, by clang and wasi-libc,
 * to build/wasi/, and once more to build/wasi/high/, where all they have lies
 * above 2 GiB. What is newer than its sources is kept, and a guest appears under
 * its name when it is complete: test files that run side by side may all ask
 * for them. */
import { execFile } from "node:child_process";
import {
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  statSync,
} from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { hasHere, missingFor } from "../../.ci/setup.mjs";
import { ROOT } from "./tree.js";

const run = promisify(execFile);
const SOURCES = join(ROOT, "tests/wasi/guests");
const BUILT = join(ROOT, "build/wasi");
const JOBS = 2;

/** Linked to every guest in C that includes its header. */
const COMMON = "check.c";

const CFLAGS = [
  ...["--target=wasm32-wasi", "-std=gnu11", "-Wall", "-Wextra", "-Werror"],
  // Said to the compiler alone: told of -O1, the driver would have wasm-opt
  // work on the program, where there is one, and that knows no high addresses.
  ...["-Xclang", "-O1", "-Wl,--strip-all"],
];

/** Numbers from 2^31 on are negative where JavaScript gets them. */
const HIGH = [
  "-Wl,--global-base=2147487744",
  "-Wl,--initial-memory=2155872256",
];

/** Why no guest can be built here; null: they can. */
export function whyNoGuests(has = hasHere) {
  const missing = missingFor(has, { wasi: true });
  if (missing.length === 0) return null;
  return `no WASI guests: they need the packages ${missing.join(", ")}`;
}

/**
 * @param {string} guest its source's name without the ending
 * @param {boolean} [high] the one whose memory is above 2 GiB
 */
export function guestFile(guest, high = false) {
  return join(BUILT, high ? "high" : "", `${guest}.wasm`);
}

/** The names of all guests. */
export function guestNames() {
  return readdirSync(SOURCES)
    .filter((name) => name.endsWith(".c") && name !== COMMON)
    .map((name) => name.slice(0, -2))
    .sort();
}

/**
 * The names of a guest's cases, as its source has them.
 * @param {string} guest
 */
export function casesIn(guest) {
  const text = readFileSync(join(SOURCES, `${guest}.c`), "utf8");
  return [...text.matchAll(/^CASE\((\w+)\)/gm)].map(([, name = ""]) => name);
}

/** @param {string} file when it was written, in ms; 0 if it is not there */
function writtenAt(file) {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/**
 * @param {string} guest
 * @param {boolean} high
 */
async function build(guest, high) {
  const output = guestFile(guest, high);
  const temporary = `${output}.${process.pid}`;
  const source = join(SOURCES, `${guest}.c`);
  const common = readFileSync(source, "utf8").includes('"check.h"')
    ? [join(SOURCES, COMMON)]
    : [];
  const flags = high ? [...CFLAGS, ...HIGH] : CFLAGS;
  await run("clang", [...flags, "-o", temporary, source, ...common]);
  renameSync(temporary, output);
}

/** @type {Promise<void> | null} */
let building = null;

/** Builds what is not there or older than a source, once for a process. */
export function buildGuests() {
  building ??= buildStale();
  return building;
}

async function buildStale() {
  mkdirSync(join(BUILT, "high"), { recursive: true });
  const shared = readdirSync(SOURCES).filter(
    (name) => name.endsWith(".h") || name === COMMON,
  );
  const newest = Math.max(
    writtenAt(import.meta.filename),
    ...shared.map((name) => writtenAt(join(SOURCES, name))),
  );
  const queue = guestNames()
    .flatMap((guest) => [false, true].map((high) => ({ guest, high })))
    .filter(({ guest, high }) => {
      const own = writtenAt(join(SOURCES, `${guest}.c`));
      return writtenAt(guestFile(guest, high)) <= Math.max(newest, own);
    });
  const worker = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      await build(next.guest, next.high);
    }
  };
  await Promise.all(Array.from({ length: JOBS }, worker));
}
