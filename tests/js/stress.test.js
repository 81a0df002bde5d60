/* GS_STRESS=grow: a view that the glue has kept is found out. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "../../js/index.js";
import { growing, wantsGrowth } from "../../js/stress.js";
import { fakeHost } from "../helpers/host.js";
import { assembleProgram, op } from "../helpers/wasm.js";

test("it is asked for by the environment", () => {
  assert.equal(wantsGrowth({}), false);
  assert.equal(wantsGrowth({ GS_STRESS: "yield,alloc" }), false);
  assert.equal(wantsGrowth({ GS_STRESS: "growl" }), false);
  assert.equal(wantsGrowth({ GS_STRESS: "yield,grow" }), true);
});

test("imports keep their names, arguments and results", () => {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const imports = growing({ add: (a, b) => a + b, none() {} }, () => memory);
  assert.deepEqual(Object.keys(imports), ["add", "none"]);
  assert.equal(imports.add(2, 3), 5);
  assert.equal(imports.none(), undefined);
  assert.equal(memory.buffer.byteLength, 3 * 65_536);
});

test("before there is a memory nothing grows", () => {
  assert.equal(growing({ one: () => 1 }, () => undefined).one(), 1);
});

test("memory that cannot grow gets another buffer all the same", () => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
  const before = memory.buffer;
  growing({ none() {} }, () => memory).none();
  assert.equal(before.byteLength, 0);
  assert.equal(memory.buffer.byteLength, 65_536);
});

test("an import that keeps a view is found out, one that does not is not", () => {
  const { host, wasm } = fakeHost();
  const kept = host.memory.bytes;
  const imports = growing(
    {
      careless: () => kept[64],
      careful: () => host.memory.bytes[64],
    },
    () => wasm,
  );
  new Uint8Array(wasm.buffer)[64] = 7;
  assert.equal(kept[64], 7, "without growth nobody would notice");
  assert.equal(imports.careful(), 7);
  assert.equal(imports.careless(), undefined);
});

test("a program asks for it, and its memory grows at every import", async () => {
  const program = () =>
    assembleProgram({
      imports: [
        { module: "gossamer", name: "frame_cancel" },
        {
          module: "wasi_snapshot_preview1",
          name: "sched_yield",
          results: ["i32"],
        },
        { module: "gossamer", name: "exit", params: ["i32"] },
      ],
      funcs: [
        {
          name: "gs_frame_event",
          params: ["f64"],
          results: ["f64"],
          body: [
            ...[...op.call(0), ...op.call(1), ...op.drop],
            ...[...op.memorySize, ...op.call(2), ...op.unreachable],
          ],
        },
      ],
    });
  const pages = await (await load(program())).exited;
  assert.equal(pages, 1);
  const app = await load(program(), { env: { GS_STRESS: "grow" } });
  assert.equal(await app.exited, pages + 2);
});
