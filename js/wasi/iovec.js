/* Vectors of buffers, as reads and writes take them. */
import { ERRNO } from "../errors.js";
import { IOVEC_BYTES, IOVEC_MAX } from "./abi.js";

/** The counts that are answered have 32 bits. */
const MAX_TOTAL_BYTES = 0xffff_ffff;

/**
 * Whether the spans lie in memory, each of them, before any is touched.
 * @param {import("../memory.js").Memory} memory
 * @param {number} table unsigned, as count
 * @param {number} count
 * @returns {number} an errno
 */
export function spansError(memory, table, count) {
  if (count > IOVEC_MAX) return ERRNO.EINVAL;
  if (!memory.contains(table, count * IOVEC_BYTES)) return ERRNO.EFAULT;
  const { view } = memory;
  let total = 0;
  for (let at = table; at < table + count * IOVEC_BYTES; at += IOVEC_BYTES) {
    const size = view.getUint32(at + 4, true);
    if (!memory.contains(view.getUint32(at, true), size)) {
      return ERRNO.EFAULT;
    }
    total += size;
  }
  return total > MAX_TOTAL_BYTES ? ERRNO.EINVAL : 0;
}
