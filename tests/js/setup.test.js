/* The set-up step against a machine made up for each test. */
import assert from "node:assert/strict";
import {
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import {
  SetupError,
  TOOLS,
  hasLibFuzzer,
  hasWasmLinker,
  missingFor,
  missingPackages,
  modulesAreCurrent,
  onPath,
  setup,
} from "../../.ci/setup.mjs";

const ALL = [...TOOLS.flatMap((tool) => tool.commands), "apt-get", "sudo"];
const LOCK = {
  packages: {
    "": { version: "0.1.0" },
    "node_modules/a": { version: "1.0.0", integrity: "sha512-a" },
    "node_modules/b": { version: "2.0.0", integrity: "b", optional: true },
  },
};
const INSTALLED = {
  packages: { "node_modules/a": { version: "1.0.0", integrity: "sha512-a" } },
};

/**
 * A machine that has every tool except `without`; running apt-get install
 * makes the missing ones appear, unless `run` says otherwise.
 */
function machine({ without = [], ...overrides } = {}) {
  const absent = new Set(without);
  const ran = [];
  const logged = [];
  const copied = [];
  const fake = {
    env: {},
    platform: "linux",
    uid: 0,
    tty: false,
    nodeVersion: "20.11.0",
    has: (command) => ALL.includes(command) && !absent.has(command),
    lock: () => LOCK,
    installed: () => INSTALLED,
    log: (line) => logged.push(line),
    copy: (from, to) => copied.push(`${from} ${to}`),
    ...overrides,
    run: (argv) => {
      ran.push(argv.join(" "));
      const status = overrides.run?.(argv, ran.length) ?? 0;
      if (status === 0 && argv.includes("install")) {
        for (const command of [...absent]) {
          if (command !== "sudo") absent.delete(command);
        }
      }
      return status;
    },
  };
  return { fake, ran, logged, copied };
}

/** Runs a set-up that must fail; answers its message. */
function failure(fake, options) {
  try {
    setup(fake, options);
  } catch (error) {
    assert.ok(error instanceof SetupError, String(error.stack));
    return error.message;
  }
  return assert.fail("the set-up went through");
}

test("with everything there it runs and says nothing", () => {
  const { fake, ran, logged } = machine();
  setup(fake, { lint: true });
  assert.deepEqual(ran, []);
  assert.deepEqual(logged, []);
});

test("missing tools are announced, then installed in one go as root", () => {
  const { fake, ran, logged } = machine({
    without: ["emcc", "ninja"],
    run: () => {
      assert.equal(logged.length, 1, "said so before running it");
      return 0;
    },
  });
  setup(fake);
  assert.deepEqual(ran, [
    "env DEBIAN_FRONTEND=noninteractive apt-get install -y " +
      "emscripten ninja-build",
  ]);
  assert.match(logged[0], /installing: .*emscripten ninja-build/);
});

test("an emcc on PATH is used as it is", () => {
  assert.deepEqual(
    missingPackages((command) => command === "emcc", false),
    ["cmake", "ninja-build", "gcc", "g++", "chromium"],
  );
});

test("any one of a tool's commands will do", () => {
  const { fake, ran } = machine({
    without: ["cc", "gcc", "c++", "g++", "chromium"],
  });
  setup(fake);
  assert.deepEqual(ran, []);
});

test("clang-format and clang-tidy are asked for by lint alone", () => {
  const without = ["clang-format", "clang-tidy"];
  const plain = machine({ without });
  setup(plain.fake);
  assert.deepEqual(plain.ran, []);
  const lint = machine({ without });
  setup(lint.fake, { lint: true });
  assert.match(lint.ran[0], /install -y clang-format clang-tidy$/);
});

test("clang and its fuzzer are asked for by fuzzing alone", () => {
  const without = ["clang", "libFuzzer"];
  const plain = machine({ without });
  setup(plain.fake, { lint: true });
  assert.deepEqual(plain.ran, []);
  const fuzz = machine({ without });
  setup(fuzz.fake, { fuzz: true });
  assert.match(fuzz.ran[0], /install -y clang libclang-rt-dev$/);
  assert.deepEqual(missingFor(fuzz.fake.has, { fuzz: true }), []);
});

test("what WASI guests are built with is asked for by name, once", () => {
  const without = ["clang", "wasi-libc", "wasm-ld"];
  const plain = machine({ without });
  setup(plain.fake, { lint: true });
  assert.deepEqual(plain.ran, []);
  const both = machine({ without });
  setup(both.fake, { fuzz: true, wasi: true });
  assert.match(both.ran[0], /install -y clang lld wasi-libc$/);
});

test("Firefox is asked for where its tests run, by either command", () => {
  const without = ["firefox-esr", "firefox"];
  const plain = machine({ without });
  setup(plain.fake, { lint: true, fuzz: true, wasi: true });
  assert.deepEqual(plain.ran, []);
  const tests = machine({ without });
  setup(tests.fake, { firefox: true });
  assert.match(tests.ran[0], /install -y firefox-esr$/);
  const other = machine({ without: ["firefox-esr"] });
  setup(other.fake, { firefox: true });
  assert.deepEqual(other.ran, []);
});

test("a package that cannot be had keeps none of another purpose out", () => {
  const { fake, ran, logged } = machine({
    without: ["cmake", "clang", "firefox-esr", "firefox"],
    run: (argv) => (argv.includes("firefox-esr") ? 100 : 0),
  });
  const had = new Set();
  fake.run = ((run) => (argv) => {
    const status = run(argv);
    if (status === 0) argv.forEach((word) => had.add(word));
    return status;
  })(fake.run);
  fake.has = (
    (has) => (command) =>
      had.has(command) ||
      (!["cmake", "clang", "firefox-esr", "firefox"].includes(command) &&
        has(command))
  )(fake.has);
  setup(fake, { wasi: true, firefox: true });
  const installed = ran.map((line) => line.replace(/.*apt-get /, ""));
  assert.ok(installed.includes("install -y cmake"), installed.join("; "));
  assert.ok(installed.includes("install -y clang"), installed.join("; "));
  assert.deepEqual(
    logged.filter((line) => line.startsWith("goes on")).length,
    1,
  );
  assert.match(logged.at(-1), /^goes on without firefox-esr: .*not install/);
});

/** A machine without the Node for tests/wasi. */
function withoutJspi(overrides = {}) {
  const installed = (folder) => (folder === "." ? INSTALLED : null);
  return machine({ installed, ...overrides });
}

test("the Node that has JSPI is installed apart, and for WASI alone", () => {
  const plain = withoutJspi();
  setup(plain.fake);
  assert.deepEqual(plain.ran, []);
  const wasi = withoutJspi();
  setup(wasi.fake, { wasi: true });
  assert.deepEqual(wasi.copied, ["tests/wasi/node build/node"]);
  assert.match(wasi.ran[0], /^npm ci --prefix build\/node --no-bin-links/);
  const there = machine();
  setup(there.fake, { wasi: true });
  assert.deepEqual([...there.ran, ...there.copied], []);
});

test("a Node that has JSPI can be done without", () => {
  const failing = withoutJspi({ run: () => 1 });
  setup(failing.fake, { wasi: true });
  assert.match(failing.logged.at(-1), /^goes on without a Node .*failed/);
  const env = { GOSSAMER_NO_INSTALL: "1" };
  const forbidden = withoutJspi({ env });
  setup(forbidden.fake, { wasi: true });
  assert.match(forbidden.logged[0], /^goes on without a Node .*forbids/);
  const mac = withoutJspi({ platform: "darwin" });
  setup(mac.fake, { wasi: true });
  assert.deepEqual([...forbidden.ran, ...mac.ran], []);
});

test("a peer of the benchmark is installed apart, whatever Node it asks for", () => {
  const plain = withoutJspi();
  setup(plain.fake, { wasi: true });
  assert.doesNotMatch(plain.ran.join(), /zenfs/);
  const bench = withoutJspi();
  setup(bench.fake, { bench: true });
  assert.deepEqual(bench.copied, ["tests/bench/files/zenfs build/zenfs"]);
  assert.match(
    bench.ran.join(),
    /^npm ci --prefix build\/zenfs .*--no-engine-strict$/,
  );
  const failing = withoutJspi({ run: () => 1 });
  setup(failing.fake, { bench: true });
  assert.equal(failing.logged.at(-1), "goes on without ZenFS: npm ci failed");
});

test("where the fuzzer cannot be installed, the rest still is", () => {
  const { fake, ran, logged } = machine({
    without: ["cmake", "libFuzzer"],
    run: (argv) => (argv.includes("libclang-rt-dev") ? 100 : 0),
  });
  fake.has = (
    (has) => (command) =>
      command !== "libFuzzer" && has(command)
  )(fake.has);
  setup(fake, { fuzz: true });
  assert.match(ran.at(-1), /install -y cmake$/);
  assert.match(logged.at(-1), /^goes on without libclang-rt-dev: .*/);
});

test("a missing fuzzer alone stops nobody, and is told", () => {
  const forbidden = machine({
    without: ["clang"],
    env: { GOSSAMER_NO_INSTALL: "1" },
  });
  setup(forbidden.fake, { fuzz: true });
  assert.match(
    forbidden.logged[0],
    /^goes on without clang: [^]*install -y clang$/,
  );
  const mac = machine({ without: ["libFuzzer"], platform: "darwin" });
  setup(mac.fake, { fuzz: true });
  assert.match(mac.logged[0], /^goes on without libclang-rt-dev: missing: /);
  assert.deepEqual([...forbidden.ran, ...mac.ran], []);
});

test("a needed tool that may not be installed is an error as ever", () => {
  const { fake } = machine({
    without: ["cmake", "clang"],
    env: { GOSSAMER_NO_INSTALL: "1" },
  });
  assert.match(failure(fake, { fuzz: true }), /install -y cmake clang$/);
});

test("the fuzzer is looked for beside the clang that PATH has", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "gossamer-setup-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const library = join(folder, "llvm/lib/clang/14.0.6/lib/linux");
  mkdirSync(library, { recursive: true });
  mkdirSync(join(folder, "llvm/bin"));
  mkdirSync(join(folder, "bin"));
  writeFileSync(join(folder, "llvm/bin/clang"), "", { mode: 0o755 });
  symlinkSync("../llvm/bin/clang", join(folder, "bin/clang"));
  const path = `/nowhere:${join(folder, "bin")}`;
  assert.equal(hasLibFuzzer(path), false, "no library");
  writeFileSync(join(library, "libclang_rt.asan-x86_64.a"), "");
  assert.equal(hasLibFuzzer(path), false, "another one");
  writeFileSync(join(library, "libclang_rt.fuzzer-x86_64.a"), "");
  assert.equal(hasLibFuzzer(path), true);
  assert.equal(hasLibFuzzer("/nowhere"), false, "no clang");
});

