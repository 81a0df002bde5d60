/* A workload: an endless list of operations, made by chance from a seed and
 * from what the model has, so that page and verifier make the same one. A
 * crash is a place in the list where what was to follow is given up; whoever
 * knows the places goes through the list again. */
import { chance, seedOf } from "../helpers/chance.js";
import { Model } from "./model.js";
import { PLANS } from "./plans.js";

/**
 * @typedef {import("./model.js").Op} Op
 *
 * @typedef {object} Crash
 * @property {number} done how many operations came before it
 * @property {boolean} torn whether the next one, a write, was done in part; it
 *   is done again then
 */

/** Operations of one life have keys of their own. */
const OPS_A_LIFE = 2 ** 20;

export class Workload {
  model;
  /** How many operations were done. */
  done = 0;
  #kind;
  #seed;
  #life = 0;
  /** @type {Generator<Omit<Op, "key">, void, number>} */
  #plan;
  /** @type {Op | null} the operation that follows, once it was asked for */
  #next = null;
  #lastKey = 0;

  /**
   * @param {string} kind one of PLANS
   * @param {number} seed
   * @param {{ keepsBytes?: boolean, crashes?: Crash[] }} [options] crashes it
   *   went through before
   */
  constructor(kind, seed, { keepsBytes = false, crashes = [] } = {}) {
    this.#kind = kind;
    this.#seed = seed;
    this.model = new Model(keepsBytes);
    this.#plan = this.#newPlan();
    for (const crash of crashes) {
      while (this.done < crash.done) this.advance();
      this.crash(crash.torn);
    }
  }

  #newPlan() {
    const plan = PLANS[this.#kind];
    if (plan === undefined) throw new Error(`no workload ${this.#kind}`);
    return plan(this.model, chance(seedOf(this.#seed, this.#life)));
  }

  /** The next operation, which has not been done. @returns {Op} */
  peek() {
    if (this.#next === null) {
      const { value } = this.#plan.next(this.#lastKey);
      if (value === undefined) throw new Error("a workload never ends");
      const key = this.#life * OPS_A_LIFE + this.done + 1;
      this.#next = { ...value, key };
    }
    return this.#next;
  }

  /** The next operation, done in the model. @returns {Op} */
  advance() {
    const op = this.peek();
    this.model.apply(op);
    this.#next = null;
    this.#lastKey = op.key;
    this.done++;
    return op;
  }

  /** @param {boolean} torn see Crash */
  crash(torn) {
    this.#next = torn ? this.peek() : null;
    this.model.crash();
    this.#life++;
    this.#plan = this.#newPlan();
  }
}
