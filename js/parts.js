/* Parts: services behind the module "gossamer" that the core does not carry. A
 * page that wants one loads its script beside gossamer.js, or passes it to
 * load(). A program that needs a part which is not there is told which. */
import { GossamerError } from "./errors.js";

/**
 * @typedef {object} Part made by websocket() or webcrypto()
 * @property {keyof typeof PARTS} name
 * @property {(host: import("./host/index.js").Host,
 *   settings: PartSettings) => Service} create
 *
 * @typedef {object} PartSettings
 * @property {import("./http/policy.js").Policy} policy what may be fetched
 *
 * @typedef {object} Service
 * @property {Record<string, Function>} imports
 * @property {() => void} close the program has ended
 */

/** Which imports are whose, and the function that makes the part. */
export const PARTS = Object.freeze({
  websocket: { imports: /^ws_/, maker: "websocket" },
  crypto: { imports: /^(crypto|hash)_/, maker: "webcrypto" },
});

/**
 * @param {unknown} parts the option
 * @returns {readonly Part[]}
 * @throws {GossamerError} EINVAL
 */
export function readParts(parts = []) {
  const list = Array.isArray(parts) ? parts : [null];
  const good = list.every(
    (part) =>
      Object.hasOwn(PARTS, part?.name) && typeof part.create === "function",
  );
  if (good) return [...new Map(list.map((part) => [part.name, part])).values()];
  throw new GossamerError(
    "EINVAL",
    "option parts: expected an array of parts, such as websocket() of " +
      '"gossamer/websocket"',
  );
}

/**
 * How to have what a program imports and nobody answers.
 * @param {readonly string[]} names of imports
 * @returns {string} "" when no part has them
 */
export function partAdvice(names) {
  return Object.entries(PARTS)
    .filter(([, { imports }]) => names.some((name) => imports.test(name)))
    .map(
      ([part, { maker }]) =>
        `; for the part "${part}" load gossamer-${part}.js beside ` +
        `gossamer.js, or pass load(..., { parts: [${maker}()] }), ` +
        `which "gossamer/${part}" exports`,
    )
    .join("");
}

/**
 * For scripts: leaves a part where gossamer.js finds it when a tag's program is
 * started. A later one of the same name takes the place of an earlier one.
 * @param {Part} part
 */
export function offerPart(part) {
  const page = /** @type {{ Gossamer?: { parts?: Part[] } }} */ (globalThis);
  page.Gossamer ??= {};
  page.Gossamer.parts ??= [];
  page.Gossamer.parts.push(part);
}
