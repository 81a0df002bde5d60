/* fcntl() and ioctl() as far as WASI goes, and dup2() as far as it is a move.
 */
#ifdef __EMSCRIPTEN__
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "result.h"

static const struct {
  int posix;
  __wasi_fdflags_t wasi;
} flag_pairs[] = {
    {O_APPEND, __WASI_FDFLAGS_APPEND},
    {O_NONBLOCK, __WASI_FDFLAGS_NONBLOCK},
    {O_DSYNC, __WASI_FDFLAGS_DSYNC},
};
#define FLAG_PAIRS (sizeof flag_pairs / sizeof *flag_pairs)

static int get_flags(int fd) {
  __wasi_fdstat_t stat;
  int error = __wasi_fd_fdstat_get((__wasi_fd_t)fd, &stat);
  if (error != 0) return gs__libc_result(error);
  int flags = 0;
  for (size_t i = 0; i < FLAG_PAIRS; i++) {
    if ((stat.fs_flags & flag_pairs[i].wasi) != 0) flags |= flag_pairs[i].posix;
  }
  if ((stat.fs_flags & __WASI_FDFLAGS_SYNC) != 0) flags |= O_SYNC;
  bool reads = (stat.fs_rights_base & __WASI_RIGHTS_FD_READ) != 0;
  bool writes = (stat.fs_rights_base & __WASI_RIGHTS_FD_WRITE) != 0;
  if (writes) flags |= reads ? O_RDWR : O_WRONLY;
  return flags;
}

static int set_flags(int fd, int flags) {
  int wanted = 0;
  for (size_t i = 0; i < FLAG_PAIRS; i++) {
    if ((flags & flag_pairs[i].posix) != 0) wanted |= flag_pairs[i].wasi;
  }
  if ((flags & O_SYNC) == O_SYNC) wanted |= __WASI_FDFLAGS_SYNC;
  return gs__libc_result(
      __wasi_fd_fdstat_set_flags((__wasi_fd_t)fd, (__wasi_fdflags_t)wanted));
}

static int check_fd(int fd) {
  __wasi_fdstat_t stat;
  return gs__libc_result(__wasi_fd_fdstat_get((__wasi_fd_t)fd, &stat));
}

int fcntl(int fd, int command, ...) {
  va_list list;
  va_start(list, command);
  int argument = command == F_SETFL ? va_arg(list, int) : 0;
  va_end(list);
  switch (command) {
    case F_GETFD: /* nothing is ever executed that could inherit it */
    case F_SETFD:
      return check_fd(fd);
    case F_GETFL:
      return get_flags(fd);
    case F_SETFL:
      return set_flags(fd, argument);
    default:
      return check_fd(fd) != 0 ? -1 : gs__libc_result(ENOTSUP);
  }
}

int ioctl(int fd, int request, ...) {
  (void)request;
  return check_fd(fd) != 0 ? -1 : gs__libc_result(ENOTTY);
}

/* ---- two numbers for one descriptor: WASI can only move one ---- */

int dup(int fd) { return check_fd(fd) != 0 ? -1 : gs__libc_result(ENOTSUP); }

int dup3(int fd, int to, int flags) {
  (void)flags;
  (void)to;
  return dup(fd);
}

/* What freopen() calls, which closes `fd` by fclose() right after. */
int __dup3(int fd, int to, int flags);
int __dup3(int fd, int to, int flags) {
  (void)flags;
  int error = __wasi_fd_renumber((__wasi_fd_t)fd, (__wasi_fd_t)to);
  return error == 0 ? to : gs__libc_result(error);
}

int dup2(int fd, int to) {
  if (fd != to) return dup(fd);
  return check_fd(fd) != 0 ? -1 : fd;
}

int pipe(int fds[2]) {
  (void)fds;
  return gs__libc_result(ENOTSUP);
}
#endif
