/* How libc's functions answer. Gossamer defines the public ones, fopen() and
 * mkdir() and the like, and not the system calls beneath them: those are named
 * and typed differently in every release of Emscripten, which has empty ones of
 * its own that are found first. */
#ifndef GS_LIBC_RESULT_H
#define GS_LIBC_RESULT_H

#include <errno.h>

#include "path.h"
#include "wasi.h"

/* For an errno: 0, or -1 with errno set. One of them Emscripten's libc has
 * under another number than WASI. */
static inline int gs__libc_result(int error) {
  if (error == 0) return 0;
  errno = error == __WASI_ERRNO_NOTSUP ? ENOTSUP : error;
  return -1;
}

#endif
