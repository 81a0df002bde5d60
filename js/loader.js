/* load(): compile, check, join the imports, boot; and the running program,
 * until it ends by itself, by stop() or by a trap. */
import { checkExports, checkImports, instantiate } from "./contract.js";
import { GossamerError, crashOf, errnoName, messageOf } from "./errors.js";
import { createHost } from "./host/index.js";
import { thisPlatform } from "./host/platform.js";
import { checkOptions, readOptions } from "./options.js";
import { abortError, openModule } from "./source.js";
import { growing, wantsGrowth } from "./stress.js";

/**
 * @typedef {import("./options.js").LoadOptions} LoadOptions
 * @typedef {import("./source.js").ModuleSource} ModuleSource
 * @typedef {import("./source.js").Opened} Opened
 * @typedef {import("./host/events.js").Outcome} Outcome
 */

/** gs_boot() answers it for a program that has no main(). */
const BOOTED_WITHOUT_MAIN = 1;

/** @param {string} source */
function loadAdvice(source) {
  const list = JSON.stringify(source);
  return `allow it with load(..., { fetch: { allow: [${list}] } })`;
}

/**
 * Loads a Gossamer program and starts it. Its first goroutine runs after the
 * caller of load() had its turn.
 * @param {ModuleSource | PromiseLike<ModuleSource>} source
 * @param {LoadOptions} [options]
 * @returns {Promise<App>}
 */
export async function load(source, options = {}) {
  const { signal } = checkOptions(options);
  return start(await openModule(source, signal), options, loadAdvice);
}

/**
 * @param {Opened} opened
 * @param {LoadOptions} options
 * @param {(source: string) => string} advice how to allow a fetch source
 * @returns {Promise<App>}
 */
export async function start({ module, url, program: own }, options, advice) {
  const settings = readOptions(options, { url, advice, program: own });
  const program = new Program(module, url ?? "the module", settings);
  await program.boot();
  return new App(program);
}

/** What there is of one program behind an App. */
class Program {
  /** @type {(outcome: Outcome) => void} */
  #settle = () => {};
  #name;
  #settings;
  #services;
  #imports;
  #exportNames;
  #hasMain = true;
  /** @type {Outcome | null} */
  #end = null;
  #onAbort = () => this.stop(0);
  module;
  /** @type {Promise<number>} */
  exited;