test("a linker for wasm is found on PATH or beside clang", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "gossamer-setup-"));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const name of ["llvm", "bin", "other"]) mkdirSync(join(folder, name));
  writeFileSync(join(folder, "llvm/clang"), "", { mode: 0o755 });
  symlinkSync("../llvm/clang", join(folder, "bin/clang"));
  const path = join(folder, "bin");
  assert.equal(hasWasmLinker(path), false);
  writeFileSync(join(folder, "other/wasm-ld"), "", { mode: 0o755 });
  assert.equal(hasWasmLinker(`${path}:${join(folder, "other")}`), true);
  writeFileSync(join(folder, "llvm/wasm-ld"), "", { mode: 0o755 });
  assert.equal(hasWasmLinker(path), true);
});

test("an ordinary user installs through sudo, asked only at a terminal", () => {
  const batch = machine({ without: ["cmake"], uid: 1000 });
  setup(batch.fake);
  assert.match(batch.ran[0], /^sudo -n env .* apt-get install -y cmake$/);
  const person = machine({ without: ["cmake"], uid: 1000, tty: true });
  setup(person.fake);
  assert.match(person.ran[0], /^sudo env .* apt-get install -y cmake$/);
});

test("a failed install updates the package lists and tries again", () => {
  const { fake, ran } = machine({
    without: ["cmake"],
    run: (_argv, nth) => (nth === 1 ? 100 : 0),
  });
  setup(fake);
  assert.deepEqual(
    ran.map((line) => line.replace(/.*apt-get /, "")),
    ["install -y cmake", "update", "install -y cmake"],
  );
});

