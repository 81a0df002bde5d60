/* What a volume answered, for code that may wait and throws: errors name the
 * path and have the errno's name as their code. */
import { GossamerError, errnoName } from "../errors.js";

/**
 * What a volume answered, once it has.
 * @template T
 * @param {T | number | Promise<T | number>} answer
 * @param {string} path that it was about
 * @returns {Promise<T>}
 * @throws {GossamerError} for an errno
 */
export async function answered(answer, path) {
  const value = await answer;
  if (typeof value === "number" && value < 0) throw failed(value, path);
  return /** @type {T} */ (value);
}

/** @param {number} answer negative @param {string} path */
export function failed(answer, path) {
  const code = errnoName(answer);
  return new GossamerError(code, `${path}: ${code}`);
}

/** A turn for the page's other tasks; timers would be slow in a hidden one. */
export function turn() {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve(undefined);
    };
    port2.postMessage(null);
  });
}

/** @param {AbortSignal} signal @param {string} path */
export function aborted(signal, path) {
  const text = `${path}: aborted`;
  return new GossamerError("ECANCELED", text, { cause: signal.reason });
}

/**
 * Waits, unless a signal ends that.
 * @template T
 * @param {Promise<T>} promise whose outcome may then be missed
 * @param {AbortSignal | undefined} signal
 * @param {string} path that it is about
 * @returns {Promise<T>}
 * @throws {GossamerError} ECANCELED
 */
export async function until(promise, signal, path) {
  if (signal === undefined) return promise;
  /** @type {() => void} */
  let stop = () => {};
  /** @type {Promise<never>} */
  const ended = new Promise((_resolve, reject) => {
    stop = () => reject(aborted(signal, path));
    signal.addEventListener("abort", stop);
    if (signal.aborted) stop();
  });
  try {
    return await Promise.race([promise, ended]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