  /**
   * @param {WebAssembly.Module} module
   * @param {string} name for messages
   * @param {import("./options.js").Settings} settings
   */
  constructor(module, name, settings) {
    this.module = module;
    this.#name = name;
    this.#settings = settings;
    this.#exportNames = checkExports(module, name);
    this.#services = createHost(settings, thisPlatform(), this.#onEnd);
    const { host, imports, preview1 } = this.#services;
    const stressed = (/** @type {import("./stress.js").Imports} */ list) =>
      wantsGrowth(settings.env)
        ? growing(list, () => host.exports.memory)
        : list;
    this.#imports = {
      gossamer: stressed(imports),
      wasi_snapshot_preview1: stressed(preview1),
      env: {
        emscripten_notify_memory_growth: () => host.memory.renew(),
      },
    };
    checkImports(module, name, this.#imports);
    this.exited = new Promise((resolve, reject) => {
      this.#settle = (outcome) => {
        if ("code" in outcome) resolve(outcome.code);
        else reject(outcome.error);
      };
    });
  }

  get calls() {
    return this.#services.calls;
  }

  get signals() {
    return this.#services.signals;
  }

  /** Whether the module has a main(). */
  get hasMain() {
    return this.#hasMain;
  }

  async boot() {
    const { signal } = this.#settings;
    const { host, calls } = this.#services;
    const { events } = host;
    await this.#services.open();
    const exports = await instantiate(this.module, this.#name, this.#imports);
    if (signal?.aborted) throw abortError(this.#name, signal);
    host.exports = exports;
    host.memory.attach(exports.memory);
    events.attach(/** @type {any} */ (exports));
    calls.declare(this.#exportNames);
    const booted = events.enter(() => {
      exports._initialize?.();
      exports.gs_budget(this.#settings.budgetMs);
      return exports.gs_boot();
    });
    if (booted !== undefined && booted < 0) {
      const text = `${this.#name} could not start: ${errnoName(booted)}`;
      events.end({ error: new GossamerError(errnoName(booted), text) });
    }
    this.#hasMain = booted !== BOOTED_WITHOUT_MAIN;
    // A program that exits while it starts has run; one that fails has not.
    if (events.ended) await this.exited;
    if (signal?.aborted) this.stop(0);
    signal?.addEventListener("abort", this.#onAbort);
    events.start();
  }

  /** @param {number} code */
  stop(code) {
    this.#services.host.events.end({ code });
  }

  /** @param {Outcome} outcome */
  #onEnd = (outcome) => {
    const result =
      "error" in outcome
        ? { error: crashOf(outcome.error, this.#fault(outcome.error)) }
        : outcome;
    this.#settings.signal?.removeEventListener("abort", this.#onAbort);
    this.#end = result;
    this.#services.close(result);
    this.#settle(result);
  };

  /** One line for each goroutine. */
  dump() {
    const { host } = this.#services;
    const { events, memory } = host;
    if (events.inside) {
      const text = "dump(): the program is running; ask when it has returned";
      throw new GossamerError("EBUSY", text);
    }
    const text = events.enter(() => {
      const pointer = host.exports.gs_dump_text();
      return pointer === 0 ? null : memory.cString(pointer);
    });
    if (this.#end !== null) {
      return "error" in this.#end
        ? `the program has crashed: ${messageOf(this.#end.error)}`
        : `the program has ended with exit code ${this.#end.code}`;
    }
    if (typeof text === "string") return text;
    throw new GossamerError("ENOMEM", "dump(): the program has no memory left");
  }

  /**
   * The goroutine that ran last: the one call made after a trap.
   * @param {unknown} error
   */
  #fault(error) {
    if (error instanceof GossamerError) return "";
    const { host } = this.#services;
    try {
      return host.memory.cString(host.exports.gs_fault()) ?? "";
    } catch {
      return "";
    }
  }
}

/** A running program. */
export class App {
  #program;

  /**
   * Apps are made by load().
   * @param {Program} program
   */
  constructor(program) {
    this.#program = program;
  }

  /** The compiled module; load() takes it again, without compiling. */
  get module() {
    return this.#program.module;
  }

  /**
   * The exit code, once the program has ended. Rejected when it crashed: a
   * GossamerError with the code "ETRAP" that names the goroutine.
   * @returns {Promise<number>}
   */
  get exited() {
    return this.#program.exited;
  }

  /** Names of the functions that call() can call. */
  get exports() {
    return this.#program.calls.names;
  }

  /** Whether the program has a main(); else it runs until stop(). */
  get hasMain() {
    return this.#program.hasMain;
  }

  /**
   * Runs an exported C function in a goroutine of its own.
   * @param {string} name
   * @param {...unknown} args numbers, BigInts, strings, bytes: as declared in C
   * @returns {Promise<any>} its result
   */
  call(name, ...args) {
    return this.#program.calls.call(name, args);
  }

  /**
   * Sends a signal to the program (gossamer/signal.h). Goroutines that wait
   * for it run soon after.
   * @param {import("./host/signal.js").SignalName | number} signal a name, or
   *   the number of one of the program's own
   * @param {number} [value] an integer of 32 bits that goes with it
   * @returns {boolean} whether the program listens for it
   */
  signal(signal, value = 0) {
    return this.#program.signals.send(signal, value);
  }

  /**
   * What every goroutine does now, one line each; after the end, how it ended.
   * For people: the words may change.
   * @returns {string}
   * @throws {GossamerError} "EBUSY" when the program itself is what called the
   *   page's code, as it does for a line of output
   */
  dump() {
    return this.#program.dump();
  }

  /**
   * Ends the program at once; nothing of it runs afterwards.
   * @param {number} [code] the exit code
   * @returns {Promise<number>} as `exited`
   */
  stop(code = 0) {
    if (!Number.isInteger(code)) {
      const text = `stop(): the exit code must be an integer, got ${code}`;
      return Promise.reject(new GossamerError("EINVAL", text));
    }
    this.#program.stop(code);
    return this.exited;
  }
}
