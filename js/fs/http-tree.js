/* What an http volume knows of its files before it has asked: the list of them
 * that the page gave, if any, as a tree. */
import { GossamerError } from "../errors.js";
import { MAX_SIZE_BYTES, TYPE } from "./volume.js";

/**
 * @typedef {import("./http-source.js").Facts} Facts
 *
 * What is known of one file. Its size in bytes alone will do; null: nothing.
 * @typedef {object} Listed
 * @property {number} [size] in bytes
 * @property {string | number} [mtime] a date, or milliseconds since 1970
 *
 * The files of a volume, all of them: paths below the base address without a
 * slash before them; one that ends in a slash is an empty directory.
 * @typedef {readonly string[] |
 *   Readonly<Record<string, number | Listed | null>>} Manifest
 */

const NS_PER_MS = 1_000_000n;

/** A file or directory of the server. */
export class HttpNode {
  /** @type {Map<string, HttpNode> | null} by name, of a listed directory */
  children = null;
  type;
  path;
  ino;
  facts;

  /**
   * @param {number} type
   * @param {string} path below the base address
   * @param {Facts} [facts]
   */
  constructor(
    type,
    path,
    facts = { sizeBytes: -1, mtimeNs: 0n, validator: "" },
  ) {
    this.type = type;
    this.path = path;
    this.ino = inoOf(path);
    this.facts = facts;
  }

  /** @param {string} name */
  pathOf(name) {
    return this.path === "" ? name : `${this.path}/${name}`;
  }
}

/**
 * The same path is the same inode, without keeping a list of them (FNV-1a,
 * twice).
 * @param {string} path
 */
function inoOf(path) {
  let low = 0x811c9dc5;
  let high = 0x01000193;
  for (let at = 0; at < path.length; at++) {
    const code = path.charCodeAt(at);
    low = Math.imul(low ^ code, 0x01000193);
    high = Math.imul(high ^ code, 0x01000193) + low;
  }
  const ino = (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
  return ino === 0n ? 1n : ino;
}

/**
 * @param {string} path
 * @param {string} why
 */
function bad(path, why) {
  return new GossamerError("EINVAL", `manifest: "${path}": ${why}`);
}

/**
 * @param {string} path
 * @param {unknown} said
 * @returns {Facts}
 */
function factsOf(path, said) {
  const { size, mtime } = /** @type {Listed} */ (
    typeof said === "number" ? { size: said } : (said ?? {})
  );
  const sizeBytes = size ?? -1;
  const fits = Number.isInteger(sizeBytes) && sizeBytes <= MAX_SIZE_BYTES;
  if (!fits || (size !== undefined && size < 0)) throw bad(path, "no size");
  const ms = typeof mtime === "string" ? Date.parse(mtime) : (mtime ?? 0);
  if (!Number.isFinite(ms)) throw bad(path, "no date");
  const mtimeNs = BigInt(Math.max(0, Math.floor(ms))) * NS_PER_MS;
  return { sizeBytes, mtimeNs, validator: "" };
}

/**
 * @param {unknown} manifest a Manifest, if it is right
 * @returns {HttpNode} the root of the tree
 * @throws {GossamerError} EINVAL
 */
export function parseManifest(manifest) {
  const root = new HttpNode(TYPE.DIRECTORY, "");
  root.children = new Map();
  if (typeof manifest !== "object" || manifest === null) {
    throw bad("", "neither an object nor an array");
  }
  const files = Array.isArray(manifest)
    ? manifest.map((path) => /** @type {const} */ ([path, null]))
    : Object.entries(manifest);
  for (const [path, said] of files) {
    if (typeof path !== "string") throw bad(String(path), "no path");
    const names = path.split("/");
    const file = names.pop() ?? "";
    let at = root;
    for (const name of names) at = child(at, name, TYPE.DIRECTORY, path);
    if (file === "") continue;
    if (at.children?.has(file)) throw bad(path, "listed twice");
    child(at, file, TYPE.FILE, path).facts = factsOf(path, said);
  }
  return root;
}

/**
 * @param {HttpNode} directory
 * @param {string} name
 * @param {number} type
 * @param {string} path for the words
 * @returns {HttpNode} there already, or made
 */
function child(directory, name, type, path) {
  if (name === "" || name === "." || name === ".." || name.includes("\0")) {
    throw bad(path, "no path below the base address");
  }
  const there = directory.children?.get(name);
  if (there !== undefined) {
    if (there.type !== type) throw bad(path, `"${name}" is a file as well`);
    return there;
  }
  const made = new HttpNode(type, directory.pathOf(name));
  if (type === TYPE.DIRECTORY) made.children = new Map();
  directory.children?.set(name, made);
  return made;
}
