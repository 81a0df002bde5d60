/* What the conformance suite runs: each guest with the arguments, environment
 * and input that its cases expect. */

/** @typedef {import("../helpers/conformance.js").Program} Program */

/** @type {Program[]} */
export const PROGRAMS = [{ name: "random", guest: "random" }];
