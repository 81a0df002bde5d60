/* The memory volume beside a real directory: the same WASI calls, made by
 * chance, on both, which must answer the same errnos, numbers and bytes. Seeds
 * are fixed; GS_SEED and GS_STEPS go on from there. A failure tells its seed
 * and the calls before it. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { memory } from "../../js/fs/memory.js";
import { node } from "../../js/fs/node.js";
import { TYPE } from "../../js/fs/volume.js";
import { RIGHTS } from "../../js/wasi/abi.js";
import { chance } from "../helpers/chance.js";
import { defer } from "../helpers/defer.js";
import { countsDirectories } from "../helpers/node-volume.js";
import { wasiRig } from "../helpers/wasi.js";

const SEED = Number(process.env.GS_SEED ?? 1);
const STEPS = Number(process.env.GS_STEPS ?? 600);
const PROGRAMS = 8;

/** Where results are, and bytes to be written or read. */
const RESULT = 64;
const IOVECS = 512;
const BYTES = 65_536;
const MAX_FD = 12;
/** From so many on, more are closed. */
const MAX_OPEN = 10;

const NAMES = ["a", "b", "c", "d", "ü"];
const ALL = (1n << 30n) - 1n;

/**
 * Not compared, for it is the host's own: inodes and devices, the size of
 * directories, the order of names, and times but for those that were just set,
 * to the microsecond. Everything else must be the same on Linux. Some file
 * systems count no links of directories: those are left out there.
 */
const DIRECTORY_LINKS = countsDirectories();

/** @typedef {Awaited<ReturnType<typeof wasiRig>>} Rig */

/** One call on one side, and what came of it, to be compared. */
class Side {
  /** @param {Rig} rig */
  constructor(rig) {
    this.rig = rig;
  }

  /**
   * @param {string} name
   * @param {(number | bigint | string)[]} args
   */
  async call(name, ...args) {
    return this.rig.call(name, ...args);
  }

  bytes(at, size) {
    return Buffer.from(this.rig.wasm.buffer, at, size).toString("latin1");
  }

  u32(at = RESULT) {
    return this.rig.view().getUint32(at, true);
  }

  u64(at = RESULT) {
    return this.rig.view().getBigUint64(at, true);
  }

  /** Spans that cut BYTES into pieces. */
  spans(sizes) {
    let at = BYTES;
    for (const [index, size] of sizes.entries()) {
      this.rig.view().setUint32(IOVECS + index * 8, at, true);
      this.rig.view().setUint32(IOVECS + index * 8 + 4, size, true);
      at += size;
    }
  }

  /** What of a filestat is the same for both. */
  filestat(withTimes) {
    const type = this.rig.view().getUint8(RESULT + 16);
    const directory = type === TYPE.DIRECTORY;
    return {
      type,
      links: directory && !DIRECTORY_LINKS ? 0n : this.u64(RESULT + 24),
      size: directory ? 0n : this.u64(RESULT + 32),
      ...(withTimes
        ? { atime: this.u64(RESULT + 40), mtime: this.u64(RESULT + 48) }
        : {}),
    };
  }
}

/** A call that can be made on either side. */
/** @typedef {{ text: string, run: (side: Side) => Promise<unknown> }} Step */

class Maker {
  /** The descriptors that are open beside the root, 3. */
  /** @type {Set<number>} */
  open = new Set();

  /** @param {(below: number) => number} random */
  constructor(random) {
    this.random = random;
  }

  /** @template T @param {T[]} list @returns {T} */
  pick(list) {
    return /** @type {T} */ (list[this.random(list.length)]);
  }

  path() {
    const kind = this.random(40);
    if (kind === 0) return "";
    if (kind === 1) return "/a";
    if (kind === 2) return "x".repeat(256);
    if (kind === 3) return "a//b";
    const names = [];
    const depth = 1 + this.random(this.random(3) + 1);
    for (let at = 0; at < depth; at++) {
      const odd = this.random(16);
      names.push(odd === 0 ? ".." : odd === 1 ? "." : this.pick(NAMES));
    }
    return names.join("/") + (this.random(12) === 0 ? "/" : "");
  }

  /** Mostly one that is open. */
  fd() {
    if (this.random(30) === 0) return 3 + this.random(MAX_FD);
    return this.open.size === 0 ? 3 : this.pick([...this.open]);
  }

  directory() {
    return this.random(4) === 0 ? this.fd() : 3;
  }

