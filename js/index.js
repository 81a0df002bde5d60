/* The entry for ES modules: `import { load } from "gossamer"`. */
export { ERRNO, GossamerError } from "./errors.js";
export { copyTree } from "./fs/copy.js";
export { memory } from "./fs/memory.js";
export { exportTar, importTar } from "./fs/tar.js";
export { SymbolicLink, exportTree, importTree } from "./fs/transfer.js";
export { App, load } from "./loader.js";

/**
 * @typedef {import("./fs/copy.js").CopyOptions} CopyOptions
 * @typedef {import("./fs/copy.js").CopyProgress} CopyProgress
 * @typedef {import("./fs/copy.js").CopySummary} CopySummary
 * @typedef {import("./fs/memory.js").MemoryOptions} MemoryOptions
 * @typedef {import("./fs/memory.js").MemoryVolume} MemoryVolume
 * @typedef {import("./fs/tar.js").ExportTarOptions} ExportTarOptions
 * @typedef {import("./fs/tar.js").ImportTarOptions} ImportTarOptions
 * @typedef {import("./fs/tar.js").TarSource} TarSource
 * @typedef {import("./fs/tar.js").TarSummary} TarSummary
 * @typedef {import("./fs/transfer.js").ExportedTree} ExportedTree
 * @typedef {import("./fs/transfer.js").Tree} Tree
 * @typedef {import("./fs/transfer.js").TreeSource} TreeSource
 * @typedef {import("./fs/volume.js").Volume} Volume
 * @typedef {import("./options.js").LoadOptions} LoadOptions
 * @typedef {import("./source.js").ModuleSource} ModuleSource
 */
