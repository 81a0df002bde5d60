/* The volume in memory: all that volumes do, at once, and what it does about
 * memory itself. */
import { memory } from "../../js/fs/memory.js";
import { volumeCases } from "./cases.js";

/** That no operation waits: a Promise in an answer is a failure. */
function atOnce(volume) {
  return new Proxy(volume, {
    get(target, key) {
      const value = Reflect.get(target, key, target);
      if (typeof value !== "function") return value;
      return (...args) => {
        const answer = value.apply(target, args);
        if (answer instanceof Promise) throw new Error(`${String(key)} waits`);
        return answer;
      };
    },
  });
}

volumeCases({
  name: "memory",
  create: () => atOnce(memory()),
  features: {
    write: true,
    readOnly: false,
    list: true,
    hardLinks: true,
    symlinks: true,
    keepsOpen: true,
    sparse: true,
    times: true,
    directoryLinks: true,
    allocate: true,
    limited: (limitBytes) => memory({ limitBytes }),
  },
});