  /** Takes note of what is open, after the step. */
  note(text, answer) {
    if (typeof answer === "number" && text.startsWith("path_open")) {
      this.open.add(answer);
    }
    const [, name, fd, to] = /^(\w+)\((\d+)(?:, (\d+))?/.exec(text) ?? [];
    if (answer !== "ok") return;
    if (name === "fd_close") this.open.delete(Number(fd));
    if (name !== "fd_renumber" || fd === to) return;
    this.open.delete(Number(fd));
    this.open.add(Number(to));
  }

  position() {
    const edge = this.pick([0, 1, 100, 4096, 65_536, 131_072]);
    return BigInt(Math.max(0, edge + this.random(7) - 3));
  }

  rights() {
    switch (this.random(9)) {
      case 0:
        return BigInt(RIGHTS.FD_READ | RIGHTS.FD_SEEK);
      case 1:
        return BigInt(RIGHTS.FD_WRITE);
      case 2:
        return ALL & ~BigInt(this.random(2 ** 29));
      default:
        return ALL;
    }
  }

  timeUs() {
    return BigInt(this.random(2 ** 31)) * 1_000_000n;
  }

  sizes() {
    const size = () => this.pick([0, 1, 10, 1000, 5000]) + this.random(9);
    return Array.from({ length: this.random(4) }, size);
  }

  /** @returns {Step} */
  step() {
    const fd = this.fd();
    const dir = this.directory();
    const path = this.path();
    const simple = (name, ...args) => ({
      text: `${name}(${args.join(", ")})`,
      run: (side) => side.call(name, ...args),
    });
    switch (this.random(34)) {
      case 0:
      case 1:
      case 2:
      case 3:
      case 4:
      case 5:
        return this.openStep(dir, path);
      case 6:
      case 7:
        if (this.open.size < MAX_OPEN && this.random(3) > 0) return this.step();
        return simple("fd_close", fd === 3 ? 4 : fd);
      case 8:
      case 9:
        return simple("path_create_directory", dir, path);
      case 10:
        return simple("path_remove_directory", dir, path);
      case 11:
        return simple("path_unlink_file", dir, path);
      case 12:
      case 13:
      case 14:
        return simple("path_rename", dir, path, this.directory(), this.path());
      case 15:
      case 16: {
        const to = this.path();
        return simple("path_link", dir, this.random(2), path, 3, to);
      }
      case 17:
      case 18:
        return simple("path_symlink", this.path(), dir, path);
      case 19:
        return this.readlink(dir, path);
      case 20:
      case 21:
        return this.stat("path_filestat_get", dir, this.random(2), path);
      case 22:
        return this.stat("fd_filestat_get", fd);
      case 23:
        return this.times(dir, path);
      case 24:
        return simple("fd_filestat_set_size", fd, this.position());
      case 25:
        return this.readdir(dir);
      case 26:
        return this.seek(fd);
      case 27:
        return simple("fd_allocate", fd, this.position(), this.position());
      case 28:
        return this.random(4) > 0
          ? simple("fd_sync", fd)
          : simple("fd_renumber", fd === 3 ? 4 : fd, 4 + this.random(6));
      case 29:
        return simple("fd_fdstat_set_flags", fd, this.random(4) === 0 ? 1 : 0);
      case 30:
        return this.transfer(fd, "fd_read");
      case 31:
        return this.transfer(fd, "fd_pread", this.position());
      case 32:
        return this.transfer(fd, "fd_write");
      default:
        return this.transfer(fd, "fd_pwrite", this.position());
    }
  }

  openStep(dir, path) {
    const oflags = this.random(3) === 0 ? this.random(16) : this.random(2);
    const fdflags = this.random(4) === 0 ? 1 : 0;
    const [base, inheriting] = [this.rights(), this.rights()];
    const args = [oflags, base, inheriting, fdflags, RESULT];
    const follow = this.random(3) > 0 ? 1 : 0;
    return {
      text: `path_open(${dir}, ${follow}, ${path}, ${args.join(", ")})`,
      run: async (side) => {
        const said = await side.call("path_open", dir, follow, path, ...args);
        return said === "ok" ? side.u32() : said;
      },
    };
  }

  readlink(dir, path) {
    const size = this.pick([0, 2, 100]);
    return {
      text: `path_readlink(${dir}, ${path}, ${size})`,
      run: async (side) => {
        const args = [dir, path, BYTES, size, RESULT];
        const said = await side.call("path_readlink", ...args);
        return said === "ok" ? side.bytes(BYTES, side.u32()) : said;
      },
    };
  }

  stat(name, ...args) {
    return {
      text: `${name}(${args.join(", ")})`,
      run: async (side) => {
        const said = await side.call(name, ...args, RESULT);
        return said === "ok" ? side.filestat(false) : said;
      },
    };
  }

  times(dir, path) {
    const set = this.random(3);
    const flags = [1, 4, 5][set] ?? 5;
    const args = [dir, this.random(2), path];
    const [atime, mtime] = [this.timeUs(), this.timeUs()];
    return {
      text: `path_filestat_set_times(${args.join(", ")}, ${flags})`,
      run: async (side) => {
        const to = [...args, atime, mtime, flags];
        const said = await side.call("path_filestat_set_times", ...to);
        if (said !== "ok") return said;
        const told = await side.call("path_filestat_get", ...args, RESULT);
        if (told !== "ok") return told;
        const stat = side.filestat(true);
        return {
          ...stat,
          atime: flags & 1 ? stat.atime : 0n,
          mtime: flags & 4 ? stat.mtime : 0n,
        };
      },
    };
  }

  readdir(fd) {
    return {
      text: `fd_readdir(${fd})`,
      run: async (side) => {
        const to = [fd, BYTES, 4096, 0n, RESULT];
        const said = await side.call("fd_readdir", ...to);
        if (said !== "ok") return said;
        const { entries } = await side.rig.readdir(fd, 0n);
        return entries.map(({ name, type }) => `${name} ${type}`).sort();
      },
    };
  }

  seek(fd) {
    const whence = this.random(4);
    const offset = this.position() - BigInt(this.random(200));
    return {
      text: `fd_seek(${fd}, ${offset}, ${whence})`,
      run: async (side) => {
        const said = await side.call("fd_seek", fd, offset, whence, RESULT);
        return said === "ok" ? side.u64() : said;
      },
    };
  }

  transfer(fd, name, ...position) {
    const sizes = this.sizes();
    const fill = this.random(256);
    const total = sizes.reduce((sum, size) => sum + size, 0);
    const reads = name.endsWith("read");
    return {
      text: `${name}(${fd}, [${sizes.join(", ")}], ${position.join("")})`,
      run: async (side) => {
        side.spans(sizes);
        const bytes = new Uint8Array(side.rig.wasm.buffer, BYTES, total);
        bytes.fill(fill);
        const to = [fd, IOVECS, sizes.length, ...position, RESULT];
        const said = await side.call(name, ...to);
        if (said !== "ok") return said;
        return reads ? [side.u32(), side.bytes(BYTES, total)] : side.u32();
      },
    };
  }
}

/**
 * All that is there, from the root down.
 * @param {Side} side
 */
async function everything(side) {
  const { rig } = side;
  const base = BigInt(RIGHTS.FD_READDIR | RIGHTS.FD_READ | RIGHTS.FD_SEEK);
  /** @type {unknown[]} */
  const found = [];
  /** @param {string} path */
  const visit = async (path) => {
    const stat = await rig.stat(path);
    assert.notEqual(typeof stat, "string", `${path}: ${stat}`);
    const { type, size, links } = /** @type {any} */ (stat);
    const directory = type === TYPE.DIRECTORY;
    if (directory) found.push([path, type, DIRECTORY_LINKS ? links : 0]);
    else found.push([path, type, links, size]);
    if (type === TYPE.LINK) {
      await side.call("path_readlink", 3, path, BYTES, 1000, RESULT);
      found.push(side.bytes(BYTES, side.u32()));
    }
    if (type === TYPE.FILE) {
      const fd = await rig.open(path, { base, follow: 0 });
      assert.equal(typeof fd, "number", `${path}: ${fd}`);
      for (let at = 0; at < size; at += 65_536) {
        side.spans([65_536]);
        await side.call("fd_pread", fd, IOVECS, 1, BigInt(at), RESULT);
        found.push(side.bytes(BYTES, side.u32()));
      }
      await side.call("fd_close", fd);
    }
    if (!directory) return;
    const fd = await rig.open(path, { base, oflags: 2, follow: 0 });
    assert.equal(typeof fd, "number", `${path}: ${fd}`);
    const { entries } = await rig.readdir(Number(fd), 0n);
    await side.call("fd_close", fd);
    const names = entries.map(({ name }) => name).sort();
    for (const name of names) {
      if (name !== "." && name !== "..") await visit(`${path}/${name}`);
    }
  };
  await visit(".");
  return found;
}

test("the memory volume answers as a directory of the host does", async (t) => {
  for (let seed = SEED; seed < SEED + PROGRAMS; seed++) {
    const path = mkdtempSync(join(tmpdir(), "gossamer-twins-"));
    defer(t, () => rmSync(path, { recursive: true }));
    const host = node(path);
    defer(t, () => host.close());
    const sides = [memory(), host].map(
      async (volume) => new Side(await wasiRig({ "/": volume })),
    );
    const [ours, theirs] = await Promise.all(sides);
    if (ours === undefined || theirs === undefined) return;
    const maker = new Maker(chance(seed));
    /** @type {string[]} */
    const log = [];
    try {
      for (let step = 1; step <= STEPS; step++) {
        const { text, run } = maker.step();
        log.push(text);
        const expected = await run(theirs);
        const got = await run(ours);
        log[log.length - 1] += ` -> ${String(expected).slice(0, 40)}`;
        assert.deepEqual(got, expected);
        maker.note(text, got);
        if (step % 100 > 0) continue;
        log.push("everything that is there");
        assert.deepEqual(await everything(ours), await everything(theirs));
      }
      assert.deepEqual(ours.rig.reports, []);
      assert.deepEqual(theirs.rig.reports, []);
    } catch (error) {
      const last = log.slice(-25).join("\n  ");
      const { message } = /** @type {Error} */ (error);
      const text = `seed ${seed}, step ${log.length}:\n  ${last}\n${message}`;
      throw new Error(text, { cause: error });
    }
  }
});
