/* What the conformance suite runs: each guest with the arguments, environment
 * and input that its cases expect. */

/** @typedef {import("../helpers/conformance.js").Program} Program */

/** What args.c expects. */
const ARGS = ["args.wasm", "first", "", "two words", '-x="y"', "größe"];
const ENV = { PLAIN: "1", EMPTY: "", SIGNS: "a=b c", TEXT: "→𝄞" };

/** @param {string} guest @returns {Program} */
const plain = (guest) => ({ name: guest, guest });

/** @type {Program[]} */
export const PROGRAMS = [
  { name: "args", guest: "args", args: ARGS, env: ENV },
  { name: "noargs", guest: "noargs", args: [] },
  plain("clock"),
  plain("random"),
  ...["io", "fd", "mounts", "readdir"].map(plain),
  ...["open", "names", "links", "stat", "paths"].map(plain),
];
