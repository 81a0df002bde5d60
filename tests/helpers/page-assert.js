/* What stands in for node:assert/strict where test files are bundled for a
 * page: as much of it as tests that run there use. */

/** @param {unknown} value @returns {string} */
function show(value) {
  if (typeof value === "bigint") return `${value}n`;
  if (value instanceof Uint8Array) return `bytes [${value.slice(0, 20)}]`;
  const text = JSON.stringify(value, (_, one) =>
    typeof one === "bigint" ? `${one}n` : one,
  );
  return text?.slice(0, 500) ?? String(value);
}

/** @param {unknown} a @param {unknown} b @returns {boolean} */
function same(a, b) {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object") return false;
  if (a === null || b === null) return false;
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  const [one, other] = [Object.entries(a), Object.entries(b)];
  const theirs = /** @type {Record<string, unknown>} */ (b);
  return (
    one.length === other.length &&
    one.every(([key, value]) => key in theirs && same(value, theirs[key]))
  );
}

/** @param {string} what @param {unknown} [message] */
function fail(what, message) {
  throw new Error(message === undefined ? what : `${message}: ${what}`);
}

/** @param {unknown} value @param {unknown} [message] */
function ok(value, message) {
  if (!value) fail(`${show(value)} is not true`, message);
}

const assert = Object.assign(ok, {
  ok,
  fail,
  /** @param {unknown} a @param {unknown} b @param {unknown} [message] */
  equal(a, b, message) {
    if (!Object.is(a, b)) fail(`${show(a)}, not ${show(b)}`, message);
  },
  /** @param {unknown} a @param {unknown} b @param {unknown} [message] */
  notEqual(a, b, message) {
    if (Object.is(a, b)) fail(`it is ${show(a)}`, message);
  },
  /** @param {unknown} a @param {unknown} b @param {unknown} [message] */
  deepEqual(a, b, message) {
    if (!same(a, b)) fail(`${show(a)}, not ${show(b)}`, message);
  },
  /** @param {string} text @param {RegExp} expected */
  match(text, expected) {
    if (!expected.test(text)) fail(`${text}, not ${String(expected)}`);
  },
  /**
   * @param {Promise<unknown> | (() => Promise<unknown>)} promise
   * @param {RegExp} expected
   */
  async rejects(promise, expected) {
    let text = "";
    try {
      await (typeof promise === "function" ? promise() : promise);
    } catch (thrown) {
      text = String(thrown);
    }
    if (text === "") fail("nothing was thrown");
    if (!expected.test(text)) fail(`${text}, not ${String(expected)}`);
  },
});

export default assert;
