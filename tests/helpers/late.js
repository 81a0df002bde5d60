/* A volume that answers like one behind a network: what it does is done at
 * once, and told by a Promise; a transfer first says when to call again. */
import { setImmediate } from "node:timers/promises";

/** What says when to call again, and has done nothing yet. */
const TRANSFERS = new Set(["read", "write", "resize"]);
/** What the contract has answered at once. */
const AT_ONCE = new Set(["size", "advise"]);

/**
 * @template {import("../../js/fs/volume.js").Volume} V
 * @param {V} volume
 * @returns {V}
 */
export function late(volume) {
  let told = false;
  return new Proxy(volume, {
    get(target, key) {
      const value = Reflect.get(target, key, target);
      if (typeof value !== "function" || AT_ONCE.has(String(key))) {
        return typeof value === "function" ? value.bind(target) : value;
      }
      /** @param {any[]} args */
      return (...args) => {
        if (!TRANSFERS.has(String(key))) {
          return setImmediate(value.apply(target, args));
        }
        told = !told;
        return told ? setImmediate() : value.apply(target, args);
      };
    },
  });
}
