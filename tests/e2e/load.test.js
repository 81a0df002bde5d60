/* Programs loaded from JavaScript with the built package: calls, output,
 * stopping, crashes, HTTP. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { spawn } from "node:child_process";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { GossamerError, load } from "../../build/dist/gossamer.mjs";
import { BUILDS, programPath } from "../helpers/programs.js";
import { startServer } from "../helpers/server.js";

const LIMIT = { timeout: 30_000 };

/** Loads a fixture; its output is collected, it is stopped with the test. */
async function start(t, name, options = {}, build = "wasm") {
  const stdout = [];
  const stderr = [];
  const app = await load(programPath(name, build), {
    stdout: (line) => stdout.push(line),
    stderr: (line) => stderr.push(line),
    ...options,
  });
  t.after(() => app.stop().catch(() => {}));
  return { app, stdout, stderr };
}

for (const build of BUILDS) {
  test(
    `${build}: calls with every type of argument and result`,
    LIMIT,
    async (t) => {
      const { app, stdout } = await start(t, "calls", {}, build);
      assert.equal(app.hasMain, false);
      assert.ok(app.exports.includes("add"));
      assert.equal(await app.call("add", 2, 3), 5);
      assert.equal(await app.call("half", 3), 1.5);
      assert.equal(await app.call("next", 41), 42n);
      assert.equal(await app.call("next", 2n ** 62n), 2n ** 62n + 1n);
      assert.equal(await app.call("next", -(2n ** 63n)), -(2n ** 63n) + 1n);
      assert.equal(await app.call("largest"), 2n ** 64n - 1n);
      assert.equal(await app.call("negate", true), false);
      assert.equal(await app.call("negate", false), true);
      assert.equal(await app.call("greet", "wörld 😀"), "hello, wörld 😀");
      assert.equal(await app.call("greet", ""), "hello, ");
      assert.equal(await app.call("greet", null), null);
      assert.equal(await app.call("sum", Uint8Array.of(1, 2, 255), 3), 258);
      assert.equal(await app.call("sum", new Uint8Array(0), 0), 0);
      assert.equal(await app.call("eight", 1, 2, 3, 4, 5, 6, 7, 8), 36);
      assert.equal(await app.call("say", "spoken"), undefined);
      assert.deepEqual(stdout, ["spoken"]);
    },
  );

  test(`${build}: calls run side by side`, LIMIT, async (t) => {
    const { app } = await start(t, "calls", {}, build);
    const order = [];
    const note = (result) => order.push(result);
    await Promise.all([
      app.call("later", 30, 3).then(note),
      app.call("later", 10, 1).then(note),
      app.call("later", 20, 2).then(note),
      app.call("add", 0, 0).then(note),
    ]);
    assert.deepEqual(order, [0, 1, 2, 3]);
  });

  test(`${build}: dump tells what goroutines do`, LIMIT, async (t) => {
    const refusals = [];
    const { app } = await start(
      t,
      "calls",
      {
        stdout: () => {
          try {
            app.dump();
          } catch (error) {
            refusals.push(error);
          }
        },
      },
      build,
    );
    assert.equal(app.dump(), "");
    const calls = [app.call("for_ever"), app.call("later", 5000, 0)];
    await app.call("add", 1, 2);
    assert.match(
      app.dump(),
      /^goroutine 1 \(for_ever\): waits for .*\ngoroutine 2 \(later\): waits for sleep .*$/,
    );
    await app.call("say", "inside");
    assert.deepEqual(
      refusals.map(({ code }) => code),
      ["EBUSY"],
    );
    const ended = Promise.allSettled(calls);
    await app.stop(4);
    await ended;
    assert.equal(app.dump(), "the program has ended with exit code 4");
  });

  test(
    `${build}: a crash in a call names it and rejects all`,
    LIMIT,
    async (t) => {
      const { app } = await start(t, "calls", {}, build);
      const waiting = app.call("for_ever");
      const crashing = app.call("crash");
      const results = await Promise.allSettled([waiting, crashing, app.exited]);
      const [other, own, exited] = results.map(({ reason }) => reason);
      assert.equal(exited.code, "ETRAP");
      assert.match(exited.message, /^goroutine \d+ \(crash\): unreachable/);
      assert.match(exited.stack, /wasm-function/);
      assert.equal(own.cause, exited);
      assert.match(other.message, /^for_ever\(\): the program has crashed: /);
      await assert.rejects(app.call("add", 1, 2), /has crashed/);
    },
  );
}

