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
  GS__CLAUSE_OTHER, /* the first member of a struct gs__clause_other */
  GS__CLAUSE_MOVES  /* as OTHER, but when the scope ends the wait, cancel() has
                     * the task wait for something else, with task->result */
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

/* Ends the waits of all tasks that are under the scope; scope->done is set. */
void gs__scope_end_waits(struct gs__scope *scope);
/* The parked task waits on, but no more under its scope. */
void gs__scope_leave(struct gs__task *task);

static inline void gs__clauses_cancel(struct gs__task *task,
                                      const struct gs__clause *but) {
  for (struct gs__clause *c = task->clauses; c != NULL; c = c->next) {
    if (c == but) continue;
    if (gs__likely(c->kind == GS__CLAUSE_LIST)) {
      gs__list_remove(&c->node);
    } else {
      gs__wait_cancel(c);
    }
  }
  task->clauses = NULL;
}

/* Ends whatever a task waits for, if it waits. */
static inline void gs__task_interrupt(struct gs__task *task, int64_t result) {
  if (task->state != GS__PARKED) return;
  gs__clauses_cancel(task, NULL);
  task->result = result;
  gs__ready(task);
}

/* Makes the task of `fired` runnable with `result`. The caller has taken
 * `fired` out of its queue. */
static inline void gs__wake(struct gs__clause *fired, int64_t result) {
  struct gs__task *task = fired->task;
  gs_assert(task->state == GS__PARKED);
  gs__clauses_cancel(task, fired);
  task->result = result;
  gs__ready(task);
}

#endif
