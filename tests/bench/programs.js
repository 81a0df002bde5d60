/* Builds the programs that take part, into build/bench and the CMake build
 * folders, and says how each is run. One that cannot be built here because
 * its tool is missing is left out, with the reason. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execFileSync } from "node:child_process";
import { ROOT, step } from "../../.ci/exec.mjs";
import { onPath } from "../../.ci/setup.mjs";
import { addAsyncify } from "../../js/cli/asyncify.js";
import { executable } from "../helpers/browsers.js";
import {
  prepareIdbfs,
  prepareOurFiles,
  prepareRaw,
  prepareZenfs,
} from "./files/programs.js";
import {
  prepareEmscriptenFetch,
  prepareGoNet,
  prepareOurNet,
  preparePlainNet,
} from "./net/programs.js";
import {
  BROWSER_SHIM,
  CHECKPOINTS,
  EMSCRIPTEN_FETCH,
  FIBERS,
  GO_NATIVE,
  GO_WASM,
  IDBFS,
  NATIVE,
  NODE_WASI,
  OURS,
  PLAIN,
  PLAIN_COPY,
  PLAIN_JS,
  PREEMPTED,
  RAW_INDEXEDDB,
  RUNNO,
  ZENFS,
} from "./names.js";
import { OUT, PEERS, WARNINGS, buildOurs, emcc, outdated } from "./tools.js";

/**
 * `command` takes the workload's name as its last argument, unless `commands`
 * has one for it; `files` are what the page of the suite `browser` needs, by
 * address.
 * @typedef {object} Program
 * @property {string[]} command
 * @property {Record<string, string[]>} [commands] by workload
 * @property {Record<string, string | undefined>} [env]
 * @property {Record<string, string>} files
 *
 * @typedef {Program | { skipped: string }} Prepared
 */

const HERE = import.meta.filename;

/** @param {string} command */
const has = (command) => onPath(command, process.env.PATH ?? "");

const RUN = [process.execPath, join(ROOT, "js/cli.js"), "run"];
const SIZE = [process.execPath, join(ROOT, "tests/bench/size.mjs")];

/**
 * The kernels, built in another way.
 * @param {string} variant
 * @returns {() => Promise<Prepared>}
 */
const prepareKernels = (variant) => async () => {
  const folder = await buildOurs("wasm");
  return {
    command: [...RUN, join(folder, `bench-kernels-${variant}.wasm`)],
    files: {},
  };
};

/** @returns {Promise<Prepared>} */
async function preparePlain() {
  const runner = join(PEERS, "plain/run.mjs");
  const kernels = await emcc(
    "../kernels/main.c",
    join(OUT, "plain-kernels.wasm"),
    ["-DKERNEL_PLAIN", join(PEERS, "../kernels/kernels.c")],
    HERE,
  );
  const empty = await emcc(
    "../empty.c",
    join(OUT, "plain-empty.wasm"),
    [],
    HERE,
  );
  return {
    command: [process.execPath, runner, kernels],
    commands: { size: [...SIZE, empty] },
    files: {},
  };
}

/**
 * The guest of the suite wasi, and itself with Asyncify added.
 * @returns {Promise<{ plain: string, waiting: string }>}
 */
async function buildGuest() {
  const folder = join(ROOT, "tests/bench/wasi");
  const plain = join(OUT, "guest.wasm");
  const waiting = join(OUT, "guest.asyncify.wasm");
  if (outdated(plain, folder, HERE)) {
    const flags = ["--target=wasm32-wasi", "-std=c11", "-O2", ...WARNINGS];
    const args = [...flags, "-Wl,--strip-all", join(folder, "guest.c")];
    const quiet = true;
    await step("build guest.c", "clang", [...args, "-o", plain], { quiet });
  }
  if (outdated(waiting, folder, HERE)) {
    writeFileSync(waiting, await addAsyncify(readFileSync(plain)));
  }
  return { plain, waiting };
}

