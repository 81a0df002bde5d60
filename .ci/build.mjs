/* Builds into build/: CMake presets (default: wasm) into build/<preset>, demo
 * apps into build/apps, the JavaScript bundles and types into build/dist.
 * Usage: node .ci/build.mjs [--quiet] [--no-js] [preset...] */
import { spawnSync } from "node:child_process";
import { existsSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ROOT, StepError, script, step } from "./exec.mjs";

/** @param {string} file */
const inRoot = (file) => join(ROOT, file);

/** @param {string} file */
function modified(file) {
  return existsSync(inRoot(file)) ? statSync(inRoot(file)).mtimeMs : -Infinity;
}

/**
 * Ninja re-runs CMake when a CMakeLists.txt changes, but nothing watches the
 * presets: their settings are taken over only by a fresh configure.
 * @param {string} preset
 */
function needsConfigure(preset) {
  const configured = modified(`build/${preset}/build.ninja`);
  return modified("CMakePresets.json") > configured;
}

/** @type {Record<string, string> | undefined} */
let compilerEnv;

/**
 * Emscripten starts Python for each file. Where `python3` is a version
 * manager's script, which looks for the program each time, it is found once.
 */
export function envOfCompilers() {
  if (compilerEnv !== undefined) return compilerEnv;
  compilerEnv = {};
  if (process.env.EMSDK_PYTHON !== undefined) return compilerEnv;
  const args = ["-c", "import sys; print(sys.executable)"];
  const { status, stdout } = spawnSync("python3", args, { encoding: "utf8" });
  if (status === 0 && existsSync(stdout.trim())) {
    compilerEnv.EMSDK_PYTHON = stdout.trim();
  }
  return compilerEnv;
}

/**
 * @param {string} preset
 * @param {boolean} quiet
 * @param {string[]} [targets] not all of them: folders of its build
 */
export async function buildPreset(preset, quiet, targets = []) {
  const env = envOfCompilers();
  if (needsConfigure(preset)) {
    // A cache from other settings, or of a configure that failed, sticks.
    rmSync(inRoot(`build/${preset}/CMakeCache.txt`), { force: true });
    await step(`configure ${preset}`, "cmake", ["--preset", preset], {
      quiet,
      env,
    });
  }
  const folders = targets.map((folder) => `${folder}/all`);
  await step(
    `build ${preset}`,
    "cmake",
    [
      ...["--build", `build/${preset}`],
      ...(folders.length > 0 ? ["--target", ...folders] : []),
    ],
    { quiet, env },
  );
}

/** Bundles: file in build/dist, what it is made from, how. */
const BUNDLES = [
  { out: "gossamer.js", entry: "js/script.js", format: "iife" },
  { out: "gossamer.min.js", entry: "js/script.js", format: "iife" },
  { out: "gossamer.mjs", entry: "js/index.js", format: "esm" },
  { out: "wasi.mjs", entry: "js/wasi/index.js", format: "esm" },
  { out: "http.mjs", entry: "js/fs/http.js", format: "esm" },
  { out: "indexeddb.mjs", entry: "js/fs/indexeddb.js", format: "esm" },
  { out: "fetch.mjs", entry: "js/http/client.js", format: "esm" },
  { out: "websocket.mjs", entry: "js/websocket.js", format: "esm" },
  { out: "crypto.mjs", entry: "js/crypto.js", format: "esm" },
  {
    out: "gossamer-websocket.js",
    entry: "js/websocket-script.js",
    format: "iife",
  },
  { out: "gossamer-crypto.js", entry: "js/crypto-script.js", format: "iife" },
];

/** @param {boolean} quiet */
export async function buildScripts(quiet) {
  const esbuild = await import("esbuild");
  for (const { out, entry, format } of BUNDLES) {
    try {
      await esbuild.build({
        absWorkingDir: ROOT,
        entryPoints: [entry],
        outfile: `build/dist/${out}`,
        bundle: true,
        format: /** @type {"iife" | "esm"} */ (format),
        platform: "neutral",
        target: "es2022",
        minify: out.includes(".min."),
        sourcemap: true,
        external: ["node:*"],
        logLevel: "warning",
        logOverride: { "empty-import-meta": "silent" },
      });
    } catch {
      throw new StepError(`bundling ${entry} failed; see the messages above`);
    }
  }
  await step(
    "types",
    "node_modules/.bin/tsc",
    ["-p", "js/tsconfig.dist.json"],
    {
      quiet,
    },
  );
}

/**
 * @param {{
 *   presets?: string[],
 *   js?: boolean,
 *   quiet?: boolean,
 *   targets?: Record<string, string[]>,
 * }} [options] `targets` of a preset: buildPreset()
 */
export async function build(options = {}) {
  const {
    presets = ["wasm"],
    js = true,
    quiet = false,
    targets = {},
  } = options;
  if (js) await buildScripts(quiet);
  // One after the other: each of them already uses every core.
  for (const preset of presets) {
    await buildPreset(preset, quiet, targets[preset]);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const args = process.argv.slice(2);
  const presets = args.filter((arg) => !arg.startsWith("--"));
  await script(() =>
    build({
      presets: presets.length > 0 ? presets : ["wasm"],
      js: !args.includes("--no-js"),
      quiet: args.includes("--quiet"),
    }),
  );
}
