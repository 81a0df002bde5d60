/* What a program finds open when it starts: its standard streams, then the
 * directories it was given, in the order they were given. */
import { GossamerError, errnoName } from "../errors.js";
import { encodeText } from "../memory.js";
import {
  DIRECTORY_RIGHTS,
  DirectoryDescriptor,
  FILE_RIGHTS,
  WRITING_RIGHTS,
} from "./descriptors.js";

/**
 * Opens the volumes, and a descriptor for the root of each mount.
 * @param {import("./context.js").Context} context
 * @param {Readonly<Record<string, import("../fs/namespace.js").MountOption>>}
 *   mounts by mount point
 * @throws {GossamerError} what a volume answered that could not be opened
 */
export async function openMounts(context, mounts) {
  await context.namespace.open(mounts);
  await addPreopens(context, context.namespace.mounts);
}

/**
 * Opens descriptors for the roots of some mounts.
 * @param {import("./context.js").Context} context
 * @param {readonly import("../fs/namespace.js").Mount[]} mounts
 * @throws {GossamerError} what a volume answered that could not be opened
 */
export async function addPreopens({ namespace, descriptors }, mounts) {
  for (const mount of mounts) {
    const place = namespace.rootOf(mount);
    const access = { read: true, write: false };
    const file = await mount.volume.openNode(place.node, access);
    if (typeof file === "number" && file < 0) {
      const code = errnoName(file);
      throw new GossamerError(code, `cannot open ${mount.path}: ${code}`);
    }
    const allowed = mount.readOnly ? ~WRITING_RIGHTS : ~0;
    const rights = {
      base: DIRECTORY_RIGHTS & allowed,
      inheriting: (DIRECTORY_RIGHTS | FILE_RIGHTS) & allowed,
    };
    const name = encodeText(mount.path);
    descriptors.add(new DirectoryDescriptor(place, file, rights, 0, name));
  }
}
