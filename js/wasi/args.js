/* Arguments and environment: two lists of NUL-terminated strings. */
import { ERRNO } from "../errors.js";
import { encodeText, u32 } from "../memory.js";

/** @typedef {import("../memory.js").Memory} Memory */

/**
 * @param {Memory} memory
 * @param {readonly string[]} list
 */
function stringList(memory, list) {
  const strings = list.map((text) => encodeText(`${text}\0`));
  const total = strings.reduce((size, { length }) => size + length, 0);
  return {
    /**
     * @param {number} countPointer
     * @param {number} sizePointer
     */
    sizes(countPointer, sizePointer) {
      const fits =
        memory.contains(u32(countPointer), 4) &&
        memory.contains(u32(sizePointer), 4);
      if (!fits) return ERRNO.EFAULT;
      memory.putU32(countPointer, strings.length);
      memory.putU32(sizePointer, total);
      return 0;
    },

    /**
     * @param {number} pointers
     * @param {number} buf
     */
    get(pointers, buf) {
      const table = u32(pointers);
      let at = u32(buf);
      const fits =
        memory.contains(table, 4 * strings.length) &&
        memory.contains(at, total);
      if (!fits) return ERRNO.EFAULT;
      strings.forEach((string, index) => {
        memory.putU32(table + 4 * index, at);
        memory.bytes.set(string, at);
        at += string.length;
      });
      return 0;
    },
  };
}

/** @param {import("./context.js").Context} context */
export function argsImports({ memory, args, env }) {
  const argList = stringList(memory, args);
  const envList = stringList(
    memory,
    Object.entries(env).map(([name, value]) => `${name}=${value}`),
  );
  return {
    args_get: argList.get,
    args_sizes_get: argList.sizes,
    environ_get: envList.get,
    environ_sizes_get: envList.sizes,
  };
}
