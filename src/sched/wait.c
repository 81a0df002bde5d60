/* Canceling the clauses that are not in a list: see wait.h. */
#include "wait.h"

#include "timer.h"

void gs__wait_cancel(struct gs__clause *clause) {
  if (clause->kind == GS__CLAUSE_TIMER) {
    struct gs__deadline *deadline = (struct gs__deadline *)clause;
    gs__alarm_clear(&deadline->alarm);
  } else {
    struct gs__clause_other *other = (struct gs__clause_other *)clause;
    other->cancel(clause);
  }
}
