/* Wait clauses: one thing that can wake a parked task, and how to cancel it.
 *
 * A leaf adds one or more clauses to the current task and parks. The waker
 * takes its clause out of whatever queue it is in and calls gs__wake(), which
 * cancels the others. Clauses live in the leaf's frame or in the caller's
 * memory: both stay as they are while the task is parked. */
#ifndef GS_SCHED_WAIT_H
#define GS_SCHED_WAIT_H

#include "sched.h"

enum gs__clause_kind {
  GS__CLAUSE_LIST,  /* in a list: canceled by leaving it */
  GS__CLAUSE_TIMER, /* the first member of a struct gs__deadline */
  GS__CLAUSE_OTHER  /* the first member of a struct gs__clause_other */
};

struct gs__clause {
  struct gs__list node;    /* the queue it waits in */
  struct gs__task *task;   /* who waits */
  struct gs__clause *next; /* of the same task */
  uint32_t kind;           /* enum gs__clause_kind */
  uint32_t tag;            /* its owner's */
};

struct gs__clause_other {
  struct gs__clause clause;
  void (*cancel)(struct gs__clause *clause);
};

static inline void gs__wait_add(struct gs__clause *clause,
                                enum gs__clause_kind kind) {
  struct gs__task *task = gs__sched.current;
  clause->task = task;
  clause->kind = kind;
  clause->next = task->clauses;
  task->clauses = clause;
}

/* Cancels a clause that is not in a list. */
void gs__wait_cancel(struct gs__clause *clause);

/* Makes the task of `fired` runnable with `result`. The caller has taken
 * `fired` out of its queue. */
static inline void gs__wake(struct gs__clause *fired, int64_t result) {
  struct gs__task *task = fired->task;
  gs_assert(task->state == GS__PARKED);
  for (struct gs__clause *c = task->clauses; c != NULL; c = c->next) {
    if (c == fired) continue;
    if (gs__likely(c->kind == GS__CLAUSE_LIST)) {
      gs__list_remove(&c->node);
    } else {
      gs__wait_cancel(c);
    }
  }
  task->clauses = NULL;
  task->result = result;
  gs__ready(task);
}

#endif
