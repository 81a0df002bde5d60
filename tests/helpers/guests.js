/* Builds the guests of tests/wasi: WASI programs in C, by clang and wasi-libc,
 * and in WAT, to build/wasi/. What is newer than its sources is kept, and a
 * guest appears under its name when it is complete: test files that run side
 * by side may all ask for them. */
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
  "--target=wasm32-wasi",
  ...["-std=c11", "-O1", "-Wall", "-Wextra", "-Werror", "-Wl,--strip-all"],
];

/** Why no guest can be built here; null: they can. */
export function whyNoGuests(has = hasHere) {
  const missing = missingFor(has, { wasi: true });
  if (missing.length === 0) return null;
  return `no WASI guests: they need the packages ${missing.join(", ")}`;
}

/** @param {string} guest its source's name without the ending */
export function guestFile(guest) {
  return join(BUILT, `${guest}.wasm`);
}

/** The names of all guests. */
export function guestNames() {
  return readdirSync(SOURCES)
    .filter((name) => /\.(c|wat)$/.test(name) && name !== COMMON)
    .map((name) => name.replace(/\.\w+$/, ""))
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

/** @param {string} source */
async function build(source) {
  const output = guestFile(source.replace(/\.\w+$/, ""));
  const temporary = `${output}.${process.pid}`;
  const input = join(SOURCES, source);
  if (source.endsWith(".wat")) {
    await run("wat2wasm", [input, "-o", temporary]);
  } else {
    const common = readFileSync(input, "utf8").includes('"check.h"')
      ? [join(SOURCES, COMMON)]
      : [];
    await run("clang", [...CFLAGS, "-o", temporary, input, ...common]);
  }
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
  mkdirSync(BUILT, { recursive: true });
  const files = readdirSync(SOURCES);
  const shared = files.filter((name) => name.endsWith(".h") || name === COMMON);
  const newest = Math.max(
    ...[import.meta.filename, ...shared.map((name) => join(SOURCES, name))].map(
      writtenAt,
    ),
  );
  const queue = files
    .filter((name) => /\.(c|wat)$/.test(name) && name !== COMMON)
    .filter((name) => {
      const source = Math.max(newest, writtenAt(join(SOURCES, name)));
      return writtenAt(guestFile(name.replace(/\.\w+$/, ""))) <= source;
    });
  const worker = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      await build(next);
    }
  };
  await Promise.all(Array.from({ length: JOBS }, worker));
}
