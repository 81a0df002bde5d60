/* Where node:wasi (uvwasi, as Node 20 has it) differs from the specification,
 * by program and case, each with the reason. */

/** @type {import("../helpers/conformance.js").Differences} */
export const NODE_DIFFERENCES = {};
