/* A volume as tests want it: every answer is waited for, an errno where none
 * was expected throws by its name, and a transfer is tried again until it is
 * done, as the descriptors above a volume do it. */
import assert from "node:assert/strict";
import { errnoName } from "../../js/errors.js";
import { createStat } from "../../js/fs/volume.js";

/**
 * @typedef {import("../../js/fs/volume.js").Volume} Volume
 * @typedef {import("../../js/fs/volume.js").Node} Node
 * @typedef {import("../../js/fs/volume.js").File} File
 * @typedef {{ [name: string]: string | Uint8Array | Tree }} Tree
 */

const READ_WRITE = { read: true, write: true };
const READ = { read: true, write: false };

/** @param {string | Uint8Array} data */
export function bytesOf(data) {
  return typeof data === "string" ? new TextEncoder().encode(data) : data;
}

/** @param {Uint8Array} bytes */
export function textOf(bytes) {
  return new TextDecoder().decode(bytes);
}

/** Bytes that tell where they are. @param {number} size */
export function pattern(size, seed = 0) {
  const bytes = new Uint8Array(size);
  for (let i = 0; i < size; i++) {
    bytes[i] = (i * 7 + (i >> 8) * 13 + seed) % 251;
  }
  return bytes;
}

/**
 * That two arrays are the same, by a message of one line: a difference of many
 * bytes takes minutes to be put into words.
 * @param {Uint8Array | undefined} got
 * @param {Uint8Array | undefined} expected
 * @param {string} [what]
 */
export function sameBytes(got, expected, what = "the bytes") {
  if (got === undefined || expected === undefined) {
    assert.equal(got, expected, what);
    return;
  }
  assert.equal(got.length, expected.length, `${what}: the length`);
  if (Buffer.compare(got, expected) === 0) return;
  const at = got.findIndex((byte, index) => byte !== expected[index]);
  assert.fail(`${what}: ${got[at]}, not ${expected[at]}, at ${at}`);
}

/**
 * @template T
 * @param {T | number | Promise<T | number>} answer
 * @returns {Promise<Exclude<T, number>>} the object that was answered
 */
async function object(answer) {
  const value = await answer;
  if (typeof value === "number") throw new Error(errnoName(value));
  return /** @type {Exclude<T, number>} */ (value);
}

/**
 * @param {number | Promise<number>} answer
 * @returns {Promise<number>} the number that was answered
 */
async function number(answer) {
  const value = await answer;
  if (value < 0) throw new Error(errnoName(value));
  return value;
}

export class VolumeTool {
  volume;
  /** What the volume is said to have. */
  features;

  /**
   * @param {Volume} volume
   * @param {Record<string, unknown>} [features]
   */
  constructor(volume, features = {}) {
    this.volume = volume;
    this.features = features;
  }

  get root() {
    return this.volume.root;
  }

  /**
   * That an operation is refused.
   * @param {unknown} answer
   * @param {string} name of the errno
   */
  async refuses(answer, name) {
    const value = await answer;
    assert.equal(
      typeof value === "number" && value < 0 ? errnoName(value) : value,
      name,
    );
  }

  /** @param {Node} directory @param {string} name */
  lookup = (directory, name) => object(this.volume.lookup(directory, name));

  /** @param {Node} directory */
  list = (directory) => object(this.volume.list(directory));

  /** The names in a directory, sorted. @param {Node} directory */
  async names(directory) {
    const entries = await this.list(directory);
    return entries.map(({ name }) => name).sort();
  }

  /** @param {Node} directory @param {string} name */
  create = (directory, name) => object(this.volume.create(directory, name));

  /** @param {Node} directory @param {string} name */
  makeDirectory = (directory, name) =>
    object(this.volume.makeDirectory(directory, name));

  /** @param {Node} node @param {Node} directory @param {string} name */
  link = (node, directory, name) =>
    number(this.volume.link(node, directory, name));

  /** @param {Node} directory @param {string} name @param {string} target */
  async symlink(directory, name, target) {
    await number(this.volume.symlink(directory, name, target));
    return this.lookup(directory, name);
  }

  /** @param {Node} link */
  readlink = (link) => object(this.volume.readlink(link));

  /** @param {Node} directory @param {string} name */
  unlink = (directory, name) => number(this.volume.unlink(directory, name));

