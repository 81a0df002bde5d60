/* What the conformance suite runs: each guest with the arguments, environment
 * and input that its cases expect. */

/** @typedef {import("../helpers/conformance.js").Program} Program */

/** What args.c expects. */
const ARGS = ["args.wasm", "first", "", "two words", '-x="y"', "größe"];
const ENV = { PLAIN: "1", EMPTY: "", SIGNS: "a=b c", TEXT: "→𝄞" };

/** @param {string} guest @returns {Program} */
const plain = (guest) => ({ name: guest, guest });

/**
 * How exit.c ends.
 * @param {string} name
 * @param {string[]} args
 * @param {number | null} exitCode
 * @param {string} stdout
 * @returns {Program}
 */
function ends(name, args, exitCode, stdout) {
  return {
    name,
    guest: "exit",
    args: ["exit.wasm", ...args],
    exitCode,
    stdout,
  };
}

/** @type {Program[]} */
export const PROGRAMS = [
  { name: "args", guest: "args", args: ARGS, env: ENV },
  plain("noargs"),
  plain("clock"),
  plain("random"),
  ...["io", "fd", "filestat", "mounts", "readdir"].map(plain),
  ...["open", "names", "links", "stat", "paths"].map(plain),
  ...["poll", "sock", "limits"].map(plain),
  { name: "libc", guest: "libc", env: { NAME: "a value" } },
  { name: "stdio", guest: "stdio", stdin: "some\nwords\n." },
  { name: "wait", guest: "wait", talks: true },
  { name: "socket", guest: "socket", talks: true },
  ends("returns 0", ["return", "0"], 0, "begun ended"),
  ends("returns 3", ["return", "3"], 3, "begun ended"),
  ends("proc_exit 0", ["exit", "0"], 0, "begun"),
  ends("proc_exit 33", ["exit", "33"], 33, "begun"),
  ends("proc_exit 255", ["exit", "255"], 255, "begun"),
  ends("exit 7", ["libc", "7"], 7, "begun"),
  ends("trap", ["trap"], null, "begun"),
  ends("proc_raise of a signal that ends it", ["raise", "15"], 143, "begun"),
  ends("proc_raise unknown", ["raise", "31"], 31, "begun EINVAL ended"),
  ends("proc_raise far off", ["raise", "200"], 200, "begun EINVAL ended"),
];

/** Those that a host can run whose calls cannot wait for other code. */
export const SILENT = PROGRAMS.filter(({ talks }) => talks !== true);
