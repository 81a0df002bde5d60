/* A volume that answers late: every answer of another volume comes as a
 * Promise, and every transfer has to be asked for twice. What is above a volume
 * must not be able to tell. */

const LATE = new Set([
  ...["open", "lookup", "list", "create", "makeDirectory", "link", "symlink"],
  ...["readlink", "unlink", "removeDirectory", "rename", "stat", "setTimes"],
  ...["openNode", "closeFile", "allocate", "sync", "estimate"],
]);
const AGAIN = new Set(["read", "write", "resize"]);

/**
 * @template {import("../../js/fs/volume.js").Volume} T
 * @param {T} volume
 * @returns {T}
 */
export function slowVolume(volume) {
  let asked = false;
  return new Proxy(volume, {
    get(target, key) {
      const value = Reflect.get(target, key, target);
      if (typeof value !== "function") return value;
      /** @param {...unknown} args */
      return (...args) => {
        if (AGAIN.has(String(key))) {
          asked = !asked;
          if (asked) return Promise.resolve();
        }
        const answer = value.apply(target, args);
        return LATE.has(String(key)) ? Promise.resolve(answer) : answer;
      };
    },
  });
}
