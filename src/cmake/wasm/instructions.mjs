/* Instructions of WebAssembly, one at a time: where each begins and ends, and
 * the operands that the instrumentation looks at. Knows the first version and
 * sign extension, saturating conversions, bulk memory, references, SIMD,
 * atomics, tail calls and both kinds of exceptions. */

/** Opcodes that the instrumentation reads or writes by name. */
export const OP = Object.freeze({
  unreachable: 0x00,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  try: 0x06,
  catch: 0x07,
  rethrow: 0x09,
  end: 0x0b,
  br: 0x0c,
  br_if: 0x0d,
  br_table: 0x0e,
  return: 0x0f,
  call: 0x10,
  call_indirect: 0x11,
  return_call: 0x12,
  return_call_indirect: 0x13,
  call_ref: 0x14,
  return_call_ref: 0x15,
  delegate: 0x18,
  try_table: 0x1f,
  local_get: 0x20,
  local_set: 0x21,
  local_tee: 0x22,
  global_get: 0x23,
  global_set: 0x24,
  i32_load: 0x28,
  i32_store: 0x36,
  i32_const: 0x41,
  i32_eqz: 0x45,
  i32_lt_s: 0x48,
  i32_lt_u: 0x49,
  i32_le_s: 0x4c,
  i32_add: 0x6a,
  i32_sub: 0x6b,
  ref_func: 0xd2,
});

/** A block type without parameters and results. */
export const VOID = 0x40;

/**
 * @typedef {object} Instruction
 * @property {number} op behind a prefix: prefix * 4096 + number
 * @property {number} at its first byte
 * @property {number} end behind its last byte
 * @property {number} index of a local, global, function, type or label; the
 *   value of i32.const; the type of a block as a signed number; else 0
 * @property {number[]} [labels] of br_table, the default last
 */

/** What follows an opcode. @type {Map<number, string>} */
const OPERANDS = new Map();

/**
 * @param {string} kind
 * @param {...(number | [first: number, last: number])} ops
 */
function operands(kind, ...ops) {
  for (const op of ops) {
    const [first, last] = typeof op === "number" ? [op, op] : op;
    for (let one = first; one <= last; one++) OPERANDS.set(one, kind);
  }
}

/** @param {number} prefix @param {number} number */
const prefixed = (prefix, number) => prefix * 4096 + number;
/** @param {number} number */
const bulk = (number) => prefixed(0xfc, number);
/** @param {number} number */
const simd = (number) => prefixed(0xfd, number);
/** @param {number} number */
const atomic = (number) => prefixed(0xfe, number);

operands("none", 0x00, 0x01, 0x05, 0x0a, 0x0b, 0x0f, 0x19, 0x1a, 0x1b);
operands("none", [0x45, 0xc4], 0xd1, 0xd3);
operands("block", 0x02, 0x03, 0x04, 0x06);
operands("index", 0x07, 0x08, 0x09, 0x0c, 0x0d, 0x10, 0x12, 0x14, 0x15, 0x18);
operands("index", [0x20, 0x26], 0x3f, 0x40, 0xd2);
operands("table", 0x0e);
operands("two", 0x11, 0x13);
operands("types", 0x1c);
operands("catches", 0x1f);
operands("memory", [0x28, 0x3e]);
operands("i32", 0x41);
operands("leb", 0x42, 0xd0);
operands("4", 0x43);
operands("8", 0x44);
operands("none", [bulk(0), bulk(7)]);
operands("two", bulk(8), bulk(10), bulk(12), bulk(14));
operands("index", bulk(9), bulk(11), bulk(13), [bulk(15), bulk(17)]);
operands("memory", [simd(0), simd(11)], simd(92), simd(93));
operands("16", simd(12), simd(13));
operands("1", [simd(21), simd(34)]);
operands("none", [simd(14), simd(20)], [simd(35), simd(83)]);
operands("lane", [simd(84), simd(91)]);
operands("none", [simd(94), simd(275)]);
operands("memory", [atomic(0), atomic(2)], [atomic(16), atomic(78)]);
operands("1", atomic(3));

/** Bit of an alignment: a memory's index follows. */
const OTHER_MEMORY = 64;

/** @param {import("./bytes.mjs").Reader} reader */
function skipMemory(reader) {
  if (reader.uleb() & OTHER_MEMORY) reader.skipLeb();
  reader.skipLeb();
}

/** catch and catch_ref have a tag before the label. */
const CATCH_REF = 1;

/** @param {import("./bytes.mjs").Reader} reader */
function skipCatch(reader) {
  if (reader.byte() <= CATCH_REF) reader.skipLeb();
  reader.skipLeb();
}

/**
 * Reads the operands of one instruction.
 * @param {import("./bytes.mjs").Reader} reader
 * @param {string} kind
 * @param {Instruction} into
 */
function readOperands(reader, kind, into) {
  switch (kind) {
    case "none":
      break;
    case "block":
    case "i32":
      into.index = reader.sleb();
      break;
    case "index":
      into.index = reader.uleb();
      break;
    case "two":
      into.index = reader.uleb();
      reader.skipLeb();
      break;
    case "table":
      into.labels = reader.vector(() => reader.uleb());
      into.labels.push(reader.uleb());
      break;
    case "types":
      reader.vector(() => reader.skipLeb());
      break;
    case "catches":
      into.index = reader.sleb();
      reader.vector(() => skipCatch(reader));
      break;
    case "memory":
      skipMemory(reader);
      break;
    case "lane":
      skipMemory(reader);
      reader.skip(1);
      break;
    case "leb":
      reader.skipLeb();
      break;
    default:
      reader.skip(Number(kind));
  }
}

/**
 * The next instruction.
 * @param {import("./bytes.mjs").Reader} reader
 * @returns {Instruction}
 */
export function readInstruction(reader) {
  const at = reader.at;
  let op = reader.byte();
  if (op >= 0xfb) op = prefixed(op, reader.uleb());
  const kind = OPERANDS.get(op);
  if (kind === undefined) {
    const name = op < 4096 ? hex(op) : `${hex(op >> 12)} ${hex(op & 4095)}`;
    throw new RangeError(`unknown instruction ${name}`);
  }
  const instruction = { op, at, end: at, index: 0 };
  readOperands(reader, kind, instruction);
  instruction.end = reader.at;
  return instruction;
}

/** @param {number} number */
function hex(number) {
  return `0x${number.toString(16).padStart(2, "0")}`;
}

/** @param {Instruction} instruction */
export function opens({ op }) {
  return (op >= OP.block && op <= OP.if) || op === OP.try || isTryTable(op);
}

/** @param {number} op */
const isTryTable = (op) => op === OP.try_table;

/** Whether it ends what an instruction opened. @param {Instruction} one */
export function closes({ op }) {
  return op === OP.end || op === OP.delegate;
}
