/* What becomes of bytes: writing, holes, resizing, appending, running full. */
import assert from "node:assert/strict";
import { MAX_SIZE_BYTES } from "../../js/fs/volume.js";
import {
  VolumeTool,
  bytesOf,
  pattern,
  sameBytes,
  textOf,
} from "../helpers/volume.js";

const MEBIBYTE = 2 ** 20;

/** @param {VolumeTool} fs @param {string} name @param {string} [data] */
async function opened(fs, name, data = "") {
  return fs.open(await fs.put(fs.root, name, data));
}

/** @param {VolumeTool} fs @param {unknown} file @param {number} [size] */
async function all(fs, file, size = 1000) {
  return textOf(await fs.read(file, 0, size));
}

/** @type {import("./cases.js").Case[]} */
export const dataCases = [
  {
    name: "writing goes over what is there and makes it longer",
    async run(fs) {
      const file = await opened(fs, "a", "0123456789");
      await fs.write(file, 3, "abc");
      assert.equal(await all(fs, file), "012abc6789");
      await fs.write(file, 8, "xyz");
      assert.equal(await all(fs, file), "012abc67xyz");
      assert.equal(fs.volume.size(file), 11);
      await fs.close(file);
    },
  },
  {
    name: "what is written is a copy",
    async run(fs) {
      const file = await opened(fs, "a");
      const bytes = bytesOf("text");
      assert.equal(
        await fs.transfer(() => fs.volume.write(file, 0, bytes, 1, 2)),
        2,
      );
      bytes.fill(0);
      assert.equal(await all(fs, file), "ex");
      await fs.close(file);
    },
  },
  {
    name: "writing nothing changes nothing",
    async run(fs) {
      const file = await opened(fs, "a", "text");
      for (const position of [0, 4, 10, 100, -1]) {
        const bytes = new Uint8Array(4);
        const answer = await fs.transfer(() =>
          fs.volume.write(file, position, bytes, 2, 0),
        );
        assert.equal(answer, 0);
      }
      assert.equal(fs.volume.size(file), 4);
      await fs.close(file);
    },
  },
  {
    name: "position -1 is the end, wherever that is",
    async run(fs) {
      const file = await opened(fs, "a", "one");
      const other = await fs.open(await fs.lookup(fs.root, "a"));
      await fs.write(file, -1, ",two");
      await fs.write(other, -1, ",three");
      await fs.write(file, -1, ",four");
      assert.equal(await all(fs, other), "one,two,three,four");
      await fs.close(file);
      await fs.close(other);
    },
  },
  {
    name: "what one opening writes the other reads",
    async run(fs) {
      const one = await opened(fs, "a", "text");
      const two = await fs.open(await fs.lookup(fs.root, "a"));
      await fs.write(one, 4, "ures");
      assert.equal(fs.volume.size(two), 8);
      assert.equal(await all(fs, two), "textures");
      await fs.close(one);
      await fs.close(two);
      const again = await fs.lookup(fs.root, "a");
      assert.equal((await fs.stat(again)).sizeBytes, 8);
      assert.equal(await fs.text(again), "textures");
    },
  },
  {
    name: "pieces of every size make one file",
    async run(fs) {
      const sizes = [1, 2, 63, 64, 65, 4095, 4097, 65_535, 65_536, 65_537];
      const total = sizes.reduce((sum, size) => sum + size);
      const expected = pattern(total);
      const file = await opened(fs, "a");
      let at = 0;
      for (const size of sizes) {
        await fs.write(file, at, expected.slice(at, at + size));
        at += size;
      }
      sameBytes(await fs.read(file, 0, total + 1), expected);
      for (let end = total; end > 0; end -= 77_777) {
        const from = Math.max(0, end - 77_777);
        await fs.write(file, from, pattern(total, 9).slice(from, end));
      }
      sameBytes(await fs.read(file, 0, total + 1), pattern(total, 9));
      await fs.close(file);
    },
  },
  {
    name: "a file of some size, written from the end to the beginning",
    async run(fs) {
      const size = 400_000;
      const step = 50_000;
      const expected = pattern(size);
      const file = await opened(fs, "a");
      for (let at = size - step; at >= 0; at -= step) {
        await fs.write(file, at, expected.slice(at, at + step));
        assert.equal(fs.volume.size(file), size);
      }
      sameBytes(await fs.read(file, 0, size), expected);
      await fs.close(file);
    },
  },
  {
    name: "a gap before the position reads as zeros",
    async run(fs) {
      const file = await opened(fs, "a", "ab");
      await fs.write(file, 200_000, "z");
      assert.equal(fs.volume.size(file), 200_001);
      const bytes = await fs.read(file, 0, 200_001);
      assert.equal(textOf(bytes.slice(0, 2)), "ab");
      assert.ok(bytes.slice(2, 200_000).every((byte) => byte === 0));
      assert.equal(bytes[200_000], 0x7a);
      await fs.close(file);
    },
  },
  {
    name: "cutting and lengthening leaves zeros, not what was there",
    async run(fs) {
      const file = await opened(fs, "a");
      await fs.write(file, 0, pattern(200_000));
      for (const [size, kept] of [
        [150_000, 150_000],
        [180_000, 150_000],
        [65_536, 65_536],
        [140_000, 65_536],
        [10, 10],
        [70_000, 10],
        [0, 0],
        [100, 0],
      ]) {
        await fs.resize(file, size);
        assert.equal(fs.volume.size(file), size);
        const expected = new Uint8Array(size);
        expected.set(pattern(kept).slice(0, size));
        sameBytes(await fs.read(file, 0, size + 1), expected);
      }
      await fs.close(file);
    },
  },
  {
    name: "one byte that was cut off is a zero when it comes again",
    async run(fs) {
      const file = await opened(fs, "a", "0123456789");
      await fs.resize(file, 9);
      await fs.resize(file, 10);
      assert.equal(await all(fs, file), "012345678\0");
      await fs.close(file);
    },
  },
  {
    name: "writing after a cut begins where it says",
    async run(fs) {
      const file = await opened(fs, "a", "0123456789");
      await fs.resize(file, 2);
      await fs.write(file, 5, "x");
      assert.equal(await all(fs, file), "01\0\0\0x");
      await fs.close(file);
    },
  },
  {
    name: "a file that was cut short grows long again",
    async run(fs) {
      const file = await opened(fs, "a");
      for (const kept of [67, 1000, 65_537, 0]) {
        await fs.write(file, 0, pattern(140_000, 1));
        await fs.resize(file, kept);
        await fs.write(file, kept, pattern(140_000, 2));
        const expected = new Uint8Array(140_000 + kept);
        expected.set(pattern(kept, 1));
        expected.set(pattern(140_000, 2), kept);
        await fs.write(file, 3, expected.slice(3, 10));
        sameBytes(
          await fs.read(file, 65_530, 100),
          expected.slice(65_530, 65_630),
        );
        sameBytes(await fs.read(file, 0, 300_000), expected);
      }
      await fs.close(file);
    },
  },
  {
    name: "a file keeps its bytes from one opening to the next",
    async run(fs) {
      const data = pattern(150_000);
      const node = await fs.put(fs.root, "a", data);
      sameBytes(await fs.content(node), data);
      const file = await fs.open(node);
      await fs.write(file, 149_999, "xy");
      await fs.sync(file);
      await fs.sync(file, true);
      await fs.close(file);
      assert.equal((await fs.stat(node)).sizeBytes, 150_001);
      assert.equal(textOf((await fs.content(node)).slice(-2)), "xy");
    },
  },
  {
    name: "sizes up to 2^53-1, and no more",
    needs: ["sparse"],
    async run(fs) {
      const file = await opened(fs, "a", "begin");
      const last = MAX_SIZE_BYTES - 1;
      await fs.write(file, last, "z");
      assert.equal(fs.volume.size(file), MAX_SIZE_BYTES);
      assert.equal(textOf(await fs.read(file, last, 10)), "z");
      assert.equal(textOf(await fs.read(file, last - 2, 10)), "\0\0z");
      assert.equal(textOf(await fs.read(file, 2 ** 40, 2)), "\0\0");
      assert.equal(textOf(await fs.read(file, 0, 5)), "begin");
      const bytes = bytesOf("xy");
      /** @param {number} at @param {number} size */
      const written = (at, size) =>
        fs.transfer(() => fs.volume.write(file, at, bytes, 0, size));
      await fs.refuses(written(MAX_SIZE_BYTES, 1), "EFBIG");
      await fs.refuses(written(-1, 1), "EFBIG");
      assert.equal(await written(last, 2), 1);
      assert.equal(textOf(await fs.read(file, last, 10)), "x");
      await fs.resize(file, 5);
      assert.equal(await all(fs, file), "begin");
      await fs.resize(file, MAX_SIZE_BYTES);
      assert.equal(textOf(await fs.read(file, last, 10)), "\0");
      assert.equal(textOf(await fs.read(file, 0, 6)), "begin\0");
      await fs.close(file);
    },
  },
  {
    name: "holes far apart are filled in any order",
    needs: ["sparse"],
    async run(fs) {
      const file = await opened(fs, "a");
      const places = [2 ** 45, 2 ** 31, 7, 2 ** 32 + 1, 2 ** 27, 2 ** 26 + 3];
      for (const place of places) await fs.write(file, place, `${place}`);
      for (let at = 0; at <= 2 ** 27 + 4 * MEBIBYTE; at += MEBIBYTE) {
        await fs.write(file, at + 500, `at ${at}`);
      }
      for (const place of places) {
        const text = `${place}`;
        assert.equal(textOf(await fs.read(file, place, text.length)), text);
      }
      for (let at = 0; at <= 2 ** 27 + 4 * MEBIBYTE; at += MEBIBYTE) {
        const text = `at ${at}\0`;
        const bytes = await fs.read(file, at + 500, text.length);
        assert.equal(textOf(bytes), text);
      }
      await fs.resize(file, 2 ** 31 + 2);
      await fs.resize(file, 2 ** 46);
      assert.equal(textOf(await fs.read(file, 2 ** 31, 4)), "21\0\0");
      assert.equal(textOf(await fs.read(file, 2 ** 45, 4)), "\0\0\0\0");
      await fs.close(file);
    },
  },
  {
    name: "allocate makes a file as long as the range, with zeros",
    needs: ["allocate"],
    async run(fs) {
      const file = await opened(fs, "a", "text");
      await fs.allocate(file, 1, 2);
      assert.equal(await all(fs, file), "text");
      await fs.allocate(file, 2, 6);
      assert.equal(await all(fs, file), "text\0\0\0\0");
      await fs.allocate(file, 100_000, 10);
      assert.equal(fs.volume.size(file), 100_010);
      assert.equal(textOf(await fs.read(file, 0, 5)), "text\0");
      await fs.close(file);
    },
  },
  {
    name: "a full volume is ENOSPC, keeps what it has and goes on",
    needs: ["limited"],
    async run(_fs, t, { features }) {
      const volume = await features.limited?.(4 * MEBIBYTE, t);
      assert.ok(volume);
      const fs = new VolumeTool(volume);
      await fs.volume.open();
      const kept = await fs.put(fs.root, "kept", "still here");
      const file = await fs.open(await fs.create(fs.root, "large"));
      const piece = pattern(65_536);
      const full = async () => {
        for (let at = 0; ; at += piece.length) await fs.write(file, at, piece);
      };
      await assert.rejects(full, /ENOSPC/);
      const size = fs.volume.size(file);
      assert.ok(size >= 2 * MEBIBYTE, `full after ${size} bytes`);
      assert.ok(size <= 8 * MEBIBYTE, `not full before ${size} bytes`);
      for (let at = 0; at + piece.length <= size; at += piece.length) {
        sameBytes(await fs.read(file, at, piece.length), piece);
      }
      assert.equal(await fs.text(kept), "still here");
      await fs.write(file, 0, "over what is there");
      await fs.resize(file, 0);
      await fs.write(file, 0, piece);
      await fs.unlink(fs.root, "large");
      await fs.close(file);
      await fs.put(fs.root, "again", pattern(2 * MEBIBYTE));
      assert.deepEqual(await fs.names(fs.root), ["again", "kept"]);
    },
  },
  {
    name: "allocate takes all or nothing",
    needs: ["limited", "allocate"],
    async run(_fs, t, { features }) {
      const volume = await features.limited?.(4 * MEBIBYTE, t);
      assert.ok(volume);
      const fs = new VolumeTool(volume);
      await fs.volume.open();
      const file = await opened(fs, "a", "text");
      await fs.refuses(volume.allocate(file, 0, 64 * MEBIBYTE), "ENOSPC");
      await fs.refuses(volume.allocate(file, 2 ** 40, 64 * MEBIBYTE), "ENOSPC");
      await fs.refuses(volume.allocate(file, MAX_SIZE_BYTES, 1), "EFBIG");
      assert.equal(await all(fs, file), "text");
      await fs.allocate(file, 0, 2 * MEBIBYTE);
      await fs.write(file, 0, pattern(2 * MEBIBYTE));
      await fs.close(file);
    },
  },
];
