/* Constants and layouts of WASI preview1. No behaviour. */

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

export const FILETYPE = Object.freeze({ CHARACTER_DEVICE: 2 });

export const FDFLAGS = Object.freeze({ APPEND: 1 });

export const RIGHTS = Object.freeze({ FD_READ: 1n << 1n, FD_WRITE: 1n << 6n });

/** `iovec` and `ciovec`: address, size. */
export const IOVEC_BYTES = 8;
/** readv and writev take no more at once, as POSIX's IOV_MAX. */
export const IOVEC_MAX = 1024;

/** `fdstat`: filetype u8, flags u16 at 2, rights u64 at 8, inheriting at 16. */
export const FDSTAT_BYTES = 24;
