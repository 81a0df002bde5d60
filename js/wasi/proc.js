/* The process: its end, signals to itself, and giving way. */
import { ERRNO } from "../errors.js";
import { u32 } from "../memory.js";
import { SIGNAL, SIGNAL_MAX } from "./abi.js";

/** What a shell adds to the number of the signal that ended a program. */
const ENDED_BY_SIGNAL = 128;

/** Signals that end no program that does not handle them. */
/** @type {readonly number[]} */
const IGNORED = Object.freeze([
  SIGNAL.NONE,
  SIGNAL.CHLD,
  SIGNAL.CONT,
  SIGNAL.URG,
  SIGNAL.WINCH,
]);

/** Signals that stop a program until another continues it: nobody would. */
/** @type {readonly number[]} */
const STOPPING = Object.freeze([
  SIGNAL.STOP,
  SIGNAL.TSTP,
  SIGNAL.TTIN,
  SIGNAL.TTOU,
]);

/** @param {import("./context.js").Context} context */
export function procImports({ exit }) {
  return {
    /** @param {number} code */
    proc_exit: (code) => exit(code),

    /**
     * Does what the signal does by default: preview1 has no handlers.
     * @param {number} number
     */
    proc_raise(number) {
      const signal = u32(number);
      if (signal > SIGNAL_MAX) return ERRNO.EINVAL;
      if (IGNORED.includes(signal)) return 0;
      if (STOPPING.includes(signal)) return ERRNO.ENOTSUP;
      return exit(ENDED_BY_SIGNAL + signal);
    },

    sched_yield: () => 0,
  };
}
