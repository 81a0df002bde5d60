/* GS_STRESS=grow in a program's environment: wasm memory grows by a page at
 * every call of an import, so that a view which the glue has kept from before
 * is empty, and whoever still uses it is found out. For tests of the glue. */

/** @typedef {Record<string, Function>} Imports */

/** @param {Readonly<Record<string, string>>} env */
export function wantsGrowth({ GS_STRESS: stress = "" }) {
  return stress.split(",").includes("grow");
}

/** @param {WebAssembly.Memory} memory */
function grow(memory) {
  try {
    memory.grow(1);
  } catch {
    memory.grow(0); // all there can be: the buffer is another all the same
  }
}

/**
 * @param {Imports} imports
 * @param {() => WebAssembly.Memory | undefined} memory the program's, once it
 *   is there
 * @returns {Imports} the same under the same names, after growing
 */
export function growing(imports, memory) {
  return Object.fromEntries(
    Object.entries(imports).map(([name, call]) => [
      name,
      /** @param {unknown[]} args */
      (...args) => {
        const own = memory();
        if (own !== undefined) grow(own);
        return Reflect.apply(call, undefined, args);
      },
    ]),
  );
}
