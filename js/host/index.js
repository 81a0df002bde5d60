/* Joins the services behind the module "gossamer": the same names, in the same
 * order, as src/host/host.h. */
import { ProcExit, messageOf } from "../errors.js";
import { createSource } from "../io/source.js";
import { Memory, encodeText } from "../memory.js";
import { createCalls } from "./call.js";
import { createCanvas } from "./canvas.js";
import { Events } from "./events.js";
import { createLibc } from "./libc.js";
import { frameImports } from "./frame.js";
import { createHttp } from "./http.js";
import { Ops, opImports } from "./op.js";
import { createPoller } from "./poller.js";
import { programImports } from "./program.js";
import { createSignals } from "./signal.js";

/**
 * What the services of one program share.
 * @typedef {object} Host
 * @property {import("./platform.js").Platform} platform
 * @property {Memory} memory
 * @property {Events} events
 * @property {Ops} ops
 * @property {import("../output.js").Output} stdout
 * @property {import("../output.js").Output} stderr
 * @property {Record<string, any>} exports of the instance, once it is there
 * @property {() => number} now milliseconds since the program's start
 * @property {(text: string) => void} report writes a line to stderr
 * @property {() => void} checkEnded leaves wasm if the program has been ended
 *
 * @typedef {object} HostSettings
 * @property {readonly string[]} args the program's name first
 * @property {Record<string, string>} env
 * @property {number} budgetMs
 * @property {import("../output.js").Output} stdout
 * @property {import("../output.js").Output} stderr
 * @property {import("./canvas.js").Canvas | undefined} canvas
 * @property {import("../http/policy.js").Policy} http
 * @property {readonly import("../parts.js").Part[]} [parts]
 * @property {import("../io/source.js").SourceOption | undefined} stdin
 * @property {Record<string, import("../fs/namespace.js").MountOption>} mounts
 * @property {string} cwd
 */

/**
 * @param {HostSettings} settings
 * @param {import("./platform.js").Platform} platform
 * @param {(outcome: import("./events.js").Outcome) => void} onEnd
 */
export function createHost(settings, platform, onEnd) {
  const startMs = platform.now();
  const memory = new Memory();
  const events = new Events(platform, settings.budgetMs, onEnd);
  const { stdout, stderr } = settings;
  /** @type {Host} */
  const host = {
    platform,
    memory,
    events,
    ops: new Ops(events),
    stdout,
    stderr,
    exports: {},
    now: () => platform.now() - startMs,
    report(text) {
      stderr.flush();
      stderr.write(encodeText(`${text}\n`));
      host.checkEnded();
    },
    checkEnded() {
      // A callback of the page may have stopped the program it was called by.
      if (events.ended && events.inside) throw new ProcExit(0);
    },
  };
  const canvas = createCanvas(host, settings.canvas);
  const http = createHttp(host, settings.http);
  const stdin = createSource(settings.stdin, (error) => {
    host.report(`standard input failed: ${messageOf(error)}`);
  });
  const signals = createSignals(host);
  const calls = createCalls(host);
  const libc = createLibc(host, stdin, settings);
  const poller = createPoller(host.ops, libc.context.descriptors);
  const parts = (settings.parts ?? []).map((part) =>
    part.create(host, { policy: settings.http }),
  );

  return {
    host,
    calls,
    signals,
    stdin,
    imports: {
      ...programImports(host),
      ...opImports(host.ops),
      ...frameImports(events),
      ...canvas.imports,
      ...http.imports,
      ...poller.imports,
      ...signals.imports,
      ...calls.imports,
      ...libc.imports,
      ...Object.assign({}, ...parts.map(({ imports }) => imports)),
    },
    /** The module "wasi_snapshot_preview1". */
    preview1: libc.preview1,
    /** Makes ready what can only be had by waiting, before the program starts. */
    open: () => libc.open(),
    /**
     * Lets go of everything after the program's end.
     * @param {import("./events.js").Outcome} outcome
     */
    close(outcome) {
      host.ops.close();
      canvas.close();
      http.close();
      poller.close();
      signals.close();
      calls.close(outcome);
      libc.close();
      for (const part of parts) part.close();
      stdout.close();
      stderr.close();
      host.exports = {};
      memory.detach();
    },
  };
}
