/* The one set-up step, run before every npm script and so before node_modules
 * exists: only Node's own modules here. It finds the tools the scripts need,
 * installs what is missing with apt, then runs `npm ci` when the lock file has
 * changed. When all is there it does nothing and starts no process.
 * GOSSAMER_NO_INSTALL=1 makes it say what to run instead of running it. */
import { spawnSync } from "node:child_process";
import {
  accessSync,
  constants,
  copyFileSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  realpathSync,
  statSync,
} from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/**
 * A tool: any one of `commands` on PATH will do; `pkg` is the Debian package
 * that brings it. `lint` marks what only lint and fmt need; `fuzz`, `wasi` and
 * `firefox` what only fuzzing, the guests of tests/wasi and the tests in
 * Firefox need, which can be done without.
 * @typedef {{ fuzz?: boolean, wasi?: boolean, firefox?: boolean }} Purposes
 * @typedef {{ commands: string[], pkg: string, lint?: boolean } & Purposes} Tool
 */

/** No commands but what clang needs, which machines are asked for alike. */
export const LIB_FUZZER = "libFuzzer";
export const WASM_LD = "wasm-ld";
export const WASI_LIBC = "wasi-libc";
export const WASI_BUILTINS = "compiler-rt for wasm32";

/** @type {Tool[]} */
export const TOOLS = [
  { commands: ["emcc"], pkg: "emscripten" },
  { commands: ["cmake"], pkg: "cmake" },
  { commands: ["ninja"], pkg: "ninja-build" },
  { commands: ["cc", "gcc", "clang"], pkg: "gcc" },
  { commands: ["c++", "g++", "clang++"], pkg: "g++" },
  {
    commands: ["chromium", "chromium-browser", "google-chrome"],
    pkg: "chromium",
  },
  { commands: ["clang-format"], pkg: "clang-format", lint: true },
  { commands: ["clang-tidy"], pkg: "clang-tidy", lint: true },
  { commands: ["clang"], pkg: "clang", fuzz: true },
  { commands: [LIB_FUZZER], pkg: "libclang-rt-dev", fuzz: true },
  { commands: ["clang"], pkg: "clang", wasi: true },
  { commands: [WASM_LD], pkg: "lld", wasi: true },
  { commands: [WASI_LIBC], pkg: "wasi-libc", wasi: true },
  { commands: [WASI_BUILTINS], pkg: "libclang-rt-dev-wasm32", wasi: true },
  { commands: ["firefox-esr", "firefox"], pkg: "firefox-esr", firefox: true },
];

/** @type {(keyof Purposes)[]} */
const PURPOSES = ["fuzz", "wasi", "firefox"];

/**
 * @typedef {{ version?: string, integrity?: string, optional?: boolean }} Entry
 * @typedef {{ packages: Record<string, Entry> }} Lock
 */

/** A Node that has JSPI, for tests/wasi. It is kept apart: in node_modules it
 * would be the `node` of every npm script. */
const JSPI_SOURCE = "tests/wasi/node";
export const JSPI_NODE = "build/node";

/** A peer of the benchmark, which asks for a newer Node than is needed to
 * bundle it. */
const ZENFS_SOURCE = "tests/bench/files/zenfs";
export const ZENFS_MODULES = "build/zenfs";

/**
 * What the step reads and does, so that tests can stand in for all of it.
 * @typedef {object} Machine
 * @property {Record<string, string | undefined>} env
 * @property {string} platform
 * @property {number} uid
 * @property {boolean} tty whether somebody can answer a password prompt
 * @property {string} nodeVersion
 * @property {(command: string) => boolean} has whether PATH has it, or
 *   whether that part of clang's is there
 * @property {(argv: string[]) => number} run runs it, answers its exit code
 * @property {(folder: string) => Lock} lock its package-lock.json
 * @property {(folder: string) => Lock | null} installed npm's record of the
 *   node_modules in it
 * @property {(from: string, to: string) => void} copy what npm goes by, from a
 *   folder to another
 * @property {(line: string) => void} log
 */

