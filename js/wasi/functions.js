/* The module "wasi_snapshot_preview1": all 46 functions, each of which answers
 * an errno, or a Promise of one when it has to wait. */
import { ERRNO } from "../errors.js";
import { FUNCTIONS } from "./abi.js";
import { argsImports } from "./args.js";
import { clockImports } from "./clock.js";
import { fdImports } from "./fd.js";
import { procImports } from "./proc.js";
import { randomImports } from "./random.js";

/**
 * @param {import("./context.js").Context} context
 * @returns {Record<string, Function>}
 */
export function wasiFunctions(context) {
  const unsupported = FUNCTIONS.map((name) => [name, () => ERRNO.ENOSYS]);
  return {
    ...Object.fromEntries(unsupported),
    ...argsImports(context),
    ...clockImports(context),
    ...fdImports(context),
    ...procImports(context),
    ...randomImports(context),
  };
}
