/* Firing peeks: see peek.h. */
#include "peek.h"

void gs__peek_list(struct gs__peek *peek) {
  struct gs__poll *poll = peek->poll;
  if (peek->listed) return;
  peek->listed = true;
  gs__list_append(&poll->ready, &peek->node);
  if (gs__queue_empty(&poll->waiters)) return;
  gs__wake(&gs__queue_take(&poll->waiters)->clause.clause, GS_OK);
}

void gs__peeks_fire(struct gs__peek *first, uint32_t events) {
  for (struct gs__peek *peek = first; peek != NULL; peek = peek->next) {
    uint32_t hit = peek->armed & events;
    if (hit == 0) continue;
    peek->armed &= ~hit;
    peek->fired |= hit;
    gs__peek_list(peek);
  }
}

void gs__peeks_orphan(struct gs__peek **first) {
  while (*first != NULL) {
    struct gs__peek *peek = *first;
    *first = peek->next;
    peek->next = NULL;
    peek->orphan = true;
    peek->armed = 0;
    gs__peek_list(peek);
  }
}