/** A set-up that cannot go on; the message says what to do about it. */
export class SetupError extends Error {}

/** apt-get was run, and failed. */
class InstallError extends SetupError {}

/**
 * @param {Tool[]} tools
 * @param {(command: string) => boolean} has
 */
function packagesOf(tools, has) {
  const missing = tools.filter((tool) => !tool.commands.some(has));
  return [...new Set(missing.map((tool) => tool.pkg))];
}

/**
 * The packages whose tools are not there and must be.
 * @param {(command: string) => boolean} has
 * @param {boolean} lint
 */
export function missingPackages(has, lint) {
  const needed = TOOLS.filter(
    (tool) =>
      !PURPOSES.some((purpose) => tool[purpose]) && (lint || !tool.lint),
  );
  return packagesOf(needed, has);
}

/**
 * The packages without which there is no fuzzing, no guest is built, or no
 * test runs in Firefox.
 * @param {(command: string) => boolean} has
 * @param {Purposes} purposes
 */
export function missingFor(has, purposes) {
  const wanted = TOOLS.filter((tool) =>
    PURPOSES.some((purpose) => purposes[purpose] && tool[purpose]),
  );
  return packagesOf(wanted, has);
}

/**
 * The command line in front of apt-get: empty for root, sudo otherwise.
 * @param {Machine} machine
 * @returns {string[] | null} null when there is no way to become root
 */
export function rootPrefix(machine) {
  if (machine.uid === 0) return [];
  if (!machine.has("sudo")) return null;
  return machine.tty ? ["sudo"] : ["sudo", "-n"];
}

/**
 * @param {string[]} prefix
 * @param {string[]} args
 */
function aptGet(prefix, args) {
  return [...prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get"].concat(
    args,
  );
}

/**
 * @param {Machine} machine
 * @param {string[]} packages
 */
function installPackages(machine, packages) {
  const list = packages.join(" ");
  const manual = `apt-get install -y ${list}`;
  if (machine.platform !== "linux" || !machine.has("apt-get")) {
    throw new SetupError(
      `missing: ${list}\n` +
        "There is no apt-get here: install these (Debian package names) by " +
        "hand and put their commands on PATH.",
    );
  }
  const prefix = rootPrefix(machine);
  if (machine.env.GOSSAMER_NO_INSTALL === "1" || prefix === null) {
    const why =
      prefix === null
        ? "neither root nor sudo to install it with"
        : "GOSSAMER_NO_INSTALL=1 forbids installing it";
    const sudo = machine.uid === 0 ? "" : "sudo ";
    throw new SetupError(`missing: ${list} (${why}). Run:\n  ${sudo}${manual}`);
  }
  const install = aptGet(prefix, ["install", "-y", ...packages]);
  machine.log(`installing: ${install.join(" ")}`);
  if (machine.run(install) === 0) return;
  // Empty or outdated package lists look like a failed install.
  const update = aptGet(prefix, ["update"]);
  machine.log(`updating the package lists: ${update.join(" ")}`);
  if (machine.run(update) !== 0 || machine.run(install) !== 0) {
    throw new InstallError(
      `apt-get could not install: ${list}. See its messages above, or run:\n` +
        `  ${[...prefix, manual].join(" ")}`,
    );
  }
}

/**
 * Whether node_modules holds what the lock file says. Packages for other
 * platforms are optional and may be absent.
 * @param {Lock} lock
 * @param {Lock | null} installed
 */
export function modulesAreCurrent(lock, installed) {
  if (installed === null) return false;
  return Object.entries(lock.packages).every(([path, entry]) => {
    if (path === "") return true;
    const have = installed.packages[path];
    if (have === undefined) return entry.optional === true;
    return have.version === entry.version && have.integrity === entry.integrity;
  });
}

