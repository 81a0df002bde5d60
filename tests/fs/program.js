/* Programs made by chance: the same operations on a volume and on the model,
 * which must agree in every answer and at the end in all that is there. The
 * same seed makes the same program; a failure names it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { errnoName } from "../../js/errors.js";
import { TYPE } from "../../js/fs/volume.js";
import { chance } from "../helpers/chance.js";
import {
  VolumeTool,
  bytesOf,
  pattern,
  sameBytes,
  textOf,
} from "../helpers/volume.js";
import { Model } from "./model.js";

const TYPES = {
  file: TYPE.FILE,
  directory: TYPE.DIRECTORY,
  link: TYPE.LINK,
};
const NAMES = ["a", "b", "c", "ü"];
/** Where files in blocks have their edges. */
const EDGES = [0, 1, 64, 4096, 65_536, 131_072, 262_144];
const MAX_OPEN = 6;

/** An errno's name, "" for success. @param {unknown} answer */
async function said(answer) {
  const value = await answer;
  return typeof value === "number" && value < 0 ? errnoName(value) : "";
}

export class Program {
  model = new Model();
  /** @type {{ id: number, file: any }[]} */
  open = [];
  /** @type {string[]} what was done, for the one who looks for the fault */
  log = [];
  fs;
  features;
  random;

  /**
   * @param {VolumeTool} fs
   * @param {import("./cases.js").Features} features
   * @param {number} seed
   */
  constructor(fs, features, seed) {
    this.fs = fs;
    this.features = features;
    this.random = chance(seed);
  }

  /** @template T @param {T[]} list @returns {T} */
  pick(list) {
    const one = list[this.random(list.length)];
    if (one === undefined) throw new Error("nothing to pick from");
    return one;
  }

  /** @param {string} path of what there is */
  async node(path) {
    let node = this.fs.root;
    for (const name of path.split("/").slice(1)) {
      node = await this.fs.lookup(node, name);
    }
    return node;
  }

  /** A directory and a name in it, which may be there or not. */
  async place() {
    const directory = this.pick(this.model.all("directory"));
    const name = this.pick(NAMES);
    const node = await this.node(directory);
    return { node, name, path: `${directory}/${name}` };
  }

  position() {
    return Math.max(0, this.pick(EDGES) + this.random(7) - 3);
  }

  size() {
    return this.random(3) === 0 ? this.random(70_000) : this.random(80);
  }

  /**
   * @param {string} what
   * @param {unknown} got
   * @param {unknown} expected
   */
  same(what, got, expected) {
    this.log.push(`${what} -> ${JSON.stringify(expected)}`.slice(0, 100));
    assert.deepEqual(got, expected, what);
  }

  async step() {
    const { fs, model } = this;
    const { volume } = fs;
    const kind = this.random(16);
    const { node, name, path } = await this.place();
    switch (kind) {
      case 0:
      case 1:
        this.same(
          `create ${path}`,
          await said(volume.create(node, name)),
          model.make(path, "file"),
        );
        break;
      case 2:
        this.same(
          `makeDirectory ${path}`,
          await said(volume.makeDirectory(node, name)),
          model.make(path, "directory"),
        );
        break;
      case 3:
        this.same(
          `unlink ${path}`,
          await said(volume.unlink(node, name)),
          model.unlink(path),
        );
        break;
      case 4:
        this.same(
          `removeDirectory ${path}`,
          await said(volume.removeDirectory(node, name)),
          model.removeDirectory(path),
        );
        break;
      case 5:
      case 6: {
        const to = await this.place();
        this.same(
          `rename ${path} ${to.path}`,
          await said(volume.rename(node, name, to.node, to.name)),
          model.rename(path, to.path),
        );
        break;
      }
      case 7: {
        if (!this.features.hardLinks) return;
        const from = this.pick([...model.paths.keys()]);
        this.same(
          `link ${from} ${path}`,
          await said(volume.link(await this.node(from), node, name)),
          model.link(from, path),
        );
        break;
      }
      case 8:
        if (!this.features.symlinks) return;
        this.same(
          `symlink ${path}`,
          await said(volume.symlink(node, name, path)),
          model.make(path, "link", bytesOf(path)),
        );
        break;
      case 9:
        await this.openOne();
        break;
      case 10:
        await this.closeOne();
        break;
      default:
        await this.move(kind);
    }
  }

