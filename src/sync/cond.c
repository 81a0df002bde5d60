/* Condition variables: see gossamer/sync.h. A waiter that is signaled, or whose
 * deadline comes or context is done, does not run: it moves to the mutex's
 * queue, and runs when the mutex is its own. */
#include "mutex.h"

struct cond_waiter {
  struct gs__waiter waiter; /* must be first; its amount is the result */
  struct gs__alarm alarm;   /* the deadline, if any */
  gs_mutex *mutex;
};

/* The waiter has left the condition's queue: on to the mutex. */
static void requeue(struct cond_waiter *w, int result) {
  struct gs__clause *clause = &w->waiter.clause.clause;
  gs_mutex *mutex = w->mutex;
  gs__alarm_clear(&w->alarm);
  gs__scope_leave(clause->task); /* it must have the mutex when it returns */
  w->waiter.amount = result;
  clause->task->reason = GS__MUTEX_REASON;
  clause->task->object = mutex;
  gs__list_append(gs__queue_list(&mutex->gs__waiters), &clause->node);
  if (mutex->gs__holder == 0) gs__mutex_hand_over(mutex);
}

static void expire(struct gs__alarm *alarm, int64_t deadline_ns) {
  (void)deadline_ns;
  struct cond_waiter *w = gs__container(alarm, struct cond_waiter, alarm);
  gs__list_remove(&w->waiter.clause.clause.node);
  requeue(w, GS_ETIMEDOUT);
}

/* Its context is done. */
static void interrupt(struct gs__clause *clause) {
  gs__list_remove(&clause->node);
  requeue((struct cond_waiter *)clause, (int)clause->task->result);
}

GS__INLINE int wait_until(gs_cond *cond, gs_mutex *mutex, int64_t deadline_ns) {
  struct gs__task *task = gs__sched.current;
  if (task == NULL || mutex->gs__holder != task->id) return GS_EPERM;
  struct cond_waiter w;
  w.mutex = mutex;
  w.alarm.item.slot = GS__HEAP_OUT;
  w.alarm.fire = expire;
  if (deadline_ns != GS_FOREVER && !gs__alarm_set(&w.alarm, deadline_ns)) {
    return GS_ENOMEM;
  }
  gs__mutex_hand_over(mutex);
  gs__queue_add(&cond->gs__waiters, &w.waiter, interrupt, GS_FOREVER);
  w.waiter.clause.clause.kind = GS__CLAUSE_MOVES;
  return (int)gs__park("condition", cond);
}

GS__LEAF(gs_cond_wait) int gs_cond_wait(gs_cond *cond, gs_mutex *mutex) {
  GS__LEAF_BODY(int);
  return wait_until(cond, mutex, GS_FOREVER);
}

GS__LEAF(gs_cond_wait_until)
int gs_cond_wait_until(gs_cond *cond, gs_mutex *mutex, int64_t deadline_ns) {
  GS__LEAF_BODY(int);
  return wait_until(cond, mutex, deadline_ns);
}

int gs_cond_signal(gs_cond *cond) {
  if (gs__queue_empty(&cond->gs__waiters)) return 0;
  requeue((struct cond_waiter *)gs__queue_take(&cond->gs__waiters), GS_OK);
  return 1;
}

int gs_cond_broadcast(gs_cond *cond) {
  int count = 0;
  while (gs_cond_signal(cond) > 0) count++;
  return count;
}
