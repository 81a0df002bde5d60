/* The calls of WASI that may have to wait, under the names libc calls them by.
 * The linker keeps those that a program uses. Writing and closing are in
 * wasi_out.c. */
#ifdef __EMSCRIPTEN__
#include "wasi.h"

/* ---- descriptors ---- */

GS__WASI_CALL(fd_allocate,
              (__wasi_fd_t fd, __wasi_filesize_t offset, __wasi_filesize_t len),
              (fd, offset, len))
GS__WASI_CALL(fd_datasync, (__wasi_fd_t fd), (fd))
GS__WASI_CALL(fd_filestat_get, (__wasi_fd_t fd, __wasi_filestat_t *stat),
              (fd, stat))
GS__WASI_CALL(fd_filestat_set_size, (__wasi_fd_t fd, __wasi_filesize_t size),
              (fd, size))
GS__WASI_CALL(fd_filestat_set_times,
              (__wasi_fd_t fd, __wasi_timestamp_t atim, __wasi_timestamp_t mtim,
               __wasi_fstflags_t flags),
              (fd, atim, mtim, flags))
GS__WASI_CALL(fd_pread,
              (__wasi_fd_t fd, const __wasi_iovec_t *iovs, size_t iovs_count,
               __wasi_filesize_t offset, __wasi_size_t *count),
              (fd, iovs, iovs_count, offset, count))
GS__WASI_CALL(fd_pwrite,
              (__wasi_fd_t fd, const __wasi_ciovec_t *iovs, size_t iovs_count,
               __wasi_filesize_t offset, __wasi_size_t *count),
              (fd, iovs, iovs_count, offset, count))
GS__WASI_CALL(fd_readdir,
              (__wasi_fd_t fd, uint8_t *buf, __wasi_size_t buf_bytes,
               __wasi_dircookie_t cookie, __wasi_size_t *used),
              (fd, buf, buf_bytes, cookie, used))
GS__WASI_CALL(fd_renumber, (__wasi_fd_t fd, __wasi_fd_t to), (fd, to))
GS__WASI_CALL(fd_sync, (__wasi_fd_t fd), (fd))

GS__WASI_IMPORT(fd_read, (__wasi_fd_t fd, const __wasi_iovec_t *iovs,
                          size_t iovs_count, __wasi_size_t *count));

__wasi_errno_t __wasi_fd_read(__wasi_fd_t fd, const __wasi_iovec_t *iovs,
                              size_t iovs_count, __wasi_size_t *count) {
  int32_t answer = gs__wasi_fd_read(fd, iovs, iovs_count, count);
  if (gs__unlikely(answer == GS__PENDING)) return gs__wasi_wait("fd_read");
  return gs__wasi_posix((__wasi_errno_t)answer);
}

/* ---- paths ---- */

GS__WASI_CALL(path_create_directory,
              (__wasi_fd_t fd, const char *path, size_t path_bytes),
              (fd, path, path_bytes))
GS__WASI_CALL(path_filestat_get,
              (__wasi_fd_t fd, __wasi_lookupflags_t flags, const char *path,
               size_t path_bytes, __wasi_filestat_t *stat),
              (fd, flags, path, path_bytes, stat))
GS__WASI_CALL(path_filestat_set_times,
              (__wasi_fd_t fd, __wasi_lookupflags_t lookup, const char *path,
               size_t path_bytes, __wasi_timestamp_t atim,
               __wasi_timestamp_t mtim, __wasi_fstflags_t flags),
              (fd, lookup, path, path_bytes, atim, mtim, flags))
GS__WASI_CALL(path_link,
              (__wasi_fd_t from_fd, __wasi_lookupflags_t lookup,
               const char *from, size_t from_bytes, __wasi_fd_t to_fd,
               const char *to, size_t to_bytes),
              (from_fd, lookup, from, from_bytes, to_fd, to, to_bytes))
GS__WASI_CALL(path_open,
              (__wasi_fd_t fd, __wasi_lookupflags_t lookup, const char *path,
               size_t path_bytes, __wasi_oflags_t oflags, __wasi_rights_t base,
               __wasi_rights_t inheriting, __wasi_fdflags_t flags,
               __wasi_fd_t *opened),
              (fd, lookup, path, path_bytes, oflags, base, inheriting, flags,
               opened))
GS__WASI_CALL(path_readlink,
              (__wasi_fd_t fd, const char *path, size_t path_bytes,
               uint8_t *buf, __wasi_size_t buf_bytes, __wasi_size_t *used),
              (fd, path, path_bytes, buf, buf_bytes, used))
GS__WASI_CALL(path_remove_directory,
              (__wasi_fd_t fd, const char *path, size_t path_bytes),
              (fd, path, path_bytes))
GS__WASI_CALL(path_rename,
              (__wasi_fd_t from_fd, const char *from, size_t from_bytes,
               __wasi_fd_t to_fd, const char *to, size_t to_bytes),
              (from_fd, from, from_bytes, to_fd, to, to_bytes))
GS__WASI_CALL(path_symlink,
              (const char *target, size_t target_bytes, __wasi_fd_t fd,
               const char *path, size_t path_bytes),
              (target, target_bytes, fd, path, path_bytes))
GS__WASI_CALL(path_unlink_file,
              (__wasi_fd_t fd, const char *path, size_t path_bytes),
              (fd, path, path_bytes))

/* ---- waiting, sockets ---- */

GS__WASI_CALL(poll_oneoff,
              (const __wasi_subscription_t *in, __wasi_event_t *out,
               __wasi_size_t subscriptions, __wasi_size_t *events),
              (in, out, subscriptions, events))
GS__WASI_CALL(sock_recv,
              (__wasi_fd_t fd, const __wasi_iovec_t *iovs, size_t iovs_count,
               __wasi_riflags_t flags, __wasi_size_t *count,
               __wasi_roflags_t *out_flags),
              (fd, iovs, iovs_count, flags, count, out_flags))
GS__WASI_CALL(sock_send,
              (__wasi_fd_t fd, const __wasi_ciovec_t *iovs, size_t iovs_count,
               __wasi_siflags_t flags, __wasi_size_t *count),
              (fd, iovs, iovs_count, flags, count))
#endif
