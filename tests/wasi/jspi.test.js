/* The guests under our own host by the caller "jspi", in a Node that has it,
 * which is installed apart (.ci/setup.mjs). */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { JSPI_NODE } from "../../.ci/setup.mjs";
import { conforms } from "../helpers/conformance.js";
import { guestFile } from "../helpers/guests.js";
import { ROOT } from "../helpers/tree.js";
import { PROGRAMS } from "./programs.js";

const run = promisify(execFile);
const CHILD = fileURLToPath(new URL("jspi-child.mjs", import.meta.url));
const LIMIT_MS = 60_000;

const node = join(
  ROOT,
  JSPI_NODE,
  `node_modules/node-${process.platform}-${process.arch}/bin/node`,
);

conforms({
  name: "jspi",
  why: existsSync(node)
    ? null
    : "there is no Node that has JSPI: npm run test:wasi installs it",
  programs: PROGRAMS,
  run: async (program) => {
    const args = [CHILD, guestFile(program.guest), JSON.stringify(program)];
    const { stdout } = await run(node, args, { timeout: LIMIT_MS });
    return JSON.parse(stdout);
  },
});
