/* A module between a program and its host, for JSPI: every function calls the
 * host's plainly, and only if that one answers PENDING the import that
 * suspends. An import that may suspend costs ten times a plain one, even when
 * it does not. */
import { PENDING } from "../../errors.js";

const I32 = 0x7f;
const I64 = 0x7e;
const FUNCTION = 0x60;

const SECTION = Object.freeze({
  TYPES: 1,
  IMPORTS: 2,
  FUNCTIONS: 3,
  EXPORTS: 7,
  CODE: 10,
});

const OP = Object.freeze({
  IF: 0x04,
  ELSE: 0x05,
  END: 0x0b,
  CALL: 0x10,
  LOCAL_GET: 0x20,
  LOCAL_TEE: 0x22,
  I32_CONST: 0x41,
  I32_EQ: 0x46,
});

/** The import that suspends comes first. */
const WAIT = 0;

/** @param {number} number @returns {number[]} unsigned LEB128 */
function uleb(number) {
  return number < 128 ? [number] : [(number & 127) | 128, ...uleb(number >> 7)];
}

/** @param {number} number of 32 bits @returns {number[]} signed LEB128 */
function sleb(number) {
  const low = number & 127;
  const rest = number >> 7;
  const done = rest === (low < 64 ? 0 : -1);
  return done ? [low] : [low | 128, ...sleb(rest)];
}

/** @param {string} text of ASCII letters */
function name(text) {
  return [...uleb(text.length), ...[...text].map((one) => one.charCodeAt(0))];
}

/**
 * @param {number} id
 * @param {number[][]} items
 */
function section(id, items) {
  const content = [...uleb(items.length), ...items.flat()];
  return [id, ...uleb(content.length), ...content];
}

/** @param {string} params as in abi.js */
function type(params) {
  const types = [...params].map((one) => (one === "i" ? I32 : I64));
  return [FUNCTION, ...uleb(types.length), ...types, 1, I32];
}

/**
 * @param {number} index of the function it calls
 * @param {number} params how many it takes
 */
function body(index, params) {
  const answer = params;
  const args = Array.from({ length: params }, (_none, at) => [
    OP.LOCAL_GET,
    ...uleb(at),
  ]);
  const code = [
    ...[1, 1, I32], // one local
    ...args.flat(),
    ...[OP.CALL, ...uleb(index)],
    ...[OP.LOCAL_TEE, ...uleb(answer)],
    ...[OP.I32_CONST, ...sleb(PENDING)],
    ...[OP.I32_EQ, OP.IF, I32, OP.CALL, WAIT],
    ...[OP.ELSE, OP.LOCAL_GET, ...uleb(answer), OP.END],
    OP.END,
  ];
  return [...uleb(code.length), ...code];
}

/**
 * @param {Readonly<Record<string, string>>} signatures by name
 * @returns {Uint8Array<ArrayBuffer>} a module that imports the functions by name
 *   from "host", and "wait" from there too, and exports them by name
 */
export function trampolineBytes(signatures) {
  const all = Object.entries(signatures);
  const types = [type(""), ...all.map(([, params]) => type(params))];
  /** @type {(index: number, own: string) => number[]} */
  const imported = (index, own) => [
    ...[...name("host"), ...name(own)],
    ...[0, ...uleb(index)],
  ];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(SECTION.TYPES, types),
    ...section(
      SECTION.IMPORTS,
      ["wait", ...all.map(([own]) => own)].map((own, index) =>
        imported(index, own),
      ),
    ),
    ...section(
      SECTION.FUNCTIONS,
      all.map((_one, at) => uleb(at + 1)),
    ),
    ...section(
      SECTION.EXPORTS,
      all.map(([own], at) => [...name(own), 0, ...uleb(1 + all.length + at)]),
    ),
    ...section(
      SECTION.CODE,
      all.map(([, params], at) => body(at + 1, params.length)),
    ),
  ]);
}
