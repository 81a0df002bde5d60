/* What the tests of the http volume share: a server of files with a volume on
 * it, and ways to look at answers. */
import assert from "node:assert/strict";
import { errnoName } from "../../js/errors.js";
import { http } from "../../js/fs/http.js";
import { startFiles } from "./files-server.js";
import { VolumeTool, pattern } from "./volume.js";

export const BLOCK = 65_536;
export const READ = { read: true, write: false };

/**
 * @param {import("node:test").TestContext} t
 * @param {Record<string, string | Uint8Array>} files
 * @param {object} [options] the volume's
 * @param {import("../helpers/files-server.js").Behaviour} [behaviour]
 * @param {string} [below] the base address within the server
 */
export async function setUp(
  t,
  files,
  options = {},
  behaviour = {},
  below = "",
) {
  const server = await startFiles(t, files, behaviour);
  /** @type {string[]} */
  const told = [];
  const volume = http(server.url + below, {
    report: (text) => told.push(text),
    ...options,
  });
  assert.equal(await volume.open(), 0);
  const fs = new VolumeTool(volume);
  /** What it was asked since the last time. */
  const asked = () => server.asked.splice(0);
  return { server, volume, fs, root: volume.root, told, asked };
}

/** @param {VolumeTool} fs @param {string} path */
export async function nodeAt(fs, path) {
  let node = fs.root;
  const names = path.split("/");
  for (const [at, name] of names.entries()) {
    const answer = await fs.volume.lookup(node, name, at < names.length - 1);
    if (typeof answer === "number") {
      assert.fail(`${path}: ${errnoName(answer)}`);
    }
    node = answer;
  }
  return node;
}

/** @param {VolumeTool} fs @param {string} path */
export const openAt = async (fs, path) => fs.openToRead(await nodeAt(fs, path));

/** @param {number | Promise<any> | object} answer */
export async function errno(answer) {
  const value = await answer;
  return typeof value === "number" && value < 0 ? errnoName(value) : value;
}

/**
 * The bytes of one read that says how many, or its errno's name.
 * @param {import("../../js/fs/volume.js").Volume} volume
 * @param {any} file
 * @param {number} position
 * @param {number} count
 */
export async function readOnce(volume, file, position, count) {
  const bytes = new Uint8Array(count);
  for (;;) {
    const got = volume.read(file, position, bytes, 0, count);
    if (typeof got === "number") {
      return got < 0 ? errnoName(got) : bytes.subarray(0, got);
    }
    await got;
  }
}

/** @param {number} count */
export const size = (count) => pattern(count, 7);
