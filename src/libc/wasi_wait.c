/* The leaf behind every call of WASI that has to wait. */
#ifdef __EMSCRIPTEN__
#include "wasi.h"

#include "../host/op.h"

/* The errno of a call that waited. */
GS__INLINE __wasi_errno_t ended(int64_t result) {
  return (__wasi_errno_t)(result < 0 ? -result : result);
}

GS__LEAF(gs__wasi_wait) __wasi_errno_t gs__wasi_wait(const char *name) {
  if (gs__coro_resumed()) return ended(gs__sched.current->result);
  struct gs__op op;
  int error = gs__op_begin(&op);
  if (error != GS_OK) {
    gs__host_wasi_wait(0);
    return ended(error);
  }
  gs__host_wasi_wait(op.token);
  error = gs__op_wait(&op, NULL, GS_FOREVER);
  if (error != GS_OK) return ended(error);
  return ended(gs__park(name, NULL));
}
#endif
