/* WebAssembly from its text form, for tests of the WASI host: as it is, or with
 * Asyncify added, as `gossamer asyncify` does it. */
import binaryen from "binaryen";
import { addAsyncify, usualFeatures } from "../../js/cli/asyncify.js";

/** @param {string} text */
export function wat(text) {
  const module = binaryen.parseText(text);
  module.setFeatures(usualFeatures(binaryen.Features));
  const bytes = module.emitBinary();
  module.dispose();
  return bytes;
}

/** @param {string} text */
export async function asyncified(text) {
  return addAsyncify(wat(text));
}
