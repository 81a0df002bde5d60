/* Writing and closing, which every program that prints links with. Standard
 * output and error never have anybody wait, so these two park only in a program
 * that has other descriptors too, one that gs__wasi_wait() is linked into:
 * Asyncify need not look at what merely prints. */
#ifdef __EMSCRIPTEN__
#pragma weak gs__wasi_wait
#include "wasi.h"

GS__WASI_IMPORT(fd_write, (__wasi_fd_t fd, const __wasi_ciovec_t *iovs,
                           size_t iovs_count, __wasi_size_t *written));
GS__WASI_IMPORT(fd_close, (__wasi_fd_t fd));

/* Without the leaf there is no descriptor that could have anybody wait. */
GS__INLINE __wasi_errno_t outcome(int32_t answer, const char *name) {
  if (gs__wasi_wait == NULL || gs__likely(answer != GS__PENDING)) {
    return (__wasi_errno_t)answer;
  }
  return gs__wasi_wait(name);
}

__wasi_errno_t __wasi_fd_write(__wasi_fd_t fd, const __wasi_ciovec_t *iovs,
                               size_t iovs_count, __wasi_size_t *written) {
  return gs__wasi_posix(
      outcome(gs__wasi_fd_write(fd, iovs, iovs_count, written), "fd_write"));
}

__wasi_errno_t __wasi_fd_close(__wasi_fd_t fd) {
  return outcome(gs__wasi_fd_close(fd), "fd_close");
}
#endif
