/* The process: its end, signals to itself, and giving way. */
import { ERRNO } from "../errors.js";
import { SIGNAL_MAX } from "./abi.js";

/** @param {import("./context.js").Context} context */
export function procImports({ exit }) {
  return {
    /** @param {number} code */
    proc_exit: (code) => exit(code),

    /** @param {number} signal */
    proc_raise(signal) {
      return (signal & 0xff) > SIGNAL_MAX ? ERRNO.EINVAL : ERRNO.ENOTSUP;
    },

    sched_yield: () => 0,
  };
}