  /** @param {Node} directory @param {string} name */
  removeDirectory = (directory, name) =>
    number(this.volume.removeDirectory(directory, name));

  /**
   * @param {Node} from
   * @param {string} fromName
   * @param {Node} to
   * @param {string} toName
   */
  rename = (from, fromName, to, toName) =>
    number(this.volume.rename(from, fromName, to, toName));

  /** @param {Node} node */
  async stat(node) {
    const stat = createStat();
    await number(this.volume.stat(node, stat));
    return stat;
  }

  /** @param {Node} node @param {bigint | null} a @param {bigint | null} m */
  setTimes = (node, a, m) => number(this.volume.setTimes(node, a, m));

  /** @param {Node} node */
  open = (node) =>
    object(
      this.volume.openNode(node, this.volume.readOnly ? READ : READ_WRITE),
    );

  /** @param {Node} node */
  openToRead = (node) => object(this.volume.openNode(node, READ));

  /** @param {File} file */
  close = (file) => number(this.volume.closeFile(file));

  /**
   * One transfer: what it answered, once it did not want to wait.
   * @param {() => import("../../js/fs/volume.js").Transfer} transfer
   */
  async transfer(transfer) {
    for (;;) {
      const answer = transfer();
      if (typeof answer === "number") return answer;
      await answer;
    }
  }

  /**
   * Writes all, in as many pieces as the volume takes.
   * @param {File} file
   * @param {number} position
   * @param {string | Uint8Array} data
   */
  async write(file, position, data) {
    const bytes = bytesOf(data);
    for (let at = 0; at < bytes.length;) {
      const where = position < 0 ? position : position + at;
      const count = await number(
        this.transfer(() =>
          this.volume.write(file, where, bytes, at, bytes.length - at),
        ),
      );
      assert.notEqual(count, 0, "a write took nothing and said no error");
      at += count;
    }
  }

  /**
   * Reads all that there is, up to a size.
   * @param {File} file
   * @param {number} position
   * @param {number} size
   */
  async read(file, position, size) {
    // Guards around the target show a read that goes beyond it.
    const guard = 8;
    const bytes = new Uint8Array(size + 2 * guard).fill(0xa5);
    let got = 0;
    while (got < size) {
      const count = await number(
        this.transfer(() =>
          this.volume.read(
            file,
            position + got,
            bytes,
            guard + got,
            size - got,
          ),
        ),
      );
      if (count === 0) break;
      got += count;
    }
    const outside = [...bytes.slice(0, guard), ...bytes.slice(guard + got)];
    assert.ok(
      outside.every((byte) => byte === 0xa5),
      "a read wrote outside of its target",
    );
    return bytes.slice(guard, guard + got);
  }

  /** @param {File} file @param {number} size */
  resize = (file, size) =>
    number(this.transfer(() => this.volume.resize(file, size)));

  /** @param {File} file @param {number} offset @param {number} size */
  allocate = (file, offset, size) =>
    number(this.volume.allocate(file, offset, size));

  /** @param {File} file */
  size = (file) => number(this.volume.size(file));

  /** @param {File} file @param {boolean} [dataOnly] */
  sync = (file, dataOnly = false) => number(this.volume.sync(file, dataOnly));

  /* ---- whole files ---- */

  /**
   * A new file with this content.
   * @param {Node} directory
   * @param {string} name
   * @param {string | Uint8Array} data
   */
  async put(directory, name, data) {
    const node = await this.create(directory, name);
    const file = await this.open(node);
    await this.write(file, 0, data);
    await this.close(file);
    return node;
  }

  /** The content of a file. @param {Node} node */
  async content(node) {
    const file = await this.openToRead(node);
    const bytes = await this.read(file, 0, await this.size(file));
    await this.close(file);
    return bytes;
  }

  /** @param {Node} node */
  async text(node) {
    return textOf(await this.content(node));
  }

  /**
   * Puts a tree of plain objects into a directory.
   * @param {Tree} tree
   * @param {Node} [directory]
   */
  async fill(tree, directory = this.root) {
    for (const [name, value] of Object.entries(tree)) {
      if (typeof value === "string" || value instanceof Uint8Array) {
        await this.put(directory, name, value);
      } else {
        await this.fill(value, await this.makeDirectory(directory, name));
      }
    }
  }
}
