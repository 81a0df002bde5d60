/* Barriers: see gossamer/sync.h. */
#include "queue.h"

/* One that gives up has not arrived. */
static void cancel(struct gs__clause *clause) {
  gs__list_remove(&clause->node);
  gs_barrier *barrier = ((struct gs__waiter *)clause)->object;
  barrier->gs__arrived--;
}

static inline int arrive_now(gs_barrier *barrier) {
  if (barrier->gs__parties == 0) return GS_EINVAL;
  if (barrier->gs__arrived + 1 < barrier->gs__parties) return GS_EAGAIN;
  barrier->gs__arrived = 0;
  while (!gs__queue_empty(&barrier->gs__waiters)) {
    gs__wake(&gs__queue_take(&barrier->gs__waiters)->clause.clause, 0);
  }
  return 1;
}

GS__INLINE int wait_until(gs_barrier *barrier, int64_t deadline_ns) {
  int result = arrive_now(barrier);
  if (result != GS_EAGAIN) return gs__done(result);
  struct gs__waiter waiter;
  waiter.object = barrier;
  result = gs__queue_add(&barrier->gs__waiters, &waiter, cancel, deadline_ns);
  if (result != GS_OK) return result;
  barrier->gs__arrived++;
  return (int)gs__park("barrier", barrier);
}

GS__LEAF(gs_barrier_wait) int gs_barrier_wait(gs_barrier *barrier) {
  GS__LEAF_BODY(int);
  return wait_until(barrier, GS_FOREVER);
}

GS__LEAF(gs_barrier_wait_until)
int gs_barrier_wait_until(gs_barrier *barrier, int64_t deadline_ns) {
  GS__LEAF_BODY(int);
  return wait_until(barrier, deadline_ns);
}

int gs_barrier_try_wait(gs_barrier *barrier) { return arrive_now(barrier); }