  async openOne() {
    const files = this.model.all("file");
    if (files.length === 0 || this.open.length >= MAX_OPEN) return;
    const path = this.pick(files);
    const file = await this.fs.open(await this.node(path));
    this.open.push({ id: this.model.paths.get(path) ?? -1, file });
    this.log.push(`open ${path}`);
  }

  async closeOne() {
    if (this.open.length === 0) return;
    const at = this.random(this.open.length);
    const [{ id, file } = { id: -1, file: null }] = this.open.splice(at, 1);
    await this.fs.close(file);
    this.log.push(`close file ${id}`);
  }

  /** Something with an open file. @param {number} kind */
  async move(kind) {
    const { fs, model } = this;
    if (this.open.length === 0) return;
    const { id, file } = this.pick(this.open);
    const position = this.position();
    const size = this.size();
    if (kind <= 13) {
      const where = this.random(4) === 0 ? -1 : position;
      const data = pattern(size, this.random(250));
      this.log.push(`write file ${id}: ${size} bytes at ${where}`);
      await this.write(id, file, where, data);
    } else if (kind === 14) {
      this.log.push(`resize file ${id} to ${position}`);
      await fs.resize(file, position);
      model.resize(id, position);
    } else {
      this.log.push(`read file ${id}: ${size} bytes at ${position}`);
      const expected = model.read(id, position, size);
      sameBytes(await fs.read(file, position, size), expected);
    }
    assert.equal(fs.volume.size(file), model.files.get(id)?.bytes.length);
  }

  /**
   * @param {number} id
   * @param {unknown} file
   * @param {number} where -1: at the end
   * @param {Uint8Array} data
   */
  async write(id, file, where, data) {
    await this.fs.write(file, where, data);
    this.model.write(id, where, data);
  }

  /** Everything that there is, on both sides. */
  async compare() {
    const { fs, model } = this;
    for (const [path, id] of model.paths) {
      const file = model.at(path);
      const node = await this.node(path);
      const stat = await fs.stat(node);
      assert.equal(stat.type, TYPES[file?.type ?? "file"], path);
      if (file?.type !== "directory" || this.features.directoryLinks) {
        assert.equal(stat.links, model.links(id), `links of ${path}`);
      }
      if (file?.type === "directory") {
        assert.deepEqual(await fs.names(node), model.names(path), path);
      } else {
        assert.equal(stat.sizeBytes, file?.bytes.length, `size of ${path}`);
      }
      if (file?.type === "link") {
        assert.equal(await fs.readlink(node), textOf(file.bytes));
      }
      if (file?.type === "file") {
        sameBytes(await fs.content(node), file.bytes, path);
      }
    }
    for (const { id, file } of this.open) {
      const size = fs.volume.size(file);
      const expected = model.files.get(id)?.bytes;
      sameBytes(await fs.read(file, 0, size), expected);
    }
  }

  async end() {
    while (this.open.length > 0) await this.closeOne();
    await this.compare();
  }
}

/**
 * Registers a test that runs programs made by chance.
 * @param {import("./cases.js").Subject} subject
 * @param {object} extent
 * @param {number} extent.programs how many
 * @param {number} extent.steps of each
 * @param {number} [extent.seed] of the first
 * @param {(fs: VolumeTool) => void} [extent.check] at the end of each, when
 *   all is closed
 */
export function volumePrograms(subject, { programs, steps, seed = 1, check }) {
  const { name, create, features } = subject;
  test(`${name}: as the model, in programs made by chance`, async (t) => {
    for (let one = seed; one < seed + programs; one++) {
      const volume = await create(t, {});
      await volume.open();
      const fs = new VolumeTool(volume);
      const program = new Program(fs, features, one);
      try {
        for (let step = 1; step <= steps; step++) {
          await program.step();
          if (step % 64 === 0) await program.compare();
        }
        await program.end();
        check?.(fs);
      } catch (error) {
        const last = program.log.slice(-12).join("\n  ");
        const { message } = /** @type {Error} */ (error);
        const text = `seed ${one}, after:\n  ${last}\n${message}`;
        throw new Error(text, { cause: error });
      }
    }
  });
}
