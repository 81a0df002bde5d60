/* The scripts in .ci/: how they count, and that nothing they start outlives
 * them. */
import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { lendFirefox } from "../../.ci/browsers.mjs";
import { ROOT, StepError, exec, step } from "../../.ci/exec.mjs";
import { fuzzFigures, whyNoFuzzer } from "../../.ci/fuzz.mjs";
import {
  TIMED,
  jsSections,
  junitTotals,
  presetsFor,
  tapTotals,
  withExitCode,
} from "../../.ci/test.mjs";

/** A Node program as a command. */
const node = (source) =>
  /** @type {const} */ ([process.execPath, ["-e", source]]);

/** A dead process whose parent has not looked yet (state Z) does not run. */
function isRunning(pid) {
  try {
    process.kill(pid, 0);
    const stat = `/proc/${pid}/stat`;
    return !existsSync(stat) || !/\) Z /.test(readFileSync(stat, "utf8"));
  } catch {
    return false;
  }
}

async function hasEnded(pid) {
  while (isRunning(pid)) await new Promise((resolve) => setImmediate(resolve));
}

test("a program's exit code and output are answered", async () => {
  const outcome = await exec(
    ...node("console.log('out'); console.error('err'); process.exit(3)"),
    { capture: true },
  );
  assert.equal(outcome.code, 3);
  assert.match(outcome.output, /out\n/);
  assert.match(outcome.output, /err\n/);
});

test("standard input is empty, so that nothing waits for it", async () => {
  const { output } = await exec(
    ...node("process.stdin.resume().on('end', () => console.log('end'))"),
    { capture: true },
  );
  assert.equal(output, "end\n");
});

test("a program that hangs is ended with all it started", async () => {
  const outcome = await exec(
    ...node(
      "const child = require('child_process').spawn(process.execPath," +
        " ['-e', 'setInterval(() => {}, 1000)']);" +
        "console.log(child.pid); for (;;);",
    ),
    { capture: true, timeoutMs: 1000 },
  );
  assert.equal(outcome.timedOut, true);
  assert.equal(outcome.code, 124);
  await hasEnded(Number(outcome.output));
});

test("what a program leaves running is ended with it", async () => {
  const { code, output } = await exec(
    ...node(
      "const child = require('child_process').spawn(process.execPath," +
        " ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });" +
        "console.log(child.pid); child.unref();",
    ),
    { capture: true },
  );
  assert.equal(code, 0);
  await hasEnded(Number(output));
});

test("a failed step says what failed and how", async () => {
  await assert.rejects(
    step("the build", ...node("process.exit(2)"), { quiet: true }),
    (error) =>
      error instanceof StepError &&
      /^the build failed with exit code 2: /.test(error.message),
  );
  await assert.rejects(
    step("the build", ...node("for (;;);"), { quiet: true, timeoutMs: 100 }),
    /^Error: the build ran out of time: /,
  );
});

test("a program that is not there is an error", async () => {
  await assert.rejects(exec("gossamer-no-such-program", []), /ENOENT/);
});

test("what npm's packages have for commands is not found", async (t) => {
  const { PATH } = process.env;
  t.after(() => {
    process.env.PATH = PATH;
  });
  process.env.PATH = ["/one/node_modules/.bin", "/two", PATH].join(":");
  const { output } = await exec(...node("console.log(process.env.PATH)"), {
    capture: true,
  });
  assert.equal(output.includes("node_modules/.bin"), false, output);
  assert.ok(output.startsWith("/two:"), output);
});

test("a test that hangs is named, and its file fails", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "gossamer-ci-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "hangs.test.js");
  writeFileSync(
    file,
    `const { test } = require("node:test");
     test("comes first", () => {});
     test("never ends", () => new Promise(() => setInterval(() => {}, 9)));`,
  );
  const { code, output } = await exec(
    process.execPath,
    ["--import", "./.ci/test-watchdog.mjs", "--test", file],
    {
      capture: true,
      // Node sets this in a test's process, and then runs no test in a child.
      env: { GOSSAMER_TEST_TIMEOUT_MS: "200", NODE_TEST_CONTEXT: undefined },
    },
  );
  assert.equal(code, 1);
  assert.match(output, /hung for 200 ms: "never ends"/);
});

test("totals come from TAP, cancelled tests count as failed", () => {
  const tap =
    "ok 1 - # pass 99\n1..9\n# tests 9\n# pass 4\n# fail 1\n" +
    "# cancelled 2\n# skipped 1\n# todo 1\n";
  assert.deepEqual(tapTotals(tap), { passed: 4, failed: 3, skipped: 2 });
});

