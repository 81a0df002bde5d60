/* A host for tests of its services: a real memory, a made-up platform, and
 * exports that note what they were called with. */
import { createHost } from "../../js/host/index.js";
import { createOutput } from "../../js/output.js";
import { fakePlatform } from "./platform.js";

const PAGE_BYTES = 65_536;

/**
 * @param {Partial<import("../../js/host/index.js").HostSettings>} [settings]
 */
export function fakeHost(settings = {}) {
  const surroundings = fakePlatform();
  /** @type {string[]} */
  const stderr = [];
  /** @type {string[]} */
  const stdout = [];
  /** @type {import("../../js/host/events.js").Outcome[]} */
  const outcomes = [];
  /** @type {[token: number, result: number][]} */
  const completed = [];
  /** @type {((token: number) => void)[]} */
  const waiting = [];
  const services = createHost(
    {
      args: ["app.wasm"],
      env: {},
      budgetMs: 8,
      stdout: createOutput((line) => void stdout.push(line)),
      stderr: createOutput((line) => void stderr.push(line)),
      canvas: undefined,
      http: {
        allows: () => true,
        baseUrl: null,
        advice: (source) => `advice for ${source}`,
      },
      stdin: undefined,
      mounts: {},
      cwd: "/",
      ...settings,
    },
    surroundings.platform,
    (outcome) => outcomes.push(outcome),
  );
  const { host } = services;
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 16 });
  host.memory.attach(memory);
  const entries = {
    gs_pump: () => -1,
    gs_frame_event: (/** @type {number} */ _timestampMs) => -1,
    gs_complete: (
      /** @type {number} */ token,
      /** @type {number} */ result,
    ) => {
      completed.push([token, result]);
      waiting.splice(0).forEach((resolve) => resolve(token));
    },
  };
  host.events.attach(entries);
  return {
    ...services,
    ...surroundings,
    wasm: memory,
    entries,
    stdout,
    stderr,
    outcomes,
    completed,
    size: PAGE_BYTES,
    /** When the next completion comes. */
    completion: () =>
      new Promise((resolve) => {
        waiting.push(resolve);
      }),
    /**
     * Writes text into memory.
     * @param {number} at
     * @param {string} text
     */
    put(at, text) {
      const bytes = new TextEncoder().encode(text);
      new Uint8Array(memory.buffer).set(bytes, at);
      return bytes.length;
    },
    /**
     * Reads text from memory.
     * @param {number} at
     * @param {number} size
     */
    peek(at, size) {
      const bytes = new Uint8Array(memory.buffer, at, size);
      return new TextDecoder().decode(bytes);
    },
  };
}
