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
