/* --dir and --readonly: directories of the host as a program's files. */
import { posix } from "node:path";
import { GossamerError } from "../errors.js";
import { node } from "../fs/node.js";

export const DIRECTORY_OPTIONS = /** @type {const} */ ({
  dir: { type: "string", multiple: true },
  readonly: { type: "boolean" },
});

/**
 * What --dir says: GUEST=HOST, or one path for both, of which a relative one is
 * below the program's root.
 * @param {string} text
 */
function parseDirectory(text) {
  const equals = text.indexOf("=");
  const host = text.slice(equals + 1);
  const guest = posix.normalize(
    equals < 0 ? posix.join("/", host) : text.slice(0, equals),
  );
  const outside = equals < 0 && posix.normalize(host).startsWith("..");
  if (host === "" || outside || !guest.startsWith("/")) {
    throw new GossamerError(
      "EINVAL",
      `--dir ${text}: expected GUEST=HOST with an absolute path as GUEST`,
    );
  }
  const path = guest.length > 1 ? guest.replace(/\/$/, "") : guest;
  return { guest: path, host };
}

/**
 * @param {{ dir?: string[], readonly?: boolean }} values
 * @returns {Record<string, import("../fs/namespace.js").MountOption>}
 * @throws {GossamerError} EINVAL
 */
export function hostMounts({ dir = [], readonly: readOnly = false }) {
  const mounts = dir.map(parseDirectory).map(({ guest, host }) => {
    return [guest, { volume: node(host, { readOnly }), readOnly }];
  });
  return Object.fromEntries(mounts);
}
