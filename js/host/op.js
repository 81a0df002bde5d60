/* Operations that C waits for, by token. One in the table has an owner that
 * will complete it; one that was cancelled is not in the table any more, and
 * its owner must not touch the goroutine's buffers. */
import { u32 } from "../memory.js";

/**
 * @typedef {object} OpOwner
 * @property {(token: number) => void} cancelOp gives up the operation
 *
 * @typedef {import("./events.js").Events} Events
 */

export class Ops {
  /** @type {Map<number, OpOwner>} */
  #owners = new Map();
  #events;

  /** @param {Events} events */
  constructor(events) {
    this.#events = events;
  }

  get size() {
    return this.#owners.size;
  }

  /** @param {number} token whether somebody still waits for it */
  has(token) {
    return this.#owners.has(token);
  }

  /**
   * @param {number} token
   * @param {OpOwner} owner
   */
  start(token, owner) {
    this.#owners.set(token, owner);
  }

  /**
   * Completes a pending operation; another token is ignored.
   * @param {number} token
   * @param {number} result
   */
  complete(token, result) {
    if (this.#owners.delete(token)) this.#events.complete(token, result);
  }

  /** @param {number} token of an operation that C has forgotten itself */
  drop(token) {
    this.#owners.delete(token);
  }

  /** @param {number} token */
  cancel(token) {
    const owner = this.#owners.get(token);
    if (owner === undefined) return;
    this.#owners.delete(token);
    owner.cancelOp(token);
  }

  /** Cancels all: the program has ended. */
  close() {
    for (const token of [...this.#owners.keys()]) this.cancel(token);
  }
}

/** @param {Ops} ops */
export function opImports(ops) {
  return {
    /** @param {number} token */
    op_cancel: (token) => ops.cancel(u32(token)),
  };
}
