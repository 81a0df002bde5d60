/* The entry of the WASI host: `import { WASI } from "gossamer/wasi"` runs
 * modules of any tool chain that are built for WASI preview1, in a page or in
 * Node, without blocking it. */
import { exportNames } from "../contract.js";
import { GossamerError } from "../errors.js";
import { start } from "../loader.js";
import { invalid, programName } from "../options.js";
import { openModule } from "../source.js";
import { chooseCaller } from "./callers/caller.js";
import { Process } from "./process.js";
import { readRun, readSettings } from "./settings.js";

export { ERRNO, GossamerError } from "../errors.js";
export { copyTree } from "../fs/copy.js";
export { memory } from "../fs/memory.js";
export { exportTar, importTar } from "../fs/tar.js";
export { SymbolicLink, exportTree, importTree } from "../fs/transfer.js";
export { Listener } from "../io/listener.js";
export { createPipe, socketPair } from "../io/pipe.js";
export { Terminal } from "../io/terminal.js";
export { fromWeb, toReadable, toWritable } from "../io/web.js";
export { fromWebSocket } from "../io/websocket.js";

/**
 * @typedef {import("./settings.js").WasiOptions} WasiOptions
 * @typedef {import("./settings.js").RunOptions} RunOptions
 * @typedef {import("./callers/caller.js").CallerName} CallerName
 * @typedef {import("../source.js").ModuleSource} ModuleSource
 * @typedef {import("./process.js").Outcome} Outcome
 *
 * What runs: how to end it.
 * @typedef {{ stop: (code: number) => void }} Running
 */

/** @param {string} source */
function fetchAdvice(source) {
  return `a Gossamer program that fetches ${source} is run by load()`;
}

/** Runs WASI modules, one at a time. */
export class WASI {
  #settings;
  /** @type {CallerName | null} */
  #caller = null;
  #busy = false;
  /** @type {Running | null} */
  #running = null;
  /** @type {number | null} said by stop() before there was anything to stop */
  #stopped = null;
  /** When the module that runs has ended. */
  /** @type {Promise<void>} */
  #done = Promise.resolve();
  #onDone = () => {};

  /**
   * @param {WasiOptions} [options]
   * @throws {GossamerError} "EINVAL" for a mistake in them
   */
  constructor(options = {}) {
    this.#settings = readSettings(options);
  }

  /**
   * How the calls of the module that was run last wait: "park" in a goroutine,
   * "jspi" by the engine, "asyncify" by the module itself, "sync" not at all.
   */
  get caller() {
    return this.#caller;
  }

  /**
   * Runs a command: a module with _start.
   * @param {ModuleSource | PromiseLike<ModuleSource>} source
   * @param {RunOptions} [options]
   * @returns {Promise<number>} its exit code, when it has ended and all that it
   *   had open is closed. Rejected with a GossamerError: "ETRAP" when it
   *   crashed; "ENOEXEC" when it is no command, or wants what is not there;
   *   "EBUSY" when another module runs; "ENOTSUP" when the caller cannot run
   *   it; "ECANCELED" when it was aborted before it began
   */
  async start(source, options = {}) {
    const how = readRun(options);
    this.#begin();
    try {
      const opened = await openModule(source, this.#settings.signal);
      const caller = await this.#choose(opened, how.caller);
      if (caller === "park") return await this.#load(opened);
      const process = await this.#prepare(opened, caller, how, "_start");
      const outcome = await process.run();
      if ("error" in outcome) throw outcome.error;
      return outcome.code;
    } finally {
      this.#free();
    }
  }

  /**
   * Makes a reactor ready: a module without _start, whose exports are called.
   * It lives until stop(), proc_exit() or a trap.
   * @param {ModuleSource | PromiseLike<ModuleSource>} source
   * @param {RunOptions} [options]
   * @returns {Promise<Record<string, any>>} its exports, after _initialize() if
   *   it has one. Under "jspi" and "asyncify" its functions answer Promises and
   *   are called one after the other. Calls fail with "ETRAP" when they crash,
   *   and with "ECANCELED" once the program has ended. Rejected as start()
   */
  async initialize(source, options = {}) {
    const how = readRun(options);
    this.#begin();
    try {
      const opened = await openModule(source, this.#settings.signal);
      const caller = await this.#choose(opened, how.caller);
      if (caller === "park") {
        const text = `${opened.url ?? "the module"} is a Gossamer program`;
        throw new GossamerError("ENOEXEC", `${text}: load() runs it`);
      }
      const process = await this.#prepare(opened, caller, how, "_initialize");
      const exports = await process.initialize();
      void process.ended.then(() => this.#free());
      return exports;
    } catch (error) {
      this.#free();
      throw error;
    }
  }

  /**
   * Ends the program at once; nothing of it runs afterwards. Does nothing when
   * there is none.
   * @param {number} [code] the exit code
   * @returns {Promise<void>} settled when all that it had open is closed
   */
  async stop(code = 0) {
    if (!Number.isInteger(code)) {
      const text = `stop(): the exit code must be an integer, got ${code}`;
      throw new GossamerError("EINVAL", text);
    }
    if (this.#running === null) this.#stopped = code;
    else this.#running.stop(code);
    await this.#done;
  }

  #begin() {
    if (this.#busy) {
      const text = "a WASI object runs one module at a time; make another one";
      throw new GossamerError("EBUSY", text);
    }
    this.#busy = true;
    this.#stopped = null;
    this.#done = new Promise((resolve) => {
      this.#onDone = resolve;
    });
  }

  #free() {
    this.#busy = false;
    this.#running = null;
    this.#onDone();
  }

