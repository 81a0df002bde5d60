/* The four-way heap: see heap.h. */
#include "heap.h"

#include <stdlib.h>

#include "check.h"
#include "stress.h"

static bool before(const struct gs__heap_entry *a,
                   const struct gs__heap_entry *b) {
  if (a->deadline_ns != b->deadline_ns) {
    return a->deadline_ns < b->deadline_ns;
  }
  return a->seq < b->seq;
}

static void place(struct gs__heap *heap, uint32_t slot,
                  const struct gs__heap_entry *entry) {
  heap->entries[slot] = *entry;
  entry->item->slot = slot;
}

static void sift_up(struct gs__heap *heap, uint32_t slot,
                    const struct gs__heap_entry *entry) {
  while (slot > 0) {
    uint32_t parent = (slot - 1) / 4;
    if (!before(entry, &heap->entries[parent])) break;
    place(heap, slot, &heap->entries[parent]);
    slot = parent;
  }
  place(heap, slot, entry);
}

static void sift_down(struct gs__heap *heap, uint32_t slot,
                      const struct gs__heap_entry *entry) {
  for (;;) {
    uint32_t first = slot * 4 + 1;
    if (first >= heap->count) break;
    uint32_t last = first + 4 < heap->count ? first + 4 : heap->count;
    uint32_t least = first;
    for (uint32_t child = first + 1; child < last; child++) {
      if (before(&heap->entries[child], &heap->entries[least])) least = child;
    }
    if (!before(&heap->entries[least], entry)) break;
    place(heap, slot, &heap->entries[least]);
    slot = least;
  }
  place(heap, slot, entry);
}

bool gs__heap_insert(struct gs__heap *heap, struct gs__heap_item *item,
                     int64_t deadline_ns) {
  if (heap->count == heap->capacity) {
    uint32_t capacity = heap->capacity == 0 ? 16 : heap->capacity * 2;
    struct gs__heap_entry *entries =
        gs__realloc(heap->entries, capacity * sizeof *entries);
    if (entries == NULL) return false;
    heap->entries = entries;
    heap->capacity = capacity;
  }
  struct gs__heap_entry entry = {deadline_ns, heap->next_seq++, item};
  sift_up(heap, heap->count++, &entry);
  return true;
}

void gs__heap_remove(struct gs__heap *heap, struct gs__heap_item *item) {
  uint32_t slot = item->slot;
  gs_assert(slot < heap->count && heap->entries[slot].item == item);
  item->slot = GS__HEAP_OUT;
  struct gs__heap_entry last = heap->entries[--heap->count];
  if (slot == heap->count) return;
  if (slot > 0 && before(&last, &heap->entries[(slot - 1) / 4])) {
    sift_up(heap, slot, &last);
  } else {
    sift_down(heap, slot, &last);
  }
}

void gs__heap_term(struct gs__heap *heap) {
  free(heap->entries);
  *heap = (struct gs__heap){0};
}

void gs__heap_check(const struct gs__heap *heap) {
  for (uint32_t slot = 0; slot < heap->count; slot++) {
    const struct gs__heap_entry *entry = &heap->entries[slot];
    if (entry->item->slot != slot) {
      gs__fatal("timer heap: an item does not know its slot %u",
                (unsigned)slot);
    }
    if (slot > 0 && before(entry, &heap->entries[(slot - 1) / 4])) {
      gs__fatal("timer heap: slot %u is before its parent", (unsigned)slot);
    }
  }
}