/**
 * How a host runs the guest.
 * @param {string} host
 * @param {string} guest
 */
function hostCommand(host, guest) {
  const runner = join(ROOT, "tests/bench/wasi/run.mjs");
  return [process.execPath, "--no-warnings", runner, host, guest];
}

/**
 * Another WASI host.
 * @param {string} name
 * @returns {() => Promise<Prepared>}
 */
const prepareHost = (name) => async () => {
  const { plain } = await buildGuest();
  return { command: hostCommand(name, plain), files: {} };
};

/** @returns {Promise<Prepared>} */
async function prepareOurHost() {
  const { plain, waiting } = await buildGuest();
  return {
    command: hostCommand(OURS, plain),
    // Plain modules can wait too, in an engine with JSPI.
    commands: { "wasi-sleep": hostCommand(OURS, waiting) },
    files: {},
  };
}

/** @param {string} workload */
const isOfHost = (workload) => workload.startsWith("wasi-");

/** @param {string} workload */
const isOfFiles = (workload) => workload.startsWith("files-");

/** @param {string} workload */
const isOfNet = (workload) => workload.startsWith("net-");

/**
 * @param {string[]} workloads that it takes part in
 * @returns {Promise<Prepared>}
 */
async function prepareOurs(workloads) {
  const hosted = workloads.filter(isOfHost);
  const files = {
    ...(workloads.some(isOfFiles) ? await prepareOurFiles() : {}),
    ...(workloads.some(isOfNet) ? await prepareOurNet() : {}),
  };
  const programs = workloads.some(
    (name) => !isOfHost(name) && !isOfFiles(name) && !isOfNet(name),
  )
    ? await prepareOurPrograms()
    : { command: [], files: {} };
  const all = { ...programs, files: { ...programs.files, ...files } };
  if (hosted.length === 0) return all;
  const host = /** @type {Program} */ (await prepareOurHost());
  const commands = hosted.map((name) => [
    name,
    host.commands?.[name] ?? host.command,
  ]);
  return {
    ...all,
    commands: { ...programs.commands, ...Object.fromEntries(commands) },
  };
}

/** @returns {Promise<Program>} */
async function prepareOurPrograms() {
  const folder = await buildOurs("wasm");
  const app = join(folder, "bench-app.wasm");
  return {
    command: [...RUN, app],
    commands: {
      kernels: [...RUN, join(folder, "bench-kernels.wasm")],
      size: [...SIZE, join(folder, "bench-empty.wasm")],
    },
    files: {
      "/gossamer.mjs": join(ROOT, "build/dist/gossamer.mjs"),
      "/gossamer.wasm": join(folder, "bench-frame.wasm"),
      "/plain.wasm": await buildPlain(),
    },
  };
}

/** @returns {Promise<Prepared>} */
async function prepareNative() {
  const folder = await buildOurs("native-release");
  return { command: [join(folder, "bench-app")], files: {} };
}

function buildPlain() {
  const output = join(OUT, "plain-frame.wasm");
  return emcc("plain/frame.c", output, ["--no-entry"], HERE);
}

const FIBER_FLAGS = ["-sASYNCIFY", "-sALLOW_MEMORY_GROWTH", "-sMODULARIZE"];

/** @returns {Promise<Prepared>} */
async function prepareFibers() {
  const file = await emcc(
    "fibers/workloads.c",
    join(OUT, "fibers.cjs"),
    [...FIBER_FLAGS, "-sENVIRONMENT=node", "-sMAXIMUM_MEMORY=4GB"],
    HERE,
  );
  const frame = await emcc(
    "fibers/frame.c",
    join(OUT, "fibers-frame.js"),
    [...FIBER_FLAGS, "-sENVIRONMENT=web", "-sEXPORT_NAME=createFibers"],
    HERE,
  );
  return {
    command: [process.execPath, join(PEERS, "fibers/run.mjs"), file],
    files: {
      "/fibers.js": frame,
      "/fibers-frame.wasm": frame.replace(/js$/, "wasm"),
    },
  };
}

