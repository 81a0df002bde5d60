/* A four-way min-heap of deadlines, kept in one array so that comparing needs
 * no pointer chasing. Equal deadlines leave in the order they entered. Each
 * item knows its slot, so that any item can be removed in O(log n). */
#ifndef GS_BASE_HEAP_H
#define GS_BASE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GS__HEAP_OUT UINT32_MAX /* the slot of an item that is not queued */

struct gs__heap_item {
  uint32_t slot; /* where it is in the heap, or GS__HEAP_OUT */
};

struct gs__heap_entry {
  int64_t deadline_ns;
  uint64_t seq; /* the order of entry */
  struct gs__heap_item *item;
};

struct gs__heap {
  struct gs__heap_entry *entries;
  uint32_t count;
  uint32_t capacity;
  uint64_t next_seq;
};

/* False when there is no memory for one more. */
bool gs__heap_insert(struct gs__heap *heap, struct gs__heap_item *item,
                     int64_t deadline_ns);
void gs__heap_remove(struct gs__heap *heap, struct gs__heap_item *item);
void gs__heap_term(struct gs__heap *heap);
/* Panics when the order or a slot is wrong. */
void gs__heap_check(const struct gs__heap *heap);

static inline bool gs__heap_queued(const struct gs__heap_item *item) {
  return item->slot != GS__HEAP_OUT;
}

#endif
