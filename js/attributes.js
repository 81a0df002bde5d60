/* The script tag's data- attributes, from text to options. */
import { GossamerError } from "./errors.js";

/**
 * Splits text into words as a shell does: at white space, except within
 * '...' and "..." or after a backslash.
 * @param {string} text
 * @returns {string[]}
 */
export function splitWords(text) {
  /** @type {string[]} */
  const words = [];
  const part = /\s+|'([^']*)'|"((?:[^"\\]|\\[^])*)"|\\([^])|([^\s'"\\]+)/y;
  let word = "";
  let inWord = false;
  while (part.lastIndex < text.length) {
    const at = part.lastIndex;
    const match = part.exec(text);
    if (match === null) {
      const what = text[at] === "\\" ? "a backslash" : "a quote";
      throw new GossamerError("EINVAL", `${what} without its other half`);
    }
    const [, single, double, escaped, plain] = match;
    const piece =
      single ?? double?.replace(/\\([^])/g, "$1") ?? escaped ?? plain;
    if (piece !== undefined) {
      word += piece;
      inWord = true;
    } else if (inWord) {
      words.push(word);
      word = "";
      inWord = false;
    }
  }
  if (inWord) words.push(word);
  return words;
}

/** @param {string} text */
function parseJson(text) {
  try {
    return JSON.parse(text);
  } catch (error) {
    const { message } = /** @type {Error} */ (error);
    throw new GossamerError("EINVAL", `not valid JSON: ${message}`);
  }
}

/**
 * A JSON array, or words as in a shell.
 * @param {string} text
 */
export function parseArgs(text) {
  return text.trimStart().startsWith("[") ? parseJson(text) : splitWords(text);
}

/**
 * A JSON object, or words of the form NAME=VALUE.
 * @param {string} text
 * @returns {Record<string, string>}
 */
export function parseEnv(text) {
  if (text.trimStart().startsWith("{")) return parseJson(text);
  return Object.fromEntries(splitWords(text).map(parseVariable));
}

/**
 * @param {string} word NAME=VALUE
 * @returns {[string, string]}
 */
export function parseVariable(word) {
  const at = word.indexOf("=");
  if (at > 0) return [word.slice(0, at), word.slice(at + 1)];
  throw new GossamerError("EINVAL", `expected NAME=VALUE, got "${word}"`);
}

/**
 * The options in a script tag's attributes.
 * @param {Record<string, string | undefined>} data the element's dataset
 * @returns {import("./options.js").LoadOptions}
 */
export function readAttributes(data) {
  /** @type {import("./options.js").LoadOptions} */
  const options = {};
  /**
   * @param {string} name
   * @param {(text: string) => void} read
   */
  const attribute = (name, read) => {
    const text = data[name];
    if (text === undefined) return;
    try {
      read(text);
    } catch (error) {
      const { message } = /** @type {Error} */ (error);
      const what = `attribute data-${name}: ${message}`;
      throw new GossamerError("EINVAL", what, { cause: error });
    }
  };
  attribute("args", (text) => (options.args = parseArgs(text)));
  attribute("env", (text) => (options.env = parseEnv(text)));
  attribute("canvas", (text) => {
    if (text.trim() === "") {
      throw new GossamerError("EINVAL", "expected a CSS selector");
    }
    options.canvas = text;
  });
  attribute("fetch", (text) => (options.fetch = text));
  return options;
}
