/* Wait groups: see gossamer/sync.h. */
#include "queue.h"

GS__INLINE int wait_until(gs_waitgroup *group, int64_t deadline_ns) {
  if (group->gs__count == 0) return gs__done(GS_OK);
  struct gs__waiter waiter;
  int error = gs__queue_add(&group->gs__waiters, &waiter, NULL, deadline_ns);
  if (error != GS_OK) return error;
  return (int)gs__park("wait group", group);
}

GS__LEAF(gs_waitgroup_wait) int gs_waitgroup_wait(gs_waitgroup *group) {
  GS__LEAF_BODY(int);
  return wait_until(group, GS_FOREVER);
}

GS__LEAF(gs_waitgroup_wait_until)
int gs_waitgroup_wait_until(gs_waitgroup *group, int64_t deadline_ns) {
  GS__LEAF_BODY(int);
  return wait_until(group, deadline_ns);
}

int gs_waitgroup_try_wait(gs_waitgroup *group) {
  return group->gs__count == 0 ? GS_OK : GS_EAGAIN;
}

int gs_waitgroup_add(gs_waitgroup *group, int64_t delta) {
  int64_t count;
  if (__builtin_add_overflow(group->gs__count, delta, &count) || count < 0) {
    return GS_EINVAL;
  }
  group->gs__count = count;
  while (count == 0 && !gs__queue_empty(&group->gs__waiters)) {
    gs__wake(&gs__queue_take(&group->gs__waiters)->clause.clause, GS_OK);
  }
  return GS_OK;
}

int gs_waitgroup_done(gs_waitgroup *group) {
  return gs_waitgroup_add(group, -1);
}
