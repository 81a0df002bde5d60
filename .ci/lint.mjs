/* All checks that run no test: layout, types, and mistakes that tools can see.
 * Every check runs and reports before the script fails. Those of one thread
 * run beside the compilers. `--fix` repairs layout and whatever ESLint can
 * repair, and checks nothing else. */
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { buildPreset } from "./build.mjs";
import { ROOT, StepError, exec, script } from "./exec.mjs";

/** Where our sources are; everything else is built or fetched. */
const FOLDERS = ["src", "js", "web", "tests", ".ci"];
const BIN = "node_modules/.bin";
const JOBS = 2;

/** @param {string} folder @returns {string[]} */
function filesUnder(folder) {
  if (!existsSync(join(ROOT, folder))) return [];
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap(
    (entry) => {
      const path = `${folder}/${entry.name}`;
      return entry.isDirectory() ? filesUnder(path) : [path];
    },
  );
}

/** @param {RegExp} pattern */
function sources(pattern) {
  return FOLDERS.flatMap(filesUnder)
    .filter((file) => pattern.test(file))
    .sort();
}

const PRETTIER = [
  "--log-level=warn",
  "--no-error-on-unmatched-pattern",
  ...FOLDERS.map((folder) => `${folder}/**/*.{js,mjs,css,html,json}`),
  "*.json",
  "!package-lock.json",
];

const ESLINT = ["-c", "js/eslint.config.js", "--max-warnings", "0", "."];

/** @param {string} name */
function heading(name) {
  process.stdout.write(`--- ${name}\n`);
}

/**
 * Its output stays together: others write meanwhile.
 * @param {string} name
 * @param {string} command
 * @param {string[]} args
 * @returns {Promise<boolean>} whether it passed
 */
async function check(name, command, args) {
  const { code, output } = await exec(command, args, { capture: true });
  heading(name);
  process.stdout.write(output);
  return code === 0;
}

/** @param {boolean} repairs */
async function clangFormat(repairs) {
  const files = sources(/\.(c|cc|cpp|h|hpp)$/);
  if (repairs) return check("clang-format", "clang-format", ["-i", ...files]);
  const { code, output } = await exec(
    "clang-format",
    ["--dry-run", "-Werror", ...files],
    { capture: true },
  );
  heading("clang-format");
  if (code === 0) return true;
  // A message a line would bury the other checks: the first of each file.
  const places = [...output.matchAll(/^(.+?):(\d+):\d+: /gm)];
  const firsts = new Map(
    places.reverse().map(([, file, line]) => [file, line]),
  );
  if (firsts.size === 0) process.stdout.write(output);
  for (const [file, line] of [...firsts].reverse()) {
    process.stdout.write(`${file}:${line}: layout differs; npm run fmt\n`);
  }
  return false;
}

/** The C sources that the native build compiles, as CMake wrote them down. */
function compiledFiles() {
  const database = join(ROOT, "build/native/compile_commands.json");
  if (!existsSync(database)) return [];
  /** @type {{ file: string }[]} */
  const entries = JSON.parse(readFileSync(database, "utf8"));
  return [...new Set(entries.map(({ file }) => file))]
    .filter((file) => !file.startsWith(join(ROOT, "build")))
    .sort();
}

async function clangTidy() {
  heading("clang-tidy");
  const queue = compiledFiles();
  let passed = true;
  const worker = async () => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
      const { code, output } = await exec(
        "clang-tidy",
        // The database may be gcc's: clang need not know its flags, nor have
        // sanitizer headers of its own.
        [
          "-p",
          "build/native",
          "--quiet",
          "--extra-arg=-Wno-unknown-warning-option",
          "--extra-arg=-fno-sanitize=all",
          file,
        ],
        { capture: true },
      );
      if (code === 0) continue;
      passed = false;
      process.stdout.write(output);
    }
  };
  await Promise.all(Array.from({ length: JOBS }, worker));
  return passed;
}

/** Compiles both ways; warnings are errors in every preset. */
async function compile() {
  heading("compile");
  try {
    await buildPreset("native", true);
    await buildPreset("wasm", true);
    return true;
  } catch (error) {
    if (!(error instanceof StepError)) throw error;
    process.stdout.write(`${error.message}\n`);
    return false;
  }
}

async function repair() {
  const formatted = await clangFormat(true);
  const pretty = await check("prettier", `${BIN}/prettier`, [
    "--write",
    ...PRETTIER,
  ]);
  const linted = await check("eslint", `${BIN}/eslint`, ["--fix", ...ESLINT]);
  return formatted && pretty && linted ? 0 : 1;
}

/** Layout, ESLint and types, one after the other. */
async function scriptChecks() {
  return {
    "clang-format": await clangFormat(false),
    prettier: await check("prettier", `${BIN}/prettier`, [
      "--check",
      ...PRETTIER,
    ]),
    eslint: await check("eslint", `${BIN}/eslint`, ESLINT),
    types: await check("types", `${BIN}/tsc`, ["-p", "js/tsconfig.json"]),
  };
}

/** clang-tidy reads what the configured build wrote down. */
async function compilerChecks() {
  return { compile: await compile(), "clang-tidy": await clangTidy() };
}

async function lint() {
  const parts = await Promise.all([scriptChecks(), compilerChecks()]);
  const results = Object.assign({}, ...parts);
  const failed = Object.entries(results)
    .filter(([, passed]) => !passed)
    .map(([name]) => name);
  if (failed.length > 0) throw new StepError(`lint: ${failed.join(", ")}`);
  process.stdout.write("lint: all checks passed\n");
}

await script(() => (process.argv.includes("--fix") ? repair() : lint()));
