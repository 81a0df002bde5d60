/* The WASI functions over mounts, without a module: a memory, and calls by
 * name that take texts for pointers and sizes and answer errnos by name. */
import { errnoName } from "../../js/errors.js";
import { Namespace } from "../../js/fs/namespace.js";
import { Memory } from "../../js/memory.js";
import { RIGHTS } from "../../js/wasi/abi.js";
import { Context } from "../../js/wasi/context.js";
import { wasiFunctions } from "../../js/wasi/functions.js";
import { openMounts } from "../../js/wasi/preopens.js";

/** Where calls in tests have their results written. */
export const RESULT = 64;
const TEXTS = 4096;
const BUFFER = 65_536;
const BUFFER_BYTES = 65_536;
const PAGES = 4;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Rights to do with a file what can be done with one. */
export const USE =
  BigInt(RIGHTS.FD_READ | RIGHTS.FD_WRITE | RIGHTS.FD_SEEK) |
  BigInt(RIGHTS.FD_FILESTAT_GET | RIGHTS.FD_TELL | RIGHTS.FD_READDIR);

/** @param {number} error */
const named = (error) => (error === 0 ? "ok" : errnoName(error));

/**
 * @typedef {object} OpenHow
 * @property {number} [at] the directory's descriptor
 * @property {number} [oflags]
 * @property {bigint} [base]
 * @property {bigint} [inheriting]
 * @property {number} [fdflags]
 * @property {number} [follow] lookupflags
 */

/**
 * @param {Parameters<typeof openMounts>[1]} mounts
 */
