/* The owner of an operation that runs to its end though nobody waits for it any
 * more, for js/host/op.js. To ask there by the token would not do: another
 * operation may have the number by then. Apart, since only a part needs it. */

export class Waiter {
  givenUp = false;
  /** @type {AbortController | null} */
  #controller = null;

  /** For what can be stopped after all. */
  get signal() {
    this.#controller ??= new AbortController();
    return this.#controller.signal;
  }

  cancelOp() {
    this.givenUp = true;
    this.#controller?.abort();
  }
}
