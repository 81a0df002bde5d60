/* Stops the thread for a time: for the caller that can do nothing else, where
 * nobody is kept from anything by it. */
import { GossamerError } from "../errors.js";

/**
 * @returns {(ms: number) => void}
 * @throws {GossamerError} "ENOTSUP" where the thread must not be stopped: in a
 *   page
 */
export function blockingWait() {
  // A page's memory may be shared among workers where its buffers may not.
  const shared = new WebAssembly.Memory({
    initial: 1,
    maximum: 1,
    shared: true,
  });
  const cell = new Int32Array(shared.buffer);
  try {
    Atomics.wait(cell, 0, 0, 0);
  } catch (error) {
    const text =
      "option blocking: a page's main thread may not be stopped; run the " +
      "program in a worker";
    throw new GossamerError("ENOTSUP", text, { cause: error });
  }
  return (ms) => void Atomics.wait(cell, 0, 0, ms);
}
