/* The C declaration in an export's name, such as `gs.call int add(int a)`,
 * and what a JavaScript argument must be to fit a parameter. */
import { GossamerError } from "../errors.js";
import { encodeText } from "../memory.js";
import { asBytes } from "../io/bytes.js";

/** What an argument or result holds: enum gs__value_kind in export.h. */
export const KIND = Object.freeze({
  NONE: 0,
  DOUBLE: 1,
  INT64: 2,
  TEXT: 3,
  BYTES: 4,
  UINT64: 5,
});

/**
 * An argument as C gets it: a number, or bytes to be copied (null: NULL).
 * @typedef {object} Value
 * @property {number} kind
 * @property {number | bigint} number
 * @property {Uint8Array | null} bytes
 *
 * @typedef {object} Parameter
 * @property {string} text as declared
 * @property {string} wants what it takes, in words
 * @property {(argument: unknown) => Value | null} convert null: does not fit
 *
 * @typedef {object} Signature
 * @property {string} text the declaration
 * @property {string} name
 * @property {boolean} answersBool
 * @property {boolean} answersText
 * @property {Parameter[]} parameters
 */

const PREFIX = "gs.call ";

/** Signed widths of C's integers on wasm32, by type without qualifiers. */
/** @type {Record<string, number>} */
const INTEGERS = {
  char: -8,
  "signed char": -8,
  "unsigned char": 8,
  short: -16,
  "unsigned short": 16,
  int: -32,
  "unsigned int": 32,
  unsigned: 32,
  long: -32,
  "unsigned long": 32,
  "long long": -64,
  "unsigned long long": 64,
  int8_t: -8,
  uint8_t: 8,
  int16_t: -16,
  uint16_t: 16,
  int32_t: -32,
  uint32_t: 32,
  int64_t: -64,
  uint64_t: 64,
  intmax_t: -64,
  uintmax_t: 64,
  size_t: 32,
  ssize_t: -32,
  ptrdiff_t: -32,
  intptr_t: -32,
  uintptr_t: 32,
  gs_id: -64,
};

/**
 * @param {number} kind
 * @param {number | bigint} number
 * @returns {Value}
 */
const numeric = (kind, number) => ({ kind, number, bytes: null });

/**
 * @param {unknown} argument
 * @returns {Value | null}
 */
function convertFloat(argument) {
  return typeof argument === "number" ? numeric(KIND.DOUBLE, argument) : null;
}

/**
 * @param {unknown} argument
 * @returns {Value | null}
 */
function convertBool(argument) {
  if (argument === true || argument === 1) return numeric(KIND.DOUBLE, 1);
  if (argument === false || argument === 0) return numeric(KIND.DOUBLE, 0);
  return null;
}

/**
 * For a type that only the C compiler knows: an enum, a typedef.
 * @param {unknown} argument
 * @returns {Value | null}
 */
function convertNumber(argument) {
  if (typeof argument === "bigint") return convertBig(argument);
  return convertFloat(argument);
}

/**
 * @param {bigint} big
 * @returns {Value | null}
 */
function convertBig(big) {
  if (BigInt.asIntN(64, big) === big) return numeric(KIND.INT64, big);
  return BigInt.asUintN(64, big) === big ? numeric(KIND.UINT64, big) : null;
}

/**
 * @param {unknown} argument
 * @returns {Value | null}
 */
function convertText(argument) {
  if (argument === null) return { kind: KIND.TEXT, number: 0, bytes: null };
  // C would see the text end at a NUL.
  if (typeof argument !== "string" || argument.includes("\0")) return null;
  return { kind: KIND.TEXT, number: 0, bytes: encodeText(argument) };
}

/**
 * @param {unknown} argument
 * @returns {Value | null}
 */
function convertBytes(argument) {
  if (argument === null) return { kind: KIND.BYTES, number: 0, bytes: null };
  const bytes = typeof argument === "string" ? null : asBytes(argument);
  return bytes && { kind: KIND.BYTES, number: 0, bytes };
}

