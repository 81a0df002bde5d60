/* Constants and layouts of WASI preview1. No behaviour. Rights fit 30 bits and
 * are numbers here; BigInts only at the border. */

/** Every function of the module "wasi_snapshot_preview1". */
export const FUNCTIONS = Object.freeze([
  "args_get",
  "args_sizes_get",
  "environ_get",
  "environ_sizes_get",
  "clock_res_get",
  "clock_time_get",
  "fd_advise",
  "fd_allocate",
  "fd_close",
  "fd_datasync",
  "fd_fdstat_get",
  "fd_fdstat_set_flags",
  "fd_fdstat_set_rights",
  "fd_filestat_get",
  "fd_filestat_set_size",
  "fd_filestat_set_times",
  "fd_pread",
  "fd_prestat_get",
  "fd_prestat_dir_name",
  "fd_pwrite",
  "fd_read",
  "fd_readdir",
  "fd_renumber",
  "fd_seek",
  "fd_sync",
  "fd_tell",
  "fd_write",
  "path_create_directory",
  "path_filestat_get",
  "path_filestat_set_times",
  "path_link",
  "path_open",
  "path_readlink",
  "path_remove_directory",
  "path_rename",
  "path_symlink",
  "path_unlink_file",
  "poll_oneoff",
  "proc_exit",
  "proc_raise",
  "sched_yield",
  "random_get",
  "sock_accept",
  "sock_recv",
  "sock_send",
  "sock_shutdown",
]);

export const FD = Object.freeze({ STDIN: 0, STDOUT: 1, STDERR: 2 });

export const CLOCK = Object.freeze({
  REALTIME: 0,
  MONOTONIC: 1,
  PROCESS_CPUTIME: 2,
  THREAD_CPUTIME: 3,
});

export const FDFLAGS = Object.freeze({
  APPEND: 1,
  DSYNC: 2,
  NONBLOCK: 4,
  RSYNC: 8,
  SYNC: 16,
});
export const FDFLAGS_ALL = 31;

export const OFLAGS = Object.freeze({
  CREAT: 1,
  DIRECTORY: 2,
  EXCL: 4,
  TRUNC: 8,
});
export const OFLAGS_ALL = 15;

export const LOOKUP_SYMLINK_FOLLOW = 1;

export const WHENCE = Object.freeze({ SET: 0, CUR: 1, END: 2 });

export const FSTFLAGS = Object.freeze({
  ATIM: 1,
  ATIM_NOW: 2,
  MTIM: 4,
  MTIM_NOW: 8,
});
export const FSTFLAGS_ALL = 15;

/** `advice`: NORMAL 0 to NOREUSE 5. */
export const ADVICE_MAX = 5;

export const RIGHTS = Object.freeze({
  FD_DATASYNC: 1 << 0,
  FD_READ: 1 << 1,
  FD_SEEK: 1 << 2,
  FD_FDSTAT_SET_FLAGS: 1 << 3,
  FD_SYNC: 1 << 4,
  FD_TELL: 1 << 5,
  FD_WRITE: 1 << 6,
  FD_ADVISE: 1 << 7,
  FD_ALLOCATE: 1 << 8,
  PATH_CREATE_DIRECTORY: 1 << 9,
  PATH_CREATE_FILE: 1 << 10,
  PATH_LINK_SOURCE: 1 << 11,
  PATH_LINK_TARGET: 1 << 12,
  PATH_OPEN: 1 << 13,
  FD_READDIR: 1 << 14,
  PATH_READLINK: 1 << 15,
  PATH_RENAME_SOURCE: 1 << 16,
  PATH_RENAME_TARGET: 1 << 17,
  PATH_FILESTAT_GET: 1 << 18,
  PATH_FILESTAT_SET_SIZE: 1 << 19,
  PATH_FILESTAT_SET_TIMES: 1 << 20,
  FD_FILESTAT_GET: 1 << 21,
  FD_FILESTAT_SET_SIZE: 1 << 22,
  FD_FILESTAT_SET_TIMES: 1 << 23,
  PATH_SYMLINK: 1 << 24,
  PATH_REMOVE_DIRECTORY: 1 << 25,
  PATH_UNLINK_FILE: 1 << 26,
  POLL_FD_READWRITE: 1 << 27,
  SOCK_SHUTDOWN: 1 << 28,
  SOCK_ACCEPT: 1 << 29,
});
export const RIGHTS_ALL = 2 ** 30 - 1;

