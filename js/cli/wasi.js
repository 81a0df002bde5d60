/* `gossamer wasi`: a WASI program in Node, with directories of the host as its
 * files, the terminal as its input and output, and its exit code as the
 * command's. Where its calls cannot wait otherwise the thread does: it has
 * nothing else to do here. */
import { readSync } from "node:fs";
import { isatty } from "node:tty";
import { parseVariable } from "../attributes.js";
import { ERRNO, messageOf } from "../errors.js";
import { TYPE } from "../fs/volume.js";
import { createSource } from "../io/source.js";
import { SIDE, Stream } from "../io/stream.js";
import { WASI } from "../wasi/index.js";
import { DIRECTORY_OPTIONS, hostMounts } from "./directories.js";
import {
  EXIT,
  STDERR,
  STDIN,
  STDOUT,
  codeOf,
  complain,
  pause,
  standardInput,
  writeAll,
} from "./terminal.js";

export const WASI_COMMAND = /** @type {const} */ ({
  form: "gossamer wasi PROGRAM.wasm",
  options: {
    env: { type: "string", multiple: true },
    ...DIRECTORY_OPTIONS,
    caller: { type: "string" },
    "unwind-bytes": { type: "string" },
  },
});

/** What can be written at once, for poll_oneoff. */
const ROOM_BYTES = 65_536;

/** @param {number} fd */
const typeOf = (fd) => (isatty(fd) ? TYPE.CHARACTER_DEVICE : TYPE.UNKNOWN);

/** Standard output or error. */
class HostOutput extends Stream {
  #fd;
  #type;
  #onBroken;

  /**
   * @param {number} fd
   * @param {(error: unknown) => void} onBroken
   */
  constructor(fd, onBroken) {
    super();
    this.#fd = fd;
    this.#type = typeOf(fd);
    this.#onBroken = onBroken;
  }

  /** @override */
  get type() {
    return this.#type;
  }

  /** @override */
  get writable() {
    return true;
  }

  /**
   * @param {Uint8Array} bytes
   * @param {number} at
   * @param {number} size
   * @override
   */
  write(bytes, at, size) {
    try {
      writeAll(this.#fd, bytes.subarray(at, at + size));
      return size;
    } catch (error) {
      this.#onBroken(error);
      return -ERRNO.EPIPE;
    }
  }

  /**
   * @param {number} side
   * @override
   */
  ready(side) {
    return side === SIDE.WRITE ? ROOM_BYTES : -ERRNO.EBADF;
  }
}

/** Standard input: waited for, or read by a thread that stops. */
class HostInput extends Stream {
  #type = typeOf(STDIN);
  #source = createSource(standardInput(), (error) => {
    complain(`standard input failed: ${messageOf(error)}`);
  });
  #stops;

  /** @param {() => boolean} stops whether the thread may and has to stop */
  constructor(stops) {
    super();
    this.#stops = stops;
  }

  /** @override */
  get type() {
    return this.#type;
  }

  /** @override */
  get readable() {
    return true;
  }

  /** @override */
  get arrivals() {
    return this.#source.arrivals;
  }

  /**
   * @param {Uint8Array} bytes
   * @param {number} at
   * @param {number} size
   * @param {boolean} [peek]
   * @override
   */
  read(bytes, at, size, peek) {
    if (!this.#stops()) return this.#source.read(bytes, at, size, peek);
    for (;;) {
      try {
        return readSync(STDIN, bytes, at, size, null);
      } catch (error) {
        const code = codeOf(error);
        if (code === "EOF") return 0;
        if (code !== "EAGAIN") return -ERRNO.EIO;
        pause();
      }
    }
  }

  /**
   * Whether a read would stop the thread cannot be asked.
   * @param {number} side
   * @override
   */
  ready(side) {
    if (this.#stops() && side === SIDE.READ) return 1;
    return this.#source.ready(side);
  }

  /** @override */
  demand() {
    if (!this.#stops()) this.#source.demand();
  }

  /**
   * @param {number} side
   * @param {() => void} wake
   * @override
   */
  watch(side, wake) {
    return this.#source.watch(side, wake);
  }

  /** @override */
  close() {
    this.#source.close();
  }
}

/**
 * @param {string} program
 * @param {string[]} args
 * @param {{
 *   env?: string[],
 *   dir?: string[],
 *   readonly?: boolean,
 *   caller?: string,
 *   "unwind-bytes"?: string,
 * }} values
 * @returns {Promise<number>} the exit code
 */
export async function runWasi(program, args, values) {
  const { env = [] } = values;
  let broken = false;
  /** @param {unknown} error */
  const onBroken = (error) => {
    if (broken) return;
    broken = true;
    void wasi.stop(EXIT.BROKEN_PIPE);
    if (codeOf(error) !== "EPIPE") {
      complain(`cannot write: ${messageOf(error)}`);
    }
  };
  const wasi = new WASI({
    args,
    env: Object.fromEntries(env.map(parseVariable)),
    mounts: hostMounts(values),
    stdin: new HostInput(() => wasi.caller === "sync"),
    stdout: new HostOutput(STDOUT, onBroken),
    stderr: new HostOutput(STDERR, onBroken),
  });
  const { caller, "unwind-bytes": unwind } = values;
  // What the program waits for may be nothing that Node knows of.
  setInterval(() => {}, 2 ** 30);
  return wasi.start(program, {
    caller: /** @type {import("../wasi/index.js").CallerName} */ (caller),
    blocking: true,
    unwindBytes: unwind === undefined ? undefined : Number(unwind),
  });
}
