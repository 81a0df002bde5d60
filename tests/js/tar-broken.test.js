/* Tar archives that are broken or mean harm: nothing leads out of the target,
 * and what is wrong is named with its place. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { memory } from "../../js/fs/memory.js";
import { importTar } from "../../js/fs/tar.js";
import { exportTree, importTree } from "../../js/fs/transfer.js";
import { fails } from "../helpers/fails.js";
import {
  BLOCK,
  END,
  archive,
  bytes,
  header,
  padded,
  pax,
  sealed,
} from "../helpers/tar.js";
import { pattern } from "../helpers/volume.js";

test("no name leads out of the target (D8)", async () => {
  for (const bad of [
    "../a",
    "a/../../b",
    "..",
    "/..",
    "a/..",
    "/../../etc/x",
  ]) {
    for (const entry of [
      archive(header({ name: bad })),
      archive(header({ name: bad, type: "5" })),
      archive(pax({ path: bad }), header({ name: "a" })),
      archive(header({ name: "b", type: "1", link: bad })),
      archive(header({ name: bad, type: "2", link: "x" })),
    ]) {
      const volume = memory();
      await importTree(volume, { secret: "1", target: { a: "1" } });
      const before = await exportTree(volume);
      await assert.rejects(
        importTar(volume, archive(entry, END), "/target"),
        fails("ENOTCAPABLE", /offset \d+: .*not inside/),
        bad,
      );
      assert.deepEqual(await exportTree(volume), before);
    }
  }
});

test("an absolute name is one below the target", async () => {
  const volume = memory();
  const entries = archive(
    header({ name: "/etc/passwd", size: 1 }),
    padded(bytes("1")),
    header({ name: "//etc//copy", type: "1", link: "/etc/passwd" }),
    header({ name: "./", type: "5" }),
    END,
  );
  await importTar(volume, entries, "/target");
  assert.deepEqual(await exportTree(volume), {
    target: { etc: { copy: bytes("1"), passwd: bytes("1") } },
  });
});

test("a link that the archive brings is not followed", async () => {
  const volume = memory();
  await importTree(volume, { outside: { secret: "kept" } });
  for (const link of ["../outside", "/outside"]) {
    await assert.rejects(
      importTar(
        volume,
        archive(
          header({ name: "way", type: "2", link }),
          header({ name: "way/secret", size: 3 }),
          padded(bytes("bad")),
          END,
        ),
        "/target",
      ),
      fails("ENOTDIR", /way is a symbolic link/),
    );
    await assert.rejects(
      importTar(
        volume,
        archive(
          header({ name: "way", type: "2", link }),
          header({ name: "copy", type: "1", link: "way/secret" }),
          END,
        ),
        "/target",
      ),
      fails("EBADMSG", /no file here/),
    );
  }
  const { outside } = await exportTree(volume);
  assert.deepEqual(outside, { secret: bytes("kept") });
});

test("what is broken is named with its place", async () => {
  const good = archive(header({ size: 4 }), padded(bytes("text")));
  const wrongSum = header({});
  wrongSum[0] ^= 1;
  for (const [data, place, text] of [
    [new Uint8Array(0), 0, /too short/],
    [new Uint8Array(100), 100, /too short/],
    [pattern(BLOCK, 3), 0, /no header: its checksum/],
    [
      archive(good, wrongSum, END),
      1024,
      /no header: its checksum is \d+, not \d+/,
    ],
    [good, 1024, /without its end mark/],
    [good.slice(0, 700), 700, /without its end mark/],
    [good.slice(0, 514), 514, /within \/a, 2 bytes are missing/],
    [archive(good, header({}).slice(0, 500)), 1524, /without its end mark/],
    [archive(sealed(header({ size: "12345678x" })), END), 0, /the size/],
    [archive(header({ name: "" }), END), 0, /without a name/],
    [archive(header({ type: "1", link: "gone" }), END), 0, /link to gone/],
    [archive(header({ type: "1", link: "" }), END), 0, /no file here/],
    [archive(good, pax({ size: "x" }), header({}), END), 2048, /size=x/],
    [archive(pax({ size: `${2 ** 60}` }), header({}), END), 1024, /size=/],
    [archive(pax({ mtime: "noon" }), header({}), END), 1024, /mtime=noon/],
    [
      archive(header({ type: "x", size: 6 }), padded(bytes("9 a=b\n"))),
      512,
      /wrong length/,
    ],
    [
      archive(header({ type: "x", size: 6 }), padded(bytes("6 a=bc"))),
      512,
      /wrong length/,
    ],
    [
      archive(header({ type: "x", size: 5 }), padded(bytes("nope\n"))),
      512,
      /wrong length/,
    ],
    [
      archive(header({ type: "x", size: 6 }), padded(bytes("6 abc\n"))),
      512,
      /key=value/,
    ],
    [
      archive(header({ type: "x", size: 600 }), padded(bytes("1"))),
      1024,
      /within records/,
    ],
    [archive(header({ type: "L", size: 2 ** 30 })), 0, /bytes of names/],
    [archive(header({ type: "Z", size: 600 })), 512, /600 bytes|are missing/],
  ]) {
    await assert.rejects(
      importTar(memory(), data),
      fails("EBADMSG", text),
      String(text),
    );
    await assert.rejects(
      importTar(memory(), data),
      fails("EBADMSG", new RegExp(`offset ${place}:`)),
      String(text),
    );
  }
  const negative = header({});
  negative.fill(0xff, 124, 136);
  await assert.rejects(
    importTar(memory(), archive(sealed(negative), END)),
    fails("EBADMSG", /offset 0: the size/),
  );
});

test("sparse files of GNU tar are refused by name", async () => {
  for (const entry of [
    header({ name: "sparse", type: "S" }),
    archive(pax({ "GNU.sparse.major": "1" }), header({ name: "sparse" })),
  ]) {
    await assert.rejects(
      importTar(memory(), archive(entry, END)),
      fails("ENOTSUP", /sparse: a sparse file/),
    );
  }
});

test("a source that fails is EIO, one that is not wanted is cancelled", async () => {
  const source = new ReadableStream({
    pull(controller) {
      controller.error(new TypeError("connection lost"));
    },
  });
  await assert.rejects(
    importTar(memory(), source),
    fails("EIO", /offset 0: .*connection lost/),
  );
  let cancelled = false;
  const endless = new ReadableStream({
    pull: (controller) => controller.enqueue(pattern(BLOCK)),
    cancel() {
      cancelled = true;
    },
  });
  await assert.rejects(importTar(memory(), endless), fails("EBADMSG", /./));
  assert.ok(cancelled);
});

test("a full volume is ENOSPC by path, and what came before stays", async () => {
  const volume = memory({ limitBytes: 100_000 });
  const data = archive(
    header({ name: "a", size: 4 }),
    padded(bytes("text")),
    header({ name: "large", size: 200_000 }),
    padded(pattern(200_000)),
    END,
  );
  await assert.rejects(importTar(volume, data), fails("ENOSPC", /\/large/));
  assert.deepEqual(await exportTree(volume), { a: bytes("text") });
});
