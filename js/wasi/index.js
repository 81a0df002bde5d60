/* The module "wasi_snapshot_preview1": all 46 functions. Those that need what
 * is not here (files, sockets, polling) answer ENOSYS. */
import { ERRNO } from "../errors.js";
import { FUNCTIONS } from "./abi.js";
import { argsImports } from "./args.js";
import { clockImports } from "./clock.js";
import { fdImports } from "./fd.js";
import { procImports } from "./proc.js";
import { randomImports } from "./random.js";

/**
 * @param {import("../host/index.js").Host} host
 * @param {import("../host/inlet.js").Inlet} stdin
 * @param {{ args: readonly string[], env: Record<string, string> }} settings
 * @returns {Record<string, Function>}
 */
export function wasiImports(host, stdin, settings) {
  const unsupported = FUNCTIONS.map((name) => [name, () => ERRNO.ENOSYS]);
  return {
    ...Object.fromEntries(unsupported),
    ...argsImports(host.memory, settings.args, settings.env),
    ...clockImports(host),
    ...fdImports(host, stdin),
    ...procImports(host),
    ...randomImports(host.memory),
  };
}
