/* Writes a function anew with its checks. A nest of loops looks like this, and
 * `rounds` is a local:
 *
 *   block; loop; block          a check is needed: out of the innermost block
 *     the nest, each loop of which begins with: rounds -= 1; rounds > 0 or out
 *   br 2; end; count in memory, perhaps park; br 0; end; end
 *
 * Back in the nest, jumps over what has been done lead to the loop that left. */
import { Writer } from "./wasm/bytes.mjs";
import { OP, VOID } from "./wasm/instructions.mjs";
import { I32 } from "./wasm/module.mjs";

/**
 * @typedef {import("./wasm/tree.mjs").Block} Block
 * @typedef {import("./wasm/module.mjs").Body} Body
 * @typedef {import("./preempt.mjs").Marks} Marks
 * @typedef {import("./preempt.mjs").Plan} Plan
 */

const DROP = 0x1a;
const SELECT = 0x1b;
const EQ = 0x46;
const LT_S = 0x48;
const GE_S = 0x4e;

/** @param {number} op */
const branches = (op) => op === OP.br || op === OP.br_if || op === OP.br_table;

/** @param {Block} block @returns {number} */
function countLoops({ op, children }) {
  return children.reduce(
    (sum, child) => sum + countLoops(child),
    op === OP.loop ? 1 : 0,
  );
}

export class PreemptWriter {
  #out = new Writer();
  #body;
  #marks;
  #plan;
  /** Blocks that are open in the new code. */
  #depth = 0;
  /** Their number when each block of the old code was opened. @type {number[]} */
  #labels = [];
  #newLocals = 0;
  /** Locals by what they are for. @type {Map<string, number>} */
  #locals = new Map();
  /** The nest that is being written: what its rounds count, and the depth to
   * jump to. @type {{ cost: number, slow: number } | null} */
  #nest = null;

  /** @param {Body} body @param {Marks} marks @param {Plan} plan */
  constructor(body, marks, plan) {
    this.#body = body;
    this.#marks = marks;
    this.#plan = plan;
  }

  /**
   * @param {Block} root
   * @param {boolean} countsEntry
   * @returns {Uint8Array} the new body
   */
  write(root, countsEntry) {
    if (countsEntry) this.#count();
    this.#sequence(0, root.end, root.children);
    this.#out.byte(OP.end);
    const { locals } = this.#body;
    const body = new Writer();
    body.uleb(locals.length + (this.#newLocals > 0 ? 1 : 0));
    for (const { count, type } of locals) {
      body.uleb(count);
      body.raw(type);
    }
    if (this.#newLocals > 0) {
      body.uleb(this.#newLocals);
      body.byte(I32);
    }
    body.raw(this.#out.bytes());
    return body.bytes();
  }

  // ---- instructions

  /** @param {string} purpose */
  #local(purpose) {
    const known = this.#locals.get(purpose);
    if (known !== undefined) return known;
    const index = this.#body.localCount + this.#newLocals++;
    this.#locals.set(purpose, index);
    return index;
  }

  /** @param {number} value */
  #constant(value) {
    this.#out.byte(OP.i32_const);
    this.#out.sleb(value);
  }

  /** @param {string} purpose */
  #get(purpose) {
    this.#out.byte(OP.local_get);
    this.#out.uleb(this.#local(purpose));
  }

  /** @param {string} purpose */
  #set(purpose) {
    this.#out.byte(OP.local_set);
    this.#out.uleb(this.#local(purpose));
  }

