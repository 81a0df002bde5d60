/* The entry for ES modules: `import { load } from "gossamer"`. */
export { ERRNO, GossamerError } from "./errors.js";
export { App, load } from "./loader.js";
