/* Signals in Node: those of the process, and app.signal(). Row C3. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { test } from "node:test";
import { load } from "../../build/dist/gossamer.mjs";
import { BUILDS, programPath, runCli, startCli } from "../helpers/programs.js";

const LIMIT = { timeout: 60_000 };

for (const build of BUILDS) {
  const program = programPath("signals", build);

  test(
    `${build}: C3: SIGINT and SIGTERM are received on a channel`,
    LIMIT,
    async () => {
      const { child, exit, shows, output } = startCli(["run", program]);
      await shows("visible, online\n");
      child.kill("SIGINT");
      await shows("int 0\n");
      child.kill("SIGINT");
      await shows("int 0\nint 0\n");
      child.kill("SIGTERM");
      assert.equal(await exit, 7);
      assert.equal(output.stdout, "visible, online\nint 0\nint 0\nterm 0\n");
      assert.equal(output.stderr, "");
    },
  );

  test(
    `${build}: SIGINT ends Node when nobody listens any more`,
    LIMIT,
    async () => {
      const { child, exit, shows } = startCli(["run", program, "once"]);
      await shows("ready\n");
      child.kill("SIGINT");
      await shows("int 0\nlistens no more\n");
      child.kill("SIGINT");
      assert.equal(await exit, "SIGINT");
    },
  );

  test(`${build}: a signal not asked for has its effect`, LIMIT, async () => {
    const { child, exit, shows } = startCli(["run", program, "once"]);
    await shows("ready\n");
    child.kill("SIGTERM");
    assert.equal(await exit, "SIGTERM");
  });

  test(
    `${build}: a subscription that ended hides no deadlock`,
    LIMIT,
    async () => {
      const { code, stderr } = await runCli(["run", program, "deadlock"]);
      assert.match(stderr, /^fatal: all goroutines are asleep - deadlock/);
      assert.equal(code, 2);
    },
  );

  test(
    `${build}: app.signal() reaches the program's channels`,
    LIMIT,
    async () => {
      const lines = [];
      const app = await load(program, {
        args: ["pages"],
        stdout: (line) => {
          lines.push(line);
          // From within wasm it is sent when wasm has been left.
          if (line === "user 1: -3") app.signal(0, 9);
        },
      });
      assert.equal(app.signal(1), false, "it has not run yet");
      while (lines.length === 0) await new Promise(setImmediate);
      assert.equal(app.signal("SIGINT"), false);
      assert.equal(app.signal("hidden"), true);
      assert.equal(app.signal(15, 2), true);
      assert.equal(app.signal(1, -3), true);
      assert.equal(await app.exited, 7);
      assert.deepEqual(lines.slice(1), [
        ...["hidden 0", "user 15: 2", "user 1: -3", "user 0: 9"],
      ]);
      assert.equal(app.signal(1), false, "it has ended");
      assert.throws(() => app.signal("SIGHUP"), { code: "EINVAL" });
    },
  );
}

test("a program that waits for SIGTERM keeps Node alive", LIMIT, async () => {
  const code = `
    import { load } from "./build/dist/gossamer.mjs";
    const stdout = (line) => process.stdout.write(line + "\\n");
    const app = await load(process.argv[1], { args: ["all"], stdout });
    process.exitCode = await app.exited;
  `;
  const child = spawn(process.execPath, [
    ...["--input-type=module", "-e", code, programPath("signals")],
  ]);
  let stdout = "";
  let ended = false;
  const shown = new Promise((resolve) => {
    child.stdout.setEncoding("utf8").on("data", (text) => {
      stdout += text;
      resolve(stdout);
    });
  });
  const exit = new Promise((resolve) => {
    child.once("close", (status, signal) => {
      ended = true;
      resolve(signal ?? status);
    });
  });
  assert.equal(await shown, "visible, online\n");
  // How long another takes to run says that it has had the time to end, too.
  await runCli(["run", programPath("ends"), "return"]);
  assert.equal(ended, false, "it ended by itself");
  child.kill("SIGTERM");
  assert.equal(await exit, 7);
  assert.equal(stdout, "visible, online\nterm 0\n");
});