export const EVENTTYPE = Object.freeze({ CLOCK: 0, FD_READ: 1, FD_WRITE: 2 });
export const SUBCLOCKFLAGS_ABSTIME = 1;
export const EVENTRWFLAGS_HANGUP = 1;

export const RIFLAGS = Object.freeze({ RECV_PEEK: 1, RECV_WAITALL: 2 });
export const ROFLAGS_RECV_DATA_TRUNCATED = 1;
export const SDFLAGS = Object.freeze({ RD: 1, WR: 2 });

/** Those of `signal` that do not end a program. */
export const SIGNAL = Object.freeze({
  NONE: 0,
  CHLD: 16,
  CONT: 17,
  STOP: 18,
  TSTP: 19,
  TTIN: 20,
  TTOU: 21,
  URG: 22,
  WINCH: 27,
});
/** SYS is the last. */
export const SIGNAL_MAX = 30;

/** `iovec` and `ciovec`: address, size. */
export const IOVEC_BYTES = 8;
/** readv and writev take no more at once, as POSIX's IOV_MAX. */
export const IOVEC_MAX = 1024;

/** `fdstat`: filetype u8, flags u16 at 2, rights u64 at 8, inheriting at 16. */
export const FDSTAT_BYTES = 24;

/** `filestat`: dev u64, ino u64 at 8, filetype u8 at 16, nlink u64 at 24, size
 * u64 at 32, atim u64 at 40, mtim u64 at 48, ctim u64 at 56. */
export const FILESTAT_BYTES = 64;

/** `prestat`: tag u8 (0: directory), the name's length u32 at 4. */
export const PRESTAT_BYTES = 8;

/** `dirent`: next cookie u64, ino u64 at 8, name's length u32 at 16, filetype
 * u8 at 20; the name follows without NUL. */
export const DIRENT_BYTES = 24;

/** `subscription`: userdata u64, tag u8 at 8; of a clock: id u32 at 16, timeout
 * u64 at 24, precision u64 at 32, flags u16 at 40; else the fd u32 at 16. */
export const SUBSCRIPTION_BYTES = 48;

/** `event`: userdata u64, errno u16 at 8, type u8 at 10, bytes u64 at 16, flags
 * u16 at 24. */
export const EVENT_BYTES = 32;

/** The functions that may have to wait, with their parameters: i for 32 bits,
 * I for 64. All others answer at once. */
export const WAITING = Object.freeze({
  fd_allocate: "iII",
  fd_close: "i",
  fd_datasync: "i",
  fd_filestat_get: "ii",
  fd_filestat_set_size: "iI",
  fd_filestat_set_times: "iIIi",
  fd_pread: "iiiIi",
  fd_pwrite: "iiiIi",
  fd_read: "iiii",
  fd_readdir: "iiiIi",
  fd_renumber: "ii",
  fd_sync: "i",
  fd_write: "iiii",
  path_create_directory: "iii",
  path_filestat_get: "iiiii",
  path_filestat_set_times: "iiiiIIi",
  path_link: "iiiiiii",
  path_open: "iiiiiIIii",
  path_readlink: "iiiiii",
  path_remove_directory: "iii",
  path_rename: "iiiiii",
  path_symlink: "iiiii",
  path_unlink_file: "iii",
  poll_oneoff: "iiii",
  sched_yield: "",
  sock_accept: "iii",
  sock_recv: "iiiiii",
  sock_send: "iiiii",
  sock_shutdown: "ii",
});
