/* What a test undoes at its end, last first: a page is closed before the
 * server it reads from. */

/** @typedef {import("node:test").TestContext} TestContext */
/** @typedef {() => void | Promise<void>} Undo */

/** @type {WeakMap<TestContext, Undo[]>} */
const pending = new WeakMap();

/**
 * Runs `undo` when the test is over. All of them run; the first error counts.
 * @param {TestContext} t
 * @param {Undo} undo
 */
export function defer(t, undo) {
  const known = pending.get(t);
  if (known !== undefined) {
    known.push(undo);
    return;
  }
  const stack = [undo];
  pending.set(t, stack);
  t.after(async () => {
    /** @type {unknown[]} */
    const errors = [];
    for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
      try {
        await next();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  });
}