/** A fixture's output and exit code, with an environment. */
async function runWith(t, name, options, env) {
  const { app, stdout } = await start(t, name, { ...options, env });
  const code = await app.exited;
  return { code, stdout };
}

for (const [name, options] of [
  ["hello", { args: ["ünï"] }],
  ["echo", { stdin: `${"line\n".repeat(3000)}end` }],
  ["spam", { args: ["2000"] }],
  ["frames", { args: ["3"] }],
  ["sleeps", {}],
  ["globals", {}],
]) {
  test(`${name} is the same under GS_STRESS=grow`, LIMIT, async (t) => {
    const usual = await runWith(t, name, options, {});
    const grown = await runWith(t, name, options, { GS_STRESS: "grow" });
    assert.deepEqual(grown, usual);
  });
}

test("calls are the same under GS_STRESS=grow", LIMIT, async (t) => {
  const { app } = await start(t, "calls", { env: { GS_STRESS: "grow" } });
  assert.equal(await app.call("greet", "wörld"), "hello, wörld");
  assert.equal(await app.call("sum", Uint8Array.of(1, 2, 255), 3), 258);
  assert.equal(await app.call("later", 5, 3), 3);
  assert.equal(await app.call("next", 41), 42n);
});

test("a stream is the same under GS_STRESS=grow", LIMIT, async (t) => {
  const base = await startServer(t, {
    "/": (_request, response) => response.end("x".repeat(100_000)),
  });
  const options = { args: [base], fetch: "http://127.0.0.1:*" };
  const usual = await runWith(t, "fetch", options, {});
  const grown = await runWith(t, "fetch", options, { GS_STRESS: "grow" });
  assert.match(usual.stdout[1], /^100000 bytes/);
  assert.deepEqual(grown, usual);
});

test("a large argument makes memory grow", LIMIT, async (t) => {
  const { app } = await start(t, "calls");
  const bytes = new Uint8Array(5_000_000).fill(1);
  assert.equal(await app.call("sum", bytes, bytes.length), 5_000_000);
  const text = "x".repeat(1_000_000);
  assert.equal((await app.call("greet", text)).length, 127);
});

test("many calls at once all come back", LIMIT, async (t) => {
  const { app } = await start(t, "calls");
  const calls = Array.from({ length: 1000 }, (_none, i) =>
    app.call("later", i % 7, i),
  );
  assert.deepEqual(await Promise.all(calls), [...calls.keys()]);
});

test("an exit in a call ends the program", LIMIT, async (t) => {
  const { app } = await start(t, "calls");
  const call = app.call("leave", 9);
  await assert.rejects(call, /leave\(\): .* ended with exit code 9/);
  assert.equal(await app.exited, 9);
});

