/* The 46 functions of WASI preview1 with their parameters: what each pointer
 * leads to, which length goes with it, and a call of each that succeeds. Tests
 * of bad arguments are made from this list. */
import { RIGHTS } from "../../js/wasi/abi.js";

/**
 * A parameter. Pointers lead to `bytes` bytes; `text` is put there before the
 * call, `writes` says that the call may write there.
 * @typedef {{ role: "fd", name: string }
 *   | { role: "pointer", bytes: number, text?: Uint8Array, writes: boolean }
 *   | { role: "iovecs", sizes: number[], writes: boolean }
 *   | { role: "length", value: number }
 *   | { role: "number", value: number }
 *   | { role: "big", value: bigint }} Parameter
 */

/** @param {string} name @returns {Parameter[]} */
const fd = (name) => [{ role: "fd", name }];

/** @param {number} bytes @returns {Parameter[]} */
const out = (bytes) => [{ role: "pointer", bytes, writes: true }];

/** @param {number} bytes @returns {Parameter[]} */
const buffer = (bytes) => [...out(bytes), { role: "length", value: bytes }];

/** @param {Uint8Array} text @param {number} count @returns {Parameter[]} */
const given = (text, count) => [
  { role: "pointer", bytes: text.length, text, writes: false },
  { role: "length", value: count },
];

/** @param {string} text @returns {Parameter[]} */
const path = (text) => given(new TextEncoder().encode(text), text.length);

/** @param {boolean} writes @returns {Parameter[]} */
const iovecs = (writes) => [
  { role: "iovecs", sizes: [3, 2], writes },
  { role: "length", value: 2 },
];

/** @param {number} value @returns {Parameter[]} */
const number = (value) => [{ role: "number", value }];

/** @param {bigint} value @returns {Parameter[]} */
const big = (value) => [{ role: "big", value }];

/** A clock subscription that is due. */
function subscription() {
  const bytes = new Uint8Array(48);
  bytes[16] = 1;
  return bytes;
}

const FILE = fd("file");
const DIRECTORY = fd("directory");
const SOCKET = fd("socket");
const OPEN_RIGHTS = BigInt(RIGHTS.FD_READ | RIGHTS.FD_WRITE);

/** @type {Readonly<Record<string, Parameter[]>>} */
export const SIGNATURES = Object.freeze({
  // Two arguments, "app" and "x"; one variable, A=1.
  args_get: [...out(8), ...out(6)],
  args_sizes_get: [...out(4), ...out(4)],
  environ_get: [...out(4), ...out(4)],
  environ_sizes_get: [...out(4), ...out(4)],
  clock_res_get: [...number(1), ...out(8)],
  clock_time_get: [...number(1), ...big(0n), ...out(8)],
  fd_advise: [...FILE, ...big(0n), ...big(4n), ...number(0)],
  fd_allocate: [...FILE, ...big(0n), ...big(4n)],
  fd_close: FILE,
  fd_datasync: FILE,
  fd_fdstat_get: [...FILE, ...out(24)],
  fd_fdstat_set_flags: [...FILE, ...number(1)],
  fd_fdstat_set_rights: [...FILE, ...big(0n), ...big(0n)],
  fd_filestat_get: [...FILE, ...out(64)],
  fd_filestat_set_size: [...FILE, ...big(3n)],
  fd_filestat_set_times: [...FILE, ...big(1n), ...big(2n), ...number(5)],
  fd_pread: [...FILE, ...iovecs(true), ...big(0n), ...out(4)],
  fd_prestat_get: [...DIRECTORY, ...out(8)],
  fd_prestat_dir_name: [...DIRECTORY, ...buffer(1)],
  fd_pwrite: [...FILE, ...iovecs(false), ...big(0n), ...out(4)],
  fd_read: [...FILE, ...iovecs(true), ...out(4)],
  fd_readdir: [...DIRECTORY, ...buffer(256), ...big(0n), ...out(4)],
  fd_renumber: [...FILE, ...SOCKET],
  fd_seek: [...FILE, ...big(1n), ...number(0), ...out(8)],
  fd_sync: FILE,
  fd_tell: [...FILE, ...out(8)],
  fd_write: [...FILE, ...iovecs(false), ...out(4)],
  path_create_directory: [...DIRECTORY, ...path("new")],
  path_filestat_get: [...DIRECTORY, ...number(1), ...path("file"), ...out(64)],
  path_filestat_set_times: [
    ...[...DIRECTORY, ...number(1), ...path("file")],
    ...[...big(1n), ...big(2n), ...number(5)],
  ],
  path_link: [
    ...[...DIRECTORY, ...number(0), ...path("file")],
    ...[...DIRECTORY, ...path("other")],
  ],
  path_open: [
    ...[...DIRECTORY, ...number(1), ...path("made"), ...number(1)],
    ...[...big(OPEN_RIGHTS), ...big(0n), ...number(0), ...out(4)],
  ],
  path_readlink: [...DIRECTORY, ...path("link"), ...buffer(4), ...out(4)],
  path_remove_directory: [...DIRECTORY, ...path("empty")],
  path_rename: [...DIRECTORY, ...path("file"), ...DIRECTORY, ...path("moved")],
  path_symlink: [...path("target"), ...DIRECTORY, ...path("symbolic")],
  path_unlink_file: [...DIRECTORY, ...path("file")],
  poll_oneoff: [
    { role: "pointer", bytes: 48, text: subscription(), writes: false },
    ...[...out(32), { role: /** @type {const} */ ("length"), value: 1 }],
    ...out(4),
  ],
  proc_exit: number(0),
  proc_raise: number(0),
  sched_yield: [],
  random_get: buffer(16),
  sock_accept: [...fd("listener"), ...number(0), ...out(4)],
  sock_recv: [...SOCKET, ...iovecs(true), ...number(0), ...out(4), ...out(2)],
  sock_send: [...SOCKET, ...iovecs(false), ...number(0), ...out(4)],
  sock_shutdown: [...SOCKET, ...number(3)],
});
