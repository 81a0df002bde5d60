/* The scripts of the suite `files`: one for the page of each peer. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../../.ci/exec.mjs";
import { ZENFS_MODULES } from "../../../.ci/setup.mjs";
import { OUT, buildOurs, emcc } from "../tools.js";

/** @typedef {import("../programs.js").Prepared} Prepared */

const FOLDER = join(ROOT, "tests/bench/files");

/**
 * @param {string} entry in this folder
 * @returns {Promise<string>} the file
 */
async function bundle(entry) {
  const esbuild = await import("esbuild");
  const outfile = join(OUT, `files-${entry}`);
  await esbuild.build({
    absWorkingDir: ROOT,
    entryPoints: [join(FOLDER, entry)],
    nodePaths: [join(ROOT, ZENFS_MODULES, "node_modules")],
    outfile,
    bundle: true,
    format: "iife",
    target: "es2022",
    logLevel: "error",
  });
  return outfile;
}

/** @returns {Promise<Record<string, string>>} by address */
export async function prepareOurFiles() {
  const folder = await buildOurs("wasm", "bench-files");
  return {
    "/gossamer-files.js": await bundle("gossamer.js"),
    "/files.wasm": join(folder, "bench-files.wasm"),
  };
}

/** @returns {Promise<Prepared>} */
export async function prepareIdbfs() {
  const flags = [
    "-lidbfs.js",
    "-sALLOW_MEMORY_GROWTH",
    "-sENVIRONMENT=web",
    "-sEXPORTED_RUNTIME_METHODS=FS,IDBFS",
    "-sEXPORT_NAME=createIdbfs",
    "-sFORCE_FILESYSTEM",
    "-sMODULARIZE",
  ];
  const output = join(OUT, "idbfs.js");
  const glue = await emcc("idbfs/main.c", output, flags, import.meta.filename);
  return {
    command: [],
    files: {
      "/idbfs.js": glue,
      "/idbfs.wasm": glue.replace(/js$/, "wasm"),
      "/idbfs-files.js": await bundle("idbfs.js"),
    },
  };
}

/** @returns {Promise<Prepared>} */
export async function prepareZenfs() {
  if (!existsSync(join(ROOT, ZENFS_MODULES, "node_modules"))) {
    return { skipped: `npm has not installed it in ${ZENFS_MODULES}` };
  }
  return {
    command: [],
    files: { "/zenfs-files.js": await bundle("zenfs.js") },
  };
}

/** @returns {Promise<Prepared>} */
export async function prepareRaw() {
  return { command: [], files: { "/raw-files.js": await bundle("raw.js") } };
}
