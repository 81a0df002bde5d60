/* What a page has for tests of volumes, as `window.gs`: the volumes, the tool
 * and the cases of tests/fs, programs that use them. It is bundled with them for
 * the page by helpers/volume-page.js. */
import { volumeCases } from "../fs/cases.js";
import { volumePrograms } from "../fs/program.js";
import { deleteVolume, indexeddb, listVolumes } from "../../js/fs/indexeddb.js";
import { memory } from "../../js/fs/memory.js";
import { load } from "../../js/index.js";
import { WASI } from "../../js/wasi/index.js";
import { runTests } from "./page-test.js";
import { VolumeTool, pattern, textOf } from "./volume.js";

/** @typedef {import("../../js/fs/indexeddb.js").IndexedDBOptions} Options */

// Of Node's, what helpers/volume.js uses.
globalThis.Buffer ??= /** @type {any} */ ({
  /** @param {Uint8Array} a @param {Uint8Array} b */
  compare: (a, b) => (a.every((byte, index) => byte === b[index]) ? 0 : 1),
});

/** What volumes told their onTrouble. @type {string[]} */
const troubles = [];

/**
 * Opens a volume.
 * @param {string} name
 * @param {Options} [options]
 */
async function mount(name, options = {}) {
  const volume = indexeddb(name, {
    onTrouble: ({ code, message }) => troubles.push(`${code}: ${message}`),
    ...options,
  });
  const opened = await volume.open();
  return { volume, fs: new VolumeTool(volume), opened };
}

/**
 * The node of a path, which begins with a slash.
 * @param {VolumeTool} fs
 * @param {string} path
 */
async function find(fs, path) {
  let node = fs.root;
  for (const name of path.split("/").slice(1)) {
    node = await fs.lookup(node, name);
  }
  return node;
}

/**
 * The content of a file; "ENOENT" and the like when it cannot be had.
 * @param {VolumeTool} fs
 * @param {string} path
 */
async function text(fs, path) {
  try {
    return await fs.text(await find(fs, path));
  } catch (error) {
    return /** @type {Error} */ (error).message;
  }
}

/**
 * Writes a file in the root, made when it is not there, and leaves it open.
 * @param {VolumeTool} fs
 * @param {string} name
 * @param {string | Uint8Array} data
 * @param {number} [at]
 */
async function write(fs, name, data, at = 0) {
  const known = await fs.volume.lookup(fs.root, name);
  const node =
    typeof known === "number" ? await fs.create(fs.root, name) : known;
  const file = await fs.open(node);
  await fs.write(file, at, data);
  return file;
}

/**
 * When the file at a path has this text.
 * @param {VolumeTool} fs
 * @param {string} path
 * @param {string} wanted
 */
async function shows(fs, path, wanted) {
  while ((await text(fs, path)) !== wanted) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Bytes as a text that tells them from others. @param {Uint8Array} bytes */
function sum(bytes) {
  let total = 0;
  for (const byte of bytes) total = (total * 31 + byte) % 2 ** 45;
  return `${bytes.length} bytes, ${total}`;
}

/**
 * All that there is, as texts.
 * @param {VolumeTool} fs
 * @param {any} [directory]
 * @param {string} [path]
 * @returns {Promise<string[]>}
 */
async function dump(fs, directory = fs.root, path = "") {
  const lines = [];
  for (const name of await fs.names(directory)) {
    const node = await fs.lookup(directory, name);
    const { type, links, mtimeNs } = await fs.stat(node);
    const about = `${path}/${name}: ${type}, ${links} links, ${mtimeNs}`;
    const isDirectory = type === 3;
    if (isDirectory) lines.push(about);
    else if (type === 7) lines.push(`${about}, ${await fs.readlink(node)}`);
    else lines.push(`${about}, ${sum(await fs.content(node))}`);
    if (isDirectory) lines.push(...(await dump(fs, node, `${path}/${name}`)));
  }
  return lines;
}

/**
 * Runs a C program of a test; all that it said.
 * @param {string} address
 * @param {string[]} args
 * @param {Record<string, any>} mounts
 */
async function run(address, args, mounts) {
  /** @type {string[]} */
  const lines = [];
  const say = (/** @type {string} */ line) => lines.push(line);
  const app = await load(address, { args, mounts, stdout: say, stderr: say });
  const code = await app.exited;
  return { code, lines };
}

Object.assign(window, {
  gs: {
    ...{ WASI, VolumeTool, deleteVolume, dump, find, indexeddb, listVolumes },
    ...{ load, memory, mount, pattern, run, runTests, shows, sum, text },
    ...{ textOf, troubles, volumeCases, volumePrograms, write },
  },
});
