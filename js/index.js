/* The entry for ES modules: `import { load } from "gossamer"`. */
export { ERRNO, GossamerError } from "./errors.js";
export { App, load } from "./loader.js";

/**
 * @typedef {import("./options.js").LoadOptions} LoadOptions
 * @typedef {import("./source.js").ModuleSource} ModuleSource
 */