  /**
   * @param {import("../source.js").Opened} opened
   * @param {unknown} wanted
   */
  async #choose({ module, url }, wanted) {
    const caller = await chooseCaller(module, url ?? "the module", wanted);
    this.#caller = caller;
    return caller;
  }

  /**
   * @param {import("../source.js").Opened} opened
   * @param {Exclude<CallerName, "park">} caller
   * @param {import("./settings.js").RunSettings} how
   * @param {"_start" | "_initialize"} entry
   */
  async #prepare({ module, url }, caller, how, entry) {
    const name = url ?? "the module";
    checkEntry(module, name, entry);
    const settings = this.#settings;
    const program = settings.name ?? programName(url);
    const args = [program, ...settings.args];
    const process = new Process({ module, name, args, settings, caller, how });
    await process.prepare();
    this.#attach({ stop: (code) => process.stop(code) });
    return process;
  }

  /** @param {Running} running */
  #attach(running) {
    this.#running = running;
    if (this.#stopped !== null) running.stop(this.#stopped);
  }

  /**
   * A Gossamer program is run as load() runs it.
   * @param {import("../source.js").Opened} opened
   */
  async #load(opened) {
    const { given, name, sockets } = this.#settings;
    if (sockets.length > 0) {
      throw invalid("option sockets: a Gossamer program takes none");
    }
    const { args, env, mounts, signal, terminal } = given;
    const shown = terminal?.open();
    const options = {
      ...{ args, env, mounts, signal },
      stdin: given.stdin ?? shown?.stdin ?? "",
      stdout: given.stdout ?? shown?.stdout,
      stderr: given.stderr ?? shown?.stderr,
    };
    const program = { ...opened, program: name ?? undefined };
    const app = await start(program, options, fetchAdvice);
    if (!app.hasMain) {
      await app.stop();
      const text = `${opened.url ?? "the module"} has no main() to run`;
      throw new GossamerError("ENOEXEC", text);
    }
    this.#attach({ stop: (code) => void app.stop(code) });
    return app.exited;
  }
}

/**
 * @param {WebAssembly.Module} module
 * @param {string} name
 * @param {"_start" | "_initialize"} entry what it is to have
 */
function checkEntry(module, name, entry) {
  const names = exportNames(module);
  const command = names.has("_start");
  if (command === (entry === "_start")) return;
  const is = command
    ? "is a command: run it with start()"
    : names.has("_initialize")
      ? "is a reactor, without _start: use initialize()"
      : "exports neither _start nor _initialize: it is no program for WASI";
  throw new GossamerError("ENOEXEC", `${name} ${is}`);
}