test("wrong calls are refused and the program goes on", LIMIT, async (t) => {
  const { app } = await start(t, "calls");
  await assert.rejects(app.call("nope"), /"nope"; there are: add, half, /);
  await assert.rejects(app.call("add", 1), {
    name: "GossamerError",
    message: "add() takes 2 arguments, got 1: int add(int a, int b)",
  });
  await assert.rejects(app.call("greet", 5), /const char \* greet\(/);
  assert.equal(await app.call("add", 1, 1), 2);
});

test("output by lines; stop ends a program that waits", LIMIT, async (t) => {
  const { app, stdout, stderr } = await start(t, "hello", {
    args: ["one"],
    env: { GREETED: "you" },
  });
  assert.equal(await app.exited, 2);
  assert.deepEqual(stdout, ["arg 0: hello.wasm", "arg 1: one", "hello, you"]);
  assert.deepEqual(stderr, ["to stderr"]);
  const { app: sleeper } = await start(t, "ends", { args: ["sleep"] });
  assert.equal(await sleeper.stop(17), 17);
});

test("a writer gets the bytes as they are", LIMIT, async (t) => {
  const chunks = [];
  const stdout = { write: (bytes) => chunks.push(bytes) };
  const { app } = await start(t, "hello", { args: ["é"], stdout });
  await app.exited;
  assert.equal(
    Buffer.concat(chunks).toString(),
    "arg 0: hello.wasm\narg 1: é\nhello, nobody",
  );
});

test(
  "a line callback may stop the program and call into it",
  LIMIT,
  async (t) => {
    const seen = [];
    const { app } = await start(t, "spam", {
      stdout: (line) => {
        seen.push(line);
        if (seen.length === 3) void app.stop(8);
      },
    });
    assert.equal(await app.exited, 8);
    assert.deepEqual(seen.slice(0, 3), ["line 0", "line 1", "line 2"]);
    const answers = [];
    const { app: called } = await start(t, "calls", {
      stdout: (line) => answers.push(called.call("greet", line)),
    });
    await called.call("say", "echo");
    assert.deepEqual(await Promise.all(answers), ["hello, echo"]);
  },
);

test("a busy program lets timers of the page run", LIMIT, async (t) => {
  const { app } = await start(t, "ends", { args: ["spin"], budget: 5 });
  let turns = 0;
  await new Promise((resolve) => {
    const turn = () => {
      turns += 1;
      if (turns === 10) resolve();
      else setTimeout(turn, 0);
    };
    setTimeout(turn, 0);
  });
  assert.equal(await app.stop(1), 1);
});

test("a program reads what it is given, chunk by chunk", LIMIT, async (t) => {
  async function* input() {
    yield "one\nt";
    yield new TextEncoder().encode("wo\n");
  }
  const { app, stdout } = await start(t, "echo", { stdin: input() });
  assert.equal(await app.exited, 0);
  assert.deepEqual(stdout, ["one", "two", "2 lines"]);
  const { app: failing, stderr } = await start(t, "echo", {
    stdin: new ReadableStream({
      pull() {
        throw new Error("torn");
      },
    }),
  });
  assert.equal(await failing.exited, 1);
  assert.match(stderr[0], /standard input failed: torn/);
});

test("instances of one module know nothing of each other", LIMIT, async (t) => {
  const module = await WebAssembly.compile(
    await readFile(programPath("calls")),
  );
  const lines = [[], []];
  const apps = await Promise.all(
    lines.map((own) => load(module, { stdout: (line) => own.push(line) })),
  );
  t.after(() => apps.map((app) => app.stop().catch(() => {})));
  await apps[0].call("say", "first");
  await apps[1].call("say", "second");
  assert.deepEqual(lines, [["first"], ["second"]]);
  await apps[0].stop();
  assert.equal(await apps[1].call("add", 1, 2), 3);
});

test(
  "an ended program leaves its memory to the collector",
  LIMIT,
  async (t) => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc");
    const instantiate = WebAssembly.instantiate;
    const memories = [];
    // Not a mock of node:test: that would hold on to what it answered.
    t.after(() => {
      WebAssembly.instantiate = instantiate;
    });
    WebAssembly.instantiate = async (module, imports) => {
      const instance = await instantiate(module, imports);
      memories.push(new WeakRef(instance.exports.memory));
      return instance;
    };
    const apps = [];
    for (const [name, options, ends] of [
      ["hello", {}, true],
      ["ends", { args: ["trap"] }, true],
      ["frames", {}, false],
      ["echo", { stdin: new ReadableStream({}) }, false],
    ]) {
      const { app } = await start(t, name, options);
      apps.push(app);
      await Promise.allSettled([ends ? app.exited : app.stop()]);
    }
    for (let round = 0; round < 10; round += 1) {
      await new Promise(setImmediate);
      collect();
    }
    const kept = memories.filter((memory) => memory.deref() !== undefined);
    assert.deepEqual([memories.length, kept.length], [apps.length, 0]);
  },
);

