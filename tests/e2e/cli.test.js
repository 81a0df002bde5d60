/* The command line: input, output, exit codes, and that it ends when and only
 * when the program does. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { BUILDS, programPath, runCli, startCli } from "../helpers/programs.js";
import { startServer } from "../helpers/server.js";

const LIMIT = { timeout: 60_000 };

for (const build of BUILDS) {
  const program = (name) => programPath(name, build);
  const run = (name, ...args) => runCli(["run", program(name), ...args]);

  test(`${build}: arguments, environment, exit code`, LIMIT, async () => {
    const { code, stdout, stderr } = await runCli([
      ...["run", "--env", "GREETED=a b=c", "--env=OTHER=1"],
      ...[program("hello"), "--env", "-x", "--", "ünï", ""],
    ]);
    assert.equal(
      stdout,
      "arg 0: hello.wasm\narg 1: --env\narg 2: -x\narg 3: --\n" +
        "arg 4: ünï\narg 5: \nhello, a b=c",
    );
    assert.equal(stderr, "to stderr\n");
    assert.equal(code, 6);
  });

  for (const [how, expected, text] of [
    ["return", 3, "unfinished line"],
    ["exit", 4, "unfinished line"],
    ["leave", 5, "unfinished line"],
    ["stdin", 255, "unfinished line"],
  ]) {
    test(`${build}: a program that ends by ${how}`, LIMIT, async () => {
      const { code, stdout, stderr } = await run("ends", how);
      assert.deepEqual([code, stdout, stderr], [expected, text, ""]);
    });
  }

  for (const [how, goroutine] of [
    ["trap", "goroutine 2 (trapper)"],
    ["abort", "goroutine 1 (main)"],
  ]) {
    test(
      `${build}: a program that ends by ${how} names its goroutine; exit code 134`,
      LIMIT,
      async () => {
        const { code, stderr } = await run("ends", how);
        assert.ok(
          stderr.startsWith(`gossamer: GossamerError: ${goroutine}: `),
          stderr,
        );
        assert.match(stderr, /wasm-function/);
        assert.equal(code, 134);
      },
    );
  }

  test(`${build}: a deadlock is reported; exit code 2`, LIMIT, async () => {
    const { code, stderr } = await run("ends", "deadlock");
    assert.match(
      stderr,
      /^fatal: all goroutines are asleep - deadlock\ngoroutine 1 \(main\)/,
    );
    assert.equal(code, 2);
  });

  test(
    `${build}: a stack overflow is reported; exit code 2`,
    LIMIT,
    async () => {
      const { code, stderr } = await run("ends", "overflow");
      assert.match(stderr, /stack overflow in goroutine 2 \(climber\)/);
      assert.match(stderr, /32768 bytes/);
      assert.equal(code, 2);
    },
  );

  test(
    `${build}: a stack overflow before main is reported; exit code 2`,
    LIMIT,
    async () => {
      const { code, stderr } = await run("early");
      assert.match(stderr, /^fatal: stack overflow outside a goroutine: /);
      assert.match(stderr, /65536 bytes/);
      assert.equal(code, 2);
    },
  );

  test(`${build}: standard input is read while others run`, LIMIT, async () => {
    const { child, exit, shows, output } = startCli(["run", program("echo")]);
    child.stdin.write("first\n");
    await shows("first\n");
    child.stdin.write("second\nthi");
    await shows("second\n");
    child.stdin.end("rd");
    assert.equal(await exit, 0);
    assert.equal(output.stdout, "first\nsecond\nthird3 lines\n");
    assert.equal(output.stderr, "ticked\n");
  });

  test(`${build}: D9 libc's calls end with the context`, LIMIT, async () => {
    const { exit, output } = startCli(["run", program("cancels")]);
    assert.equal(await exit, 0); // and nothing ever came on its input
    assert.equal(
      output.stdout,
      "nanosleep: -1, ETIMEDOUT\nread: -1, ETIMEDOUT\nfgets: -1, ETIMEDOUT\n" +
        "nanosleep: -1, ECANCELED\nread: -1, ECANCELED\n",
    );
  });

  test(`${build}: sleeping keeps the process alive`, LIMIT, async () => {
    const { code, stdout } = await run("sleeps");
    assert.equal(stdout, "5 ms\n20 ms\n40 ms\nin time\n");
    assert.equal(code, 0);
  });

  test(`${build}: vectors live across a park`, LIMIT, async () => {
    const { code, stdout, stderr } = await run("simd");
    assert.equal(stderr, "");
    assert.equal(stdout, "4 16\n");
    assert.equal(code, 0);
  });

  test(`${build}: frames come without a screen`, LIMIT, async () => {
    const { code, stdout } = await run("frames", "5");
    assert.equal(stdout, "5 frames, in order\n");
    assert.equal(code, 0);
  });

  test(`${build}: globals of C++ live from start to exit`, LIMIT, async () => {
    const { code, stdout } = await run("globals");
    assert.equal(stdout, "constructed\ngot 42\ndestroyed\n");
    assert.equal(code, 0);
  });
}

const digest = (text) => createHash("sha256").update(text).digest("hex");

test("no output is lost at the end, however much", LIMIT, async () => {
  const lines = 100_000;
  const { code, stdout } = await runCli([
    "run",
    programPath("spam"),
    String(lines),
  ]);
  const all = Array.from({ length: lines }, (_none, i) => `line ${i}\n`);
  assert.equal(digest(stdout), digest(all.join("")));
  assert.equal(code, 0);
});

test("a reader that goes away ends the program quietly", LIMIT, async () => {
  const { child, exit, shows, output } = startCli(["run", programPath("spam")]);
  await shows("line 10\n");
  child.stdout.destroy();
  assert.equal(await exit, 141);
  assert.equal(output.stderr, "");
});

test("long input arrives whole", LIMIT, async () => {
  const line = `${"é".repeat(1000)}\n`;
  const { stdout, code } = await runCli(
    ["run", programPath("echo")],
    line.repeat(1000),
  );
  assert.equal(stdout, `${line.repeat(1000)}1000 lines\n`);
  assert.equal(code, 0);
});

for (const [how, reason] of [
  ["sleep", "a timer"],
  ["serve", "calls that never come"],
  ["spin", "a busy program"],
  ["stdin", "input"],
]) {
  test(`it waits for ${reason}, and Ctrl-C ends it`, LIMIT, async () => {
    const { child, exit } = startCli(["run", programPath("ends"), how]);
    let ended = false;
    void exit.then(() => {
      ended = true;
    });
    // How long it takes to start says that it has had the time to end, too.
    const { code } = await runCli(["run", programPath("ends"), "return"]);
    assert.equal(code, 3);
    assert.equal(ended, false, "it ended by itself");
    child.kill("SIGINT");
    assert.equal(await exit, "SIGINT");
  });
}

test(
  "D1: directories of the host are its files, and last",
  LIMIT,
  async (t) => {
    const root = mkdtempSync(join(tmpdir(), "gossamer-run-"));
    t.after(() => rmSync(root, { recursive: true, force: true }));
    mkdirSync(join(root, "data"));
    writeFileSync(join(root, "data/given.txt"), "given by the host\n");
    const files = programPath("files", "wasm");
    const dir = ["--dir", `/data=${join(root, "data")}`];
    for (const round of [1, 2]) {
      const { code, stdout } = await runCli(["run", ...dir, files, "stdio"]);
      assert.deepEqual([code, stdout], [0, "stdio done\n"], `round ${round}`);
      const text = readFileSync(join(root, "data/note.txt"), "utf8");
      assert.equal(text, "one 2\nthree\nfour\n");
    }
    rmSync(join(root, "data/note.txt"));
    for (const options of [["--readonly", ...dir], []]) {
      const { code } = await runCli(["run", ...options, files, "stdio"]);
      assert.equal(code, 1, "it cannot write its file");
      assert.deepEqual(readdirSync(join(root, "data")), ["given.txt"]);
    }
  },
);

test("it reads files through the shell's redirection", LIMIT, async () => {
  const child = spawn(
    "/bin/sh",
    [
      "-c",
      '"$0" "$1" run "$2" < "$3"',
      process.execPath,
      new URL("../../js/cli.js", import.meta.url).pathname,
      programPath("echo"),
      new URL(import.meta.url).pathname,
    ],
    { stdio: ["ignore", "pipe", "ignore"] },
  );
  let stdout = "";
  child.stdout.setEncoding("utf8").on("data", (text) => {
    stdout += text;
  });
  const code = await new Promise((resolve) => {
    child.once("close", resolve);
  });
  const own = readFileSync(new URL(import.meta.url), "utf8");
  assert.equal(code, 0);
  assert.ok(stdout.startsWith(own));
});

test(
  "fetching is refused without --fetch and works with it",
  LIMIT,
  async (t) => {
    const base = await startServer(t, {
      "/data": (_request, response) => {
        response.setHeader("Content-Type", "text/plain");
        response.end("hello");
      },
    });
    const origin = base.slice(0, -1);
    const refused = await runCli(["run", programPath("fetch"), `${base}data`]);
    assert.equal(refused.code, 1);
    assert.ok(
      refused.stderr.includes(`allow it with --fetch ${origin}\n`),
      refused.stderr,
    );
    assert.match(refused.stdout, /^error EACCES: /);
    const allowed = await runCli([
      ...["run", "--fetch", "https://other.test", "--fetch", origin],
      ...[programPath("fetch"), `${base}data`],
    ]);
    assert.equal(allowed.stderr, "");
    assert.match(
      allowed.stdout,
      /^status 200, text\/plain\n5 bytes, .* the end/,
    );
    assert.equal(allowed.code, 0);
  },
);

test("help that nobody reads is no crash", LIMIT, async () => {
  const { child, exit, output } = startCli(["--help"]);
  child.stdout.destroy();
  assert.deepEqual([await exit, output.stderr], [141, ""]);
});

test("--help and --version", LIMIT, async () => {
  const help = await runCli(["--help"]);
  assert.match(help.stdout, /^Usage: gossamer run/);
  assert.equal(help.code, 0);
  const { version } = JSON.parse(
    readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
  );
  const asked = await runCli(["--version"]);
  assert.deepEqual([asked.stdout, asked.code], [`${version}\n`, 0]);
});

for (const [args, code, message] of [
  [[], 2, /expected: gossamer run PROGRAM\.wasm[^]*Usage:/],
  [["run"], 2, /expected: gossamer run/],
  [["walk", "x.wasm"], 2, /unknown command "walk"/],
  [["run", "--nonsense", "x.wasm"], 2, /--nonsense/],
  [["run", "--env"], 2, /--env/],
  [["run", "missing.wasm"], 1, /^gossamer: missing\.wasm could not be read/],
  [["run", "package.json"], 1, /package\.json is not WebAssembly/],
  [["run", "--dir", "a=b", "p.wasm"], 1, /--dir a=b: expected GUEST=HOST/],
  [["run", "--env", "A", programPath("hello")], 1, /expected NAME=VALUE/],
  [["run", "--fetch", "x", programPath("hello")], 1, /fetch source "x"/],
  [["run", programPath("calls")], 1, /calls\.wasm has no main\(\) to run/],
]) {
  const words = args.map((arg) => arg.replace(/.*\//, "")).join(" ");
  test(`gossamer ${words}: refused with a reason`, LIMIT, async () => {
    const outcome = await runCli(args);
    assert.equal(outcome.code, code, outcome.stderr);
    assert.match(outcome.stderr, message);
    assert.doesNotMatch(outcome.stderr, /\n {4}at /, "no stack trace");
    assert.equal(outcome.stdout, "");
  });
}