/** @param {Machine} machine */
function installModules(machine) {
  if (modulesAreCurrent(machine.lock("."), machine.installed("."))) return;
  if (machine.env.GOSSAMER_NO_INSTALL === "1") {
    throw new SetupError(
      "node_modules is missing or differs from package-lock.json " +
        "(GOSSAMER_NO_INSTALL=1 forbids installing it). Run:\n  npm ci",
    );
  }
  machine.log("installing: npm ci");
  if (machine.run(["npm", "ci"]) !== 0) {
    throw new SetupError("npm ci failed; see its messages above.");
  }
}

/**
 * What npm installs in a folder of its own, and can be done without.
 * @typedef {object} Apart
 * @property {string} source the folder of its package.json
 * @property {string} target
 * @property {string} what
 * @property {string[]} flags for npm
 */

/** @type {Apart} There is none for other systems than Linux. */
const JSPI = {
  source: JSPI_SOURCE,
  target: JSPI_NODE,
  what: "a Node that has JSPI",
  flags: ["--no-bin-links", "--ignore-scripts"],
};

/** @type {Apart} */
const ZENFS = {
  source: ZENFS_SOURCE,
  target: ZENFS_MODULES,
  what: "ZenFS",
  flags: ["--no-bin-links", "--ignore-scripts", "--no-engine-strict"],
};

/** @param {Machine} machine @param {Apart} apart */
function installApart(machine, { source, target, what, flags }) {
  const current = modulesAreCurrent(
    machine.lock(source),
    machine.installed(target),
  );
  if (current) return;
  if (machine.env.GOSSAMER_NO_INSTALL === "1") {
    machine.log(
      `goes on without ${what}: GOSSAMER_NO_INSTALL=1 forbids installing it`,
    );
    return;
  }
  machine.copy(source, target);
  machine.log(`installing: npm ci, ${what}, in ${target}`);
  if (machine.run(["npm", "ci", "--prefix", target, ...flags]) !== 0) {
    machine.log(`goes on without ${what}: npm ci failed`);
  }
}

/**
 * What can be done without is installed if possible, and else said to be
 * missing. What one purpose lacks keeps nothing from the others.
 * @param {Machine} machine
 * @param {string[]} needed
 * @param {string[][]} wanted by purpose
 */
function installMissing(machine, needed, wanted) {
  const packages = [...new Set([...needed, ...wanted.flat()])];
  if (packages.length === 0) return;
  try {
    installPackages(machine, packages);
  } catch (error) {
    if (!(error instanceof SetupError) || wanted.length === 0) throw error;
    const tryParts = error instanceof InstallError;
    if (needed.length > 0) {
      if (!tryParts) throw error;
      installPackages(machine, needed);
    }
    if (tryParts && wanted.length > 1) {
      for (const purpose of wanted) installMissing(machine, [], [purpose]);
      return;
    }
    const without = [...new Set(wanted.flat())].join(" ");
    machine.log(`goes on without ${without}: ${error.message}`);
  }
}

/**
 * @param {Machine} machine
 * @param {{ lint?: boolean, bench?: boolean } & Purposes} [options]
 */
export function setup(
  machine,
  { lint = false, bench = false, ...purposes } = {},
) {
  const [major = 0, minor = 0] = machine.nodeVersion.split(".").map(Number);
  if (major < 20 || (major === 20 && minor < 11)) {
    throw new SetupError(
      `Node ${machine.nodeVersion} is too old: 20.11 or newer is needed.`,
    );
  }
  const needed = missingPackages(machine.has, lint);
  const wanted = PURPOSES.filter((purpose) => purposes[purpose])
    .map((purpose) => missingFor(machine.has, { [purpose]: true }))
    .filter((packages) => packages.length > 0);
  installMissing(machine, needed, wanted);
  const still = needed.length > 0 ? missingPackages(machine.has, lint) : [];
  if (still.length > 0) {
    throw new SetupError(
      `installed, yet not on PATH: the commands of ${still.join(", ")}`,
    );
  }
  installModules(machine);
  if (purposes.wasi === true && machine.platform === "linux") {
    installApart(machine, JSPI);
  }
  if (bench) installApart(machine, ZENFS);
}

