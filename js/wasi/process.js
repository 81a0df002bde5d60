/* One run of a module: its surroundings, its imports by the caller that was
 * chosen, its instance, and its end, which comes once: it has returned, called
 * proc_exit(), trapped or been stopped. Nothing of it runs afterwards. */
import { checkImports, instantiate } from "../contract.js";
import { GossamerError, ProcExit, crashOf, messageOf } from "../errors.js";
import { Namespace } from "../fs/namespace.js";
import { thisPlatform } from "../host/platform.js";
import { createUnlimited } from "../io/sink.js";
import { openStdio } from "../io/stdio.js";
import { Memory, encodeText } from "../memory.js";
import { FDFLAGS } from "./abi.js";
import { blockingWait } from "./block.js";
import { CALLERS } from "./callers/caller.js";
import { Context } from "./context.js";
import { StreamDescriptor } from "./descriptors.js";
import { wasiFunctions } from "./functions.js";
import { openMounts } from "./preopens.js";
import { Timers } from "./timers.js";
import { unstableFunctions } from "./unstable.js";
import { abortError } from "../source.js";

/**
 * @typedef {{ code: number } | { error: unknown }} Outcome
 *
 * @typedef {object} Run
 * @property {WebAssembly.Module} module
 * @property {string} name the module's, for messages
 * @property {string[]} args the program's name first
 * @property {import("./settings.js").Settings} settings
 * @property {Exclude<import("./callers/caller.js").CallerName, "park">} caller
 * @property {import("./settings.js").RunSettings} how
 */

/**
 * Whether standard streams should say that they are non-blocking: Go's library
 * asks them, and its scheduler polls those for one goroutine while the others
 * run. The rest of the world calls a read that waits.
 * @param {Run} run
 */
function pollsStreams({ module, caller, how }) {
  const { customSections } = WebAssembly.Module;
  const go = () => customSections(module, "go:buildid").length > 0;
  return how.nonblocking ?? (caller !== "sync" && go());
}

/** Exports that are the host's business alone. */
const HIDDEN = /^(_start$|_initialize$|asyncify_)/;

/** @param {Outcome} outcome */
function goneError(outcome) {
  const how =
    "error" in outcome
      ? "has crashed"
      : `has ended with exit code ${outcome.code}`;
  return new GossamerError("ECANCELED", `the program ${how}`);
}