test("totals come from ctest's JUnit file", () => {
  const xml =
    '<?xml version="1.0"?>\n<testsuite name="Linux"\n\ttests="7"\n' +
    '\tfailures="2"\n\tdisabled="1"\n\tskipped="1"\n\thostname="">\n';
  assert.deepEqual(junitTotals(xml), { passed: 3, failed: 2, skipped: 2 });
});

test("a run that died without a report is one failure", () => {
  const nothing = { passed: 0, failed: 0, skipped: 0 };
  assert.deepEqual(tapTotals(""), nothing);
  assert.deepEqual(junitTotals(""), nothing);
  assert.equal(withExitCode(1, nothing).failed, 1);
  assert.equal(withExitCode(1, { ...nothing, failed: 3 }).failed, 3);
  assert.equal(withExitCode(0, nothing).failed, 0);
});

test("every folder with test files is a section, browsers last", () => {
  const sections = jsSections();
  assert.ok(sections.includes("lint") && sections.includes("js"));
  assert.ok(!sections.includes("helpers"));
  assert.deepEqual(sections.slice(-2), ["browser", "kill"]);
});

test("the fuzzer's figures are its inputs and the edges it reached", () => {
  const output =
    "#9\tINITED cov: 12 ft: 13 corp: 1/1b exec/s: 0 rss: 40Mb\n" +
    "#77\tDONE   cov: 345 ft: 999 corp: 8/88b lim: 9 exec/s: 0 rss: 40Mb\n" +
    "stat::number_of_executed_units: 77\n";
  assert.deepEqual(fuzzFigures(output), { runs: 77, edges: 345 });
  assert.deepEqual(fuzzFigures(""), { runs: 0, edges: 0 });
});

test("why there is no fuzzer is said, with the packages it needs", () => {
  assert.equal(
    whyNoFuzzer(() => true),
    null,
  );
  assert.match(
    String(whyNoFuzzer((command) => command === "clang")),
    /needs the packages libclang-rt-dev$/,
  );
});

test("files that are timed, and so run alone, are there", () => {
  assert.ok(TIMED.length > 0);
  const absent = TIMED.filter((file) => !existsSync(join(ROOT, file)));
  assert.deepEqual(absent, []);
});

test("only what the sections need is built", () => {
  assert.deepEqual(presetsFor(["c"]), ["native"]);
  assert.deepEqual(presetsFor(["fuzz"]), []);
  assert.deepEqual(presetsFor(["js"]), ["wasm"]);
  assert.deepEqual(presetsFor(["e2e", "browser"]), ["wasm", "wasm-debug"]);
});

/** Stands in for browsers: `started` has each with what it was started with. */
async function lender(t) {
  /** @type {(EventEmitter & { env: object, closed: boolean })[]} */
  const started = [];
  const { address, close } = await lendFirefox({ MARK: "1" }, async (env) => {
    const endpoint = `ws://${started.length}`;
    const server = Object.assign(new EventEmitter(), {
      env,
      closed: false,
      wsEndpoint: () => endpoint,
      close: async () => void (server.closed = true),
    });
    started.push(server);
    return /** @type {any} */ (server);
  });
  t.after(close);
  const ask = async (method, body) =>
    (await fetch(address, { method, body })).text();
  return {
    started,
    close,
    take: () => ask("POST"),
    giveBack: (endpoint) => ask("PUT", endpoint),
  };
}

test("a Firefox is lent to one at a time, and used again", async (t) => {
  const { started, take, giveBack } = await lender(t);
  assert.equal(await take(), "ws://0");
  assert.equal(await take(), "ws://1", "the first one is in use");
  await giveBack("ws://0");
  assert.equal(await take(), "ws://0");
  assert.equal(await take(), "ws://2");
  assert.deepEqual(
    started.map(({ env }) => env),
    Array.from({ length: 3 }, () => ({ MARK: "1" })),
  );
});

test("a Firefox that has ended is not lent again", async (t) => {
  const { started, take, giveBack } = await lender(t);
  await giveBack(await take());
  started[0].emit("close");
  assert.equal(await take(), "ws://1");
  started[1].emit("close");
  await giveBack("ws://1");
  assert.equal(await take(), "ws://2");
});

test("all that were lent are ended with the lender", async (t) => {
  const { started, close, take, giveBack } = await lender(t);
  await giveBack(await take());
  await Promise.all([take(), take()]);
  await close();
  assert.deepEqual(
    started.map(({ closed }) => closed),
    [true, true],
  );
});

test("why a Firefox could not be started is told", async (t) => {
  const { address, close } = await lendFirefox({}, () => {
    throw new Error("no such file");
  });
  t.after(close);
  const answer = await fetch(address, { method: "POST" });
  assert.equal(answer.status, 500);
  assert.match(await answer.text(), /no such file/);
});
