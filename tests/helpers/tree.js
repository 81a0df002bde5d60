/* The project's own files, for tests that read sources. */
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

const OURS = ["src", "js", "web", "tests", ".ci"];

/** Names at the top level that come and go and belong to no one. */
const FOREIGN = new Set([".git", "build", "node_modules"]);

/**
 * Files under a folder, as paths from the top level.
 * @param {string} folder
 * @returns {string[]}
 */
export function filesUnder(folder) {
  if (!existsSync(join(ROOT, folder))) return [];
  return readdirSync(join(ROOT, folder), { withFileTypes: true })
    .flatMap((entry) => {
      const path = `${folder}/${entry.name}`;
      return entry.isDirectory() ? filesUnder(path) : [path];
    })
    .sort();
}

/** The names at the top level, without what is built or fetched. */
export function topLevel() {
  return readdirSync(ROOT)
    .filter((name) => !FOREIGN.has(name))
    .sort();
}

/** Every file of the project itself. */
export function allFiles() {
  const top = readdirSync(ROOT, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name);
  return [...top, ...OURS.flatMap(filesUnder)];
}

/** @param {string} path from the top level */
export function read(path) {
  return readFileSync(join(ROOT, path), "utf8");
}
