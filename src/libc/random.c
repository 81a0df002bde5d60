/* Random bytes from the host, good for keys. */
#ifdef __EMSCRIPTEN__
#define _GNU_SOURCE
#include <unistd.h>

#include "result.h"

#define ENTROPY_BYTES_MAX 256 /* as POSIX has it */

int getentropy(void *buf, size_t buf_bytes) {
  if (buf_bytes > ENTROPY_BYTES_MAX) return gs__libc_result(EIO);
  return gs__libc_result(__wasi_random_get(buf, buf_bytes));
}

/* <sys/random.h> has it in some releases. */
ssize_t getrandom(void *buf, size_t buf_bytes, unsigned flags);

ssize_t getrandom(void *buf, size_t buf_bytes, unsigned flags) {
  (void)flags; /* there is one source, and it never runs dry */
  int error = __wasi_random_get(buf, buf_bytes);
  return error == 0 ? (ssize_t)buf_bytes : gs__libc_result(error);
}
#endif
