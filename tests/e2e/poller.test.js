/* Pollers over standard input, HTTP bodies, a timer and a channel at once, by
 * one goroutine. Row A6. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "../../build/dist/gossamer.mjs";
import { BUILDS, programPath, startCli } from "../helpers/programs.js";
import { startServer } from "../helpers/server.js";

const LIMIT = { timeout: 60_000 };

/** A server whose bodies go on when the test says so. */
async function slowServer(t) {
  /** @type {Map<string, (response: import("node:http").ServerResponse) => void>} */
  const asked = new Map();
  const routes = Object.fromEntries(
    ["/one", "/two"].map((path) => [
      path,
      (_request, response) => {
        response.write("x".repeat(1500));
        asked.get(path)?.(response);
      },
    ]),
  );
  const base = await startServer(t, routes);
  const response = (path) =>
    new Promise((resolve) => {
      asked.set(path, resolve);
    });
  return { base, response };
}

for (const build of BUILDS) {
  for (const how of ["level", "edge"]) {
    test(
      `${build}: A6: input, bodies, a timer and a channel in one poller, by ${how}`,
      LIMIT,
      async (t) => {
        const { base, response } = await slowServer(t);
        const responses = [response("/one"), response("/two")];
        const { child, exit, output } = startCli([
          ...["run", "--fetch", base, programPath("poller", build)],
          ...(how === "edge" ? ["edge"] : []),
          ...[`${base}one`, `${base}two`],
        ]);
        const early = exit.then((code) => {
          throw new Error(`ended with ${code}: ${output.stderr}`);
        });
        const asked = await Promise.race([Promise.all(responses), early]);
        const [one, two] = asked;
        // Each waits for another: one that was starved would hang the rest.
        child.stdin.write("a".repeat(2500));
        await new Promise((resolve) => {
          two.write("y".repeat(100_000), resolve);
        });
        two.end("z");
        await new Promise((resolve) => {
          child.stdin.end("bc", resolve);
        });
        one.end("yz");
        assert.equal(await exit, 0);
        assert.equal(output.stderr, "");
        assert.equal(
          output.stdout,
          "input 2502, ticks enough, numbers 20, body 1502, body 101501\n",
        );
      },
    );
  }
}

test("A6: a poller's sources under GS_STRESS=grow", LIMIT, async () => {
  async function* input() {
    yield "one";
    await new Promise(setImmediate);
    yield "three";
  }
  const lines = [];
  const app = await load(programPath("poller"), {
    env: { GS_STRESS: "grow" },
    stdin: input(),
    stdout: (line) => lines.push(line),
  });
  assert.equal(await app.exited, 0);
  assert.deepEqual(lines, ["input 8, ticks enough, numbers 20"]);
});