test("an install that keeps failing names the packages", () => {
  const { fake } = machine({ without: ["cmake"], run: () => 100 });
  assert.match(failure(fake), /could not install: cmake[^]*apt-get install/);
});

test("an install that brings no command on PATH is reported", () => {
  const { fake } = machine({ has: (command) => command !== "emcc" });
  assert.match(failure(fake), /not on PATH: the commands of emscripten/);
});

test("GOSSAMER_NO_INSTALL=1 prints the exact command and runs nothing", () => {
  const env = { GOSSAMER_NO_INSTALL: "1" };
  const root = machine({ without: ["emcc", "cmake"], env });
  assert.match(
    failure(root.fake),
    /Run:\n {2}apt-get install -y emscripten cmake$/,
  );
  const user = machine({ without: ["emcc"], env, uid: 1000 });
  assert.match(failure(user.fake), /\n {2}sudo apt-get install -y emscripten$/);
  assert.deepEqual([...root.ran, ...user.ran], []);
});

test("GOSSAMER_NO_INSTALL=1 lets a complete machine through", () => {
  const { fake, ran } = machine({ env: { GOSSAMER_NO_INSTALL: "1" } });
  setup(fake, { lint: true });
  assert.deepEqual(ran, []);
});

test("GOSSAMER_NO_INSTALL=1 asks for npm ci when modules are stale", () => {
  const { fake, ran } = machine({
    env: { GOSSAMER_NO_INSTALL: "1" },
    installed: () => null,
  });
  assert.match(failure(fake), /\n {2}npm ci$/);
  assert.deepEqual(ran, []);
});

