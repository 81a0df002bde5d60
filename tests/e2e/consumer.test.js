/* The README's build: a project elsewhere adds Gossamer as a folder and gets a
 * module that runs in Node. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { ROOT, read } from "../helpers/tree.js";

const run = promisify(execFile);

const PROGRAM = `#include <gossamer/gossamer.h>
#include <cstdio>

GS_CHAN_TYPE(ints, int);

static char board[4 << 20];

static void count(void *arg) {
  ints out = *static_cast<ints *>(arg);
  for (int i = 3; i > 0; i--) gs_send(out, i);
  gs_close(out);
}

int main() {
  ints in = GS_CHAN_NULL;
  if (gs_make(&in, 0) != GS_OK) return 1;
  gs_go(count, &in);
  int i = 0;
  while (gs_recv(in, &i) > 0) std::printf("%d\\n", i);
  board[gs_self() * 1000000] = 7;
  return board[1000000];
}
`;

test("a C++ project builds an app with the README's CMake file", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "gossamer-consumer-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const [, cmake = ""] =
    /```cmake\n([\s\S]*?)```/.exec(read("README.md")) ?? [];
  assert.match(cmake, /gossamer_add_app\(wave wave\.c\)/);
  await symlink(ROOT, join(folder, "gossamer"));
  const lists = cmake.replace("wave.c)", "wave.cpp)");
  await writeFile(join(folder, "CMakeLists.txt"), lists);
  await writeFile(join(folder, "wave.cpp"), PROGRAM);
  const build = join(folder, "build");
  const toolchain = join(folder, "gossamer/src/cmake/emscripten.cmake");
  await run("cmake", [
    ...["-S", folder, "-B", build, "-G", "Ninja"],
    "-DCMAKE_BUILD_TYPE=Release",
    `-DCMAKE_TOOLCHAIN_FILE=${toolchain}`,
  ]);
  await run("cmake", ["--build", build]);
  const cli = join(ROOT, "js/cli.js");
  await assert.rejects(
    run(process.execPath, [cli, "run", join(build, "wave.wasm")]),
    (/** @type {any} */ error) => {
      assert.equal(error.stdout, "3\n2\n1\n");
      assert.equal(error.code, 7);
      return true;
    },
  );
});
