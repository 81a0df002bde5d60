/* Once: see gossamer/sync.h. gs_once_do() calls the user's function and so is
 * no leaf; waiting for another goroutine's run is. */
#include "queue.h"

#define DONE ((gs_id)-1)

int gs__once_wait(gs_once *once, int64_t deadline_ns);

GS__LEAF(gs__once_wait) int gs__once_wait(gs_once *once, int64_t deadline_ns) {
  GS__LEAF_BODY(int);
  struct gs__waiter waiter;
  int error = gs__queue_add(&once->gs__waiters, &waiter, NULL, deadline_ns);
  if (error != GS_OK) return error;
  return (int)gs__park("once", once);
}

int gs_once_try_do(gs_once *once, gs_func *fn, void *arg) {
  if (once->gs__runner == DONE) return GS_OK;
  if (fn == NULL) return GS_EINVAL;
  if (gs__sched.current == NULL) return GS_EPERM;
  gs_id self = gs__sched.current->id;
  if (once->gs__runner == self) return GS_EDEADLK;
  if (once->gs__runner != 0) return GS_EAGAIN;
  once->gs__runner = self;
  fn(arg);
  once->gs__runner = DONE;
  while (!gs__queue_empty(&once->gs__waiters)) {
    gs__wake(&gs__queue_take(&once->gs__waiters)->clause.clause, GS_OK);
  }
  return GS_OK;
}

int gs_once_do_until(gs_once *once, gs_func *fn, void *arg,
                     int64_t deadline_ns) {
  int result = gs_once_try_do(once, fn, arg);
  return result == GS_EAGAIN ? gs__once_wait(once, deadline_ns) : result;
}

int gs_once_do(gs_once *once, gs_func *fn, void *arg) {
  return gs_once_do_until(once, fn, arg, GS_FOREVER);
}
