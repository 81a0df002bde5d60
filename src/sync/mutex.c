/* Mutexes: see gossamer/sync.h. */
#include "mutex.h"

/* What their inline forms call. */
#undef gs_mutex_lock
#undef gs_mutex_unlock

static inline int lock_now(gs_mutex *mutex) {
  if (gs__unlikely(gs__sched.current == NULL)) return GS_EPERM;
  gs_id self = gs__sched.current->id;
  if (mutex->gs__holder == self) return GS_EDEADLK;
  if (mutex->gs__holder != 0) return GS_EAGAIN;
  mutex->gs__holder = self;
  return GS_OK;
}

GS__INLINE int lock_until(gs_mutex *mutex, int64_t deadline_ns) {
  int result = lock_now(mutex);
  if (result != GS_EAGAIN) return gs__done(result);
  struct gs__waiter waiter;
  waiter.amount = GS_OK;
  result = gs__queue_add(&mutex->gs__waiters, &waiter, NULL, deadline_ns);
  if (result != GS_OK) return result;
  return (int)gs__park(GS__MUTEX_REASON, mutex);
}

GS__LEAF(gs_mutex_lock) int gs_mutex_lock(gs_mutex *mutex) {
  GS__LEAF_BODY(int);
  return lock_until(mutex, GS_FOREVER);
}

GS__LEAF(gs_mutex_lock_until)
int gs_mutex_lock_until(gs_mutex *mutex, int64_t deadline_ns) {
  GS__LEAF_BODY(int);
  return lock_until(mutex, deadline_ns);
}

int gs_mutex_try_lock(gs_mutex *mutex) { return lock_now(mutex); }

void gs__mutex_hand_over(gs_mutex *mutex) {
  if (gs__queue_empty(&mutex->gs__waiters)) {
    mutex->gs__holder = 0;
    return;
  }
  struct gs__waiter *waiter = gs__queue_take(&mutex->gs__waiters);
  mutex->gs__holder = waiter->clause.clause.task->id;
  gs__wake(&waiter->clause.clause, waiter->amount);
}

int gs_mutex_unlock(gs_mutex *mutex) {
  if (gs__sched.current == NULL) return GS_EPERM;
  if (mutex->gs__holder != gs__sched.current->id) return GS_EPERM;
  gs__mutex_hand_over(mutex);
  return GS_OK;
}
