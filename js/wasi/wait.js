/* Calls that cannot answer at once. A function of WASI answers a number, or a
 * Promise of one that was made here and nowhere else: between its steps nothing
 * of the call runs once it was given up, so that whoever cancels knows that no
 * memory is touched and no descriptor made afterwards. */
import { ERRNO } from "../errors.js";

/**
 * What a WASI function answers: an errno, now or later.
 * @typedef {number | Promise<number>} Result
 */

/** One call that waits. */
export class Waiting {
  cancelled = false;
  /** Ends what it waits for now. */
  stop = () => {};
  /** @type {Turn | null} the turn that it has, or stands in line for */
  turn = null;

  /** Gives the call up: nothing of it runs any more. */
  cancel() {
    if (this.cancelled) return;
    this.cancelled = true;
    this.stop();
    this.turn?.leave(this);
  }
}

/** Calls on one side of one descriptor go one after the other. */
export class Turn {
  /** @type {Waiting | null} whose turn it is, while that one waits */
  holder = null;
  /** @type {{ waiting: Waiting, wake: () => void }[]} */
  #line = [];

  /**
   * @param {Waiting} waiting
   * @param {() => void} wake called when its turn has come
   */
  stand(waiting, wake) {
    waiting.turn = this;
    this.#line.push({ waiting, wake });
  }

  /** @param {Waiting} waiting that has the turn, or stands in line */
  leave(waiting) {
    waiting.turn = null;
    if (this.holder === waiting) {
      const next = this.#line.shift();
      this.holder = next?.waiting ?? null;
      next?.wake();
    } else {
      this.#line = this.#line.filter((one) => one.waiting !== waiting);
    }
  }
}

export class Waits {
  /** @type {Waiting | null} the call that goes on just now */
  #current = null;
  /** @type {Waiting | null} the call that began to wait last */
  #last = null;
  #report;

  /** @param {(error: unknown) => void} report told of what should not happen */
  constructor(report) {
    this.#report = report;
  }

  /** The call whose Promise was answered last, for a caller to cancel it. */
  get last() {
    return this.#last;
  }

  /**
   * Goes on with `next` when the answer is there: at once, or later.
   * @template T
   * @param {T | Promise<T>} answer
   * @param {(answer: T) => Result} next
   * @param {(answer: T) => void} [undo] called instead of `next` when the call
   *   was given up, to let go of what was answered
   * @returns {Result}
   */
  then(answer, next, undo) {
    return answer instanceof Promise
      ? this.after(answer, next, undo)
      : next(answer);
  }

  /**
   * @template T
   * @param {Promise<T>} promise
   * @param {(answer: T) => Result} next
   * @param {(answer: T) => void} [undo] as then()
   * @returns {Promise<number>}
   */
  after(promise, next, undo) {
    const waiting = this.#begin();
    return promise.then(
      (answer) => {
        if (waiting.cancelled) undo?.(answer);
        return this.#resume(waiting, () => next(answer));
      },
      (error) => {
        // A volume that rejects is wrong; the program gets an errno for it.
        this.#report(error);
        return this.#resume(waiting, () => ERRNO.EIO);
      },
    );
  }

  /**
   * Goes on when `watch` has called what it is given.
   * @param {(wake: () => void) => () => void} watch answers what ends it
   * @param {() => Result} next
   * @returns {Promise<number>}
   */
  until(watch, next) {
    const waiting = this.#begin();
    const woken = new Promise((resolve) => {
      waiting.stop = watch(() => resolve(undefined));
    });
    return woken.then(() => {
      waiting.stop = () => {};
      return this.#resume(waiting, next);
    });
  }

  /**
   * Whether the call that goes on now may use one side of a descriptor.
   * @param {Turn} turn
   */
  mayEnter(turn) {
    return turn.holder === null || turn.holder === this.#current;
  }

  /**
   * Goes on when it is this call's turn.
   * @param {Turn} turn
   * @param {() => Result} next
   * @returns {Promise<number>}
   */
  stand(turn, next) {
    const waiting = this.#begin();
    /** @type {Promise<void>} */
    const woken = new Promise((resolve) => turn.stand(waiting, resolve));
    return woken.then(() => this.#resume(waiting, next));
  }

  /**
   * What the answered Promise belongs to keeps the turn until it ends.
   * @param {Turn} turn
   * @param {Promise<number>} promise just made by after() or until()
   */
  hold(turn, promise) {
    if (this.#last !== null) {
      turn.holder = this.#last;
      this.#last.turn = turn;
    }
    return promise;
  }

  #begin() {
    this.#last = this.#current ?? new Waiting();
    return this.#last;
  }

  /**
   * @param {Waiting} waiting
   * @param {() => Result} next
   * @returns {Result}
   */
  #resume(waiting, next) {
    if (waiting.cancelled) return ERRNO.ECANCELED;
    const before = this.#current;
    this.#current = waiting;
    /** @type {Result} */
    let result = ERRNO.EIO;
    try {
      result = next();
    } finally {
      this.#current = before;
      // Whoever did not begin another wait has come to the call's end.
      if (typeof result === "number") waiting.turn?.leave(waiting);
    }
    return result;
  }
}