/**
 * The file of a command, or null.
 * @param {string} command
 * @param {string} path
 */
function findOnPath(command, path) {
  for (const folder of path.split(delimiter)) {
    if (folder === "") continue;
    const file = join(folder, command);
    try {
      accessSync(file, constants.X_OK);
      if (statSync(file).isFile()) return file;
    } catch {
      continue;
    }
  }
  return null;
}

/**
 * @param {string} command
 * @param {string} path
 */
export function onPath(command, path) {
  return findOnPath(command, path) !== null;
}

/** @param {string} folder */
function names(folder) {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/**
 * Whether the clang that PATH has brings a library for its own use: its folder,
 * two above the command itself, has lib/clang/14.0.6/lib/linux/NAME or the like.
 * @param {string} path
 * @param {RegExp} name
 */
function hasClangLibrary(path, name) {
  const clang = findOnPath("clang", path);
  if (clang === null) return false;
  const resources = join(realpathSync(clang), "../../lib/clang");
  return names(resources).some((version) => {
    const libraries = join(resources, version, "lib");
    return names(libraries).some((system) =>
      names(join(libraries, system)).some((file) => name.test(file)),
    );
  });
}

/**
 * Whether the clang that PATH has can link a fuzzer.
 * @param {string} path
 */
export function hasLibFuzzer(path) {
  return hasClangLibrary(path, /^libclang_rt\.fuzzer[-.]/);
}

/**
 * Whether clang finds a linker for wasm: on PATH or, with some packages, beside
 * itself alone.
 * @param {string} path
 */
export function hasWasmLinker(path) {
  const clang = findOnPath("clang", path);
  const beside = clang === null ? "" : join(realpathSync(clang), "..");
  return onPath(WASM_LD, path) || onPath(WASM_LD, beside);
}

/** @param {string} command */
export function hasHere(command) {
  const path = process.env.PATH ?? "";
  switch (command) {
    case LIB_FUZZER:
      return hasLibFuzzer(path);
    case WASM_LD:
      return hasWasmLinker(path);
    case WASI_LIBC:
      return names("/usr/lib/wasm32-wasi").includes("libc.a");
    case WASI_BUILTINS:
      return hasClangLibrary(path, /^libclang_rt\.builtins-wasm32\.a$/);
    default:
      return onPath(command, path);
  }
}

/** @param {string} file */
function readJson(file) {
  return JSON.parse(readFileSync(join(ROOT, file), "utf8"));
}

/** @returns {Machine} */
function thisMachine() {
  return {
    env: process.env,
    platform: process.platform,
    uid: process.getuid?.() ?? -1,
    tty: process.stdin.isTTY === true && process.env.CI === undefined,
    nodeVersion: process.versions.node,
    has: hasHere,
    run: ([command = "", ...args]) =>
      // Standard output stays free for the answer of the script that follows.
      spawnSync(command, args, { cwd: ROOT, stdio: ["inherit", 2, 2] })
        .status ?? 1,
    lock: (folder) => readJson(`${folder}/package-lock.json`),
    installed: (folder) => {
      try {
        return readJson(`${folder}/node_modules/.package-lock.json`);
      } catch {
        return null;
      }
    },
    copy: (from, to) => {
      mkdirSync(join(ROOT, to), { recursive: true });
      for (const file of ["package.json", "package-lock.json"]) {
        copyFileSync(join(ROOT, from, file), join(ROOT, to, file));
      }
    },
    log: (line) => process.stderr.write(`setup: ${line}\n`),
  };
}

/** @param {string[]} args */
function main(args) {
  try {
    setup(thisMachine(), {
      lint: args.includes("lint"),
      fuzz: args.includes("fuzz"),
      wasi: args.includes("wasi"),
      firefox: args.includes("firefox"),
      bench: args.includes("bench"),
    });
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    process.stderr.write(`setup: ${error.message}\n`);
    process.exitCode = 1;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  main(process.argv.slice(2));
}
