/* Canceling the clauses that are not in a list, and the scope over all waits
 * of a task: see wait.h. A scope clause is added last and so is the first of
 * its task's. */
#include "wait.h"

#include "timer.h"

/* Calls through a pointer: Asyncify is told its name, which must last. */
GS__KEPT(gs__wait_cancel) void gs__wait_cancel(struct gs__clause *clause) {
  if (clause->kind == GS__CLAUSE_TIMER) {
    struct gs__deadline *deadline = (struct gs__deadline *)clause;
    gs__alarm_clear(&deadline->alarm);
  } else {
    struct gs__clause_other *other = (struct gs__clause_other *)clause;
    other->cancel(clause);
  }
}

static struct gs__clause *moving_clause(const struct gs__task *task) {
  struct gs__clause *c = task->clauses;
  while (c != NULL && c->kind != GS__CLAUSE_MOVES) c = c->next;
  return c;
}

bool gs__scope_refuses(struct gs__task *task) {
  int error = gs__scope_error(task);
  if (error == 0) {
    if (task->shields > 0) return false;
    gs__wait_add(&task->scope_clause, GS__CLAUSE_LIST);
    gs__list_append(&task->scope->waiters, &task->scope_clause.node);
    return false;
  }
  task->result = error;
  struct gs__clause *moving = moving_clause(task);
  if (moving != NULL) {
    gs__wait_cancel(moving);
    return false; /* it waits for what it was moved to, or is ready */
  }
  gs__clauses_cancel(task, NULL);
  task->state = GS__READY;
  return true;
}

void gs__scope_leave(struct gs__task *task) {
  if (task->clauses != &task->scope_clause) return;
  gs__list_remove(&task->scope_clause.node);
  task->clauses = task->scope_clause.next;
}

void gs__scope_end_waits(struct gs__scope *scope) {
  while (!gs__list_empty(&scope->waiters)) {
    struct gs__clause *clause =
        gs__container(scope->waiters.next, struct gs__clause, node);
    struct gs__task *task = clause->task;
    struct gs__clause *moving = moving_clause(task);
    if (gs__unlikely(moving != NULL)) {
      task->result = scope->done;
      gs__wait_cancel(moving); /* which leaves the scope */
    } else {
      gs__list_remove(&clause->node);
      gs__wake(clause, scope->done);
    }
  }
}