/**
 * @param {number} width negative: signed
 * @returns {Omit<Parameter, "text">}
 */
function integer(width) {
  const bits = Math.abs(width);
  const max = 2n ** BigInt(width < 0 ? bits - 1 : bits) - 1n;
  const min = width < 0 ? -max - 1n : 0n;
  const wide = bits === 64;
  return {
    wants: `an integer${wide ? " or BigInt" : ""} from ${min} to ${max}`,
    convert: (argument) => {
      if (typeof argument === "bigint") {
        if (!wide || argument < min || argument > max) return null;
        return convertBig(argument);
      }
      if (typeof argument !== "number" || !Number.isInteger(argument)) {
        return null;
      }
      if (argument < min || argument > max) return null;
      return Number.isSafeInteger(argument)
        ? numeric(KIND.DOUBLE, argument)
        : convertBig(BigInt(argument));
    },
  };
}

/**
 * @param {string} type without the parameter's name
 * @returns {Omit<Parameter, "text">}
 */
function parameterType(type) {
  const plain = type
    .replace(/\b(const|volatile|std::)(\b|(?<=:))/g, " ")
    .replace(/\s+/g, " ")
    .trim();
  if (plain.endsWith("*")) {
    return /^char ?\*$/.test(plain)
      ? { wants: "a string without NUL, or null", convert: convertText }
      : {
          wants: "an ArrayBuffer, a view of one, or null",
          convert: convertBytes,
        };
  }
  if (/^(float|double|long double)$/.test(plain)) {
    return { wants: "a number", convert: convertFloat };
  }
  if (/^(bool|_Bool)$/.test(plain)) {
    return { wants: "a boolean", convert: convertBool };
  }
  const width = Object.hasOwn(INTEGERS, plain) ? INTEGERS[plain] : undefined;
  if (width !== undefined) return integer(width);
  return { wants: "a number or BigInt", convert: convertNumber };
}

/**
 * @param {string} text such as `const char * who`
 * @returns {Parameter}
 */
function parseParameter(text) {
  const type = text.replace(/\w+\s*$/, "");
  return { text, ...parameterType(type) };
}

/**
 * @param {string} exportName
 * @returns {Signature | null} null for an export that is no call
 */
export function parseSignature(exportName) {
  if (!exportName.startsWith(PREFIX)) return null;
  const text = exportName.slice(PREFIX.length);
  const match = /^(.*?)(\w+)\s*\((.*)\)$/.exec(text);
  if (match === null) return null;
  const [, result = "", name = "", list = ""] = match;
  const parameters = list
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "" && part !== "void");
  return {
    text,
    name,
    answersBool: /^(bool|_Bool)$/.test(result.trim()),
    answersText: result.includes("*"),
    parameters: parameters.map(parseParameter),
  };
}

/** @param {unknown} argument */
function describe(argument) {
  if (typeof argument === "string") return JSON.stringify(argument);
  if (typeof argument === "bigint") return `${argument}n`;
  if (typeof argument !== "object" || argument === null) {
    return String(argument);
  }
  return argument.constructor?.name ?? "an object";
}

/**
 * @param {Signature} signature
 * @param {unknown[]} given
 * @returns {Value[]}
 */
export function convertArguments(signature, given) {
  const { name, parameters, text } = signature;
  if (given.length !== parameters.length) {
    const plural = parameters.length === 1 ? "" : "s";
    throw new GossamerError(
      "EINVAL",
      `${name}() takes ${parameters.length} argument${plural}, ` +
        `got ${given.length}: ${text}`,
    );
  }
  return parameters.map((parameter, index) => {
    const value = parameter.convert(given[index]);
    if (value !== null) return value;
    throw new GossamerError(
      "EINVAL",
      `${name}(): argument ${index + 1} (${parameter.text}) must be ` +
        `${parameter.wants}, got ${describe(given[index])}: ${text}`,
    );
  });
}
