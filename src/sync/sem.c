/* Weighted semaphores: see gossamer/sync.h. */
#include "queue.h"

/* Serves the queue from its head, as far as the units go. */
static void advance(gs_sem *sem) {
  while (!gs__queue_empty(&sem->gs__waiters)) {
    struct gs__waiter *first = gs__queue_first(&sem->gs__waiters);
    if (first->amount > sem->gs__available) return;
    sem->gs__available -= first->amount;
    gs__list_remove(&first->clause.clause.node);
    gs__wake(&first->clause.clause, GS_OK);
  }
}

/* One that gives up may have held back smaller requests. */
static void cancel(struct gs__clause *clause) {
  gs__list_remove(&clause->node);
  advance(((struct gs__waiter *)clause)->object);
}

static inline int acquire_now(gs_sem *sem, int64_t count) {
  if (count < 0) return GS_EINVAL;
  if (count > sem->gs__available || !gs__queue_empty(&sem->gs__waiters)) {
    return GS_EAGAIN;
  }
  sem->gs__available -= count;
  return GS_OK;
}

GS__INLINE int acquire_until(gs_sem *sem, int64_t count, int64_t deadline_ns) {
  int result = acquire_now(sem, count);
  if (result != GS_EAGAIN) return gs__done(result);
  struct gs__waiter waiter;
  waiter.amount = count;
  waiter.object = sem;
  result = gs__queue_add(&sem->gs__waiters, &waiter, cancel, deadline_ns);
  if (result != GS_OK) return result;
  return (int)gs__park("semaphore", sem);
}

GS__LEAF(gs_sem_acquire) int gs_sem_acquire(gs_sem *sem, int64_t count) {
  GS__LEAF_BODY(int);
  return acquire_until(sem, count, GS_FOREVER);
}

GS__LEAF(gs_sem_acquire_until)
int gs_sem_acquire_until(gs_sem *sem, int64_t count, int64_t deadline_ns) {
  GS__LEAF_BODY(int);
  return acquire_until(sem, count, deadline_ns);
}

int gs_sem_try_acquire(gs_sem *sem, int64_t count) {
  return acquire_now(sem, count);
}

int gs_sem_release(gs_sem *sem, int64_t count) {
  if (count < 0) return GS_EINVAL;
  if (sem->gs__available > INT64_MAX - count) return GS_EOVERFLOW;
  sem->gs__available += count;
  advance(sem);
  return GS_OK;
}

int64_t gs_sem_available(const gs_sem *sem) { return sem->gs__available; }
