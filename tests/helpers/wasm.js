/* Assembles small WebAssembly modules: enough to stand in for programs that
 * the compiler would not make, such as one of another ABI version. */

/** @typedef {"i32" | "i64" | "f64"} Type */

/**
 * @typedef {object} Func
 * @property {string} name it is exported by
 * @property {Type[]} [params]
 * @property {Type[]} [results]
 * @property {number[]} [body] instructions, without the final `end`
 * @property {number} [locals] of type i32, beside the parameters
 *
 * @typedef {object} Import
 * @property {string} module
 * @property {string} name
 * @property {Type[]} [params]
 * @property {Type[]} [results]
 *
 * @typedef {object} Parts
 * @property {Import[]} [imports] functions; they have the first indices
 * @property {Func[]} [funcs]
 * @property {boolean} [memory] one page, exported as "memory"
 * @property {[at: number, text: string][]} [data]
 * @property {number[]} [globals] values of mutable i32
 * @property {[name: string, bytes: number[]][]} [customs]
 */

const TYPES = { i32: 0x7f, i64: 0x7e, f64: 0x7c };

/** @param {number} number @returns {number[]} unsigned LEB128 */
export function uleb(number) {
  return number < 128
    ? [number]
    : [(number % 128) | 128, ...uleb(Math.floor(number / 128))];
}

/** @param {number} number @returns {number[]} signed LEB128 */
export function sleb(number) {
  const low = number & 127;
  const rest = number >> 7;
  const done = rest === 0 ? low < 64 : rest === -1 && low >= 64;
  return done ? [low] : [low | 128, ...sleb(rest)];
}

/** @param {string} text */
function name(text) {
  const bytes = [...new TextEncoder().encode(text)];
  return [...uleb(bytes.length), ...bytes];
}

/** @param {number[][]} items */
const vector = (items) => [...uleb(items.length), ...items.flat()];

/**
 * @param {number} id
 * @param {number[][]} items
 */
function section(id, items) {
  const content = vector(items);
  return items.length === 0 ? [] : [id, ...uleb(content.length), ...content];
}

/** Instructions, as far as the tests need them. */
export const op = {
  unreachable: [0x00],
  drop: [0x1a],
  memorySize: [0x3f, 0x00],
  /** @param {number} index */
  local: (index) => [0x20, ...uleb(index)],
  /** @param {number} number */
  i32: (number) => [0x41, ...sleb(number)],
  /** @param {number} number */
  f64: (number) => [0x44, ...new Uint8Array(new Float64Array([number]).buffer)],
  /** @param {number} index */
  tee: (index) => [0x22, ...uleb(index)],
  /** @param {number} index */
  global: (index) => [0x23, ...uleb(index)],
  /** @param {number} index */
  setGlobal: (index) => [0x24, ...uleb(index)],
  add: [0x6a],
  sub: [0x6b],
  /** @param {number} index */
  call: (index) => [0x10, ...uleb(index)],
};

/** @param {Parts} parts */
export function assemble({
  imports = [],
  funcs = [],
  memory = true,
  data = [],
  globals = [],
  customs = [],
}) {
  const signatures = [...imports, ...funcs].map(
    ({ params = [], results = [] }) => [
      0x60,
      ...vector(params.map((type) => [TYPES[type]])),
      ...vector(results.map((type) => [TYPES[type]])),
    ],
  );
  const exported = funcs.map((func, index) => [
    ...name(func.name),
    0x00,
    ...uleb(imports.length + index),
  ]);
  if (memory) exported.push([...name("memory"), 0x02, 0x00]);
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, signatures),
    ...section(
      2,
      imports.map((entry, index) => [
        ...name(entry.module),
        ...name(entry.name),
        0x00,
        ...uleb(index),
      ]),
    ),
    ...section(
      3,
      funcs.map((_func, index) => uleb(imports.length + index)),
    ),
    ...section(5, memory ? [[0x00, 0x01]] : []),
    ...section(
      6,
      globals.map((value) => [TYPES.i32, 0x01, ...op.i32(value), 0x0b]),
    ),
    ...section(7, exported),
    ...section(
      10,
      funcs.map(({ body = [], locals = 0 }) => {
        const groups = locals > 0 ? [[...uleb(locals), TYPES.i32]] : [];
        const code = [...vector(groups), ...body, 0x0b];
        return [...uleb(code.length), ...code];
      }),
    ),
    ...section(
      11,
      data.map(([at, text]) => [0x00, ...op.i32(at), 0x0b, ...name(text)]),
    ),
    ...customs.flatMap(([title, bytes]) => {
      const content = [...name(title), ...bytes];
      return [0x00, ...uleb(content.length), ...content];
    }),
  ]);
}

/**
 * A program as the loader sees it: it boots and then idles, except for what
 * `parts` puts in place of its exports.
 * @param {Parts & { abi?: number | null, without?: string[] }} [parts]
 */
export function assembleProgram(parts = {}) {
  const { abi = 1, funcs = [], without = [], ...rest } = parts;
  /** @type {Func[]} */
  const usual = [
    { name: "_initialize" },
    { name: "gs_boot", results: ["i32"], body: op.i32(0) },
    { name: "gs_pump", results: ["f64"], body: op.f64(-1) },
    {
      name: "gs_frame_event",
      params: ["f64"],
      results: ["f64"],
      body: op.f64(-1),
    },
    { name: "gs_complete", params: ["i32", "i32"] },
    { name: "gs_fault", results: ["i32"], body: op.i32(64) },
    { name: "gs_budget", params: ["f64"] },
    { name: "gs_dump_text", results: ["i32"], body: op.i32(64) },
  ];
  if (abi !== null) usual.push({ name: `gossamer_abi_${abi}` });
  const names = new Set([...funcs.map((func) => func.name), ...without]);
  return assemble({
    data: [[64, "goroutine 7 (worker)\0"]],
    ...rest,
    funcs: [...usual.filter((func) => !names.has(func.name)), ...funcs],
  });
}