  /** @param {number} op @param {...number} type */
  #open(op, ...type) {
    this.#out.byte(op, ...type);
    return this.#depth++;
  }

  #close() {
    this.#out.byte(OP.end);
    this.#depth--;
  }

  /** @param {number} op @param {number} block as #open() numbered it */
  #jump(op, block) {
    this.#out.byte(op);
    this.#out.uleb(this.#depth - 1 - block);
  }

  /** One more in memory; when they are used up, the runtime. */
  #count() {
    const { counter, check } = this.#marks;
    const out = this.#out;
    out.byte(OP.i32_const, 0, OP.i32_const, 0, OP.i32_load, 2);
    out.uleb(counter);
    out.byte(OP.i32_const, 1, OP.i32_sub, OP.local_tee);
    out.uleb(this.#local("counted"));
    out.byte(OP.i32_store, 2);
    out.uleb(counter);
    this.#get("counted");
    out.byte(OP.i32_const, 0, OP.i32_le_s, OP.if, VOID, OP.call);
    out.uleb(check);
    out.byte(DROP, OP.end);
  }

  /** Enough to get back to the loop that left, which passes the beginning of
   * all around it, and for a round of it.
   * @param {Block} outer @param {number} cost of a round */
  #fill(outer, cost) {
    const enough = cost * (countLoops(outer) + 1);
    this.#constant(Math.max(this.#marks.rounds, enough));
    this.#set("rounds");
  }

  // ---- what was there before

  /** Instruction `at`, which opens no block. @param {number} at */
  #instruction(at) {
    const { bytes, code } = this.#body;
    const one = code[at];
    if (one === undefined) return;
    if (one.op === OP.call && one.index === this.#marks.mark) return;
    if (!branches(one.op) && one.op !== OP.rethrow) {
      this.#out.raw(bytes.subarray(one.at, one.end));
      return;
    }
    this.#out.byte(one.op);
    if (one.labels !== undefined) this.#out.uleb(one.labels.length - 1);
    for (const label of one.labels ?? [one.index]) {
      this.#out.uleb(this.#moved(label));
    }
  }

  /** Where a label of the old code is in the new. @param {number} label */
  #moved(label) {
    const block = this.#labels[this.#labels.length - 1 - label];
    return this.#depth - 1 - (block ?? -1);
  }

  /** The type of a block as it was written. @param {Block} block */
  #type(block) {
    const one = this.#body.code[block.begin];
    return this.#body.bytes.subarray((one?.at ?? 0) + 1, one?.end);
  }

  /**
   * Instructions of one block, and the blocks in it.
   * @param {number} from
   * @param {number} to
   * @param {Block[]} children between them
   */
  #sequence(from, to, children) {
    let at = from;
    for (const child of children) {
      for (; at < child.begin; at++) this.#instruction(at);
      this.#block(child);
      at = child.end + 1;
    }
    for (; at < to; at++) this.#instruction(at);
  }

  /** @param {Block} block */
  #block(block) {
    const cost = this.#plan.nests.get(block);
    if (cost !== undefined) {
      this.#writeNest(block, cost);
      return;
    }
    const number = this.#plan.numbers.get(block);
    if (number !== undefined) this.#arriveAt(number);
    this.#openOld(block);
    if (block.op === OP.loop) {
      if (number === undefined) this.#count();
      else this.#round(number);
    }
    this.#arms(block);
  }

  /** @param {Block} block */
  #openOld(block) {
    this.#labels.push(this.#open(block.op));
    this.#out.raw(this.#type(block));
  }

  /** What is in a block, and its end. @param {Block} block */
  #arms(block) {
    const { begin, otherwise, end, children } = block;
    const first = children.filter((child) => child.begin < otherwise);
    this.#arm(begin + 1, otherwise, first);
    if (otherwise < end) {
      this.#instruction(otherwise);
      this.#arm(otherwise + 1, end, children.slice(first.length));
    }
    this.#instruction(end); // `delegate` has operands
    this.#depth--;
    this.#labels.pop();
  }

  // ---- nests

  /** @param {Block} block @returns {number} of the first loop in it, or NaN */
  #firstLoop(block) {
    const own = this.#plan.numbers.get(block);
    if (own !== undefined) return own;
    const numbers = block.children.map((child) => this.#firstLoop(child));
    return numbers.find((number) => number >= 0) ?? NaN;
  }

  /**
   * A sequence in a nest: in front of each block with loops, what precedes it
   * can be jumped over.
   * @param {number} from
   * @param {number} to
   * @param {Block[]} children
   */
  #arm(from, to, children) {
    const targets =
      this.#nest === null
        ? []
        : children.filter((child) => this.#firstLoop(child) >= 0);
    for (const target of [...targets].reverse()) this.#openSkip(target);
    let at = from;
    let done = 0;
    for (const target of targets) {
      const upTo = children.indexOf(target);
      this.#sequence(at, target.begin, children.slice(done, upTo));
      this.#close();
      this.#block(target);
      at = target.end + 1;
      done = upTo + 1;
    }
    this.#sequence(at, to, children.slice(done));
  }

  /** Begins what is jumped over on the way to `target`. An `if` finds its
   * condition behind it. @param {Block} target */
  #openSkip(target) {
    const isIf = target.op === OP.if;
    const skip = this.#open(OP.block, isIf ? I32 : VOID);
    if (isIf) {
      const inElse = target.children.find(
        (child) =>
          child.begin > target.otherwise && this.#firstLoop(child) >= 0,
      );
      this.#get("resumed");
      this.#constant(
        inElse === undefined ? 0x7fffffff : this.#firstLoop(inElse),
      );
      this.#out.byte(LT_S);
    }
    this.#get("resumed");
    this.#constant(this.#firstLoop(target));
    this.#out.byte(GE_S);
    this.#jump(OP.br_if, skip);
    if (isIf) this.#out.byte(DROP);
  }

  /** In front of an inner loop: a jump to it has arrived.
   * @param {number} number */
  #arriveAt(number) {
    this.#constant(0);
    this.#get("resumed");
    this.#get("resumed");
    this.#constant(number);
    this.#out.byte(EQ, SELECT);
    this.#set("resumed");
  }

  /** At the beginning of each round of a loop. @param {number} number */
  #round(number) {
    if (this.#nest === null) return;
    const { cost, slow } = this.#nest;
    this.#get("rounds");
    this.#constant(cost);
    this.#out.byte(OP.i32_sub, OP.local_tee);
    this.#out.uleb(this.#local("rounds"));
    this.#out.byte(OP.i32_const, 0, OP.i32_le_s);
    if (number === 0) {
      this.#jump(OP.br_if, slow);
      return;
    }
    this.#open(OP.if, VOID);
    this.#constant(number);
    this.#set("resumed");
    this.#jump(OP.br, slow);
    this.#close();
  }

  /** @param {Block} outer @param {number} cost */
  #writeNest(outer, cost) {
    this.#fill(outer, cost);
    const exit = this.#open(OP.block);
    this.#out.raw(this.#type(outer));
    const again = this.#open(OP.loop, VOID);
    const slow = this.#open(OP.block, VOID);
    this.#nest = { cost, slow };
    this.#openOld(outer);
    this.#round(0);
    this.#arms(outer);
    this.#nest = null;
    this.#jump(OP.br, exit);
    this.#close();
    this.#count();
    this.#fill(outer, cost);
    this.#jump(OP.br, again);
    this.#close();
    this.#out.byte(OP.unreachable);
    this.#close();
  }
}
