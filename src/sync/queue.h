/* The queue of goroutines that wait for a lock or the like, inside the public
 * object, whose zero value is an empty queue. Whoever wakes a waiter has given
 * it what it waits for. */
#ifndef GS_SYNC_QUEUE_H
#define GS_SYNC_QUEUE_H

#include <gossamer/sync.h>

#include "../sched/timer.h"

struct gs__waiter {
  struct gs__clause_other clause; /* must be first */
  struct gs__deadline expiry;     /* queued only with a deadline */
  int64_t amount;                 /* its owner's: units, a kind, a result */
  void *object;                   /* what it waits for, for cancel() */
};

/* As a list; a queue that was never used is made empty. */
static inline struct gs__list *gs__queue_list(struct gs__queue *queue) {
  struct gs__list *list = (struct gs__list *)(void *)queue;
  _Static_assert(sizeof *list == sizeof *queue, "a queue is a list");
  if (list->next == NULL) gs__list_init(list);
  return list;
}

static inline bool gs__queue_empty(const struct gs__queue *queue) {
  return queue->gs__ends[0] == NULL || queue->gs__ends[0] == queue;
}

/* The oldest; the queue must not be empty. */
static inline struct gs__waiter *gs__queue_first(struct gs__queue *queue) {
  struct gs__list *node = gs__queue_list(queue)->next;
  return (struct gs__waiter *)gs__container(node, struct gs__clause, node);
}

static inline struct gs__waiter *gs__queue_take(struct gs__queue *queue) {
  struct gs__waiter *waiter = gs__queue_first(queue);
  gs__list_remove(&waiter->clause.clause.node);
  return waiter;
}

/* Queues the current task for its leaf to park. `cancel`, if any, takes the
 * waiter out when something else wakes it. GS_EPERM, GS_ENOMEM. */
GS__INLINE int gs__queue_add(struct gs__queue *queue, struct gs__waiter *waiter,
                             void (*cancel)(struct gs__clause *clause),
                             int64_t deadline_ns) {
  if (gs__unlikely(gs__sched.current == NULL)) return GS_EPERM;
  if (deadline_ns != GS_FOREVER &&
      !gs__deadline_wait(&waiter->expiry, deadline_ns, GS_ETIMEDOUT)) {
    return GS_ENOMEM;
  }
  waiter->clause.cancel = cancel;
  gs__wait_add(&waiter->clause.clause,
               cancel == NULL ? GS__CLAUSE_LIST : GS__CLAUSE_OTHER);
  gs__list_append(gs__queue_list(queue), &waiter->clause.clause.node);
  return GS_OK;
}

#endif
