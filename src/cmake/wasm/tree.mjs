/* The blocks of a function body as a tree, each with how many values lay on
 * the operand stack when it began: where there were none, a jump may be led
 * into it. */
import { closes, opens, OP, VOID } from "./instructions.mjs";

/**
 * @typedef {import("./module.mjs").Module} Module
 * @typedef {import("./instructions.mjs").Instruction} Instruction
 *
 * @typedef {object} Block
 * @property {number} op
 * @property {number} begin the instruction that opens it; -1: the function
 * @property {number} otherwise its `else`, or `end`
 * @property {number} end the instruction that closes it
 * @property {number} height values below it, the condition of an `if` left out;
 *   NaN when that is not known
 * @property {boolean} params it takes some from the operand stack
 * @property {Block[]} children
 */

/** The block type `VOID` as a signed number. */
const VOID_TYPE = VOID - 128;

/** @param {Module} module @param {number} type */
function signature(module, type) {
  if (type >= 0) return module.types[type] ?? { params: 0, results: 0 };
  return { params: 0, results: type === VOID_TYPE ? 0 : 1 };
}

/** Numeric instructions that take two operands. @param {number} op */
function isBinary(op) {
  return (
    (op >= 0x46 && op <= 0x4f) ||
    (op >= 0x51 && op <= 0x66) ||
    (op >= 0x6a && op <= 0x78) ||
    (op >= 0x7c && op <= 0x8a) ||
    (op >= 0x92 && op <= 0x98) ||
    (op >= 0xa0 && op <= 0xa6)
  );
}

const STORE_FIRST = 0x36;
const STORE_LAST = 0x3e;
const BULK_FIRST = 0xfc000;
const BULK_CONVERSIONS_END = 0xfc008;

/** Operands and results by opcode. @type {Map<number, [number, number]>} */
const EFFECTS = new Map([
  [0x01, [0, 0]],
  [0x1a, [1, 0]],
  [0x1b, [3, 1]],
  [0x1c, [3, 1]],
  [OP.br_if, [1, 0]],
  [OP.local_get, [0, 1]],
  [OP.local_set, [1, 0]],
  [OP.local_tee, [1, 1]],
  [OP.global_get, [0, 1]],
  [OP.global_set, [1, 0]],
  [0x3f, [0, 1]],
  [0x40, [1, 1]],
  [BULK_FIRST + 8, [3, 0]],
  [BULK_FIRST + 9, [0, 0]],
  [BULK_FIRST + 10, [3, 0]],
  [BULK_FIRST + 11, [3, 0]],
]);

/**
 * Operands and results of an instruction that is no block; null: not known.
 * @param {Module} module
 * @param {Instruction} instruction
 * @returns {[number, number] | null}
 */
function effect(module, { op, index }) {
  const known = EFFECTS.get(op);
  if (known !== undefined) return known;
  if (op === OP.call || op === OP.call_indirect) {
    const type = op === OP.call ? module.funcs[index]?.type : index;
    const { params, results } = signature(module, type ?? 0);
    return [params + (op === OP.call ? 0 : 1), results];
  }
  if (op >= 0x41 && op <= 0x44) return [0, 1];
  if (op >= STORE_FIRST && op <= STORE_LAST) return [2, 0];
  if (op >= OP.i32_load && op < STORE_FIRST) return [1, 1];
  if (isBinary(op)) return [2, 1];
  if (op >= 0x45 && op <= 0xc4) return [1, 1];
  if (op >= BULK_FIRST && op < BULK_CONVERSIONS_END) return [1, 1];
  return null;
}

/** Nothing behind it is reached. @param {number} op */
function diverges(op) {
  return (
    op === OP.unreachable ||
    op === OP.br ||
    op === OP.br_table ||
    op === OP.return ||
    op === OP.return_call ||
    op === OP.return_call_indirect
  );
}

/**
 * @param {Module} module
 * @param {Instruction[]} code of a function, its `end` included
 * @returns {Block} the function itself
 */
export function readTree(module, code) {
  /** @type {Block} */
  const root = block(OP.block, -1, 0);
  /** @type {{ block: Block, height: number, results: number }[]} */
  const open = [{ block: root, height: 0, results: 0 }];
  /** Values of the innermost block; NaN where code is not reached. */
  let height = 0;
  code.forEach((one, at) => {
    const { op, index } = one;
    const top = open.at(-1);
    if (top === undefined) return;
    if (opens(one)) {
      const { params, results } = signature(module, index);
      if (op === OP.if) height--;
      const child = block(op, at, height - params);
      child.params = params > 0;
      top.block.children.push(child);
      open.push({ block: child, height: height - params, results });
      height = op === OP.try || op === OP.try_table ? NaN : params;
    } else if (op === OP.else) {
      top.block.otherwise = at;
      height = 0;
    } else if (closes(one)) {
      top.block.end = at;
      if (top.block.otherwise < 0) top.block.otherwise = at;
      open.pop();
      height = top.height + top.results;
    } else if (diverges(op)) {
      height = NaN;
    } else {
      const [takes, gives] = effect(module, one) ?? [NaN, 0];
      height += gives - takes;
    }
  });
  return root;
}

/** @param {number} op @param {number} begin @param {number} height @returns {Block} */
function block(op, begin, height) {
  const children = /** @type {Block[]} */ ([]);
  return {
    op,
    begin,
    otherwise: -1,
    end: -1,
    height,
    params: false,
    children,
  };
}