export class Process {
  #run;
  #memory = new Memory();
  #timers = new Timers(thisPlatform());
  #stdio;
  #reports;
  #context;
  #calls;
  #caller;
  /** @type {Record<string, any>} */
  #exports = {};
  /** When the call of an export that came last will be over. */
  /** @type {Promise<unknown>} */
  #turn = Promise.resolve();
  /** Rejects the call of an export that goes on. */
  /** @type {((error: unknown) => void) | null} */
  #reject = null;
  /** @type {Outcome | null} */
  #end = null;
  /** @type {(outcome: Outcome) => void} */
  #settle = () => {};
  #onStop = () => {};
  /** @type {Promise<void>} settled by stop() */
  #stopped = new Promise((resolve) => {
    this.#onStop = resolve;
  });
  #onAbort = () => this.stop(0);
  /**
   * How it has ended, once everything is closed.
   * @type {Promise<Outcome>}
   */
  ended;

  /** @param {Run} run */
  constructor(run) {
    this.#run = run;
    const { settings, how, caller } = run;
    this.#stdio = openStdio(settings.stdio, (name, error) => {
      if (name !== "stderr") {
        this.#report(`${name} failed: ${messageOf(error)}`);
      }
    });
    // What is reported waits for its turn, and the program for nothing of it.
    this.#reports = createUnlimited(this.#stdio.stderr, () => {});
    const startMs = performance.now();
    this.#context = new Context({
      memory: this.#memory,
      namespace: new Namespace(),
      args: run.args,
      env: settings.env,
      now: () => performance.now() - startMs,
      after: (callback, delayMs) => this.#timers.after(callback, delayMs),
      exit: (code) => {
        this.#finish({ code });
        throw new ProcExit(code);
      },
      report: (text) => this.#report(text),
      checkEnded: () => this.#checkEnded(),
      block: caller === "sync" && how.blocking ? blockingWait() : null,
    });
    this.#calls = {
      ended: false,
      waits: this.#context.waits,
      report: (/** @type {string} */ text) => this.#report(text),
      settled: (/** @type {Promise<number>} */ answer) => this.#settled(answer),
      unwindBytes: how.unwindBytes,
    };
    this.#caller = CALLERS[caller](this.#calls);
    this.ended = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  /** Opens everything and makes the instance. */
  async prepare() {
    const { module, name, settings } = this.#run;
    const { signal } = settings;
    try {
      await this.#open();
      if (signal?.aborted) throw abortError(name, signal);
      const imports = this.#imports();
      checkImports(module, name, imports);
      this.#exports = await instantiate(module, name, imports);
      if (signal?.aborted) throw abortError(name, signal);
      this.#attach();
      signal?.addEventListener("abort", this.#onAbort);
    } catch (error) {
      this.#onStop();
      this.#fail(error);
      // Whatever was opened is closed before anybody hears of it.
      await this.ended;
      if (!(error instanceof ProcExit)) throw error;
    }
  }

  /**
   * Runs a command.
   * @returns {Promise<Outcome>} how it has ended
   */
  run() {
    if (this.#end !== null) return this.ended;
    void this.#call(this.#caller.enter(this.#exports._start), []).then(
      () => this.#finish({ code: 0 }),
      () => {}, // it has ended by that
    );
    return this.ended;
  }

  /**
   * Makes a reactor ready.
   * @returns {Promise<Record<string, any>>} its exports
   */
  async initialize() {
    const { _initialize: initialize } = this.#exports;
    if (initialize !== undefined) {
      await this.#call(this.#caller.enter(initialize), []);
    }
    const all = Object.entries(this.#exports)
      .filter(([name]) => !HIDDEN.test(name))
      .map(([name, value]) => [name, this.#exported(value)]);
    return Object.freeze(Object.fromEntries(all));
  }

  /**
   * Ends it at once from outside.
   * @param {number} code
   */
  stop(code) {
    this.#onStop();
    this.#finish({ code });
  }

  /**
   * Nothing of it runs any more. What it has open is closed soon after.
   * @param {Outcome} outcome
   */
  #finish(outcome) {
    if (this.#end !== null) return;
    this.#end = outcome;
    this.#calls.ended = true;
    this.#context.waits.last?.cancel();
    this.#timers.close();
    this.#run.settings.signal?.removeEventListener("abort", this.#onAbort);
    const error = "error" in outcome ? outcome.error : goneError(outcome);
    this.#reject?.(error);
    this.#reject = null;
    void this.#close(outcome);
  }

  async #open() {
    const { descriptors } = this.#context;
    const { stdin, stdout, stderr } = this.#stdio;
    const flags = pollsStreams(this.#run) ? FDFLAGS.NONBLOCK : 0;
    for (const stream of [stdin, stdout, stderr]) {
      descriptors.add(new StreamDescriptor(stream, stream.type, flags));
    }
    await openMounts(this.#context, this.#run.settings.mounts);
    for (const stream of this.#run.settings.sockets) {
      descriptors.add(new StreamDescriptor(stream, stream.type, 0));
    }
  }

  #imports() {
    const functions = wasiFunctions(this.#context);
    const imports = {
      wasi_snapshot_preview1: this.#caller.imports(functions),
    };
    const wanted = WebAssembly.Module.imports(this.#run.module);
    if (wanted.every(({ module }) => module !== "wasi_unstable")) {
      return imports;
    }
    const old = unstableFunctions(functions, this.#memory);
    return { ...imports, wasi_unstable: this.#caller.imports(old) };
  }

  #attach() {
    const { memory } = this.#exports;
    if (!(memory instanceof WebAssembly.Memory)) {
      const text = `${this.#run.name} does not export its memory as "memory"`;
      throw new GossamerError("ENOEXEC", text);
    }
    this.#memory.attach(memory);
    this.#caller.attach(this.#exports);
  }

  /** @param {Outcome} outcome */
  async #close(outcome) {
    const open = this.#context.descriptors.clear();
    await Promise.allSettled(open.map((descriptor) => descriptor.close()));
    // Who stops it does not wait for readers that may have gone.
    await Promise.race([this.#stdio.finish(), this.#stopped]);
    this.#exports = {};
    this.#memory.detach();
    this.#settle(outcome);
  }

  /**
   * What the host may call for an export.
   * @param {unknown} value
   */
  #exported(value) {
    if (typeof value !== "function") return value;
    const enter = this.#caller.enter(value);
    if (this.#run.caller === "sync") {
      return (/** @type {any[]} */ ...args) => {
        if (this.#end !== null) throw goneError(this.#end);
        try {
          return enter(...args);
        } catch (error) {
          throw this.#fail(error);
        }
      };
    }
    // One after the other: a C program has one stack in its memory.
    return (/** @type {any[]} */ ...args) => {
      const call = this.#turn.then(() => this.#call(enter, args));
      this.#turn = call.catch(() => {});
      return call;
    };
  }

  /**
   * @param {(...args: any[]) => any} enter
   * @param {any[]} args
   */
  #call(enter, args) {
    return new Promise((resolve, reject) => {
      if (this.#end !== null) {
        reject(goneError(this.#end));
        return;
      }
      this.#reject = reject;
      const run = async () => enter(...args);
      run().then(
        (value) => {
          this.#reject = null;
          resolve(value);
        },
        (error) => this.#fail(error),
      );
    });
  }

  /**
   * What was thrown in wasm ends the program.
   * @param {unknown} error
   * @returns {unknown} what its caller is told
   */
  #fail(error) {
    if (error instanceof ProcExit) this.#finish({ code: error.exitCode });
    else this.#finish({ error: crashOf(error) });
    const end = /** @type {Outcome} */ (this.#end);
    return "error" in end ? end.error : goneError(end);
  }

  /** @param {Promise<number>} answer */
  #settled(answer) {
    return answer.then(
      (errno) => (this.#end === null ? errno : new Promise(() => {})),
      (error) => {
        this.#fail(error);
        return new Promise(() => {});
      },
    );
  }

  #checkEnded() {
    if (this.#end !== null) throw new ProcExit(0);
  }

  /** @param {string} text */
  #report(text) {
    this.#reports.write(encodeText(`${text}\n`));
  }
}
