/* GossamerError, which every public failure is; ProcExit, which carries an
 * exit through wasm frames; the error numbers, which are those of WASI
 * preview1 and of src/include/gossamer/error.h. */

/** Number of each error; imports answer it negative. */
export const ERRNO = Object.freeze({
  E2BIG: 1,
  EACCES: 2,
  EADDRINUSE: 3,
  EADDRNOTAVAIL: 4,
  EAFNOSUPPORT: 5,
  EAGAIN: 6,
  EALREADY: 7,
  EBADF: 8,
  EBADMSG: 9,
  EBUSY: 10,
  ECANCELED: 11,
  ECHILD: 12,
  ECONNABORTED: 13,
  ECONNREFUSED: 14,
  ECONNRESET: 15,
  EDEADLK: 16,
  EDESTADDRREQ: 17,
  EDOM: 18,
  EDQUOT: 19,
  EEXIST: 20,
  EFAULT: 21,
  EFBIG: 22,
  EHOSTUNREACH: 23,
  EIDRM: 24,
  EILSEQ: 25,
  EINPROGRESS: 26,
  EINTR: 27,
  EINVAL: 28,
  EIO: 29,
  EISCONN: 30,
  EISDIR: 31,
  ELOOP: 32,
  EMFILE: 33,
  EMLINK: 34,
  EMSGSIZE: 35,
  EMULTIHOP: 36,
  ENAMETOOLONG: 37,
  ENETDOWN: 38,
  ENETRESET: 39,
  ENETUNREACH: 40,
  ENFILE: 41,
  ENOBUFS: 42,
  ENODEV: 43,
  ENOENT: 44,
  ENOEXEC: 45,
  ENOLCK: 46,
  ENOLINK: 47,
  ENOMEM: 48,
  ENOMSG: 49,
  ENOPROTOOPT: 50,
  ENOSPC: 51,
  ENOSYS: 52,
  ENOTCONN: 53,
  ENOTDIR: 54,
  ENOTEMPTY: 55,
  ENOTRECOVERABLE: 56,
  ENOTSOCK: 57,
  ENOTSUP: 58,
  ENOTTY: 59,
  ENXIO: 60,
  EOVERFLOW: 61,
  EOWNERDEAD: 62,
  EPERM: 63,
  EPIPE: 64,
  EPROTO: 65,
  EPROTONOSUPPORT: 66,
  EPROTOTYPE: 67,
  ERANGE: 68,
  EROFS: 69,
  ESPIPE: 70,
  ESRCH: 71,
  ESTALE: 72,
  ETIMEDOUT: 73,
  ETXTBSY: 74,
  EXDEV: 75,
  ENOTCAPABLE: 76,
});

/** No error: C's "park until gs_complete()", GS__PENDING in src/host/host.h. */
export const PENDING = -0x80000000;

/** @typedef {keyof typeof ERRNO} ErrnoName */

/** @type {Map<number, ErrnoName>} */
const NAMES = new Map(
  Object.entries(ERRNO).map(([name, number]) => [
    number,
    /** @type {ErrnoName} */ (name),
  ]),
);

/**
 * The name for an error number, positive or negative.
 * @param {number} number
 * @returns {ErrnoName | "EUNKNOWN"}
 */
export function errnoName(number) {
  return NAMES.get(Math.abs(number)) ?? "EUNKNOWN";
}

/**
 * What a WASI function answers for a result that is negative when it failed.
 * @param {number} answer
 */
export function errnoOf(answer) {
  return answer < 0 ? -answer : 0;
}

/**
 * What the public API throws and rejects with. `code` is the name of an error
 * number, or "ETRAP" when the program crashed.
 */
export class GossamerError extends Error {
  /**
   * @param {string} code
   * @param {string} message
   * @param {{ cause?: unknown }} [options]
   */
  constructor(code, message, options) {
    super(message, options);
    this.name = "GossamerError";
    this.code = code;
  }
}

/** Thrown by imports to leave wasm when the program ends; never seen outside. */
export class ProcExit extends Error {
  /** @param {number} exitCode */
  constructor(exitCode) {
    super(`the program ended with exit code ${exitCode}`);
    this.name = "ProcExit";
    this.exitCode = exitCode;
  }
}

/**
 * An error's words, with those of its causes that say more (Node's fetch says
 * only "fetch failed" itself).
 * @param {unknown} error
 * @returns {string}
 */
export function messageOf(error) {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  const more = cause instanceof Error ? messageOf(cause) : "";
  const own = error.message || error.name;
  return more === "" || own.includes(more) ? own : `${own}: ${more}`;
}

/**
 * What a program's trap is to its user; keeps the wasm stack.
 * @param {unknown} error the engine's
 * @param {string} [where] in the program, if that is known
 * @returns {GossamerError}
 */
export function crashOf(error, where = "") {
  if (error instanceof GossamerError) return error;
  const text =
    where === "" ? messageOf(error) : `${where}: ${messageOf(error)}`;
  const crash = new GossamerError("ETRAP", text, { cause: error });
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  // Some engines repeat the message above the frames, others do not.
  const head = `${error}\n`;
  const frames = stack.startsWith(head) ? stack.slice(head.length) : stack;
  crash.stack = `${crash.name}: ${text}\n${frames}`;
  return crash;
}
