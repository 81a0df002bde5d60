/* read() from descriptor 0, and with it scanf and fgets: parks the goroutine
 * until the host has input. Other descriptors go to the host as they are.
 *
 * Emscripten's libc calls __wasi_fd_read; a definition in the program wins over
 * the import. */
#ifdef __EMSCRIPTEN__
#include <gossamer/error.h>
#include <wasi/api.h>

#include "../host/op.h"
#include "wasi.h"

GS__WASI_IMPORT(fd_read, (__wasi_fd_t fd, const __wasi_iovec_t *iovs,
                          size_t iovs_len, __wasi_size_t *nread));

/* Bytes, 0 at the end of input, or a negative GS_E*. */
int gs__stdin_read(void *buf, size_t buf_bytes);

GS__LEAF(gs__stdin_read) int gs__stdin_read(void *buf, size_t buf_bytes) {
  GS__LEAF_BODY(int);
  struct gs__op op;
  int error = gs__op_begin(&op);
  if (error != GS_OK) return error;
  int32_t count = gs__host_stdin_read(op.token, buf, buf_bytes);
  if (count != GS__PENDING) {
    gs__op_drop(&op);
    return count;
  }
  error = gs__op_wait(&op, NULL, GS_FOREVER);
  if (error != GS_OK) return error;
  return (int)gs__park("standard input", NULL);
}

__wasi_errno_t __wasi_fd_read(__wasi_fd_t fd, const __wasi_iovec_t *iovs,
                              size_t iovs_len, __wasi_size_t *nread) {
  if (fd != 0) {
    int32_t answer = gs__wasi_fd_read(fd, iovs, iovs_len, nread);
    if (answer != GS__PENDING) return (__wasi_errno_t)answer;
    return gs__wasi_wait("fd_read");
  }
  /* The first buffer with room: a short count is what a stream gives. stdio
   * passes the caller's first and its own second. */
  size_t first = 0;
  while (first < iovs_len && iovs[first].buf_len == 0) first++;
  if (first == iovs_len) {
    *nread = 0;
    return __WASI_ERRNO_SUCCESS;
  }
  int count = gs__stdin_read(iovs[first].buf, iovs[first].buf_len);
  if (count < 0) return (__wasi_errno_t)-count;
  *nread = (__wasi_size_t)count;
  return __WASI_ERRNO_SUCCESS;
}
#endif
