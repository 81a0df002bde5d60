/* The stack check: wherever a function lowers the C stack's pointer, the new
 * value is compared with the limit of the stack that is in use, and below it
 * the runtime is called with the value: it lowers the limit, which is how deep
 * the goroutine has been, or names it when its stack is full. Functions that
 * make no calls use up to 128 bytes below the pointer without moving it; what
 * they compute is compared in the same way. */
import { Writer } from "./wasm/bytes.mjs";
import { OP, VOID } from "./wasm/instructions.mjs";
import { I32 } from "./wasm/module.mjs";

/**
 * @typedef {import("./wasm/module.mjs").Module} Module
 * @typedef {import("./wasm/module.mjs").Func} Func
 * @typedef {import("./wasm/instructions.mjs").Instruction} Instruction
 */

/** Exported by src/sched/coro_asyncify.c: "stack pointer minus limit". */
const LEFT = "gs__stack_left";
/** Exported by it too: takes the value that is below the limit. */
const LOWERED = "gs__stack_lowered";

/**
 * @typedef {object} Marks
 * @property {number} pointer the global that is the stack pointer
 * @property {number} limit the global that holds the limit
 * @property {number} handler the function to call
 */

/** @param {Module} module @returns {Marks} */
function findMarks(module) {
  const left = module.exported(LEFT);
  const handler = module.exported(LOWERED);
  if (left === undefined || handler === undefined) {
    throw new RangeError(
      `it does not export ${LEFT} and ${LOWERED}: link it with gossamer`,
    );
  }
  const reads = module
    .body(left)
    .code.filter(({ op }) => op === OP.global_get)
    .map(({ index }) => index);
  const [pointer = 0, limit = 0] = reads;
  if (reads.length !== 2 || pointer === limit) {
    throw new RangeError(`${LEFT} does not read two globals`);
  }
  return { pointer, limit, handler: handler.index };
}

/** What an instruction adds to the value below it, when that is certain.
 * @param {Instruction[]} code @param {number} at */
function added(code, at) {
  const value = code[at - 1]?.op === OP.i32_const ? code[at - 1]?.index : 0;
  if (code[at]?.op === OP.i32_add) return value ?? 0;
  return code[at]?.op === OP.i32_sub ? -(value ?? 0) : 0;
}

/** Whether instruction `at` computes an address below the stack pointer.
 * @param {Instruction[]} code @param {number} at @param {number} pointer */
function computesBelow(code, at, pointer) {
  if (added(code, at) >= 0) return false;
  let from = at - 2;
  if (code[from]?.op === OP.local_tee) from--;
  return code[from]?.op === OP.global_get && code[from]?.index === pointer;
}

/**
 * Where checks go: behind an instruction, of what.
 * @typedef {{ behind: number, local: number }} Check `local`: -1 the pointer
 *   itself, -2 the value on the stack
 */

const POINTER = -1;
const VALUE = -2;

/**
 * @param {Instruction[]} code
 * @param {number} pointer
 * @returns {Check[]}
 */
function findChecks(code, pointer) {
  /** @param {number} at */
  const setsPointer = (at) =>
    code[at]?.op === OP.global_set && code[at]?.index === pointer;
  /** @type {Check[]} */
  const checks = [];
  code.forEach(({ op }, at) => {
    const before = code[at - 1];
    const after = code[at + 1];
    if (setsPointer(at)) {
      if (added(code, at - 1) > 0) return;
      const local = before?.op === OP.local_tee ? before.index : POINTER;
      checks.push({ behind: at, local });
    } else if (
      (op === OP.i32_add || op === OP.i32_sub) &&
      computesBelow(code, at, pointer)
    ) {
      const kept = after?.op === OP.local_tee || after?.op === OP.local_set;
      if (setsPointer(at + 1) || (kept && setsPointer(at + 2))) return;
      if (kept) checks.push({ behind: at + 1, local: after.index });
      else checks.push({ behind: at, local: VALUE });
    }
  });
  return checks;
}

/**
 * @param {Writer} out
 * @param {number} local
 * @param {Marks} marks
 */
function writeCheck(out, local, { pointer, limit, handler }) {
  const writeValue = () => {
    out.byte(local === POINTER ? OP.global_get : OP.local_get);
    out.uleb(local === POINTER ? pointer : local);
  };
  writeValue();
  out.byte(OP.global_get);
  out.uleb(limit);
  out.byte(OP.i32_lt_u, OP.if, VOID);
  writeValue();
  out.byte(OP.call);
  out.uleb(handler);
  out.byte(OP.end);
}

/**
 * @param {Module} module
 * @param {Func} func
 * @param {Marks} marks
 * @returns {number} how many checks it got
 */
function checkFunction(module, func, marks) {
  const { bytes, locals, code, localCount } = module.body(func);
  // What moves the limit sets the pointer to another stack.
  const switches = code.some(
    ({ op, index }) => op === OP.global_set && index === marks.limit,
  );
  const checks = switches ? [] : findChecks(code, marks.pointer);
  if (checks.length === 0) return 0;
  const needsLocal = checks.some(({ local }) => local === VALUE);
  const out = new Writer();
  out.uleb(locals.length + (needsLocal ? 1 : 0));
  for (const { count, type } of locals) {
    out.uleb(count);
    out.raw(type);
  }
  if (needsLocal) out.byte(1, I32);
  let from = code[0]?.at ?? 0;
  for (const { behind, local } of checks) {
    const end = code[behind]?.end ?? from;
    out.raw(bytes.subarray(from, end));
    from = end;
    if (local === VALUE) {
      out.byte(OP.local_tee);
      out.uleb(localCount);
    }
    writeCheck(out, local === VALUE ? localCount : local, marks);
  }
  out.raw(bytes.subarray(from));
  func.replaced = out.bytes();
  return checks.length;
}

/**
 * Puts the checks into all functions but the one that they call.
 * @param {Module} module
 */
export function addStackChecks(module) {
  const marks = findMarks(module);
  let count = 0;
  for (const func of module.funcs) {
    if (func.imported !== undefined || func.index === marks.handler) continue;
    count += checkFunction(module, func, marks);
  }
  module.removeExport(LEFT);
  module.removeExport(LOWERED);
  return count;
}
