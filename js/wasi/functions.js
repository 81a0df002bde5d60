/* The module "wasi_snapshot_preview1": all 46 functions, each of which answers
 * an errno, or a Promise of one when it has to wait. */
import { argsImports } from "./args.js";
import { clockImports } from "./clock.js";
import { directoryImports } from "./directory.js";
import { fdImports } from "./fd.js";
import { Lookups } from "./lookup.js";
import { openImports } from "./open.js";
import { pathImports } from "./path.js";
import { pollImports } from "./poll.js";
import { procImports } from "./proc.js";
import { randomImports } from "./random.js";
import { sockImports } from "./sock.js";

/**
 * @param {import("./context.js").Context} context
 * @returns {Record<string, Function>}
 */
export function wasiFunctions(context) {
  const lookups = new Lookups(context);
  return {
    ...argsImports(context),
    ...clockImports(context),
    ...directoryImports(context, lookups),
    ...fdImports(context),
    ...openImports(context, lookups),
    ...pathImports(context, lookups),
    ...pollImports(context),
    ...procImports(context),
    ...randomImports(context),
    ...sockImports(context),
  };
}