export async function wasiRig(mounts) {
  const wasm = new WebAssembly.Memory({ initial: PAGES });
  const memory = new Memory();
  memory.attach(wasm);
  /** @type {string[]} */
  const reports = [];
  const context = new Context({
    memory,
    namespace: new Namespace(),
    args: [],
    env: {},
    now: () => 0,
    after: () => () => {},
    exit(code) {
      throw new Error(`exit ${code}`);
    },
    report: (text) => void reports.push(text),
    checkEnded() {},
    block: null,
  });
  // The three numbers of the standard streams are taken.
  const { descriptors } = context;
  const taken = /** @type {any} */ ({ kind: "stream", rights: 0, close() {} });
  for (let fd = 0; fd < 3; fd++) descriptors.add(taken);
  await openMounts(context, mounts);
  const wasi = wasiFunctions(context);
  const view = () => new DataView(wasm.buffer);

  /**
   * Begins a call. Texts and bytes become a pointer and a size.
   * @param {string} name
   * @param {(number | bigint | string | Uint8Array)[]} args
   * @returns {number | Promise<number>}
   */
  function begin(name, ...args) {
    let at = TEXTS;
    const numbers = args.flatMap((arg) => {
      if (typeof arg === "number" || typeof arg === "bigint") return [arg];
      const bytes = typeof arg === "string" ? encoder.encode(arg) : arg;
      new Uint8Array(wasm.buffer).set(bytes, at);
      at += bytes.length;
      return [at - bytes.length, bytes.length];
    });
    return /** @type {Function} */ (wasi[name])(...numbers);
  }

  /**
   * @param {string} name
   * @param {(number | bigint | string | Uint8Array)[]} args
   * @returns {Promise<string>} "ok" or the errno's name
   */
  async function call(name, ...args) {
    return named(await begin(name, ...args));
  }

  /**
   * @param {string | Uint8Array} path
   * @param {OpenHow} [how]
   */
  function beginOpen(path, how = {}) {
    const { at = 3, oflags = 0, fdflags = 0, follow = 1 } = how;
    const { base = USE, inheriting = 0n } = how;
    const args = [oflags, base, inheriting, fdflags, RESULT];
    return begin("path_open", at, follow, path, ...args);
  }

  /**
   * @param {string | Uint8Array} path
   * @param {OpenHow} [how]
   * @returns {Promise<number | string>} the descriptor, or the errno's name
   */
  async function open(path, how) {
    const error = await beginOpen(path, how);
    return error === 0 ? view().getUint32(RESULT, true) : named(error);
  }

  /**
   * @param {number} fd
   * @param {Uint8Array} bytes
   */
  async function write(fd, bytes) {
    new Uint8Array(wasm.buffer).set(bytes, BUFFER);
    view().setUint32(RESULT, BUFFER, true);
    view().setUint32(RESULT + 4, bytes.length, true);
    return call("fd_write", fd, RESULT, 1, RESULT + 8);
  }

  /** @param {number} fd */
  async function readFrom(fd) {
    view().setUint32(RESULT, BUFFER, true);
    view().setUint32(RESULT + 4, BUFFER_BYTES, true);
    const error = await call("fd_read", fd, RESULT, 1, RESULT + 8);
    if (error !== "ok") return error;
    const size = view().getUint32(RESULT + 8, true);
    return decoder.decode(new Uint8Array(wasm.buffer, BUFFER, size));
  }

  return {
    context,
    reports,
    wasi,
    wasm,
    view,
    begin,
    beginOpen,
    call,
    open,
    size: PAGES * 65_536,
    /** @param {number} error */
    named,

    /**
     * Makes a file with a text in it.
     * @param {string} path
     * @param {string} [text]
     * @param {OpenHow} [how]
     */
    async put(path, text = "", how = {}) {
      const fd = await open(path, { oflags: 1, ...how });
      if (typeof fd === "string") return fd;
      const error = text === "" ? "ok" : await write(fd, encoder.encode(text));
      await call("fd_close", fd);
      return error;
    },

    /**
     * The text of a file, or why there is none.
     * @param {string} path
     * @param {OpenHow} [how]
     */
    async text(path, how) {
      const fd = await open(path, { base: 2n, ...how });
      if (typeof fd === "string") return fd;
      const text = await readFrom(fd);
      await call("fd_close", fd);
      return text;
    },

    /**
     * What a path is, or why there is nothing.
     * @param {string} path
     * @param {number} [follow]
     * @param {number} [at]
     */
    async stat(path, follow = 0, at = 3) {
      const error = await call("path_filestat_get", at, follow, path, RESULT);
      if (error !== "ok") return error;
      const data = view();
      return {
        device: data.getBigUint64(RESULT, true),
        ino: data.getBigUint64(RESULT + 8, true),
        type: data.getUint8(RESULT + 16),
        links: Number(data.getBigUint64(RESULT + 24, true)),
        size: Number(data.getBigUint64(RESULT + 32, true)),
        atimeNs: data.getBigUint64(RESULT + 40, true),
        mtimeNs: data.getBigUint64(RESULT + 48, true),
      };
    },

    /**
     * @param {number} fd
     * @returns {{ type: number, flags: number, base: bigint, inheriting: bigint }}
     */
    fdstat(fd) {
      const error = begin("fd_fdstat_get", fd, RESULT);
      if (error !== 0) throw new Error(named(/** @type {number} */ (error)));
      const data = view();
      return {
        type: data.getUint8(RESULT),
        flags: data.getUint16(RESULT + 2, true),
        base: data.getBigUint64(RESULT + 8, true),
        inheriting: data.getBigUint64(RESULT + 16, true),
      };
    },

    /**
     * One call of fd_readdir.
     * @param {number} fd
     * @param {bigint} cookie
     * @param {number} [bytes] of the buffer
     */
    async readdir(fd, cookie, bytes = BUFFER_BYTES) {
      const args = [BUFFER, bytes, cookie, RESULT];
      const error = await call("fd_readdir", fd, ...args);
      if (error !== "ok") throw new Error(error);
      const used = view().getUint32(RESULT, true);
      const data = new DataView(wasm.buffer, BUFFER, used);
      const entries = [];
      let at = 0;
      while (at + 24 <= used) {
        const size = data.getUint32(at + 16, true);
        if (at + 24 + size > used) break;
        const name = new Uint8Array(wasm.buffer, BUFFER + at + 24, size);
        entries.push({
          next: data.getBigUint64(at, true),
          ino: data.getBigUint64(at + 8, true),
          type: data.getUint8(at + 20),
          name: decoder.decode(name),
        });
        at += 24 + size;
      }
      return { entries, used, whole: at };
    },
  };
}