test("without root and sudo the command is printed", () => {
  const { fake, ran } = machine({ without: ["cmake", "sudo"], uid: 1000 });
  assert.match(failure(fake), /neither root nor sudo[^]*install -y cmake$/);
  assert.deepEqual(ran, []);
});

test("without apt-get the missing packages are named", () => {
  const noApt = machine({ without: ["cmake", "apt-get"] });
  assert.match(failure(noApt.fake), /missing: cmake\n.*no apt-get/);
  const mac = machine({ without: ["cmake"], platform: "darwin" });
  assert.match(failure(mac.fake), /missing: cmake\n/);
});

test("an old Node is refused with the version it takes", () => {
  const { fake } = machine({ nodeVersion: "20.10.0" });
  assert.match(failure(fake), /Node 20\.10\.0 is too old: 20\.11/);
});

test("absent modules are installed with npm ci", () => {
  const { fake, ran, logged } = machine({ installed: () => null });
  setup(fake);
  assert.deepEqual(ran, ["npm ci"]);
  assert.deepEqual(logged, ["installing: npm ci"]);
});

test("a failing npm ci ends the set-up", () => {
  const { fake } = machine({ installed: () => null, run: () => 1 });
  assert.match(failure(fake), /npm ci failed/);
});

test("modules are current when versions and hashes are the lock's", () => {
  const changed = (entry) => ({ packages: { "node_modules/a": entry } });
  assert.equal(modulesAreCurrent(LOCK, INSTALLED), true);
  assert.equal(modulesAreCurrent(LOCK, null), false);
  assert.equal(modulesAreCurrent(LOCK, { packages: {} }), false);
  assert.equal(
    modulesAreCurrent(
      LOCK,
      changed({ version: "1.0.1", integrity: "sha512-a" }),
    ),
    false,
  );
  assert.equal(
    modulesAreCurrent(LOCK, changed({ version: "1.0.0", integrity: "x" })),
    false,
  );
});

test("a command is found on PATH only if it can be run", () => {
  const folder = process.execPath.replace(/\/[^/]*$/, "");
  assert.equal(onPath("node", `/nowhere:${folder}`), true);
  assert.equal(onPath("node", "/nowhere:"), false);
  assert.equal(onPath("usr", "/"), false, "a folder is no command");
});
