/* Preemption: which functions and loops of a module are checked, and how. The
 * rule is in gossamer/preempt.h; preempt_writer.mjs writes the code. A nest of
 * loops that cannot leave the stack counts in a local and jumps to a check
 * outside of it, so that Asyncify leaves it whole. */
import {
  callsPointer,
  countedEntries,
  leavingStack,
  readCalls,
} from "./calls.mjs";
import { PreemptWriter } from "./preempt_writer.mjs";
import { OP } from "./wasm/instructions.mjs";
import { readTree } from "./wasm/tree.mjs";

/**
 * @typedef {import("./wasm/module.mjs").Module} Module
 * @typedef {import("./wasm/module.mjs").Func} Func
 * @typedef {import("./wasm/instructions.mjs").Instruction} Instruction
 * @typedef {import("./wasm/tree.mjs").Block} Block
 */

/** Exported by src/sched/slice.c. */
const MARK = "gs__preempt_mark";
const COUNTER = "gs__preempt_counter";
const CHECK = "gs__checkpoint";

/** Rounds of a nest between two counts. */
const ROUNDS = 1024;
/** What a round counts that calls something. */
const ROUND_WITH_CALL = 64;
/** Instructions of a round that counts once. */
const ROUND_INSTRUCTIONS = 256;

/**
 * @typedef {object} Marks
 * @property {number} counter its address
 * @property {number} check the function to call
 * @property {number} mark the function whose calls are taken out
 * @property {number} rounds of a nest between two counts
 */

/** @param {Module} module */
function findMarks(module) {
  const mark = module.exported(MARK);
  const counter = module.exported(COUNTER);
  const check = module.exported(CHECK);
  if (mark === undefined || counter === undefined || check === undefined) {
    throw new RangeError(
      "no function is to be checked: PREEMPT wants sources of its own",
    );
  }
  const address = module
    .body(counter)
    .code.find(({ op }) => op === OP.i32_const)?.index;
  if (address === undefined) throw new RangeError(`${COUNTER} is no constant`);
  return { mark: mark.index, check: check.index, counter: address };
}

/**
 * How the loops of a function are checked: by a count in memory, or as part of
 * a nest that counts in a local.
 * @typedef {object} Plan
 * @property {Map<Block, number>} nests the outermost loops of nests, with what
 *   a round of each of their loops counts
 * @property {Map<Block, number>} numbers of the loops in nests; 0: outermost
 */

/** @param {Block} loop @returns {Block[]} it and all in it */
function within(loop) {
  return [loop, ...loop.children.flatMap(within)];
}

/** Whether a jump can be led from the beginning of `outer` to each loop in it.
 * @param {Block} outer @returns {boolean} */
function canEnter(outer) {
  return outer.children.every((child) => {
    const hasLoop = within(child).some(({ op }) => op === OP.loop);
    if (!hasLoop) return true;
    return child.height === 0 && !child.params && canEnter(child);
  });
}

/** @param {Block} outer */
const holdsTry = (outer) =>
  within(outer).some(({ op }) => op === OP.try || op === OP.try_table);

/**
 * @param {Instruction[]} code
 * @param {Block} root
 * @param {(at: number) => "leaves" | "calls" | "stays"} kind of an instruction
 * @returns {Plan}
 */
function makePlan(code, root, kind) {
  const nests = new Map();
  const numbers = new Map();
  /** @param {Block} outer */
  const look = (outer) => {
    if (outer.op === OP.loop && outer.begin >= 0 && addNest(outer)) return;
    outer.children.forEach(look);
  };
  /** @param {Block} outer */
  const addNest = (outer) => {
    if (outer.params || holdsTry(outer) || !canEnter(outer)) return false;
    let cost = 1 + Math.floor((outer.end - outer.begin) / ROUND_INSTRUCTIONS);
    for (let at = outer.begin; at < outer.end; at++) {
      const what = kind(at);
      if (what === "leaves") return false;
      if (what === "calls") cost = ROUND_WITH_CALL;
    }
    nests.set(outer, cost);
    within(outer)
      .filter(({ op }) => op === OP.loop)
      .forEach((loop, number) => numbers.set(loop, number));
    return true;
  };
  look(root);
  return { nests, numbers };
}

const BULK = 0xfc008;
const SIMD = 0xfd000;

/**
 * @param {Module} module
 * @param {Func} func
 * @param {Marks} marks
 * @param {Set<number>} leaving functions
 * @param {boolean} countsEntry
 */
function rewrite(module, func, marks, leaving, countsEntry) {
  const body = module.body(func);
  const { code } = body;
  const root = readTree(module, code);
  const plan = makePlan(code, root, (at) => {
    const { op, index } = code[at] ?? { op: 0, index: 0 };
    if (callsPointer(op)) return "leaves";
    if (op === OP.call || op === OP.return_call) {
      if (index === marks.mark) return "stays";
      return leaving.has(index) ? "leaves" : "calls";
    }
    return op >= BULK && op < SIMD ? "calls" : "stays";
  });
  const writer = new PreemptWriter(body, marks, plan);
  func.replaced = writer.write(root, countsEntry);
}

/**
 * @param {Module} module
 * @param {object} options
 * @param {string[]} [options.neverPark] names of functions that never leave
 *   the stack
 * @param {number} [options.rounds] of a nest between two counts
 * @returns {number} how many functions are checked
 */
export function addPreemption(module, { neverPark = [], rounds = ROUNDS }) {
  const marks = { ...findMarks(module), rounds };
  const nodes = readCalls(module, marks.mark);
  const entries = countedEntries(module, nodes);
  const checked = new Set(
    nodes
      .filter(({ func, marked, loops }) => {
        return marked && (loops || entries.has(func.index));
      })
      .map(({ func }) => func.index),
  );
  const leaving = leavingStack(nodes, checked, new Set(neverPark));
  for (const { func, marked } of nodes) {
    if (!marked) continue;
    rewrite(module, func, marks, leaving, entries.has(func.index));
  }
  return checked.size;
}

/** Of no use to a finished program, preempted or not. @param {Module} module */
export function removePreemptionMarks(module) {
  module.removeExport(MARK);
  module.removeExport(COUNTER);
}