test("every error of the package is a GossamerError", LIMIT, async () => {
  const missing = load(programPath("missing"));
  await assert.rejects(missing, (error) => error instanceof GossamerError);
});

test("a stream is read to its end while others run", LIMIT, async (t) => {
  const chunk = Buffer.alloc(65_536, "abcdefg");
  const chunks = 64;
  const base = await startServer(t, {
    "/big": (_request, response) => {
      let left = chunks;
      const pump = () => {
        while (left > 0) {
          left -= 1;
          if (!response.write(chunk)) {
            response.once("drain", pump);
            return;
          }
        }
        response.end();
      };
      pump();
    },
  });
  let sum = 0;
  for (let i = 0; i < chunks * chunk.length; i += 1) {
    sum = (Math.imul(sum, 31) + chunk[i % chunk.length]) >>> 0;
  }
  const { app, stdout } = await start(t, "fetch", {
    args: [`${base}big`],
    fetch: { allow: [base] },
  });
  assert.equal(await app.exited, 0);
  assert.deepEqual(stdout, [
    "status 200, no type",
    `${chunks * chunk.length} bytes, sum ${sum}, then the end`,
    "ticked",
  ]);
});

test("requests that fail are errors; the program goes on", LIMIT, async (t) => {
  const dead = await startServer(t, {});
  const base = await startServer(t, {
    "/dies": (_request, response) => {
      response.writeHead(200, { "Content-Length": "100" });
      response.write("part", () => {
        setImmediate(() => response.socket.destroy());
      });
    },
    "/silent": () => {},
    "/stalls": (_request, response) => {
      response.write("x");
    },
  });
  const { app, stdout, stderr } = await start(t, "fetch", {
    args: [
      `${dead}none`,
      "not a url",
      "http://127.0.0.1:1/",
      `${base}dies`,
      "-500",
      `${base}silent`,
      `${base}stalls`,
      "https://elsewhere.test/",
    ],
    fetch: "http://127.0.0.1:*",
  });
  assert.equal(await app.exited, 6);
  const sum = [..."part"].reduce(
    (all, letter) => (Math.imul(all, 31) + letter.charCodeAt(0)) >>> 0,
    0,
  );
  const lines = stdout.map((line) => line.replace(/:\d{4,}/, ":PORT"));
  assert.deepEqual(lines, [
    "status 404, no type",
    lines[1],
    'error EINVAL: not a URL: "not a url"',
    "error EIO: fetch of http://127.0.0.1:1/ failed: fetch failed: bad port",
    "status 200, no type",
    `4 bytes, sum ${sum}, then ECONNRESET`,
    lines[6],
    "status 200, no type",
    "1 bytes, sum 120, then ETIMEDOUT",
    lines[9],
    "ticked",
  ]);
  assert.match(stdout[6], /^error ETIMEDOUT: /);
  assert.match(
    stdout[9],
    /^error EACCES: .*load\(\.\.\., \{ fetch: \{ allow: /,
  );
  assert.equal(stderr.length, 1);
  assert.ok(stderr[0].includes('["https://elsewhere.test"]'), stderr[0]);
});

test("an idle program does not keep Node alive", LIMIT, async () => {
  const code = `
    import { load } from "./build/dist/gossamer.mjs";
    const app = await load(process.argv[1]);
    console.log(await app.call("add", 1, 2));
  `;
  const child = spawn(process.execPath, [
    ...["--input-type=module", "-e", code, programPath("calls")],
  ]);
  let stdout = "";
  child.stdout.setEncoding("utf8").on("data", (text) => {
    stdout += text;
  });
  const exit = await new Promise((resolve) => {
    child.once("close", resolve);
  });
  assert.deepEqual([stdout, exit], ["3\n", 0]);
});
