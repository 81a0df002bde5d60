/* The Node that has JSPI, which is installed apart (.ci/setup.mjs). */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { JSPI_NODE } from "../../.ci/setup.mjs";
import { ROOT } from "./tree.js";

export const jspiNode = join(
  ROOT,
  JSPI_NODE,
  `node_modules/node-${process.platform}-${process.arch}/bin/node`,
);

/** Why nothing can be tried in it here; false: it can. */
export const noJspiNode = existsSync(jspiNode)
  ? false
  : "there is no Node that has JSPI: npm run test:wasi installs it";
