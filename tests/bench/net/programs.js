/* The programs and scripts of the suite `net`: one page for each peer. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../../.ci/exec.mjs";
import { OUT, buildOurs, emcc } from "../tools.js";

/** @typedef {import("../programs.js").Prepared} Prepared */

const FOLDER = join(ROOT, "tests/bench/net");

/**
 * @param {string} entry in this folder
 * @returns {Promise<string>} the file
 */
async function bundle(entry) {
  const esbuild = await import("esbuild");
  const outfile = join(OUT, `net-${entry}`);
  await esbuild.build({
    absWorkingDir: ROOT,
    entryPoints: [join(FOLDER, entry)],
    outfile,
    bundle: true,
    format: "esm",
    target: "es2022",
    logLevel: "error",
  });
  return outfile;
}

/** @returns {Promise<Record<string, string>>} by address */
export async function prepareOurNet() {
  const folder = await buildOurs("wasm", "bench-net");
  return {
    "/net-gossamer.js": await bundle("gossamer.js"),
    "/net.wasm": join(folder, "bench-net.wasm"),
  };
}

/** @returns {Promise<Prepared>} */
export async function preparePlainNet() {
  return { command: [], files: { "/net-plain.js": await bundle("plain.js") } };
}

/**
 * @param {string} glue Go's wasm_exec.js
 * @param {string} program
 * @returns {Promise<Record<string, string>>} by address
 */
export async function prepareGoNet(glue, program) {
  return {
    "/wasm_exec.js": glue,
    "/go-net.wasm": program,
    "/net-go.js": await bundle("go.js"),
  };
}

/** @returns {Promise<Prepared>} */
export async function prepareEmscriptenFetch() {
  const flags = [
    "-sALLOW_MEMORY_GROWTH",
    "-sENVIRONMENT=web",
    "-sEXPORTED_RUNTIME_METHODS=ccall",
    "-sEXPORT_NAME=createFetcher",
    "-sFETCH",
    "-sFETCH_SUPPORT_INDEXEDDB=0",
    "-sMODULARIZE",
    "--no-entry",
  ];
  const output = join(OUT, "emscripten-net.js");
  const by = import.meta.filename;
  const glue = await emcc("emscripten/net.c", output, flags, by);
  const program = glue.replace(/js$/, "wasm");
  if (!existsSync(program)) return { skipped: "emcc has made no program" };
  return {
    command: [],
    files: {
      "/emscripten-net.js": glue,
      "/emscripten-net.wasm": program,
      "/net-emscripten.js": await bundle("emscripten.js"),
    },
  };
}
