/* What the programs of the benchmark are built with: our CMake presets and
 * Emscripten; and which of them are out of date. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { ROOT, step } from "../../.ci/exec.mjs";

export const OUT = join(ROOT, "build/bench");
export const PEERS = join(ROOT, "tests/bench/peers");

export const WARNINGS = ["-Wall", "-Wextra", "-Wshadow", "-Werror"];

/** @param {string} folder @returns {string[]} */
function filesIn(folder) {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

/**
 * Whether `output` is older than a source, or than a file with its flags.
 * @param {string} output
 * @param {string} folder of its sources
 * @param {...string} others that it is made from or by
 */
export function outdated(output, folder, ...others) {
  if (!existsSync(output)) return true;
  const builtMs = statSync(output).mtimeMs;
  return [...filesIn(folder), ...others].some(
    (file) => statSync(file).mtimeMs > builtMs,
  );
}

/** @param {string} preset @param {string} [target] all programs unless given */
export async function buildOurs(preset, target = "bench") {
  const folder = join(ROOT, "build", preset);
  const quiet = true;
  if (!existsSync(join(folder, "build.ninja"))) {
    await step(`configure ${preset}`, "cmake", ["--preset", preset], { quiet });
  }
  const args = ["--build", folder, "--target", target];
  await step(`build ${preset}`, "cmake", args, { quiet });
  return join(folder, "tests/bench");
}

/**
 * @param {string} source under peers/
 * @param {string} output
 * @param {string[]} flags
 * @param {string} by the file that has the flags
 */
export async function emcc(source, output, flags, by) {
  const folder = join(PEERS, source, "..");
  if (!outdated(output, folder, by)) return output;
  const args = ["-O3", ...WARNINGS, ...flags, join(PEERS, source)];
  await step(`build ${source}`, "emcc", [...args, "-o", output], {
    quiet: true,
    // Debian's Emscripten looks for acorn here when it trims its JavaScript.
    env: { NODE_PATH: join(ROOT, "node_modules") },
  });
  return output;
}
