/* Intrusive, circular, doubly linked lists. A list head and its nodes have the
 * same type; an unlinked node points nowhere useful. */
#ifndef GS_BASE_LIST_H
#define GS_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct gs__list {
  struct gs__list *next;
  struct gs__list *prev;
};

/* The structure that contains `member` at `pointer`. */
#define gs__container(pointer, type, member) \
  ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

static inline void gs__list_init(struct gs__list *head) {
  head->next = head;
  head->prev = head;
}

static inline bool gs__list_empty(const struct gs__list *head) {
  return head->next == head;
}

static inline void gs__list_append(struct gs__list *head,
                                   struct gs__list *node) {
  struct gs__list *last = head->prev;
  node->next = head;
  node->prev = last;
  last->next = node;
  head->prev = node;
}

static inline void gs__list_remove(struct gs__list *node) {
  node->next->prev = node->prev;
  node->prev->next = node->next;
}

/* Moves all nodes of `from` to the end of `to`. */
static inline void gs__list_splice(struct gs__list *to, struct gs__list *from) {
  if (gs__list_empty(from)) return;
  from->next->prev = to->prev;
  to->prev->next = from->next;
  from->prev->next = to;
  to->prev = from->prev;
  gs__list_init(from);
}

#endif
