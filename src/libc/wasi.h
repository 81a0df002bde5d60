/* Calls of WASI that park the goroutine when the host cannot answer at once.
 *
 * Emscripten's libc calls __wasi_fd_read() and the like; a definition in the
 * program wins over the import of that name. What an import answers is an
 * errno, or GS__PENDING: then gs__wasi_wait() must be the next thing that is
 * called. */
#ifndef GS_LIBC_WASI_H
#define GS_LIBC_WASI_H

#include <stdint.h>
#include <wasi/api.h>

#include "../base/check.h"
#include "../host/host.h"

/* Parks until the host has an outcome for the call that it has just answered
 * by GS__PENDING; `name` is what dumps say it waits for. An errno: the call's,
 * ECANCELED or ETIMEDOUT by the context, EPERM outside a goroutine, ENOMEM. In
 * these cases the call was given up and the host touches no memory. */
__wasi_errno_t gs__wasi_wait(const char *name);

/* To read what was opened to be written is EBADF in POSIX. */
static inline __wasi_errno_t gs__wasi_posix(__wasi_errno_t error) {
  return error == __WASI_ERRNO_NOTCAPABLE ? __WASI_ERRNO_BADF : error;
}

/* The import `name` under a name that is not libc's. */
#define GS__WASI_IMPORT(name, parameters)      \
  __attribute__((                              \
      import_module("wasi_snapshot_preview1"), \
      import_name(#name))) extern int32_t gs__wasi_##name parameters

/* Defines __wasi_name() as the import and the wait. */
#define GS__WASI_CALL(name, parameters, arguments)                        \
  GS__WASI_IMPORT(name, parameters);                                      \
  __wasi_errno_t __wasi_##name parameters {                               \
    int32_t answer = gs__wasi_##name arguments;                           \
    if (gs__likely(answer != GS__PENDING)) return (__wasi_errno_t)answer; \
    return gs__wasi_wait(#name);                                          \
  }

#endif
