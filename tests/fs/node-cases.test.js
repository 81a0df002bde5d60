/* The node volume does what every volume does: held and by path, and the same
 * when its answers are late. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { node } from "../../js/fs/node.js";
import { defer } from "../helpers/defer.js";
import { countsDirectories } from "../helpers/node-volume.js";
import { slowVolume } from "../helpers/slow-volume.js";
import { volumeCases } from "./cases.js";
import { volumePrograms } from "./program.js";

/** Steps of a program made by chance; GS_STEPS takes more. */
const STEPS = Number(process.env.GS_STEPS ?? 250);

/**
 * @param {import("node:test").TestContext} t
 * @param {object} options
 */
function create(t, options) {
  const path = mkdtempSync(join(tmpdir(), "gossamer-node-"));
  const volume = node(path, options);
  defer(t, () => {
    volume.close();
    rmSync(path, { recursive: true, force: true });
  });
  return volume;
}

const features = {
  write: true,
  readOnly: false,
  list: true,
  hardLinks: true,
  symlinks: true,
  keepsOpen: true,
  // How large a file may be is the host's affair; node.test.js has the limit.
  sparse: false,
  // Node sets times to the microsecond.
  times: false,
  directoryLinks: countsDirectories(),
  allocate: true,
  limited: null,
};

const nameless = "a directory without a name has no path";

const subjects = [
  { name: "node", create: (t) => create(t, {}), features },
  {
    name: "node, by path",
    create: (t) => create(t, { byPath: true }),
    features,
    differences: {
      "in a removed directory that is open nothing can be made or found":
        nameless,
      "a removed directory has no links": nameless,
      "a directory that was replaced while open is as removed": nameless,
    },
  },
  { name: "node, late", create: (t) => slowVolume(create(t, {})), features },
];

for (const subject of subjects) {
  volumeCases(subject);
  volumePrograms(subject, { programs: 6, steps: STEPS });
}