const NO_GO = { skipped: "go not found" };

/**
 * @param {string} pkg "." or "./frame"
 * @param {string} output
 * @param {Record<string, string>} env
 */
async function goBuild(pkg, output, env) {
  const folder = join(PEERS, "go");
  if (!outdated(output, folder, HERE)) return output;
  const args = ["build", "-C", folder, "-trimpath", "-o", output, pkg];
  await step(`build Go ${pkg}`, "go", args, { quiet: true, env });
  return output;
}

/**
 * @param {string[]} workloads that it takes part in
 * @returns {Promise<Prepared>}
 */
async function prepareGoWasm(workloads) {
  if (!has("go")) return NO_GO;
  const root = execFileSync("go", ["env", "GOROOT"], { encoding: "utf8" });
  const glue = ["lib/wasm", "misc/wasm"]
    .map((folder) => join(root.trim(), folder, "wasm_exec.js"))
    .find((file) => existsSync(file));
  if (glue === undefined) return { skipped: "go has no wasm_exec.js" };
  const env = { GOOS: "js", GOARCH: "wasm" };
  const net = workloads.some(isOfNet)
    ? await prepareGoNet(
        glue,
        await goBuild("./net", join(OUT, "go-net.wasm"), env),
      )
    : {};
  if (workloads.every(isOfNet)) return { command: [], files: net };
  const file = await goBuild(".", join(OUT, "go.wasm"), env);
  const frame = await goBuild("./frame", join(OUT, "go-frame.wasm"), env);
  const empty = await goBuild("./empty", join(OUT, "go-empty.wasm"), env);
  return {
    commands: { size: [...SIZE, empty] },
    command: [process.execPath, join(PEERS, "go/run.mjs"), glue, file],
    files: { ...net, "/wasm_exec.js": glue, "/go.wasm": frame },
  };
}

/** @returns {Promise<Prepared>} */
async function prepareGoNative() {
  if (!has("go")) return NO_GO;
  const file = await goBuild(".", join(OUT, "go-native"), {});
  return { command: [file], env: { GOMAXPROCS: "1" }, files: {} };
}

/**
 * In the order in which they take turns.
 * @type {Map<string, (workloads: string[]) => Promise<Prepared>>}
 */
const PREPARE = new Map([
  [OURS, prepareOurs],
  [FIBERS, prepareFibers],
  [GO_WASM, prepareGoWasm],
  [GO_NATIVE, prepareGoNative],
  [NATIVE, prepareNative],
  [PLAIN, preparePlain],
  [CHECKPOINTS, prepareKernels("checkpoint")],
  [PREEMPTED, prepareKernels("preempt")],
  [NODE_WASI, prepareHost(NODE_WASI)],
  [BROWSER_SHIM, prepareHost(BROWSER_SHIM)],
  [RUNNO, prepareHost(RUNNO)],
  [PLAIN_JS, preparePlainNet],
  [PLAIN_COPY, preparePlainNet],
  [EMSCRIPTEN_FETCH, prepareEmscriptenFetch],
  [IDBFS, prepareIdbfs],
  [ZENFS, prepareZenfs],
  [RAW_INDEXEDDB, prepareRaw],
]);

/**
 * Builds the programs that take part.
 * @param {import("./suites.js").Workload[]} workloads
 * @returns {Promise<Map<string, Prepared>>}
 */
export async function preparePrograms(workloads) {
  mkdirSync(OUT, { recursive: true });
  /** @type {Map<string, Prepared>} */
  const prepared = new Map();
  for (const [peer, prepare] of PREPARE) {
    const own = workloads.filter(({ peers }) => peers.includes(peer));
    if (own.length === 0) continue;
    prepared.set(peer, await prepare(own.map(({ name }) => name)));
  }
  return prepared;
}

/** Chromium's path, or null. */
export function findChromium() {
  try {
    return executable("chromium");
  } catch {
    return null;
  }
}
