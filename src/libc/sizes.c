/* The sizes of files. */
#ifdef __EMSCRIPTEN__
#include <fcntl.h>
#include <unistd.h>

#include "result.h"

static int set_size(int fd, off_t size_bytes) {
  if (size_bytes < 0) return EINVAL;
  return __wasi_fd_filestat_set_size((__wasi_fd_t)fd,
                                     (__wasi_filesize_t)size_bytes);
}

int ftruncate(int fd, off_t size_bytes) {
  return gs__libc_result(set_size(fd, size_bytes));
}

int truncate(const char *name, off_t size_bytes) {
  int fd = open(name, O_WRONLY);
  if (fd < 0) return -1;
  int error = set_size(fd, size_bytes);
  int closed = __wasi_fd_close((__wasi_fd_t)fd);
  return gs__libc_result(error != 0 ? error : closed);
}

/* These two answer the errno. */

int posix_fallocate(int fd, off_t offset, off_t size_bytes) {
  if (offset < 0 || size_bytes <= 0) return EINVAL;
  return __wasi_fd_allocate((__wasi_fd_t)fd, (__wasi_filesize_t)offset,
                            (__wasi_filesize_t)size_bytes);
}

int posix_fadvise(int fd, off_t offset, off_t size_bytes, int advice) {
  static const __wasi_advice_t known[] = {
      [POSIX_FADV_NORMAL] = __WASI_ADVICE_NORMAL,
      [POSIX_FADV_RANDOM] = __WASI_ADVICE_RANDOM,
      [POSIX_FADV_SEQUENTIAL] = __WASI_ADVICE_SEQUENTIAL,
      [POSIX_FADV_WILLNEED] = __WASI_ADVICE_WILLNEED,
      [POSIX_FADV_DONTNEED] = __WASI_ADVICE_DONTNEED,
      [POSIX_FADV_NOREUSE] = __WASI_ADVICE_NOREUSE,
  };
  if (advice < 0 || advice >= (int)(sizeof known / sizeof *known))
    return EINVAL;
  if (offset < 0 || size_bytes < 0) return EINVAL;
  return __wasi_fd_advise((__wasi_fd_t)fd, (__wasi_filesize_t)offset,
                          (__wasi_filesize_t)size_bytes, known[advice]);
}

int fdatasync(int fd) {
  return gs__libc_result(__wasi_fd_datasync((__wasi_fd_t)fd));
}
#endif
