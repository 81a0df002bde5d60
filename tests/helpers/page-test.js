/* What stands in for node:test where test files are bundled for a page: tests
 * are only noted, and run by whoever has the page. */

/**
 * @typedef {object} PageTest
 * @property {string} name
 * @property {string | boolean} [skip] and why
 * @property {(t: { after: (undo: () => unknown) => void }) => unknown} run
 */

/** @type {PageTest[]} */
const tests = [];

/**
 * @param {string} name
 * @param {any} options or the test
 * @param {any} [run]
 */
export function test(name, options, run) {
  const isShort = typeof options === "function";
  tests.push({
    name,
    skip: isShort ? false : options.skip,
    run: isShort ? options : run,
  });
}

/**
 * Runs what was registered since the last time, one after the other.
 * @returns {Promise<{ name: string, skip: string, error: string }[]>} the error
 *   of each, "" when there was none
 */
export async function runTests() {
  const results = [];
  for (const { name, skip, run } of tests.splice(0)) {
    let error = "";
    /** @type {(() => unknown)[]} */
    const undo = [];
    const t = { after: (/** @type {() => unknown} */ one) => undo.push(one) };
    const steps = skip ? [] : [() => run(/** @type {any} */ (t))];
    for (const step of [...steps, () => undoAll(undo)]) {
      try {
        await step();
      } catch (thrown) {
        const { message, stack } = /** @type {Error} */ (thrown);
        error ||= `${message}\n${stack}`;
      }
    }
    results.push({ name, skip: skip ? String(skip) : "", error });
  }
  return results;
}

/** The last one first. @param {(() => unknown)[]} undo */
async function undoAll(undo) {
  for (const one of undo.reverse()) await one();
}
