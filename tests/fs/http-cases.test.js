/* The http volume does what every volume does that is only read: with a list
 * of its files, and without. */
import { http } from "../../js/fs/http.js";
import { startFiles } from "../helpers/files-server.js";
import { bytesOf } from "../helpers/volume.js";
import { volumeCases } from "./cases.js";

/**
 * A tree as files by path; an empty directory ends in a slash.
 * @param {import("../helpers/volume.js").Tree} tree
 * @param {string} [path]
 * @returns {[string, string | Uint8Array][]}
 */
function filesOf(tree, path = "") {
  return Object.entries(tree).flatMap(([name, value]) => {
    const file = typeof value === "string" || value instanceof Uint8Array;
    if (file) return [[path + name, value]];
    const inside = filesOf(value, `${path}${name}/`);
    return inside.length > 0 ? inside : [[`${path}${name}/`, ""]];
  });
}

const features = {
  write: false,
  readOnly: true,
  list: true,
  hardLinks: false,
  symlinks: false,
  keepsOpen: false,
  sparse: false,
  times: false,
  directoryLinks: false,
  allocate: false,
  limited: null,
};

/** @type {{ name: string, listed: boolean, options: object, behaviour: object }[]} */
const WAYS = [
  {
    name: "http, listed",
    listed: true,
    options: { cache: "none" },
    behaviour: {},
  },
  {
    name: "http, listed, a server without parts",
    listed: true,
    options: {},
    behaviour: { parts: false, gzip: true },
  },
  {
    name: "http",
    listed: false,
    options: {},
    behaviour: {},
  },
  {
    name: "http, a server that compresses",
    listed: false,
    options: {},
    behaviour: { gzip: true },
  },
  {
    name: "http, a server that knows nothing but GET",
    listed: false,
    options: { cache: "none" },
    behaviour: { parts: false, head: false, lengths: false, tags: false },
  },
];

for (const { name, listed, options, behaviour } of WAYS) {
  volumeCases({
    name,
    async create(t, tree) {
      const files = Object.fromEntries(filesOf(tree));
      const directories = !listed;
      const { url } = await startFiles(t, files, { ...behaviour, directories });
      const sizes = Object.entries(files).map(([path, data]) => [
        path,
        bytesOf(data).length,
      ]);
      const manifest = listed ? Object.fromEntries(sizes) : undefined;
      return http(url, { ...options, manifest });
    },
    features: { ...features, list: listed },
  });
}
